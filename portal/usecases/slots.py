"""Which times can be taken, what do they cost, and when is the next one?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from portal.domain.account import Account
from portal.domain.availability import (
    Ask,
    Diary,
    Slot,
    ask_errors,
    booking_window,
    default_length,
)
from portal.domain.conditions import compile_condition
from portal.domain.errors import N_, FieldError, Invalid, NoSlot
from portal.domain.pricing import PriceRequest, quote
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.timerange import DAY, Range, edge, first_minute_from, instant_of, minute_of
from portal.store.db import db
from portal.usecases.catalogue import get_service, list_services
from portal.usecases.diary import Reading, read_diary, read_supply

MAX_DAYS = 92
CARD_DAYS = 62  # how far the catalogue looks for the next free time of each service
CHUNKS = (2, 5, 14, 31, 92, 366)  # days read at once while looking for the first free times

OF_START = frozenset({"dayOfWeek", "hour", "month", "event_date", "advance_days"})  # what conditions call a start's


@dataclass(frozen=True)
class PricedSlot:
    """A slot and what the party would pay for the length asked for, in minor units."""

    slot: Slot
    price_from: int
    is_shared: bool = False  # `slot.left` counts seats, not bookings
    party: int = 1

    @property
    def is_full(self) -> bool:
        """Tell whether the party it was priced for does not fit."""
        return self.slot.left is not None and self.slot.left < (self.party if self.is_shared else 1)


@dataclass(frozen=True)
class SlotQuery:
    """What to look for; what is None falls back to the service: smallest party, one duration, one night.

    `start` and `end` (exclusive) are local dates of the service or instants.
    """

    start: date | datetime
    end: date | datetime
    participants: int | None = None
    duration: int | None = None
    nights: int | None = None
    staff_id: str | None = None
    with_full: bool = False


def find_slots(
    service: Service,
    query: SlotQuery,
    rules: Rules,
    now: datetime,
    user: Mapping[str, Any] | None = None,
    read: Callable[..., Reading] = read_diary,
) -> list[PricedSlot]:
    """Return the slots of a service in order of time, the full ones only where asked for.

    `read` reads the diary: a service that is not stored yet is read otherwise.
    A party or length that the service never takes has no slots (SPEC §4.4); `ask_of` says why.
    Raises Invalid where the period is out of bounds.
    """
    window = _window(service, query)
    try:
        ask = ask_of(service, query)
    except Invalid:
        return []
    bookable = booking_window(service, rules, now)
    window = max(window[0], bookable[0]), min(window[1], bookable[1])
    if window[0] >= window[1]:
        return []
    diary = read(db.session(), service, window, rules, now).diary
    attributes = user or {}
    slots = [one for one in diary.slots(ask, window) if is_offered(diary, one, ask, attributes, query.with_full)]
    return priced(service, slots, ask, now, attributes)


def is_offered(diary: Diary, slot: Slot, ask: Ask, user: Mapping[str, Any], with_full: bool = False) -> bool:
    """Tell whether a customer is shown a slot: he may start then, and his party fits."""
    if not diary.rules.may_start(slot.start, diary.service.zone, user):
        return False
    return with_full or diary.has_room(slot, ask.party)


def ask_of(service: Service, query: SlotQuery) -> Ask:
    """Return what is looked for, or raise Invalid with everything that is out of bounds."""
    party = service.min_party if query.participants is None else query.participants
    length = query.duration or (query.nights * DAY if query.nights else default_length(service))
    errors = ask_errors(service, party, length)
    if query.nights is not None and not service.is_by_night:
        errors.append(FieldError("nights", "no_nights", N_("This service is not booked by nights.")))
    if errors:
        raise Invalid([_of_query(one, query) for one in errors])
    return Ask(party, length, query.staff_id)


def _of_query(error: FieldError, query: SlotQuery) -> FieldError:
    """Name the field as the query does."""
    if error.field != "endDate":
        return error
    return FieldError("nights" if query.nights else "duration", error.code, error.message, error.params)


def _window(service: Service, query: SlotQuery) -> Range:
    start, end = _minute(query.start, service), _minute(query.end, service)
    if end <= start:
        raise Invalid([FieldError("to", "end_before_start", N_("Let the period end after it starts."))])
    if end > _days_later(start, MAX_DAYS, service.zone):
        message = N_("Ask for at most %(limit)s days at once.")
        raise Invalid([FieldError("to", "window_too_long", message, {"limit": MAX_DAYS})])
    return start, end


def _days_later(start: int, days: int, zone: ZoneInfo) -> int:
    """Return the minute at which the zone's clocks show the same time some days later."""
    local = instant_of(start).astimezone(zone)
    return edge(local.date() + timedelta(days=days), local.hour * 60 + local.minute, zone)


def _minute(bound: date | datetime, service: Service) -> int:
    return first_minute_from(bound) if isinstance(bound, datetime) else edge(bound, 0, service.zone)


