"""How does a payment go from asked to paid? (docs.stripe.com/payments/paymentintents/lifecycle)"""

import re
from collections.abc import Callable

from portal.stripe_sandbox.cards import NOT_AUTHENTICATED, Card, Decline, attach_to, card_of, declined, method_named
from portal.stripe_sandbox.charges import (
    AUTHORISATION_DAYS,
    add_charge,
    capture_charge,
    is_disputed_card,
    settle_charge,
)
from portal.stripe_sandbox.disputes import open_dispute
from portal.stripe_sandbox.errors import Json, Refusal, Unread
from portal.stripe_sandbox.events import changes, emit
from portal.stripe_sandbox.listing import matching, page_of
from portal.stripe_sandbox.money import check_amount, check_coin, check_currency, written
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing

CARD = ["card"]
EVERYTHING = ["card", "sepa_debit"]
WAITING = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action", "processing")

NEEDS_PAYER = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)

_TEXTS = "description receipt_email statement_descriptor_suffix"
_CHANGES = f"amount currency customer metadata payment_method setup_future_usage {_TEXTS}"
_KIND = "automatic_payment_methods allowed_payment_method_types capture_method confirmation_method"
_CONFIRM = "return_url off_session error_on_requires_action use_stripe_sdk"
_NULLS = (
    "application application_fee_amount canceled_at cancellation_reason customer_account excluded_payment_method_types"
    " last_payment_error latest_charge managed_payments next_action on_behalf_of payment_method"
    " payment_method_configuration_details processing review shipping statement_descriptor transfer_data transfer_group"
)


@operation("post", "/v1/payment_intents", "PaymentIntentCreateParams", f"{_CHANGES} {_KIND} {_CONFIRM} confirm")
def create_intent(state: State, values: Json) -> Json:
    """Ask for a payment; `confirm` makes it at once."""
    currency = check_currency(values["currency"], "currency")
    check_amount(values["amount"], currency, "amount")
    check_suffix(values.get("statement_descriptor_suffix"), "statement_descriptor_suffix")
    method = _method(state, values)
    intent = add_intent(state, {**values, "currency": currency})
    if method:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    emit(state, "payment_intent.created", intent)
    if values.get("confirm"):
        return confirm(state, intent, values)
    return intent


def _method(state: State, values: Json) -> Json | None:
    if values.get("customer"):
        state.find("customer", values["customer"], param="customer")
    if not values.get("payment_method"):
        return None
    method = method_named(state, values["payment_method"], "payment_method")
    if method["customer"] and method["customer"] != values.get("customer"):
        message = (
            "The provided PaymentMethod belongs to another Customer. Give that customer, or another PaymentMethod."
        )
        raise Refusal(message, param="payment_method")
    return method


