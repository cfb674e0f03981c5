"""What does the slot picker show: with whom, which days, which times, and the price of what is chosen?

Nothing here asks the database but `_reading`: the page is laid out from one reading of the service's diary.
"""

from calendar import Calendar
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

from portal.domain.account import Account
from portal.domain.availability import Ask, Slot
from portal.domain.cancellation import CancellationTerms, cancellation_terms
from portal.domain.errors import N_, FieldError, Invalid
from portal.domain.fields import check_declared
from portal.domain.pricing import NextPackage, Quote, declared_inputs
from portal.domain.schedule import longest
from portal.domain.service import Service, ServiceType
from portal.domain.supply import StaffMember
from portal.domain.timerange import days_between, instant_of, local_date, minute_of
from portal.usecases.openings import Openings, bookable_days, read_openings
from portal.usecases.orders import Order, check_quotable
from portal.usecases.slots import SlotQuery, ask_of
from portal.usecases.staff_choice import staff_to_choose_from
from portal.web.context import current_rules, now
from portal.web.forms import NO_ANSWERS, Choice, command_of
from portal.web.lengths import Lengths, lengths_of

ONE_DAY, WEEK = timedelta(days=1), timedelta(days=7)
LOOK_AHEAD = timedelta(days=92)  # how far the first free time is looked for
LOOK_BEYOND = timedelta(days=31)  # how far past the days shown, for the first free afternoon
FEW = 12  # a party that is chosen by buttons
MANY_TIMES = 12  # in one part of the day; of more, those on the hour are shown first


@dataclass(frozen=True)
class PartOfDay:
    """A part of the day: its last hour (excluded), how it is called, and how the first free one is offered."""

    until: int
    icon: str
    name: str
    nothing: str
    first_free: str


NIGHT = PartOfDay(6, "moon", N_("Night"), N_("Nothing at night."), N_("First free night time, %(day)s"))
PARTS = (
    NIGHT,
    PartOfDay(12, "sun", N_("Morning"), N_("Nothing in the morning."), N_("First free morning, %(day)s")),
    PartOfDay(18, "sunset", N_("Afternoon"), N_("Nothing in the afternoon."), N_("First free afternoon, %(day)s")),
    PartOfDay(24, "moon", N_("Evening"), N_("Nothing in the evening."), N_("First free evening, %(day)s")),
)
MEALS = (
    PartOfDay(11, "sunrise", N_("Breakfast"), N_("No breakfast."), N_("First free breakfast, %(day)s")),
    PartOfDay(17, "sun", N_("Lunch"), N_("No lunch."), N_("First free lunch, %(day)s")),
    PartOfDay(24, "moon", N_("Dinner"), N_("No dinner."), N_("First free dinner, %(day)s")),
)


@dataclass(frozen=True)
class Time:
    """A time, whether the party fits in, and whether it is the one chosen; `choice` is what taking it means."""

    slot: Slot
    is_free: bool
    is_chosen: bool
    choice: Choice


@dataclass(frozen=True)
class Day:
    """A day of the calendar: `is_free` is None where it has no times at all; `free` is how many, in the week."""

    date: date
    is_free: bool | None
    is_chosen: bool
    is_today: bool
    choice: Choice
    free: int = 0


@dataclass(frozen=True)
class Month:
    """A month as a table; days of other months are None. The months beside it, as far as times can be booked."""

    first: date
    weeks: tuple[tuple[Day | None, ...], ...]
    earlier: date | None
    later: date | None


@dataclass(frozen=True)
class Part:
    """A part of the chosen day with its times; without a free one, the day on which the first one is."""

    kind: PartOfDay
    times: tuple[Time, ...]
    first_free: Time | None = None

    @property
    def free(self) -> int:
        return sum(time.is_free for time in self.times)

    @property
    def main(self) -> tuple[Time, ...]:
        """The times to show at once: of many, those on the hour and the chosen one."""
        if len(self.times) <= MANY_TIMES:
            return self.times
        return tuple(time for time in self.times if time.is_chosen or time.slot.start % 60 == 0)

    @property
    def finer(self) -> tuple[Time, ...]:
        """The times between those."""
        shown = {time.slot.start for time in self.main}
        return tuple(time for time in self.times if time.slot.start not in shown)


