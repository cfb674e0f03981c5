"""How is a card kept for later without a payment?"""

from portal.stripe_sandbox.cards import attach_to, card_of, declined, method_named
from portal.stripe_sandbox.errors import Json, Refusal
from portal.stripe_sandbox.events import emit
from portal.stripe_sandbox.listing import matching, page_of
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing

_NULLS = (
    "application cancellation_reason customer_account flow_directions last_setup_error latest_attempt managed_payments"
    " mandate next_action on_behalf_of payment_method payment_method_configuration_details single_use_mandate"
    " excluded_payment_method_types"
)
_WAITING = ("requires_payment_method", "requires_confirmation", "requires_action")


@operation(
    "post", "/v1/setup_intents", "SetupIntentCreateParams",
    "customer description metadata payment_method usage confirm return_url automatic_payment_methods"
    " allowed_payment_method_types",
)  # fmt: skip
def create_setup(state: State, values: Json) -> Json:
    """Ask for a card to keep."""
    if "customer" in values:
        state.find("customer", values["customer"], param="customer")
    given, allowed = new_id("seti"), values.get("allowed_payment_method_types")
    setup = {
        "id": given,
        "object": "setup_intent",
        **nothing(_NULLS),
        "allowed_payment_method_types": allowed,
        "automatic_payment_methods": None
        if allowed
        else {"allow_redirects": "always", "enabled": True, **values.get("automatic_payment_methods", {})},
        "client_secret": f"{given}_secret_{new_id('x', 25)[2:]}",
        "created": state.clock.now,
        "customer": values.get("customer"),
        "description": values.get("description"),
        "livemode": False,
        "metadata": metadata_after({}, values.get("metadata")),
        "payment_method_options": {},
        "payment_method_types": allowed or ["card"],
        "status": "requires_payment_method",
        "usage": values.get("usage", "off_session"),
    }
    state.add(setup)
    emit(state, "setup_intent.created", setup)
    if "payment_method" in values:
        setup["payment_method"] = method_named(state, values["payment_method"], "payment_method")["id"]
        setup["status"] = "requires_confirmation"
    return confirm_setup(state, {}, given) if values.get("confirm") else setup


@operation("get", "/v1/setup_intents", "SetupIntentListParams", f"{LISTING} customer payment_method")
def list_setups(state: State, values: Json) -> Json:
    """List set-ups."""
    found = matching(state.tables["setup_intent"].values(), values, "customer payment_method")
    return page_of(found, "/v1/setup_intents", values)


@operation("get", "/v1/setup_intents/{intent}", "SetupIntentRetrieveParams", "client_secret")
def retrieve_setup(state: State, _values: Json, intent: str) -> Json:
    """Return a set-up."""
    return state.find("setup_intent", intent, param="intent", in_path=True)


@operation("post", "/v1/setup_intents/{intent}/confirm", "SetupIntentConfirmParams", "payment_method return_url")
def confirm_setup(state: State, values: Json, intent: str) -> Json:
    """Keep the card, or note why it is refused."""
    found = retrieve_setup(state, {}, intent)
    if found["status"] not in _WAITING:
        raise _unexpected(found, "confirm")
    if "payment_method" in values:
        found["payment_method"] = method_named(state, values["payment_method"], "payment_method")["id"]
    if found["payment_method"] is None:
        raise Refusal("You cannot confirm this SetupIntent without a payment method.", param="payment_method")
    method = state.tables["payment_method"][found["payment_method"]]
    card = card_of(state, method)
    if card.decline and card.declines_attach:
        error = declined(card.decline, payment_method=dict(method))
        found.update(status="requires_payment_method", payment_method=None, last_setup_error=dict(error.error))
        emit(state, "setup_intent.setup_failed", found)
        raise error
    if found["customer"] and not method["customer"]:
        attach_to(state, method, found["customer"])
    found["status"] = "succeeded"
    emit(state, "setup_intent.succeeded", found)
    return found


@operation("post", "/v1/setup_intents/{intent}/cancel", "SetupIntentCancelParams", "cancellation_reason")
def cancel_setup(state: State, values: Json, intent: str) -> Json:
    """Give a set-up up."""
    found = retrieve_setup(state, {}, intent)
    if found["status"] not in _WAITING:
        raise _unexpected(found, "cancel")
    found.update(status="canceled", cancellation_reason=values.get("cancellation_reason"))
    emit(state, "setup_intent.canceled", found)
    return found


def _unexpected(found: Json, verb: str) -> Refusal:
    message = f"You cannot {verb} this SetupIntent because it has a status of {found['status']}."
    return Refusal(message, code="setup_intent_unexpected_state", setup_intent=dict(found))
