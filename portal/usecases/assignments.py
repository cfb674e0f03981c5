"""How do the team say who serves a booking, and with what?

The new one takes exactly the minutes that the booking holds; of an event or course, all bookings of its date change.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.assignment import Stock
from portal.domain.booking import Booking
from portal.domain.errors import N_, Conflict, FieldError, Invalid, WrongState
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.supply import Profile, Resource, StaffMember, capacity_place, resource_place, staff_place
from portal.domain.timerange import Range, minute_of
from portal.store import bookings, catalogue
from portal.store.bookings import AllocationRow, BookingRow, OccurrenceRow
from portal.store.catalogue import StaffRow
from portal.store.db import db
from portal.store.locks import Locks
from portal.usecases import places
from portal.usecases.access import require_staff
from portal.usecases.audit import note
from portal.usecases.catalogue import load_service
from portal.usecases.changes import Change, change_booking, find_booking
from portal.usecases.diary import read_diary
from portal.usecases.holds import let_lapse

BUSY = N_("%(name)s is taken at that time. Choose another one.")


@dataclass(frozen=True)
class Post:
    """Something that serves a booking and could be another: a role or a resource, who or what fills it, who could."""

    role: str
    holder_id: str | None
    choices: Sequence[tuple[str, str]]  # id, name


@dataclass(frozen=True)
class Posts:
    staff: Sequence[Post] = ()
    resources: Sequence[Post] = ()


def posts_of(booking: Booking, service: Service, rules: Rules, now: datetime) -> Posts:
    """Return what can be assigned differently, and who and what is free for it."""
    return Posts(_staff_posts(booking, service, now), _resource_posts(booking, service, rules, now))


def _staff_posts(booking: Booking, service: Service, now: datetime) -> list[Post]:
    wanted = [(one.role, one.staff_id) for one in booking.assigned_staff]
    wanted += [(role, "") for role in booking.unfilled_roles]
    if not wanted:
        return []
    members = catalogue.all_staff(db.session())
    span = _span(booking, service)
    uses = bookings.taken(db.session(), [staff_place(one.id) for one in members], span, now).uses
    busy = {use.place for use in uses if use.start < span[1] and span[0] < use.end}
    free = [one for one in members if staff_place(one.id) not in busy]
    return [Post(role, holder or None, _able(free, role)) for role, holder in wanted]


def _able(free: Sequence[StaffMember], role: str) -> list[tuple[str, str]]:
    """Return who has a role; everybody where nobody has it, because the team know their people."""
    return [(one.id, one.name) for one in free if role in one.roles] or [(one.id, one.name) for one in free]


def _resource_posts(booking: Booking, service: Service, rules: Rules, now: datetime) -> list[Post]:
    pools = [(one, _pool(service, one.resource_id)) for one in booking.assigned_resources]
    if not any(pool for _, pool in pools):
        return []
    fits = _room(db.session(), booking, service, rules, now)
    return [
        Post(one.resource_name, one.resource_id, [(other.id, other.name) for other in fits(pool, one.quantity)])
        for one, pool in pools
        if pool
    ]


def _pool(service: Service, resource_id: str) -> list[str]:
    """Return what could stand in for a resource."""
    pools = ([one.id for one in pool] for pool in service.pools.values())
    return [other for pool in pools if resource_id in pool for other in pool if other != resource_id]


def _room(
    session: Session, booking: Booking, service: Service, rules: Rules, now: datetime
) -> Callable[[Iterable[str], int], list[Resource]]:
    """Return a function that keeps of some resources those that are open, free and large enough."""
    time = minute_of(booking.start), minute_of(booking.end)
    supply = read_diary(session, service, time, rules, now).diary.supply
    party = 1 if service.is_shared else booking.participants

    def fits(ids: Iterable[str], quantity: int) -> list[Resource]:
        known = [supply.resources[one] for one in ids if one in supply.resources]
        large = [one for one in known if one.seats is None or one.seats >= party]
        return [one for one in large if _left(one) >= quantity]

    def _left(one: Resource) -> int:
        profile: Profile = supply.profile(resource_place(one.id))
        return Stock(one, supply.closed_ranges(one.id, service.zone), profile).left(*time, _span(booking, service))

    return fits


def _span(booking: Booking, service: Service) -> Range:
    return minute_of(booking.start) - service.buffer_before, minute_of(booking.end) + service.buffer_after


# ---------------------------------------------------------------- changing it


def assign_staff(
    booking_id: str, role: str, staff_id: str, instead_of: str | None, caller: Account, rules: Rules, now: datetime
) -> Booking:
    """Let a member fill a role: one that nobody fills, or instead of who does. To assign the same twice is nothing.

    Raises Forbidden, NotFound, Invalid for a member that is not there, WrongState, Conflict where he is busy, or where
    the role was filled otherwise in between.
    """
    require_staff(caller)

    def change(session: Session, booking: Booking) -> None:
        member = session.get(StaffRow, staff_id, populate_existing=True)
        if member is None:
            raise Invalid([FieldError("staffId", "unknown", N_("Choose one from the list."))])
        if (role, staff_id) in {(one.role, one.staff_id) for one in booking.assigned_staff}:
            return
        service = _checked(session, booking, rules, now)
        given = bookings.staff_json(booking.assigned_staff)
        new = {"staffId": staff_id, "staffName": member.name, "role": role}
        values = _with_staff(given, list(booking.unfilled_roles), new, instead_of)
        if _taken(session, staff_place(staff_id), _span(booking, service), now):
            raise Conflict(BUSY, name=member.name)
        _swap(session, booking, service, instead_of and staff_place(instead_of), staff_place(staff_id), 1, 1)
        _keep(session, booking, now, **values)
        note(session, booking.id, caller, "assign", now, reason=f"{role}: {member.name}")

    return _change(booking_id, frozenset({staff_id}), frozenset(), caller, now, change)


def assign_resource(
    booking_id: str, resource_id: str, instead_of: str, caller: Account, rules: Rules, now: datetime
) -> Booking:
    """Let a booking have another resource of the same kind: another table, court or room.

    Raises Forbidden, NotFound, Invalid for one that cannot stand in, WrongState, Conflict where it is taken.
    """
    require_staff(caller)

    def change(session: Session, booking: Booking) -> None:
        given = bookings.resource_json(booking.assigned_resources)
        if resource_id in {one["resourceId"] for one in given}:
            return
        service = _checked(session, booking, rules, now)
        old = next((one for one in given if one["resourceId"] == instead_of), None)
        if old is None:
            raise Conflict
        if resource_id not in _pool(service, instead_of):
            raise Invalid([FieldError("resourceId", "unknown", N_("Choose one from the list."))])
        found = _room(session, booking, service, rules, now)([resource_id], old["quantity"])
        if not found:
            raise Conflict(N_("It is taken, closed or too small at that time. Choose another one."))
        places_of = resource_place(instead_of), resource_place(resource_id)
        _taken(session, places_of[1], _span(booking, service), now)
        _swap(session, booking, service, *places_of, old["quantity"], found[0].quantity)
        new = {**old, "resourceId": resource_id, "resourceName": found[0].name}
        _keep(session, booking, now, assigned_resources=[new if one is old else one for one in given])
        note(session, booking.id, caller, "assign", now, reason=f"{old['resourceName']}: {found[0].name}")

    return _change(booking_id, frozenset(), frozenset({resource_id, instead_of}), caller, now, change)


def _change(
    booking_id: str, staff: frozenset[str], resources: frozenset[str], caller: Account, now: datetime, change: Change
) -> Booking:
    own = places.locks_of_booking(find_booking(booking_id, caller))
    wanted = Locks(own.span, own.resources | resources, own.staff | staff, own.services)
    return change_booking(booking_id, caller, now, change, None, wanted)


def _checked(session: Session, booking: Booking, rules: Rules, now: datetime) -> Service:
    if not booking.is_live(now) or booking.end <= now:
        raise WrongState(status="cancelled" if booking.has_lapsed(now) else str(booking.status))
    return load_service(session, booking.service_id, rules)


def _with_staff(
    given: list[dict[str, Any]], unfilled: list[str], new: dict[str, Any], instead_of: str | None
) -> dict[str, Any]:
    """Return the columns with the new member in place of the old one, or in a role that nobody fills."""
    if instead_of is None:
        if new["role"] not in unfilled:
            raise Conflict
        unfilled.remove(new["role"])
        return {"assigned_staff": [*given, new], "unfilled_roles": unfilled}
    if (new["role"], instead_of) not in {(one["role"], one["staffId"]) for one in given}:
        raise Conflict
    return {"assigned_staff": [new if one["staffId"] == instead_of else one for one in given]}


def _own(booking: Booking) -> ColumnElement[bool]:
    """Select what the booking holds; of an event or course, what its date does."""
    if booking.occurrence_id is None:
        return AllocationRow.booking_id == booking.id
    return and_(AllocationRow.occurrence_id == booking.occurrence_id, AllocationRow.booking_id.is_(None))


def _swap(
    session: Session, booking: Booking, service: Service, old: str | None, new: str, quantity: int, stock: int
) -> None:
    """Take the new place for the very minutes that the booking holds, and give the old one back."""
    capacity = select(AllocationRow).where(_own(booking), AllocationRow.place == capacity_place(service.id))
    held = session.scalars(capacity.execution_options(populate_existing=True)).all()
    if not held:
        raise Conflict
    if old:
        session.execute(delete(AllocationRow).where(_own(booking), AllocationRow.place == old))
    single = new if stock == 1 else None
    names = ("day", "starts", "ends", "booking_id", "occurrence_id", "expires_at")
    rows: list[Mapping[str, Any]] = [{name: getattr(row, name) for name in names} for row in held]
    bookings.add_allocations(session, [{**row, "place": new, "quantity": quantity, "single": single} for row in rows])


def _taken(session: Session, place: str, span: Range, now: datetime) -> int:
    """Return how many units of a place are in use in a span; holds that are over are cleared out of the way."""
    found = bookings.taken(session, [place], span, now)
    for lapsed, time in found.lapsed.items():
        if time[0] < span[1] and span[0] < time[1]:
            let_lapse(session, lapsed, now)
    return Profile((use.start, use.end, use.quantity) for use in found.uses).peak(*span)


def _keep(session: Session, booking: Booking, now: datetime, **values: Any) -> None:
    if booking.occurrence_id is None:
        bookings.change_booking(session, booking.id, **values, updated_at=now)
        return
    same = BookingRow.occurrence_id == booking.occurrence_id
    session.execute(update(BookingRow).where(same).values(**values, updated_at=now))
    shared = {name: value for name, value in values.items() if name != "unfilled_roles"}
    session.execute(update(OccurrenceRow).where(OccurrenceRow.id == booking.occurrence_id).values(**shared))
