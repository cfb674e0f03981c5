"""How does a customer go to pay, and what is he told when he comes back?

The address he comes back to proves nothing: what is shown is what the provider says when asked.
"""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, redirect, url_for
from flask_babel import gettext

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import HoldOver, NothingToPay, PaymentProcessing, PaymentUnavailable
from portal.domain.service import Service
from portal.usecases.bookings import get_booking
from portal.usecases.cancellations import terms_of
from portal.usecases.catalogue import services_by_id
from portal.usecases.payments import PaymentNews, Phase, ReturnTo, check_payment, open_payment
from portal.web.calendars import entry_of, map_link
from portal.web.context import current_money, current_rules, now
from portal.web.filters import money
from portal.web.fragments import asks_for_fragment, go_to, render
from portal.web.language import current_language, localised
from portal.web.mails import site_url
from portal.web.session import account, must_sign_in

pages = Blueprint("checkout", __name__)
pages.before_request(must_sign_in)


@dataclass(frozen=True)
class Way:
    """From where somebody pays: the page that says how it stands, and where its button leads.

    `paid` and `left` are where the provider's page leads back to; `by_link`: nobody is signed in.
    """

    here: str
    pay: str
    paid: str
    left: str
    by_link: bool = False


def _own_way(booking_id: str) -> Way:
    paid, left = (site_url(f"checkout.{one}", booking_id=booking_id) for one in ("success", "back"))
    return Way(
        url_for("checkout.success", booking_id=booking_id), url_for("checkout.pay", booking_id=booking_id), paid, left
    )


@pages.get("/booking/success/<booking_id>")
def success(booking_id: str) -> Response:
    """Say what was booked, or how paying for it stands."""
    return _answer(check_payment(booking_id, account(), current_money(), now()))


@pages.get("/booking/cancel/<booking_id>")
def back(booking_id: str) -> Response:
    """Say how it stands to whoever left the payment page without paying: the time is still his."""
    return _answer(check_payment(booking_id, account(), current_money(), now()))


@pages.post("/bookings/<booking_id>/pay")
def pay(booking_id: str) -> Response:
    """Lead to the payment page."""
    return to_payment(get_booking(booking_id, account(), now()))


def to_payment(booking: Booking, payer: Account | None = None, given: Way | None = None) -> Response:
    """Open the payment page of a booking and lead there; where nothing can be paid, say how it stands."""
    service, way = _service_of(booking), given or _own_way(booking.id)
    back = ReturnTo(way.paid, way.left, localised(service).name, current_language())
    try:
        page = open_payment(booking.id, back, payer or account(), current_money(), now())
    except PaymentUnavailable:
        return _waiting(booking, service, "away", way, status=503)
    except (NothingToPay, HoldOver, PaymentProcessing):
        return _see(way.here)
    return _see(page.url)


def _see(address: str) -> Response:
    return make_response(redirect(address, 303))


def _service_of(booking: Booking) -> Service:
    return services_by_id([booking.service_id], current_rules())[booking.service_id]


# ---------------------------------------------------------------- what the pages show


def _answer(news: PaymentNews) -> Response:
    """Show the ticket, or what stands between the customer and it; what polls is sent on once it is known."""
    booking, state, way = news.booking, _state(news), _own_way(news.booking.id)
    if asks_for_fragment() and state not in {"processing", "unsure"}:
        return go_to(way.here)
    service = _service_of(booking)
    return _waiting(booking, service, state, way) if state else _ticket(booking, service)


def answer_on(news: PaymentNews, way: Way) -> Response:
    """Show how paying stands to who was handed a link: he sees no ticket, only what became of his money."""
    state = _state(news) or LINK_STATES.get(news.phase, "nothing")
    if asks_for_fragment() and state not in {"processing", "unsure"}:
        return go_to(way.here)
    return _waiting(news.booking, _service_of(news.booking), state, way)


LINK_STATES = {Phase.PAID: "paid", Phase.AUTHORISED: "asked"}


def _state(news: PaymentNews) -> str | None:
    """Name what the payment's page says; None where there is a ticket, or a booking that was called off."""
    is_open = news.phase in {Phase.DUE, Phase.FAILED}
    if is_open and not news.is_sure:
        return "unsure"
    if news.phase is Phase.BACK:
        return "too_late" if news.booking.lapsed_at else None
    if news.phase is Phase.OVER:
        return "lapsed" if news.booking.lapsed_at or news.booking.has_lapsed(now()) else None
    return {Phase.DUE: "due", Phase.FAILED: "refused", Phase.PROCESSING: "processing"}.get(news.phase)


def _waiting(booking: Booking, service: Service, state: str, way: Way, status: int = 200) -> Response:
    context: dict[str, Any] = {
        "way": way,
        "booking": booking,
        "service": service,
        "state": state,
        "title": _title(booking, state),
        "is_checking": state in {"processing", "unsure"},
        "can_pay": state in {"due", "refused", "away"},
    }
    return render("book/payment.html", "payment_state", status=status, **context)


def _title(booking: Booking, state: str) -> str:
    if state in {"processing", "unsure"}:
        return str(gettext("We are checking the payment."))
    if state == "refused":
        return str(gettext("The payment did not go through."))
    if state == "paid":
        return str(gettext("%(amount)s paid", amount=money(booking.amount_paid, booking.currency)))
    if state == "asked":
        return str(gettext("The team is asked."))
    if state == "nothing":
        return str(gettext("Nothing is to be paid any more."))
    if state == "lapsed":
        return str(gettext("The time to pay is over."))
    if state == "too_late":
        return str(gettext("You get %(amount)s back.", amount=money(booking.amount_refunded, booking.currency)))
    return str(gettext("%(amount)s to pay", amount=money(booking.total_price, booking.currency)))


def _ticket(booking: Booking, service: Service) -> Response:
    context: dict[str, Any] = {
        "booking": booking,
        "service": service,
        "terms": terms_of(booking, current_rules(), now()),
        "entry": entry_of(booking, service),
        "map": map_link(service.location),
    }
    return render("book/success.html", **context)
