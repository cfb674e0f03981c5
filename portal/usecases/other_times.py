"""Can a time still be booked, and if not, which others can? Asked before a customer has typed anything."""

from collections.abc import Sequence
from datetime import datetime

from portal.domain.account import Account
from portal.domain.availability import booking_window
from portal.domain.rules import Rules
from portal.store.db import db
from portal.usecases.bookings import alternatives
from portal.usecases.diary import read_diary
from portal.usecases.orders import Order
from portal.usecases.slots import PricedSlot, is_offered


def missed(order: Order, caller: Account, rules: Rules, now: datetime) -> Sequence[PricedSlot] | None:
    """Return the nearest free times where the one asked for cannot be booked; None where it can.

    Nothing is taken by asking: whoever confirms may still come too late. Staff may book off the grid, and are not told.
    """
    if caller.is_staff or _is_free(order, rules, now):
        return None
    return alternatives(order, rules, now)


def _is_free(order: Order, rules: Rules, now: datetime) -> bool:
    start, service = order.time[0], order.service
    first, end = booking_window(service, rules, now)
    if not first <= start < end:
        return False
    diary = read_diary(db.session(), service, (start, start + 1), rules, now).diary
    found = [one for one in diary.slots(order.ask, (start, start + 1)) if one.start == start]
    return any(is_offered(diary, one, order.ask, order.customer.attributes) for one in found)
