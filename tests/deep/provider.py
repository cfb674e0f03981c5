"""A payment provider that needs no memory of its own, for races over many processes."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from portal.domain.money import Amount
from portal.domain.payments import Payment, metadata_of
from portal.gateways.payments import CheckoutSession, Intent, IntentStatus, ProviderRefund, RefundStatus
from portal.store import bookings, payments
from portal.store.db import WRITE, db
from portal.usecases.money import Money
from portal.usecases.payments import ReturnTo
from portal.web.context import current_rules
from tests.build import AN_ISSUER

BACK = ReturnTo("https://us.example/ok", "https://us.example/no", "Consultation")


class SteadyProvider:
    """A provider whose every page is paid, or none; what else there is to know of one stands in our own row of it.

    So it answers alike in every process. Ids follow from the keys, as the same key gives the same answer.
    """

    def __init__(self, *, is_paid: bool) -> None:
        self.is_paid = is_paid

    def create_customer(self, email: str, name: str, metadata: dict[str, str], key: str) -> str:
        return f"cus_{key}"

    def open_session(self, charge: Any, success: str, cancel: str, expires: datetime, locale: str, key: str) -> Any:
        return CheckoutSession(f"cs_{key}", f"https://pay/{key}", True, False, charge.amount, charge.metadata)

    def session(self, session_id: str) -> CheckoutSession:
        payment = self._payment_of(session_id)
        page = CheckoutSession(session_id, "https://pay", True, False, payment.amount, self._metadata(payment))
        if not self.is_paid:
            return page
        return replace(page, is_open=False, intent=self._intent(payment, IntentStatus.SUCCEEDED))

    def expire_session(self, session_id: str) -> CheckoutSession:
        page = self.session(session_id)
        return page if page.intent else replace(page, is_open=False, is_expired=True)

    def refund(self, intent_id: str, amount_minor: int, refund_id: str, key: str) -> ProviderRefund:
        amount = Amount(amount_minor, "EUR")
        return ProviderRefund(f"re_{key}", intent_id, amount, RefundStatus.SUCCEEDED, refund_id)

    def refunds_of(self, intent_id: str) -> list[ProviderRefund]:
        return []

    def events_since(self, instant: datetime) -> list[Any]:
        return []

    def _intent(self, payment: Payment, status: IntentStatus) -> Intent:
        received = payment.amount_minor if status is IntentStatus.SUCCEEDED else 0
        return Intent(f"pi_{payment.id}", status, payment.amount, received, self._metadata(payment))

    def _payment_of(self, session_id: str) -> Payment:
        assert not db.session().info.get(WRITE), "the provider is asked inside a transaction"
        found = payments.payment_of_session(db.session(), session_id)
        assert found is not None
        db.session.rollback()
        return found

    def _metadata(self, payment: Payment) -> dict[str, str]:
        booking = bookings.booking_by_id(db.session(), payment.booking_id, None)
        db.session.rollback()
        assert booking is not None
        return metadata_of(payment.id, booking.id, booking.service_id, booking.user_id)


def money_of(*, is_paid: bool, **rules: Any) -> Money:
    """Return money of a house that takes it."""
    used = replace(current_rules(), takes_payment=True, max_active_bookings=0, max_bookings_per_hour=10**6, **rules)
    return Money(SteadyProvider(is_paid=is_paid), used, AN_ISSUER)  # type: ignore[arg-type]