@dataclass(frozen=True)
class Member:
    """Somebody to choose, or anybody (`person` is None), and the next day on which he is free."""

    person: StaffMember | None
    free_on: date | None
    is_chosen: bool
    choice: Choice


@dataclass(frozen=True)
class Picker:
    """Everything there is to choose from; `choice` is complete where a time is chosen.

    `units` is how many can be booked side by side, `seats_taken` counts those of the chosen occurrence.
    """

    choice: Choice
    first: date
    last: date
    today: date
    openings: Openings | None = None
    members: tuple[Member, ...] = ()
    days: tuple[Day, ...] = ()
    earlier: Choice | None = None
    later: Choice | None = None
    month: Month | None = None
    parts: tuple[Part, ...] = ()
    chosen_time: Time | None = None
    nearest: tuple[Time, ...] = ()
    lengths: Lengths | None = None
    units: int | None = None
    seats_taken: int = 0
    errors: tuple[FieldError, ...] = ()

    @property
    def chosen_day(self) -> Day | None:
        return next((day for day in self.days if day.is_chosen), None)

    @property
    def is_gone(self) -> bool:
        """Tell whether a time is chosen that cannot be taken."""
        return self.choice.start is not None and not (self.chosen_time and self.chosen_time.is_free)

    @property
    def staff(self) -> list[StaffMember]:
        """The members to choose from."""
        return [one.person for one in self.members if one.person]

    @property
    def takes_party(self) -> bool:
        """Tell whether the party would fit in at all, were nothing taken."""
        return self.units is None or self.units > 0

    @property
    def largest_party(self) -> int | None:
        """The largest party that would fit in were nothing taken, None where none would."""
        if self.openings is None:
            return None
        sizes = reversed(parties(self.choice.service) or ())
        return next((size for size in sizes if self.openings.diary.units(size) != 0), None)


def picker_of(choice: Choice, month: date | None, account: Account | None) -> Picker:
    """Lay out the week and the month that the choice lies in, or that of the first free time."""
    service = choice.service
    first, last = bookable_days(service, current_rules(), now())
    today = now().astimezone(service.zone).date()
    try:
        ask = ask_for(choice)
    except Invalid as error:
        return Picker(choice, first, last, today, errors=error.errors)
    openings = _reading(choice, month, account, first, last)
    if choice.staff_id not in openings.diary.supply.staff:
        choice, ask = choice.at(staff_id=None), Ask(ask.party, ask.length)
    day = _looked_at(choice, ask, openings, first, last)
    return _View(choice, ask, openings, first, last, today, day).picker(month)


def ask_for(choice: Choice) -> Ask:
    """Return what the choice looks for; raise Invalid, naming what is out of bounds."""
    anything = SlotQuery(date.min, date.min, choice.participants, choice.length, staff_id=choice.staff_id)
    return ask_of(choice.service, anything)


def _reading(choice: Choice, month: date | None, account: Account | None, first: date, last: date) -> Openings:
    """Read the days that can matter: from the first one on where somebody's next free time is looked for."""
    day = choice.local_day
    shown = [one for one in (day, month) if one] or [first + LOOK_AHEAD]
    start, end = month_of(min(shown)), month_of(max(shown)) + LOOK_BEYOND + WEEK
    if start - first < LOOK_AHEAD or not day:
        start = first
    rules, user = current_rules(), account.attributes if account else {}
    return read_openings(choice.service, max(first, start - WEEK), min(last, end + LOOK_BEYOND), rules, now(), user)


def month_of(day: date) -> date:
    """Return the first day of a date's month."""
    return day.replace(day=1)


def next_month(first: date) -> date:
    """Return the first day of the month after."""
    return month_of(first + timedelta(days=31))


def _looked_at(choice: Choice, ask: Ask, openings: Openings, first: date, last: date) -> date:
    if choice.local_day:
        return min(max(choice.local_day, first), last)
    found = openings.first_free(ask, first)
    return local_date(found.start, choice.service.zone) if found else first


def _week(day: date, first: date, last: date) -> tuple[date, date]:
    start = first + (day - first) // WEEK * WEEK
    return start, min(start + WEEK - ONE_DAY, last)


def _time(slot: Slot, choice: Choice) -> Time:
    needed = choice.party if choice.service.is_shared else 1
    is_free = slot.left is None or slot.left >= needed
    return Time(slot, is_free, slot.starts_at == choice.start, choice.at(start=slot.starts_at))


