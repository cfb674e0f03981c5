"""What the provider tells: duplicated, reordered, dropped, forged, or about money that is not as it should be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from portal.domain.booking import Booking
from portal.domain.errors import BadSignature, Forbidden, NotFound, Overloaded, PaymentUnavailable
from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.domain.money import Amount
from portal.domain.payments import PaymentState, Why
from portal.domain.service import Service
from portal.gateways.payments import Intent, IntentStatus, ProviderEvent, Subscription, SubscriptionInvoice
from portal.store.bookings import audit_trail
from portal.store.db import db
from portal.store.payments import EventRow, SubscriptionInvoiceRow, SubscriptionRow
from portal.usecases import payment_events
from portal.usecases.completions import complete_past
from portal.usecases.holds import lapse_hold
from portal.usecases.ledger import open_cases, see_flag
from portal.usecases.money import Money
from portal.usecases.payment_events import KEPT_FOR, forget_events, handle_event, receive_event
from portal.usecases.payments import OpenPage, check_payment, open_intent
from portal.usecases.reconciliation import reconcile, release_lapsed
from tests.build import NOW
from tests.payments.conftest import NINE, check, payments_of, refunds_of, reload
from tests.payments.provider import SIGNATURE, FakeProvider
from tests.people import EVERYBODY

Offer = Callable[..., Service]
Book = Callable[..., Booking]
PayPage = Callable[..., OpenPage]
ALICE, SAM = EVERYBODY.alice, EVERYBODY.sam
LAPSED = NOW + timedelta(minutes=35)
LATER = NOW + timedelta(minutes=5)


def body_of(event: ProviderEvent) -> bytes:
    return f'{{"id": "{event.id}"}}'.encode()


def events() -> list[tuple[str, bool]]:
    db.session.rollback()
    return [(row.type, row.handled_at is not None) for row in db.session.scalars(select(EventRow))]


# ---------------------------------------------------------------- delivered


def test_a_signed_event_confirms_the_booking_once(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    event = provider.told("checkout.session.completed")
    receive_event(body_of(event), SIGNATURE, money, NOW)
    asked = len(provider.calls)
    receive_event(body_of(event), SIGNATURE, money, NOW)
    assert len(provider.calls) == asked, "the second time nothing is asked"
    assert reload(booking).status is BookingStatus.CONFIRMED
    assert events() == [("checkout.session.completed", True)]
    check(NOW)


@pytest.mark.parametrize(("signature", "late"), [("forged", 0), ("", 0), (SIGNATURE, 301)])
def test_an_event_that_nobody_signed_or_long_ago_changes_nothing(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider, signature: str, late: int
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    event = provider.told("checkout.session.completed")
    with pytest.raises(BadSignature):
        receive_event(body_of(event), signature, money, NOW + timedelta(seconds=late))
    assert (reload(booking).status, events()) == (BookingStatus.PENDING, [])


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_events_may_come_in_any_order_and_twice(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider, order: tuple[int, ...]
) -> None:
    booking = book(offer())
    intent = open_intent(booking.id, "Consultation", ALICE, money, NOW)
    provider.decline(intent.intent_id)
    provider.pay_intent(intent.intent_id)
    stray = replace(provider.told("payment_intent.succeeded"), id="evt_stray", type="payment_intent.canceled")
    told = [provider.told("payment_intent.payment_failed"), provider.told("payment_intent.succeeded"), stray]
    for index in order:
        handle_event(told[index], money, NOW)
        handle_event(told[index], money, NOW)
    after = reload(booking)
    assert (after.status, after.payment_status) == (BookingStatus.CONFIRMED, PaymentStatus.PAID)
    check(NOW)


def test_an_event_whose_truth_is_not_to_be_had_now_is_told_again(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    event = provider.told("checkout.session.completed")
    provider.fail("unheard", "session")
    with pytest.raises(PaymentUnavailable):
        receive_event(body_of(event), SIGNATURE, money, NOW)
    assert events() == [("checkout.session.completed", False)]
    receive_event(body_of(event), SIGNATURE, money, NOW)
    assert reload(booking).status is BookingStatus.CONFIRMED


def test_an_event_that_finds_no_lock_is_told_again(
    offer: Offer,
    book: Book,
    pay_page: PayPage,
    money: Money,
    provider: FakeProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    event = provider.told("checkout.session.completed")

    def busy(*_: object) -> None:
        raise Overloaded

    with monkeypatch.context() as patch:
        patch.setattr(payment_events, "settle_with", busy)
        with pytest.raises(Overloaded):
            receive_event(body_of(event), SIGNATURE, money, NOW)
    receive_event(body_of(event), SIGNATURE, money, NOW)
    assert reload(booking).status is BookingStatus.CONFIRMED


def test_events_that_are_nothing_to_us_are_taken(money: Money, app: object) -> None:
    for number, kind in enumerate(("customer.created", "payment_intent.succeeded", "checkout.session.expired")):
        handle_event(ProviderEvent(f"evt_x{number}", kind, NOW, "unknown", {}), money, NOW)
    assert {done for _, done in events()} == {True}


def test_events_are_forgotten_when_nobody_tells_them_any_more(money: Money, app: object) -> None:
    handle_event(ProviderEvent("evt_x", "customer.created", NOW, "unknown", {}), money, NOW)
    assert forget_events(NOW + KEPT_FOR) == 0
    assert forget_events(NOW + KEPT_FOR + timedelta(seconds=1)) == 1


# ---------------------------------------------------------------- missed


def test_what_was_never_told_is_found_by_the_reconciling_job(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    service = offer(capacity=2)
    booking, refunded = book(service), book(service, by=EVERYBODY.bob)
    for one in (booking, refunded):
        provider.pay(pay_page(one).session_id)
    check_payment(refunded.id, EVERYBODY.bob, money, NOW)
    provider.refund_in_dashboard(payments_of(refunded)[0].intent_id or "", 5000)
    done = reconcile(money, LATER)
    assert (done.payments, done.waiting) == (1, 0)
    assert reload(booking).status is BookingStatus.CONFIRMED
    assert reload(refunded).payment_status is PaymentStatus.REFUNDED
    again = reconcile(money, LATER + timedelta(minutes=5))
    assert (again.payments, again.refunds, again.events) == (0, 0, 0)
    check(LATER)


def test_an_event_that_cannot_be_handled_is_met_again_and_does_not_keep_the_others(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    service = offer(capacity=2)
    first, second = book(service), book(service, by=EVERYBODY.bob)
    for one in (first, second):
        provider.pay(pay_page(one).session_id)
        check_payment(one.id, SAM, money, NOW)
        provider.refund_in_dashboard(payments_of(one)[0].intent_id or "", 1000)
    provider.fail("unheard", "refund_by_id")
    assert reconcile(money, LATER).waiting == 1
    assert (reload(first).amount_refunded, reload(second).amount_refunded) == (0, 1000)
    for hours in range(1, 30, 4):  # however long it takes
        reconcile(money, LATER + timedelta(hours=hours))
    assert reload(first).amount_refunded == 1000
    check(LATER)


def test_while_the_provider_is_away_reconciling_waits(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    provider.pay(pay_page(book(offer())).session_id)
    provider.fail("unheard", times=2)
    assert reconcile(money, LATER).waiting == 2
    assert reconcile(Money(None, money.rules), LATER).waiting == 0


# ---------------------------------------------------------------- killed between two steps


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    "call", ["create_customer", "open_session", "session", "refund", "expire_session", "refund_by_id"]
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_whoever_is_killed_at_any_call_leaves_nothing_that_reconciling_does_not_finish(
    offer: Offer,
    book: Book,
    pay_page: PayPage,
    money: Money,
    provider: FakeProvider,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    when: str,
) -> None:
    """One place, wanted twice: the first pays too late, the second in time; somebody dies at one call of it."""
    service = offer()
    dying = [True]
    real = getattr(FakeProvider, call)

    def die(self: FakeProvider, *values: object) -> object:
        if not dying:
            return real(self, *values)
        dying.clear()
        if when == "after":
            real(self, *values)
        raise Killed

    monkeypatch.setattr(FakeProvider, call, die)
    first = book(service)
    _until_it_opens(lambda: pay_page(first))
    second = book(service, by=EVERYBODY.bob, now=LAPSED)
    _until_it_opens(lambda: pay_page(second, now=LAPSED))
    late = LAPSED + timedelta(minutes=3)
    for page in [one for one in provider.sessions.values() if one.is_open]:
        provider.pay(page.id)
    for minutes in range(0, 25, 5):
        moment = late + timedelta(minutes=minutes)
        provider.now = moment
        _unless_killed(lambda moment=moment: reconcile(money, moment))  # type: ignore[misc]
        _unless_killed(lambda moment=moment: release_lapsed(money, moment))  # type: ignore[misc]
        check(moment)
    kept = [one for one in (reload(first), reload(second)) if one.status is BookingStatus.CONFIRMED]
    assert len(kept) == 1
    assert {one.status for one in (*refunds_of(first), *refunds_of(second))} <= {"succeeded"}
    assert not any(one.is_open for one in provider.sessions.values())
    taken = sum(one.amount_received for one in provider.intents.values())
    given = sum(one.amount.minor for one in provider.refunds.values())
    assert taken - given == 5000


def _until_it_opens(act: Callable[[], object]) -> None:
    """Who sees nothing tries again."""
    for _ in range(2):
        _unless_killed(act)


def _unless_killed(act: Callable[[], object]) -> None:
    try:
        act()
    except Killed:
        db.session.rollback()


# ---------------------------------------------------------------- lapse


def test_a_lapsed_page_is_closed_before_its_booking_is_called_off(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    page = pay_page(booking)
    lapse_hold(booking.id, LAPSED)
    assert reload(booking).status is BookingStatus.PENDING, "the provider was not asked yet"
    provider.fail("unheard", "expire_session")
    release_lapsed(money, LAPSED)
    assert reload(booking).status is BookingStatus.PENDING
    assert release_lapsed(money, LAPSED) == 1
    assert provider.sessions[page.session_id].is_expired
    assert reload(booking).status is BookingStatus.CANCELLED
    assert release_lapsed(money, LAPSED) == 0
    check(LAPSED)


def test_who_paid_at_the_last_moment_is_confirmed_by_the_lapse_itself(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    release_lapsed(money, LAPSED)
    assert reload(booking).status is BookingStatus.CONFIRMED
    check(LAPSED)


def test_what_nobody_ever_began_to_pay_lapses_without_asking(
    offer: Offer, book: Book, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    lapse_hold(booking.id, LAPSED)
    assert (reload(booking).status, provider.calls) == (BookingStatus.CANCELLED, [])
    check(LAPSED)


def test_an_event_place_given_back_by_a_rival_is_not_given_back_twice(
    offer: Offer, book: Book, pay_page: PayPage, money: Money
) -> None:
    service = offer(type="event", maxParticipants=2)
    booking = book(service, participants=2)
    pay_page(booking)
    book(service, by=EVERYBODY.bob, participants=1, now=LAPSED)
    book(service, by=EVERYBODY.bob, participants=1, now=LAPSED)
    check(LAPSED)
    release_lapsed(money, LAPSED)
    assert reload(booking).status is BookingStatus.CANCELLED
    check(LAPSED)


# ---------------------------------------------------------------- money that is not as it should be


@pytest.mark.parametrize("paid", [Amount(4999, "EUR"), Amount(5001, "EUR"), Amount(5000, "USD")])
def test_another_amount_or_currency_is_shown_to_staff_and_goes_back(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider, paid: Amount
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id, amount=paid)
    handle_event(provider.told("checkout.session.completed"), money, NOW)
    after = reload(booking)
    assert (after.status, after.amount_paid) == (BookingStatus.PENDING, 0)
    assert [(one.why, one.amount_minor, one.currency) for one in refunds_of(booking)] == [
        (Why.MISMATCH, paid.minor, paid.currency)
    ]
    assert [one.booking_id for one in open_cases(SAM).flagged] == [booking.id]
    check(NOW)
    provider.pay(pay_page(booking).session_id)
    assert check_payment(booking.id, ALICE, money, NOW).booking.status is BookingStatus.CONFIRMED
    check(NOW)


def test_a_flag_is_seen_once_by_the_team_and_stays(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id, amount=Amount(4999, "EUR"))
    handle_event(provider.told("checkout.session.completed"), money, NOW)
    (payment,) = open_cases(SAM).flagged
    with pytest.raises(Forbidden):
        see_flag(booking.id, payment.id, ALICE, NOW)
    for minutes in (1, 2):
        see_flag(booking.id, payment.id, SAM, NOW + timedelta(minutes=minutes))
    assert open_cases(SAM).flagged == []
    (after,) = payments_of(booking)
    assert (after.flag, after.flag_seen_at) == (payment.flag, NOW + timedelta(minutes=1))
    lines = [one for one in audit_trail(db.session(), booking.id) if one.action == "flag-seen"]
    assert [(one.actor_id, one.reason) for one in lines] == [("sam", payment.flag)]
    check(NOW)


def test_only_a_flag_of_the_booking_itself_can_be_seen(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    service = offer()
    flagged, sound = book(service), book(service, NINE + timedelta(hours=1))
    provider.pay(pay_page(flagged).session_id, amount=Amount(4999, "EUR"))
    handle_event(provider.told("checkout.session.completed"), money, NOW)
    pay_page(sound)
    ids = {one.id: payments_of(one)[0].id for one in (flagged, sound)}
    for booking_id, payment_id in ((sound.id, ids[flagged.id]), (sound.id, ids[sound.id]), (flagged.id, "nothing")):
        with pytest.raises(NotFound):
            see_flag(booking_id, payment_id, SAM, NOW)
    assert len(open_cases(SAM).flagged) == 1


def test_an_intent_that_only_says_it_is_ours_goes_back(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    page = pay_page(booking)
    metadata = provider.sessions[page.session_id].metadata
    provider.intents["pi_foreign"] = Intent(
        "pi_foreign", IntentStatus.SUCCEEDED, Amount(5000, "EUR"), 5000, metadata, None, "ch"
    )
    event = ProviderEvent("evt_foreign", "payment_intent.succeeded", NOW, "pi_foreign", metadata, "pi_foreign")
    handle_event(event, money, NOW)
    handle_event(replace(event, id="evt_again"), money, NOW)
    assert reload(booking).status is BookingStatus.PENDING
    assert provider.refunded("pi_foreign") == 5000
    assert len(open_cases(SAM).flagged) == 1
    check(NOW)


def test_the_later_of_two_payments_goes_back_and_the_booking_stays(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    """A page whose answer was lost is open at the provider, and known to nobody: paid after all, it is told."""
    booking = book(offer())
    provider.fail("unanswered", "open_session")
    with pytest.raises(PaymentUnavailable):
        pay_page(booking)
    page = pay_page(booking, now=NOW + timedelta(minutes=2))
    lost = next(one for one in provider.sessions if one != page.session_id)
    provider.pay(page.session_id)
    handle_event(provider.told("checkout.session.completed"), money, LATER)
    provider.pay(lost)
    handle_event(provider.told("checkout.session.completed"), money, LATER)
    after = reload(booking)
    assert (after.status, after.payment_status, after.amount_paid) == (
        BookingStatus.CONFIRMED,
        PaymentStatus.PAID,
        5000,
    )
    assert [one.why for one in refunds_of(booking)] == [Why.PAID_TWICE]
    assert {one.status for one in payments_of(booking)} == {PaymentState.SUCCEEDED}
    assert provider.refunded(provider.sessions[lost].intent.id) == 5000  # type: ignore[union-attr]
    check(LATER)


# ---------------------------------------------------------------- series, ahead of their time


def test_periods_of_a_series_are_kept_once_and_stay_paid(money: Money, provider: FakeProvider, app: object) -> None:
    paid = SubscriptionInvoice("in_1", "sub_1", "pi_series", True, Amount(900, "EUR"))
    for number, is_paid in enumerate((False, True, False)):
        provider.invoices["in_1"] = replace(paid, is_paid=is_paid)
        kind = "invoice.payment_succeeded" if is_paid else "invoice.payment_failed"
        handle_event(ProviderEvent(f"evt_i{number}", kind, NOW, "in_1", {}, None, "sub_1"), money, NOW)
    handle_event(ProviderEvent("evt_p", "payment_intent.succeeded", NOW, "pi_series", {}), money, NOW)
    provider.subscriptions["sub_1"] = Subscription("sub_1", "canceled", {"bookingId": "b"})
    handle_event(ProviderEvent("evt_d", "customer.subscription.deleted", NOW, "sub_1", {}), money, NOW)
    db.session.rollback()
    rows = db.session.scalars(select(SubscriptionInvoiceRow)).all()
    assert [(row.subscription_id, row.invoice_id, row.is_paid) for row in rows] == [("sub_1", "in_1", True)]
    assert [row.status for row in db.session.scalars(select(SubscriptionRow))] == ["canceled"]


# ---------------------------------------------------------------- what took place


def test_what_is_over_is_completed_and_money_stays(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    check_payment(booking.id, ALICE, money, NOW)
    end = NINE + timedelta(minutes=30)
    assert complete_past(end - timedelta(microseconds=1)) == 0
    assert complete_past(end) == 1
    assert complete_past(end) == 0
    assert (reload(booking).status, reload(booking).payment_status) == (BookingStatus.COMPLETED, PaymentStatus.PAID)
    check(end)
