"""What became of a payment? The provider is asked, its booking follows: one `settle` for webhook, return page, worker.

Asking happens before the transaction, acting on the outside after it; whatever is interrupted between the two is found
again by its stored state.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.errors import Conflict, NotFound, PaymentUnavailable
from portal.domain.identity import new_id
from portal.domain.payments import (
    MoneyState,
    Payment,
    PaymentKind,
    PaymentState,
    Step,
    Truth,
    Why,
)
from portal.gateways.payments import CheckoutSession, Intent, IntentStatus, PaymentGateway, PaymentRefused
from portal.store import bookings, payments
from portal.store.db import MAX_ATTEMPTS, StaleRead, db, transaction
from portal.usecases.money import Money
from portal.usecases.refunds import begin_refund, try_refund
from portal.usecases.settling import Outcome, apply_truth, flag_payment, locks_for

_LOG = logging.getLogger(__name__)

_STATES = {
    IntentStatus.OPEN: MoneyState.OPEN,
    IntentStatus.PROCESSING: MoneyState.PROCESSING,
    IntentStatus.AUTHORISED: MoneyState.AUTHORISED,
    IntentStatus.SUCCEEDED: MoneyState.SUCCEEDED,
    IntentStatus.CANCELED: MoneyState.DEAD,
}


# ---------------------------------------------------------------- settling


def settle(payment_id: str, money: Money, now: datetime) -> Outcome | None:
    """Ask the provider how a payment stands, and do what follows; None where there is nothing to ask.

    May run any number of times, at once and in any order of news. Raises PaymentUnavailable, NotFound.
    """
    payment = load_payment(payment_id)
    if payment.status is PaymentState.SUCCEEDED:
        return None
    truth = ask_truth(payment, money)
    return settle_with(payment, truth, money, now) if truth else None


def settle_with(payment: Payment, truth: Truth, money: Money, now: datetime, *, follow: bool = True) -> Outcome:
    """Do what follows from what the provider says of a payment."""
    for _ in range(MAX_ATTEMPTS):
        booking = bookings.booking_by_id(db.session(), payment.booking_id, None)
        if booking is None:
            raise NotFound
        locks = locks_for(booking, money.rules, now)

        def work(session: Session) -> Outcome:
            return apply_truth(session, payment, truth, locks, money, now)  # noqa: B023 - called at once

        try:
            outcome = transaction(work)
        except StaleRead:  # the hold ended, or the service changed, since the locks were chosen
            db.session.rollback()
            continue
        if follow:
            _follow(outcome, money, now)
        return outcome
    raise Conflict


def _follow(outcome: Outcome, money: Money, now: datetime) -> None:
    """Do outside what was decided inside; what cannot be done now is stored, and the reconciling job does it."""
    payment, step = outcome.payment, outcome.decision.step
    if outcome.refund_id:
        try_refund(outcome.refund_id, money, now)
    action = {Step.CAPTURE: capture_payment, Step.RELEASE: release_payment, Step.EXPIRE: close_payment}.get(step)
    if action is not None:
        try_settling(action, payment, money, now)


def try_settling(
    action: Callable[[Payment, Money, datetime], Outcome], payment: Payment, money: Money, now: datetime
) -> None:
    """Capture, release or close a payment; what gets no answer now, the reconciling job does."""
    if money.gateway is None:
        return
    try:
        action(payment, money, now)
    except PaymentUnavailable:
        _LOG.warning("payment %s has to wait: the provider does not answer", payment.id)


def load_payment(payment_id: str) -> Payment:
    """Find a payment; raise NotFound."""
    found = payments.payment_by_id(db.session(), payment_id)
    if found is None:
        raise NotFound
    return found


# ---------------------------------------------------------------- asking


def ask_truth(payment: Payment, money: Money) -> Truth | None:
    """Ask how a payment stands; None where the provider never told us what it is called there."""
    session_id, intent_id = payment.session_id, payment.intent_id
    if payment.kind is PaymentKind.CHECKOUT and session_id:
        return truth_of_session(money.ask(lambda it: it.session(session_id)))
    if intent_id:
        return truth_of_intent(payment, money.ask(lambda it: it.intent(intent_id)))
    return None


def truth_of_session(session: CheckoutSession) -> Truth:
    """Read a hosted page: the page's own amount and words, the intent's state once there is one."""
    intent = session.intent
    state = _STATES[intent.status] if intent else MoneyState.OPEN
    if state is MoneyState.OPEN and not session.is_open:
        state = MoneyState.DEAD
    return Truth(
        state,
        intent.amount if intent else session.amount,
        intent.amount_received if intent else 0,
        session.metadata,
        session.id,
        intent.id if intent else None,
        intent.failure if intent else None,
    )


def truth_of_intent(payment: Payment, intent: Intent) -> Truth:
    """Read an intent; that it belongs to the payment's page, if it has one, is known from that page."""
    is_own = intent.id == payment.intent_id
    return Truth(
        _STATES[intent.status],
        intent.amount,
        intent.amount_received,
        intent.metadata,
        payment.session_id if is_own else None,
        intent.id,
        intent.failure,
    )


