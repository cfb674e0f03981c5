"""Are currencies known, and is every amount rounded once, half-up?"""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.money import half_up, is_currency, minor_digits, share, tax_in

amounts = st.integers(0, 10**12)
percents = st.decimals(0, 100, places=4)


@pytest.mark.parametrize("code", ["EUR", "USD", "GBP", "CHF", "JPY", "KWD", "XOF", "XPF", "XCG", "ZWG"])
def test_currencies_in_use_are_known(code: str) -> None:
    assert is_currency(code)


@pytest.mark.parametrize("code", ["", "eur", "EURO", "EU", "€", "XXX", "XTS", "XAU", "FRF", "DEM", "HRK", "BGN"])
def test_what_nobody_pays_with_is_no_currency(code: str) -> None:
    assert not is_currency(code)


@pytest.mark.parametrize(
    ("code", "digits"),
    [("EUR", 2), ("HUF", 2), ("ISK", 2), ("TWD", 2), ("JPY", 0), ("UGX", 0), ("XAF", 0), ("KWD", 3), ("TND", 3)],
)
def test_minor_units_are_counted_as_stripe_counts_them(code: str, digits: int) -> None:
    assert minor_digits(code) == digits


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0", 0),
        ("0.4999", 0),
        ("0.5", 1),
        ("1.5", 2),
        ("2.5", 3),
        ("2.675", 3),
        ("-0.4", 0),
        ("-0.5", -1),
        ("-2.5", -3),
        ("1999.0", 1999),
        ("12345678901234567890123456789012345.5", 12345678901234567890123456789012346),
        ("0.49999999999999999999999999999999999", 0),
    ],
)
def test_a_half_is_rounded_away_from_zero(amount: str, rounded: int) -> None:
    assert half_up(Decimal(amount)) == rounded


@pytest.mark.parametrize(
    ("amount", "percent", "part"),
    [
        (5000, "80", 4000),
        (101, "50", 51),
        (1, "50", 1),
        (1, "49.9", 0),
        (12000, "90", 10800),
        (3333, "33.3333", 1111),
        (99_999_999, "100", 99_999_999),
        (777, "0", 0),
    ],
)
def test_a_share_is_rounded_half_up(amount: int, percent: str, part: int) -> None:
    assert share(amount, Decimal(percent)) == part


@pytest.mark.parametrize(
    ("gross", "rate", "tax"),
    [
        (12000, "20", 2000),
        (11000, "10", 1000),
        (10550, "5.5", 550),
        (5000, "20", 833),
        (3, "20", 1),
        (2, "20", 0),
        (0, "20", 0),
        (200, "100", 100),
        (5000, "0", 0),
    ],
)
def test_the_tax_is_part_of_the_price(gross: int, rate: str, tax: int) -> None:
    assert tax_in(gross, Decimal(rate)) == tax


def test_without_a_rate_there_is_no_tax() -> None:
    assert tax_in(12345, None) == 0


@given(amounts, percents)
def test_a_share_is_never_off_by_more_than_half_a_unit(amount: int, percent: Decimal) -> None:
    exact = Fraction(percent) * amount / 100
    assert abs(share(amount, percent) - exact) <= Fraction(1, 2)
    assert 0 <= share(amount, percent) <= amount


@given(amounts, percents)
def test_net_and_tax_make_the_gross_amount_again(gross: int, rate: Decimal) -> None:
    tax = tax_in(gross, rate)
    assert 0 <= tax <= gross
    assert abs((gross - tax) * Fraction(rate) / 100 - tax) <= 1 + Fraction(rate) / 100
