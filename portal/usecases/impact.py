"""Which live bookings does a change leave outside, and was each of them looked at?

A use-case that closes, shortens hours or adds time off takes `agreed`. None means that nobody is asked: the change
goes through. A set names the bookings that somebody has decided about: `check_agreed` is called inside the transaction,
under the lock, with the live bookings ahead that the change hits and did not hit before; one that is not in the set was
made after the question, and is asked about again. Pages do the asking with `web/staff/hits.py`.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.deeds import Deed, deeds_of
from portal.domain.errors import AlreadyCancelled, BookingError, HitsBookings
from portal.domain.payments import RefundChoice
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store import booking_search
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.cancellations import back_by_choice, cancel_booking
from portal.usecases.catalogue import list_services
from portal.usecases.money import Money

Agreed = frozenset[str]


def check_agreed(hit: Set[str], agreed: Agreed | None) -> None:
    """Raise HitsBookings where somebody is asked about what a change hits, and has not agreed to each."""
    if agreed is not None and not hit <= agreed:
        raise HitsBookings(hit)


@dataclass(frozen=True)
class Hit:
    """A booking that a change hits; `back` is what a cancellation gives back in full, minor units."""

    booking: Booking
    customer: str
    service: Service
    can_cancel: bool
    back: int


def read_hits(booking_ids: Iterable[str], caller: Account, rules: Rules, now: datetime) -> list[Hit]:
    """Read some bookings with all that somebody wants to know to decide about them, by start. Raises Forbidden."""
    require_staff(caller)
    services = {one.id: one for one in list_services(rules, active=None)}
    return [
        Hit(
            booking,
            name,
            services[booking.service_id],
            Deed.CANCEL in deeds_of(booking, now),
            back_by_choice(booking, RefundChoice.FULL),
        )
        for booking, name in booking_search.find_by_id(db.session(), booking_ids)
    ]


def cancel_all(
    booking_ids: Sequence[str], reason: str | None, caller: Account, money: Money, now: datetime
) -> Mapping[str, BookingError]:
    """Cancel bookings one by one, with all the money back; return what stood against those that are not cancelled.

    Each is a transaction of its own, so that what was done stays done; one that is cancelled already is no failure.
    """
    require_staff(caller)
    failed: dict[str, BookingError] = {}
    for one in booking_ids:
        try:
            cancel_booking(one, reason, caller, money.rules, now, money=money, choice=RefundChoice.FULL)
        except AlreadyCancelled:
            continue
        except BookingError as error:
            failed[one] = error
    return failed
