"""Which link pays for a booking without signing in, how long is it good, and until when may a place wait for money?

A link names the booking and the instant at which it ends, sealed: it opens nothing but the payment of that booking, and
nobody can make one. It ends with the booking's time, so that whoever comes late is told how it stands.
"""

import re
from datetime import datetime, timedelta

from portal.domain.booking import Booking
from portal.domain.errors import N_, FieldError
from portal.domain.seals import is_sealed, seal
from portal.domain.timerange import instant_of, minute_of

PURPOSE, SEAL_BYTES = "pay", 15
LEAST_TIME = timedelta(minutes=35)  # a payment page of Stripe lives for half an hour
HOURS = (2, 8, 24, 48, 72, 168)  # what staff choose from
DEFAULT_HOURS = 24
UNTIL = "payUntil"
_TOKEN = re.compile(r"(?P<booking>.{1,255})\.(?P<end>[0-9]{1,10})\.(?P<seal>[A-Za-z0-9_-]{20})", re.ASCII)


def pay_token(booking: Booking, secret: str) -> str:
    """Return what the link of a booking holds."""
    text = f"{booking.id}.{minute_of(booking.end)}"
    return f"{text}.{seal(PURPOSE, text, secret, SEAL_BYTES)}"


def payable_booking(token: str, secret: str, now: datetime) -> str | None:
    """Return the id of the booking that a link pays for; None where we did not make it, or it has ended."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    text = f"{found['booking']}.{found['end']}"
    is_ours = is_sealed(found["seal"], PURPOSE, text, secret, SEAL_BYTES)
    return found["booking"] if is_ours and now < instant_of(int(found["end"])) else None


def pay_until(hours: int, start: datetime, now: datetime) -> datetime:
    """Return until when a place is kept for so many hours: never longer than up to its start."""
    return min(now + timedelta(hours=hours), start)


def until_errors(until: datetime, start: datetime, now: datetime) -> list[FieldError]:
    """Name what keeps a place from being held until then, at `payUntil`: one error, or none."""
    if start - now < LEAST_TIME:
        message = N_("It begins in less than %(minutes)s minutes: too soon for a link. Let it be paid on site.")
        return [FieldError(UNTIL, "too_soon", message, {"minutes": LEAST_TIME // timedelta(minutes=1)})]
    if until - now < LEAST_TIME:
        message = N_("Leave at least %(minutes)s minutes to pay.")
        return [FieldError(UNTIL, "too_short", message, {"minutes": LEAST_TIME // timedelta(minutes=1)})]
    if until > start:
        return [FieldError(UNTIL, "after_start", N_("Keep the place at most until the booking begins."))]
    return []
