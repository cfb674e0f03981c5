"""Which slots are there, found the slow way? Minute by minute, from the words of SPEC §3 and §4 alone.

Nothing here uses the product's own arithmetic of time: from the service and its supply only the plain data is read.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from itertools import permutations
from zoneinfo import ZoneInfo

from portal.domain.schedule import Closure
from portal.domain.service import Service
from portal.domain.supply import Resource, StaffMember

NIGHT = 1440
WEEK = 7 * 1440
QUARTER = timedelta(minutes=15)
Clock = Sequence[tuple[date, int]]


@cache
def clock(zone: str, origin: datetime, days: int) -> Clock:
    """For each minute: the local date, and the latest wall time (in minutes) that it has shown so far."""
    shown: list[tuple[date, int]] = []
    for quarter in range(days * 96):
        local = (origin + quarter * QUARTER).astimezone(ZoneInfo(zone))
        for minute in range(15):
            wall = local.hour * 60 + local.minute + minute
            if shown and shown[-1][0] == local.date():
                wall = max(wall, shown[-1][1])
            shown.append((local.date(), wall))
    return shown


def wall(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


@dataclass(frozen=True)
class Taken:
    """Something in use from one minute to another; of an occurrence (place "seats") the quantity is its seats."""

    place: str
    start: int
    end: int
    quantity: int


@dataclass(frozen=True)
class World:
    """Everything that decides; minutes count from `origin`, a UTC midnight."""

    service: Service
    resources: Sequence[Resource]
    staff: Sequence[StaffMember]
    closures: Sequence[Closure]
    taken: Sequence[Taken]
    business_hours: Sequence[tuple[int, int, int]]
    origin: datetime
    days: int

    # ------------------------------------------------------------ time

    @cached_property
    def clock(self) -> Clock:
        return clock(self.service.time_zone, self.origin, self.days)

    def index(self, instant: datetime) -> int:
        return int((instant - self.origin).total_seconds()) // 60

    def edge(self, day: date, minutes: int) -> int:
        """The first minute whose date and wall time are these or later."""
        return bisect_left(self.clock, (day, minutes))

    def closed_minutes(self, closure: Closure, clock: Clock) -> list[range]:
        if isinstance(closure.start, datetime) and isinstance(closure.end, datetime):
            return [range(self.index(closure.start), self.index(closure.end))]
        if closure.yearly:
            return [shut for shut in self.closed_every_year(closure, clock) if shut]
        shut = range(bisect_left(clock, (closure.start, 0)), bisect_left(clock, (closure.end + timedelta(days=1), 0)))
        return [shut] if shut else []

    def closed_every_year(self, closure: Closure, clock: Clock) -> Iterator[range]:
        """Runs of dates whose month and day lie between those of the closure, across New Year where it ends earlier."""
        first, last = [(one.month, one.day) for one in (closure.start, closure.end)]
        day, until = clock[0][0], clock[-1][0] + timedelta(days=1)
        run: list[date] = []
        while day <= until:
            shown = (day.month, day.day)
            inside = first <= shown <= last if first <= last else shown >= first or shown <= last
            if inside and day >= closure.start:
                run.append(day)
            elif run:
                yield range(bisect_left(clock, (run[0], 0)), bisect_left(clock, (day, 0)))
                run = []
            day += timedelta(days=1)
        if run:
            yield range(bisect_left(clock, (run[0], 0)), len(clock))

    def is_closed(self, target: str, target_id: str | None, start: int, end: int, clock: Clock) -> bool:
        return any(
            one.target == target and one.target_id == target_id and start < shut.stop and shut.start < end
            for one in self.closures
            for shut in self.closed_minutes(one, clock)
        )

    # ------------------------------------------------------------ opening hours

    @property
    def shared(self) -> bool:
        return self.service.type in ("event", "course")

    def usual(self, day: date) -> list[tuple[int, int]]:
        service, weekday = self.service, (day.weekday() + 1) % 7
        if service.available_slots:
            own = [one for one in service.available_slots if one.day_of_week % 7 == weekday]
            return [(wall(one.start_time), wall(one.end_time)) for one in own]
        if service.type == "room" or (service.type == "rental" and {"room", "vehicle"} & set(self.pools)):
            return [(0, 1440)]
        if service.special_availability and self.shared:
            return []
        return [(start, end) for one, start, end in self.business_hours if one == weekday]

    def open_walls(self, day: date) -> bytes:
        """For each wall time of a date whether it is open."""
        special = [slot for one in self.service.special_availability if one.date == day for slot in one.slots]
        added = [(wall(one.start_time), wall(one.end_time)) for one in special if one.available]
        removed = [(wall(one.start_time), wall(one.end_time)) for one in special if not one.available]
        opened = bytearray(1440)
        for start, end in added or self.usual(day):
            opened[start:end] = b"\1" * (end - start)
        for start, end in removed:
            opened[start:end] = bytes(end - start)
        return bytes(opened)

    @cached_property
    def open(self) -> bytes:
        """For each minute whether the service is open."""
        walls = {day: self.open_walls(day) for day in {day for day, _ in self.clock}}
        opened = bytearray(walls[day][time] for day, time in self.clock)
        for one in self.closures:
            if one.target == "all" or (one.target == "service" and one.target_id == self.service.id):
                for shut in self.closed_minutes(one, self.clock):
                    first, last = max(0, shut.start), min(len(opened), shut.stop)
                    opened[first:last] = bytes(max(0, last - first))
        return bytes(opened)

    @property
    def interval(self) -> int:
        service = self.service
        if service.slot_interval:
            return service.slot_interval
        if service.type == "table":
            return 30
        return service.duration if service.available_slots or service.special_availability else 15

    def starts(self, length: int, first: int, stop: int) -> Iterator[tuple[int, int]]:
        """Every start of the grid, and the end of its piece."""
        for piece in re.finditer(b"\1+", self.open):
            long = piece.end() - piece.start() >= WEEK
            anchor = piece.start()
            for minute in range(piece.start(), min(stop, piece.end() - length + 1)):
                if long and minute > anchor and self.clock[minute][0] != self.clock[minute - 1][0]:
                    anchor = minute
                if (minute - anchor) % self.interval == 0 and minute >= first:
                    yield minute, piece.end()

    # ------------------------------------------------------------ what is in use

    @cached_property
    def busy(self) -> dict[str, bytearray]:
        found: dict[str, bytearray] = defaultdict(lambda: bytearray(self.days * 1440))
        for one in self.taken:
            if one.place != "seats":
                for minute in range(one.start, one.end):
                    found[one.place][minute] += one.quantity
        return found

    def peak(self, place: str, start: int, end: int) -> int:
        if place not in self.busy:
            return 0
        return max(self.busy[place][start - self.service.buffer_before : end + self.service.buffer_after])

    @cached_property
    def pools(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for need in self.service.required_resources:
            default = "any" if need.type in ("room", "vehicle", "facility", "table") else "all"
            if (need.selection or default) == "any":
                found[need.type].append(need.id)
        return found

    @cached_property
    def needed(self) -> list[tuple[str, int]]:
        pooled = {one for ids in self.pools.values() for one in ids}
        return [
            (need.id, need.quantity or 1)
            for need in self.service.required_resources
            if need.id not in pooled
            and not (need.type in ("material", "service") and need.quantity is None and need.selection is None)
        ]

    def free_units(self, resource_id: str, start: int, end: int, party: int = 1) -> int:
        """How many units are free; `party` counts where one is chosen among several."""
        one = next(one for one in self.resources if one.id == resource_id)
        too_small = one.seats is not None and one.seats < (1 if self.shared else party)
        if too_small or self.is_closed("resource", resource_id, start, end, self.clock):
            return 0
        return max(0, one.quantity - self.peak(f"r:{resource_id}", start, end))

    # ------------------------------------------------------------ staff

    @cached_property
    def posts(self) -> list[set[str]]:
        """For each person needed, who could be that person; a role that nobody has asks for nobody."""
        found = []
        for need in self.service.required_staff:
            able = {one.id for one in self.staff if need.role in one.roles}
            if able:
                found += [able & set(need.specific_staff_ids or able)] * need.count
        return found

    def is_free(self, member: StaffMember, start: int, end: int) -> bool:
        shown = clock(member.time_zone, self.origin, self.days)
        hours: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for weekday, opens, closes in member.working_hours:
            hours[weekday].append((opens, closes))
        if member.working_hours and not all(
            any(opens <= time < closes for opens, closes in hours[(day.weekday() + 1) % 7])
            for day, time in shown[start:end]
        ):
            return False
        away = [Closure(off.start, off.end) for off in member.time_off]
        for one in away:
            if any(start < shut.stop and shut.start < end for shut in self.closed_minutes(one, shown)):
                return False
        if self.is_closed("staff", member.id, start, end, shown):
            return False
        return self.peak(f"s:{member.id}", start, end) == 0

    def can_man(self, posts: Sequence[set[str]], free: set[str]) -> bool:
        """Whether each post finds a person of its own, by trying everything."""
        return any(
            all(person in post for person, post in zip(people, posts, strict=True))
            for people in permutations(sorted(free), len(posts))
        )

    def crews(self, start: int, end: int, wished: str | None) -> int:
        anybody: set[str] = set().union(*self.posts)
        free = {one.id for one in self.staff if one.id in anybody and self.is_free(one, start, end)}
        if wished is not None:
            others = [self.posts[:at] + self.posts[at + 1 :] for at, post in enumerate(self.posts) if wished in post]
            return int(wished in free and any(self.can_man(rest, free - {wished}) for rest in others))
        return max(n for n in range(len(free) + 1) if self.can_man(self.posts * n, free))

    # ------------------------------------------------------------ slots

    def units(self, start: int, end: int, party: int, wished: str | None) -> int:
        """How many more bookings fit at that time."""
        bounds = [self.free_units(one, start, end) // units for one, units in self.needed]
        bounds += [sum(self.free_units(one, start, end, party) for one in ids) for ids in self.pools.values()]
        capacity = self.service.capacity or (1 if self.shared else None)
        if capacity is None and not (bounds or self.posts):
            capacity = 1
        if capacity is not None:
            bounds.append(max(0, capacity - self.peak("capacity", start, end)))
        if (self.posts or wished) and all(bounds):
            bounds.append(self.crews(start, end, wished))
        return min(bounds)

    @cached_property
    def occurrences(self) -> dict[tuple[int, int], int]:
        found: dict[tuple[int, int], int] = defaultdict(int)
        for one in self.taken:
            if one.place == "seats":
                found[one.start, one.end] += one.quantity
        return found

    def left(self, start: int, end: int, party: int, wished: str | None) -> int | None:
        if not self.shared:
            return self.units(start, end, party, wished)
        seats = self.service.max_participants
        if (start, end) in self.occurrences:
            return None if seats is None else max(0, seats - self.occurrences[start, end])
        return seats if self.units(start, end, party, wished) else 0

    def slots(
        self, length: int, party: int, wished: str | None, first: int, stop: int
    ) -> list[tuple[int, int, int | None, int | None]]:
        """Every slot that starts in [first, stop): start, end, what is left, the latest end."""
        found = sorted(self.times(length, first, stop))
        return [
            (start, end, left, self.latest_end(start, end, closes, party, wished) if left else None)
            for start, end, closes in found
            for left in [self.left(start, end, party, wished)]
        ]

    def times(self, length: int, first: int, stop: int) -> Iterator[tuple[int, int, int]]:
        service = self.service
        if service.type == "room" and service.duration == NIGHT:
            yield from self.stays(length // NIGHT, first, stop)
            return
        held: set[date] = set()
        if self.shared and not service.available_slots and not service.special_availability:
            held = {self.clock[start][0] for start, _ in self.occurrences}
            for start, end in self.occurrences:
                if (
                    end - start == length
                    and first <= start < stop
                    and not any(
                        self.is_closed(target, which, start, end, self.clock)
                        for target, which in (("all", None), ("service", service.id))
                    )
                ):
                    yield start, end, end
        for start, closes in self.starts(length, first, stop):
            if self.clock[start][0] not in held:
                yield start, start + length, closes

    def stays(self, nights: int, first: int, stop: int) -> Iterator[tuple[int, int, int]]:
        for day in {day for day, _ in self.clock[first:stop]}:
            start = self.edge(day, wall(self.service.check_in_time))
            end = self.edge(day + timedelta(days=nights), wall(self.service.check_out_time))
            shut = any(
                self.is_closed(target, which, start, end, self.clock)
                for target, which in (("all", None), ("service", self.service.id))
            )
            there_is = self.clock[start][0] == day
            if there_is and first <= start < stop and any(self.open_walls(day)) and not shut:
                yield start, end, end

    def latest_end(self, start: int, end: int, closes: int, party: int, wished: str | None) -> int | None:
        service = self.service
        if service.type != "rental" and (service.type != "room" or service.duration >= NIGHT):
            return None
        latest = min(closes, start + (service.max_duration or 30 * NIGHT))
        while end + self.interval <= latest and self.units(start, end + self.interval, party, wished):
            end += self.interval
        return end


def origin_of(day: date, days_before: int) -> datetime:
    """Return a UTC midnight some days before a date."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=days_before)
