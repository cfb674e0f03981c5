"""Queries about who needs a resource, a staff member, or the time of a closure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from portal.domain.lifecycle import BookingStatus
from portal.domain.supply import Profile, resource_place, staff_place
from portal.domain.text import alphabetical
from portal.domain.timerange import DAY, Range, instant_of, minute_of
from portal.store.bookings import LIVE, AllocationRow, BookingRow, OccurrenceRow, microseconds_of
from portal.store.catalogue import ServiceRow


@dataclass(frozen=True)
class Allocation:
    """Units of a place that are taken for a while; `holder` is the booking or occurrence that has them."""

    start: int
    end: int
    quantity: int
    holder: str


def allocations_ahead(session: Session, place: str, now: datetime) -> list[Allocation]:
    """Load what live bookings take of a place from now on."""
    row = AllocationRow
    statement = select(row.starts, row.ends, row.quantity, row.booking_id, row.occurrence_id).where(
        row.place == place, row.ends > minute_of(now), _still_held(now)
    )
    return [
        Allocation(a, b, units, booking or occurrence or "")
        for a, b, units, booking, occurrence in session.execute(statement)
    ]


def holders_above(allocations: Iterable[Allocation], quantity: int) -> set[str]:
    """Return who takes part in using more than so many units at one instant."""
    found = list(allocations)
    profile = Profile((one.start, one.end, one.quantity) for one in found)
    return {one.holder for one in found if profile.peak(one.start, one.end) > quantity}


def _still_held(now: datetime) -> ColumnElement[bool]:
    return or_(AllocationRow.expires_at.is_(None), AllocationRow.expires_at > microseconds_of(now))


def bookings_of_occurrences(session: Session, occurrences: Iterable[str], now: datetime) -> dict[str, set[str]]:
    """Return the live bookings ahead of some dates of events and courses, by date; those without any are left out."""
    found: dict[str, set[str]] = {}
    row = BookingRow
    statement = select(row.occurrence_id, row.id).where(
        row.occurrence_id.in_(sorted(occurrences)), row.end_date > now, _is_live(now)
    )
    for occurrence_id, booking_id in session.execute(statement):
        found.setdefault(occurrence_id or "", set()).add(booking_id)
    return found


def in_use_at(session: Session, places: Iterable[str], now: datetime) -> dict[str, int]:
    """Return how many units of some places are in use at an instant; a place that is idle is left out."""
    row, minute = AllocationRow, minute_of(now)
    statement = select(row.place, func.sum(row.quantity)).where(
        row.place.in_(sorted(places)),
        row.day == minute // DAY,
        row.starts <= minute,
        row.ends > minute,
        _still_held(now),
    )
    return {place: int(taken) for place, taken in session.execute(statement.group_by(row.place))}


def next_starts(session: Session, places: Iterable[str], span: Range, now: datetime) -> dict[str, int]:
    """Return the minute inside a span at which the next booking of some places starts, buffers not counted."""
    row, date, wanted = AllocationRow, OccurrenceRow, sorted(places)
    near = (row.place.in_(wanted), row.day.between(span[0] // DAY, span[1] // DAY), _still_held(now))
    own = select(row.place, func.min(BookingRow.start_date)).join(BookingRow, BookingRow.id == row.booking_id)
    own = own.where(*near, BookingRow.start_date > now).group_by(row.place)
    shared = select(row.place, func.min(date.starts)).join(date, date.id == row.occurrence_id)
    shared = shared.where(*near, row.booking_id.is_(None), date.starts > span[0]).group_by(row.place)
    found = {place: minute_of(start) for place, start in session.execute(own)}
    for place, start in session.execute(shared):
        found[place] = min(start, found.get(place, start))
    return found


def bookings_of_user(session: Session, user_id: str) -> int:
    """Count the bookings that a person ever made."""
    return session.scalar(select(func.count()).where(BookingRow.user_id == user_id)) or 0


@dataclass(frozen=True)
class Naming:
    """A service that names a resource or a staff member; `quantity` is what one booking takes of it."""

    service: str
    quantity: int
    service_id: str


def resources_named(session: Session) -> dict[str, list[Naming]]:
    """Find the services that name each resource, by name."""
    rows = session.execute(select(ServiceRow.id, ServiceRow.name, ServiceRow.required_resources)).all()
    found: dict[str, list[Naming]] = {}
    for service_id, name, needs in sorted(rows, key=_by_name):
        for need in needs or ():
            found.setdefault(need["id"], []).append(Naming(name, need.get("quantity") or 1, service_id))
    return found


def services_with_resource(session: Session, resource_id: str) -> list[Naming]:
    """Find the services that name a resource, by name."""
    return resources_named(session).get(resource_id, [])


def services_with_member(session: Session, staff_id: str) -> list[Naming]:
    """Find the services that name a staff member, by name."""
    rows = session.execute(select(ServiceRow.id, ServiceRow.name, ServiceRow.required_staff)).all()
    return [
        Naming(name, 1, service_id)
        for service_id, name, needs in sorted(rows, key=_by_name)
        for need in needs or ()
        if staff_id in (need.get("specificStaffIds") or ())
    ]


def _by_name(row: Any) -> tuple[str, str]:
    return alphabetical(row.name), row.id


def roles_named(session: Session) -> list[str]:
    """List the roles that services ask for, in order."""
    rows = session.scalars(select(ServiceRow.required_staff))
    return sorted({need["role"] for needs in rows for need in needs or ()}, key=alphabetical)


def service_ids(session: Session) -> list[str]:
    """List the ids of all services."""
    return list(session.scalars(select(ServiceRow.id)))


def live_bookings_ahead(session: Session, now: datetime, *conditions: ColumnElement[bool]) -> dict[str, Range]:
    """Return the minutes of live bookings that are not over, by their ids."""
    row = BookingRow
    statement = select(row.id, row.start_date, row.end_date).where(_is_live(now), row.end_date > now, *conditions)
    return {one: (minute_of(start), minute_of(end)) for one, start, end in session.execute(statement)}


def _is_live(now: datetime) -> ColumnElement[bool]:
    holds = or_(BookingRow.hold_expires_at.is_(None), BookingRow.hold_expires_at > now)
    return and_(BookingRow.status.in_(LIVE), or_(BookingRow.status != BookingStatus.PENDING, holds))


def overlapping(span: Range) -> ColumnElement[bool]:
    """Select the bookings that overlap a stretch of minutes."""
    return and_(BookingRow.start_date < instant_of(span[1]), BookingRow.end_date > instant_of(span[0]))


def of_service(service_id: str) -> ColumnElement[bool]:
    """Select the bookings of a service."""
    return BookingRow.service_id == service_id


def with_resource(resource_id: str) -> ColumnElement[bool]:
    """Select the bookings that take a resource, by themselves or through their occurrence."""
    return _with_place(resource_place(resource_id))


def with_member(staff_id: str) -> ColumnElement[bool]:
    """Select the bookings that a member serves."""
    return _with_place(staff_place(staff_id))


def _with_place(place: str) -> ColumnElement[bool]:
    def holders(column: Any) -> Any:
        return select(column).where(AllocationRow.place == place, column.is_not(None))

    return or_(
        BookingRow.id.in_(holders(AllocationRow.booking_id)),
        BookingRow.occurrence_id.in_(holders(AllocationRow.occurrence_id)),
    )
