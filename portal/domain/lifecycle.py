"""Which states can a booking be in, which steps lead from one to another, and when does it hold its place?"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum


class BookingStatus(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    NO_SHOW = "no-show"
    RESCHEDULED = "rescheduled"
    WAITLISTED = "waitlisted"


class PaymentStatus(StrEnum):
    """What became of the money; a booking that needs none has none."""

    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"


class Source(StrEnum):
    WEB = "web"
    MOBILE = "mobile"
    API = "api"
    ADMIN = "admin"
    PHONE = "phone"
    WALK_IN = "walk-in"
    EMERGENCY = "emergency"


_S = BookingStatus
# The one table of steps (SPEC §5). Not in it on purpose: pending to completed or no-show (never confirmed,
# so it cannot have taken place), completed to cancelled (a refund afterwards leaves the booking), back from
# rescheduled (its successor has the place).
TRANSITIONS: Mapping[BookingStatus, frozenset[BookingStatus]] = {
    # paid or approved; declined, lapsed or withdrawn; replaced while approval is still asked for
    _S.PENDING: frozenset({_S.CONFIRMED, _S.CANCELLED, _S.RESCHEDULED}),
    _S.CONFIRMED: frozenset({_S.CANCELLED, _S.COMPLETED, _S.NO_SHOW, _S.RESCHEDULED}),
    # an offer accepted: payment or approval due, or nothing more to do; declined, or the time has come
    _S.WAITLISTED: frozenset({_S.PENDING, _S.CONFIRMED, _S.CANCELLED}),
    # staff correct what they marked
    _S.COMPLETED: frozenset({_S.NO_SHOW}),
    _S.NO_SHOW: frozenset({_S.COMPLETED}),
    # money that comes after the hold lapsed takes the place again if it is free (SPEC §7)
    _S.CANCELLED: frozenset({_S.CONFIRMED}),
    _S.RESCHEDULED: frozenset(),
}

LIVE_STATUSES = frozenset({_S.CONFIRMED, _S.COMPLETED, _S.NO_SHOW})  # live whatever the clock says
HOLD_STATUSES = frozenset({_S.PENDING, _S.WAITLISTED})  # live while a hold runs


def can_move(old: BookingStatus, new: BookingStatus) -> bool:
    """Tell whether one step leads from a status to another; staying is no step."""
    return new in TRANSITIONS[old]


def is_live(status: BookingStatus, hold_expires_at: datetime | None, now: datetime) -> bool:
    """Tell whether a booking holds its place (SPEC §5); at the very end of its hold it no longer does.

    A pending booking without an end of its hold stays live (a series lives as long as its subscription). A
    waitlisted one is live only while an offer runs: then its hold has an end.
    """
    if status is BookingStatus.PENDING and hold_expires_at is None:
        return True
    if status in HOLD_STATUSES:
        return hold_expires_at is not None and now < hold_expires_at
    return status in LIVE_STATUSES
