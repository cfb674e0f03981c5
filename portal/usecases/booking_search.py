"""How do the team find bookings?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.booking_search import Search
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.supply import StaffMember
from portal.store import booking_search, catalogue, payments
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.catalogue import list_services
from portal.usecases.holds import lapse_hold
from portal.usecases.paging import PAGE, Paged, page_within, rows_before


@dataclass(frozen=True)
class FoundBookings(Paged[tuple[Booking, str]]):
    """A page of bookings, counted from 1, with names of customers; how many there are in all, and their prices.

    `services` and `staff` are all there are: one may look for any of them. `processing` are the bookings about whose
    payment a bank is deciding.
    """

    totals: Mapping[str, int]
    services: Mapping[str, Service]
    staff: Sequence[StaffMember]
    processing: frozenset[str] = frozenset()


def search_bookings(search: Search, page: int, caller: Account, rules: Rules, now: datetime) -> FoundBookings:
    """Find bookings, fifty a page, in five queries at most; a page beyond the last is the last. Raises Forbidden."""
    require_staff(caller)
    count, totals = booking_search.totals(db.session(), search, now)
    page = page_within(page, count)
    rows = _rows(search, page, now)
    processing = payments.being_decided(db.session(), [one.id for one, _ in rows if one.awaits_payment])
    return FoundBookings(rows, page, count, totals, _services(rules), catalogue.all_staff(db.session()), processing)


def nothing_found(caller: Account, rules: Rules) -> FoundBookings:
    """Return an empty page, for a search that makes no sense. Raises Forbidden."""
    require_staff(caller)
    return FoundBookings((), 1, 0, {}, _services(rules), catalogue.all_staff(db.session()))


def _rows(search: Search, page: int, now: datetime) -> list[tuple[Booking, str]]:
    found = booking_search.find(db.session(), search, now, PAGE, rows_before(page))
    lapsed = [booking.id for booking, _ in found if booking.has_lapsed(now)]
    for booking_id in lapsed:
        lapse_hold(booking_id, now)
    return booking_search.find(db.session(), search, now, PAGE, rows_before(page)) if lapsed else found


def _services(rules: Rules) -> dict[str, Service]:
    return {one.id: one for one in list_services(rules, active=None)}


def export_bookings(
    search: Search, caller: Account, rules: Rules, now: datetime
) -> Iterator[tuple[Booking, str, Service]]:
    """Yield everything that a search finds, with the customers' names. Raises Forbidden, before the first."""
    require_staff(caller)
    services = _services(rules)
    rows = booking_search.find_all(db.session(), search, now)
    return ((booking, name, services[booking.service_id]) for booking, name in rows)
