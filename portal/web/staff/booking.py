"""What is known of one booking, and what do the team do with it? Each deed is a small form of its own."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext

from portal.domain.deeds import Deed
from portal.domain.errors import N_, BookingError, Conflict, FieldError, Invalid, PaymentUnavailable
from portal.domain.identity import new_id
from portal.domain.money import minor_digits
from portal.domain.payments import Refund, RefundChoice
from portal.usecases.approvals import approve_booking, decline_booking
from portal.usecases.assignments import assign_resource, assign_staff
from portal.usecases.attendance import check_in, check_out, complete_booking, mark_no_show
from portal.usecases.booking_file import BookingFile, keep_notes, read_file
from portal.usecases.bookings import get_booking
from portal.usecases.cancellations import back_by_choice, cancel_booking
from portal.usecases.idempotency import Once, Replay
from portal.usecases.ledger import see_flag
from portal.usecases.pay_links import send_pay_link
from portal.usecases.refunds import refund_booking, retry_refund
from portal.web.context import current_money, current_rules, now
from portal.web.errors import message_of, status_of
from portal.web.forms import amount_of
from portal.web.fragments import go_to, render
from portal.web.mails import pay_url
from portal.web.once import id_of, once_of
from portal.web.session import account, local_path
from portal.web.staff.reason import typed_reason
from portal.web.staff.words import step_words

pages = Blueprint("booking", __name__)


@pages.get("/bookings/<booking_id>")
def show(booking_id: str) -> Response:
    """Show everything about one booking."""
    return _page(booking_id)


def _page(
    booking_id: str, errors: Sequence[FieldError] = (), refusal: BookingError | None = None, status: int = 200
) -> Response:
    found = read_file(booking_id, account(), current_rules(), now())
    context: dict[str, Any] = {
        "steps": [(one, step_words(one)) for one in found.trail],
        "back": [(one, back_by_choice(found.booking, one)) for one in RefundChoice] if _has_money(found) else [],
        "left": _left(found),
        "pay_link": pay_url(found.booking) if Deed.PAY_LINK in found.deeds else None,
        "errors": errors,
        "refusal": message_of(refusal) if refusal else None,
        "form": request.form,
        "key": new_id(),
        "now": now(),
    }
    return render("staff/booking.html", status=status, file=found, **context)


def _has_money(found: BookingFile) -> bool:
    return found.booking.amount_paid > found.booking.amount_refunded


def _left(found: BookingFile) -> int:
    """Return the most that one refund can give back."""
    return max((one.refundable for one in found.ledger.payments), default=0)


def _act(booking_id: str, work: Callable[[], Any], done: str) -> Response:
    """Do something to a booking and show it again; what stands against it is said above it, with what was typed."""
    try:
        work()
    except Invalid as error:
        return _page(booking_id, error.errors, status=422)
    except (Conflict, PaymentUnavailable) as error:  # somebody was quicker, or the second click of two
        return _page(booking_id, refusal=error, status=status_of(error))
    except Replay:
        pass  # the same form sent twice: it was done the first time
    flash(done, "ok")
    return go_to(local_path(request.form.get("next")) or url_for("staff.booking.show", booking_id=booking_id))


# ---------------------------------------------------------------- agreeing, declining, cancelling


@pages.post("/bookings/<booking_id>/approve")
def approve(booking_id: str) -> Response:
    """Agree to a booking."""

    def work() -> None:
        approve_booking(booking_id, account(), now(), money=current_money())

    return _act(booking_id, work, gettext("The booking is agreed to. The customer is told."))


@pages.post("/bookings/<booking_id>/decline")
def decline(booking_id: str) -> Response:
    """Refuse a booking."""

    def work() -> None:
        decline_booking(booking_id, typed_reason(), account(), now(), money=current_money())

    return _act(booking_id, work, gettext("The booking is declined. Its time is free, and the customer is told."))


@pages.post("/bookings/<booking_id>/cancel")
def cancel(booking_id: str) -> Response:
    """Cancel a booking, with as much of the money as the team choose."""

    def work() -> None:
        choice = _choice()
        cancel_booking(
            booking_id, typed_reason(), account(), current_rules(), now(), money=current_money(), choice=choice
        )

    return _act(booking_id, work, gettext("The booking is cancelled. Its time is free, and the customer is told."))


def _choice() -> RefundChoice:
    given = request.form.get("refund", RefundChoice.POLICY.value)
    found = next((one for one in RefundChoice if one == given), None)
    if found is None:
        raise Invalid([FieldError("refund", "enum", N_("Choose one from the list."))])
    return found


# ---------------------------------------------------------------- money


@pages.post("/bookings/<booking_id>/refund")
def refund(booking_id: str) -> Response:
    """Give money back; the same form sent twice gives it back once."""

    def work() -> None:
        booking = get_booking(booking_id, account(), now())
        typed = request.form.get("amount", "").strip()
        minor = amount_of(typed, booking.currency) if typed else None
        if typed and not minor:
            example = f"{Decimal(1250).scaleb(-minor_digits(booking.currency))}"
            message = N_("Write an amount above 0, such as %(example)s, or leave it empty for everything.")
            raise Invalid([FieldError("amount", "amount", message, {"example": example})])
        once: Once[Refund] = once_of(lambda made: made.id)
        refund_booking(booking_id, minor, typed_reason(), account(), current_money(), now(), once)

    return _act(booking_id, work, gettext("The money is on its way back. It can take a few days to arrive."))


@pages.post("/bookings/<booking_id>/refunds/<refund_id>/retry")
def retry(booking_id: str, refund_id: str) -> Response:
    """Give back once more what did not arrive."""

    def work() -> None:
        retry_refund(refund_id, account(), current_money(), now())

    return _act(booking_id, work, gettext("The money is on its way back. It can take a few days to arrive."))


@pages.post("/bookings/<booking_id>/payments/<payment_id>/seen")
def see(booking_id: str, payment_id: str) -> Response:
    """Note that a payment that is not as it should be was seen."""

    def work() -> None:
        see_flag(booking_id, payment_id, account(), now())

    return _act(booking_id, work, gettext("It is noted. The payment is no longer among what there is to see to."))


@pages.post("/bookings/<booking_id>/pay-link")
def send_link(booking_id: str) -> Response:
    """Write to the customer where he can pay; the same form sent twice writes once."""

    def work() -> None:
        send_pay_link(booking_id, account(), now(), once_of(id_of))

    return _act(booking_id, work, gettext("The link is on its way by e-mail."))


# ---------------------------------------------------------------- who serves it, who came


@pages.post("/bookings/<booking_id>/assign")
def assign(booking_id: str) -> Response:
    """Let another member or another resource serve a booking."""

    def work() -> None:
        given, who, rules = request.form, account(), current_rules()
        chosen = given.get("choice", "")
        if not chosen:
            raise Invalid([FieldError("choice", "required", N_("Choose one from the list."))])
        if given.get("kind") == "resource":
            assign_resource(booking_id, chosen, given.get("holder", ""), who, rules, now())
        else:
            assign_staff(booking_id, given.get("role", ""), chosen, given.get("holder") or None, who, rules, now())

    return _act(booking_id, work, gettext("The change is kept."))


@pages.post("/bookings/<booking_id>/check-in")
def arrive(booking_id: str) -> Response:
    """Note that the customer has come."""
    return _act(booking_id, lambda: check_in(booking_id, account(), now()), gettext("The arrival is noted."))


@pages.post("/bookings/<booking_id>/check-out")
def leave(booking_id: str) -> Response:
    """Note that the customer has left."""
    return _act(booking_id, lambda: check_out(booking_id, account(), now()), gettext("The departure is noted."))


@pages.post("/bookings/<booking_id>/no-show")
def miss(booking_id: str) -> Response:
    """Note that nobody came."""
    return _act(
        booking_id, lambda: mark_no_show(booking_id, typed_reason(), account(), now()), gettext("The absence is noted.")
    )


@pages.post("/bookings/<booking_id>/complete")
def complete(booking_id: str) -> Response:
    """Note that the booking took place."""
    return _act(
        booking_id,
        lambda: complete_booking(booking_id, typed_reason(), account(), now()),
        gettext("The booking is noted as completed."),
    )


@pages.post("/bookings/<booking_id>/notes")
def notes(booking_id: str) -> Response:
    """Keep what the team write down for themselves."""

    def work() -> None:
        keep_notes(booking_id, request.form.get("internalNotes", ""), account(), now())

    return _act(booking_id, work, gettext("The notes are kept."))
