"""What was given back?"""

from portal.stripe_sandbox.cards import card_of
from portal.stripe_sandbox.charges import note_money
from portal.stripe_sandbox.errors import Json, Refusal
from portal.stripe_sandbox.events import changes, emit
from portal.stripe_sandbox.listing import matching, page_of
from portal.stripe_sandbox.money import check_coin, written
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing

_FAILS_AFTER = 5  # seconds, for the card whose refunds fail


@operation("post", "/v1/refunds", "RefundCreateParams", "amount charge metadata payment_intent reason")
def create_refund(state: State, values: Json) -> Json:
    """Give back what a charge took, or a part of it."""
    charge = _charge_of(state, values)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"] and not _is_refundable(state, charge):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise Refusal(message, code="charge_disputed")
    if left == 0:
        raise Refusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = values.get("amount", left)
    _check(amount, left, charge["currency"])
    return add_refund(state, charge, amount, values)


def _charge_of(state: State, values: Json) -> Json:
    if ("charge" in values) == ("payment_intent" in values):
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise Refusal(message, code="parameter_missing", param="payment_intent")
    if "charge" in values:
        charge = state.find("charge", values["charge"], param="charge")
    else:
        intent = state.find("payment_intent", values["payment_intent"], param="payment_intent")
        charge = state.tables["charge"].get(intent["latest_charge"] or "", {})
    if not charge.get("captured"):
        whose = values.get("payment_intent") or values.get("charge")
        raise Refusal(f"This payment ({whose}) does not have a successful charge to refund.")
    return charge


def _is_refundable(state: State, charge: Json) -> bool:
    disputes = [one for one in state.tables["dispute"].values() if one["charge"] == charge["id"]]
    return all(one["is_charge_refundable"] or one["status"] == "won" for one in disputes)


def _check(amount: int, left: int, currency: str) -> None:
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        raise Refusal(message, code="parameter_invalid_integer", param="amount")
    if amount > left:
        message = (
            f"Refund amount ({written(amount, currency)}) is greater than unrefunded amount on charge "
            f"({written(left, currency)})"
        )
        raise Refusal(message, param="amount")
    check_coin(amount, currency, "amount")


def add_refund(state: State, charge: Json, amount: int, values: Json) -> Json:
    """Keep a new refund and lower what is left of its charge."""
    behaviour = card_of(state, state.tables["payment_method"][charge["payment_method"]]).refund
    refund = {
        "id": new_id("re"),
        "object": "refund",
        **nothing("customer_account receipt_number source_transfer_reversal transfer_reversal"),
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": state.clock.now,
        "currency": charge["currency"],
        "customer": charge["customer"],
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": metadata_after({}, values.get("metadata")),
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": values.get("reason"),
        "status": "pending" if behaviour == "pending" else "succeeded",
    }
    note_money(state, refund, -amount, "refund")
    state.add(refund)
    _count(charge, amount)
    emit(state, "refund.created", refund)
    emit(state, "charge.refunded", charge)
    if behaviour == "fails":
        state.set_alarm(refund["id"], state.clock.now + _FAILS_AFTER)
    return refund


def _count(charge: Json, amount: int) -> None:
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]


def settle_refund(state: State, refund: Json, *, reason: str | None = None) -> None:
    """End a refund: it succeeds, or fails for a reason and the money is the house's again."""
    if refund["status"] not in ("pending", "succeeded"):
        raise Refusal(f"This refund has a status of {refund['status']} already.")
    state.alarms.pop(refund["id"], None)
    before = dict(refund)
    refund["status"] = "failed" if reason else "succeeded"
    if reason:
        refund["failure_reason"] = reason
        refund["failure_balance_transaction"] = refund["balance_transaction"]
        _count(state.tables["charge"][refund["charge"]], -refund["amount"])
    emit(state, "refund.updated", refund, changes(before, refund))
    emit(state, "charge.refund.updated", refund, changes(before, refund))
    if reason:
        emit(state, "refund.failed", refund)


@operation("get", "/v1/refunds", "RefundListParams", f"{LISTING} charge payment_intent")
def list_refunds(state: State, values: Json) -> Json:
    """List refunds."""
    return page_of(matching(state.tables["refund"].values(), values, "charge payment_intent"), "/v1/refunds", values)


@operation("get", "/v1/refunds/{refund}", "RefundRetrieveParams")
def retrieve_refund(state: State, _values: Json, refund: str) -> Json:
    """Return a refund."""
    return state.find("refund", refund, param="refund", in_path=True)


@operation("post", "/v1/refunds/{refund}", "RefundUpdateParams", "metadata")
def update_refund(state: State, values: Json, refund: str) -> Json:
    """Change a refund's metadata."""
    found = state.find("refund", refund, param="refund", in_path=True)
    before = dict(found)
    found["metadata"] = metadata_after(found["metadata"], values.get("metadata"))
    emit(state, "refund.updated", found, changes(before, found))
    return found


@operation("post", "/v1/refunds/{refund}/cancel", "RefundCancelParams")
def cancel_refund(state: State, _values: Json, refund: str) -> Json:
    """Refuse: only refunds that wait for the customer's bank details can be cancelled, and cards need none."""
    found = state.find("refund", refund, param="refund", in_path=True)
    raise Refusal(f"You cannot cancel a refund that has a status of {found['status']}.")
