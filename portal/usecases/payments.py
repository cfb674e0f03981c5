"""How does a customer pay, and what does he hear of it?

The attempt with its key is stored before the provider is asked, and its answer kept afterwards. At most one attempt of
a booking can be paid at any moment: the next one closes it first.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import (
    AlreadyPaid,
    Conflict,
    HoldOver,
    NothingToPay,
    PaidMeanwhile,
    PaymentNotTaken,
    PaymentOff,
    PaymentProcessing,
    PaymentUnavailable,
)
from portal.domain.identity import new_id
from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.domain.payments import (
    EXCLUSIVE,
    PAYABLE,
    SESSION_LIFE,
    UNFINISHED,
    Payment,
    PaymentKind,
    PaymentState,
    metadata_of,
)
from portal.gateways.payments import Charge, CheckoutSession, Intent, PaymentGateway, PaymentRefused
from portal.store import accounts, bookings, payments
from portal.store.db import MAX_ATTEMPTS, db, transaction
from portal.store.locks import lock
from portal.usecases import places
from portal.usecases.access import require_active
from portal.usecases.changes import find_booking
from portal.usecases.idempotency import Once, keep_answer, raise_earlier_answer
from portal.usecases.money import Money, is_kept
from portal.usecases.settlements import close_payment, settle, settle_with, truth_of_intent, truth_of_session
from portal.usecases.settling import new_payment

SAME_KEY_FOR = timedelta(minutes=1)  # how long an attempt without an answer is asked for again rather than replaced
UNKNOWN_CUSTOMER = "resource_missing"  # the provider's word for a customer that is not there (any more)


@dataclass(frozen=True)
class ReturnTo:
    """Where the hosted page leads back to, its language, and what it calls the thing that is paid for."""

    success_url: str
    cancel_url: str
    description: str
    locale: str = "fr"


@dataclass(frozen=True)
class OpenPage:
    """A hosted page that can be paid now."""

    session_id: str
    url: str


@dataclass(frozen=True)
class OpenIntent:
    """What a client needs to ask for the card itself."""

    client_secret: str | None
    intent_id: str
    customer_id: str | None


# ---------------------------------------------------------------- opening


def open_payment(
    booking_id: str,
    back: ReturnTo,
    caller: Account,
    money: Money,
    now: datetime,
    once: Once[OpenPage] | None = None,
) -> OpenPage:
    """Open the provider's page for a booking that waits to be paid, or find the one that is open already.

    Raises NotFound, NothingToPay, AlreadyPaid, HoldOver, PaymentProcessing, PaymentNotTaken, PaymentOff,
    PaymentUnavailable, Replay.
    """
    raise_earlier_answer(db.session(), once)
    request = {
        "successUrl": back.success_url,
        "cancelUrl": back.cancel_url,
        "description": back.description,
        "locale": back.locale,
        "expiresAt": (now + SESSION_LIFE).isoformat(),
    }
    payment = _opened(booking_id, PaymentKind.CHECKOUT, request, caller, money, now)
    page = OpenPage(payment.session_id or "", payment.url or "")
    transaction(lambda session: _keep_once(session, once, page, now))
    return page


def _keep_once(session: Session, once: Once[OpenPage] | None, page: OpenPage, now: datetime) -> None:
    raise_earlier_answer(session, once)
    keep_answer(session, once, page, now)


def open_intent(booking_id: str, description: str, caller: Account, money: Money, now: datetime) -> OpenIntent:
    """Make the intent of a booking that waits to be paid, or find the one that is open already; raises as above."""
    payment = _opened(booking_id, PaymentKind.INTENT, {"description": description}, caller, money, now)
    intent_id = payment.intent_id or ""
    secret = money.ask(lambda it: it.intent(intent_id)).client_secret
    return OpenIntent(secret, intent_id, payment.customer_id)


def _opened(
    booking_id: str, kind: PaymentKind, request: dict[str, Any], caller: Account, money: Money, now: datetime
) -> Payment:
    """Return the one attempt of a booking that can be paid, with the provider's answer."""
    require_active(caller)
    if money.gateway is None:
        raise PaymentOff
    owner = find_booking(booking_id, caller)
    _check_waits(owner, now)
    for _ in range(MAX_ATTEMPTS):
        customer = _customer_of(owner.user_id, money, now)
        payment = _claim(booking_id, kind, request, customer, caller, now)
        if _is_wanted(payment, kind, request, now):
            found = _answered(payment, money, now)
            if found is not None:
                return found
        else:
            _make_room(payment, money, now)
        _check_waits(find_booking(booking_id, caller), now)
    raise Conflict


