"""What decides about a time: how is it read, with how many queries, and what has to be locked?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.domain.availability import Diary, reach, reach_in_minutes
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.supply import (
    StaffMember,
    Supply,
    capacity_place,
    resource_place,
    seats_place,
    staff_place,
)
from portal.domain.timerange import DAY, Range, edge, local_date
from portal.store import bookings, catalogue
from portal.store.locks import Locks


@dataclass(frozen=True)
class Reading:
    """A service's diary, and the bookings whose lapsed holds were met while reading, by their minutes."""

    diary: Diary
    lapsed: Mapping[str, Range]

    def lapsed_in(self, span: Range) -> list[str]:
        """Return the lapsed bookings that stand in the way of a span: others lie on days that nobody locked."""
        return sorted(one for one, (start, end) in self.lapsed.items() if start < span[1] and span[0] < end)


def read_diary(session: Session, service: Service, window: Range, rules: Rules, now: datetime) -> Reading:
    """Read what decides about starts inside a window, in at most three queries."""
    found, lapsed = read_supply(session, [service], {service.id: window}, now)
    return Reading(Diary(service, found, rules), lapsed)


def read_supply(
    session: Session, services: Sequence[Service], windows: dict[str, Range], now: datetime
) -> tuple[Supply, Mapping[str, Range]]:
    """Read what several services share, for a window of minutes each, in at most three queries."""
    resource_ids = {one.id for service in services for one in service.required_resources}
    needs_staff = any(service.required_staff for service in services)
    resources, staff = catalogue.resources_and_staff(session, resource_ids, needs_staff)
    dates = [reach(service, windows[service.id]) for service in services]
    minutes = [reach_in_minutes(service, windows[service.id]) for service in services]
    horizon = (min(first for first, _ in dates), max(last for _, last in dates))
    closures = catalogue.closures_from(session, horizon[0] - timedelta(days=2))
    span = (min(first for first, _ in minutes), max(last for _, last in minutes))
    taken = bookings.taken(session, _places(services, resources, staff), span, now)
    wide = (horizon[0] - timedelta(days=2), horizon[1] + timedelta(days=2))  # zones lie up to a day apart
    return Supply(wide, resources, staff, closures, taken.uses), taken.lapsed


def _places(services: Sequence[Service], resources: Iterable[str], staff: dict[str, StaffMember]) -> set[str]:
    members = {member.id for service in services for member in possible_staff(service, staff)}
    return {
        *(resource_place(one) for one in resources),
        *(staff_place(one) for one in members),
        *(capacity_place(service.id) for service in services),
        *(seats_place(service.id) for service in services if service.is_shared),
    }


def possible_staff(service: Service, staff: dict[str, StaffMember]) -> list[StaffMember]:
    """Return the members who have a role that the service needs."""
    roles = {one.role for one in service.required_staff}
    return [member for member in staff.values() if roles & set(member.roles)]


def locks_of(service: Service, staff: dict[str, StaffMember], span: Range, user_id: str) -> Locks:
    """Return everything that taking a place of the service may decide about."""
    if service.is_shared and not service.has_own_hours:  # who comes first chooses the time of the whole local day
        span = (
            edge(local_date(span[0], service.zone), 0, service.zone),
            edge(local_date(span[1], service.zone), DAY, service.zone),
        )
    return Locks(
        span=(span[0] - service.buffer_before, span[1] + service.buffer_after),
        resources=frozenset(one.id for one in service.required_resources if not one.is_only_listed),
        staff=frozenset(member.id for member in possible_staff(service, staff)),
        services=frozenset({service.id}),
        users=frozenset({user_id}),
    )
