"""Patterns that staff give a field, explained to who fills it in."""

import pytest

from portal.domain.patterns import Expected, expected_by


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^[0-9]{12}$", Expected("digits", 12, 12)),
        (r"^\d{5}$", Expected("digits", 5, 5)),
        ("^[12][0-9]{14}$", Expected("digits", 15, 15)),
        ("^[0-9]{8,10}$", Expected("digits", 8, 10)),
        ("^[0-9]{8,}$", Expected("digits", 8, None)),
        ("^[0-9]+$", Expected("digits", 1, None)),
        ("^[A-Z]{2}$", Expected("letters", 2, 2)),
        ("^[A-Z0-9]{8}$", Expected("letters_or_digits", 8, 8)),
        ("^.{10,500}$", Expected("characters", 10, 500)),
        ("^[0-9][0-9]?$", Expected("digits", 1, 2)),
    ],
)
def test_a_simple_pattern_is_explained(pattern: str, expected: Expected) -> None:
    assert expected_by(pattern) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "[0-9]{12}",
        "^$",
        "^[A-Z]{2}[0-9]{3}$",
        "^(a|b)$",
        "^[^0-9]{3}$",
        r"^\w+$",
        "^[0-9]*$",
        "^a{3}$",
        "^[0-9]{3}-[0-9]{2}$",
    ],
)
def test_any_other_pattern_is_not(pattern: str) -> None:
    assert expected_by(pattern) is None
