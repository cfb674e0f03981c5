"""How does somebody pay who was handed a link, without signing in? Only what is to be paid is shown."""

from flask import Blueprint, Response, url_for

from portal.domain.errors import LinkOver
from portal.usecases.bookings import get_booking
from portal.usecases.pay_links import payer_of
from portal.usecases.payments import check_payment
from portal.web.checkout import Way, answer_on, to_payment
from portal.web.context import current_money, link_secret, now
from portal.web.errors import message_of
from portal.web.fragments import render
from portal.web.mails import site_url

pages = Blueprint("pay", __name__)


@pages.after_request
def _keep_private(response: Response) -> Response:
    """Let neither a cache nor a search engine keep an address that is itself a key."""
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@pages.errorhandler(LinkOver)
def _over(error: LinkOver) -> Response:
    """Say that nothing can be paid by a link any more, and whom to ask."""
    return render("book/link_over.html", status=404, message=message_of(error))


@pages.get("/pay/<token>")
def show(token: str) -> Response:
    """Say what is to be paid, or how paying for it stands."""
    booking_id, customer = payer_of(token, link_secret(), now())
    return answer_on(check_payment(booking_id, customer, current_money(), now()), _way(token))


@pages.post("/pay/<token>")
def pay(token: str) -> Response:
    """Lead to the payment page."""
    booking_id, customer = payer_of(token, link_secret(), now())
    return to_payment(get_booking(booking_id, customer, now()), customer, _way(token))


def _way(token: str) -> Way:
    here, outside = url_for("pay.show", token=token), site_url("pay.show", token=token)
    return Way(here, here, outside, outside, by_link=True)
