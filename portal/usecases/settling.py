"""How does a decision about a payment become rows? Everything here runs inside one transaction, under its locks."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.availability import Ask
from portal.domain.booking import Booking
from portal.domain.errors import NotFound, SlotUnavailable
from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.domain.money import Amount
from portal.domain.notifications import Kind
from portal.domain.payments import (
    LONGEST_AUTHORISATION,
    BookingFacts,
    Decision,
    MoneyState,
    Payment,
    PaymentKind,
    PaymentState,
    Standing,
    Step,
    Truth,
    Why,
    decide,
    matches,
    standing_of,
)
from portal.domain.rules import Rules
from portal.domain.schedule import length_of
from portal.domain.timerange import DAY, minute_of
from portal.store import bookings, catalogue, payments
from portal.store.db import StaleRead, db
from portal.store.locks import Locks, lock
from portal.usecases import places
from portal.usecases.audit import move, note
from portal.usecases.catalogue import load_service
from portal.usecases.diary import locks_of, read_diary
from portal.usecases.holds import let_lapse
from portal.usecases.invoices import issue_invoice
from portal.usecases.messages import tell_customer, tell_team
from portal.usecases.money import Money
from portal.usecases.refunds import begin_refund, count_money

COVERING = frozenset({PaymentState.AUTHORISED, PaymentState.CAPTURING})


@dataclass(frozen=True)
class Outcome:
    """What was decided; `refund_id` is of the refund that it began."""

    payment: Payment
    decision: Decision
    refund_id: str | None = None


@dataclass(frozen=True)
class Case:
    """A payment with its booking, under the locks of the booking's place, and what the provider says."""

    session: Session
    booking: Booking
    payment: Payment
    truth: Truth
    locks: Locks
    money: Money
    now: datetime

    @property
    def standing(self) -> Standing:
        """How the booking stands if its place could be had again."""
        return self._standing(place_free=True)

    def decision(self, paid_already: bool, *, place_free: bool = True) -> Decision:
        """What the table says."""
        is_match = matches(self.payment, self.truth)
        return decide(self.truth.state, is_match, paid_already, self._standing(place_free=place_free))

    def _standing(self, *, place_free: bool) -> Standing:
        one = self.booking
        is_lapsed = one.lapsed_at is not None
        facts = BookingFacts(
            status=one.status,
            is_live=one.is_live(self.now),
            approval_needed=one.approval_needed,
            payment_authorised=one.payment_authorised,
            lapsed=is_lapsed,
            has_started=self.now >= one.start,
            place_free=place_free,
        )
        return standing_of(facts)


def locks_for(booking: Booking, rules: Rules, now: datetime) -> Locks:
    """Return what is locked to settle: the booking's place or, once its hold is over, all it could be given."""
    own = places.locks_of_booking(booking)
    if booking.is_live(now):
        return own
    session = db.session()
    service = load_service(session, booking.service_id, rules)
    staff = catalogue.resources_and_staff(session, (), bool(service.required_staff))[1]
    wide = locks_of(service, staff, (minute_of(booking.start), minute_of(booking.end)), booking.user_id)
    span = min(own.span[0], wide.span[0]), max(own.span[1], wide.span[1])
    return Locks(span, own.resources | wide.resources, own.staff | wide.staff, own.services | wide.services)


def apply_truth(session: Session, seen: Payment, truth: Truth, locks: Locks, money: Money, now: datetime) -> Outcome:
    """Lock, decide by the table, and write what was decided. A payment that succeeded is settled once and for all.

    Raises StaleRead where the hold ended since the locks were chosen.
    """
    lock(session, locks)
    booking = bookings.locked_booking(session, seen.booking_id, None)
    payment = payments.payment_by_id(session, seen.id)
    if booking is None or payment is None:
        raise NotFound
    if payment.status is PaymentState.SUCCEEDED:
        return Outcome(payment, Decision(Step.WAIT))
    payment = replace(payment, session_id=payment.session_id or truth.session_id)
    case = Case(session, booking, payment, truth, locks, money, now)
    others = [one for one in payments.payments_of(session, booking.id) if one.id != payment.id]
    paid = any(one.status in COVERING or (one.amount_captured and not one.is_surplus) for one in others)
    decision = _of_closed(payment, truth.state) or case.decision(paid)
    if decision.step is Step.RETAKE and not _retake(case):
        decision = case.decision(paid, place_free=False)
    refund_id = _write(case, decision)
    changed = payments.payment_by_id(session, payment.id)
    assert changed is not None
    return Outcome(changed, decision, refund_id)


def _of_closed(payment: Payment, state: MoneyState) -> Decision | None:
    """What was closed here must not be paid any more, even if the provider still offers it."""
    if payment.status is not PaymentState.CLOSED:
        return None
    closed = {
        MoneyState.OPEN: Decision(Step.EXPIRE),
        MoneyState.PROCESSING: Decision(Step.WAIT),
        MoneyState.AUTHORISED: Decision(Step.RELEASE, Why.CANCELLED),
        MoneyState.DEAD: Decision(Step.WAIT),
    }
    return closed.get(state)


