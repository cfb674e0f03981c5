"""How long is kept what nobody needs any more?

| what | kept |
|---|---|
| the answer that an Idempotency-Key was given | 7 days |
| a browser's session | 30 days after the sign-in, as long as its cookie |
| an event of Stripe that was handled | 35 days: Stripe lists its own for 30, and none is handled twice |
| a link of a mail, an access token | until it expires |
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.store import accounts, bookings, payments
from portal.store.db import transaction
from portal.usecases.sessions import LIFE

ANSWERS = timedelta(days=7)
EVENTS = timedelta(days=35)

Forget = Callable[[Session, datetime], int]
NOTHING = timedelta(0)

# What deletes, and how old is too old.
KEPT: tuple[tuple[Forget, timedelta], ...] = (
    (bookings.delete_old_answers, ANSWERS),
    (payments.delete_old_events, EVENTS),
    (accounts.delete_sessions_until, LIFE),
    (accounts.delete_old_links, NOTHING),
    (accounts.delete_old_tokens, NOTHING),
)


def forget_old(now: datetime) -> int:
    """Delete what is over, each kind in a transaction of its own; returns how many rows."""
    return sum(_forget(forget, now - age) for forget, age in KEPT)


def _forget(forget: Forget, until: datetime) -> int:
    return transaction(lambda session: forget(session, until))
