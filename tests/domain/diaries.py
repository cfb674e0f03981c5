"""Diaries of the tests: a service, what exists, who works, and what is taken."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from portal.domain.availability import Ask, Diary, Slot, default_length
from portal.domain.rules import Rules
from portal.domain.schedule import Closure, ClosureTarget
from portal.domain.service import Service
from portal.domain.supply import Resource, StaffMember, Supply, Use
from portal.domain.timerange import minute_of
from tests.build import some_rules

TUESDAY = "2026-12-08"


def at(text: str, service: Service, fold: int = 0) -> int:
    """Return the minute at which a clock of the service's zone shows "2026-12-08 09:30"."""
    return minute_of(datetime.fromisoformat(text).replace(tzinfo=service.zone, fold=fold).astimezone(UTC))


def stock_of(service: Service) -> dict[str, Resource]:
    """Return the resources that saving the service makes: as many of each as one booking needs."""
    return {need.id: Resource(need.id, need.name, need.type, need.quantity or 1) for need in service.required_resources}


def a_member(staff_id: str, *roles: str, **changes: Any) -> StaffMember:
    """Return a member who works always, in Paris."""
    return StaffMember(**({"id": staff_id, "name": staff_id, "roles": roles, "time_zone": "Europe/Paris"} | changes))


def closed(start: date | datetime, end: date | datetime, target: str = "all", target_id: str | None = None) -> Closure:
    """Return a closure of everything, or of one thing."""
    return Closure(start, end, ClosureTarget(target), target_id)


def a_diary(
    service: Service,
    *,
    resources: Mapping[str, Resource] | Iterable[Resource] | None = None,
    staff: Iterable[StaffMember] = (),
    closures: Iterable[Closure] = (),
    uses: Iterable[Use] = (),
    rules: Rules | None = None,
    day: str = TUESDAY,
) -> Diary:
    """Return a diary of the weeks around a day."""
    found = stock_of(service) if resources is None else resources
    values = found.values() if isinstance(found, Mapping) else found
    around, far = date.fromisoformat(day), timedelta(days=60)
    supply = Supply(
        (around - far, around + far),
        {one.id: one for one in values},
        {one.id: one for one in staff},
        tuple(closures),
        tuple(uses),
    )
    return Diary(service, supply, rules or some_rules())


def slots_on(diary: Diary, day: str = TUESDAY, days: int = 1, **ask: Any) -> list[Slot]:
    """Return the slots, full ones too, of some local dates."""
    service = diary.service
    last = (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    wish = Ask(**({"party": service.min_party, "length": default_length(service)} | ask))
    return diary.slots(wish, (at(f"{day} 00:00", service), at(f"{last} 00:00", service)))


def shown(diary: Diary, slot: Slot) -> str:
    """Return what a clock of the service's zone shows at the start of a slot."""
    return slot.starts_at.astimezone(diary.service.zone).strftime("%H:%M")


def times(diary: Diary, day: str = TUESDAY, **ask: Any) -> list[str]:
    """Return the starts of a day, full ones too, as the service's clocks show them."""
    return [shown(diary, slot) for slot in slots_on(diary, day, **ask)]


def free_times(diary: Diary, day: str = TUESDAY, **ask: Any) -> list[str]:
    """Return the starts of a day at which something is left."""
    return [shown(diary, slot) for slot in slots_on(diary, day, **ask) if slot.left is None or slot.left > 0]


def used(service: Service, place: str, start: str, end: str, quantity: int = 1) -> Use:
    """Return that units of a place are taken, between what clocks of the service's zone show."""
    return Use(place, at(start, service), at(end, service), quantity)
