"""Money goes back: by staff, by cancelling, by itself; once, and never more than came."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.domain.booking import Booking
from portal.domain.errors import (
    AlreadyCancelled,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    NothingToPay,
    PaidMeanwhile,
    PaymentUnavailable,
    RefundBlocked,
    RefundTooLarge,
    TooLateToChange,
)
from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.domain.payments import RefundChoice, RefundState, Why
from portal.domain.service import Service
from portal.gateways.payments import RefundStatus
from portal.usecases.cancellations import cancel_booking, terms_of
from portal.usecases.idempotency import Once, Replay
from portal.usecases.ledger import money_of_booking, open_cases
from portal.usecases.money import Money
from portal.usecases.payment_events import handle_event
from portal.usecases.payments import OpenPage, check_payment
from portal.usecases.reconciliation import reconcile
from portal.usecases.refunds import refund_booking, retry_refund
from tests.build import NOW
from tests.payments.conftest import NINE, check, payments_of, refunds_of, reload
from tests.payments.provider import FakeProvider
from tests.people import EVERYBODY

Offer = Callable[..., Service]
Book = Callable[..., Booking]
PayPage = Callable[..., OpenPage]
ALICE, SAM = EVERYBODY.alice, EVERYBODY.sam
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def paid(offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider) -> Callable[..., Booking]:
    """A booking of alice's that is paid."""

    def make(**changes: Any) -> Booking:
        booking = book(offer(**changes))
        provider.pay(pay_page(booking).session_id)
        return check_payment(booking.id, ALICE, money, NOW).booking

    return make


# ---------------------------------------------------------------- by staff


def test_staff_give_back_a_part_then_the_rest_and_no_more(paid: Callable[..., Booking], money: Money) -> None:
    booking = paid()
    part = refund_booking(booking.id, 2000, "noise", SAM, money, NOW)
    assert (part.status, reload(booking).payment_status) == (RefundState.SUCCEEDED, PaymentStatus.PARTIALLY_REFUNDED)
    with pytest.raises(RefundTooLarge, match=r"At most 30\.00 EUR"):
        refund_booking(booking.id, 3001, None, SAM, money, NOW)
    assert refund_booking(booking.id, None, None, SAM, money, NOW).amount_minor == 3000
    after = reload(booking)
    assert (after.status, after.payment_status) == (BookingStatus.CONFIRMED, PaymentStatus.REFUNDED)
    with pytest.raises(RefundTooLarge):
        refund_booking(booking.id, 1, None, SAM, money, NOW)
    check(NOW)


def test_customers_do_not_refund_and_strangers_find_nothing(paid: Callable[..., Booking], money: Money) -> None:
    booking = paid()
    with pytest.raises(Forbidden):
        refund_booking(booking.id, None, None, ALICE, money, NOW)
    with pytest.raises(NotFound):
        refund_booking("nothing", None, None, SAM, money, NOW)
    with pytest.raises(NotFound):
        money_of_booking(booking.id, EVERYBODY.bob)


def test_what_was_never_paid_is_not_given_back(offer: Offer, book: Book, money: Money) -> None:
    with pytest.raises(NothingToPay):
        refund_booking(book(offer()).id, None, None, SAM, money, NOW)


def test_the_last_of_three_decimals_cannot_be_moved(paid: Callable[..., Booking], money: Money) -> None:
    booking = paid(currency="KWD", price=12340)
    with pytest.raises(Invalid):
        refund_booking(booking.id, 1234, None, SAM, money, NOW)
    assert refund_booking(booking.id, 1230, None, SAM, money, NOW).status is RefundState.SUCCEEDED


def test_a_refund_repeated_with_its_key_is_made_once(paid: Callable[..., Booking], money: Money) -> None:
    booking = paid()
    once: Once[Any] = Once("sam", "key", "print", lambda refund: f"{refund.id} {refund.status}")
    made = refund_booking(booking.id, 1000, None, SAM, money, NOW, once)
    with pytest.raises(Replay) as replay:
        refund_booking(booking.id, 1000, None, SAM, money, LATER, once)
    assert replay.value.answer == f"{made.id} succeeded"
    assert len(refunds_of(booking)) == 1


# ---------------------------------------------------------------- the provider away


@pytest.mark.parametrize("when", ["unheard", "unanswered", "broken"])
def test_a_refund_without_an_answer_is_made_once_in_the_end(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider, when: str
) -> None:
    booking = paid()
    provider.fail(when, "refund")
    assert refund_booking(booking.id, 2000, None, SAM, money, NOW).status is RefundState.PENDING
    assert reload(booking).amount_refunded == 2000, "what is on its way counts"
    reconcile(money, LATER)
    assert [one.status for one in refunds_of(booking)] == [RefundState.SUCCEEDED]
    assert provider.refunded(payments_of(booking)[0].intent_id or "") == 2000
    assert len(provider.refunds) == 1
    check(LATER)


