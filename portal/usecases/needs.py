"""What needs a resource or a staff member, and what would stand in the way of having fewer of it, or none?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import N_, AlreadyExists, Conflict, InUse
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store import booking_search
from portal.store import supply as needs
from portal.store.catalogue import ResourceRow, StaffRow
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.catalogue import list_services

SOON = timedelta(days=31)  # how far a list looks for the next booking
FEW = 10  # bookings ahead that a page of a resource or a member shows


def check_use(session: Session, place: str, quantity: int, now: datetime) -> None:
    """Raise InUse where live bookings ahead use more of a place at one instant."""
    above = needs.holders_above(needs.allocations_ahead(session, place, now), quantity)
    if above:
        raise InUse(count=len(above))


def refuse_named(namings: Sequence[needs.Naming]) -> None:
    """Raise Conflict where services name something that is to go."""
    if namings:
        names = ", ".join(sorted({one.service for one in namings}))
        raise Conflict(N_("These services name it: %(services)s. Change them first."), services=names)


def refuse_taken(session: Session, table: type[ResourceRow | StaffRow], own_id: str) -> None:
    """Raise AlreadyExists for an id that is taken."""
    if session.get(table, own_id):
        raise AlreadyExists(N_("The id %(id)s is used already. Choose another."), id=own_id)


def in_the_way(
    place: str, quantity: int, caller: Account, now: datetime, without: frozenset[str] = frozenset()
) -> list[str]:
    """Return the live bookings ahead that together use more of a place than so much at one instant.

    `without` are bookings that somebody is about to cancel; what a course takes goes with the last of its bookings.
    """
    require_staff(caller)
    session = db.session()
    found = needs.allocations_ahead(session, place, now)
    behind = {one.holder: {one.holder} for one in found}
    behind |= needs.bookings_of_occurrences(session, behind, now)
    left = [one for one in found if not behind[one.holder] <= without]
    return sorted({one for holder in needs.holders_above(left, quantity) for one in behind[holder]} - without)


@dataclass(frozen=True)
class Ahead:
    """The next bookings of something, with their customers and services, and how many there are in all."""

    rows: Sequence[tuple[Booking, str, Service]]
    count: int


def bookings_ahead(of: ColumnElement[bool], caller: Account, rules: Rules, now: datetime) -> Ahead:
    """Return the live bookings ahead of a resource or a member, the next one first. Raises Forbidden."""
    require_staff(caller)
    spans = needs.live_bookings_ahead(db.session(), now, of)
    first = sorted(spans, key=lambda one: (spans[one], one))[:FEW]
    services = {one.id: one for one in list_services(rules, active=None)}
    rows = booking_search.find_by_id(db.session(), first)
    return Ahead([(booking, name, services[booking.service_id]) for booking, name in rows], len(spans))
