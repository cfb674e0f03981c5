"""What do Stripe's test cards do? (docs.stripe.com/testing)"""

from dataclasses import dataclass, replace
from typing import Any

from portal.stripe_sandbox.errors import Json, Refusal, unsupported
from portal.stripe_sandbox.events import emit
from portal.stripe_sandbox.listing import matching, page_of
from portal.stripe_sandbox.routes import operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing


@dataclass(frozen=True)
class Decline:
    """Why a bank says no."""

    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True)
class Card:
    """How a test card behaves."""

    brand: str = "visa"
    last4: str = "4242"
    decline: Decline | None = None
    declines_attach: bool = True  # when it declines: is it refused for a customer too?
    authenticate: bool = False
    refund: str = "succeeded"  # or pending, or fails: succeeds, and fails later
    disputed: bool = False


def _declined(decline_code: str, message: str = "Your card was declined.") -> Decline:
    return Decline("card_declined", decline_code, message)


GENERIC = _declined("generic_decline")
FUNDS = _declined("insufficient_funds", "Your card has insufficient funds.")
NOT_AUTHENTICATED = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
_EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
_CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
_PROCESSING = Decline(
    "processing_error", "processing_error", "An error occurred while processing your card. Try again."
)

CARDS = {
    "pm_card_visa": Card(),
    "pm_card_visa_debit": Card(last4="5556"),
    "pm_card_mastercard": Card("mastercard", "4444"),
    "pm_card_amex": Card("amex", "8431"),
    "pm_card_visa_chargeDeclined": Card(last4="0002", decline=GENERIC),
    "pm_card_visa_chargeDeclinedInsufficientFunds": Card(last4="9995", decline=FUNDS),
    "pm_card_visa_chargeDeclinedLostCard": Card(last4="9987", decline=_declined("lost_card")),
    "pm_card_visa_chargeDeclinedStolenCard": Card(last4="9979", decline=_declined("stolen_card")),
    "pm_card_chargeDeclinedExpiredCard": Card(last4="0069", decline=_EXPIRED),
    "pm_card_chargeDeclinedIncorrectCvc": Card(last4="0127", decline=_CVC),
    "pm_card_chargeDeclinedProcessingError": Card(last4="0119", decline=_PROCESSING),
    "pm_card_chargeCustomerFail": Card(last4="0341", decline=GENERIC, declines_attach=False),
    "pm_card_threeDSecure2Required": Card(last4="3220", authenticate=True),
    "pm_card_authenticationRequired": Card(last4="3184", authenticate=True),
    "pm_card_pendingRefund": Card(last4="7726", refund="pending"),
    "pm_card_refundFail": Card(last4="5126", refund="fails"),
    "pm_card_createDispute": Card(last4="0259", disputed=True),
}
# The spelling without the brand, as in the older lists of test cards.
CARDS |= {name.replace("_visa_charge", "_charge"): card for name, card in CARDS.items() if "_visa_charge" in name}

_NO_ADDRESS = nothing("city country line1 line2 postal_code state")


def billing_details(values: Json | None = None) -> Json:
    """Return who pays, as far as it is known."""
    given = values or {}
    address = {**_NO_ADDRESS, **(given.get("address") or {})}
    return {**nothing("email name phone tax_id"), **given, "address": address}


def add_method(state: State, card: Card, values: Json | None = None) -> Json:
    """Make a payment method of a card."""
    details = {
        **nothing("generated_from wallet"),
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": new_id("fp", 16)[3:],
        "funding": "credit",
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
    }
    return _add(state, "card", details, card, values)


def add_debit(state: State, email: str | None = None) -> Json:
    """Make a payment method whose money comes days later: a SEPA debit."""
    details = {
        "bank_code": "37040044",
        "branch_code": "",
        "country": "DE",
        "fingerprint": new_id("fp", 16)[3:],
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": "3000",
    }
    return _add(state, "sepa_debit", details, Card(), {"billing_details": {"email": email}})


def _add(state: State, kind: str, details: Json, card: Card, values: Json | None) -> Json:
    given = values or {}
    method = {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": given.get("allow_redisplay", "unspecified"),
        "billing_details": billing_details(given.get("billing_details")),
        kind: details,
        "created": state.clock.now,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": metadata_after({}, given.get("metadata")),
        "type": kind,
    }
    state.hidden[method["id"]]["card"] = card
    return state.add(method)


