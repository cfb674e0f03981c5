"""How does a booking take its place, and give it back? Only inside a transaction that holds the locks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from portal.domain.assignment import MANY, Assignment
from portal.domain.availability import Ask, Diary
from portal.domain.booking import Booking
from portal.domain.errors import SlotUnavailable
from portal.domain.identity import new_id
from portal.domain.service import Service
from portal.domain.supply import Supply, capacity_place, resource_place, seats_place, staff_place
from portal.domain.timerange import DAY, Range, minute_of, slices_by_day
from portal.store import bookings
from portal.store.bookings import AllocationRow, OccurrenceRow
from portal.store.locks import Locks


@dataclass(frozen=True)
class Place:
    """What a booking was given; the rows that say so are stored by `keep`."""

    assigned_resources: list[dict[str, Any]]
    assigned_staff: list[dict[str, Any]]
    unfilled_roles: list[str]
    occurrence_id: str | None
    rows: list[dict[str, Any]]


def take(
    session: Session,
    diary: Diary,
    time: Range,
    ask: Ask,
    hold_until: datetime | None,
    *,
    relaxed: bool = False,
) -> Place:
    """Choose and count what a booking takes; raise SlotUnavailable where it does not fit."""
    assignment = diary.assign(*time, ask, relaxed)
    if assignment is None:
        raise SlotUnavailable
    if diary.service.is_shared:
        return _join_occurrence(session, diary, time, ask.party, assignment, hold_until)
    rows = list(_rows(diary.service, diary.supply, assignment, time, hold_until))
    return Place(*_assigned(assignment), None, rows)


def _assigned(assignment: Assignment) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    return (
        bookings.resource_json(assignment.resources),
        bookings.staff_json(assignment.staff),
        list(assignment.unfilled_roles),
    )


def keep(session: Session, place: Place, booking_id: str) -> None:
    """Store the rows of a place once the booking they belong to is stored."""
    bookings.add_allocations(session, [{**row, "booking_id": booking_id} for row in place.rows])


def _rows(
    service: Service, supply: Supply, assignment: Assignment, time: Range, hold_until: datetime | None
) -> Iterator[dict[str, Any]]:
    """Yield an allocation for each place and UTC day, buffers included."""
    span = time[0] - service.buffer_before, time[1] + service.buffer_after
    for place, quantity, stock in _taken_places(service, supply, assignment):
        for day, start, end in slices_by_day(span):
            single = place if stock == 1 else None
            yield _row(place, day, (start, end), quantity, single, hold_until)


def _taken_places(service: Service, supply: Supply, assignment: Assignment) -> Iterator[tuple[str, int, int]]:
    """Yield place, units taken, and how many units there are."""
    for resource in assignment.resources:
        stock = supply.resources[resource.resource_id].quantity
        yield resource_place(resource.resource_id), resource.quantity, stock
    for member in assignment.staff:
        yield staff_place(member.staff_id), 1, 1
    yield capacity_place(service.id), 1, assignment.capacity_units or MANY  # counts if a capacity is set later, too


def _row(
    place: str, day: int, time: Range, quantity: int, single: str | None, hold_until: datetime | None
) -> dict[str, Any]:
    return {
        "place": place,
        "day": day,
        "starts": time[0],
        "ends": time[1],
        "quantity": quantity,
        "single": single,
        "expires_at": bookings.microseconds_of(hold_until) if hold_until else None,
    }


def _join_occurrence(
    session: Session,
    diary: Diary,
    time: Range,
    party: int,
    assignment: Assignment,
    hold_until: datetime | None,
) -> Place:
    """Take seats of the occurrence of a time; the first booking makes it and takes what it needs, once."""
    service = diary.service
    row = session.scalar(
        select(OccurrenceRow)
        .where(
            OccurrenceRow.service_id == service.id,
            OccurrenceRow.starts == time[0],
            OccurrenceRow.ends == time[1],
        )
        .execution_options(populate_existing=True)
    )
    if row is None:
        row = _open_occurrence(session, diary, time, assignment, hold_until)
    _take_seats(session, row, service.max_participants, party)
    _hold_occurrence(session, row.id, hold_until)
    seats = _row(seats_place(service.id), time[0] // DAY, time, party, None, hold_until)
    seats |= {"occurrence_id": row.id}
    return Place(
        row.assigned_resources or [],
        row.assigned_staff or [],
        list(assignment.unfilled_roles),
        row.id,
        [seats],
    )


def _open_occurrence(
    session: Session, diary: Diary, time: Range, assignment: Assignment, hold_until: datetime | None
) -> OccurrenceRow:
    resources, staff, _ = _assigned(assignment)
    row = OccurrenceRow(
        id=new_id(),
        service_id=diary.service.id,
        starts=time[0],
        ends=time[1],
        seats=diary.service.max_participants,
        taken=0,
        assigned_resources=resources,
        assigned_staff=staff,
    )
    session.add(row)
    session.flush()
    rows = _rows(diary.service, diary.supply, assignment, time, hold_until)
    bookings.add_allocations(session, [{**one, "occurrence_id": row.id} for one in rows])
    return row


def _take_seats(session: Session, row: OccurrenceRow, seats: int | None, party: int) -> None:
    """Count seats by a conditional update, so that the row's own CHECK agrees whatever was read before."""
    statement = update(OccurrenceRow).where(OccurrenceRow.id == row.id)
    if seats is not None:
        statement = statement.where(OccurrenceRow.taken + party <= seats)
    values = {"taken": OccurrenceRow.taken + party, "seats": seats}
    if not session.execute(statement.values(**values)).rowcount:  # type: ignore[attr-defined]
        raise SlotUnavailable


