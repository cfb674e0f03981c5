"""Which slots of a service can be booked, and which are full? (SPEC §4)"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from portal.domain.assignment import MANY, Assignment, Crew, Wish
from portal.domain.errors import N_, FieldError, counted
from portal.domain.rules import Rules
from portal.domain.schedule import (
    Candidate,
    candidates,
    closures_of,
    is_bookable_length,
    length_of,
    longest,
)
from portal.domain.service import Service
from portal.domain.supply import Supply
from portal.domain.timerange import DAY, Range, edge, first_minute_from, instant_of, local_date, without

MAX_DAYS = 92


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be taken: `left` counts seats of an occurrence, else bookings that still fit; None is unbounded.

    `max_end` is the latest end where the customer chooses the length.
    """

    start: int
    end: int
    left: int | None
    max_end: int | None = None

    @property
    def is_full(self) -> bool:
        return self.left is not None and self.left < 1

    @property
    def starts_at(self) -> datetime:
        return instant_of(self.start)

    @property
    def ends_at(self) -> datetime:
        return instant_of(self.end)


@dataclass(frozen=True)
class Ask:
    """What is looked for; `length` is in minutes, of a stay nights × 1440."""

    party: int
    length: int
    staff_id: str | None = None


def ask_errors(service: Service, party: int, length: int) -> list[FieldError]:
    """Name what makes a party or a length impossible for a service, whatever the time."""
    errors = []
    if party < service.min_party:
        message = N_("Book for at least %(limit)s people.")
        errors.append(FieldError("participants", "party_too_small", message, {"limit": service.min_party}))
    if service.max_party is not None and party > service.max_party:
        many = N_("Book for at most %(limit)s people.")
        message = counted(service.max_party, N_("Book for one person only."), many)
        errors.append(FieldError("participants", "party_too_large", message, {"limit": service.max_party}))
    if not is_bookable_length(service, length):
        errors.append(_length_error(service))
    return errors


def _length_error(service: Service) -> FieldError:
    if service.is_by_night:
        nights = longest(service) // DAY
        return FieldError(
            "endDate",
            "length",
            counted(
                nights,
                N_("Stay for one night: the check-out date is the day after the check-in date."),
                N_("Stay from 1 to %(limit)s nights, by check-in and check-out date."),
            ),
            {"limit": nights},
        )
    if service.is_variable:
        params = {"shortest": service.duration, "step": service.interval, "longest": longest(service)}
        message = N_("Choose a length from %(shortest)s to %(longest)s minutes, in steps of %(step)s minutes.")
        return FieldError("endDate", "length", message, params)
    return FieldError("endDate", "length", N_("This service lasts %(minutes)s minutes."), {"minutes": service.duration})


def booking_window(service: Service, rules: Rules, now: datetime) -> Range:
    """Return the minutes in which a booking may start: from lead time to the end of the horizon's last local date."""
    own = service.booking_window
    lead_hours = own.min_advance_hours if own else None
    lead = timedelta(minutes=rules.min_advance_minutes) if lead_hours is None else timedelta(hours=lead_hours)
    days = own.max_advance_days if own else None
    horizon = rules.max_advance_days if days is None else days
    today = now.astimezone(service.zone).date()
    return first_minute_from(now + lead), edge(today + timedelta(days=horizon), DAY, service.zone)


