"""A price that the team agree on instead of the listed one."""

from dataclasses import replace
from decimal import Decimal

import pytest

from portal.domain.booking import Booking
from portal.domain.lifecycle import BookingStatus
from portal.domain.price_override import (
    MAX_REASON,
    PriceOverride,
    listed_total,
    override_errors,
    override_of,
    with_override,
)
from portal.domain.pricing import MAX_TOTAL, LineKind, NextPackage, Quote, QuoteLine
from tests.build import NOW

LISTED = Quote(
    "EUR",
    (QuoteLine(LineKind.PRICE, "Consultation", 2, 5000, 10000),),
    1667,
    10000,
    NextPackage("Day", 0, 480, 9000),
    Decimal(20),
)


@pytest.mark.parametrize(("total", "difference", "tax"), [(8000, -2000, 1333), (0, -10000, 0), (12001, 2001, 2000)])
def test_the_lines_sum_to_the_agreed_total_which_contains_its_tax(total: int, difference: int, tax: int) -> None:
    agreed = with_override(LISTED, PriceOverride(total, " a regular "))
    assert (agreed.total, agreed.tax, sum(line.amount for line in agreed.lines)) == (total, tax, total)
    assert agreed.lines[-1] == QuoteLine(LineKind.ADJUSTMENT, "a regular", 1, difference, difference)
    assert listed_total(agreed) == 10000


def test_the_listed_total_can_be_agreed_on_too_and_is_then_kept_as_such() -> None:
    assert with_override(LISTED, PriceOverride(10000, "as promised")).lines[-1].amount == 0


def test_no_package_is_recommended_beside_an_agreed_price() -> None:
    assert with_override(LISTED, PriceOverride(8000, "a regular")).next_package is None


@pytest.mark.parametrize(
    ("total", "reason", "codes"),
    [
        (0, "a guest of the house", []),
        (MAX_TOTAL, "x" * MAX_REASON, []),
        (-1, "less than nothing", ["total_range"]),
        (MAX_TOTAL + 1, "more than a card takes", ["total_range"]),
        (100, "", ["blank"]),
        (100, " \u200b ", ["blank"]),
        (100, "x" * (MAX_REASON + 1), ["too_long"]),
        (100, "two\nlines", ["too_long"]),
        (100, "nul\x00", ["too_long"]),
        (100, "half \ud800", ["too_long"]),
        (-1, "", ["total_range", "blank"]),
    ],
)
def test_total_and_reason_have_limits(total: int, reason: str, codes: list[str]) -> None:
    assert [one.code for one in override_errors(PriceOverride(total, reason), "EUR")] == codes


def test_a_booking_remembers_what_was_agreed_on_and_why() -> None:
    plain = Booking("1", "s", "u", NOW, NOW, BookingStatus.CONFIRMED, 1, 8000, "EUR", NOW, NOW)
    assert override_of(plain) is None
    lines = ({"kind": "price", "label": "Consultation"}, {"kind": "adjustment", "label": "a regular"})
    assert override_of(replace(plain, price_lines=lines)) == PriceOverride(8000, "a regular")