def _hold_occurrence(session: Session, occurrence_id: str, hold_until: datetime | None) -> None:
    """Keep what the occurrence takes at least as long as its newest booking holds its seats."""
    until = bookings.microseconds_of(hold_until) if hold_until else None
    statement = update(AllocationRow).where(_own_rows(occurrence_id), AllocationRow.expires_at.is_not(None))
    if until is not None:
        statement = statement.where(AllocationRow.expires_at < until)
    session.execute(statement.values(expires_at=until))


def _own_rows(occurrence_id: str) -> ColumnElement[bool]:
    """Select what the occurrence itself takes, not the seats in it."""
    return and_(AllocationRow.occurrence_id == occurrence_id, AllocationRow.booking_id.is_(None))


def give_back(session: Session, booking: Booking) -> None:
    """Free what a booking takes; an occurrence without bookings goes, and frees what it took. Twice is once."""
    had_something = bookings.delete_allocations(session, booking.id)
    if had_something and booking.occurrence_id is not None:
        _leave_occurrence(session, booking.occurrence_id, booking.participants)


def _leave_occurrence(session: Session, occurrence_id: str, party: int) -> None:
    one = OccurrenceRow.id == occurrence_id
    session.execute(update(OccurrenceRow).where(one).values(taken=OccurrenceRow.taken - party))
    if not _shorten_occurrence(session, occurrence_id):
        session.execute(delete(AllocationRow).where(_own_rows(occurrence_id)))
        session.execute(delete(OccurrenceRow).where(one))


def _shorten_occurrence(session: Session, occurrence_id: str) -> bool:
    """Let what the occurrence takes lapse with the last of its holds, if it has only holds; tell if it has any seat."""
    seats = select(AllocationRow.expires_at).where(
        AllocationRow.occurrence_id == occurrence_id, AllocationRow.booking_id.is_not(None)
    )
    left = session.scalars(seats).all()
    if left and None not in left:
        latest = max(until for until in left if until is not None)
        session.execute(update(AllocationRow).where(_own_rows(occurrence_id)).values(expires_at=latest))
    return bool(left)


def make_permanent(session: Session, booking: Booking) -> None:
    """End the hold's deadline: the booking keeps its place now."""
    hold_until(session, booking, None)


def hold_until(session: Session, booking: Booking, until: datetime | None) -> None:
    """Let a booking that holds its place hold it until another instant; None is for good."""
    expires_at = bookings.microseconds_of(until) if until else None
    statement = update(AllocationRow).where(AllocationRow.booking_id == booking.id)
    session.execute(statement.values(expires_at=expires_at))
    if booking.occurrence_id is None:
        return
    _hold_occurrence(session, booking.occurrence_id, until)
    if until is not None:  # it may have been longer before: then what the occurrence takes is shortened too
        _shorten_occurrence(session, booking.occurrence_id)


def locks_of_booking(booking: Booking) -> Locks:
    """Return the locks that everybody holds who decides about the places of a booking."""
    margin = DAY  # the largest buffer
    return Locks(
        span=(minute_of(booking.start) - margin, minute_of(booking.end) + margin),
        resources=frozenset(one.resource_id for one in booking.assigned_resources),
        staff=frozenset(one.staff_id for one in booking.assigned_staff),
        services=frozenset({booking.service_id}),
    )