def _check_waits(booking: Booking, now: datetime) -> None:
    """Raise what stands against paying for a booking now."""
    if booking.has_lapsed(now) or booking.lapsed_at is not None:
        raise HoldOver
    if booking.payment_status in {PaymentStatus.PAID, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED}:
        raise AlreadyPaid
    if not booking.awaits_payment:
        raise NothingToPay


def _claim(
    booking_id: str, kind: PaymentKind, request: dict[str, Any], customer: str, caller: Account, now: datetime
) -> Payment:
    """Find the attempt of a booking that lasts, or store a new one: of two callers at once, both get the same."""
    seen = find_booking(booking_id, caller)

    def work(session: Session) -> Payment:
        lock(session, places.locks_of_booking(seen))
        booking = bookings.locked_booking(session, booking_id, None) or seen
        _check_waits(booking, now)
        lasting = [one for one in payments.payments_of(session, booking_id) if one.status in EXCLUSIVE]
        if lasting:
            return lasting[-1]
        payment_id = new_id()
        payments.add_payment(session, new_payment(payment_id, booking, kind, request, customer, now))
        bookings.change_booking(
            session, booking_id, stripe_customer_id=customer, payment_status=PaymentStatus.PENDING, updated_at=now
        )
        added = payments.payment_by_id(session, payment_id)
        assert added is not None
        return added

    return transaction(work)


def _is_wanted(payment: Payment, kind: PaymentKind, request: dict[str, Any], now: datetime) -> bool:
    """Tell whether an attempt that is there serves as well as a new one."""
    if payment.kind is not kind or payment.status not in PAYABLE:
        return False
    same = all(payment.request.get(name) == value for name, value in request.items() if name != "expiresAt")
    return same and (payment.status is PaymentState.OPEN or now - payment.created_at < SAME_KEY_FOR)


def _make_room(payment: Payment, money: Money, now: datetime) -> None:
    """Close the attempt that is in the way; what its provider says of it is settled first."""
    if payment.status is PaymentState.PROCESSING:
        settle(payment.id, money, now)
        again = payments.payment_by_id(db.session(), payment.id)
        if again and again.status is PaymentState.PROCESSING:
            raise PaymentProcessing
        return
    close_payment(payment, money, now)


def _answered(payment: Payment, money: Money, now: datetime) -> Payment | None:
    """Return an attempt that the provider says can be paid; None where it cannot (any more) and another is needed."""
    if payment.status is PaymentState.OPENING:
        return _ask_for(payment, money, now)
    settle(payment.id, money, now)
    again = payments.payment_by_id(db.session(), payment.id)
    return again if again and again.status is PaymentState.OPEN else None


def _ask_for(payment: Payment, money: Money, now: datetime) -> Payment | None:
    """Ask the provider for what was stored, with the key that was stored, and keep the answer."""
    try:
        if payment.kind is PaymentKind.CHECKOUT:
            return _keep_session(payment, money.ask(lambda it: _open_session(it, payment)), money, now)
        return _keep_intent(payment, money.ask(lambda it: it.create_intent(_charge(payment), payment.key)), money, now)
    except PaymentRefused as refused:
        close_payment(payment, money, now)
        if refused.code == UNKNOWN_CUSTOMER:
            _forget_customer(payment)
            return None
        raise PaymentNotTaken from refused
    except PaymentUnavailable as away:
        if is_kept(away):  # it would only be repeated under this key; nobody has the address of what was opened, if any
            close_payment(payment, money, now)
        raise


