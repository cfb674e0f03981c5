"""What does the provider tell us, and what follows?

An event is a trigger, not the truth: the object that it names is asked for. Its id is stored first and marked once
everything that follows is stored; who is killed in between is told again, and nothing happens twice.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.errors import BadSignature
from portal.domain.notifications import Kind
from portal.domain.payments import Payment, PaymentKind, PaymentState
from portal.gateways.payments import ForgedEvent, ProviderDispute, ProviderEvent
from portal.store import bookings, payments
from portal.store.db import db, transaction
from portal.usecases.audit import note
from portal.usecases.messages import tell_team
from portal.usecases.money import Money
from portal.usecases.refunds import record_refund
from portal.usecases.settlements import (
    give_back_foreign,
    settle,
    settle_with,
    truth_of_intent,
    truth_of_session,
)

KEPT_FOR = timedelta(days=90)  # longer than the provider keeps and repeats them
_LOG = logging.getLogger(__name__)


def receive_event(body: bytes, signature: str, money: Money, now: datetime) -> None:
    """Take an event as it was delivered.

    Raises BadSignature; whatever else it raises has to be answered as a failure, so that the provider tells us again.
    """
    try:
        event = money.ask(lambda it: it.read_event(body, signature, now))
    except ForgedEvent as forged:
        raise BadSignature from forged
    handle_event(event, money, now)


def handle_event(event: ProviderEvent, money: Money, now: datetime) -> bool:
    """Do what follows from an event, unless that was done; tell whether it was not."""
    if transaction(lambda session: payments.begin_event(session, event.id, event.type, event.created, now)):
        return False
    act = HANDLERS.get(event.type)
    if act is not None:
        act(event, money, now)
    transaction(lambda session: payments.end_event(session, event.id, now))
    return True


def forget_events(now: datetime) -> int:
    """Delete the ids of events that nobody tells any more; returns how many."""
    return transaction(lambda session: payments.delete_events(session, now - KEPT_FOR))


# ---------------------------------------------------------------- payments


def _session_changed(event: ProviderEvent, money: Money, now: datetime) -> None:
    session = db.session()
    payment = payments.payment_of_session(session, event.object_id) or _named(session, event)
    if payment is None:
        return
    if payment.session_id in {event.object_id, None}:
        page = money.ask(lambda it: it.session(event.object_id))
        settle_with(payment, truth_of_session(page), money, now)


def _intent_changed(event: ProviderEvent, money: Money, now: datetime) -> None:
    session = db.session()
    payment = payments.payment_of_intent(session, event.object_id)
    if payment is not None:
        settle(payment.id, money, now)
        return
    payment = _named(session, event)
    if payment is None:
        return  # nobody's that we know: a series', or another program's
    _settle_named(payment, event.object_id, money, now)


def _settle_named(payment: Payment, intent_id: str, money: Money, now: datetime) -> None:
    """Settle the payment that an intent names; an intent that is not its own is nobody's, and its money goes back."""
    if payment.kind is PaymentKind.CHECKOUT and payment.session_id:
        settle(payment.id, money, now)
        again = payments.payment_by_id(db.session(), payment.id)
        if again and again.intent_id == intent_id:
            return
    intent = money.ask(lambda it: it.intent(intent_id))
    if payment.kind is PaymentKind.INTENT and payment.intent_id is None:
        settle_with(payment, truth_of_intent(payment, intent), money, now)
    else:
        give_back_foreign(payment, intent, money, now)


def _named(session: Session, event: ProviderEvent) -> Payment | None:
    payment_id = event.metadata.get("paymentId")
    return payments.payment_by_id(session, payment_id) if payment_id else None


# ---------------------------------------------------------------- refunds and disputes


def _refund_changed(event: ProviderEvent, money: Money, now: datetime) -> None:
    told = money.ask(lambda it: it.refund_by_id(event.object_id))
    payment = payments.payment_of_intent(db.session(), told.intent_id or "")
    if payment is not None and payment.status is not PaymentState.SUCCEEDED:
        settle(payment.id, money, now)  # the news of its success are still on their way
        payment = payments.payment_by_id(db.session(), payment.id)
    if payment is not None:
        record_refund(told, payment, money, now)


def _dispute_changed(event: ProviderEvent, money: Money, now: datetime) -> None:
    told = money.ask(lambda it: it.dispute(event.object_id))
    payment = payments.payment_of_intent(db.session(), told.intent_id or "")
    if payment is not None:
        transaction(lambda session: _keep_dispute(session, told, payment, now))


def _keep_dispute(session: Session, told: ProviderDispute, payment: Payment, now: datetime) -> None:
    """Mark payment and booking, and tell the team that there is something to answer, or how it ended."""
    booking = bookings.locked_booking(session, payment.booking_id, None)
    assert booking is not None, "bookings with payments are kept"
    values: dict[str, Any] = {
        "payment_id": payment.id,
        "amount_minor": told.amount.minor,
        "currency": told.amount.currency,
        "status": told.status[:50],
        "is_over": told.is_over,
        "is_lost": told.is_lost,
    }
    is_new = payments.keep_dispute(session, told.id, values, now)
    payments.change_payment(session, payment, now, is_disputed=payments.is_disputed(session, payment.id))
    if is_new or told.is_over:
        note(session, booking.id, None, "dispute", now, reason=told.status)
        payload = {"amount": told.amount.minor, "currency": told.amount.currency, "status": told.status}
        tell_team(session, booking, Kind.BOOKING_DISPUTED, f"dispute:{told.id}:{told.status}", now, **payload)


# ---------------------------------------------------------------- paid series


def _invoice_changed(event: ProviderEvent, money: Money, now: datetime) -> None:
    """Keep that a period of a series was paid, or was not: once, by subscription and invoice."""
    told = money.ask(lambda it: it.subscription_invoice(event.object_id))
    subscription_id = told.subscription_id or event.subscription_id
    if subscription_id is None:
        return
    values = {
        "is_paid": told.is_paid,
        "amount_minor": told.amount.minor,
        "currency": told.amount.currency,
        "intent_id": told.intent_id,
        "updated_at": now,
    }
    transaction(lambda session: payments.keep_invoice(session, subscription_id, told.id, values))


def _subscription_ended(event: ProviderEvent, money: Money, now: datetime) -> None:
    told = money.ask(lambda it: it.subscription(event.object_id))
    booking_id = told.metadata.get("bookingId")
    transaction(lambda session: payments.keep_subscription(session, told.id, told.status, booking_id, now))


Handler = Callable[[ProviderEvent, Money, datetime], None]
HANDLERS: Mapping[str, Handler] = {
    "checkout.session.completed": _session_changed,
    "checkout.session.async_payment_succeeded": _session_changed,
    "checkout.session.async_payment_failed": _session_changed,
    "checkout.session.expired": _session_changed,
    "payment_intent.succeeded": _intent_changed,
    "payment_intent.payment_failed": _intent_changed,
    "payment_intent.canceled": _intent_changed,
    "payment_intent.amount_capturable_updated": _intent_changed,
    "refund.created": _refund_changed,
    "refund.updated": _refund_changed,
    "refund.failed": _refund_changed,
    "charge.dispute.created": _dispute_changed,
    "charge.dispute.closed": _dispute_changed,
    "invoice.payment_succeeded": _invoice_changed,
    "invoice.payment_failed": _invoice_changed,
    "customer.subscription.deleted": _subscription_ended,
}