def add_intent(state: State, values: Json) -> Json:
    """Keep a new intent, not yet confirmed."""
    allowed = values.get("allowed_payment_method_types")
    automatic = {"allow_redirects": "always", "enabled": True, **values.get("automatic_payment_methods", {})}
    given = new_id("pi")
    intent = {
        "id": given,
        "object": "payment_intent",
        **nothing(_NULLS),
        "allowed_payment_method_types": allowed,
        "amount": values["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "automatic_payment_methods": None if allowed else automatic,
        "capture_method": values.get("capture_method", "automatic_async"),
        "client_secret": f"{given}_secret_{new_id('x', 25)[2:]}",
        "confirmation_method": values.get("confirmation_method", "automatic"),
        "created": state.clock.now,
        "currency": values["currency"],
        "customer": values.get("customer") or None,
        **{name: values.get(name) or None for name in _TEXTS.split()},
        "livemode": False,
        "metadata": metadata_after({}, values.get("metadata")),
        "payment_method_options": {},
        "payment_method_types": allowed or (CARD if automatic["allow_redirects"] == "never" else EVERYTHING),
        "setup_future_usage": values.get("setup_future_usage") or None,
        "status": "requires_payment_method",
    }
    return state.add(intent)


def check_suffix(suffix: str | None, param: str) -> None:
    """Refuse what banks cannot print behind the house's name."""
    if suffix and (len(suffix) > 22 or not re.search(r"[A-Za-z]", suffix) or re.search(r"[<>\\'\"*]", suffix)):
        message = (
            "The statement descriptor suffix must have at most 22 characters, a letter among them, and none of <>\\'\"*"
        )
        raise Refusal(message, param=param)


# ---------------------------------------------------------------- confirm


@operation("get", "/v1/payment_intents", "PaymentIntentListParams", f"{LISTING} customer")
def list_intents(state: State, values: Json) -> Json:
    """List payments."""
    return page_of(matching(state.tables["payment_intent"].values(), values, "customer"), "/v1/payment_intents", values)


@operation("get", "/v1/payment_intents/{intent}", "PaymentIntentRetrieveParams", "client_secret")
def retrieve_intent(state: State, _values: Json, intent: str) -> Json:
    """Return a payment."""
    return _intent(state, intent)


def _intent(state: State, given: str) -> Json:
    return state.find("payment_intent", given, param="intent", in_path=True)


@operation("post", "/v1/payment_intents/{intent}", "PaymentIntentUpdateParams", f"{_CHANGES} capture_method")
def update_intent(state: State, values: Json, intent: str) -> Json:
    """Change a payment; amount, currency, customer and card only until it is made."""
    found = _intent(state, intent)
    fixed = set(values) - {"metadata", "description", "receipt_email", "expand"}
    if fixed and found["status"] not in WAITING:
        raise _unexpected(found, f"This PaymentIntent's {min(fixed)} could not be updated")
    asked = {**found, **values}
    currency = check_currency(asked["currency"], "currency")
    check_amount(asked["amount"], currency, "amount")
    check_suffix(values.get("statement_descriptor_suffix"), "statement_descriptor_suffix")
    before = dict(found)
    method = _method(state, {"customer": found["customer"], **values})
    plain = {
        name: values[name] or None for name in f"{_TEXTS} amount customer setup_future_usage".split() if name in values
    }
    found.update(plain, currency=currency, metadata=metadata_after(found["metadata"], values.get("metadata")))
    found["capture_method"] = values.get("capture_method", found["capture_method"])
    if method:
        found.update(payment_method=method["id"], status="requires_confirmation", next_action=None)
    emit(state, "payment_intent.updated", found, changes(before, found))
    return found


@operation(
    "post", "/v1/payment_intents/{intent}/confirm", "PaymentIntentConfirmParams",
    f"{_CONFIRM} payment_method receipt_email setup_future_usage capture_method",
)  # fmt: skip
def confirm_intent(state: State, values: Json, intent: str) -> Json:
    """Make a payment."""
    found = _intent(state, intent)
    if found["status"] not in WAITING:
        raise _unexpected(found, "You cannot confirm this PaymentIntent", WAITING)
    method = _method(state, {"customer": found["customer"], **values})
    if method:
        found.update(payment_method=method["id"], next_action=None)
    for name in ("receipt_email", "setup_future_usage", "capture_method"):
        found[name] = values.get(name, found[name])
    return confirm(state, found, values)


def confirm(state: State, intent: Json, values: Json) -> Json:
    """Charge the card of an intent; raises Refusal (402) when it is declined, after noting so in the intent."""
    if intent["payment_method"] is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. Update it with a "
            "payment method, or give one when confirming."
        )
        raise Refusal(message, code="payment_intent_unexpected_state", payment_intent=dict(intent))
    _check_return(intent, values)
    card = card_of(state, state.tables["payment_method"][intent["payment_method"]])
    if card.authenticate and (values.get("off_session") or values.get("error_on_requires_action")):
        raise decline_intent(state, intent, NEEDS_PAYER)
    failure = attempt(state, intent, values.get("return_url"))
    if failure:
        raise failure
    return intent


def _check_return(intent: Json, values: Json) -> None:
    automatic = intent["automatic_payment_methods"] or {"allow_redirects": "never"}
    if automatic["allow_redirects"] != "never" and not values.get("return_url") and not values.get("off_session"):
        message = (
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. If "
            "you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to "
            "`true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
            "Payment Intents."
        )
        raise Unread(message, param="return_url")


def attempt(state: State, intent: Json, return_url: str | None = None, authenticated: bool = False) -> Refusal | None:
    """Try the payment method of an intent; returns why it failed, once that is noted."""
    method = state.tables["payment_method"][intent["payment_method"]]
    card: Card = card_of(state, method)
    if card.authenticate and not authenticated:
        _ask_payer(state, intent, return_url)
        return None
    if card.decline:
        return decline_intent(state, intent, card.decline)
    _succeed(state, intent, method)
    return None


def _ask_payer(state: State, intent: Json, return_url: str | None) -> None:
    page = f"{state.base_url}/c/authenticate/{intent['id']}"
    redirect = {"redirect_to_url": {"return_url": return_url, "url": page}, "type": "redirect_to_url"}
    intent.update(status="requires_action", next_action=redirect)
    emit(state, "payment_intent.requires_action", intent)


def authenticate(state: State, intent: Json, passed: bool) -> Refusal | None:
    """Go on after the payer's bank asked him; returns why it failed."""
    if intent["status"] != "requires_action":
        raise _unexpected(intent, "Nobody is to be authenticated for this PaymentIntent", ("requires_action",))
    if passed:
        return attempt(state, intent, authenticated=True)
    return decline_intent(state, intent, NOT_AUTHENTICATED)


def decline_intent(state: State, intent: Json, decline: Decline) -> Refusal:
    """Note in an intent that its payment method was declined; returns the error to answer with."""
    method = state.tables["payment_method"][intent["payment_method"]]
    if decline.decline_code:  # the bank was asked
        intent["latest_charge"] = add_charge(state, intent, method, "failed", decline)["id"]
    error = declined(decline, payment_method=dict(method))
    if intent["latest_charge"]:
        error.error["charge"] = intent["latest_charge"]
    intent.update(
        status="requires_payment_method", payment_method=None, next_action=None, last_payment_error=dict(error.error)
    )
    emit(state, "payment_intent.payment_failed", intent)
    error.error["payment_intent"] = dict(intent)
    return error


