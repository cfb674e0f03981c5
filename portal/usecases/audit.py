"""Who did what to a booking, when and why?"""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import WrongState
from portal.domain.lifecycle import BookingStatus, can_move
from portal.store import bookings
from portal.store.bookings import AuditRow


def note(
    session: Session,
    booking_id: str,
    actor: Account | None,
    action: str,
    now: datetime,
    *,
    from_status: BookingStatus | None = None,
    to_status: BookingStatus | None = None,
    reason: str | None = None,
) -> None:
    """Leave a line in the trail; without an actor the portal itself acted."""
    session.execute(
        insert(AuditRow).values(
            booking_id=booking_id,
            at=now,
            actor_id=actor.id if actor else None,
            action=action,
            from_status=from_status,
            to_status=to_status,
            reason=reason,
        )
    )


def move(
    session: Session,
    booking: Booking,
    new: BookingStatus,
    actor: Account | None,
    action: str,
    now: datetime,
    *,
    reason: str | None = None,
    **changes: Any,
) -> None:
    """Change a status: along the table, by compare-and-set, with a line in the trail. Nothing else changes one.

    Raises WrongState where the table has no such step or the status changed in between.
    """
    if not can_move(booking.status, new):
        raise WrongState(status=str(booking.status))
    if not bookings.move_status(session, booking.id, booking.status, new, updated_at=now, **changes):
        raise WrongState(status=str(booking.status))
    note(session, booking.id, actor, action, now, from_status=booking.status, to_status=new, reason=reason)