# ---------------------------------------------------------------- acting


def close_payment(payment: Payment, money: Money, now: datetime) -> Outcome:
    """See to it that a payment cannot be paid any more, and settle what is found: it may have been paid.

    Raises PaymentUnavailable: then it may still be paid.
    """
    if money.gateway is None or not (payment.session_id or payment.intent_id):
        return _close_here(payment, money, now)
    return settle_with(payment, money.ask(lambda it: _closed(it, payment)), money, now)


def _closed(provider: PaymentGateway, payment: Payment) -> Truth:
    if payment.kind is PaymentKind.CHECKOUT and payment.session_id:
        return truth_of_session(provider.expire_session(payment.session_id))
    return truth_of_intent(payment, provider.cancel_intent(payment.intent_id or ""))


def _close_here(payment: Payment, money: Money, now: datetime) -> Outcome:
    """Close what the provider never answered for: nobody has the address of its page, so that nobody can pay there."""
    truth = Truth(MoneyState.DEAD, payment.amount, 0, {})
    return settle_with(payment, truth, money, now)


def release_payment(payment: Payment, money: Money, now: datetime) -> Outcome:
    """Let go of what is held on the card, and settle what is found."""
    intent_id = payment.intent_id or ""
    intent = money.ask(lambda it: it.cancel_intent(intent_id))
    return settle_with(payment, truth_of_intent(payment, intent), money, now, follow=False)


def capture_payment(payment: Payment, money: Money, now: datetime) -> Outcome:
    """Take what is held on the card; where that is refused, let it go, and the customer has to pay again.

    The provider takes an authorisation once, whatever the key: so an hour's key is as good as one for ever, and lets
    us get past an error that it would repeat.
    """
    intent_id, key = payment.intent_id or "", f"{payment.key}-capture-{now:%Y%m%d%H}"
    intent = money.ask(lambda it: _captured(it, intent_id, payment.amount_minor, key))
    return settle_with(payment, truth_of_intent(payment, intent), money, now, follow=False)


def _captured(provider: PaymentGateway, intent_id: str, amount_minor: int, key: str) -> Intent:
    try:
        return provider.capture(intent_id, amount_minor, key)
    except PaymentRefused:
        found = provider.intent(intent_id)
    return provider.cancel_intent(intent_id) if found.status is IntentStatus.AUTHORISED else found


# ---------------------------------------------------------------- money that nobody asked for


def give_back_foreign(payment: Payment, intent: Intent, money: Money, now: datetime) -> None:
    """Give back what was paid under the name of a payment of ours by an intent that is not its own; staff see it."""
    if intent.status is not IntentStatus.SUCCEEDED or not intent.amount_received:
        return

    def work(session: Session) -> str | None:
        booking = bookings.locked_booking(session, payment.booking_id, None)
        if booking is None or payments.payment_of_intent(session, intent.id):
            return None
        found = _add_foreign(session, payment, intent, now)
        flag_payment(session, booking, found, f"an intent that is not ours, with the name of {payment.id}", now)
        return begin_refund(session, booking, found, intent.amount_received, Why.MISMATCH, now).id

    if refund_id := transaction(work):
        try_refund(refund_id, money, now)


def _add_foreign(session: Session, payment: Payment, intent: Intent, now: datetime) -> Payment:
    payment_id = new_id()
    values = {
        "id": payment_id,
        "booking_id": payment.booking_id,
        "kind": PaymentKind.INTENT,
        "amount_minor": intent.amount.minor,
        "currency": intent.amount.currency,
        "status": PaymentState.SUCCEEDED,
        "key": f"payment-{payment_id}",
        "hold_only": False,
        "intent_id": intent.id,
        "amount_captured": intent.amount_received,
        "is_surplus": True,
        "created_at": now,
        "updated_at": now,
        "settled_at": now,
    }
    payments.add_payment(session, values)
    found = payments.payment_by_id(session, payment_id)
    assert found is not None
    return found
