"""What customers and the team are told about money, in French and English, once."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.domain.booking import Booking
from portal.domain.notifications import Kind
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.accounts import UserRow
from portal.store.db import transaction
from portal.usecases.approvals import approve_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.messages import Post, send_due_messages
from portal.usecases.money import Money
from portal.usecases.payment_events import handle_event
from portal.usecases.payments import OpenPage, check_payment
from portal.usecases.reconciliation import release_lapsed
from portal.usecases.refunds import refund_booking
from portal.web.mails import BECAUSE, SUBJECTS, compose
from tests.build import NOW, paris
from tests.payments.conftest import payments_of, refunds_of
from tests.payments.provider import FakeProvider
from tests.people import EVERYBODY

Offer = Callable[..., Service]
Book = Callable[..., Booking]
PayPage = Callable[..., OpenPage]
ALICE, SAM = EVERYBODY.alice, EVERYBODY.sam
LAPSED = NOW + timedelta(minutes=35)
FAR = paris("2026-12-18 09:00")


class Carrier:
    """A mailer that remembers what it carried."""

    def __init__(self) -> None:
        self.carried: list[EmailMessage] = []

    def send(self, mail: EmailMessage) -> None:
        self.carried.append(mail)


@pytest.fixture(params=["fr", "en"])
def sent(request: pytest.FixtureRequest, app: Flask, rules: Rules) -> Callable[..., list[tuple[str, str, str]]]:
    """Send what waits; return recipient, subject and text of each mail, in both languages."""
    transaction(lambda session: session.execute(update(UserRow).values(locale=request.param)))
    carrier = Carrier()

    def send(now: Any = LAPSED) -> list[tuple[str, str, str]]:
        carrier.carried.clear()
        send_due_messages(Post(compose, carrier, rules), now)
        for mail in carrier.carried:
            html = mail.get_body(("html",))
            assert html is not None
            assert "None" not in html.get_content()
        return [(mail["To"], str(mail["Subject"]), _text(mail)) for mail in carrier.carried]

    send.language = request.param  # type: ignore[attr-defined]
    return send


def _text(mail: EmailMessage) -> str:
    plain = mail.get_body(("plain",))
    assert plain is not None
    return str(plain.get_content())


def said(sent: Any, french: str, english: str) -> str:
    return french if sent.language == "fr" else english


def test_a_place_that_waits_to_be_paid_is_told_nothing_and_once_paid_that_it_is_booked(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider, sent: Any
) -> None:
    booking = book(offer())
    assert sent() == []
    provider.pay(pay_page(booking).session_id)
    check_payment(booking.id, ALICE, money, NOW)
    check_payment(booking.id, ALICE, money, NOW + timedelta(seconds=1))
    ((to, subject, _),) = sent()
    assert (to, subject.split(":")[0]) == ("alice@example.com", said(sent, "C’est réservé\u00a0", "Booked"))


def test_who_did_not_pay_in_time_is_told(offer: Offer, book: Book, pay_page: PayPage, money: Money, sent: Any) -> None:
    pay_page(book(offer()))
    release_lapsed(money, LAPSED)
    ((_, subject, text),) = sent()
    assert subject.startswith(said(sent, "Non payé", "Not paid"))
    assert said(sent, "rien n’a été débité", "nothing was charged") in text


def test_who_paid_too_late_is_told_once_that_all_comes_back(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider, sent: Any
) -> None:
    service = offer()
    late = book(service)
    page = pay_page(late)
    book(service, by=EVERYBODY.bob, now=LAPSED)
    provider.pay(page.session_id)
    check_payment(late.id, ALICE, money, LAPSED)
    ((_, subject, text),) = sent()
    assert subject.startswith(said(sent, "Remboursement", "Money back"))
    assert said(sent, "50,00\u00a0€", "€50.00") in text
    assert said(sent, "à quelqu’un d’autre", "somebody else’s") in text


def test_the_mail_about_a_cancellation_says_what_comes_back(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider, sent: Any
) -> None:
    booking = book(offer(cancellationPolicy={"cutoffHours": 1, "refundPolicy": "partial", "refundPercentage": 50}))
    provider.pay(pay_page(booking).session_id)
    check_payment(booking.id, ALICE, money, NOW)
    sent()
    cancel_booking(booking.id, None, ALICE, money.rules, NOW, money=money)
    ((_, subject, text),) = sent()
    assert subject.startswith(said(sent, "Annulé", "Cancelled"))
    assert said(sent, "25,00\u00a0€", "€25.00") in text


def test_a_bank_that_says_no_and_a_card_that_lets_go_are_told_with_the_time_that_is_left(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider, sent: Any
) -> None:
    slow = book(offer())
    intent = provider.pay(pay_page(slow).session_id, processing=True)
    check_payment(slow.id, ALICE, money, NOW)
    provider.decide(intent, yes=False)
    check_payment(slow.id, ALICE, money, NOW)
    asked = book(offer(requiresApproval=True), FAR)
    provider.pay(pay_page(asked).session_id)
    check_payment(asked.id, ALICE, money, NOW)
    provider.cancel_intent(payments_of(asked)[0].intent_id or "")
    approve_booking(asked.id, SAM, NOW, money=money)
    mails = sent()
    subjects = [subject.split(":")[0].strip("\u00a0") for _, subject, _ in mails]
    assert sorted(subjects) == sorted(
        said(sent, *pair)
        for pair in (
            ("Paiement refusé", "Payment failed"),
            ("Demande reçue", "Request received"),
            ("À payer", "Please pay"),
        )
    )
    for _, subject, text in mails:
        if subject.startswith(("Paiement", "Payment", "À payer", "Please")):
            assert said(sent, "8 h 35", "8:35") in text.replace("\u00a0", " ").replace("\u202f", " "), text


def test_the_admin_is_told_of_disputes_failed_refunds_and_odd_payments(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider, sent: Any
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    check_payment(booking.id, ALICE, money, NOW)
    refund_booking(booking.id, 1000, None, SAM, money, NOW)
    sent()
    provider.fail_refund(refunds_of(booking)[0].provider_id or "")
    handle_event(provider.told("refund.failed"), money, NOW)
    provider.dispute_payment(payments_of(booking)[0].intent_id or "")
    handle_event(provider.told("charge.dispute.created"), money, NOW)
    odd = book(offer())
    provider.pay(pay_page(odd).session_id, amount=type(payments_of(odd)[0].amount)(4000, "EUR"))
    check_payment(odd.id, ALICE, money, NOW)
    mails = sent()
    subjects = sorted(subject.split(":")[0].strip("\u00a0") for to, subject, _ in mails if to == "ada@example.com")
    assert subjects == sorted(
        said(sent, *pair)
        for pair in (
            ("Remboursement échoué", "Refund failed"),
            ("Paiement contesté", "Disputed payment"),
            ("Paiement à examiner", "Payment to look at"),
        )
    )
    assert {to for to, _, _ in mails} == {"ada@example.com", "alice@example.com"}


def test_every_kind_has_its_subject_and_every_reason_its_words() -> None:
    assert set(SUBJECTS) == set(Kind)
    assert set(BECAUSE) >= {"too_late", "cancelled", "paid_twice", "mismatch", "staff", "elsewhere"}
