"""Are invoices numbered without gaps, issued once, and kept as they were issued?"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import Conflict, NotFound
from portal.domain.invoices import Invoice, InvoiceKind, Issuer, Seller
from portal.domain.money import Amount
from portal.domain.price_override import PriceOverride
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store import invoices, payments
from portal.store.accounts import UserRow
from portal.store.db import db, transaction
from portal.usecases.bookings import get_booking
from portal.usecases.catalogue import update_service
from portal.usecases.desk import Desk
from portal.usecases.invoices import (
    get_invoice,
    invoices_of_booking,
    issue_again,
    issue_credit_note,
    issue_invoice,
)
from tests.build import AN_ISSUER, NOW, paris
from tests.paid import store_payment, store_refund
from tests.people import EVERYBODY
from tests.usecases.conftest import Book

Offer = Callable[..., Service]


@pytest.fixture
def booked(offer: Offer, book: Book) -> tuple[Booking, Service]:
    """A consultation of 50 euros, 20 % of tax in it, that alice booked."""
    service = offer(taxRate=20, translations={"en": {"name": "Check-up"}})
    return book(service, paris("2026-12-10 09:00")), service


def pay(booked: tuple[Booking, Service], payment: str = "p1", amount: int = 5000, **more: Any) -> Invoice:
    """Issue the invoice of a payment in a transaction of its own."""
    if payments.payment_by_id(db.session(), payment) is None:
        store_payment(booked[0].id, payment, amount)
    issuer, now = more.get("issuer", AN_ISSUER), more.get("now", NOW)
    return transaction(lambda session: issue_invoice(session, *booked, payment, Amount(amount, "EUR"), issuer, now))


def refund(
    booked: tuple[Booking, Service], refund_id: str, amount: int, payment: str = "p1", now: datetime = NOW
) -> Invoice | None:
    """Issue the credit note of a refund in a transaction of its own."""
    if payments.refund_by_id(db.session(), refund_id) is None:
        store_refund(booked[0].id, payment, refund_id, amount)
    return transaction(
        lambda session: issue_credit_note(session, payment, refund_id, Amount(amount, "EUR"), AN_ISSUER, now)
    )


def lines_of(invoice: Invoice) -> list[tuple[str, int, int, int]]:
    return [(line.label, line.net, line.vat, line.gross) for line in invoice.content.lines]


def test_a_payment_is_invoiced_with_everything_an_invoice_says(booked: tuple[Booking, Service]) -> None:
    content = pay(booked).content
    assert (content.kind, content.number, content.language) == (InvoiceKind.INVOICE, "F2026-000001", "fr")
    assert (content.net, content.vat, content.gross, content.paid) == (4167, 833, 5000, 5000)
    assert str(content.issued_on) == str(content.paid_on) == "2026-12-07"
    assert str(content.supplied_from) == str(content.supplied_to) == "2026-12-10"
    assert content.seller == AN_ISSUER.seller


def test_what_is_read_again_is_what_was_issued(booked: tuple[Booking, Service]) -> None:
    issued = pay(booked)
    assert get_invoice(issued.id, EVERYBODY.alice) == issued


def test_it_is_in_the_language_of_the_customer(booked: tuple[Booking, Service]) -> None:
    with db.engine.begin() as connection:
        connection.execute(update(UserRow).where(UserRow.id == "alice").values(locale="en"))
    invoice = pay(booked)
    assert invoice.content.language == "en"
    assert lines_of(invoice) == [("Check-up", 4167, 833, 5000)]
    assert invoice.buyer.name == "Alice Martin"


def test_a_payment_told_twice_is_invoiced_once(booked: tuple[Booking, Service]) -> None:
    assert pay(booked) == pay(booked)
    assert pay(booked, "p2").content.number == "F2026-000002"


@pytest.mark.parametrize(
    ("number", "payment"),
    [("F2026-000009", "p1"), ("F2026-000001", "p2")],
    ids=["one payment twice", "one number twice"],
)
def test_the_database_itself_takes_nothing_twice(booked: tuple[Booking, Service], number: str, payment: str) -> None:
    issued = pay(booked)
    store_payment(booked[0].id, "p2")
    twin = replace(issued, id="twin", content=replace(issued.content, number=number))
    with pytest.raises(Conflict):
        transaction(lambda session: invoices.add_invoice(session, twin, {"payment_id": payment}))


def test_a_rollback_gives_the_number_back(booked: tuple[Booking, Service]) -> None:
    def fail(session: Any) -> None:
        issue_invoice(session, *booked, "p1", Amount(5000, "EUR"), AN_ISSUER, NOW)
        raise RuntimeError("the settlement went wrong after all")

    store_payment(booked[0].id, "p1")
    with pytest.raises(RuntimeError):
        transaction(fail)
    assert pay(booked, "p2").content.number == "F2026-000001"


def test_each_year_begins_anew_by_the_clock_of_the_house(booked: tuple[Booking, Service]) -> None:
    before, after = paris("2026-12-31 23:59"), paris("2027-01-01 00:00")
    numbers = [pay(booked, name, now=now).content.number for name, now in (("a", before), ("b", after), ("c", after))]
    assert numbers == ["F2026-000001", "F2027-000001", "F2027-000002"]


def test_no_invoice_is_dated_before_the_one_ahead_of_it(booked: tuple[Booking, Service]) -> None:
    midnight = paris("2026-12-08 00:00")
    first = pay(booked, "p1", now=midnight)
    late = pay(booked, "p2", now=midnight - timedelta(seconds=1))  # it waited for the number while the day changed
    assert late.issued_at == first.issued_at
    assert str(late.content.issued_on) == "2026-12-08"
    assert str(late.content.paid_on) == "2026-12-07"


def test_later_edits_change_no_invoice(booked: tuple[Booking, Service], rules: Rules) -> None:
    issued = pay(booked)
    update_service(booked[1].id, {"name": "Something else", "taxRate": 10}, EVERYBODY.ada, rules, NOW)
    assert get_invoice(issued.id, EVERYBODY.alice) == issued


def test_a_booking_is_invoiced_at_the_rate_that_was_agreed(booked: tuple[Booking, Service], rules: Rules) -> None:
    booking, service = booked
    later = update_service(service.id, {"taxRate": 10}, EVERYBODY.ada, rules, NOW)
    assert pay((booking, later)).content.vat == 833


def test_an_adopted_booking_has_one_line_at_the_rate_of_its_service(booked: tuple[Booking, Service]) -> None:
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE booking SET price_lines = NULL, tax = NULL"))
    db.session.remove()
    adopted = get_booking(booked[0].id, EVERYBODY.alice, NOW)
    assert lines_of(pay((adopted, booked[1]))) == [("Consultation", 4167, 833, 5000)]


def test_what_pays_only_a_difference_is_one_line(booked: tuple[Booking, Service]) -> None:
    assert lines_of(pay(booked, amount=1200)) == [("Consultation", 1000, 200, 1200)]


def test_a_seller_without_what_the_law_wants_is_warned_of_and_still_invoices(
    booked: tuple[Booking, Service], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        invoice = pay(booked, issuer=Issuer(Seller("Mimosa", "FR"), AN_ISSUER.zone, "fr"))
    assert invoice.content.number == "F2026-000001"
    assert "BUSINESS_ADDRESS, BUSINESS_LEGAL_FORM, BUSINESS_SIREN" in caplog.text


# ---------------------------------------------------------------- credit notes


def test_a_refund_is_a_credit_note_in_the_same_series(booked: tuple[Booking, Service]) -> None:
    pay(booked)
    note = refund(booked, "r1", 5000, now=NOW + timedelta(days=1))
    assert note is not None
    assert (note.content.kind, note.content.number) == (InvoiceKind.CREDIT_NOTE, "F2026-000002")
    assert (note.content.net, note.content.vat, note.content.gross) == (4167, 833, 5000)
    assert note.content.corrects is not None
    assert (note.content.corrects.number, str(note.content.corrects.issued_on)) == ("F2026-000001", "2026-12-07")


def test_refunds_bit_by_bit_bring_the_invoice_back_to_nothing(booked: tuple[Booking, Service]) -> None:
    pay(booked)
    notes = [refund(booked, f"r{number}", amount) for number, amount in enumerate((1667, 1667, 1666))]
    assert [note.content.gross for note in notes if note] == [1667, 1667, 1666]
    assert sum(note.content.vat for note in notes if note) == 833


def test_a_refund_told_twice_is_credited_once(booked: tuple[Booking, Service]) -> None:
    pay(booked)
    assert refund(booked, "r1", 2000) == refund(booked, "r1", 2000)
    assert len(invoices_of_booking(booked[0].id, EVERYBODY.alice)) == 2


def test_money_that_was_never_invoiced_is_not_credited(booked: tuple[Booking, Service]) -> None:
    store_payment(booked[0].id, "surplus")
    assert refund(booked, "r1", 5000, payment="surplus") is None
    assert pay(booked).content.number == "F2026-000001"


def test_a_refund_that_fails_late_is_invoiced_again_and_may_be_tried_again(booked: tuple[Booking, Service]) -> None:
    def fail() -> Invoice | None:
        return transaction(lambda session: issue_again(session, "r1", AN_ISSUER, NOW))

    pay(booked)
    assert fail() is None
    note = refund(booked, "r1", 5000)
    again = fail()
    assert note is not None
    assert again is not None
    assert again == fail()
    assert (again.content.kind, again.content.number, again.content.gross) == (
        InvoiceKind.INVOICE,
        "F2026-000003",
        5000,
    )
    assert again.content.corrects is not None
    assert again.content.corrects.number == note.content.number
    store_refund(booked[0].id, "p1", "r3", 6000)
    with pytest.raises(Conflict):  # more than is left: it waits until it is known what failed
        refund(booked, "r3", 6000)
    second = refund(booked, "r2", 5000)
    assert second is not None
    assert second.content.number == "F2026-000004"


# ---------------------------------------------------------------- who reads


@pytest.mark.parametrize(("person", "sees"), [("alice", True), ("bob", False), ("sam", True), ("ada", True)])
def test_a_customer_reads_his_own_and_staff_read_all(booked: tuple[Booking, Service], person: str, sees: bool) -> None:
    invoice, caller = pay(booked), getattr(EVERYBODY, person)
    if sees:
        assert get_invoice(invoice.id, caller) == invoice
        assert list(invoices_of_booking(booked[0].id, caller)) == [invoice]
        return
    check_hidden(invoice, caller)


def check_hidden(invoice: Invoice, caller: Account) -> None:
    with pytest.raises(NotFound):
        get_invoice(invoice.id, caller)
    with pytest.raises(NotFound):
        invoices_of_booking(invoice.booking_id, caller)


def test_a_person_can_be_forgotten_and_no_sum_changes(booked: tuple[Booking, Service]) -> None:
    issued = pay(booked)
    transaction(lambda session: invoices.forget_buyer(session, "alice", "Client"))
    found = get_invoice(issued.id, EVERYBODY.sam)
    assert found.content == issued.content
    assert (found.buyer.name, found.buyer.email) == ("Client", None)
    stored = db.session.execute(text("SELECT content, buyer FROM invoice")).one()
    assert "lice" not in "".join(stored)


def test_instants_are_kept_to_the_microsecond(booked: tuple[Booking, Service]) -> None:
    exact = datetime(2026, 12, 7, 7, 0, 0, 123456, tzinfo=UTC)
    assert get_invoice(pay(booked, now=exact).id, EVERYBODY.alice).issued_at == exact


def test_an_agreed_price_is_invoiced_with_its_reason_and_credited_in_full(offer: Offer, book: Book) -> None:
    service = offer(taxRate=20)
    desk = Desk("alice", override=PriceOverride(4000, "Geste commercial"))
    booked = book(service, paris("2026-12-10 09:00"), by=EVERYBODY.sam, desk=desk), service
    invoice = pay(booked, amount=4000)
    assert lines_of(invoice) == [("Consultation", 4167, 833, 5000), ("Geste commercial", -834, -166, -1000)]
    assert (invoice.content.gross, invoice.content.vat) == (4000, booked[0].tax)
    note = refund(booked, "r1", 4000)
    assert note is not None
    assert lines_of(note) == lines_of(invoice)


def test_a_part_of_an_agreed_price_is_credited_by_its_rate(offer: Offer, book: Book) -> None:
    service = offer(taxRate=20)
    desk = Desk("alice", override=PriceOverride(4000, "Geste commercial"))
    booked = book(service, paris("2026-12-10 09:00"), by=EVERYBODY.sam, desk=desk), service
    pay(booked, amount=4000)
    parts = [refund(booked, name, amount) for name, amount in (("r1", 1500), ("r2", 2500))]
    assert sum(one.content.gross for one in parts if one) == 4000
    assert sum(one.content.vat for one in parts if one) == booked[0].tax
