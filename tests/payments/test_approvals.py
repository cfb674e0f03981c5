"""Approval with payment: authorised first, taken when the team agrees, let go when it does not."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.domain.booking import Booking
from portal.domain.errors import SlotUnavailable, WrongState
from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.domain.payments import PaymentState, Why
from portal.domain.service import Service
from portal.gateways.payments import IntentStatus
from portal.usecases.approvals import approve_booking, decline_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.money import Money
from portal.usecases.payments import OpenPage, Phase, check_payment
from portal.usecases.reconciliation import reconcile, release_lapsed
from tests.build import NOW, paris
from tests.payments.conftest import check, payments_of, refunds_of, reload
from tests.payments.provider import FakeProvider
from tests.people import EVERYBODY

Offer = Callable[..., Service]
Book = Callable[..., Booking]
PayPage = Callable[..., OpenPage]
ALICE, SAM = EVERYBODY.alice, EVERYBODY.sam
FAR = paris("2026-12-18 09:00")
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def asked(offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider) -> Booking:
    """A booking of alice's that is authorised and waits for the team."""
    booking = book(offer(requiresApproval=True), FAR)
    assert booking.awaits_payment
    provider.pay(pay_page(booking).session_id)
    news = check_payment(booking.id, ALICE, money, NOW)
    assert (news.phase, news.booking.awaits_approval) == (Phase.AUTHORISED, True)
    return news.booking


def intent_of(booking: Booking, provider: FakeProvider) -> IntentStatus:
    return provider.intents[payments_of(booking)[-1].intent_id or ""].status


def test_authorised_the_place_waits_for_the_team(asked: Booking, book: Book, provider: FakeProvider) -> None:
    assert asked.hold_expires_at == NOW + timedelta(hours=48)
    assert (asked.payment_status, asked.amount_paid) == (PaymentStatus.PENDING, 0)
    check(NOW)


def test_the_card_is_not_held_for_longer_than_six_days(
    offer: Offer, book: Book, pay_page: PayPage, rules: object, provider: FakeProvider, money: Money
) -> None:
    patient = Money(provider, type(money.rules)(**{**vars(money.rules), "approval_hours": 500}), money.issuer)
    booking = book(offer(requiresApproval=True), FAR, rules={"approval_hours": 500})
    provider.pay(pay_page(booking).session_id)
    assert check_payment(booking.id, ALICE, patient, NOW).booking.hold_expires_at == NOW + timedelta(days=6)


def test_before_something_is_authorised_the_team_is_not_asked(offer: Offer, book: Book, money: Money) -> None:
    booking = book(offer(requiresApproval=True), FAR)
    for act in (approve_booking, lambda *given, money: decline_booking(given[0], None, *given[1:], money=money)):
        with pytest.raises(WrongState):
            act(booking.id, SAM, NOW, money=money)


def test_when_the_team_agrees_the_money_is_taken(asked: Booking, money: Money, provider: FakeProvider) -> None:
    approved = approve_booking(asked.id, SAM, NOW, money=money)
    assert (approved.status, approved.payment_status, approved.amount_paid) == (
        BookingStatus.CONFIRMED,
        PaymentStatus.PAID,
        5000,
    )
    with pytest.raises(WrongState):
        approve_booking(asked.id, SAM, NOW, money=money)
    check(NOW + timedelta(days=7))


@pytest.mark.parametrize("when", ["unheard", "unanswered", "broken"])
def test_where_nobody_answers_the_money_is_taken_later_and_once(
    asked: Booking, money: Money, provider: FakeProvider, when: str, book: Book
) -> None:
    provider.fail(when, "capture")
    waiting = approve_booking(asked.id, SAM, NOW, money=money)
    assert (waiting.status, waiting.awaits_approval, waiting.awaits_payment) == (BookingStatus.PENDING, False, False)
    for act in (approve_booking, lambda *given, money: decline_booking(given[0], None, *given[1:], money=money)):
        with pytest.raises(WrongState):
            act(asked.id, SAM, NOW, money=money)
    check(NOW)
    reconcile(money, NOW + timedelta(hours=1))
    assert (reload(asked).status, reload(asked).amount_paid) == (BookingStatus.CONFIRMED, 5000)
    check(NOW + timedelta(days=7))