def _succeed(state: State, intent: Json, method: Json) -> None:
    intent.update(next_action=None, last_payment_error=None)
    if method["type"] == "sepa_debit":
        intent.update(status="processing", processing=None)
        intent["latest_charge"] = add_charge(state, intent, method, "pending")["id"]
        emit(state, "payment_intent.processing", intent)
        return
    if intent["setup_future_usage"] and intent["customer"] and not method["customer"]:
        attach_to(state, method, intent["customer"])
    charge = add_charge(state, intent, method, "succeeded")
    intent["latest_charge"] = charge["id"]
    if intent["capture_method"] == "manual":
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        state.set_alarm(intent["id"], state.clock.now + AUTHORISATION_DAYS * 86_400)
        emit(state, "payment_intent.amount_capturable_updated", intent)
        return
    _receive(state, intent, intent["amount"])
    if is_disputed_card(state, charge):
        open_dispute(state, charge, "fraudulent")


WhenPaid = Callable[[State, Json], None]
WHEN_PAID: list[WhenPaid] = []  # who wants to know that an intent's money is there: sessions and invoices


def _receive(state: State, intent: Json, amount: int) -> None:
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    emit(state, "payment_intent.succeeded", intent)
    for note in WHEN_PAID:
        note(state, intent)


def settle(state: State, intent: Json, succeeded: bool) -> None:
    """End a payment whose money comes later."""
    if intent["status"] != "processing":
        raise _unexpected(intent, "This PaymentIntent is not on its way", ("processing",))
    settle_charge(state, state.tables["charge"][intent["latest_charge"]], succeeded)
    if succeeded:
        _receive(state, intent, intent["amount"])
        return
    late = Decline("payment_intent_payment_attempt_failed", None, "The account has insufficient funds.")
    decline_intent(state, intent, late)


# ---------------------------------------------------------------- capture and cancel


@operation(
    "post",
    "/v1/payment_intents/{intent}/capture",
    "PaymentIntentCaptureParams",
    "amount_to_capture metadata final_capture",
)
def capture(state: State, values: Json, intent: str) -> Json:
    """Take what was authorised, or less; the rest is released."""
    found = _intent(state, intent)
    if found["status"] != "requires_capture":
        raise _unexpected(found, "This PaymentIntent could not be captured", ("requires_capture",))
    most: int = found["amount_capturable"]
    amount: int = most if values.get("amount_to_capture") is None else values["amount_to_capture"]
    if not 1 <= amount <= most:
        message = f"The amount to capture must be from 1 to the capturable {written(most, found['currency'])}."
        raise Refusal(message, param="amount_to_capture")
    check_coin(amount, found["currency"], "amount_to_capture")
    state.alarms.pop(intent, None)
    found["metadata"] = metadata_after(found["metadata"], values.get("metadata"))
    capture_charge(state, state.tables["charge"][found["latest_charge"]], amount)
    _receive(state, found, amount)
    return found


@operation("post", "/v1/payment_intents/{intent}/cancel", "PaymentIntentCancelParams", "cancellation_reason")
def cancel(state: State, values: Json, intent: str) -> Json:
    """Give a payment up; what was authorised is released."""
    found = _intent(state, intent)
    if found["status"] not in CANCELABLE:
        raise _unexpected(found, "You cannot cancel this PaymentIntent", CANCELABLE)
    if state.hidden[intent].get("session") and found["status"] != "requires_capture":
        message = "You cannot cancel a PaymentIntent that was created by Checkout. Expire the Checkout Session instead."
        raise Refusal(message, code="payment_intent_unexpected_state", payment_intent=dict(found))
    release(state, found, values.get("cancellation_reason"))
    return found


def release(state: State, intent: Json, reason: str | None) -> None:
    """End an intent without its money."""
    state.alarms.pop(intent["id"], None)
    if intent["status"] == "requires_capture":
        charge = state.tables["charge"][intent["latest_charge"]]
        charge.update(refunded=True, amount_refunded=charge["amount"])
        emit(state, "charge.refunded" if reason != "automatic" else "charge.expired", charge)
    intent.update(
        status="canceled",
        amount_capturable=0,
        canceled_at=state.clock.now,
        cancellation_reason=reason,
        next_action=None,
    )
    emit(state, "payment_intent.canceled", intent)


def _unexpected(intent: Json, message: str, allowed: tuple[str, ...] = WAITING) -> Refusal:
    text = (
        f"{message} because it has a status of {intent['status']}. Only a PaymentIntent with one of the following "
        f"statuses may be used so: {', '.join(allowed)}."
    )
    return Refusal(text, code="payment_intent_unexpected_state", payment_intent=dict(intent))