def reach(service: Service, window: Range) -> tuple[date, date]:
    """Return the first and last local date that can matter to slots of a window: the week's load, stays, buffers."""
    buffers = service.buffer_before + service.buffer_after
    days_after = (longest(service) + buffers) // DAY + 8
    return (
        local_date(window[0], service.zone) - timedelta(days=8 + service.buffer_before // DAY),
        local_date(window[1], service.zone) + timedelta(days=days_after),
    )


def reach_in_minutes(service: Service, window: Range) -> Range:
    """Return the minutes whose bookings can matter to slots of a window."""
    first, last = reach(service, window)
    return edge(first, 0, service.zone), edge(last, DAY, service.zone)


@dataclass(frozen=True)
class Diary:
    """One service, what is taken, and the rules: everything that decides which slots there are."""

    service: Service
    supply: Supply
    rules: Rules

    def slots(self, ask: Ask, window: Range) -> list[Slot]:
        """Return every slot of the grid that starts inside the window, the full ones too, in order."""
        crew = self._crew(ask)
        return [self._slot(crew, one) for one in self._grid(window, ask.length)]

    def each(self, ask: Ask, window: Range, wanted: Callable[[int], bool] = lambda start: True) -> Iterator[Slot]:
        """Yield the slots whose start is wanted, the full ones too, in order, as they are asked for."""
        crew = self._crew(ask)
        return (self._slot(crew, one) for one in self._grid(window, ask.length) if wanted(one.start))

    def free(self, ask: Ask, window: Range, wanted: Callable[[int], bool] = lambda start: True) -> Iterator[Slot]:
        """Yield the slots that the party fits into and whose start is wanted, in order, as they are asked for."""
        return (one for one in self.each(ask, window, wanted) if self.has_room(one, ask.party))

    def days(self, ask: Ask, window: Range, wanted: Callable[[int], bool] = lambda start: True) -> dict[date, bool]:
        """Say of each local date with a wanted start whether the party fits into one of them."""
        crew, zone = self._crew(ask), self.service.zone
        found: dict[date, bool] = {}
        for one in self._grid(window, ask.length):
            if wanted(one.start):
                day = local_date(one.start, zone)
                found[day] = found.get(day) or self.fits(self.left(crew, one.start, one.end), ask.party)
        return found

    def units(self, party: int) -> int | None:
        """Return how many bookings of a party could run side by side were nothing taken; None is unbounded.

        Staff do not count: who works when changes with the time.
        """
        found = self._crew(Ask(party, 0)).most_units
        return None if found >= MANY else found

    def _crew(self, ask: Ask, relaxed: bool = False) -> Crew:
        return Crew(self.service, self.supply, Wish(ask.party, ask.staff_id, relaxed))

    def _grid(self, window: Range, length: int) -> list[Candidate]:
        grid = candidates(self.service, window, length, self.supply.shut, self.rules.business_hours)
        if self.service.is_shared and not self.service.has_own_hours:
            return self._one_a_day(grid, window, length)
        return grid

    def _one_a_day(self, grid: Sequence[Candidate], window: Range, length: int) -> list[Candidate]:
        """Keep of each day that has an occurrence only that: the first booking chose the time.

        One from before the duration was changed cannot be joined any more, but keeps its day.
        """
        zone = self.service.zone
        shut = closures_of(self.service, self.supply.shut)
        held = [
            (start, end)
            for start, end in self.occurrences
            if window[0] <= start < window[1]
            and end - start == length
            and without([(start, end)], shut) == [(start, end)]
        ]
        days = {local_date(start, zone) for start, _ in self.occurrences}
        free = [one for one in grid if local_date(one.start, zone) not in days]
        return sorted([*free, *(Candidate(*one, one[1]) for one in held)], key=lambda one: one.start)

    @cached_property
    def occurrences(self) -> dict[Range, int]:
        """The occurrences that have bookings, with the seats taken."""
        return dict(self.supply.seats_taken(self.service.id))

    def _slot(self, crew: Crew, one: Candidate) -> Slot:
        left = self.left(crew, one.start, one.end)
        if not self.service.is_variable:
            return Slot(one.start, one.end, left)
        max_end = self._max_end(crew, one) if left else None
        return Slot(one.start, one.end, left, max_end)

    def left(self, crew: Crew, start: int, end: int) -> int | None:
        """Return the seats left in an occurrence, or how many more bookings fit; None is unbounded."""
        if not self.service.is_shared:
            units = crew.units_left(start, end)
            return None if units >= MANY else units
        seats = self.service.max_participants
        taken = self.occurrences.get((start, end))
        if taken is None:
            return seats if crew.units_left(start, end) > 0 else 0
        return None if seats is None else max(0, seats - taken)

    def _max_end(self, crew: Crew, one: Candidate) -> int:
        """Return the latest end of a booking that starts here, in whole steps of the slot interval."""
        service = self.service
        limit = min(one.start + longest(service), one.closes, crew.free_until(one.start, one.end))
        steps = max(0, (limit - one.end) // service.interval)
        if crew.places:
            steps = _last_that_holds(steps, lambda k: bool(crew.units_left(one.start, one.end + k * service.interval)))
        return one.end + steps * service.interval

    def has_room(self, slot: Slot, party: int) -> bool:
        """Tell whether a party fits into a slot."""
        return self.fits(slot.left, party)

    def fits(self, left: int | None, party: int) -> bool:
        """Tell whether a party fits into what is left: so many seats, or bookings."""
        return left is None or left >= (party if self.service.is_shared else 1)

    def is_on_grid(self, start: int, end: int) -> bool:
        """Tell whether a time is one of the service's slots, free or full."""
        length = length_of(self.service, start, end)
        if length is None or not is_bookable_length(self.service, length):
            return False
        return any((one.start, one.end) == (start, end) for one in self._grid((start, start + 1), length))

    def assign(self, start: int, end: int, ask: Ask, relaxed: bool = False) -> Assignment | None:
        """Choose what serves a booking, or return None where it does not fit; the grid is not looked at."""
        crew = self._crew(ask, relaxed)
        if self.service.is_shared and (start, end) in self.occurrences:
            left = self.left(crew, start, end)
            return Assignment() if left is None or left >= ask.party else None
        if self.service.is_shared and (self.service.max_participants or MANY) < ask.party:
            return None
        return crew.assign(start, end)


def _last_that_holds(last: int, holds: Callable[[int], bool]) -> int:
    """Return the largest k up to `last` that holds, given that 0 does and that longer is never easier."""
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def nearest(slots: Sequence[Slot], start: int, most: int = 5) -> list[Slot]:
    """Return the slots nearest to a start, in order of time."""
    return sorted(sorted(slots, key=lambda one: (abs(one.start - start), one.start))[:most], key=lambda one: one.start)


def default_length(service: Service) -> int:
    """Return the length that is meant where none is given: one duration, one night."""
    return DAY if service.is_by_night else service.duration


def end_of(service: Service, start: int, length: int) -> int:
    """Return the end of a booking of a length; of a stay at the check-out time of the last morning."""
    if not service.is_by_night:
        return start + length
    check_out = local_date(start, service.zone) + timedelta(days=length // DAY)
    hours, minutes = int(service.check_out_time[:2]), int(service.check_out_time[3:])
    return edge(check_out, hours * 60 + minutes, service.zone)
