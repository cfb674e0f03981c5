"""Money that moves is invoiced: a payment, a refund, one that fails after all; each once, in its transaction."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from portal.domain.booking import Booking
from portal.domain.invoices import Invoice
from portal.domain.service import Service
from portal.store import payments
from portal.store.db import db
from portal.usecases.cancellations import cancel_booking
from portal.usecases.invoices import invoices_of_booking
from portal.usecases.money import Money
from portal.usecases.payment_events import handle_event
from portal.usecases.payments import OpenPage, check_payment
from portal.usecases.reconciliation import reconcile, release_lapsed
from portal.usecases.refunds import refund_booking, retry_refund
from tests.build import AN_ISSUER, NOW
from tests.payments.conftest import check, reload
from tests.payments.provider import FakeProvider
from tests.people import EVERYBODY

ALICE, SAM = EVERYBODY.alice, EVERYBODY.sam
LATER = NOW + timedelta(minutes=10)

Offer = Callable[..., Service]
Book = Callable[..., Booking]
PayPage = Callable[..., OpenPage]


@pytest.fixture
def paid(offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider) -> Callable[..., Booking]:
    """A booking of alice's that is paid, 20 % of tax in its price."""

    def make(**changes: Any) -> Booking:
        booking = book(offer(taxRate=20, **changes))
        provider.pay(pay_page(booking).session_id)
        return check_payment(booking.id, ALICE, money, NOW).booking

    return make


def said(invoices: Sequence[Invoice]) -> list[tuple[str, str, int, int]]:
    """Kind, number, tax and total of each."""
    return [(str(one.content.kind), one.content.number, one.content.vat, one.content.gross) for one in invoices]


def issued(booking: Booking) -> list[tuple[str, str, int, int]]:
    db.session.rollback()
    return said(invoices_of_booking(booking.id, ALICE))


def test_a_payment_is_invoiced_however_often_it_is_told(paid: Callable[..., Booking], money: Money) -> None:
    booking = paid()
    for _ in range(2):
        check_payment(booking.id, ALICE, money, LATER)
        reconcile(money, LATER)
    assert issued(booking) == [("invoice", "F2026-000001", 833, 5000)]
    check(LATER)


def test_what_is_not_paid_is_not_invoiced(offer: Offer, book: Book, pay_page: PayPage, money: Money) -> None:
    booking = book(offer())
    pay_page(booking)
    check_payment(booking.id, ALICE, money, NOW)
    assert issued(booking) == []
    assert issued(book(offer(name="Free", price=0))) == []


def test_refunds_are_credited_until_nothing_is_left(paid: Callable[..., Booking], money: Money) -> None:
    booking = paid()
    refund_booking(booking.id, 1667, "noise", SAM, money, NOW)
    refund_booking(booking.id, None, None, SAM, money, NOW)
    assert issued(booking) == [
        ("invoice", "F2026-000001", 833, 5000),
        ("credit-note", "F2026-000002", 278, 1667),
        ("credit-note", "F2026-000003", 555, 3333),
    ]
    check(NOW)


def test_cancelling_credits_what_the_policy_gives_back(paid: Callable[..., Booking], money: Money) -> None:
    policy = {"allowCancellation": True, "cutoffHours": 2, "refundPolicy": "partial", "refundPercentage": 50}
    booking = paid(cancellationPolicy=policy)
    cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    assert issued(booking)[1:] == [("credit-note", "F2026-000002", 417, 2500)]
    check(NOW)


def test_a_refund_without_an_answer_is_credited_when_it_has_one(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid()
    provider.fail("unanswered", "refund")
    refund_booking(booking.id, 2000, None, SAM, money, NOW)
    assert len(issued(booking)) == 1
    reconcile(money, LATER)
    assert len(issued(booking)) == 2
    check(LATER)


def test_a_refund_that_fails_after_all_is_invoiced_again_and_the_next_one_credited(
    paid: Callable[..., Booking], money: Money, provider: FakeProvider
) -> None:
    booking = paid()
    refund = refund_booking(booking.id, None, None, SAM, money, NOW)
    provider.fail_refund(refund.provider_id or "")
    for _ in range(2):
        handle_event(provider.events[-1], money, LATER)
    retry_refund(refund.id, SAM, money, LATER)
    assert [(kind, total) for kind, _, _, total in issued(booking)] == [
        ("invoice", 5000),
        ("credit-note", 5000),
        ("invoice", 5000),
        ("credit-note", 5000),
    ]
    check(LATER)


def test_money_that_comes_too_late_and_goes_back_is_not_invoiced(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    service = offer(capacity=1)
    booking = book(service)
    page = pay_page(booking)
    late = NOW + timedelta(minutes=40)
    provider.pay(page.session_id)
    rival = book(service, by=EVERYBODY.bob, now=late)
    release_lapsed(money, late)
    assert issued(booking) == []
    assert reload(rival).id != booking.id
    check(late)


def test_a_settlement_that_fails_leaves_neither_payment_nor_number(
    paid: Callable[..., Booking],
    offer: Offer,
    book: Book,
    pay_page: PayPage,
    money: Money,
    provider: FakeProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booking = book(offer(taxRate=20))
    provider.pay(pay_page(booking).session_id)
    with monkeypatch.context() as fault:
        fault.setattr("portal.store.invoices.add_invoice", _fall)
        with pytest.raises(ConnectionError):
            check_payment(booking.id, ALICE, money, NOW)
    db.session.rollback()
    assert payments.payments_of(db.session(), booking.id)[0].amount_captured == 0
    check_payment(booking.id, ALICE, money, LATER)
    assert issued(booking) == [("invoice", "F2026-000001", 833, 5000)]
    check(LATER)


def _fall(*_: Any) -> None:
    raise ConnectionError("the power failed")


def test_who_takes_money_has_to_invoice_it(provider: FakeProvider, money: Money) -> None:
    with pytest.raises(ValueError, match="invoices it"):
        Money(provider, money.rules)
    assert Money(provider, money.rules, AN_ISSUER).invoicing() is AN_ISSUER
