"""Resources by the API."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from tests.api.conftest import NINE, Client, fields, found, problem

Offer = Callable[..., dict[str, Any]]
CAR = {"id": "clio-1", "name": "Clio", "type": "vehicle", "quantity": 2, "seats": 5}
# a beamer is no pool: each booking takes `quantity` of it
BEAMER = {"id": "beamer", "name": "Vidéoprojecteur", "type": "equipment"}


def test_a_resource_is_created_read_changed_and_removed(sam: Client) -> None:
    assert found(sam.post("/resources", CAR)) == CAR
    assert found(sam.get("/resources/clio-1")) == CAR
    assert found(sam.get("/resources")) == [CAR]
    changed = found(sam.put("/resources/clio-1", {"quantity": 3, "seats": None}))
    assert changed == CAR | {"quantity": 3, "seats": None}
    assert sam.delete("/resources/clio-1").status_code == 204
    problem(sam.get("/resources/clio-1"), 404, "NOT_FOUND")
    problem(sam.put("/resources/clio-1", {"quantity": 1}), 404, "NOT_FOUND")
    problem(sam.delete("/resources/clio-1"), 404, "NOT_FOUND")


def test_without_an_id_a_resource_gets_one(sam: Client) -> None:
    made = found(sam.post("/resources", {"name": "Salle", "type": "room"}))
    assert (made["quantity"], made["seats"]) == (1, None)
    assert found(sam.get(f"/resources/{made['id']}")) == made


def test_an_id_is_taken_once_and_stays(sam: Client) -> None:
    found(sam.post("/resources", CAR))
    problem(sam.post("/resources", CAR), 409, "ALREADY_EXISTS")
    assert fields(sam.put("/resources/clio-1", {"id": "clio-2"})) == {"id": "id_fixed"}
    found(sam.put("/resources/clio-1", CAR))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"quantity": 0}, {"quantity": "greater_than_equal"}),
        ({"quantity": True}, {"quantity": "int_type"}),
        ({"quantity": 2**63}, {"quantity": "less_than_equal"}),
        ({"name": "  ", "type": ""}, {"name": "blank", "type": "blank"}),
        ({"type": "x" * 51}, {"type": "string_too_long"}),
        ({"colour": "red"}, {"colour": "extra_forbidden"}),
    ],
)
def test_what_is_wrong_is_named(sam: Client, change: dict[str, Any], expected: dict[str, str]) -> None:
    assert fields(sam.post("/resources", CAR | change)) == expected
    assert found(sam.get("/resources")) == []


def test_a_service_creates_the_resources_that_it_names(sam: Client, offer: Offer) -> None:
    offer(requiredResources=[BEAMER])
    assert found(sam.get("/resources")) == [BEAMER | {"quantity": 1, "seats": None}]


def test_a_stock_cannot_fall_below_what_a_service_asks_for(sam: Client, offer: Offer) -> None:
    offer(requiredResources=[BEAMER | {"quantity": 3}])
    said = problem(sam.put("/resources/beamer", {"quantity": 2}), 422, "INVALID")
    assert said["errors"][0]["field"] == "quantity"
    assert "Consultation needs 3" in said["errors"][0]["message"]


def test_a_stock_cannot_fall_below_what_live_bookings_use_at_once(
    sam: Client, alice: Client, bob: Client, offer: Offer, clock: time_machine.Traveller
) -> None:
    service = offer(requiredResources=[BEAMER])
    order = {"serviceId": service["id"], "startDate": NINE}
    found(sam.put("/resources/beamer", {"quantity": 3}))
    first = found(alice.post("/create", order))
    found(bob.post("/create", order))
    found(bob.post("/create", order | {"startDate": "2026-12-09T08:00:00Z"}))  # alone on its day
    found(sam.put("/resources/beamer", {"quantity": 2}))
    said = problem(sam.put("/resources/beamer", {"quantity": 1}), 409, "IN_USE")
    assert said["message"].startswith("2 live bookings")
    found(alice.post("/cancel", {"bookingId": first["id"]}))
    found(sam.put("/resources/beamer", {"quantity": 1}))


def test_what_is_past_does_not_hold_a_stock_up(
    sam: Client, alice: Client, bob: Client, offer: Offer, clock: time_machine.Traveller
) -> None:
    order = {"serviceId": offer(requiredResources=[BEAMER])["id"], "startDate": NINE}
    found(sam.put("/resources/beamer", {"quantity": 2}))
    found(alice.post("/create", order))
    found(bob.post("/create", order))
    clock.move_to("2026-12-08T08:30:00Z")
    found(sam.put("/resources/beamer", {"quantity": 1}))


def test_a_resource_that_a_service_names_stays(sam: Client, offer: Offer) -> None:
    offer(requiredResources=[BEAMER])
    said = problem(sam.delete("/resources/beamer"), 409, "CONFLICT")
    assert "Consultation" in said["message"]


def test_a_resource_with_live_bookings_ahead_stays(sam: Client, alice: Client, offer: Offer) -> None:
    service = offer(requiredResources=[BEAMER])
    booking = found(alice.post("/create", {"serviceId": service["id"], "startDate": NINE}))
    found(sam.put(f"/services/{service['id']}", {"requiredResources": []}))
    problem(sam.delete("/resources/beamer"), 409, "IN_USE")
    found(alice.post("/cancel", {"bookingId": booking["id"]}))
    assert sam.delete("/resources/beamer").status_code == 204
