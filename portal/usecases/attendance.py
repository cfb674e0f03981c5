"""Who came, who left, who did not come?"""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.check_in import booking_of
from portal.domain.errors import (
    N_,
    AlreadyCheckedIn,
    AlreadyCheckedOut,
    FieldError,
    Invalid,
    NotBegun,
    NotCheckedIn,
    WrongState,
)
from portal.domain.lifecycle import BookingStatus, can_move
from portal.domain.reference import ending_of, is_called
from portal.store import bookings
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.audit import move, note
from portal.usecases.changes import change_booking
from portal.usecases.idempotency import Once

CAME = frozenset({BookingStatus.CONFIRMED, BookingStatus.COMPLETED})


def find_by_code(code: str, secret: str, caller: Account) -> str:
    """Return the id of the booking whose code a customer shows: its reference, its id, or what its QR code holds.

    Of an address, as a hand scanner types it, the last part counts. Raises Forbidden, Invalid.
    """
    require_staff(caller)
    text = code.strip().rpartition("/")[2]
    sealed = booking_of(text, secret)
    if sealed is not None:
        found = [sealed] if bookings.booking_by_id(db.session(), sealed, None) else []
    else:
        found = _by_reference(text)
    if len(found) != 1:
        message = N_("No booking has this code. Check it, or look for the customer's name among the bookings.")
        raise Invalid([FieldError("code", "unknown_code", message)])
    return found[0]


def _by_reference(text: str) -> list[str]:
    if text and bookings.booking_by_id(db.session(), text, None):
        return [text]
    ending = ending_of(text)
    if ending is None:
        return []
    return [one for one in bookings.ids_ending(db.session(), ending) if is_called(one, text)]


def check_in(booking_id: str, caller: Account, now: datetime, once: Once[Booking] | None = None) -> Booking:
    """Note that the customer has come; once.

    Raises Forbidden, NotFound, AlreadyCheckedIn, WrongState where the booking is not confirmed, or over.
    """
    require_staff(caller)

    def change(session: Session, booking: Booking) -> None:
        if booking.check_in is not None:
            raise AlreadyCheckedIn
        if booking.status is not BookingStatus.CONFIRMED or booking.end <= now:
            raise WrongState(status=_status(booking, now))
        bookings.change_booking(session, booking.id, check_in=now, updated_at=now)
        note(session, booking.id, caller, "check-in", now)

    return change_booking(booking_id, caller, now, change, once)


def check_out(booking_id: str, caller: Account, now: datetime, once: Once[Booking] | None = None) -> Booking:
    """Note that the customer has left; once, and only after he came. The place stays his until the end.

    Raises Forbidden, NotFound, NotCheckedIn, AlreadyCheckedOut, WrongState.
    """
    require_staff(caller)

    def change(session: Session, booking: Booking) -> None:
        if booking.status not in CAME:
            raise WrongState(status=_status(booking, now))
        if booking.check_in is None:
            raise NotCheckedIn
        if booking.check_out is not None:
            raise AlreadyCheckedOut
        bookings.change_booking(session, booking.id, check_out=now, updated_at=now)
        note(session, booking.id, caller, "check-out", now)

    return change_booking(booking_id, caller, now, change, once)


def mark_no_show(
    booking_id: str, reason: str | None, caller: Account, now: datetime, once: Once[Booking] | None = None
) -> Booking:
    """Note that nobody came, once the booking has begun; one that was taken for completed is corrected so, too.

    Raises Forbidden, NotFound, NotBegun, AlreadyCheckedIn, WrongState.
    """
    return _mark(booking_id, BookingStatus.NO_SHOW, "no-show", reason, caller, now, once)


def complete_booking(
    booking_id: str, reason: str | None, caller: Account, now: datetime, once: Once[Booking] | None = None
) -> Booking:
    """Note that the booking took place, once it has begun; a no-show that was none is corrected so, too.

    Raises Forbidden, NotFound, NotBegun, WrongState.
    """
    return _mark(booking_id, BookingStatus.COMPLETED, "complete", reason, caller, now, once)


def _mark(
    booking_id: str,
    new: BookingStatus,
    action: str,
    reason: str | None,
    caller: Account,
    now: datetime,
    once: Once[Booking] | None,
) -> Booking:
    require_staff(caller)

    def change(session: Session, booking: Booking) -> None:
        if not can_move(booking.status, new):
            raise WrongState(status=_status(booking, now))
        if booking.start > now:
            raise NotBegun
        if new is BookingStatus.NO_SHOW and booking.check_in is not None:
            raise AlreadyCheckedIn
        move(session, booking, new, caller, action, now, reason=reason)

    return change_booking(booking_id, caller, now, change, once)


def _status(booking: Booking, now: datetime) -> str:
    """Return the status as time has made it: what is over is completed, what waited in vain cancelled."""
    if booking.has_lapsed(now):
        return str(BookingStatus.CANCELLED)
    is_over = booking.status is BookingStatus.CONFIRMED and booking.end <= now
    return str(BookingStatus.COMPLETED if is_over else booking.status)
