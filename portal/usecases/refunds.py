"""How does money go back, once, and never more than came?

The row with its key is committed before the provider is asked; a time-out asks again with the same key.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import (
    N_,
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    NothingToPay,
    PaymentUnavailable,
    RefundBlocked,
    RefundTooLarge,
)
from portal.domain.identity import new_id
from portal.domain.money import Amount
from portal.domain.notifications import Kind
from portal.domain.payments import Payment, Refund, RefundState, Why, charge_step, status_of_sums
from portal.gateways.payments import PaymentRefused, ProviderRefund, RefundStatus
from portal.store import bookings, payments
from portal.store.db import db, transaction
from portal.usecases.access import owner_of_reads, require_staff
from portal.usecases.audit import note
from portal.usecases.idempotency import Once, amend_answer, keep_answer, raise_earlier_answer
from portal.usecases.invoices import issue_again, issue_credit_note
from portal.usecases.messages import tell_customer, tell_team
from portal.usecases.money import Money, is_kept

_LOG = logging.getLogger(__name__)

_STATES = {
    RefundStatus.PENDING: RefundState.PENDING,
    RefundStatus.SUCCEEDED: RefundState.SUCCEEDED,
    RefundStatus.FAILED: RefundState.FAILED,
}
# A refund can fail after it had succeeded; nothing comes after a failure.
_LATER = {
    RefundState.PENDING: {RefundState.SUCCEEDED, RefundState.FAILED},
    RefundState.SUCCEEDED: {RefundState.FAILED},
    RefundState.FAILED: set[RefundState](),
}


# ---------------------------------------------------------------- staff give money back


def refund_booking(
    booking_id: str,
    amount_minor: int | None,
    reason: str | None,
    caller: Account,
    money: Money,
    now: datetime,
    once: Once[Refund] | None = None,
) -> Refund:
    """Give back some of what was paid for a booking, or all that is left of it; the booking stays as it is.

    The refund may still be pending afterwards: then the reconciling job goes on with it.
    Raises Forbidden, NotFound, NothingToPay, RefundTooLarge, RefundBlocked, Invalid, Replay.
    """
    require_staff(caller)

    def work(session: Session) -> Refund:
        raise_earlier_answer(session, once)
        booking = bookings.locked_booking(session, booking_id, owner_of_reads(caller))
        if booking is None:
            raise NotFound
        payment = _refundable(payments.payments_of(session, booking.id), amount_minor)
        amount = payment.refundable if amount_minor is None else amount_minor
        begun = begin_refund(session, booking, payment, amount, Why.STAFF, now, reason=reason, actor=caller)
        keep_answer(session, once, begun, now)
        return begun

    begun = transaction(work)
    done = try_refund(begun.id, money, now)
    if done.status is not begun.status:
        transaction(lambda session: amend_answer(session, once, done))
    return done


def retry_refund(refund_id: str, caller: Account, money: Money, now: datetime) -> Refund:
    """Give back once more what did not arrive: a new refund of the same amount, of the same payment.

    Raises Forbidden, NotFound, Conflict where it did not fail, RefundTooLarge where something went back since.
    """
    require_staff(caller)
    failed = _load(refund_id)

    def work(session: Session) -> Refund:
        found = _find(session, refund_id)
        if found.refund.status is not RefundState.FAILED:
            raise Conflict
        if found.payment.is_disputed:
            raise RefundBlocked
        if _is_made_up(session, found.refund):  # by the first click of two
            raise Conflict(N_("Money of this payment went back since. Look at the list before you repeat it."))
        reason, currency = found.refund.reason, found.refund.currency
        return begin_refund(
            session,
            found.booking,
            found.payment,
            failed.amount_minor,
            Why.STAFF,
            now,
            reason=reason,
            actor=caller,
            currency=currency,
        )

    return try_refund(transaction(work).id, money, now)


def _is_made_up(session: Session, failed: Refund) -> bool:
    """Tell whether something of the same payment went back, or is on its way, since a refund failed."""
    later = (one for one in payments.refunds_of(session, failed.booking_id) if one.created_at >= failed.created_at)
    return any(one.payment_id == failed.payment_id and one.status is not RefundState.FAILED for one in later)


def _refundable(found: list[Payment], amount_minor: int | None) -> Payment:
    """Choose the payment that an amount is taken of: the booking's own before one that was too much."""
    captured = sorted((one for one in found if one.amount_captured), key=lambda one: one.is_surplus)
    if not captured:
        raise NothingToPay(N_("Nothing was paid by card for this booking, so nothing can be given back by card."))
    if all(one.is_disputed for one in captured):
        raise RefundBlocked
    left = [one for one in captured if one.refundable]
    most = max((one.refundable for one in left), default=0)
    chosen = next((one for one in left if one.refundable >= (amount_minor or 1)), None)
    if chosen is None:
        raise RefundTooLarge(left=Amount(most, captured[0].currency))
    if amount_minor is not None and amount_minor % charge_step(chosen.currency):
        message = N_("Amounts of this currency end in 0: its last decimal cannot be moved.")
        raise Invalid([FieldError("amount", "step", message)])
    return chosen


