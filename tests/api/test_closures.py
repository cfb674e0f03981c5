"""Closures by the API."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import NINE, Client, fields, found, problem

Offer = Callable[..., dict[str, Any]]
CHRISTMAS = {"from": "2026-12-24", "to": "2026-12-26", "reason": "Noël"}
TUESDAY = {"from": "2026-12-08", "to": "2026-12-08"}


def test_a_closure_is_created_read_changed_and_removed(sam: Client) -> None:
    made = found(sam.post("/closures", CHRISTMAS))
    stored = CHRISTMAS | {"id": made["id"], "target": "all", "targetId": None, "yearly": False}
    assert made == stored | {"affectedBookings": 0}
    assert found(sam.get(f"/closures/{made['id']}")) == stored
    assert found(sam.get("/closures")) == [stored]
    changed = found(sam.put(f"/closures/{made['id']}", {"to": "2026-12-27"}))
    assert changed == stored | {"to": "2026-12-27", "affectedBookings": 0}
    found(sam.put(f"/closures/{made['id']}", stored))
    assert sam.delete(f"/closures/{made['id']}").status_code == 204
    problem(sam.get(f"/closures/{made['id']}"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"to": "2026-12-23"}, {"to": "end_before_start"}),
        ({"to": "2026-12-26T10:00:00Z"}, {"to": "mixed_bounds"}),
        ({"from": "2026-12-24T10:00:30Z", "to": "2026-12-26T10:00:00Z"}, {"from": "whole_minutes"}),
        ({"target": "service"}, {"targetId": "target_missing"}),
        ({"yearly": "yes"}, {"yearly": "bool_type"}),
        ({"yearly": True, "to": "2027-12-24"}, {"to": "yearly_too_long"}),
        (
            {"yearly": True, "from": "2026-12-24T10:00:00Z", "to": "2026-12-26T10:00:00Z"},
            {"yearly": "yearly_dates"},
        ),
        ({"target": "all", "targetId": "x"}, {"targetId": "target_not_needed"}),
        ({"target": "resource", "targetId": "nothing"}, {"targetId": "unknown_target"}),
        ({"target": "moon", "targetId": "x"}, {"target": "enum"}),
        ({"from": "24/12/2026", "to": None}, {"from": "instant_format", "to": "string_type"}),
    ],
)
def test_what_is_wrong_is_named(sam: Client, change: dict[str, Any], expected: dict[str, str]) -> None:
    assert fields(sam.post("/closures", CHRISTMAS | change)) == expected
    assert found(sam.get("/closures")) == []


def _starts(client: Client, day: str) -> list[str]:
    slots = found(client.get(f"/services/consultation/slots?from={day}&to={day[:-1]}{int(day[-1]) + 1}"))
    return [one["startDate"] for one in slots]


def test_a_closed_day_has_no_slots_and_opens_again(sam: Client, service: dict[str, Any]) -> None:
    made = found(sam.post("/closures", TUESDAY))
    assert _starts(sam, "2026-12-08") == []
    sam.delete(f"/closures/{made['id']}")
    assert len(_starts(sam, "2026-12-08")) == 6


def test_a_closure_of_every_year_closes_this_one_too(sam: Client, service: dict[str, Any]) -> None:
    made = found(sam.post("/closures", {"from": "2019-12-08", "to": "2019-12-08", "yearly": True}))
    assert made["yearly"] is True
    assert _starts(sam, "2026-12-08") == []
    assert found(sam.put(f"/closures/{made['id']}", {"yearly": False}))["yearly"] is False
    assert len(_starts(sam, "2026-12-08")) == 6


def test_the_bookings_of_every_year_to_come_are_counted(sam: Client, alice: Client, service: dict[str, Any]) -> None:
    found(alice.post("/create", {"serviceId": service["id"], "startDate": NINE}))
    made = found(sam.post("/closures", {"from": "2020-12-01", "to": "2021-01-15", "yearly": True}))
    assert made["affectedBookings"] == 1
    assert (
        found(sam.post("/closures", {"from": "2027-12-08", "to": "2027-12-08", "yearly": True}))["affectedBookings"]
        == 0
    )


def test_instants_close_a_part_of_a_day(sam: Client, service: dict[str, Any]) -> None:
    found(sam.post("/closures", {"from": NINE, "to": "2026-12-08T11:00:00+01:00"}))
    assert _starts(sam, "2026-12-08") == ["2026-12-08T10:00:00.000Z", "2026-12-08T10:30:00.000Z"]


def test_a_closure_of_one_service_leaves_the_others_open(sam: Client, service: dict[str, Any], offer: Offer) -> None:
    other = offer(name="Autre")
    found(sam.post("/closures", TUESDAY | {"target": "service", "targetId": other["id"]}))
    assert len(_starts(sam, "2026-12-08")) == 6


def test_bookings_inside_stay_and_are_counted(sam: Client, alice: Client, bob: Client, offer: Offer) -> None:
    beamer = [{"id": "beamer", "name": "Vidéoprojecteur", "type": "equipment"}]
    doctor = [{"role": "doctor", "count": 1, "specificStaffIds": ["dr-martin"]}]
    service, other = offer(requiredResources=beamer, requiredStaff=doctor), offer(name="Autre")
    mine = found(alice.post("/create", {"serviceId": service["id"], "startDate": NINE}))
    gone = found(bob.post("/create", {"serviceId": service["id"], "startDate": "2026-12-08T09:00:00Z"}))
    found(bob.post("/cancel", {"bookingId": gone["id"]}))
    found(bob.post("/create", {"serviceId": other["id"], "startDate": NINE}))

    def affected(**target: Any) -> int:
        count: int = found(sam.post("/closures", TUESDAY | target))["affectedBookings"]
        return count

    assert affected() == 2
    assert affected(target="service", targetId=service["id"]) == 1
    assert affected(target="resource", targetId="beamer") == 1
    assert affected(target="staff", targetId="dr-martin") == 1
    assert found(sam.post("/closures", CHRISTMAS))["affectedBookings"] == 0
    assert found(alice.get(f"/{mine['id']}"))["status"] == "confirmed"


def test_the_bookings_of_an_event_are_counted_by_its_staff(
    sam: Client, alice: Client, bob: Client, offer: Offer
) -> None:
    teacher = [{"role": "teacher", "count": 1, "specificStaffIds": ["lea"]}]
    event = offer(type="event", maxParticipants=10, requiredStaff=teacher)
    for client in (alice, bob):
        found(client.post("/create", {"serviceId": event["id"], "startDate": NINE}))
    made = found(sam.post("/closures", TUESDAY | {"target": "staff", "targetId": "lea"}))
    assert made["affectedBookings"] == 2
