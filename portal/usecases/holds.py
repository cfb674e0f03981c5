"""What becomes of a place that was held in vain?"""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.booking import Booking
from portal.domain.lifecycle import BookingStatus
from portal.domain.notifications import Kind
from portal.domain.payments import PAYABLE, PaymentState
from portal.store import bookings, payments
from portal.store.db import db, transaction
from portal.store.locks import lock
from portal.usecases import places
from portal.usecases.audit import move
from portal.usecases.messages import tell_customer


def lapse_hold(booking_id: str, now: datetime) -> None:
    """Give a booking whose hold is over the status that says so; its place was free from that moment."""
    seen = bookings.booking_by_id(db.session(), booking_id, None)
    if seen is None:
        return

    def work(session: Session) -> None:
        lock(session, places.locks_of_booking(seen))
        let_lapse(session, booking_id, now)

    transaction(work)


def lapse_holds(now: datetime) -> int:
    """Let every hold lapse that is over; returns how many."""
    ids = bookings.lapsed_bookings(db.session(), now)
    for booking_id in ids:
        lapse_hold(booking_id, now)
    return len(ids)


def let_lapse(session: Session, booking_id: str, now: datetime, *, is_told: bool = True) -> None:
    """Clear the rows of a lapsed booking and cancel it, inside a transaction that holds its place.

    Where money may still come, the status has to wait until the provider was asked. `is_told`: the customer is
    written to, unless another mail of the same moment says it.
    """
    booking = bookings.locked_booking(session, booking_id, None)
    if booking is None or not booking.has_lapsed(now):
        return
    places.give_back(session, booking)
    if booking.payment_status is not None and not _settle_for_good(session, booking, now):
        return
    action = "expire" if booking.awaits_payment else "lapse"
    move(session, booking, BookingStatus.CANCELLED, None, action, now, reason="hold lapsed", lapsed_at=now)
    if is_told:
        tell_customer(session, booking, Kind.BOOKING_UNPAID if booking.awaits_payment else Kind.BOOKING_LAPSED, now)


def _settle_for_good(session: Session, booking: Booking, now: datetime) -> bool:
    """Let go of what was authorised in vain; tell whether nothing can be paid any more."""
    found = payments.payments_of(session, booking.id)
    for one in found:
        if one.status is PaymentState.AUTHORISED:
            payments.change_payment(session, one, now, status=PaymentState.RELEASING)
    return not any(one.status in PAYABLE or one.status is PaymentState.PROCESSING for one in found)
