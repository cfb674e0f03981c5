"""What has a customer booked, and what became of it?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.domain.account import Account
from portal.domain.booking import Booking, Section, TrailEntry
from portal.domain.errors import AlreadyBooked
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store import bookings, payments
from portal.store.db import db
from portal.usecases.catalogue import services_by_id
from portal.usecases.changes import find_booking
from portal.usecases.holds import lapse_hold
from portal.usecases.idempotency import Once, raise_earlier_answer

PAGE = 20


@dataclass(frozen=True)
class OwnBookings:
    """A page of a section, counted from 1, and how many bookings each section has.

    `processing` are those whose payment a bank is deciding about: they cannot be paid once more.
    """

    section: Section
    page: int
    rows: Sequence[tuple[Booking, Service]]
    counts: Mapping[Section, int]
    processing: frozenset[str] = frozenset()

    @property
    def has_more(self) -> bool:
        return self.page * PAGE < self.counts[self.section]


def list_own(section: Section, page: int, caller: Account, rules: Rules, now: datetime) -> OwnBookings:
    """List the caller's own bookings, twenty a page; staff too see only those they made for themselves."""
    found = _read(section, page, caller, now)
    lapsed = [one.id for one in found if one.has_lapsed(now)]
    for booking_id in lapsed:
        lapse_hold(booking_id, now)
    found = _read(section, page, caller, now) if lapsed else found
    services = services_by_id([one.service_id for one in found], rules)
    counts = bookings.count_sections(db.session(), caller.id, now)
    rows = [(one, services[one.service_id]) for one in found]
    return OwnBookings(section, page, rows, counts, _processing(found))


def _processing(found: Sequence[Booking]) -> frozenset[str]:
    return payments.being_decided(db.session(), [one.id for one in found if one.awaits_payment])


def is_processing(booking: Booking) -> bool:
    """Tell whether a bank is deciding about the payment of a booking."""
    return bool(_processing([booking]))


def _read(section: Section, page: int, caller: Account, now: datetime) -> list[Booking]:
    return bookings.own_bookings(db.session(), caller.id, section, now, PAGE, (page - 1) * PAGE)


def bookings_at(service_id: str, start: datetime, caller: Account, now: datetime) -> list[Booking]:
    """List what the caller has booked of a service at a time."""
    return bookings.own_bookings_at(db.session(), caller.id, service_id, start, now)


def refuse_twin(
    service_id: str, start: datetime, known: int, caller: Account, now: datetime, once: Once[Booking]
) -> None:
    """Refuse what is booked already, by another tab, unless the caller was shown as many bookings of that time.

    Raises AlreadyBooked; Replay where this very request was answered before.
    """
    raise_earlier_answer(db.session(), once)
    found = bookings_at(service_id, start, caller, now)
    if len(found) > known:
        raise AlreadyBooked(found)


def trail_of(booking_id: str, caller: Account) -> list[TrailEntry]:
    """Return what happened to a booking, in order.

    Raises NotFound for another's.
    """
    booking = find_booking(booking_id, caller)
    found = bookings.audit_trail(db.session(), booking.id)
    return [TrailEntry(row.at, row.action, row.actor_id) for row in found]
