"""What was paid, what went back, and what do staff have to look at?"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.account import Account
from portal.domain.payments import Payment, Refund
from portal.store import payments
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.changes import find_booking


@dataclass(frozen=True)
class Ledger:
    """The payments and refunds of a booking, each the oldest first."""

    payments: Sequence[Payment]
    refunds: Sequence[Refund]


@dataclass(frozen=True)
class OpenCases:
    """What staff have to look at: payments with a flag or a dispute, and refunds that failed; the newest first."""

    flagged: Sequence[Payment]
    disputed: Sequence[Payment]
    failed_refunds: Sequence[Refund]


def money_of_booking(booking_id: str, caller: Account) -> Ledger:
    """List what was paid for a booking and what went back.

    Raises NotFound for another's.
    """
    booking = find_booking(booking_id, caller)
    session = db.session()
    return Ledger(payments.payments_of(session, booking.id), payments.refunds_of(session, booking.id))


def open_cases(caller: Account, limit: int = 100) -> OpenCases:
    """List what staff have to look at. Raises Forbidden."""
    require_staff(caller)
    session = db.session()
    return OpenCases(
        payments.flagged_payments(session, limit),
        payments.disputed_payments(session, limit),
        payments.failed_refunds(session, limit),
    )
