"""How far can a stay reach from its arrival, and which night stands in its way?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from portal.domain.assignment import Crew, Wish
from portal.domain.availability import Diary
from portal.domain.schedule import check_in_minute, closures_of, longest, stay_range
from portal.domain.timerange import DAY, Range


@dataclass(frozen=True)
class BlockedNight:
    """A night that no stay can include: closed, or without a free room."""

    night: date
    is_closed: bool


def blocked_nights(diary: Diary, party: int, arrival: date, nights: int) -> list[BlockedNight]:
    """Name the nights of a stay that refuse it; none where it only lacks one room for all of them in a row."""
    crew, shut = _crew(diary, party), closures_of(diary.service, diary.supply.shut)
    found = []
    for night, span in _nights(diary, arrival, nights):
        is_closed = any(start < span[1] and span[0] < end for start, end in shut)
        if is_closed or not crew.units_left(*span):
            found.append(BlockedNight(night, is_closed))
    return found


def _nights(diary: Diary, arrival: date, nights: int) -> Iterator[tuple[date, Range]]:
    """Yield each night with its minutes: until check-out, but of a night before another until the next check-in."""
    for index in range(nights):
        night = arrival + timedelta(days=index)
        start, end = stay_range(diary.service, night, 1)
        is_last = index == nights - 1
        yield night, (start, end if is_last else check_in_minute(diary.service, night + timedelta(days=1)))


def most_nights_from(diary: Diary, party: int, arrival: date) -> int:
    """Return the longest stay in one room from an arrival, in nights; 0 where not even one night is free."""
    crew, shut = _crew(diary, party), closures_of(diary.service, diary.supply.shut)
    nights = 0
    while nights < longest(diary.service) // DAY:
        span = stay_range(diary.service, arrival, nights + 1)
        if any(start < span[1] and span[0] < end for start, end in shut) or not crew.units_left(*span):
            break
        nights += 1
    return nights


def _crew(diary: Diary, party: int) -> Crew:
    return Crew(diary.service, diary.supply, Wish(party))
