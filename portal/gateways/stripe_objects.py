"""How are the house's values written for Stripe, and its objects read as ours? Plain dictionaries on both sides."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.domain.money import Amount
from portal.gateways.payments import (
    Charge,
    CheckoutSession,
    Intent,
    IntentStatus,
    ProviderDispute,
    ProviderEvent,
    ProviderRefund,
    RefundStatus,
    Subscription,
    SubscriptionInvoice,
)

MAX_SUFFIX = 22
Object = Mapping[str, Any]

# ---------------------------------------------------------------- what Stripe is told


def page(charge: Charge, success_url: str, cancel_url: str) -> dict[str, Any]:
    """Describe a hosted page: in the currency that was quoted, and over when it is over."""
    return {
        "customer": charge.customer_id,
        "client_reference_id": charge.metadata.get("bookingId", charge.customer_id),
        "metadata": charge.metadata,
        "success_url": success_url,
        "cancel_url": cancel_url,
        "adaptive_pricing": {"enabled": False},
        **methods(charge),
    }


def line(charge: Charge, **price: Any) -> dict[str, Any]:
    """Describe the one line of a hosted page."""
    return {
        "quantity": 1,
        "price_data": {
            "currency": charge.amount.currency.lower(),
            "unit_amount": charge.amount.minor,
            "product_data": {"name": charge.description},
            **price,
        },
    }


def purpose(charge: Charge) -> dict[str, Any]:
    """Say what an intent is for, and whether its money is only held."""
    suffix = statement_suffix(charge.description)
    return {
        "description": charge.description,
        "metadata": charge.metadata,
        **({"statement_descriptor_suffix": suffix} if suffix else {}),
        **({"capture_method": "manual"} if charge.hold_only else {}),
    }


def methods(charge: Charge) -> dict[str, Any]:
    """Leave out what takes days to pay by where the place is held for minutes, and what cannot be held."""
    return {"allowed_payment_method_types": ["card"]} if charge.cards_only or charge.hold_only else {}


def statement_suffix(text: str) -> str | None:
    """Write what a bank statement can carry: up to 22 plain characters with a letter; None where none is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    words = "".join(one if one.isalnum() or one in ".-/&" else " " for one in plain).split()
    suffix = " ".join(words)[:MAX_SUFFIX].strip()
    return suffix if any(one.isalpha() for one in suffix) else None


# ---------------------------------------------------------------- what Stripe says

_INTENT_STATUS = {
    "requires_payment_method": IntentStatus.OPEN,
    "requires_confirmation": IntentStatus.OPEN,
    "requires_action": IntentStatus.OPEN,
    "processing": IntentStatus.PROCESSING,
    "requires_capture": IntentStatus.AUTHORISED,
    "succeeded": IntentStatus.SUCCEEDED,
    "canceled": IntentStatus.CANCELED,
}
_REFUND_STATUS = {
    "pending": RefundStatus.PENDING,
    "requires_action": RefundStatus.PENDING,
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
_DISPUTE_OVER = ("won", "lost", "warning_closed", "prevented")


def session(found: Object) -> CheckoutSession:
    """Read a Checkout Session, with its intent where that was asked for."""
    paid_by = found.get("payment_intent")
    return CheckoutSession(
        id=found["id"],
        url=found.get("url"),
        is_open=found["status"] == "open",
        is_expired=found["status"] == "expired",
        amount=_amount(found, "amount_total"),
        metadata=_metadata(found),
        intent=intent(paid_by) if isinstance(paid_by, Mapping) else None,
        subscription_id=_id(found.get("subscription")),
    )


def intent(found: Object) -> Intent:
    """Read a PaymentIntent."""
    return Intent(
        id=found["id"],
        status=_INTENT_STATUS[found["status"]],
        amount=_amount(found),
        amount_received=found.get("amount_received") or 0,
        metadata=_metadata(found),
        client_secret=found.get("client_secret"),
        charge_id=_id(found.get("latest_charge")),
        failure=refusal_code(found.get("last_payment_error") or {}),
    )


def refusal_code(error: Object) -> str | None:
    """Return why a payment failed: `insufficient_funds` says more than `card_declined`."""
    return error.get("decline_code") or error.get("code") or error.get("type")


def refund(found: Object) -> ProviderRefund:
    """Read a Refund."""
    return ProviderRefund(
        id=found["id"],
        intent_id=_id(found.get("payment_intent")),
        amount=_amount(found),
        status=_REFUND_STATUS[found.get("status") or "pending"],
        refund_id=_metadata(found).get("refundId"),
        failure=found.get("failure_reason"),
    )


def dispute(found: Object) -> ProviderDispute:
    """Read a Dispute."""
    return ProviderDispute(
        id=found["id"],
        intent_id=_id(found.get("payment_intent")),
        amount=_amount(found),
        status=found["status"],
        is_over=found["status"] in _DISPUTE_OVER,
        is_lost=found["status"] == "lost",
        is_refundable=found["is_charge_refundable"],
    )


def subscription(found: Object) -> Subscription:
    """Read a Subscription."""
    return Subscription(found["id"], found["status"], _metadata(found))


def invoice(found: Object) -> SubscriptionInvoice:
    """Read an Invoice whose payments were asked for."""
    payments = (found.get("payments") or {}).get("data", ())
    intents = (_id(one["payment"].get("payment_intent")) for one in payments)
    return SubscriptionInvoice(
        id=found["id"],
        subscription_id=_id(_series(found).get("subscription")),
        intent_id=next((one for one in intents if one), None),
        is_paid=found["status"] == "paid",
        amount=_amount(found, "amount_due"),
    )


def event(found: Object) -> ProviderEvent:
    """Take from an event which object it is about; its copy of that object may be old by now."""
    about: Object = found["data"]["object"]
    return ProviderEvent(
        id=found["id"],
        type=found["type"],
        created=datetime.fromtimestamp(found["created"], UTC),
        object_id=about["id"],
        metadata=_metadata(about) or _metadata(_series(about)),
        intent_id=_id_of("payment_intent", about),
        subscription_id=_id_of("subscription", about) or _id(_series(about).get("subscription")),
    )


def _amount(found: Object, name: str = "amount") -> Amount:
    return Amount(found.get(name) or 0, (found.get("currency") or "").upper())


def _metadata(found: Object) -> dict[str, str]:
    return dict(found.get("metadata") or {})


def _series(found: Object) -> Object:
    """Return what an invoice says of the subscription that it belongs to."""
    return (found.get("parent") or {}).get("subscription_details") or {}


def _id(found: Any) -> str | None:
    """Return the id of what is an id, a whole object, or nothing."""
    named: str | None = found["id"] if isinstance(found, Mapping) else found
    return named


def _id_of(kind: str, about: Object) -> str | None:
    """Return the id of an object that is of a kind, or names one of that kind."""
    return about["id"] if about.get("object") == kind else _id(about.get(kind))
