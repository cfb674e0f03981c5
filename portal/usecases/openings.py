"""What does one reading of a service's diary say of its days and times, to one customer?

The page of a service asks many questions of the same weeks: which days have a free time, which times has this day,
when is each member of staff next free. All of them are answered from a single reading.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.domain.availability import Ask, Diary, Slot, booking_window, nearest
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.timerange import DAY, Range, edge, local_date
from portal.store.db import db
from portal.usecases.diary import read_diary
from portal.usecases.slots import PricedSlot, priced

NEAREST_WITHIN = 14 * DAY  # how far from a time that is gone others are offered


@dataclass(frozen=True)
class Openings:
    """The times of a service in a span of minutes; those a customer may not start at are left out."""

    diary: Diary
    span: Range
    now: datetime
    user: Mapping[str, Any]

    def days(self, ask: Ask, first: date, last: date) -> dict[date, bool]:
        """Say of each date that has times whether the party fits into one of them."""
        return self.diary.days(ask, self._between(first, last), self._may_start)

    def slots(self, ask: Ask, first: date, last: date) -> list[Slot]:
        """List the times of some dates in order, the full ones too."""
        return [one for one in self.diary.slots(ask, self._between(first, last)) if self._may_start(one.start)]

    def first_free(self, ask: Ask, after: date, wanted: Callable[[int], bool] = lambda start: True) -> Slot | None:
        """Return the first free time from a date on whose start is wanted."""
        return next(self._free(ask, self._between(after), wanted), None)

    def nearest_free(self, ask: Ask, start: int, most: int = 5) -> list[Slot]:
        """List the free times nearest to a start, in order."""
        window = max(self.span[0], start - NEAREST_WITHIN), min(self.span[1], start + NEAREST_WITHIN)
        return nearest(list(self._free(ask, window)), start, most) if window[0] < window[1] else []

    def seats_taken(self, slot: Slot) -> int:
        """Count the people who have booked an occurrence."""
        return self.diary.occurrences.get((slot.start, slot.end), 0)

    def priced(self, slots: Sequence[Slot], ask: Ask) -> list[PricedSlot]:
        """Add to each time what the party would pay."""
        return priced(self.diary.service, slots, ask, self.now, self.user)

    def _free(self, ask: Ask, window: Range, wanted: Callable[[int], bool] = lambda start: True) -> Iterator[Slot]:
        return self.diary.free(ask, window, lambda start: wanted(start) and self._may_start(start))

    def _may_start(self, start: int) -> bool:
        return self.diary.rules.may_start(start, self.diary.service.zone, self.user)

    def _between(self, first: date, last: date | None = None) -> Range:
        zone = self.diary.service.zone
        start = max(self.span[0], edge(first, 0, zone))
        return start, max(start, min(self.span[1], edge(last, DAY, zone)) if last else self.span[1])


def bookable_days(service: Service, rules: Rules, now: datetime) -> tuple[date, date]:
    """Return the first and the last local date on which a customer may start."""
    start, end = booking_window(service, rules, now)
    first = local_date(start, service.zone)
    return first, max(first, local_date(end - 1, service.zone))


def read_openings(
    service: Service, first: date, last: date, rules: Rules, now: datetime, user: Mapping[str, Any]
) -> Openings:
    """Read the times of some dates, as far as they can be booked, in at most three queries."""
    bookable = booking_window(service, rules, now)
    start = max(bookable[0], edge(first, 0, service.zone))
    end = max(start, min(bookable[1], edge(last + timedelta(days=1), 0, service.zone)))
    return Openings(read_diary(db.session(), service, (start, end), rules, now).diary, (start, end), now, user)
