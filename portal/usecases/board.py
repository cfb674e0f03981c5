"""Who comes on a day, and what waits for the team?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.booking_search import Search, State
from portal.domain.lifecycle import BookingStatus
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.timerange import edge, instant_of, minute_of
from portal.store import booking_search, bookings, payments
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.catalogue import list_services
from portal.usecases.ledger import OpenCases, open_cases

MOST = 500  # bookings of a day that one page shows
FEW = 5  # of what waits, that the page names one by one
AHEAD = timedelta(days=14)  # how far it looks for dates with too few people

Row = tuple[Booking, str]  # with its customer's name


@dataclass(frozen=True)
class Waiting:
    """How many bookings wait for something, and the first few of them."""

    count: int
    rows: Sequence[Row]


@dataclass(frozen=True)
class ThinDate:
    """A date of an event or course that has fewer people than it needs."""

    service: Service
    start: datetime
    taken: int
    needed: int


@dataclass(frozen=True)
class Figures:
    """A day in numbers; `expected` is who should have come by now; amounts are by currency, in minor units."""

    bookings: int
    people: int
    arrived: int
    expected: int
    late: int
    paid: Mapping[str, int]
    priced: Mapping[str, int]


@dataclass(frozen=True)
class Board:
    """A day of the house, and what waits for the team whatever the day; `cases` come with their customers' names.

    `processing` are the bookings of the day about whose payment a bank is deciding.
    """

    day: date
    rows: Sequence[Row]
    figures: Figures
    services: Mapping[str, Service]
    to_approve: Waiting
    to_pay: Waiting
    to_assign: Waiting
    thin: Sequence[ThinDate]
    cases: OpenCases
    names: Mapping[str, str]
    processing: frozenset[str]


def read_board(day: date | None, caller: Account, rules: Rules, now: datetime) -> Board:
    """Read a day of the house, today by default, and what waits. Raises Forbidden."""
    require_staff(caller)
    zone = ZoneInfo(rules.time_zone)
    day = day or now.astimezone(zone).date()
    services = {one.id: one for one in list_services(rules, active=None)}
    rows = _rows_of(day, zone, now)
    cases = open_cases(caller, FEW)
    concerned = {one.booking_id for one in (*cases.flagged, *cases.disputed)}
    concerned |= {one.booking_id for one in cases.failed_refunds}
    return Board(
        day=day,
        rows=rows,
        figures=_figures([booking for booking, _ in rows], now),
        services=services,
        to_approve=_waiting(Search(states=(State.TO_APPROVE,)), now),
        to_pay=_waiting(Search(states=(State.TO_PAY,)), now),
        to_assign=_unassigned(now),
        thin=_thin_dates(services, now),
        cases=cases,
        names=booking_search.customers_of(db.session(), concerned),
        processing=payments.being_decided(db.session(), [one.id for one, _ in rows if one.awaits_payment]),
    )


def _rows_of(day: date, zone: ZoneInfo, now: datetime) -> list[Row]:
    start, end = (instant_of(edge(one, 0, zone)) for one in (day, day + timedelta(days=1)))
    found = booking_search.find(db.session(), Search(start=start, end=end), now, MOST)
    return [(booking, name) for booking, name in found if booking.is_live(now)]


def is_late(booking: Booking, now: datetime) -> bool:
    """Tell whether somebody should have come, and has not."""
    is_waited_for = booking.status is BookingStatus.CONFIRMED and booking.check_in is None
    return is_waited_for and booking.start < now < booking.end


def _figures(found: Sequence[Booking], now: datetime) -> Figures:
    paid, priced = Counter[str](), Counter[str]()
    for one in found:
        paid[one.currency] += one.amount_paid - one.amount_refunded
        priced[one.currency] += one.total_price
    return Figures(
        bookings=len(found),
        people=sum(one.participants for one in found),
        arrived=sum(one.check_in is not None for one in found),
        expected=sum(one.start <= now for one in found),
        late=sum(is_late(one, now) for one in found),
        paid=paid,
        priced=priced,
    )


def _waiting(search: Search, now: datetime) -> Waiting:
    rows = booking_search.find(db.session(), search, now, FEW)
    count = len(rows) if len(rows) < FEW else booking_search.totals(db.session(), search, now)[0]
    return Waiting(count, rows)


def _unassigned(now: datetime) -> Waiting:
    rows = booking_search.unassigned(db.session(), now, MOST)
    return Waiting(len(rows), rows[:FEW])


def _thin_dates(services: Mapping[str, Service], now: datetime) -> list[ThinDate]:
    needs = {one.id: one.min_participants for one in services.values() if one.is_shared and one.min_participants}
    span = minute_of(now), minute_of(now + AHEAD)
    dates = bookings.occurrences_of(db.session(), needs, span)
    return [
        ThinDate(services[service_id], instant_of(starts), taken, needs[service_id])
        for service_id, starts, taken in dates
        if taken < needs[service_id]
    ]
