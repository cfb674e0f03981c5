"""What do bookings take: resources, staff members, and the time in which each is already used?"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from portal.domain.schedule import Closure, ClosureTarget, WeeklyHours, closed_range
from portal.domain.timerange import Range, days_between, edge, local_date, merged, without

FOREVER = 1 << 40


@dataclass(frozen=True)
class Resource:
    """A thing of which `quantity` exist; `seats`, where given, is the largest party it takes."""

    id: str
    name: str
    type: str
    quantity: int = 1
    seats: int | None = None


@dataclass(frozen=True)
class TimeOff:
    """Two local dates, both off, or two instants."""

    start: date | datetime
    end: date | datetime


@dataclass(frozen=True)
class StaffMember:
    """A person with roles; no working hours means always."""

    id: str
    name: str
    roles: tuple[str, ...]
    time_zone: str
    working_hours: WeeklyHours = ()
    time_off: tuple[TimeOff, ...] = ()
    user_id: str | None = None

    def working_ranges(self, first: date, last: date) -> list[Range]:
        """Return the minutes in which the member works on local dates of his zone."""
        zone = ZoneInfo(self.time_zone)
        off = [closed_range(one.start, one.end, zone) for one in self.time_off]
        if not self.working_hours:
            return without([(edge(first, 0, zone), edge(last, 1440, zone))], off)
        hours = (
            (edge(day, start, zone), edge(day, end, zone))
            for day in days_between(first, last)
            for weekday, start, end in self.working_hours
            if weekday == day.isoweekday() % 7
        )
        return without(merged(hours), off)


def left_outside(before: StaffMember, after: StaffMember, served: Mapping[str, Range]) -> frozenset[str]:
    """Return what a member serves that lies outside his hours once they change, and did not before."""
    if not served or _hours(before) == _hours(after):
        return frozenset()
    span = min(start for start, _ in served.values()), max(end for _, end in served.values())
    old, new = _working_in(before, span), _working_in(after, span)
    return frozenset(one for one, minutes in served.items() if inside(old, *minutes) and not inside(new, *minutes))


def _hours(member: StaffMember) -> tuple[object, ...]:
    return member.working_hours, member.time_off, member.time_zone


def _working_in(member: StaffMember, span: Range) -> list[Range]:
    zone, around = ZoneInfo(member.time_zone), timedelta(days=1)
    return member.working_ranges(local_date(span[0], zone) - around, local_date(span[1], zone) + around)


@dataclass(frozen=True)
class Use:
    """A stretch in which units of a place are taken, buffers included.

    `place` is "r:<resource>", "s:<staff member>", "c:<service>" (its capacity) or "o:<service>" (seats of the
    occurrence that lasts from start to end).
    """

    place: str
    start: int
    end: int
    quantity: int


def resource_place(resource_id: str) -> str:
    return f"r:{resource_id}"


def staff_place(staff_id: str) -> str:
    return f"s:{staff_id}"


def capacity_place(service_id: str) -> str:
    return f"c:{service_id}"


def seats_place(service_id: str) -> str:
    return f"o:{service_id}"


class Profile:
    """How many units of one place are in use at each instant: a step function over sorted minutes."""

    __slots__ = ("_above", "levels", "times")

    def __init__(self, uses: Iterable[tuple[int, int, int]]) -> None:
        change: dict[int, int] = {}
        for start, end, quantity in uses:
            change[start] = change.get(start, 0) + quantity
            change[end] = change.get(end, 0) - quantity
        self._above: dict[int, list[Range]] = {}
        self.times = sorted(change)
        self.levels: list[int] = []
        level = 0
        for time in self.times:
            level += change[time]
            self.levels.append(level)

    def peak(self, start: int, end: int) -> int:
        """Return the most units in use at any instant of [start, end)."""
        first = max(bisect_right(self.times, start) - 1, 0)
        return max(self.levels[first : bisect_left(self.times, end)], default=0)

    def free_until(self, start: int, limit: int) -> int:
        """Return the first minute from `start` at which more than `limit` units are in use."""
        if limit not in self._above:
            ends = [*self.times[1:], FOREVER][: len(self.times)]
            steps = zip(self.times, ends, self.levels, strict=True)
            self._above[limit] = merged((time, end) for time, end, level in steps if level > limit)
        return next_start(self._above[limit], start)

    def minutes_in(self, start: int, end: int) -> int:
        """Return the unit-minutes in use inside [start, end)."""
        total = 0
        for index, (time, level) in enumerate(zip(self.times, self.levels, strict=True)):
            until = self.times[index + 1] if index + 1 < len(self.times) else time
            total += level * max(0, min(until, end) - max(time, start))
        return total


IDLE = Profile(())


def next_start(ranges: list[Range], start: int) -> int:
    """Return the first minute from `start` that lies in one of the sorted, separate ranges."""
    index = bisect_right(ranges, (start, FOREVER)) - 1
    if index >= 0 and start < ranges[index][1]:
        return start
    return ranges[index + 1][0] if index + 1 < len(ranges) else FOREVER


def inside(ranges: list[Range], start: int, end: int) -> bool:
    """Tell whether [start, end) lies whole in one of the sorted ranges."""
    index = bisect_right(ranges, (start, FOREVER)) - 1
    return index >= 0 and ranges[index][0] <= start and end <= ranges[index][1]


@dataclass(frozen=True)
class Supply:
    """Everything that bookings of some services could take, and what is taken of it.

    `horizon` bounds, as local dates, where working hours are laid out; ask nothing outside it.
    """

    horizon: tuple[date, date]
    resources: Mapping[str, Resource] = field(default_factory=dict)
    staff: Mapping[str, StaffMember] = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()
    uses: tuple[Use, ...] = ()

    @cached_property
    def shut(self) -> tuple[Closure, ...]:
        """The closures, those of every year laid out in the years of the horizon and the one before it."""
        first, last = self.horizon[0].year - 1, self.horizon[1].year
        return tuple(one for closure in self.closures for one in closure.in_years(first, last))

    @cached_property
    def _profiles(self) -> dict[str, Profile]:
        grouped: dict[str, list[tuple[int, int, int]]] = {}
        for use in self.uses:
            grouped.setdefault(use.place, []).append((use.start, use.end, use.quantity))
        return {place: Profile(uses) for place, uses in grouped.items() if not place.startswith("o:")}

    @cached_property
    def _occurrences(self) -> dict[str, dict[Range, int]]:
        found: dict[str, dict[Range, int]] = {}
        for use in self.uses:
            if use.place.startswith("o:"):
                taken = found.setdefault(use.place, {})
                taken[use.start, use.end] = taken.get((use.start, use.end), 0) + use.quantity
        return found

    @cached_property
    def _working(self) -> dict[str, list[Range]]:
        first, last = self.horizon
        return {
            member.id: without(
                member.working_ranges(first, last),
                self._closed(ClosureTarget.STAFF, member.id, ZoneInfo(member.time_zone)),
            )
            for member in self.staff.values()
        }

    def _closed(self, target: ClosureTarget, target_id: str, zone: ZoneInfo) -> list[Range]:
        return merged(
            closure.range_in(zone)
            for closure in self.shut
            if closure.target is target and closure.target_id == target_id
        )

    def profile(self, place: str) -> Profile:
        """Return how a place is used."""
        return self._profiles.get(place, IDLE)

    def seats_taken(self, service_id: str) -> Mapping[Range, int]:
        """Return the occurrences of a service and the seats taken in each."""
        return self._occurrences.get(seats_place(service_id), {})

    def closed_ranges(self, resource_id: str, zone: ZoneInfo) -> list[Range]:
        """Return when a resource is closed, dates being those of the zone."""
        return self._closed(ClosureTarget.RESOURCE, resource_id, zone)

    def works(self, staff_id: str, start: int, end: int) -> bool:
        """Tell whether a member works through the whole of [start, end)."""
        return inside(self._working[staff_id], start, end)

    def members_of(self, role: str) -> list[StaffMember]:
        """Return the members with a role, by id."""
        return [member for _, member in sorted(self.staff.items()) if role in member.roles]
