"""What does a card of the catalogue say: when the service is next free, and where each of its times leads?"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext, ngettext

from portal.domain.availability import Slot
from portal.domain.pricing import declared_inputs
from portal.domain.service import Service
from portal.usecases.slots import Card
from portal.web.filters import capital, clock, day, first_of_month, page_url, short_date, short_day, weekday
from portal.web.forms import Choice
from portal.web.language import localised

SOON = 7  # days that are called by the name of their weekday
LONG_FULL = 3  # days without a free time that are worth saying
NOON, AFTERNOON, EVENING = 12, 13, 18  # hours


@dataclass(frozen=True)
class TimeLink:
    """A time as a button: `spoken` is what eyes take from the rest of the card."""

    label: str
    note: str
    spoken: str
    address: str


@dataclass(frozen=True)
class CardView:
    """A card as it is read; `least` is what the first time costs, None where there is none."""

    service: Service
    address: str
    headline: str
    dates: str
    times: tuple[TimeLink, ...]
    is_full: bool
    least: int | None


def view_of(card: Card, party: int | None, start: date | None, now: datetime) -> CardView:
    """Put a card into words."""
    service = localised(card.service)
    local = [one.slot.starts_at.astimezone(service.zone) for one in card.next_slots]
    today = now.astimezone(service.zone).date()
    return CardView(
        service=service,
        address=_service_page(service, party, start),
        headline=capital(_headline(card, local, start, today)),
        dates=_dates(service, local),
        times=_times(card, party, today),
        is_full=not local or _is_long_full(card, local[0]),
        least=card.next_slots[0].price_from if local else None,
    )


def _service_page(service: Service, party: int | None, start: date | None) -> str:
    query = {"date": start.isoformat() if start else None, "participants": party}
    return page_url("services.show", query, slug=service.slug)


# ---------------------------------------------------------------- when it is free


def _headline(card: Card, local: list[datetime], start: date | None, today: date) -> str:
    if not local:
        return _nothing(card, start)
    if _is_long_full(card, local[0]):
        return str(gettext("Full until %(day)s", day=short_date(local[0].date() - timedelta(days=1))))
    if card.service.is_by_night:
        return _night(local[0].date(), today)
    return _occurrence(local[0], card, today) if card.service.is_shared else _free(local[0], today)


def _nothing(card: Card, start: date | None) -> str:
    if start:
        return str(gettext("Nothing free from %(day)s", day=short_date(start)))
    return str(gettext("Full for now") if card.first_full else gettext("No times for now"))


def _is_long_full(card: Card, first: datetime) -> bool:
    full = card.first_full
    return full is not None and first - full.starts_at >= timedelta(days=LONG_FULL)


def _free(first: datetime, today: date) -> str:
    if first.date() == today:
        return _free_today(first.hour)
    if first.date() == today + timedelta(days=1):
        return str(gettext("Free tomorrow"))
    if _is_soon(first.date(), today):
        return str(gettext("Free on %(weekday)s", weekday=weekday(first, long=True)))
    return str(gettext("Free on %(date)s", date=short_date(first)))


def _free_today(hour: int) -> str:
    if hour < NOON:
        return str(gettext("Free this morning"))
    if hour < AFTERNOON:
        return str(gettext("Free at noon"))
    return str(gettext("Free this afternoon") if hour < EVENING else gettext("Free this evening"))


def _night(first: date, today: date) -> str:
    if first == today:
        return str(gettext("Free tonight"))
    if first == today + timedelta(days=1):
        return str(gettext("Free tomorrow night"))
    if _is_soon(first, today):
        return str(gettext("Free on %(weekday)s night", weekday=weekday(first, long=True)))
    return str(gettext("Free on %(date)s", date=short_date(first)))


def _occurrence(first: datetime, card: Card, today: date) -> str:
    time = clock(first, card.service.zone)
    if first.date() == today:
        said = gettext("Today at %(time)s", time=time) if first.hour < EVENING else None
        return str(said or gettext("This evening at %(time)s", time=time))
    if first.date() == today + timedelta(days=1):
        return str(gettext("Tomorrow at %(time)s", time=time))
    if _is_soon(first.date(), today):
        return str(gettext("On %(weekday)s at %(time)s", weekday=weekday(first, long=True), time=time))
    return str(gettext("On %(date)s at %(time)s", date=short_date(first), time=time))


def _is_soon(one: date, today: date) -> bool:
    return (one - today).days < SOON


def _dates(service: Service, local: list[datetime]) -> str:
    """Write the dates of the times in little room: "Wed 2, Thu 3 Dec"; of a night its two."""
    if not local:
        return ""
    if service.is_by_night:
        morning = local[0].date() + timedelta(days=1)
        return str(gettext("night of %(first)s to %(last)s", first=short_date(local[0]), last=short_date(morning)))
    days = sorted({one.date() for one in local})
    if len(days) == 2 and days[0].replace(day=1) == days[1].replace(day=1):
        return f"{_day_label(days[0])}, {short_day(days[1])}"
    return short_day(days[0])


# ---------------------------------------------------------------- its times


def _times(card: Card, party: int | None, today: date) -> tuple[TimeLink, ...]:
    zone = card.service.zone
    slots = [one.slot for one in card.next_slots]
    is_one_day = len({one.starts_at.astimezone(zone).date() for one in slots}) == 1
    first = slots[0].starts_at.astimezone(zone) if slots else None
    return tuple(_time(card.service, slot, None if is_one_day else first, party, today) for slot in slots)


def _time(service: Service, slot: Slot, first: datetime | None, party: int | None, today: date) -> TimeLink:
    """Name a time by what the headline, which says the `first`, leaves open; None where all are of one day."""
    local = slot.starts_at.astimezone(service.zone)
    if first is None:
        label = _clock(local)
    else:
        label = _occurrence_label(local, first) if service.is_shared else _label(local, first, today)
    seats = service.is_shared and slot.left is not None
    note = ngettext("%(num)s place", "%(num)s places", slot.left) if seats else ""
    spoken = gettext("%(day)s at %(time)s", day=day(local), time=_clock(local))
    return TimeLink(label, str(note), str(spoken), _leads_to(service, slot, party))


def _label(local: datetime, first: datetime, today: date) -> str:
    if local.date() == first.date():
        return _clock(local)
    named = weekday(local) if _is_soon(local.date(), today) else _day_label(local, first)
    return str(gettext("%(day)s %(time)s", day=named, time=_clock(local)))


def _occurrence_label(local: datetime, first: datetime) -> str:
    """Name an occurrence by its day, and its time of day where that is another."""
    named = _day_label(local, first)
    if local.time() == first.time():
        return named
    return str(gettext("%(day)s %(time)s", day=named, time=_clock(local)))


def _clock(local: datetime) -> str:
    zone: Any = local.tzinfo
    return clock(local, zone)


def _day_label(one: date, first: date | None = None) -> str:
    """Write a day by weekday and number; by its month where that is not the headline's."""
    if first and (one.year, one.month) != (first.year, first.month):
        return short_date(one)
    return str(gettext("%(weekday)s %(number)s", weekday=weekday(one), number=first_of_month(str(one.day), one)))


def _leads_to(service: Service, slot: Slot, party: int | None) -> str:
    """Return where a click on a time leads: straight to booking it where nothing is left to choose."""
    choice = Choice(service, start=slot.starts_at, participants=party)
    if is_all_chosen(service, party):
        return page_url("booking.form", choice.order_query(), slug=service.slug)
    return page_url("services.show", choice.query(), slug=service.slug)


def is_all_chosen(service: Service, party: int | None) -> bool:
    """Tell whether a time is all that is missing: the party is known, and neither length nor price is asked for."""
    has_party = party is not None or service.min_party == service.max_party
    return has_party and not (service.is_by_night or service.is_variable or declared_inputs(service))
