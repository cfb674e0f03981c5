"""Do the sums of an invoice agree to the last cent, and do its credit notes bring it back to nothing?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.invoices import (
    EXEMPT,
    FRANCHISE,
    Content,
    InvoiceKind,
    InvoiceLine,
    Item,
    Seller,
    VatRow,
    credit_lines,
    exemption_of,
    invoice_lines,
    items_for,
    left_of,
    number_of,
    shared_out,
)
from portal.domain.money import tax_in

TEN, TWENTY, NONE = Decimal(10), Decimal(20), Decimal(0)
RATES = st.sampled_from([NONE, Decimal("2.1"), Decimal("5.5"), TEN, TWENTY])
SELLER = Seller("Cabinet Mimosa", "FR", "12 rue des Lilas\n69003 Lyon", "SARL", "732829320", "FR44732829320")


def item(amount: int, rate: Decimal = TWENTY, quantity: int = 1) -> Item:
    return Item("Something", quantity, amount // quantity, amount, rate)


def content_of(items: Sequence[Item]) -> Content:
    """An invoice of these items, made out on 7 December 2026."""
    return with_lines(invoice_lines(items))


def with_lines(lines: tuple[InvoiceLine, ...]) -> Content:
    return Content(
        kind=InvoiceKind.INVOICE,
        number="F2026-000001",
        issued_on=date(2026, 12, 7),
        language="fr",
        currency="EUR",
        seller=SELLER,
        subject="Something",
        booking_reference="CRN-7KQ4-2M",
        supplied_from=date(2026, 12, 8),
        supplied_to=date(2026, 12, 8),
        lines=lines,
        paid_on=date(2026, 12, 7),
    )


def table(content: Content) -> list[tuple[int, int, int, int]]:
    return [(int(row.rate), row.net, row.vat, row.gross) for row in content.vat_table]


# ---------------------------------------------------------------- the tax of an invoice


@pytest.mark.parametrize(
    ("items", "rows"),
    [
        ([item(5000)], [(20, 4167, 833, 5000)]),
        ([item(36000, TEN, 3)], [(10, 32727, 3273, 36000)]),
        ([item(5000, NONE)], [(0, 5000, 0, 5000)]),
        # twice 0.33 contain 0.055 each: together 0.11, not 0.06 and 0.06
        ([item(33), item(33)], [(20, 55, 11, 66)]),
        (
            [item(36000, TEN), item(2500), item(396, NONE)],
            [(20, 2083, 417, 2500), (10, 32727, 3273, 36000), (0, 396, 0, 396)],
        ),
        ([item(36000, TEN), item(-3000, TEN)], [(10, 30000, 3000, 33000)]),
        ([item(5000), item(-5000)], [(20, 0, 0, 0)]),  # a discount of all
        ([item(0, NONE)], [(0, 0, 0, 0)]),
        ([item(1)], [(20, 1, 0, 1)]),
    ],
)
def test_tax_is_taken_out_of_the_sum_of_each_rate(items: list[Item], rows: list[tuple[int, int, int, int]]) -> None:
    content = content_of(items)
    assert table(content) == rows
    assert (content.net, content.vat, content.gross) == tuple(sum(row[at] for row in rows) for at in (1, 2, 3))


def test_lines_share_the_tax_of_their_sum() -> None:
    assert [(line.net, line.vat) for line in invoice_lines([item(33), item(33)])] == [(27, 6), (28, 5)]


def test_amounts_are_counted_in_minor_units_whatever_these_are() -> None:
    yen, dinar = content_of([item(5000, TEN)]), content_of([item(12350)])
    assert table(yen) == [(10, 4545, 455, 5000)]
    assert table(dinar) == [(20, 10292, 2058, 12350)]


@given(st.lists(st.tuples(st.integers(-50_000, 200_000), RATES), min_size=1, max_size=8))
def test_lines_rates_and_total_always_agree(found: list[tuple[int, Decimal]]) -> None:
    content = content_of([item(amount, rate) for amount, rate in found])
    assert content.net + content.vat == content.gross == sum(amount for amount, _ in found)
    for row in content.vat_table:
        own = [line for line in content.lines if line.rate == row.rate]
        assert row.vat == tax_in(row.gross, row.rate) == sum(line.vat for line in own)
        assert row.net == sum(line.net for line in own)
    assert all(line.net + line.vat == line.gross for line in content.lines)


# ---------------------------------------------------------------- what a payment pays


def test_a_payment_of_the_whole_price_pays_its_lines() -> None:
    items = [item(36000, TEN, 3), item(-3000, TEN)]
    assert items_for(items, 33000, "Room") == tuple(items)


def test_a_payment_of_a_part_pays_a_part_of_each_rate() -> None:
    parts = items_for([item(30000, TEN), item(10000)], 1001, "The difference")
    assert [(one.label, one.quantity, one.amount, one.rate) for one in parts] == [
        ("The difference", 1, 751, TEN),
        ("The difference", 1, 250, TWENTY),
    ]


def test_money_for_what_was_free_is_a_line_of_its_own() -> None:
    assert items_for([item(0)], 500, "Extra") == (Item("Extra", 1, 500, 500, TWENTY),)
    assert items_for([], 500, "Extra") == (Item("Extra", 1, 500, 500, NONE),)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**8), min_size=1).filter(any))
def test_shares_are_whole_and_sum_to_the_amount(amount: int, weights: list[int]) -> None:
    shares = shared_out(amount, weights)
    assert sum(shares) == amount
    assert all(share >= 0 for share in shares)
    if amount <= sum(weights):
        assert all(share <= weight for share, weight in zip(shares, weights, strict=True))


# ---------------------------------------------------------------- credit notes


def test_all_of_it_comes_back_line_by_line() -> None:
    content = content_of([item(36000, TEN, 3), item(2500), item(-3000, TEN)])
    assert credit_lines(content, [], 35500, "Room") == content.lines


def test_a_part_comes_back_from_each_rate() -> None:
    content = content_of([item(30000, TEN), item(10000)])
    lines = credit_lines(content, [], 20000, "Room")
    assert [(line.rate, line.net, line.vat, line.gross) for line in lines] == [
        (TWENTY, 4166, 834, 5000),
        (TEN, 13636, 1364, 15000),
    ]


@pytest.mark.parametrize("amount", [0, -1, 40001])
def test_no_more_comes_back_than_is_left(amount: int) -> None:
    with pytest.raises(ValueError, match="cannot be credited"):
        credit_lines(content_of([item(30000, TEN), item(10000)]), [], amount, "Room")


@given(
    st.lists(st.tuples(st.integers(1, 50_000), RATES), min_size=1, max_size=5),
    st.lists(st.integers(1, 60_000), max_size=6),
)
def test_credit_notes_together_are_the_invoice(found: list[tuple[int, Decimal]], amounts: list[int]) -> None:
    content = content_of([item(amount, rate) for amount, rate in found])
    notes: list[Content] = []
    rest = content.gross
    for wanted in [*amounts, content.gross]:  # some refunds, and then all that is left
        if amount := min(wanted, rest):
            notes.append(with_lines(credit_lines(content, notes, amount, "Back")))
            rest -= amount
            assert notes[-1].gross == amount
            assert all(row.net >= 0 and row.vat >= 0 and row.gross >= 0 for row in left_of(content, notes))
    assert all((row.net, row.vat, row.gross) == (0, 0, 0) for row in left_of(content, notes))
    assert sum(note.vat for note in notes) == content.vat
    assert sum(note.net for note in notes) == content.net


def test_what_is_left_is_said_by_rate() -> None:
    content = content_of([item(30000, TEN), item(10000)])
    note = with_lines(credit_lines(content, [], 39999, "Room"))
    assert sum(row.gross for row in left_of(content, [note])) == 1
    assert left_of(content, []) == content.vat_table
    assert isinstance(left_of(content, [note])[0], VatRow)


# ---------------------------------------------------------------- number and mentions


def test_numbers_have_their_year_and_sort_as_text() -> None:
    assert number_of(2026, 1) == "F2026-000001"
    assert number_of(2026, 999_999) < number_of(2027, 1)


@pytest.mark.parametrize(
    ("changes", "rates", "mention"),
    [
        ({}, [TWENTY], None),
        ({}, [NONE], EXEMPT),
        ({}, [NONE, TWENTY], EXEMPT),
        ({"vat_number": None}, [NONE], FRANCHISE),
        ({"vat_number": None}, [NONE, TWENTY], EXEMPT),  # who charges tax is not of art. 293 B
        ({"vat_number": None, "country": "BE"}, [NONE], EXEMPT),
        ({"vat_exemption": "Exonération, art. 261, 4, 1° du CGI"}, [NONE], "Exonération, art. 261, 4, 1° du CGI"),
        ({"vat_exemption": "Exonération, art. 261, 4, 1° du CGI"}, [TWENTY], None),
    ],
)
def test_why_no_tax_is_due_is_said_where_none_is(changes: dict[str, str], rates: list[Decimal], mention: str) -> None:
    assert exemption_of(replace(SELLER, **changes), rates) == mention


def test_what_the_law_wants_of_the_seller_is_named() -> None:
    assert SELLER.missing == ()
    assert replace(SELLER, vat_number=None).missing == ()
    assert Seller(None, "FR").missing == ("name", "address", "legal_form", "siren")
    assert SELLER.address_lines == ("12 rue des Lilas", "69003 Lyon")