def _day_of(time: Time) -> date:
    return time.slot.starts_at.astimezone(time.choice.service.zone).date()


@dataclass(frozen=True)
class _View:
    """The choice against what is open, laid out part by part.

    `day` is looked at. Where nobody chose it, the choice does not name it: the next one, for more people or longer,
    leads to a day on which that is free.
    """

    choice: Choice
    ask: Ask
    openings: Openings
    first: date
    last: date
    today: date
    day: date

    def picker(self, month: date | None) -> Picker:
        week = _week(self.day, self.first, self.last)
        times = [_time(one, self.choice) for one in self.openings.slots(self.ask, *week)]
        chosen = next((time for time in times if time.is_chosen), None)
        found = Picker(
            self.choice,
            self.first,
            self.last,
            self.today,
            self.openings,
            members=self.members(),
            days=self.days(times, week),
            earlier=self.week_of(week[0] - WEEK),
            later=self.week_of(week[0] + WEEK),
            month=self.month(month or self.day),
            parts=self.parts([one for one in times if _day_of(one) == self.day]),
            chosen_time=chosen,
            lengths=lengths_of(self.choice, current_rules(), chosen.slot if chosen else None),
            units=self.openings.diary.units(self.ask.party),
            seats_taken=self.openings.seats_taken(chosen.slot) if chosen else 0,
        )
        return replace(found, nearest=self.nearest()) if found.is_gone else found

    def days(self, times: Sequence[Time], week: tuple[date, date]) -> tuple[Day, ...]:
        by_day = {found: list(own) for found, own in groupby(times, key=_day_of)}
        return tuple(self._chip(one, by_day.get(one)) for one in days_between(*week))

    def _chip(self, one: date, times: Sequence[Time] | None) -> Day:
        free = sum(time.is_free for time in times or ())
        choice = self.choice.at(start=None, day=one)
        return Day(one, bool(free) if times else None, one == self.day, one == self.today, choice, free)

    def week_of(self, start: date) -> Choice | None:
        """Return the choice of a week's first day, None outside of what can be booked."""
        return self.choice.at(start=None, day=start) if self.first <= start <= self.last else None

    def month(self, day: date) -> Month:
        start = month_of(min(max(day, self.first), self.last))
        end = next_month(start) - ONE_DAY
        cells = self._cells(start, end)
        return Month(
            start,
            tuple(tuple(cells.get(one) for one in week) for week in weeks_of(start, self.today)),
            month_of(start - ONE_DAY) if start > self.first else None,
            next_month(start) if next_month(start) <= self.last else None,
        )

    def _cells(self, start: date, end: date) -> dict[date, Day]:
        known = self.openings.days(self.ask, start, end)
        return {
            one: Day(
                one,
                known.get(one),
                one == self.day,
                one == self.today,
                self.choice.at(start=None, day=one),
            )
            for one in days_between(start, end)
        }

    def members(self) -> tuple[Member, ...]:
        people = staff_to_choose_from(self.choice.service, self.openings.diary.supply.staff)
        return tuple(self._member(one) for one in [None, *people]) if people else ()

    def _member(self, person: StaffMember | None) -> Member:
        staff_id = person.id if person else None
        found = self.openings.first_free(Ask(self.ask.party, self.ask.length, staff_id), self.first)
        free_on = local_date(found.start, self.choice.service.zone) if found else None
        chosen = staff_id == self.choice.staff_id
        return Member(person, free_on, chosen, self.choice.at(staff_id=staff_id))

    def parts(self, times: Sequence[Time]) -> tuple[Part, ...]:
        """Lay out the times of the day; a part without a free one leads to the first that is."""
        kinds = MEALS if self.choice.service.type is ServiceType.TABLE else PARTS
        found = {kind: list(own) for kind, own in groupby(times, key=lambda time: _part_of(self._hour(time), kinds))}
        parts = [Part(kind, tuple(found.get(kind, ())), self._beyond(kind, kinds, found)) for kind in kinds]
        return tuple(part for part in parts if part.times or part.first_free)

    def _beyond(self, kind: PartOfDay, kinds: Sequence[PartOfDay], found: dict[PartOfDay, list[Time]]) -> Time | None:
        """Return the first day after this one on which a part has a free time; nights and breakfasts are not missed."""
        has_free = any(time.is_free for time in found.get(kind, ()))
        if has_free or (kind not in found and kind is kinds[0]):
            return None
        zone = self.choice.service.zone
        slot = self.openings.first_free(
            self.ask,
            self.day + ONE_DAY,
            lambda start: _part_of(instant_of(start).astimezone(zone).hour, kinds) is kind,
        )
        if slot is None:
            return None
        return Time(slot, True, False, self.choice.at(start=None, day=local_date(slot.start, zone)))

    def _hour(self, time: Time) -> int:
        return time.slot.starts_at.astimezone(self.choice.service.zone).hour

    def nearest(self) -> tuple[Time, ...]:
        assert self.choice.start is not None
        found = self.openings.nearest_free(self.ask, minute_of(self.choice.start))
        return tuple(_time(one, self.choice) for one in found)


