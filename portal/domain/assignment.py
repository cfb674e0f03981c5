"""Which resources and staff members serve a booking, and how many bookings could run side by side? (SPEC §3)"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from portal.domain.service import Service, StaffRequirement
from portal.domain.supply import (
    FOREVER,
    Profile,
    Resource,
    StaffMember,
    Supply,
    capacity_place,
    next_start,
    resource_place,
    staff_place,
)
from portal.domain.timerange import Range, edge, local_date

MANY = 1_000_000  # more than any business has


@dataclass(frozen=True)
class AssignedResource:
    resource_id: str
    resource_name: str
    quantity: int


@dataclass(frozen=True)
class AssignedStaff:
    staff_id: str
    staff_name: str
    role: str


@dataclass(frozen=True)
class Assignment:
    """What a booking (of a shared type: its occurrence) takes; roles nobody fills yet are `unfilled_roles`."""

    resources: tuple[AssignedResource, ...] = ()
    staff: tuple[AssignedStaff, ...] = ()
    capacity_units: int | None = None
    unfilled_roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wish:
    """Who is coming, and with whom: `relaxed` lets staff call a chosen member in outside his working hours."""

    party: int = 1
    staff_id: str | None = None
    relaxed: bool = False


@dataclass(frozen=True, slots=True)
class Stock:
    """A resource, the sorted times in which it is closed, and how it is used."""

    resource: Resource
    closed: list[Range]
    profile: Profile

    def left(self, start: int, end: int, span: Range) -> int:
        """Return the units that are free in a span, while the resource is open from start to end."""
        if self.closed and next_start(self.closed, start) < end:
            return 0
        return max(0, self.resource.quantity - self.profile.peak(*span))

    def free_until(self, start: int, units: int, before: int, after: int) -> int:
        """Return the latest end for which so many units are free from `start`, buffers included."""
        free = self.profile.free_until(start - before, self.resource.quantity - units) - after
        return min(free, next_start(self.closed, start)) if self.closed else free


@dataclass(frozen=True)
class Crew:
    """One service against what is free: answers are for a booking from start to end, buffers around it included."""

    service: Service
    supply: Supply
    wish: Wish

    @cached_property
    def pools(self) -> list[list[Stock]]:
        """For each pooled type the listed resources that take the party, smallest first."""
        return [
            [self._stock(one) for one in sorted(self._fitting(requirements), key=_smallest_first)]
            for requirements in (self._known(ids) for ids in self._pool_ids())
        ]

    def _pool_ids(self) -> Iterator[list[str]]:
        for requirements in self.service.pools.values():
            yield [one.id for one in requirements]

    def _known(self, ids: Sequence[str]) -> list[Resource]:
        return [self.supply.resources[one] for one in ids if one in self.supply.resources]

    def _fitting(self, resources: Sequence[Resource]) -> list[Resource]:
        party = 1 if self.service.is_shared else self.wish.party
        return [one for one in resources if one.seats is None or one.seats >= party]

    def _stock(self, resource: Resource) -> Stock:
        closed = self.supply.closed_ranges(resource.id, self.service.zone)
        return Stock(resource, closed, self.supply.profile(resource_place(resource.id)))

    @cached_property
    def fixed(self) -> list[tuple[Stock, int]]:
        """The resources needed all together, each with its units; an unknown one has no stock."""
        found = []
        for requirement in self.service.fixed_resources:
            unknown = Resource(requirement.id, requirement.name, requirement.type, quantity=0)
            resource = self.supply.resources.get(requirement.id, unknown)
            found.append((self._stock(resource), requirement.units))
        return found

    @cached_property
    def roles(self) -> list[tuple[StaffRequirement, list[StaffMember]]]:
        """The requirements whose role somebody has, with who may fill them."""
        found = []
        for requirement in self.service.required_staff:
            members = self.supply.members_of(requirement.role)
            named = requirement.specific_staff_ids
            if members:
                found.append((requirement, [one for one in members if not named or one.id in named]))
        return found

    @cached_property
    def places(self) -> list[list[StaffMember]]:
        """One entry for each person needed: who may be that person."""
        return [members for requirement, members in self.roles for _ in range(requirement.count)]

    @property
    def unfilled_roles(self) -> tuple[str, ...]:
        filled = {requirement.role for requirement, _ in self.roles}
        return tuple(one.role for one in self.service.required_staff if one.role not in filled)

    @cached_property
    def capacity(self) -> int | None:
        """How many run side by side at most; one where nothing else bounds them (SPEC §3)."""
        limit = self.service.units_at_once
        if limit is None and not (self.pools or self.fixed or self.places):
            return 1
        return limit

    @property
    def most_units(self) -> int:
        """How many bookings fit side by side where nothing is taken; staff aside."""
        limits = [MANY if self.capacity is None else self.capacity]
        limits += [stock.resource.quantity // units for stock, units in self.fixed]
        limits += [sum(stock.resource.quantity for stock in pool) for pool in self.pools]
        return min(limits)

    def span(self, start: int, end: int) -> Range:
        """Return what is kept busy: the booking and its buffers."""
        return start - self.service.buffer_before, end + self.service.buffer_after

    def units_left(self, start: int, end: int) -> int:
        """Return how many more such bookings fit from start to end."""
        span = self.span(start, end)
        left = self._capacity_left(span)
        for stock, units in self.fixed:
            left = min(left, stock.left(start, end, span) // units)
        for pool in self.pools:
            left = min(left, sum(stock.left(start, end, span) for stock in pool))
        if left < 1 or not (self.places or self.wish.staff_id):
            return max(left, 0)
        return min(left, self._crews_left(start, end, left))

    def _capacity_left(self, span: Range) -> int:
        if self.capacity is None:
            return MANY
        return self.capacity - self.supply.profile(capacity_place(self.service.id)).peak(*span)

    def free_members(self, start: int, end: int) -> set[str]:
        """Return who could serve from start to end."""
        span = self.span(start, end)
        candidates = {member.id for place in self.places for member in place}
        return {one for one in candidates if self._is_free(one, start, end, span)}

    def _is_free(self, staff_id: str, start: int, end: int, span: Range) -> bool:
        called_in = self.wish.relaxed and staff_id == self.wish.staff_id
        if not called_in and not self.supply.works(staff_id, start, end):
            return False
        return self.supply.profile(staff_place(staff_id)).peak(*span) == 0

    def _crews_left(self, start: int, end: int, at_most: int) -> int:
        """Count the complete crews among the free members, no person in two places."""
        free = self.free_members(start, end)
        if self.wish.staff_id is not None:
            return 1 if self._pick(free) is not None else 0
        if len(self.places) == 1:
            return len(free)
        crews = 0
        while crews < min(at_most, len(free)) and _match(self.places * (crews + 1), free) is not None:
            crews += 1
        return crews

    def _pick(self, free: set[str], order: Sequence[str] = ()) -> list[str] | None:
        """Choose a person for each place, the wished one among them, the first in `order` where one may choose."""
        wished = self.wish.staff_id
        if wished is None:
            return _match(self.places, free, order)
        for index, place in enumerate(self.places):
            if wished in free and any(member.id == wished for member in place):
                others = [one for at, one in enumerate(self.places) if at != index]
                chosen = _match(others, free - {wished}, order)
                if chosen is not None:
                    return [*chosen[:index], wished, *chosen[index:]]
        return None

    def assign(self, start: int, end: int) -> Assignment | None:
        """Choose what serves a booking from start to end, or None where it does not fit."""
        if self.units_left(start, end) < 1:
            return None
        span = self.span(start, end)
        resources = [_assigned(stock, units) for stock, units in self.fixed]
        for pool in self.pools:
            resources.append(_assigned(next(stock for stock in pool if stock.left(start, end, span) > 0), 1))
        return Assignment(tuple(resources), self._assigned_staff(start, end), self.capacity, self.unfilled_roles)

    def _assigned_staff(self, start: int, end: int) -> tuple[AssignedStaff, ...]:
        free = self.free_members(start, end)
        chosen = self._pick(free, self._fairest_first(free, start)) or []
        roles = [requirement.role for requirement, _ in self.roles for _ in range(requirement.count)]
        return tuple(
            AssignedStaff(staff_id, self.supply.staff[staff_id].name, role)
            for staff_id, role in zip(chosen, roles, strict=True)
        )

    def _fairest_first(self, free: set[str], start: int) -> list[str]:
        """Order members by minutes busy that local day, then that week from Monday, then id."""
        zone = self.service.zone
        day = local_date(start, zone)
        monday = day - timedelta(days=day.weekday())
        today = edge(day, 0, zone), edge(day, 1440, zone)
        week = edge(monday, 0, zone), edge(monday + timedelta(days=6), 1440, zone)

        def load(staff_id: str) -> tuple[int, int, str]:
            profile = self.supply.profile(staff_place(staff_id))
            return profile.minutes_in(*today), profile.minutes_in(*week), staff_id

        return sorted(free, key=load)

    def free_until(self, start: int, shortest: int) -> int:
        """Return the latest end for which a booking from `start` fits resources and capacity; staff aside."""
        before, after = self.service.buffer_before, self.service.buffer_after
        limits = [FOREVER]
        if self.capacity is not None:
            profile = self.supply.profile(capacity_place(self.service.id))
            limits.append(profile.free_until(start - before, self.capacity - 1) - after)
        limits.extend(stock.free_until(start, units, before, after) for stock, units in self.fixed)
        limits.extend(
            max((stock.free_until(start, 1, before, after) for stock in pool), default=shortest) for pool in self.pools
        )
        return min(limits)


def _assigned(stock: Stock, units: int) -> AssignedResource:
    return AssignedResource(stock.resource.id, stock.resource.name, units)


def _smallest_first(resource: Resource) -> tuple[int, str]:
    return (MANY if resource.seats is None else resource.seats), resource.id


def _match(places: Sequence[Sequence[StaffMember]], free: set[str], order: Sequence[str] = ()) -> list[str] | None:
    """Give each place its own free person, taking those who stand first in `order`; None where they do not suffice."""
    able: dict[str, list[int]] = {staff_id: [] for staff_id in free}
    for at, place in enumerate(places):
        for member in place:
            if member.id in free:
                able[member.id].append(at)
    holder: dict[int, str] = {}
    for staff_id in order or sorted(free):
        if staff_id in free and len(holder) < len(places):
            _seat(staff_id, able, holder, set())
    return [holder[at] for at in range(len(places))] if len(holder) == len(places) else None


def _seat(staff_id: str, able: Mapping[str, Sequence[int]], holder: dict[int, str], tried: set[int]) -> bool:
    """Find a place for one person, moving others but never dismissing them (augmenting path)."""
    for at in sorted(able[staff_id], key=holder.__contains__):
        if at in tried:
            continue
        tried.add(at)
        if at not in holder or _seat(holder[at], able, holder, tried):
            holder[at] = staff_id
            return True
    return False