def _open_session(provider: PaymentGateway, payment: Payment) -> CheckoutSession:
    asked = payment.request
    expires_at = datetime.fromisoformat(asked["expiresAt"])
    return provider.open_session(
        _charge(payment), asked["successUrl"], asked["cancelUrl"], expires_at, asked["locale"], payment.key
    )


def _charge(payment: Payment) -> Charge:
    booking = bookings.booking_by_id(db.session(), payment.booking_id, None)
    assert booking is not None, "bookings with payments are kept"
    db.session.rollback()
    return Charge(
        amount=payment.amount,
        description=payment.request["description"],
        metadata=metadata_of(payment.id, booking.id, booking.service_id, booking.user_id),
        customer_id=payment.customer_id or "",
        hold_only=payment.hold_only,
    )


def _keep_session(payment: Payment, page: CheckoutSession, money: Money, now: datetime) -> Payment | None:
    values = {"session_id": page.id, "url": page.url, "intent_id": page.intent.id if page.intent else None}
    kept = _keep_answer(payment, {"stripe_checkout_session_id": page.id}, values, now)
    if kept.status is PaymentState.OPEN:
        return kept
    settle_with(kept, truth_of_session(page), money, now)  # it was closed meanwhile: so must the page be
    return None


def _keep_intent(payment: Payment, intent: Intent, money: Money, now: datetime) -> Payment | None:
    kept = _keep_answer(payment, {"stripe_payment_intent_id": intent.id}, {"intent_id": intent.id}, now)
    if kept.status is PaymentState.OPEN:
        return kept
    settle_with(kept, truth_of_intent(kept, intent), money, now)
    return None


def _keep_answer(payment: Payment, on_booking: dict[str, Any], values: dict[str, Any], now: datetime) -> Payment:
    def work(session: Session) -> Payment:
        bookings.locked_booking(session, payment.booking_id, None)
        current = payments.payment_by_id(session, payment.id)
        assert current is not None
        if current.status is PaymentState.OPENING:
            values["status"] = PaymentState.OPEN
            bookings.change_booking(session, payment.booking_id, **on_booking, updated_at=now)
        payments.change_payment(session, current, now, **values)
        return payments.payment_by_id(session, payment.id) or current

    return transaction(work)


# ---------------------------------------------------------------- customers of the provider


def _customer_of(user_id: str, money: Money, now: datetime) -> str:
    """Return how the provider calls a person; whoever pays for the first time is made known to it."""
    session = db.session()
    known = accounts.provider_customer(session, user_id)
    if known:
        return known
    person = accounts.account_by_id(session, user_id)
    assert person is not None, "accounts with bookings are kept"
    seal = hashlib.sha256(f"{person.email}\n{person.name}".encode()).hexdigest()[:16]
    minute = (
        int(now.timestamp()) // 60
    )  # a key may be answered with one failure all day: soon another one is asked with
    key = f"customer-{person.id}-{seal}-{minute}"
    try:
        made = money.ask(lambda it: it.create_customer(person.email, person.name, {"userId": person.id}, key))
    except PaymentRefused as refused:
        raise PaymentNotTaken from refused
    transaction(lambda writing: accounts.set_provider_customer(writing, user_id, made))
    return made


def _forget_customer(payment: Payment) -> None:
    """Forget a customer that the provider does not know (any more), so that he is made known anew."""

    def work(session: Session) -> None:
        booking = bookings.booking_by_id(session, payment.booking_id, None)
        if booking and accounts.provider_customer(session, booking.user_id) == payment.customer_id:
            accounts.set_provider_customer(session, booking.user_id, None)

    transaction(work)


# ---------------------------------------------------------------- news


class Phase(StrEnum):
    """How paying stands, as a customer would say it."""

    NOTHING = "nothing"  # nothing is to be paid by card
    DUE = "due"  # the place is held, the money awaited
    FAILED = "failed"  # the same, after a refusal
    PROCESSING = "processing"  # the bank has not decided
    AUTHORISED = "authorised"  # the team has to agree now
    PAID = "paid"
    OVER = "over"  # nothing came in time
    BACK = "back"  # it came, and went back, in part or whole


