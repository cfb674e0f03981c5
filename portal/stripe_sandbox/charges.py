"""What was taken from a card?"""

from portal.stripe_sandbox.cards import Decline, billing_details, card_of
from portal.stripe_sandbox.errors import Json
from portal.stripe_sandbox.events import changes, emit
from portal.stripe_sandbox.listing import include, list_of, matching, page_of
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing

_NULLS = (
    "application application_fee application_fee_amount failure_balance_transaction failure_code failure_message"
    " on_behalf_of receipt_number receipt_url review shipping source_transfer transfer_data transfer_group"
)
AUTHORISATION_DAYS = 7  # until an authorised card is released when nobody captures


def add_charge(state: State, intent: Json, method: Json, status: str, decline: Decline | None = None) -> Json:
    """Keep a new charge of an intent: succeeded (captured or only authorised), pending or failed."""
    manual = intent["capture_method"] == "manual"
    captured = status == "succeeded" and not manual
    charge = {
        "id": new_id("ch"),
        "object": "charge",
        **nothing(_NULLS),
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if captured else 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": billing_details(method["billing_details"]),
        "calculated_statement_descriptor": "SANDBOX",
        "captured": captured,
        "created": state.clock.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": _outcome(decline),
        "paid": status == "succeeded",
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(method, intent),
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
    }
    state.add(charge)
    if captured:
        note_money(state, charge, charge["amount"], "charge")
    emit(state, f"charge.{status}", charge)
    return charge


def _outcome(decline: Decline | None) -> Json:
    if decline is None:
        return {
            **nothing("advice_code network_advice_code network_decline_code reason"),
            "network_status": "approved_by_network",
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        **nothing("advice_code network_advice_code network_decline_code"),
        "network_status": "declined_by_network",
        "reason": decline.decline_code or decline.code,
        "risk_level": "normal",
        "seller_message": "The bank did not return any further details with this decline.",
        "type": "issuer_declined",
    }


def _details(method: Json, intent: Json) -> Json:
    if method["type"] == "sepa_debit":
        shown = {name: method["sepa_debit"][name] for name in ("bank_code", "country", "fingerprint", "last4")}
        return {"sepa_debit": nothing("branch_code mandate") | shown, "type": "sepa_debit"}
    kept = "brand checks country exp_month exp_year fingerprint funding last4 regulated_status"
    card = {
        **nothing("installments mandate network_token network_transaction_id three_d_secure wallet"),
        **{name: method["card"][name] for name in kept.split()},
        "amount_authorized": intent["amount"],
        "authorization_code": "123456",
        "network": method["card"]["brand"],
    }
    return {"card": card, "type": "card"}


def note_money(state: State, thing: Json, amount: int, kind: str) -> None:
    """Keep the movement on the balance that a charge or refund causes; no fee is taken here."""
    movement = {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": state.clock.now + 2 * 86_400,
        "balance_type": "payments",
        "created": state.clock.now,
        "currency": thing["currency"],
        "description": None,
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": amount,
        "reporting_category": kind,
        "source": thing["id"],
        "status": "pending",
        "type": kind,
    }
    thing["balance_transaction"] = state.add(movement)["id"]


def capture_charge(state: State, charge: Json, amount: int) -> None:
    """Take an authorised amount, or less of it."""
    charge.update(captured=True, amount_captured=amount)
    note_money(state, charge, amount, "charge")
    emit(state, "charge.captured", charge)


def settle_charge(state: State, charge: Json, succeeded: bool) -> None:
    """Say how a charge that was pending ended."""
    charge["status"] = "succeeded" if succeeded else "failed"
    if succeeded:
        charge.update(paid=True, captured=True, amount_captured=charge["amount"])
        note_money(state, charge, charge["amount"], "payment")
    else:
        charge.update(failure_code="insufficient_funds", failure_message="The account has insufficient funds.")
    emit(state, f"charge.{charge['status']}", charge)


def is_disputed_card(state: State, charge: Json) -> bool:
    """Tell whether the card is the one that disputes everything."""
    return card_of(state, state.tables["payment_method"][charge["payment_method"]]).disputed


@operation("get", "/v1/charges", "ChargeListParams", f"{LISTING} customer payment_intent")
def list_charges(state: State, values: Json) -> Json:
    """List charges."""
    return page_of(matching(state.tables["charge"].values(), values, "customer payment_intent"), "/v1/charges", values)


@operation("get", "/v1/charges/{charge}", "ChargeRetrieveParams")
def retrieve_charge(state: State, _values: Json, charge: str) -> Json:
    """Return a charge."""
    return state.find("charge", charge, param="charge", in_path=True)


@operation("post", "/v1/charges/{charge}", "ChargeUpdateParams", "description metadata receipt_email")
def update_charge(state: State, values: Json, charge: str) -> Json:
    """Change what a charge says of itself."""
    found = state.find("charge", charge, param="charge", in_path=True)
    before = dict(found)
    found.update({name: values[name] for name in ("description", "receipt_email") if name in values})
    found["metadata"] = metadata_after(found["metadata"], values.get("metadata"))
    emit(state, "charge.updated", found, changes(before, found))
    return found


@include("charge", "refunds")
def _refunds_of(state: State, charge: Json) -> Json:
    found = [one for one in state.tables["refund"].values() if one["charge"] == charge["id"]]
    return list_of(found[::-1], f"/v1/charges/{charge['id']}/refunds")


@operation("get", "/v1/balance_transactions", "BalanceTransactionListParams", f"{LISTING} source type")
def list_movements(state: State, values: Json) -> Json:
    """List the movements on the balance."""
    found = matching(state.tables["balance_transaction"].values(), values, "source type")
    return page_of(found, "/v1/balance_transactions", values)


@operation("get", "/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams")
def retrieve_movement(state: State, _values: Json, id: str) -> Json:
    """Return a movement on the balance."""
    return state.find("balance_transaction", id, param="id", in_path=True)
