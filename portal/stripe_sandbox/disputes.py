"""Who wants his money back from his bank?"""

from typing import Literal

from portal.stripe_sandbox.charges import note_money
from portal.stripe_sandbox.errors import Json, Refusal
from portal.stripe_sandbox.events import changes, emit
from portal.stripe_sandbox.listing import matching, page_of
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing

_OPEN = ("warning_needs_response", "needs_response", "under_review")
_EVIDENCE = (
    "access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal"
    " customer_communication customer_email_address customer_name customer_purchase_ip customer_signature"
    " duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt"
    " refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation"
    " shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number"
    " uncategorized_file uncategorized_text"
)
Outcome = Literal["won", "lost"]


def open_dispute(state: State, charge: Json, reason: str = "general") -> Json:
    """Open a dispute on a charge; its money is taken back at once."""
    if charge["disputed"]:
        raise Refusal(f"Charge {charge['id']} is disputed already.")
    if not charge["captured"]:
        raise Refusal(f"Charge {charge['id']} took nothing that could be disputed.")
    dispute = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": charge["amount_captured"] - charge["amount_refunded"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": state.clock.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**nothing(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": state.clock.now + 14 * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
    charge["disputed"] = True
    state.add(dispute)
    _move(state, dispute, -dispute["amount"])
    emit(state, "charge.dispute.created", dispute)
    emit(state, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def _move(state: State, dispute: Json, amount: int) -> None:
    movement: Json = {"id": dispute["id"], "currency": dispute["currency"]}
    note_money(state, movement, amount, "adjustment")
    dispute["balance_transactions"].append(state.tables["balance_transaction"][movement["balance_transaction"]])


def close_dispute(state: State, dispute: Json, outcome: Outcome) -> Json:
    """Let the bank decide."""
    if dispute["status"] not in _OPEN:
        raise Refusal("This dispute is already closed.")
    dispute["status"] = outcome
    if outcome == "won":
        _move(state, dispute, dispute["amount"])
        emit(state, "charge.dispute.funds_reinstated", dispute)
    emit(state, "charge.dispute.closed", dispute)
    return dispute


@operation("get", "/v1/disputes", "DisputeListParams", f"{LISTING} charge payment_intent")
def list_disputes(state: State, values: Json) -> Json:
    """List disputes."""
    return page_of(matching(state.tables["dispute"].values(), values, "charge payment_intent"), "/v1/disputes", values)


@operation("get", "/v1/disputes/{dispute}", "DisputeRetrieveParams")
def retrieve_dispute(state: State, _values: Json, dispute: str) -> Json:
    """Return a dispute."""
    return state.find("dispute", dispute, param="dispute", in_path=True)


@operation("post", "/v1/disputes/{dispute}", "DisputeUpdateParams", "evidence metadata submit")
def update_dispute(state: State, values: Json, dispute: str) -> Json:
    """Add evidence, and submit it unless told not to."""
    found = retrieve_dispute(state, {}, dispute)
    if found["status"] not in _OPEN:
        raise Refusal("This dispute is already closed.")
    before = {**found, "evidence": dict(found["evidence"])}
    evidence = {name: value or None for name, value in values.get("evidence", {}).items()}
    found["evidence"] = {**found["evidence"], **evidence}
    found["metadata"] = metadata_after(found["metadata"], values.get("metadata"))
    if evidence:
        found["evidence_details"]["has_evidence"] = True
    if evidence and values.get("submit", True):
        found["evidence_details"]["submission_count"] += 1
        found["status"] = "under_review"
    emit(state, "charge.dispute.updated", found, changes(before, found))
    return found


@operation("post", "/v1/disputes/{dispute}/close", "DisputeCloseParams")
def accept_dispute(state: State, _values: Json, dispute: str) -> Json:
    """Accept that a dispute is lost."""
    return close_dispute(state, retrieve_dispute(state, {}, dispute), "lost")