def _write(case: Case, decision: Decision) -> str | None:
    refund_id = None
    match decision.step:
        case Step.CONFIRM | Step.RETAKE:
            _confirm(case, retaken=decision.step is Step.RETAKE)
        case Step.REFUND:
            refund_id = _give_back(case, decision.why or Why.MISMATCH)
        case Step.ASK_TEAM:
            _ask_team(case)
        case Step.CAPTURE:
            _change(case, status=PaymentState.CAPTURING)
        case Step.RELEASE:
            _release(case, decision.why or Why.CANCELLED)
        case Step.CLOSE:
            _close(case)
        case Step.DUE_AGAIN:
            _due_again(case)
        case Step.WAIT:
            _wait(case)
        case Step.EXPIRE:
            _change(case)
    return refund_id


def _change(case: Case, **changes: Any) -> None:
    """Write what the provider told of the payment, and what follows."""
    known = {"session_id": case.payment.session_id, "intent_id": case.truth.intent_id or case.payment.intent_id}
    payments.change_payment(case.session, case.payment, case.now, **known, **changes)


def _succeed(case: Case, **changes: Any) -> None:
    _change(
        case,
        status=PaymentState.SUCCEEDED,
        amount_captured=case.truth.received,
        settled_at=case.now,
        failure=None,
        **changes,
    )


# ---------------------------------------------------------------- money that came


def _confirm(case: Case, *, retaken: bool) -> None:
    _succeed(case)
    session, booking, now = case.session, case.booking, case.now
    values: dict[str, Any] = {
        "payment_method": "stripe",
        "payment_authorised": False,
        "approval_needed": False,
        "stripe_payment_intent_id": case.truth.intent_id,
        "payment_transaction_id": case.truth.intent_id,
        "stripe_checkout_session_id": case.payment.session_id,
    }
    if booking.status in {BookingStatus.PENDING, BookingStatus.CANCELLED}:
        if not retaken:
            places.make_permanent(session, booking)
        values |= {"hold_expires_at": None, "lapsed_at": None}
        move(session, booking, BookingStatus.CONFIRMED, None, "pay", now, **values)
        tell_customer(session, booking, _kind_of(booking), now)
    else:
        bookings.change_booking(session, booking.id, **values, updated_at=now)
        note(session, booking.id, None, "pay", now)
    count_money(session, booking, now)
    paid = bookings.booking_by_id(session, booking.id, None)
    payment = payments.payment_by_id(session, case.payment.id)
    assert paid is not None
    assert payment is not None
    money_came(session, paid, payment, case.money, now)


def _kind_of(booking: Booking) -> Kind:
    """Tell a customer that he is booked, or that the team agreed to what he asked for."""
    return Kind.BOOKING_APPROVED if booking.payment_authorised else Kind.BOOKING_CONFIRMATION


def money_came(session: Session, booking: Booking, payment: Payment, money: Money, now: datetime) -> None:
    """Issue the invoice of a payment that confirmed its booking, in its transaction; last, for others wait for it."""
    service = load_service(session, booking.service_id, money.rules)
    paid = Amount(payment.amount_captured, payment.currency)
    issue_invoice(session, booking, service, payment.id, paid, money.invoicing(), now)


def _retake(case: Case) -> bool:
    """Take the place of a lapsed booking again, for the same party at the same time; tell whether it was free."""
    session, booking, rules, now = case.session, case.booking, case.money.rules, case.now
    service = load_service(session, booking.service_id, rules)
    time = minute_of(booking.start), minute_of(booking.end)
    reading = read_diary(session, service, time, rules, now)
    if not case.locks.covers(locks_of(service, dict(reading.diary.supply.staff), time, booking.user_id)):
        raise StaleRead
    for lapsed in reading.lapsed_in((time[0] - DAY, time[1] + DAY)):
        if lapsed != booking.id:
            let_lapse(session, lapsed, now)
    places.give_back(session, booking)
    sole = booking.assigned_staff[0].staff_id if len(booking.assigned_staff) == 1 else None
    ask = Ask(booking.participants, length_of(service, *time) or time[1] - time[0], sole)
    try:
        place = places.take(session, reading.diary, time, ask, None, relaxed=True)
    except SlotUnavailable:
        return False
    places.keep(session, place, booking.id)
    bookings.change_booking(
        session,
        booking.id,
        assigned_resources=place.assigned_resources,
        assigned_staff=place.assigned_staff,
        unfilled_roles=place.unfilled_roles,
        occurrence_id=place.occurrence_id,
    )
    return True


