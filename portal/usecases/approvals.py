"""How do staff agree to a booking, or decline it?"""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import WrongState
from portal.domain.lifecycle import BookingStatus
from portal.domain.notifications import Kind
from portal.domain.payments import PaymentState
from portal.domain.rights import Action
from portal.store import bookings, payments
from portal.store.db import db, transaction
from portal.usecases import places
from portal.usecases.access import require, require_staff
from portal.usecases.audit import move, note
from portal.usecases.cancellations import carry_out, let_go
from portal.usecases.changes import change_booking
from portal.usecases.idempotency import Once, amend_answer
from portal.usecases.messages import tell_customer
from portal.usecases.money import Money
from portal.usecases.settlements import capture_payment, try_settling


def approve_booking(
    booking_id: str, caller: Account, now: datetime, once: Once[Booking] | None = None, *, money: Money | None = None
) -> Booking:
    """Agree to a booking that waits for it: it is confirmed and keeps its place.

    What was authorised for it is taken first; where that fails, the customer has to pay again and the booking waits for
    that; where the provider does not answer, the reconciling job takes it.
    Raises Forbidden where an admin has to agree, WrongState where it does not wait (any more).
    """
    require_staff(caller)

    def change(session: Session, booking: Booking) -> None:
        _check_awaits(booking, caller, now)
        places.make_permanent(session, booking)
        if booking.payment_authorised:
            _begin_capture(session, booking, caller, now)
            return
        values = {"hold_expires_at": None, "approval_needed": False}
        move(session, booking, BookingStatus.CONFIRMED, caller, "approve", now, reason=None, **values)
        tell_customer(session, booking, Kind.BOOKING_APPROVED, now)

    approved = change_booking(booking_id, caller, now, change, once)
    return _captured(approved, money, now, once) if approved.payment_authorised else approved


def _begin_capture(session: Session, booking: Booking, caller: Account, now: datetime) -> None:
    found = payments.payments_of(session, booking.id)
    held = next((one for one in found if one.status is PaymentState.AUTHORISED), None)
    if held is None:
        raise WrongState(status=str(booking.status))
    payments.change_payment(session, held, now, status=PaymentState.CAPTURING)
    bookings.change_booking(session, booking.id, hold_expires_at=None, approval_needed=False, updated_at=now)
    note(session, booking.id, caller, "approve", now)


def _captured(approved: Booking, money: Money | None, now: datetime, once: Once[Booking] | None) -> Booking:
    for one in payments.payments_of(db.session(), approved.id):
        if money and one.status is PaymentState.CAPTURING:
            try_settling(capture_payment, one, money, now)
    again = bookings.booking_by_id(db.session(), approved.id, None) or approved
    transaction(lambda session: amend_answer(session, once, again))
    return again


def decline_booking(
    booking_id: str,
    reason: str | None,
    caller: Account,
    now: datetime,
    once: Once[Booking] | None = None,
    *,
    money: Money | None = None,
) -> Booking:
    """Refuse a booking that waits for approval: it is cancelled, its place is free, and its card let go."""
    require_staff(caller)

    def change(session: Session, booking: Booking) -> None:
        _check_awaits(booking, caller, now)
        move(session, booking, BookingStatus.CANCELLED, caller, "decline", now, reason=reason)
        places.give_back(session, booking)
        let_go(session, payments.payments_of(session, booking.id), now)
        tell_customer(session, booking, Kind.BOOKING_DECLINED, now)

    declined = change_booking(booking_id, caller, now, change, once)
    return carry_out(declined, money, now, once) if money else declined


def _check_awaits(booking: Booking, caller: Account, now: datetime) -> None:
    if not booking.awaits_approval or booking.has_lapsed(now):
        raise WrongState(status="cancelled" if booking.has_lapsed(now) else str(booking.status))
    if booking.approval_by_admin:
        require(caller, Action.APPROVE_LARGE)
