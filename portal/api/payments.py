"""Money: payment pages, how paying stands, refunds, and what Stripe tells."""

from typing import Any
from urllib.parse import urlsplit

from flask import Response, request
from flask_babel import get_locale
from werkzeug.exceptions import RequestEntityTooLarge

from portal.api import answers, present
from portal.api.callers import signed_in
from portal.api.operations import Who, answer, operation
from portal.api.requests import body, once, query
from portal.api.schemas import CheckoutBody, PaymentStatusQuery, RefundBody
from portal.config import SettingError, origin
from portal.domain.account import Account
from portal.domain.errors import N_, Conflict, FieldError, Invalid, PaymentUnavailable
from portal.domain.lifecycle import PaymentStatus
from portal.domain.text import has_controls
from portal.store.db import db
from portal.usecases.catalogue import load_service
from portal.usecases.changes import find_booking
from portal.usecases.payment_events import receive_event
from portal.usecases.payments import ReturnTo, check_payment, open_intent, open_payment, with_secret
from portal.usecases.refunds import refund_booking
from portal.web.context import current_money, current_rules, now, settings
from portal.web.language import localised

MAX_EVENT = 256 * 1024  # bytes
SIGNATURE = "Stripe-Signature"


@operation(
    "createCheckoutSession",
    "POST",
    "/stripe/checkout",
    Who.CUSTOMER,
    body=CheckoutBody,
    answer=answers.Checkout,
    keyed=True,
)
def create_checkout_session() -> Response:
    """Open Stripe's page to pay for a booking; while one is open, the same again."""
    who, given = signed_in(), body(CheckoutBody)
    _check_ways_back(given)
    back = ReturnTo(given.success_url, given.cancel_url, _name_of(given.booking_id, who), str(get_locale() or "fr"))
    page = open_payment(given.booking_id, back, who, current_money(), now(), once(who, present.checkout))
    return answer(present.checkout(page))


def _check_ways_back(given: CheckoutBody) -> None:
    """Refuse to lead anybody to a site that is neither ours nor allowed: the page looks like ours when it leads on."""
    message = N_("Give an address of this portal or of one of its allowed origins.")
    wrong = [
        FieldError(name, "origin_not_allowed", message)
        for name, url in (("successUrl", given.success_url), ("cancelUrl", given.cancel_url))
        if not _is_allowed(url)
    ]
    if wrong:
        raise Invalid(wrong)


def _is_allowed(url: str) -> bool:
    if has_controls(url) or "\\" in url or " " in url:
        return False
    try:
        parts = urlsplit(url)
        own = origin(f"{parts.scheme}://{parts.netloc}")
    except (ValueError, SettingError):
        return False
    return parts.username is None and own in settings().trusted_origins


def _name_of(booking_id: str, who: Account) -> str:
    """Return what the payment page calls the thing that is paid for."""
    booking = find_booking(booking_id, who)
    return localised(load_service(db.session(), booking.service_id, current_rules())).name


def payment_for(shown: dict[str, Any], who: Account) -> dict[str, Any] | None:
    """Return how a booking that was just presented is paid; None where nothing is due, or nobody can tell now."""
    if shown["paymentStatus"] != PaymentStatus.PENDING or shown["status"] != "pending":
        return None
    try:
        return present.payment(open_intent(shown["id"], _name_of(shown["id"], who), who, current_money(), now()))
    except (Conflict, PaymentUnavailable):  # paid or lapsed since; or Stripe is away, and the booking is stored
        return None


@operation(
    "getPaymentStatus",
    "GET",
    "/payment/status",
    Who.CUSTOMER,
    query=PaymentStatusQuery,
    answer=answers.PaymentState,
)
def get_payment_status() -> Response:
    """Ask how paying for a booking stands: Stripe is asked, not remembered."""
    who, money = signed_in(), current_money()
    news = check_payment(query(PaymentStatusQuery).booking_id, who, money, now())
    return answer(present.payment_state(with_secret(news, money)))


@operation("refundBooking", "POST", "/refund", Who.STAFF, body=RefundBody, answer=answers.Refund, keyed=True)
def refund() -> Response:
    """Give back what was paid, in part or whole; the booking stays as it is."""
    who, given = signed_in(), body(RefundBody)
    kept = once(who, present.refund)
    made = refund_booking(given.booking_id, given.amount, given.reason, who, current_money(), now(), kept)
    return answer(present.refund(made))


@operation("receiveStripeEvent", "POST", "/stripe/webhook", Who.ANYONE, answer=answers.Received)
def receive_stripe_event() -> Response:
    """Take what Stripe tells, signed; whatever cannot be done now is answered with a failure, and told again."""
    request.max_content_length = MAX_EVENT
    if (request.content_length or 0) > MAX_EVENT:
        raise RequestEntityTooLarge
    receive_event(request.get_data(), request.headers.get(SIGNATURE, ""), current_money(), now())
    return answer({"received": True})