def priced(
    service: Service, slots: Sequence[Slot], ask: Ask, now: datetime, user: Mapping[str, Any]
) -> list[PricedSlot]:
    """Add to each slot the total for the party, computing as few as the service's conditions can tell apart."""
    known: dict[tuple[int, ...], int] = {}
    found = []
    seen = _seen_of_start(service)
    shared = service.is_shared
    for slot in slots:
        key = seen(slot)
        if key not in known:
            known[key] = quote(service, price_request(slot.starts_at, slot.ends_at, ask, now, now, user, {})).total
        found.append(PricedSlot(slot, known[key], shared, ask.party))
    return found


def _seen_of_start(service: Service) -> Callable[[Slot], tuple[int, ...]]:
    """Return what tells one start from another where only prices count: nothing, or its local date and hour."""
    names = {name for tier in service.pricing_tiers for name in compile_condition(tier.condition).names}
    if not names & OF_START:
        return lambda slot: ()

    def date_and_hour(slot: Slot) -> tuple[int, ...]:
        local = slot.starts_at.astimezone(service.zone)
        return local.toordinal(), local.hour

    return date_and_hour


def price_request(
    start: datetime,
    end: datetime,
    ask: Ask,
    booked_at: datetime,
    now: datetime,
    user: Mapping[str, Any],
    declared: Mapping[str, Any],
) -> PriceRequest:
    """Return what a price depends on."""
    return PriceRequest(
        party=ask.party,
        start=start,
        end=end,
        duration_minutes=ask.length,
        booked_at=booked_at,
        now=now,
        user=user,
        declared=declared,
    )


def next_slot(
    service_id: str, within_hours: int, participants: int | None, caller: Account, rules: Rules, now: datetime
) -> PricedSlot:
    """Return the first slot free within some hours; for staff the lead time is waived.

    Raises NoSlot.
    """
    service = get_service(service_id, rules, caller)
    query = SlotQuery(now, now + timedelta(hours=within_hours), participants)
    ask = ask_of(service, query)
    earliest, latest = booking_window(service, rules, now)
    start = first_minute_from(now) if caller.is_staff else earliest
    window = start, min(latest, minute_of(now + timedelta(hours=within_hours)) + 1)
    diary = read_diary(db.session(), service, (window[0], max(window)), rules, now).diary
    found = next(_free(diary, ask, window, caller.attributes), None)
    if found is None:
        raise NoSlot(hours=within_hours)
    return priced(service, [found], ask, now, caller.attributes)[0]


def _free(diary: Diary, ask: Ask, window: Range, user: Mapping[str, Any]) -> Iterator[Slot]:
    """Yield the free slots of a window in order."""
    return (one for one in _open(diary, ask, window, user) if diary.has_room(one, ask.party))


def _open(diary: Diary, ask: Ask, window: Range, user: Mapping[str, Any]) -> Iterator[Slot]:
    """Yield the slots of a window in order, the full ones too, laying out no more days than are looked at."""
    start = window[0]
    for days in CHUNKS:
        stop = min(window[1], start + days * DAY)
        if start >= stop:
            return
        yield from diary.each(ask, (start, stop), lambda one: diary.rules.may_start(one, diary.service.zone, user))
        start = stop


@dataclass(frozen=True)
class Card:
    """A service with its next free times; `first_full` is a time before all of them that is taken."""

    service: Service
    next_slots: tuple[PricedSlot, ...]
    first_full: Slot | None = None


def catalogue_cards(
    rules: Rules,
    now: datetime,
    *,
    category: str | None = None,
    search: str | None = None,
    party: int | None = None,
    start: date | None = None,
    most: int = 3,
) -> list[Card]:
    """List the active services that take a party with their next free times from a local date on.

    Takes four queries, however many services and bookings there are. Without a party, each service's smallest counts.
    """
    found = list_services(rules, category=category, search=search)
    services = [service for service in found if party is None or _takes(service, party)]
    if not services:
        return []
    windows = {service.id: _card_window(service, rules, now, start) for service in services}
    supply, _ = read_supply(db.session(), services, windows, now)
    return [_card(Diary(service, supply, rules), windows[service.id], party, now, most) for service in services]


def _takes(service: Service, party: int) -> bool:
    return service.min_party <= party <= (service.max_party or party)


def _card_window(service: Service, rules: Rules, now: datetime, start: date | None) -> Range:
    first, last = booking_window(service, rules, now)
    first = max(first, edge(start, 0, service.zone)) if start else first
    return first, max(first + 1, min(last, first + CARD_DAYS * DAY))


def _card(diary: Diary, window: Range, party: int | None, now: datetime, most: int) -> Card:
    service = diary.service
    ask = Ask(party or service.min_party, default_length(service))
    free: list[Slot] = []
    full: Slot | None = None
    for slot in _open(diary, ask, window, {}):
        if diary.has_room(slot, ask.party):
            free.append(slot)
        elif not free:
            full = full or slot
        if len(free) == most:
            break
    return Card(service, tuple(priced(service, free, ask, now, {})), full)