def test_a_failure_that_its_key_repeats_is_got_past_with_another(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid()
    provider.fail("broken", "refund")
    refund_booking(booking.id, 2000, None, SAM, money, NOW)
    before = refunds_of(booking)[0].key
    reconcile(money, LATER)
    after = refunds_of(booking)[0]
    assert (after.status, after.key != before) == (RefundState.SUCCEEDED, True)


def test_a_refund_that_the_provider_refuses_is_shown_to_staff_and_counts_no_more(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid()
    intent = payments_of(booking)[0].intent_id or ""
    provider.refund_in_dashboard(intent, 4000)
    failed = refund_booking(booking.id, 2000, None, SAM, money, NOW)
    assert failed.status is RefundState.FAILED
    assert [one.id for one in open_cases(SAM).failed_refunds] == [failed.id]
    handle_event(provider.told("refund.created"), money, NOW)
    assert reload(booking).amount_refunded == 4000
    check(NOW)


def test_a_refund_may_fail_after_it_had_succeeded_and_be_made_again(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid()
    made = refund_booking(booking.id, None, None, SAM, money, NOW)
    provider.fail_refund(refunds_of(booking)[0].provider_id or "")
    handle_event(provider.told("refund.failed"), money, NOW)
    assert (reload(booking).payment_status, reload(booking).amount_refunded) == (PaymentStatus.PAID, 0)
    assert [one.id for one in open_cases(SAM).failed_refunds] == [made.id]
    check(NOW)
    again = retry_refund(made.id, SAM, money, LATER)
    assert (again.status, again.amount_minor) == (RefundState.SUCCEEDED, 5000)
    assert open_cases(SAM).failed_refunds == []
    with pytest.raises(Conflict):
        retry_refund(again.id, SAM, money, LATER)
    check(LATER)


def test_old_news_of_a_refund_change_nothing(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    provider.refund_status = RefundStatus.PENDING
    booking = paid()
    made = refund_booking(booking.id, None, None, SAM, money, NOW)
    assert made.status is RefundState.PENDING
    known = refunds_of(booking)[0].provider_id or ""
    provider.fail_refund(known)
    handle_event(provider.told("refund.failed"), money, NOW)
    handle_event(provider.told("refund.created"), money, NOW)
    assert refunds_of(booking)[0].status is RefundState.FAILED
    check(NOW)


def test_a_refund_that_the_bank_is_slow_about_is_asked_after(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    provider.refund_status = RefundStatus.PENDING
    booking = paid()
    refund_booking(booking.id, None, None, SAM, money, NOW)
    for known, one in list(provider.refunds.items()):
        provider.refunds[known] = type(one)(one.id, one.intent_id, one.amount, RefundStatus.SUCCEEDED, one.refund_id)
    reconcile(money, LATER)
    assert refunds_of(booking)[0].status is RefundState.SUCCEEDED


# ---------------------------------------------------------------- made elsewhere


def test_a_refund_of_the_dashboard_is_recorded_once(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid()
    provider.refund_in_dashboard(payments_of(booking)[0].intent_id or "", 1500)
    for _ in range(2):
        handle_event(provider.told("refund.created"), money, NOW)
        reconcile(money, LATER)
    assert [(one.why, one.amount_minor, one.status) for one in refunds_of(booking)] == [
        (Why.ELSEWHERE, 1500, RefundState.SUCCEEDED)
    ]
    assert reload(booking).amount_refunded == 1500
    check(LATER)


def test_the_news_of_a_refund_may_come_before_its_answer(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid()
    provider.fail("unanswered", "refund")
    refund_booking(booking.id, 1500, None, SAM, money, NOW)
    handle_event(provider.told("refund.created"), money, NOW)
    assert [(one.why, one.status) for one in refunds_of(booking)] == [(Why.STAFF, RefundState.SUCCEEDED)]
    reconcile(money, LATER)
    assert len(refunds_of(booking)) == 1
    check(LATER)


# ---------------------------------------------------------------- disputes


def test_a_dispute_blocks_refunds_until_it_is_won(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid()
    dispute = provider.dispute_payment(payments_of(booking)[0].intent_id or "")
    handle_event(provider.told("charge.dispute.created"), money, NOW)
    assert [one.booking_id for one in open_cases(SAM).disputed] == [booking.id]
    with pytest.raises(RefundBlocked):
        refund_booking(booking.id, None, None, SAM, money, NOW)
    provider.close_dispute(dispute, lost=False)
    handle_event(provider.told("charge.dispute.closed"), money, LATER)
    assert refund_booking(booking.id, None, None, SAM, money, LATER).status is RefundState.SUCCEEDED
    check(LATER)


def test_what_a_bank_took_back_is_not_given_back_again(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid()
    dispute = provider.dispute_payment(payments_of(booking)[0].intent_id or "")
    provider.close_dispute(dispute, lost=True)
    handle_event(provider.told("charge.dispute.closed"), money, NOW)
    cancelled = cancel_booking(booking.id, None, SAM, money.rules, NOW, money=money, choice=RefundChoice.FULL)
    assert (cancelled.status, cancelled.amount_refunded) == (BookingStatus.CANCELLED, 0)
    assert refunds_of(booking) == []


# ---------------------------------------------------------------- cancelling

POLICIES = [
    ({"refundPolicy": "full"}, 5000),
    ({"refundPolicy": "partial", "refundPercentage": 50}, 2500),
    ({"refundPolicy": "partial", "refundPercentage": 33}, 1650),
    ({"refundPolicy": "none"}, 0),
]


@pytest.mark.parametrize(("policy", "back"), POLICIES)
def test_cancelling_in_time_gives_back_what_the_policy_says(
    paid: Callable[..., Booking], money: Money, policy: dict[str, Any], back: int
) -> None:
    booking = paid(cancellationPolicy={"cutoffHours": 12, **policy})
    assert terms_of(booking, money.rules, NOW).refund_minor == back
    cancelled = cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    assert (cancelled.status, cancelled.amount_refunded) == (BookingStatus.CANCELLED, back)
    assert [one.why for one in refunds_of(booking)] == ([Why.POLICY] if back else [])
    with pytest.raises(AlreadyCancelled):
        cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    check(NOW)


def test_what_staff_gave_back_before_is_not_given_twice(paid: Callable[..., Booking], money: Money) -> None:
    booking = paid(cancellationPolicy={"cutoffHours": 12, "refundPolicy": "partial", "refundPercentage": 80})
    refund_booking(booking.id, 3000, None, SAM, money, NOW)
    cancelled = cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    assert cancelled.amount_refunded == 5000, "80 % would be 4000, but only 2000 are left"
    check(NOW)


@pytest.mark.parametrize(
    ("choice", "back"), [(RefundChoice.NONE, 0), (RefundChoice.POLICY, 2500), (RefundChoice.FULL, 5000)]
)
def test_after_the_cutoff_staff_choose_what_goes_back(
    paid: Callable[..., Booking], money: Money, choice: RefundChoice, back: int
) -> None:
    booking = paid(cancellationPolicy={"refundPolicy": "partial", "refundPercentage": 50})
    late = NINE - timedelta(hours=1)
    with pytest.raises(TooLateToChange):
        cancel_booking(booking.id, None, ALICE, money.rules, late, money=money)
    cancelled = cancel_booking(booking.id, None, SAM, money.rules, late, money=money, choice=choice)
    assert cancelled.amount_refunded == back
    check(late)


def test_customers_do_not_choose(paid: Callable[..., Booking], money: Money) -> None:
    booking = paid()
    with pytest.raises(Forbidden):
        cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money, choice=RefundChoice.FULL)


def test_cancelling_while_the_provider_is_away_still_gives_back(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid(cancellationPolicy={"cutoffHours": 12})
    provider.fail("unheard", "refund")
    cancelled = cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    assert (cancelled.status, refunds_of(booking)[0].status) == (BookingStatus.CANCELLED, RefundState.PENDING)
    reconcile(money, LATER)
    assert refunds_of(booking)[0].status is RefundState.SUCCEEDED
    check(LATER)


def test_an_unpaid_hold_is_dropped_only_once_its_page_is_closed(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer(cancellationPolicy={"allowCancellation": False}))
    page = pay_page(booking)
    provider.fail("unheard", "expire_session")
    with pytest.raises(PaymentUnavailable):
        cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    assert reload(booking).is_live(NOW)
    cancelled = cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    assert cancelled.status is BookingStatus.CANCELLED
    assert provider.sessions[page.session_id].is_expired
    check(NOW)


def test_who_paid_while_cancelling_is_asked_again(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer(cancellationPolicy={"cutoffHours": 12, "refundPolicy": "none"}))
    provider.pay(pay_page(booking).session_id)
    with pytest.raises(PaidMeanwhile):
        cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    assert (reload(booking).status, reload(booking).amount_paid) == (BookingStatus.CONFIRMED, 5000)
    cancelled = cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    assert (cancelled.status, cancelled.amount_refunded) == (BookingStatus.CANCELLED, 0)
    check(NOW)


def test_money_for_a_cancelled_booking_goes_back(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    intent = provider.pay(pay_page(booking).session_id, processing=True)
    cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    provider.decide(intent, yes=True)
    handle_event(provider.told("checkout.session.async_payment_succeeded"), money, LATER)
    after = reload(booking)
    assert (after.status, after.payment_status) == (BookingStatus.CANCELLED, PaymentStatus.REFUNDED)
    assert [one.why for one in refunds_of(booking)] == [Why.CANCELLED]
    check(LATER)
