"""Payments and refunds that succeeded, as rows: for tests of what follows from them."""

from portal.domain.payments import PaymentKind, PaymentState, RefundState, Why
from portal.store import payments
from portal.store.db import transaction
from tests.build import NOW


def store_payment(booking_id: str, payment_id: str, amount: int = 5000, currency: str = "EUR") -> None:
    """Store a payment of a booking."""
    values = {
        "id": payment_id,
        "booking_id": booking_id,
        "kind": PaymentKind.CHECKOUT,
        "amount_minor": amount,
        "currency": currency,
        "status": PaymentState.SUCCEEDED,
        "key": f"payment-{payment_id}",
        "hold_only": False,
        "amount_captured": amount,
        "created_at": NOW,
        "updated_at": NOW,
        "settled_at": NOW,
    }
    transaction(lambda session: payments.add_payment(session, values))


def store_refund(booking_id: str, payment_id: str, refund_id: str, amount: int) -> None:
    """Store a refund of a payment."""
    values = {
        "id": refund_id,
        "payment_id": payment_id,
        "booking_id": booking_id,
        "amount_minor": amount,
        "currency": "EUR",
        "status": RefundState.SUCCEEDED,
        "why": Why.STAFF,
        "key": f"refund-{refund_id}",
        "created_at": NOW,
        "updated_at": NOW,
    }
    transaction(lambda session: payments.add_refund(session, values))
