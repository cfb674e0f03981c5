"""What do the team know of one booking, and what do they write down about it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.deeds import Deed, deeds_of
from portal.domain.errors import Invalid
from portal.domain.rights import Action, may
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.team_notes import notes_errors, written_notes
from portal.store import accounts, bookings
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.assignments import Posts, posts_of
from portal.usecases.audit import note
from portal.usecases.bookings import get_booking
from portal.usecases.catalogue import services_by_id
from portal.usecases.changes import change_booking
from portal.usecases.ledger import Ledger, money_of_booking


@dataclass(frozen=True)
class Step:
    """One thing that happened, who did it (None: the portal itself) and why."""

    at: datetime
    action: str
    actor: str | None
    reason: str | None


@dataclass(frozen=True)
class BookingFile:
    """Everything about a booking; `deeds` are what its state and the reader's role allow."""

    booking: Booking
    service: Service
    customer: Account | None
    trail: Sequence[Step]
    ledger: Ledger
    posts: Posts
    deeds: frozenset[Deed]


def read_file(booking_id: str, caller: Account, rules: Rules, now: datetime) -> BookingFile:
    """Read everything about a booking. Raises Forbidden, NotFound."""
    require_staff(caller)
    booking = get_booking(booking_id, caller, now)
    service = services_by_id([booking.service_id], rules)[booking.service_id]
    deeds = deeds_of(booking, now)
    if booking.approval_by_admin and not may(caller, Action.APPROVE_LARGE):
        deeds -= {Deed.APPROVE, Deed.DECLINE}
    return BookingFile(
        booking,
        service,
        accounts.account_by_id(db.session(), booking.user_id),
        _trail(booking),
        money_of_booking(booking_id, caller),
        posts_of(booking, service, rules, now) if Deed.ASSIGN in deeds else Posts(),
        deeds,
    )


def _trail(booking: Booking) -> list[Step]:
    rows = bookings.audit_trail(db.session(), booking.id)
    names = accounts.names_of(db.session(), {row.actor_id for row in rows if row.actor_id})
    return [Step(row.at, row.action, names.get(row.actor_id or "", row.actor_id), row.reason) for row in rows]


def keep_notes(booking_id: str, text: str, caller: Account, now: datetime) -> Booking:
    """Replace what the team wrote down about a booking; its customer never sees it.

    Raises Forbidden, NotFound, Invalid.
    """
    require_staff(caller)
    written = written_notes(text)
    if errors := notes_errors(written):
        raise Invalid(errors)

    def change(session: Session, booking: Booking) -> None:
        if (booking.internal_notes or "") == written:
            return
        bookings.change_booking(session, booking.id, internal_notes=written or None, updated_at=now)
        note(session, booking.id, caller, "notes", now)

    return change_booking(booking_id, caller, now, change)
