"""When is a service open, and where do its starts lie? (SPEC §4, 1 and 2)"""

from calendar import isleap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from portal.domain.service import DAY, Service, ServiceType, SpecialDate
from portal.domain.timerange import Range, days_between, edge, local_date, merged, minute_of, without

WEEK = 7 * DAY
LOOK_AROUND = 8  # days; a piece that is cut off by looking no further is a week long anyway
MAX_STAY_NIGHTS = 30
MAX_RENTAL = 30 * DAY

WeeklyHours = tuple[tuple[int, int, int], ...]  # (day of week from Sunday = 0, start, end in minutes)


class ClosureTarget(StrEnum):
    ALL = "all"
    SERVICE = "service"
    RESOURCE = "resource"
    STAFF = "staff"


@dataclass(frozen=True)
class Closure:
    """A time in which something is closed: two local dates, both closed, or two instants.

    A yearly one goes from date to date, is shorter than a year, and comes again every year from its first one on.
    """

    start: date | datetime
    end: date | datetime
    target: ClosureTarget = ClosureTarget.ALL
    target_id: str | None = None
    id: str = ""
    reason: str = ""
    yearly: bool = False

    def in_years(self, first: int, last: int) -> Iterator["Closure"]:
        """Yield the closure as it falls in the years: itself, or of a yearly one what begins in each of them.

        In a year without 29 February that day is left out: a closure that begins on it begins on 1 March, one that ends
        on it ends on 28 February, and one of that day alone does not take place.
        """
        if not self.yearly:
            yield self
            return
        over = self.end.year - self.start.year
        for year in range(max(first, self.start.year), min(last, MAXYEAR - 1) + 1):
            start, end = _in_year(self.start, year, (3, 1)), _in_year(self.end, year + over, (2, 28))
            if start <= end:
                yield replace(self, start=start, end=end, yearly=False)

    def range_in(self, zone: ZoneInfo) -> Range:
        """Return the closed minutes; dates are those of the zone."""
        return closed_range(self.start, self.end, zone)


def _in_year(day: date, year: int, instead: tuple[int, int]) -> date:
    """Return the same date of another year, or another one where there is no 29 February."""
    is_there = (day.month, day.day) != (2, 29) or isleap(year)
    return date(year, day.month, day.day) if is_there else date(year, *instead)


def closed_range(start: date | datetime, end: date | datetime, zone: ZoneInfo) -> Range:
    """Return the minutes between two instants, or from the start of one local date to the end of another."""
    return _bound(start, 0, zone), _bound(end, DAY, zone)


def _bound(bound: date | datetime, minutes: int, zone: ZoneInfo) -> int:
    if isinstance(bound, datetime):
        return minute_of(bound)
    return edge(bound, minutes, zone)


def is_closed_on(day: date, closures: Iterable[Closure], zone: ZoneInfo) -> bool:
    """Tell whether everything is closed for the whole of a local date by one of the closures."""
    first, last = edge(day, 0, zone), edge(day, DAY, zone)
    ranges = (
        one.range_in(zone)
        for closure in closures
        if closure.target is ClosureTarget.ALL
        for one in closure.in_years(day.year - 1, day.year)
    )
    return any(start <= first and last <= end for start, end in ranges)


def closures_of(service: Service, closures: Iterable[Closure]) -> list[Range]:
    """Return what closes the service itself; a closed resource or member only takes itself away."""
    return [
        closure.range_in(service.zone)
        for closure in closures
        if closure.target is ClosureTarget.ALL
        or (closure.target is ClosureTarget.SERVICE and closure.target_id == service.id)
    ]


def is_open_any_time(service: Service) -> bool:
    """Tell whether a service without hours is open around the clock rather than in business hours."""
    if service.type is ServiceType.ROOM:
        return True
    return service.type is ServiceType.RENTAL and bool({"room", "vehicle"} & service.pools.keys())


def _weekday(day: date) -> int:
    return day.isoweekday() % 7


def _usual_hours(service: Service, day: date, business_hours: WeeklyHours) -> list[Range]:
    """Return the hours of a date that has no special ones, in minutes of the wall clock."""
    if service.available_slots:
        return [one.minutes for one in service.available_slots if one.weekday == _weekday(day)]
    if is_open_any_time(service):
        return [(0, DAY)]
    if service.is_shared and service.special_availability:
        return []
    return [(start, end) for weekday, start, end in business_hours if weekday == _weekday(day)]


def _special_dates(service: Service) -> dict[date, SpecialDate]:
    return {special.date: special for special in service.special_availability}


def _hours_on(
    service: Service, day: date, business_hours: WeeklyHours, specials: dict[date, SpecialDate]
) -> list[Range]:
    special = specials.get(day)
    if special is None:
        return _usual_hours(service, day, business_hours)
    added = [slot.minutes for slot in special.slots if slot.available]
    removed = [slot.minutes for slot in special.slots if not slot.available]
    return without(merged(added or _usual_hours(service, day, business_hours)), removed)


