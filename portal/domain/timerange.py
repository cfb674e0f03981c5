"""How are stretches of time compared, merged and cut?

A range is half-open, in whole minutes since 1970-01-01T00:00Z. Whole minutes hold every instant that can be booked,
because no zone's offset since 2000 has seconds; integers make the sweeps quick and exact.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Range = tuple[int, int]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = 1440


def minute_of(instant: datetime) -> int:
    """Return the minute that an aware instant lies in."""
    return (instant - EPOCH) // MINUTE


def first_minute_from(instant: datetime) -> int:
    """Return the first whole minute at or after an aware instant."""
    return -((EPOCH - instant) // MINUTE)


def instant_of(minute: int) -> datetime:
    """Return the aware UTC instant of a minute."""
    return EPOCH + minute * MINUTE


def local_date(minute: int, zone: ZoneInfo) -> date:
    """Return the date that the zone's clocks show at a minute."""
    return instant_of(minute).astimezone(zone).date()


@lru_cache(maxsize=65_536)
def edge(day: date, minutes: int, zone: ZoneInfo) -> int:
    """Return the first minute of a local date at which the zone's clocks show a wall time or later.

    `minutes` counts from the wall clock's 00:00; 1440 is the next day's 00:00. A time that comes twice means its first
    coming; a time that is skipped means the end of the gap (SPEC §4.1).
    """
    if minutes >= DAY:
        return edge(day + timedelta(days=1), minutes - DAY, zone)
    early = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone)
    late = early.replace(fold=1)
    if _offset(early) >= _offset(late):  # the time exists; where it is doubled, fold=0 is its first coming
        return minute_of(early.astimezone(UTC))
    return _end_of_gap(minute_of(late.astimezone(UTC)), minute_of(early.astimezone(UTC)), zone)


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta()


def _end_of_gap(low: int, high: int, zone: ZoneInfo) -> int:
    """Find the minute in (low, high] from which the offset of `high` holds."""
    target = instant_of(high).astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if instant_of(middle).astimezone(zone).utcoffset() == target:
            high = middle
        else:
            low = middle
    return high


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield every date from first to last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Return the ranges in order, joined where they overlap or touch."""
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined


def without(ranges: Sequence[Range], holes: Iterable[Range]) -> list[Range]:
    """Cut holes out of merged ranges."""
    left = list(ranges)
    for hole_start, hole_end in merged(holes):
        cut: list[Range] = []
        for start, end in left:
            if hole_end <= start or end <= hole_start:
                cut.append((start, end))
                continue
            cut.extend(part for part in ((start, hole_start), (hole_end, end)) if part[0] < part[1])
        left = cut
    return left


def slices_by_day(span: Range) -> Iterator[tuple[int, int, int]]:
    """Split a range at UTC midnights into (day number, start, end)."""
    start, end = span
    while start < end:
        day = start // DAY
        stop = min(end, (day + 1) * DAY)
        yield day, start, stop
        start = stop
