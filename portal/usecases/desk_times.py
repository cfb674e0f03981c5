"""Which times can the desk give, and is a time that was typed free? For staff neither lead time nor horizon counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from portal.domain.account import Account
from portal.domain.availability import Ask, Slot
from portal.domain.pricing import Quote
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.timerange import days_between, edge, first_minute_from, local_date
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.bookings import quote_booking
from portal.usecases.catalogue import load_service
from portal.usecases.diary import read_diary
from portal.usecases.orders import CreateBooking, check_quotable

SHOWN = timedelta(days=6)  # after the first day


@dataclass(frozen=True)
class DeskDay:
    """A day with its times, each with whether the party fits."""

    date: date
    times: Sequence[tuple[Slot, bool]]

    @property
    def free(self) -> int:
        return sum(is_free for _, is_free in self.times)


def week_from(
    service: Service, ask: Ask, day: date, caller: Account, rules: Rules, now: datetime
) -> tuple[DeskDay, ...]:
    """Lay out seven days from one on, without what is over. Raises Forbidden."""
    require_staff(caller)
    zone, last = service.zone, day + SHOWN
    window = max(edge(day, 0, zone), first_minute_from(now)), edge(last + timedelta(days=1), 0, zone)
    times: dict[date, list[tuple[Slot, bool]]] = {}
    if window[0] < window[1]:
        diary = read_diary(db.session(), service, window, rules, now).diary
        slots = ((slot, diary.has_room(slot, ask.party)) for slot in diary.slots(ask, window))
        times = {found: list(own) for found, own in groupby(slots, key=lambda one: local_date(one[0].start, zone))}
    return tuple(DeskDay(one, times.get(one, ())) for one in days_between(day, last))


@dataclass(frozen=True)
class Look:
    """What a booking would cost, and whether its place is free now."""

    price: Quote
    is_free: bool


def look_at(command: CreateBooking, caller: Account, rules: Rules, now: datetime) -> Look:
    """Say of a booking what it would cost and whether it fits; it takes nothing.

    Raises what `quote_booking` raises.
    """
    require_staff(caller)
    price = quote_booking(command, caller, rules, now)
    service = load_service(db.session(), command.service_id, rules)
    order = check_quotable(command, service, caller, rules, now)
    diary = read_diary(db.session(), service, order.time, rules, now).diary
    ask = Ask(order.ask.party, order.ask.length, command.staff_id)
    return Look(price, diary.assign(*order.time, ask, relaxed=True) is not None)
