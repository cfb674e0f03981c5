"""How is one booking changed: found, locked, changed, and read again?"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import NotFound
from portal.store import bookings
from portal.store.db import db, transaction
from portal.store.locks import Locks, lock
from portal.usecases import places
from portal.usecases.access import owner_of_reads
from portal.usecases.idempotency import Once, keep_answer, raise_earlier_answer

Change = Callable[[Session, Booking], None]


def find_booking(booking_id: str, caller: Account) -> Booking:
    """Find a booking that the caller may see; raise NotFound for all others."""
    booking = bookings.booking_by_id(db.session(), booking_id, owner_of_reads(caller))
    if booking is None:
        raise NotFound
    return booking


def change_booking(
    booking_id: str,
    caller: Account,
    now: datetime,
    change: Change,
    once: Once[Booking] | None = None,
    wanted: Locks | None = None,
) -> Booking:
    """Run a change of one booking under locks, those of its place by default; return it as it is afterwards.

    Raises NotFound where the caller may not see it.
    """
    owner = owner_of_reads(caller)
    locks = wanted or places.locks_of_booking(find_booking(booking_id, caller))

    def work(session: Session) -> Booking:
        lock(session, locks)
        raise_earlier_answer(session, once)
        booking = bookings.locked_booking(session, booking_id, owner)
        if booking is None:
            raise NotFound
        change(session, booking)
        result = bookings.booking_by_id(session, booking_id, owner)
        assert result is not None
        keep_answer(session, once, result, now)
        return result

    return transaction(work)
