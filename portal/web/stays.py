"""What does the calendar of a stay show: arrival, departure, the nights between, and what refuses them?

A first click chooses the arrival, a second one the departure; each is a link of its own. The address of a stay says
`date` and `nights`, that of an arrival alone only `date`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from portal.domain.account import Account
from portal.domain.availability import Ask, Slot
from portal.domain.errors import FieldError, Invalid
from portal.domain.schedule import check_in_minute, longest
from portal.domain.stays import BlockedNight, blocked_nights, most_nights_from
from portal.domain.timerange import DAY, days_between, local_date
from portal.usecases.openings import Openings, bookable_days, read_openings
from portal.web.context import current_rules, now
from portal.web.forms import Choice
from portal.web.picker import (
    LOOK_AHEAD,
    ONE_DAY,
    Offer,
    ask_for,
    month_of,
    next_month,
    priced_offer,
    weeks_of,
)


@dataclass(frozen=True)
class NightCell:
    """A day of the calendar: whether its night is free, what it costs, what it is to the stay, where it leads.

    `role` is "arrival", "departure", "between" or nothing. `is_departure`: a click chooses it to leave, not to arrive.
    """

    date: date
    is_free: bool
    is_today: bool
    price: int | None = None
    role: str = ""
    choice: Choice | None = None
    is_departure: bool = False


@dataclass(frozen=True)
class StayMonth:
    """A month as weeks from Monday; days of other months are None."""

    first: date
    weeks: tuple[tuple[NightCell | None, ...], ...]


@dataclass(frozen=True)
class Refusal:
    """Why a stay cannot be: the nights in its way, none where only one room for all of them is missing.

    `shorter` and `others` are choices that can be.
    """

    blocked: tuple[BlockedNight, ...]
    shorter: Choice | None
    others: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Stay:
    """Two months, what is chosen in them, and what refuses it."""

    choice: Choice
    first: date
    last: date
    today: date
    arrival: date | None = None
    departure: date | None = None
    months: tuple[StayMonth, ...] = ()
    earlier: date | None = None
    later: date | None = None
    slot: Slot | None = None
    units: int | None = None
    refusal: Refusal | None = None
    errors: tuple[FieldError, ...] = field(default=())

    @property
    def month(self) -> date:
        """The first month shown."""
        return self.months[0].first if self.months else month_of(self.first)


def stay_of(choice: Choice, month: date | None, account: Account | None) -> Stay:
    """Lay out two months from the one asked for, or that of the arrival, or of the first free night."""
    service = choice.service
    first, last = bookable_days(service, current_rules(), now())
    today = now().astimezone(service.zone).date()
    choice, arrival = _arrival(choice)
    try:
        ask = ask_for(choice)
    except Invalid as error:
        return Stay(choice, first, last, today, errors=error.errors)
    openings = _reading(choice, arrival, month, account, first, last)
    view = _View(choice, ask, openings, arrival, first, last, today)
    slot, start = view.slot(), view.first_month(month)
    choice = choice.at(start=slot.starts_at) if slot else choice
    months = tuple(view.month(one) for one in (start, next_month(start)))
    return Stay(
        choice,
        first,
        last,
        today,
        arrival,
        view.departure,
        months,
        month_of(start - ONE_DAY) if start > first else None,
        next_month(start) if next_month(start) <= last else None,
        slot,
        openings.diary.units(ask.party),
        view.refusal(slot),
    )


def _arrival(choice: Choice) -> tuple[Choice, date | None]:
    """Return the choice by its date, and that date; an instant alone means one night, a date alone no departure yet."""
    arrival = choice.local_day
    length = choice.length or (DAY if choice.start else None)
    return choice.at(start=None, day=arrival, length=length), arrival


def _reading(
    choice: Choice, arrival: date | None, month: date | None, account: Account | None, first: date, last: date
) -> Openings:
    shown = [month_of(one) for one in (arrival, month) if one] or [first]
    start, end = min(shown), next_month(next_month(max(shown)))
    end = end if arrival or month else max(end, first + LOOK_AHEAD)
    user = account.attributes if account else {}
    return read_openings(choice.service, max(first, start), min(last, end), current_rules(), now(), user)


@dataclass(frozen=True)
class _View:
    """The choice against what is free, laid out."""

    choice: Choice
    ask: Ask
    openings: Openings
    arrival: date | None
    first: date
    last: date
    today: date

    @property
    def nights(self) -> int | None:
        return self.choice.length // DAY if self.choice.length and self.arrival else None

    @property
    def departure(self) -> date | None:
        return self.arrival + timedelta(days=self.nights) if self.arrival and self.nights else None

    @property
    def one_night(self) -> Ask:
        return Ask(self.ask.party, DAY)

    def first_month(self, month: date | None) -> date:
        wanted = month or self.arrival
        if wanted is None:
            found = self.openings.first_free(self.one_night, self.first)
            wanted = local_date(found.start, self.choice.service.zone) if found else self.first
        return month_of(min(max(wanted, self.first), self.last))

    def slot(self) -> Slot | None:
        """Return the stay as a free slot, None where it is not complete or cannot be."""
        if self.arrival is None or self.nights is None or not self.first <= self.arrival <= self.last:
            return None
        found = self.openings.slots(self.ask, self.arrival, self.arrival)
        return next((one for one in found if not one.is_full), None)

    # ------------------------------------------------------------ the calendar

    def month(self, start: date) -> StayMonth:
        end = next_month(start) - ONE_DAY
        prices = self._prices(start, end)
        cells = {one: self._cell(one, prices) for one in days_between(start, end)}
        return StayMonth(start, tuple(tuple(cells.get(one) for one in week) for week in weeks_of(start, self.today)))

    def _prices(self, start: date, end: date) -> dict[date, int]:
        """Return what each free night costs by itself."""
        if end < self.first or start > self.last:
            return {}
        free = [one for one in self.openings.slots(self.one_night, start, end) if not one.is_full]
        priced = self.openings.priced(free, self.one_night)
        return {local_date(one.slot.start, self.choice.service.zone): one.price_from for one in priced}

    def _cell(self, one: date, prices: dict[date, int]) -> NightCell:
        choice, is_departure = self._click(one, one in prices)
        role = self._role(one)
        return NightCell(one, one in prices, one == self.today, prices.get(one), role, choice, is_departure)

    def _role(self, one: date) -> str:
        if one == self.arrival:
            return "arrival"
        if self.arrival is None or self.departure is None or not self.arrival < one <= self.departure:
            return ""
        return "departure" if one == self.departure else "between"

    def _click(self, one: date, is_free: bool) -> tuple[Choice | None, bool]:
        """Say what choosing a day means: leaving, where only the arrival is chosen; else arriving."""
        if self._can_leave(one, is_free):
            assert self.arrival is not None
            return self._stay(self.arrival, (one - self.arrival).days), True
        if one == self.arrival and not self.departure:
            return None, False
        return (self._stay(one, None) if is_free else None), False

    def _can_leave(self, one: date, is_free: bool) -> bool:
        """Tell whether a day is a departure: a free one beyond a full night is, to be told which night is full."""
        if self.arrival is None or self.departure is not None or one <= self.arrival:
            return False
        nights = (one - self.arrival).days
        return nights <= self._reach or (is_free and nights <= longest(self.choice.service) // DAY)

    @cached_property
    def _reach(self) -> int:
        assert self.arrival is not None
        return most_nights_from(self.openings.diary, self.ask.party, self.arrival)

    def _stay(self, arrival: date, nights: int | None) -> Choice:
        return self.choice.at(start=None, day=arrival, length=nights * DAY if nights else None)

    # ------------------------------------------------------------ what refuses it

    def refusal(self, slot: Slot | None) -> Refusal | None:
        """Say why what is chosen cannot be; None where it can, or nothing is chosen."""
        if self.arrival is None or slot:
            return None
        nights, reach = self.nights or 1, self._reach
        if self.departure is None and reach:
            return None
        blocked = tuple(blocked_nights(self.openings.diary, self.ask.party, self.arrival, nights))
        is_day = self.first <= self.arrival <= self.last and self.openings.slots(self.one_night, *[self.arrival] * 2)
        shorter = self._stay(self.arrival, reach) if is_day and 0 < reach < nights else None
        return Refusal(blocked, shorter, tuple(self._others(nights)))

    def _others(self, nights: int) -> Iterator[Choice]:
        assert self.arrival is not None
        start = check_in_minute(self.choice.service, self.arrival)
        for one in self.openings.nearest_free(Ask(self.ask.party, nights * DAY), start):
            yield self._stay(local_date(one.start, self.choice.service.zone), self.nights)


def offer_of_stay(stay: Stay, account: Account | None) -> Offer | None:
    """Price a stay; None where it is not complete or cannot be."""
    return priced_offer(stay.choice, stay.slot, True, account, stay.units) if stay.slot else None