# ---------------------------------------------------------------- inside a transaction


def begin_refund(
    session: Session,
    booking: Booking,
    payment: Payment,
    amount_minor: int,
    why: Why,
    now: datetime,
    *,
    reason: str | None = None,
    actor: Account | None = None,
    currency: str | None = None,
) -> Refund:
    """Store that money goes back, inside a transaction that holds the booking's row; `try_refund` comes after it.

    Raises RefundTooLarge where it is more than is left, whatever was read before.
    """
    if not payments.reserve_refund(session, payment.id, amount_minor):
        raise RefundTooLarge(left=Amount(payment.refundable, payment.currency))
    refund_id = new_id()
    values = {
        "id": refund_id,
        "payment_id": payment.id,
        "booking_id": booking.id,
        "amount_minor": amount_minor,
        "currency": currency or payment.currency,
        "status": RefundState.PENDING,
        "why": why,
        "reason": reason,
        "key": f"refund-{refund_id}",
        "actor_id": actor.id if actor else None,
        "created_at": now,
        "updated_at": now,
    }
    payments.add_refund(session, values)
    count_money(session, booking, now)
    note(session, booking.id, actor, "refund", now, reason=reason or str(why))
    if why is not Why.POLICY:  # else the mail about the cancellation says it
        _tell_money_back(session, booking, values, now)
    found = payments.refund_by_id(session, refund_id)
    assert found is not None
    return found


def _tell_money_back(session: Session, booking: Booking, refund: dict[str, Any], now: datetime) -> None:
    payload = {"amount": refund["amount_minor"], "currency": refund["currency"], "why": str(refund["why"])}
    tell_customer(session, booking, Kind.BOOKING_MONEY_BACK, now, event=f"refund:{refund['id']}", **payload)


def count_money(session: Session, booking: Booking, now: datetime) -> None:
    """Write into a booking what its payments come to."""
    sums = payments.sums_of(session, booking.id)
    values: dict[str, Any] = {"amount_paid": sums.paid, "amount_refunded": sums.refunded}
    if sums.paid:
        values["payment_status"] = status_of_sums(sums.paid, sums.refunded)
    bookings.change_booking(session, booking.id, **values, updated_at=now)


# ---------------------------------------------------------------- asking the provider


def try_refund(refund_id: str, money: Money, now: datetime) -> Refund:
    """Send a refund; one that gets no answer stays pending, and the reconciling job goes on with it."""
    try:
        return send_refund(refund_id, money, now)
    except PaymentUnavailable:
        return _load(refund_id)


def send_refund(refund_id: str, money: Money, now: datetime) -> Refund:
    """Ask the provider to give money back, with the key that was stored for it; keep the answer.

    Raises PaymentUnavailable; the row then waits, with its key.
    """
    refund = _load(refund_id)
    payment = _payment_of(refund)
    if refund.status is not RefundState.PENDING or refund.provider_id or money.gateway is None:
        return refund
    intent_id = payment.intent_id or ""
    try:
        found = money.ask(lambda it: it.refund(intent_id, refund.amount_minor, refund.id, refund.key))
    except PaymentRefused as refused:
        made = _look_for(refund, intent_id, money)
        return keep_refund(made, money, now) if made else _fail(refund, refused.code, money, now)
    except PaymentUnavailable as away:
        _note_attempt(refund, away, now)
        raise
    return keep_refund(replace(found, refund_id=refund.id), money, now)


def chase_refund(refund_id: str, money: Money, now: datetime) -> Refund:
    """Find out what became of a refund without an answer, and send it again where the provider does not know it.

    Where the provider answered with an error of its own, it would repeat that under the same key: the next attempt
    gets a fresh one, stored before it is used, and only after the provider said that there is no such refund.
    """
    refund = _load(refund_id)
    if refund.status is not RefundState.PENDING or money.gateway is None:
        return refund
    if refund.provider_id:
        known = refund.provider_id
        return keep_refund(replace(money.ask(lambda it: it.refund_by_id(known)), refund_id=refund.id), money, now)
    if made := _look_for(refund, _payment_of(refund).intent_id or "", money):
        return keep_refund(made, money, now)
    if refund.failure == KEPT:
        key = f"refund-{refund.id}-{refund.attempts}"
        transaction(lambda session: payments.change_refund(session, refund.id, now, key=key, failure=None))
    return send_refund(refund_id, money, now)


KEPT = "kept"  # the provider failed, and repeats that for a day under the same key


def _look_for(refund: Refund, intent_id: str, money: Money) -> ProviderRefund | None:
    made = money.ask(lambda it: it.refunds_of(intent_id))
    return next((one for one in made if one.refund_id == refund.id), None)