def card_of(state: State, method: Json) -> Card:
    """Return how a payment method behaves."""
    card: Card = state.hidden[method["id"]]["card"]
    return card


def break_card(state: State, method: Json, decline: Decline = GENERIC) -> None:
    """Let every later charge of a payment method be declined."""
    card = replace(card_of(state, method), decline=decline, declines_attach=False)
    state.hidden[method["id"]]["card"] = card


def method_named(state: State, given: str, param: str, *, in_path: bool = False) -> Json:
    """Return a payment method by its id; a magic name makes a new one each time."""
    if given in CARDS:
        return add_method(state, CARDS[given])
    noun = "PaymentMethod"
    return state.find("payment_method", given, param=param, in_path=in_path, noun=noun)


@operation(
    "post", "/v1/payment_methods", "PaymentMethodCreateParams", "allow_redisplay billing_details card metadata type"
)
def create_method(state: State, values: Json) -> Json:
    """Make a payment method of a token such as `tok_visa`; card numbers are refused, as without a permission."""
    if values.get("type") != "card":
        raise unsupported("type")
    token = values.get("card", {}).get("token")
    if token is None:
        message = "Sending credit card numbers directly to the Stripe API is generally unsafe. Use a test token."
        raise Refusal(message, status=402)
    card = CARDS.get(f"pm_card_{token.removeprefix('tok_')}")
    if card is None:
        raise Refusal(f"No such token: '{token}'", code="resource_missing", param="card[token]")
    return add_method(state, card, values)


@operation("get", "/v1/payment_methods", "PaymentMethodListParams", "customer ending_before limit starting_after type")
def list_methods(state: State, values: Json) -> Json:
    """List payment methods; those of nobody are not listed without a customer."""
    found = matching(state.tables["payment_method"].values(), values, "customer type")
    return page_of([one for one in found if one["customer"]], "/v1/payment_methods", values)


@operation(
    "get",
    "/v1/customers/{customer}/payment_methods",
    "CustomerPaymentMethodListParams",
    "ending_before limit starting_after type",
)
def list_methods_of(state: State, values: Json, customer: str) -> Json:
    """List a customer's payment methods."""
    state.find("customer", customer, param="customer", in_path=True)
    found = matching(state.tables["payment_method"].values(), {**values, "customer": customer}, "customer type")
    return page_of(found, f"/v1/customers/{customer}/payment_methods", values)


@operation("get", "/v1/payment_methods/{payment_method}", "PaymentMethodRetrieveParams")
def retrieve_method(state: State, _values: Json, payment_method: str) -> Json:
    """Return a payment method."""
    return method_named(state, payment_method, "payment_method", in_path=True)


@operation("post", "/v1/payment_methods/{payment_method}/attach", "PaymentMethodAttachParams", "customer")
def attach(state: State, values: Json, payment_method: str) -> Json:
    """Keep a payment method for a customer's later payments."""
    method = method_named(state, payment_method, "payment_method", in_path=True)
    card = card_of(state, method)
    if card.decline and card.declines_attach:
        raise declined(card.decline, payment_method=method)
    if "customer" not in values:
        raise Refusal("Missing required param: customer.", code="parameter_missing", param="customer")
    if method["customer"]:
        raise Refusal("The payment method you provided has already been attached to a customer.")
    return attach_to(state, method, values["customer"])


def attach_to(state: State, method: Json, customer: str) -> Json:
    """Give a payment method to a customer."""
    state.find("customer", customer, param="customer")
    method["customer"] = customer
    emit(state, "payment_method.attached", method)
    return method


@operation("post", "/v1/payment_methods/{payment_method}/detach", "PaymentMethodDetachParams")
def detach(state: State, _values: Json, payment_method: str) -> Json:
    """Keep a payment method no more."""
    method = method_named(state, payment_method, "payment_method", in_path=True)
    if not method["customer"]:
        raise Refusal("The payment method you provided is not attached to a customer so detachment is impossible.")
    was = {"customer": method["customer"]}
    method["customer"] = None
    emit(state, "payment_method.detached", method, was)
    return method


def declined(decline: Decline, **more: Any) -> Refusal:
    """Return the error of a card that is declined."""
    extra: Json = {"decline_code": decline.decline_code} if decline.decline_code else {}
    return Refusal(decline.message, status=402, kind="card_error", code=decline.code, **extra, **more)
