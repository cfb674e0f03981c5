"""Free times and prices by the API."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import HALF_PAST_NINE, NINE, Client, fields, found, problem

Offer = Callable[..., dict[str, Any]]
DAY = "from=2026-12-08&to=2026-12-09"


def test_slots_of_a_day(nobody: Client, service: dict[str, Any]) -> None:
    slots = found(nobody.get(f"/services/consultation/slots?{DAY}"))
    assert len(slots) == 6
    assert slots[0] == {"startDate": NINE, "endDate": HALF_PAST_NINE, "unitsLeft": 1, "priceFrom": 5000}


def test_instants_bound_slots_too(nobody: Client, service: dict[str, Any]) -> None:
    address = f"/services/consultation/slots?from={NINE}&to=2026-12-08T10:00:00%2B01:00"
    assert [one["startDate"] for one in found(nobody.get(address))] == [NINE, HALF_PAST_NINE]


def test_a_full_slot_is_shown_only_where_asked_for(nobody: Client, alice: Client, order: dict[str, Any]) -> None:
    found(alice.post("/create", order))
    free = found(nobody.get(f"/services/consultation/slots?{DAY}"))
    assert free[0]["startDate"] == HALF_PAST_NINE
    everything = found(nobody.get(f"/services/consultation/slots?{DAY}&include=full"))
    assert everything[0] == {
        "startDate": NINE,
        "endDate": HALF_PAST_NINE,
        "unitsLeft": 0,
        "priceFrom": 5000,
        "full": True,
    }
    assert everything[1:] == free


def test_an_event_says_its_seats(offer: Offer, nobody: Client, alice: Client) -> None:
    event = offer(type="event", maxParticipants=10)
    found(alice.post("/create", {"serviceId": event["id"], "startDate": NINE, "participants": 4}))
    address = f"/services/{event['id']}/slots?{DAY}&include=full&participants="
    assert found(nobody.get(address + "6"))[0] == {
        "startDate": NINE,
        "endDate": HALF_PAST_NINE,
        "seatsLeft": 6,
        "priceFrom": 30000,
    }
    assert found(nobody.get(address + "7"))[0]["full"] is True


def test_a_variable_length_says_the_latest_end(offer: Offer, nobody: Client) -> None:
    room = offer(type="rental", duration=60, slotInterval=60)
    slots = found(nobody.get(f"/services/{room['id']}/slots?{DAY}&duration=120"))
    assert [one["maxEndDate"] for one in slots] == ["2026-12-08T11:00:00.000Z"] * 2


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"from": "missing", "to": "missing"}),
        ("from=2026-12-08", {"to": "missing"}),
        ("from=2026-12-08&to=2026-12-08", {"to": "end_before_start"}),
        ("from=2026-12-01&to=2027-12-01", {"to": "window_too_long"}),
        ("from=2026-W01-1&to=20261208", {"from": "instant_format", "to": "instant_format"}),
        ("from=2026-12-08T09:00:00&to=2026-12-09", {"from": "offset_missing"}),
        ("from=9999-12-31&to=9999-12-31", {"from": "date_range", "to": "date_range"}),
        (f"{DAY}&participants=0", {"participants": "greater_than_equal"}),
        (f"{DAY}&participants=1.5", {"participants": "int_parsing"}),
        (f"{DAY}&participants=%C2%B2", {"participants": "int_parsing"}),
        (f"{DAY}&include=all", {"include": "literal_error"}),
        (f"{DAY}&nite=1", {"nite": "extra_forbidden"}),
    ],
)
def test_a_query_out_of_bounds_is_named_at_its_parameter(
    nobody: Client, service: dict[str, Any], query: str, expected: dict[str, str]
) -> None:
    given = fields(nobody.get(f"/services/consultation/slots?{query}"))
    assert given.items() >= expected.items()


@pytest.mark.parametrize("query", ["participants=2", "duration=45", "nights=1"])
def test_a_party_or_length_that_the_service_never_takes_has_no_slots(
    nobody: Client, service: dict[str, Any], query: str
) -> None:
    assert found(nobody.get(f"/services/consultation/slots?{DAY}&{query}")) == []


def test_slots_of_an_unknown_service_are_not_found(nobody: Client) -> None:
    problem(nobody.get(f"/services/nothing/slots?{DAY}"), 404, "NOT_FOUND")


def test_the_next_slot_waives_the_lead_time_for_staff(alice: Client, sam: Client, offer: Offer) -> None:
    service = offer(bookingWindow={"minAdvanceHours": 24})
    address = f"/slots/next?serviceId={service['id']}&withinHours=72"
    assert found(alice.get(address))["startDate"] == NINE
    assert found(sam.get(address))["startDate"] == "2026-12-07T08:00:00.000Z"


def test_without_a_free_time_there_is_no_next_slot(alice: Client, offer: Offer) -> None:
    offer(availableSlots=[{"dayOfWeek": 0, "startTime": "09:00", "endTime": "12:00"}])
    said = problem(alice.get("/slots/next?serviceId=consultation&withinHours=48"), 404, "NO_SLOT")
    assert "48 hours" in said["message"]


def test_a_quote_has_lines_that_sum_to_its_total(nobody: Client, order: dict[str, Any]) -> None:
    assert found(nobody.post("/quote", order)) == {
        "currency": "EUR",
        "lines": [{"kind": "price", "label": "Consultation", "quantity": 1, "unitPrice": 5000, "amount": 5000}],
        "tax": 0,
        "total": 5000,
        "nextPackage": None,
    }


def test_a_token_makes_it_that_customers_price(offer: Offer, sam: Client, alice: Client, nobody: Client) -> None:
    tier = {"name": "Membre", "condition": "user.membership === 'gold'", "price": 1000}
    service = offer(pricingTiers=[tier])
    order = {"serviceId": service["id"], "startDate": NINE}
    found(sam.put("/customers/alice", {"attributes": {"membership": "gold"}}))
    assert found(alice.post("/quote", order))["total"] == 1000
    assert found(nobody.post("/quote", order))["total"] == 5000


def test_the_next_package_is_named_when_it_is_cheaper(offer: Offer, nobody: Client) -> None:
    tier = {"name": "Journée", "condition": "duration >= 480", "price": 8000}
    car = offer(type="rental", duration=60, price=1500, availableSlots=[], pricingTiers=[tier])
    order = {"serviceId": car["id"], "startDate": NINE, "endDate": "2026-12-08T15:00:00Z"}
    quote = found(nobody.post("/quote", order))
    assert quote["total"] == 10500
    assert quote["nextPackage"] == {"name": "Journée", "minutes": 480, "total": 8000}
