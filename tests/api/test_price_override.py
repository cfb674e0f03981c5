"""Prices that the team agree on, and bookings for somebody else, by the API: for staff only."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.store.bookings import BookingRow
from tests.api.conftest import Client, count, fields, found, problem

GIFT = {"total": 4000, "reason": "a regular"}


def test_staff_give_a_total_and_a_reason_and_both_are_answered(
    sam: Client, alice: Client, order: dict[str, Any]
) -> None:
    made = found(sam.post("/create", order | {"source": "phone", "customerId": "alice", "priceOverride": GIFT}))
    assert (made["userId"], made["totalPrice"], made["priceOverride"]) == ("alice", 4000, GIFT)
    assert [(one["kind"], one["amount"]) for one in made["priceLines"]] == [("price", 5000), ("adjustment", -1000)]
    assert found(alice.get(f"/{made['id']}"))["priceOverride"] == GIFT


def test_a_listed_price_has_no_override(alice: Client, order: dict[str, Any]) -> None:
    assert found(alice.post("/create", order))["priceOverride"] is None


def test_a_quote_says_the_agreed_total(sam: Client, order: dict[str, Any]) -> None:
    assert found(sam.post("/quote", order | {"priceOverride": GIFT}))["total"] == 4000


@pytest.mark.parametrize("call", ["/create", "/quote"])
@pytest.mark.parametrize("extra", [{"priceOverride": GIFT}, {"customerId": "bob"}], ids=lambda one: next(iter(one)))
def test_customers_may_give_neither(alice: Client, order: dict[str, Any], call: str, extra: dict[str, Any]) -> None:
    assert fields(alice.post(call, order | extra)) == {next(iter(extra)): "staff_only"}
    assert count(BookingRow) == 0


def test_nobody_gets_a_quote_at_a_price_of_his_own(nobody: Client, order: dict[str, Any]) -> None:
    problem(nobody.post("/quote", order | {"priceOverride": GIFT}), 422, "INVALID")


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"total": -1, "reason": "x"}, {"priceOverride.total"}),
        ({"total": 100_000_000, "reason": "x"}, {"priceOverride.total"}),
        ({"total": 1.5, "reason": "x"}, {"priceOverride.total"}),
        ({"total": "4000", "reason": "x"}, {"priceOverride.total"}),
        ({"total": 4000}, {"priceOverride.reason"}),
        ({"total": 4000, "reason": " "}, {"priceOverride.reason"}),
        ({"total": 4000, "reason": "x\x00"}, {"priceOverride.reason"}),
        ({"total": 4000, "reason": "x" * 201}, {"priceOverride.reason"}),
        ({"total": 4000, "reason": "x", "by": "me"}, {"priceOverride.by"}),
        ("4000", {"priceOverride"}),
    ],
)
def test_what_is_no_price_is_refused_at_its_field(
    sam: Client, order: dict[str, Any], given: Any, wrong: set[str]
) -> None:
    assert fields(sam.post("/create", order | {"priceOverride": given})).keys() == wrong


def test_a_customer_that_is_not_there_is_named(sam: Client, order: dict[str, Any]) -> None:
    assert fields(sam.post("/create", order | {"customerId": "nobody"})) == {"customerId": "unknown"}


def test_staff_may_book_off_the_grid_but_not_what_is_taken(sam: Client, order: dict[str, Any]) -> None:
    odd = order | {"startDate": "2026-12-08T20:07:00Z", "endDate": "2026-12-08T20:50:00Z"}
    found(sam.post("/create", odd))
    said = problem(sam.post("/create", odd | {"startDate": "2026-12-08T20:40:00Z"}), 409, "SLOT_UNAVAILABLE")
    assert len(said["alternatives"]) == 5


def test_the_document_says_who_may_give_it(nobody: Client) -> None:
    schema: Callable[[str], Any] = found(nobody.get("/api/openapi.json"))["components"]["schemas"].__getitem__
    assert "for staff" in schema("CreateBookingBody")["description"]
    assert {"total", "reason"} == set(schema("PriceOverrideBody")["required"])