def opening_pieces(
    service: Service, first: date, last: date, closures: Iterable[Closure], business_hours: WeeklyHours
) -> list[Range]:
    """Return the opening windows of the dates, merged where they touch, closures cut out."""
    specials, zone = _special_dates(service), service.zone
    windows = [
        (edge(day, start, zone), edge(day, end, zone))
        for day in days_between(first, last)
        for start, end in _hours_on(service, day, business_hours, specials)
    ]
    return without(merged(windows), closures_of(service, closures))


def _anchors(piece: Range, zone: ZoneInfo) -> list[int]:
    """Return where the grid of a piece begins: at its opening, and daily where it is open a week or longer."""
    start, end = piece
    if end - start < WEEK:
        return [start]
    first, last = local_date(start, zone), local_date(end - 1, zone)
    midnights = [edge(day, 0, zone) for day in days_between(first + timedelta(days=1), last)]
    return [start, *(minute for minute in midnights if start < minute < end)]


def starts_in(piece: Range, interval: int, duration: int, zone: ZoneInfo, window: Range) -> Iterator[int]:
    """Yield the starts inside the window, every interval from each anchor, while the duration fits the piece."""
    anchors = _anchors(piece, zone)
    for anchor, next_anchor in zip(anchors, [*anchors[1:], piece[1]], strict=True):
        skipped = max(0, -((anchor - window[0]) // interval))
        stop = min(next_anchor, window[1], piece[1] - duration + 1)
        yield from range(anchor + skipped * interval, stop, interval)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A start on the grid, the end that goes with the length asked for, and when the service closes after it."""

    start: int
    end: int
    closes: int


def candidates(
    service: Service,
    window: Range,
    length: int,
    closures: Sequence[Closure],
    business_hours: WeeklyHours,
) -> list[Candidate]:
    """Return every start of the grid inside the window, in order; `length` is in minutes, of a stay nights × 1440."""
    if service.is_by_night:
        return list(_stays(service, window, length // DAY, closures, business_hours))
    after = LOOK_AROUND + longest(service) // DAY + 1
    first = local_date(window[0], service.zone) - timedelta(days=LOOK_AROUND)
    last = local_date(window[1], service.zone) + timedelta(days=after)
    pieces = opening_pieces(service, first, last, closures, business_hours)
    return [
        Candidate(start, start + length, piece[1])
        for piece in pieces
        for start in starts_in(piece, service.interval, length, service.zone, window)
    ]


def stay_range(service: Service, check_in: date, nights: int) -> Range:
    """Return the minutes of a stay from check-in time to check-out time; a night is a calendar night."""
    return check_in_minute(service, check_in), check_out_minute(service, check_in + timedelta(days=nights))


def check_in_minute(service: Service, day: date) -> int:
    return edge(day, _wall(service.check_in_time), service.zone)


def check_out_minute(service: Service, day: date) -> int:
    return edge(day, _wall(service.check_out_time), service.zone)


def _wall(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _stays(
    service: Service, window: Range, nights: int, closures: Sequence[Closure], business_hours: WeeklyHours
) -> Iterator[Candidate]:
    closed, specials = closures_of(service, closures), _special_dates(service)
    first, last = local_date(window[0], service.zone), local_date(window[1], service.zone)
    for day in days_between(first, last):
        start, end = stay_range(service, day, nights)
        if local_date(start, service.zone) != day:  # a date that the zone's clocks skip
            continue
        if not window[0] <= start < window[1] or not _hours_on(service, day, business_hours, specials):
            continue
        if not any(shut[0] < end and start < shut[1] for shut in closed):
            yield Candidate(start, end, end)


def nights_between(service: Service, start: int, end: int) -> int | None:
    """Count the nights of a stay; None where start or end is not at the check-in or check-out time."""
    check_in, check_out = local_date(start, service.zone), local_date(end, service.zone)
    nights = (check_out - check_in).days
    if nights < 1 or stay_range(service, check_in, nights) != (start, end):
        return None
    return nights


def longest(service: Service) -> int:
    """Return the longest booking in minutes (of a stay: nights × 1440)."""
    if service.is_by_night:
        return service.max_duration or MAX_STAY_NIGHTS * DAY
    if service.is_variable:
        return service.max_duration or max(MAX_RENTAL, service.duration)
    return service.duration


def length_of(service: Service, start: int, end: int) -> int | None:
    """Return the length that rules and prices count, in minutes; None where it cannot be one."""
    if service.is_by_night:
        nights = nights_between(service, start, end)
        return nights * DAY if nights else None
    return end - start if end > start else None


def is_bookable_length(service: Service, length: int) -> bool:
    """Tell whether a length in minutes is one that the service offers."""
    if length > longest(service):
        return False
    if service.is_by_night:
        return length >= DAY and length % DAY == 0
    if service.is_variable:
        return length >= service.duration and (length - service.duration) % service.interval == 0
    return length == service.duration