@dataclass(frozen=True)
class PaymentNews:
    """A booking and how paying for it stands; `is_sure`: the provider was asked just now, as far as it mattered."""

    booking: Booking
    phase: Phase
    payment: Payment | None = None
    client_secret: str | None = None
    is_sure: bool = True


def check_payment(booking_id: str, caller: Account, money: Money, now: datetime) -> PaymentNews:
    """Ask the provider how paying for a booking stands, and do what follows: what a return page shows is the truth.

    Raises NotFound. Where the provider does not answer, the news are the old ones, and not sure.
    """
    find_booking(booking_id, caller)
    is_sure = True
    for one in _lasting(booking_id):
        try:
            settle(one.id, money, now)
        except (PaymentUnavailable, PaymentOff):
            is_sure = False
    booking = find_booking(booking_id, caller)
    found = payments.payments_of(db.session(), booking_id)
    latest = next((one for one in found if one.amount_captured and not one.is_surplus), found[-1] if found else None)
    return PaymentNews(booking, phase_of(booking, latest, now), latest, None, is_sure)


def with_secret(news: PaymentNews, money: Money) -> PaymentNews:
    """Add what a client needs to go on paying by the intent that is open; without an answer the news are not sure."""
    payment = news.payment
    if payment is None or payment.kind is not PaymentKind.INTENT or payment.status is not PaymentState.OPEN:
        return news
    intent_id = payment.intent_id or ""
    try:
        secret = money.ask(lambda it: it.intent(intent_id)).client_secret
    except (PaymentUnavailable, PaymentOff):
        return replace(news, is_sure=False)
    return replace(news, client_secret=secret)


def _lasting(booking_id: str) -> list[Payment]:
    return [one for one in payments.payments_of(db.session(), booking_id) if one.status in UNFINISHED]


def phase_of(booking: Booking, payment: Payment | None, now: datetime) -> Phase:
    """Say how paying for a booking stands."""
    if booking.payment_status is None:
        return Phase.NOTHING
    if booking.amount_refunded or booking.payment_status in {PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED}:
        return Phase.BACK
    if booking.payment_status is PaymentStatus.PAID:
        return Phase.PAID
    if payment and payment.status is PaymentState.PROCESSING:
        return Phase.PROCESSING
    if booking.has_lapsed(now) or booking.status is not BookingStatus.PENDING:
        return Phase.OVER
    if booking.payment_authorised:
        return Phase.AUTHORISED
    return Phase.FAILED if booking.payment_status is PaymentStatus.FAILED else Phase.DUE


# ---------------------------------------------------------------- not paying after all


def abandon_payment(booking_id: str, caller: Account, money: Money, now: datetime) -> PaymentNews:
    """Close whatever of a booking could still be paid; the hold goes on, so that the customer may try again.

    It may have been paid meanwhile: the news say so. Raises NotFound, PaymentUnavailable.
    """
    find_booking(booking_id, caller)
    close_payments(booking_id, money, now)
    return check_payment(booking_id, caller, money, now)


def close_payments(booking_id: str, money: Money, now: datetime) -> None:
    """See to it that nothing of a booking can be paid any more. Raises PaymentUnavailable: then it still can."""
    for one in _lasting(booking_id):
        if one.status in PAYABLE:
            close_payment(one, money, now)


def drop_hold(booking: Booking, money: Money, now: datetime) -> None:
    """Before an unpaid booking is cancelled: see to it that it cannot be paid any more.

    Raises PaidMeanwhile where it just was, PaymentUnavailable where nobody can tell.
    """
    if not booking.awaits_payment or booking.has_lapsed(now):
        return
    close_payments(booking.id, money, now)
    again = bookings.booking_by_id(db.session(), booking.id, None)
    if again and not again.awaits_payment and again.status in {BookingStatus.PENDING, BookingStatus.CONFIRMED}:
        raise PaidMeanwhile