def _part_of(hour: int, kinds: Sequence[PartOfDay]) -> PartOfDay:
    return next(kind for kind in kinds if hour < kind.until)


def weeks_of(first: date, today: date) -> list[list[date]]:
    """Return the weeks of a month, from Monday, with the days of the months beside it; not those that are over."""
    return [week for week in Calendar().monthdatescalendar(first.year, first.month) if week[-1] >= today]


def parties(service: Service) -> range | None:
    """Return the sizes of a party to choose from by buttons; None where they are too many and typed instead."""
    if service.max_party is None or service.max_party - service.min_party >= FEW:
        return None
    return range(service.min_party, service.max_party + 1)


# ---------------------------------------------------------------- the price box


@dataclass(frozen=True)
class Offer:
    """What the choice would cost and how it could be cancelled; `errors` where it cannot be priced.

    `left` counts seats or bookings, of `units`; `missing` people are still needed besides this party.
    """

    choice: Choice
    is_free: bool
    left: int | None = None
    units: int | None = None
    quote: Quote | None = None
    terms: CancellationTerms | None = None
    errors: tuple[FieldError, ...] = ()
    package: NextPackage | None = None
    missing: int = 0


def offer_of(picker: Picker, account: Account | None) -> Offer | None:
    """Price what is chosen; None where no time is chosen yet."""
    choice, time = picker.choice, picker.chosen_time
    if choice.start is None or picker.errors:
        return None
    missing = (choice.service.min_participants or 0) - picker.seats_taken - choice.party
    return priced_offer(choice, time.slot if time else None, not picker.is_gone, account, picker.units, missing)


def priced_offer(
    choice: Choice, slot: Slot | None, is_free: bool, account: Account | None, units: int | None, missing: int = 0
) -> Offer:
    """Price a choice that has a start."""
    errors = check_declared(declared_inputs(choice.service), choice.declared)
    try:
        price = quote_of(choice, account)
    except Invalid as error:
        return Offer(choice, is_free, errors=(*errors, *error.errors))
    return Offer(
        choice,
        is_free,
        slot.left if slot else None,
        units,
        price,
        terms_of_choice(choice, price),
        errors,
        _package_that_fits(choice, slot, price),
        max(0, missing) if choice.service.is_shared else 0,
    )


def _package_that_fits(choice: Choice, slot: Slot | None, price: Quote) -> NextPackage | None:
    """Return the next package where the place is free for so long; how long a stay may be, its calendar says."""
    package, service = price.next_package, choice.service
    if package is None or slot is None or package.minutes > longest(service):
        return None
    fits = slot.max_end is None or slot.start + package.minutes <= slot.max_end
    return package if fits else None


def quote_of(choice: Choice, account: Account | None) -> Quote:
    """Price a choice that has a start; raise Invalid where it cannot be."""
    return order_of(choice, account).price(now())


def order_of(choice: Choice, account: Account | None) -> Order:
    """Return what is asked for, before any question is answered; raise Invalid where it cannot be."""
    order = check_quotable(command_of(choice, NO_ANSWERS), choice.service, account, current_rules(), now())
    return replace(order, ask=replace(order.ask, staff_id=choice.staff_id))


def terms_of_choice(choice: Choice, price: Quote) -> CancellationTerms:
    """Say how a booking of this choice could be cancelled, and what would come back of its price once paid."""
    rules = current_rules()
    assert choice.start is not None
    return cancellation_terms(
        choice.service.cancellation_policy,
        choice.start,
        now(),
        allow_by_rule=rules.allow_cancellation,
        default_hours=rules.cancellation_deadline_hours,
        paid_minor=price.total,
    )