def test_where_the_card_lets_go_the_customer_pays_again(
    asked: Booking, money: Money, provider: FakeProvider, pay_page: PayPage
) -> None:
    provider.cancel_intent(payments_of(asked)[0].intent_id or "")
    again = approve_booking(asked.id, SAM, NOW, money=money)
    assert (again.status, again.payment_status, again.awaits_payment) == (
        BookingStatus.PENDING,
        PaymentStatus.FAILED,
        True,
    )
    assert again.hold_expires_at == NOW + timedelta(minutes=35)
    check(NOW)
    provider.pay(pay_page(again).session_id)
    news = check_payment(asked.id, ALICE, money, NOW)
    assert (news.phase, news.booking.status) == (Phase.PAID, BookingStatus.CONFIRMED)
    check(NOW)


def test_declined_the_card_is_let_go_and_the_place_is_free(
    asked: Booking, money: Money, provider: FakeProvider, book: Book, offer: Offer
) -> None:
    declined = decline_booking(asked.id, "full house", SAM, NOW, money=money)
    assert (declined.status, intent_of(asked, provider)) == (BookingStatus.CANCELLED, IntentStatus.CANCELED)
    assert {one.status for one in payments_of(asked)} == {PaymentState.CLOSED}
    check(NOW)


def test_taken_back_the_card_is_let_go(asked: Booking, money: Money, provider: FakeProvider) -> None:
    cancel_booking(asked.id, None, ALICE, money.rules, NOW, money=money)
    assert intent_of(asked, provider) is IntentStatus.CANCELED
    check(NOW)


@pytest.mark.parametrize("act", ["decline", "lapse"])
def test_where_nobody_answers_the_card_is_let_go_later(
    asked: Booking, money: Money, provider: FakeProvider, act: str
) -> None:
    provider.fail("unheard", "cancel_intent")
    later = NOW + timedelta(hours=48)
    if act == "decline":
        decline_booking(asked.id, None, SAM, NOW, money=money)
    else:
        release_lapsed(money, later)
    assert (reload(asked).status, intent_of(asked, provider)) == (BookingStatus.CANCELLED, IntentStatus.AUTHORISED)
    reconcile(money, later + timedelta(minutes=5))
    assert intent_of(asked, provider) is IntentStatus.CANCELED
    check(later)


def test_unanswered_in_time_the_card_is_let_go(asked: Booking, money: Money, provider: FakeProvider) -> None:
    later = NOW + timedelta(hours=48)
    assert release_lapsed(money, later) == 1
    assert (reload(asked).status, intent_of(asked, provider)) == (BookingStatus.CANCELLED, IntentStatus.CANCELED)
    check(later)


def test_authorised_too_late_the_card_is_let_go(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer(requiresApproval=True), FAR)
    provider.pay(pay_page(booking).session_id)
    late = NOW + timedelta(minutes=35)
    assert check_payment(booking.id, ALICE, money, late).phase is Phase.OVER
    assert intent_of(booking, provider) is IntentStatus.CANCELED
    check(late)


def test_what_is_taken_though_the_booking_was_dropped_goes_back(
    asked: Booking, money: Money, provider: FakeProvider
) -> None:
    provider.capture(payments_of(asked)[0].intent_id or "", 5000, "in the dashboard")
    declined = decline_booking(asked.id, None, SAM, NOW, money=money)
    assert (declined.status, declined.amount_refunded) == (BookingStatus.CANCELLED, 5000)
    assert [one.why for one in refunds_of(asked)] == [Why.CANCELLED]
    check(NOW)


def test_a_place_that_is_held_for_the_team_is_not_sold(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    service = offer(requiresApproval=True)
    booking = book(service, FAR)
    provider.pay(pay_page(booking).session_id)
    check_payment(booking.id, ALICE, money, NOW)
    with pytest.raises(SlotUnavailable):
        book(service, FAR, by=EVERYBODY.bob, now=NOW + timedelta(hours=47))
    approve_booking(booking.id, SAM, NOW + timedelta(hours=47), money=money)
    with pytest.raises(SlotUnavailable):
        book(service, FAR, by=EVERYBODY.bob, now=NOW + timedelta(hours=49))
