"""What was missed? Whatever was interrupted, never told, or never answered is found here and brought to its end.

Every part may run at any time, twice, and in several workers at once; one that fails does not keep the others.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.domain.errors import BookingError, PaymentUnavailable
from portal.domain.payments import PAYABLE, PaymentState
from portal.gateways.payments import PaymentRefused
from portal.store import bookings, payments
from portal.store.db import db, transaction
from portal.usecases.holds import lapse_hold
from portal.usecases.money import Money
from portal.usecases.payment_events import handle_event
from portal.usecases.refunds import chase_refund
from portal.usecases.settlements import close_payment, load_payment, release_payment, settle

QUIET = timedelta(minutes=2)  # who was heard of more recently is being looked after by others
MOST_AT_ONCE = 200
EVENTS = "stripe_event"
OVERLAP = timedelta(minutes=10)  # events may become visible a little after they were created
FIRST_LOOK = timedelta(days=1)
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reconciled:
    """How many things were brought further, and how many have to wait for the next time."""

    payments: int
    refunds: int
    events: int
    waiting: int


def reconcile(money: Money, now: datetime) -> Reconciled:
    """Ask the provider about everything that is not finished, and about events that did not arrive."""
    if money.gateway is None:
        return Reconciled(0, 0, 0, 0)
    quiet = now - QUIET
    waiting = [0]
    found = payments.unfinished_payments(db.session(), quiet, MOST_AT_ONCE)
    settled = _each(found, lambda one: _go_on(one, money, now), waiting)
    open_refunds = payments.pending_refunds(db.session(), quiet, MOST_AT_ONCE)
    refunded = _each(open_refunds, lambda one: chase_refund(one, money, now), waiting)
    return Reconciled(settled, refunded, _missed_events(money, now, waiting), waiting[0])


def _each(ids: Iterable[str], act: Callable[[str], object], waiting: list[int]) -> int:
    """Do something about each; return how many went well."""
    done = 0
    for one in ids:
        try:
            act(one)
            done += 1
        except (BookingError, PaymentRefused) as error:
            db.session.rollback()
            waiting[0] += 1
            _LOG.warning("reconciling %s has to wait: %s", one, type(error).__name__)
    return done


def _go_on(payment_id: str, money: Money, now: datetime) -> None:
    """Do the next thing for a payment that nothing was heard of for a while."""
    payment = load_payment(payment_id)
    transaction(lambda session: payments.touch_payment(session, payment_id, now))
    if payment.status is PaymentState.RELEASING:
        release_payment(payment, money, now)
    elif payment.status is PaymentState.OPENING and not (payment.session_id or payment.intent_id):
        close_payment(payment, money, now)  # whoever asked for it is gone
    else:
        settle(payment_id, money, now)


def _missed_events(money: Money, now: datetime, waiting: list[int]) -> int:
    """Handle the events that were not delivered; the watermark moves up to the first that could not be handled."""
    since = payments.watermark(db.session(), EVENTS) or now - FIRST_LOOK
    try:
        found = money.ask(lambda it: it.events_since(since - OVERLAP))
    except PaymentUnavailable:
        waiting[0] += 1
        return 0
    known = payments.handled_events(db.session(), [one.id for one in found])
    handled, mark = 0, now
    for event in found:
        if event.id in known:
            continue
        try:
            handled += handle_event(event, money, now)
        except (BookingError, PaymentRefused) as error:
            db.session.rollback()
            waiting[0] += 1
            mark = min(mark, event.created)
            _LOG.warning("event %s (%s) has to wait: %s", event.id, event.type, type(error).__name__)
    transaction(lambda session: payments.set_watermark(session, EVENTS, max(since, mark)))
    return handled


def release_lapsed(money: Money, now: datetime) -> int:
    """End the bookings whose hold lapsed: close what could still be paid, and only then give them their status.

    One that was paid at the last moment is confirmed, or its money goes back. Returns how many were looked after.
    """
    waiting = [0]
    return _each(bookings.lapsed_bookings(db.session(), now), lambda one: _release(one, money, now), waiting)


def _release(booking_id: str, money: Money, now: datetime) -> None:
    for one in payments.payments_of(db.session(), booking_id):
        if one.status in PAYABLE:
            close_payment(one, money, now)
        elif one.status is PaymentState.PROCESSING:
            settle(one.id, money, now)
    lapse_hold(booking_id, now)
    for one in payments.payments_of(db.session(), booking_id):
        if one.status is PaymentState.RELEASING and money.gateway is not None:
            release_payment(one, money, now)
