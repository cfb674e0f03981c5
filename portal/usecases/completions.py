"""What becomes of a booking that took place?"""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.lifecycle import BookingStatus
from portal.store import bookings
from portal.store.db import db, transaction
from portal.usecases.audit import move


def complete_past(now: datetime) -> int:
    """Let confirmed bookings be completed once they are over; returns how many. Staff may still mark a no-show."""
    found = bookings.past_bookings(db.session(), now)
    return sum(_complete(one, now) for one in found)


def _complete(booking_id: str, now: datetime) -> bool:
    def work(session: Session) -> bool:
        booking = bookings.locked_booking(session, booking_id, None)
        if booking is None or booking.status is not BookingStatus.CONFIRMED or booking.end > now:
            return False
        move(session, booking, BookingStatus.COMPLETED, None, "complete", now)
        return True

    return transaction(work)
