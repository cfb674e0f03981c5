"""Attributes of customers: which kinds of values there are, and which prices read them."""

from typing import Any

import pytest

from portal.domain.attributes import Kind, attribute_errors, attributes_read, kind_of, typed_value
from tests.build import a_service


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.TEXT, "premium", "premium"),
        (Kind.TEXT, "3", "3"),
        (Kind.TEXT, "true", "true"),
        (Kind.NUMBER, "3", 3),
        (Kind.NUMBER, "-12", -12),
        (Kind.NUMBER, "2,5", 2.5),
        (Kind.NUMBER, "2.5", 2.5),
        (Kind.YES, "", True),
        (Kind.NO, "", False),
    ],
)
def test_a_value_keeps_its_kind(kind: Kind, text: str, value: Any) -> None:
    found = typed_value(kind, text)
    assert (found, type(found)) == (value, type(value))
    assert kind_of(found) is kind


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.NUMBER, "three"),
        (Kind.NUMBER, "1e5"),
        (Kind.NUMBER, "nan"),
        (Kind.NUMBER, "٣"),
        (Kind.NUMBER, "9" * 17),
        (Kind.TEXT, ""),
        (Kind.NUMBER, ""),
        (Kind.YES, "yes"),
    ],
)
def test_what_a_kind_cannot_be_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match=r"Give|Fill|Leave"):
        typed_value(kind, text)


def test_every_typed_value_may_be_kept() -> None:
    typed = {"text": typed_value(Kind.TEXT, "x" * 255), "number": typed_value(Kind.NUMBER, "9007199254740992")}
    assert attribute_errors(typed) == []
    assert [one.field for one in attribute_errors({"text": "x" * 256, "number": 2**53 + 1})] == [
        "attributes.text",
        "attributes.number",
    ]


def test_prices_name_the_attributes_that_they_read() -> None:
    tier = {
        "name": "Member",
        "price": 4000,
        "condition": 'user.membership == "gold" && (user.visits > 3 || order_total)',
    }
    gold, plain = a_service(id="gold", pricingTiers=[tier]), a_service(id="plain")
    student = a_service(id="student", pricingTiers=[{"name": "S", "price": 1, "condition": "user.visits >= 1"}])
    found = attributes_read([gold, plain, student])
    assert {name: [one.id for one in services] for name, services in found.items()} == {
        "membership": ["gold"],
        "visits": ["gold", "student"],
    }