def _note_attempt(refund: Refund, away: PaymentUnavailable, now: datetime) -> None:
    changes = {"attempts": refund.attempts + 1, "failure": KEPT if is_kept(away) else None}
    transaction(lambda session: payments.change_refund(session, refund.id, now, **changes))


def _fail(refund: Refund, code: str, money: Money, now: datetime) -> Refund:
    nothing = Amount(refund.amount_minor, refund.currency)
    return keep_refund(ProviderRefund("", None, nothing, RefundStatus.FAILED, refund.id, code), money, now)


# ---------------------------------------------------------------- keeping the answer


@dataclass(frozen=True)
class _Found:
    """A refund of ours under the locks of its booking."""

    booking: Booking
    payment: Payment
    refund: Refund


def keep_refund(told: ProviderRefund, money: Money, now: datetime) -> Refund:
    """Keep what the provider says of a refund that it names as ours; an older word than ours changes nothing."""

    def work(session: Session) -> Refund:
        found = _find(session, told.refund_id or "")
        _keep(session, found, told, money, now)
        return payments.refund_by_id(session, found.refund.id) or found.refund

    return transaction(work)


def _find(session: Session, refund_id: str) -> _Found:
    seen = payments.refund_by_id(session, refund_id)
    if seen is None:
        raise NotFound
    booking = bookings.locked_booking(session, seen.booking_id, None)
    refund, payment = payments.refund_by_id(session, refund_id), payments.payment_by_id(session, seen.payment_id)
    assert booking is not None, "bookings with refunds are kept"
    assert payment is not None, "payments with refunds are kept"
    return _Found(booking, payment, refund or seen)


def _keep(session: Session, found: _Found, told: ProviderRefund, money: Money, now: datetime) -> None:
    refund, status = found.refund, _STATES[told.status]
    if told.id and refund.provider_id is None:
        payments.change_refund(session, refund.id, now, provider_id=told.id)
    if status not in _LATER[refund.status]:
        return
    payments.change_refund(session, refund.id, now, status=status, failure=told.failure)
    if status is RefundState.SUCCEEDED:
        money_went_back(session, found.booking, found.payment, refund, money, now)
        return
    payments.count_refunds(session, found.payment.id)
    count_money(session, found.booking, now)
    note(session, found.booking.id, None, "refund-failed", now, reason=told.failure)
    payload = {"amount": refund.amount_minor, "currency": refund.currency}
    tell_team(session, found.booking, Kind.BOOKING_REFUND_FAILED, f"refund:{refund.id}", now, **payload)
    if refund.status is RefundState.SUCCEEDED:
        issue_again(session, refund.id, money.invoicing(), now)


def money_went_back(
    session: Session, booking: Booking, payment: Payment, refund: Refund, money: Money, now: datetime
) -> None:
    """Issue the credit note of a refund that succeeded, in its transaction."""
    amount = Amount(refund.amount_minor, refund.currency)
    issue_credit_note(session, payment.id, refund.id, amount, money.invoicing(), now)


def record_refund(told: ProviderRefund, payment: Payment, money: Money, now: datetime) -> None:
    """Keep what the provider says of any refund of a payment; one made in its dashboard is recorded once."""

    def work(session: Session) -> None:
        booking = bookings.locked_booking(session, payment.booking_id, None)
        assert booking is not None, "bookings with payments are kept"
        known = payments.refund_of_provider(session, told.id)
        known = known or (payments.refund_by_id(session, told.refund_id) if told.refund_id else None)
        if known is None:
            known = _record(session, booking, payment, told, now)
        _keep(session, _Found(booking, payment, known), told, money, now)

    transaction(work)


def _record(session: Session, booking: Booking, payment: Payment, told: ProviderRefund, now: datetime) -> Refund:
    values: dict[str, Any] = {
        "id": new_id(),
        "payment_id": payment.id,
        "booking_id": booking.id,
        "amount_minor": told.amount.minor,
        "currency": told.amount.currency,
        "status": RefundState.PENDING,
        "why": Why.ELSEWHERE,
        "key": told.id,
        "provider_id": told.id,
        "created_at": now,
        "updated_at": now,
    }
    payments.add_refund(session, values)
    payments.count_refunds(session, payment.id)
    count_money(session, booking, now)
    note(session, booking.id, None, "refund", now, reason=str(Why.ELSEWHERE))
    if told.status is not RefundStatus.FAILED:
        _tell_money_back(session, booking, values, now)
    found = payments.refund_by_id(session, values["id"])
    assert found is not None
    return found


def _load(refund_id: str) -> Refund:
    found = payments.refund_by_id(db.session(), refund_id)
    if found is None:
        raise NotFound
    return found


def _payment_of(refund: Refund) -> Payment:
    found = payments.payment_by_id(db.session(), refund.payment_id)
    assert found is not None, "payments with refunds are kept"
    return found
