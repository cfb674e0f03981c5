"""What was paid, what went back, and what do staff have to look at?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import NotFound
from portal.domain.payments import Payment, Refund
from portal.store import payments
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.audit import note
from portal.usecases.changes import change_booking, find_booking


@dataclass(frozen=True)
class Ledger:
    """The payments and refunds of a booking, each the oldest first."""

    payments: Sequence[Payment]
    refunds: Sequence[Refund]


@dataclass(frozen=True)
class OpenCases:
    """What staff have to look at: payments with a dispute, or a flag that nobody has seen, and refunds that failed.

    The newest come first.
    """

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


def see_flag(booking_id: str, payment_id: str, caller: Account, now: datetime) -> Booking:
    """Note that somebody of the team has seen a payment that is not as it should be; once, whoever says it again.

    The flag stays: it says why the payment's sums are as they are. Raises Forbidden, NotFound.
    """
    require_staff(caller)

    def change(session: Session, booking: Booking) -> None:
        payment = payments.payment_by_id(session, payment_id)
        if payment is None or payment.booking_id != booking.id or payment.flag is None:
            raise NotFound
        if payment.flag_seen_at is not None:
            return
        payments.change_payment(session, payment, now, flag_seen_at=now)
        note(session, booking.id, caller, "flag-seen", now, reason=payment.flag)

    return change_booking(booking_id, caller, now, change)