def _give_back(case: Case, why: Why) -> str | None:
    """Keep that the money came, and begin to give all of it back; what does not fit is shown to staff as well."""
    is_foreign = why is Why.MISMATCH
    _succeed(case, is_surplus=is_foreign or why is Why.PAID_TWICE)
    if is_foreign:
        flag_payment(case.session, case.booking, case.payment, _mismatch(case), case.now)
    let_lapse(case.session, case.booking.id, case.now, is_told=False)
    payment = payments.payment_by_id(case.session, case.payment.id)
    assert payment is not None
    if not payment.amount_captured:
        return None
    currency = case.truth.amount.currency
    amount = payment.amount_captured
    return begin_refund(case.session, case.booking, payment, amount, why, case.now, currency=currency).id


def _mismatch(case: Case) -> str:
    came, asked = case.truth, case.payment
    return f"asked {asked.amount}, got {came.amount} ({came.received} received) for {dict(came.metadata)}"


def flag_payment(session: Session, booking: Booking, payment: Payment, flag: str, now: datetime) -> None:
    """Show staff a payment that is not as it should be, until one of them has seen it."""
    payments.change_payment(session, payment, now, flag=flag)
    note(session, booking.id, None, "flag", now, reason=flag)
    tell_team(session, booking, Kind.BOOKING_PAYMENT_FLAGGED, f"payment:{payment.id}", now, flag=flag)


# ---------------------------------------------------------------- money that is only authorised


def _ask_team(case: Case) -> None:
    """Hold the place until the team has answered, but no longer than the card holds the money."""
    _change(case, status=PaymentState.AUTHORISED, failure=None)
    session, booking, now = case.session, case.booking, case.now
    ends = [now + timedelta(hours=case.money.rules.approval_hours), now + LONGEST_AUTHORISATION]
    until = min([*ends, booking.approval_latest] if booking.approval_latest else ends)
    places.hold_until(session, booking, until)
    values = {"payment_authorised": True, "payment_status": PaymentStatus.PENDING, "hold_expires_at": until}
    bookings.change_booking(session, booking.id, **values, updated_at=now)
    note(session, booking.id, None, "authorise", now)
    tell_customer(session, booking, Kind.BOOKING_CREATED, now)


def _release(case: Case, why: Why) -> None:
    _change(case, status=PaymentState.RELEASING)
    if why is Why.MISMATCH:
        flag_payment(case.session, case.booking, case.payment, _mismatch(case), case.now)
    let_lapse(case.session, case.booking.id, case.now)


# ---------------------------------------------------------------- no money


def _wait(case: Case) -> None:
    failure = case.truth.failure
    is_open = case.truth.state is MoneyState.OPEN
    changes: dict[str, Any] = {}
    if case.truth.state is MoneyState.PROCESSING and case.payment.status is not PaymentState.CLOSED:
        changes["status"] = PaymentState.PROCESSING
    elif is_open and case.payment.status is PaymentState.OPENING:
        changes["status"] = PaymentState.OPEN
    if is_open and failure:
        changes["failure"] = failure
        _note_failure(case)
    _change(case, **changes)


def _note_failure(case: Case) -> None:
    """A card that was declined keeps the hold: the customer can try again."""
    if case.booking.awaits_payment and case.booking.payment_status is PaymentStatus.PENDING:
        bookings.change_booking(case.session, case.booking.id, payment_status=PaymentStatus.FAILED, updated_at=case.now)


def _close(case: Case) -> None:
    """Let an attempt end; who was still waiting for a bank's answer is told that it was no."""
    was_processing = case.payment.status is PaymentState.PROCESSING
    _change(case, status=PaymentState.CLOSED, failure=case.truth.failure)
    if case.booking.is_live(case.now):
        if case.truth.failure:
            _note_failure(case)
        if was_processing and case.booking.awaits_payment:
            tell_customer(case.session, case.booking, Kind.BOOKING_PAYMENT_FAILED, case.now)
    let_lapse(case.session, case.booking.id, case.now)


def _due_again(case: Case) -> None:
    """Ask for the money anew where what was authorised is gone; the place is held for as long as at first."""
    session, booking, now = case.session, case.booking, case.now
    _change(case, status=PaymentState.CLOSED, failure=case.truth.failure)
    until = now + timedelta(minutes=case.money.rules.hold_minutes)
    places.hold_until(session, booking, until)
    values = {"payment_authorised": False, "payment_status": PaymentStatus.FAILED, "hold_expires_at": until}
    bookings.change_booking(session, booking.id, **values, updated_at=now)
    note(session, booking.id, None, "due-again", now, reason=case.truth.failure)
    tell_customer(session, booking, Kind.BOOKING_PAYMENT_DUE, now)


def new_payment(
    payment_id: str,
    booking: Booking,
    kind: PaymentKind,
    request: dict[str, Any],
    customer_id: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the row of a new attempt, before the provider is asked."""
    return {
        "id": payment_id,
        "booking_id": booking.id,
        "kind": kind,
        "amount_minor": booking.total_price,
        "currency": booking.currency,
        "status": PaymentState.OPENING,
        "key": f"payment-{payment_id}",
        "hold_only": booking.approval_needed,
        "customer_id": customer_id,
        "request": request,
        "created_at": now,
        "updated_at": now,
    }
