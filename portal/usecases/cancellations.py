"""How is a booking cancelled, and what comes back?"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.cancellation import CancellationTerms, Obstacle, cancellation_terms, refund_due
from portal.domain.errors import AlreadyCancelled, Conflict, Forbidden, NotCancellable, PaidMeanwhile, TooLateToChange
from portal.domain.lifecycle import BookingStatus
from portal.domain.money import Amount
from portal.domain.notifications import Kind
from portal.domain.payments import PAYABLE, Payment, PaymentState, RefundChoice, RefundState, Why, in_steps
from portal.domain.rules import Rules
from portal.store import bookings, payments
from portal.store.db import MAX_ATTEMPTS, StaleRead, db, transaction
from portal.usecases import places
from portal.usecases.access import require_active
from portal.usecases.audit import move
from portal.usecases.changes import change_booking, find_booking
from portal.usecases.idempotency import Once, amend_answer, raise_earlier_answer
from portal.usecases.messages import tell_customer
from portal.usecases.money import Money
from portal.usecases.payments import drop_hold
from portal.usecases.refunds import begin_refund, try_refund
from portal.usecases.settlements import release_payment, try_settling


def terms_of(booking: Booking, rules: Rules, now: datetime) -> CancellationTerms:
    """Say whether the customer may cancel now and what he gets back: shown before he confirms."""
    return cancellation_terms(
        booking.cancellation_policy,
        booking.start,
        now,
        allow_by_rule=rules.allow_cancellation,
        default_hours=rules.cancellation_deadline_hours,
        paid_minor=booking.amount_paid,
        refunded_minor=booking.amount_refunded,
        is_unpaid_hold=booking.status is BookingStatus.PENDING,
    )


def cancel_booking(
    booking_id: str,
    reason: str | None,
    caller: Account,
    rules: Rules,
    now: datetime,
    once: Once[Booking] | None = None,
    *,
    money: Money | None = None,
    choice: RefundChoice = RefundChoice.POLICY,
) -> Booking:
    """Cancel a booking, free its place, and give back what is due: the customer until the cutoff, staff at any time.

    Staff choose what goes back; customers get what the policy says. What could still be paid is closed first.
    Raises NotFound, AlreadyCancelled, TooLateToChange, NotCancellable, WrongState, Forbidden; PaidMeanwhile and
    PaymentUnavailable, with nothing changed.
    """
    require_active(caller)
    if choice is not RefundChoice.POLICY and not caller.is_staff:
        raise Forbidden
    raise_earlier_answer(db.session(), once)
    used = money or Money(None, rules)
    for _ in range(MAX_ATTEMPTS):
        seen = find_booking(booking_id, caller)
        drop_hold(seen, used, now)
        try:
            cancelled = _cancel(seen, reason, caller, rules, now, once, choice)
        except StaleRead:  # a page was opened again since it was closed
            db.session.rollback()
            continue
        return carry_out(cancelled, used, now, once)
    raise Conflict


def _cancel(
    seen: Booking,
    reason: str | None,
    caller: Account,
    rules: Rules,
    now: datetime,
    once: Once[Booking] | None,
    choice: RefundChoice,
) -> Booking:
    def change(session: Session, booking: Booking) -> None:
        if booking.status is BookingStatus.CANCELLED or booking.has_lapsed(now):
            raise AlreadyCancelled
        if seen.awaits_payment and not booking.awaits_payment:
            raise PaidMeanwhile
        if not caller.is_staff:
            _check_terms(terms_of(booking, rules, now))
        found = payments.payments_of(session, booking.id)
        if any(one.status in PAYABLE for one in found):
            raise StaleRead
        move(session, booking, BookingStatus.CANCELLED, caller, "cancel", now, reason=reason)
        places.give_back(session, booking)
        let_go(session, found, now)
        back = give_back_paid(session, booking, found, choice, caller, now)
        tell_customer(session, booking, Kind.BOOKING_CANCELLATION, now, refund=back)

    return change_booking(seen.id, caller, now, change, once)


def _check_terms(terms: CancellationTerms) -> None:
    if terms.reason is Obstacle.NOT_CANCELLABLE:
        raise NotCancellable
    if not terms.allowed:
        raise TooLateToChange


# ---------------------------------------------------------------- the money of a booking that ends


def let_go(session: Session, found: Sequence[Payment], now: datetime) -> None:
    """Note that what is only authorised is not wanted any more, inside the transaction that ends the booking."""
    for one in found:
        if one.status is PaymentState.AUTHORISED:
            payments.change_payment(session, one, now, status=PaymentState.RELEASING)


def give_back_paid(
    session: Session, booking: Booking, found: Sequence[Payment], choice: RefundChoice, caller: Account, now: datetime
) -> int:
    """Begin to give back what is due, inside the transaction that ends the booking; return how much that is.

    What a bank disputes is with the bank, and is not given back a second time.
    """
    left = _due(booking, choice)
    own = [one for one in found if one.refundable and not one.is_surplus]
    for one in own:
        part = in_steps(Amount(min(left, one.refundable), one.currency), one.refundable)
        if part:
            begin_refund(session, booking, one, part, Why.POLICY, now, actor=caller)
        left -= min(part, left)
    return _due(booking, choice) - left


def back_by_choice(booking: Booking, choice: RefundChoice) -> int:
    """Return what a choice of the team gives back, minor units: shown before they choose."""
    return _due(booking, choice)


def _due(booking: Booking, choice: RefundChoice) -> int:
    paid, refunded = booking.amount_paid, booking.amount_refunded
    amounts = {
        RefundChoice.NONE: 0,
        RefundChoice.POLICY: max(0, refund_due(booking.cancellation_policy, paid, refunded)),
        RefundChoice.FULL: paid - refunded,
    }
    return amounts[choice]


def carry_out(booking: Booking, money: Money, now: datetime, once: Once[Booking] | None) -> Booking:
    """After the transaction that ended a booking: send refunds, release cards; return the booking as it then is.

    What gets no answer now, the reconciling job does.
    """
    for refund in payments.refunds_of(db.session(), booking.id):
        if refund.status is RefundState.PENDING:
            try_refund(refund.id, money, now)
    for payment in payments.payments_of(db.session(), booking.id):
        if payment.status is PaymentState.RELEASING:
            try_settling(release_payment, payment, money, now)
    again = bookings.booking_by_id(db.session(), booking.id, None) or booking
    if again != booking:
        transaction(lambda session: amend_answer(session, once, again))
    return again
