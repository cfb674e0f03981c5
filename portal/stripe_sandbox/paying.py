"""What happens when somebody presses a button of the hosted payment page?"""

from typing import Literal, get_args

from portal.stripe_sandbox.cards import CARDS, add_debit, add_method, attach_to
from portal.stripe_sandbox.errors import Json, Refusal
from portal.stripe_sandbox.events import emit
from portal.stripe_sandbox.intents import add_intent, attempt, authenticate, settle
from portal.stripe_sandbox.sessions import note_customer
from portal.stripe_sandbox.state import State
from portal.stripe_sandbox.subscriptions import start_subscription

Outcome = Literal["pay", "decline", "3ds", "async", "cancel"]
OUTCOMES = get_args(Outcome)
PAYER = "payer@example.com"  # who pays when neither session nor form names anybody

_CARDS = {
    "pay": "pm_card_visa",
    "decline": "pm_card_visa_chargeDeclined",
    "3ds": "pm_card_threeDSecure2Required",
}


def pay(state: State, session: Json, outcome: Outcome, card: str | None = None, email: str = PAYER) -> Refusal | None:
    """Do what a button says; returns why the payment failed. The session stays open then, and after `cancel`.

    `3ds` waits for the payer's bank: `pay` then means that it knew him and `decline` that it did not. `card` is the
    magic name of another test card.
    """
    if session["status"] != "open":
        raise Refusal(f"This Checkout Session is {session['status']}.")
    if outcome == "cancel":
        return None
    intent = state.tables["payment_intent"].get(session["payment_intent"] or "")
    if intent and intent["status"] == "requires_action" and outcome in ("pay", "decline"):
        return _finish(state, session, intent, authenticate(state, intent, outcome == "pay"))
    if outcome == "async" and "sepa_debit" not in session["payment_method_types"]:
        raise Refusal("This Checkout Session takes no payments that arrive later.")
    method = add_debit(state, email) if outcome == "async" else add_method(state, CARDS[card or _CARDS[outcome]])
    note_customer(state, session, email)
    method["billing_details"]["email"] = session["customer_details"]["email"]
    if session["mode"] == "subscription":
        return _subscribe(state, session, method)
    if not session["amount_total"]:
        _complete(state, session, "no_payment_required")
        return None
    intent = intent or _intent_of(state, session)
    intent.update(payment_method=method["id"], customer=session["customer"])
    return _finish(state, session, intent, attempt(state, intent, session["success_url"]))


def _intent_of(state: State, session: Json) -> Json:
    """Make the intent of a session: only now, and with the metadata of `payment_intent_data` alone."""
    data = state.hidden[session["id"]]["data"]
    asked = {"amount": session["amount_total"], "currency": session["currency"], "customer": session["customer"]}
    kinds = {"allowed_payment_method_types": session["payment_method_types"]}
    intent = add_intent(state, {**asked, **kinds, **data})
    state.hidden[intent["id"]]["session"] = session["id"]
    session["payment_intent"] = intent["id"]
    emit(state, "payment_intent.created", intent)
    return intent


def _finish(state: State, session: Json, intent: Json, failure: Refusal | None) -> Refusal | None:
    if failure or intent["status"] == "requires_action":
        return failure
    _complete(state, session, "paid" if intent["status"] == "succeeded" else "unpaid")
    return None


def _complete(state: State, session: Json, payment_status: str) -> None:
    """Close the page: the payment is made, or on its way."""
    state.alarms.pop(session["id"], None)
    session.update(status="complete", payment_status=payment_status, url=None)
    emit(state, "checkout.session.completed", session)


def settle_session(state: State, session: Json, succeeded: bool) -> None:
    """Let the money of `async` arrive, or fail to."""
    intent = state.tables["payment_intent"].get(session["payment_intent"] or "")
    if intent is None:
        raise Refusal("Nothing is on its way for this Checkout Session.")
    settle(state, intent, succeeded)
    ending = "succeeded" if succeeded else "failed"
    emit(state, f"checkout.session.async_payment_{ending}", session)


def _subscribe(state: State, session: Json, method: Json) -> Refusal | None:
    data = state.hidden[session["id"]]["data"]
    items = [{"price": one["price"]["id"], "quantity": one["quantity"]} for one in state.hidden[session["id"]]["items"]]
    attach_to(state, method, session["customer"])
    asked = {**data, "customer": session["customer"], "items": items, "default_payment_method": method["id"]}
    subscription, failure = start_subscription(state, asked, undo_failure=True)
    if failure:
        return failure
    session.update(subscription=subscription["id"], invoice=subscription["latest_invoice"])
    _complete(state, session, "paid")
    return None
