"""Staff members by the API."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import HALF_PAST_NINE, NINE, Client, fields, found, problem

Offer = Callable[..., dict[str, Any]]
MARTIN = {
    "id": "dr-martin",
    "name": "Dr Martin",
    "roles": ["doctor"],
    "workingHours": [
        {"dayOfWeek": 1, "startTime": "09:00", "endTime": "12:00"},
        {"dayOfWeek": 2, "startTime": "09:30", "endTime": "24:00"},
    ],
    "timeOff": [
        {"from": "2026-12-24", "to": "2026-12-31"},
        {"from": "2026-12-15T12:00:00.000Z", "to": "2026-12-15T14:00:00.000Z"},
    ],
    "timeZone": "Europe/Paris",
    "userId": None,
}
NEEDS_DOCTOR = [{"role": "doctor", "count": 1}]


def test_a_staff_member_is_created_read_changed_and_removed(sam: Client) -> None:
    assert found(sam.post("/staff", MARTIN)) == MARTIN
    assert found(sam.get("/staff/dr-martin")) == MARTIN
    assert found(sam.get("/staff")) == [MARTIN]
    assert found(sam.put("/staff/dr-martin", {"timeOff": []})) == MARTIN | {"timeOff": []}
    assert sam.delete("/staff/dr-martin").status_code == 204
    problem(sam.get("/staff/dr-martin"), 404, "NOT_FOUND")


def test_only_an_admin_says_with_which_account_a_member_signs_in(sam: Client, ada: Client) -> None:
    problem(sam.post("/staff", MARTIN | {"userId": "sam"}), 403, "FORBIDDEN")
    assert fields(ada.post("/staff", MARTIN | {"userId": "nobody"})) == {"userId": "unknown_account"}
    linked = found(ada.post("/staff", MARTIN | {"userId": "sam"}))
    problem(sam.put("/staff/dr-martin", {"userId": None}), 403, "FORBIDDEN")
    assert found(sam.put("/staff/dr-martin", {"userId": "sam", "name": "Dr M."})) == linked | {"name": "Dr M."}
    assert found(ada.put("/staff/dr-martin", {"userId": None}))["userId"] is None


def test_a_name_is_enough(sam: Client) -> None:
    made = found(sam.post("/staff", {"name": "Dr Dupont"}))
    assert (made["roles"], made["workingHours"], made["timeZone"]) == ([], [], "Europe/Paris")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"roles": ["doctor", "doctor"]}, {"roles": "role_repeated"}),
        ({"timeZone": "Paris"}, {"timeZone": "time_zone"}),
        (
            {"workingHours": [{"dayOfWeek": 8, "startTime": "9", "endTime": "12:00"}]},
            {"workingHours.0.dayOfWeek": "less_than_equal", "workingHours.0.startTime": "time"},
        ),
        (
            {
                "workingHours": [
                    {"dayOfWeek": 0, "startTime": "09:00", "endTime": "12:00"},
                    {"dayOfWeek": 7, "startTime": "11:00", "endTime": "13:00"},
                ]
            },
            {"workingHours": "hours_overlap"},
        ),
        ({"timeOff": [{"from": "2026-12-24", "to": "2026-12-23"}]}, {"timeOff.0.to": "end_before_start"}),
        ({"timeOff": [{"from": "2026-12-24", "to": "2026-12-24T12:00:00Z"}]}, {"timeOff.0.to": "mixed_bounds"}),
        (
            {"timeOff": [{"from": "2026-12-24T12:00", "to": 5}]},
            {"timeOff.0.from": "offset_missing", "timeOff.0.to": "string_type"},
        ),
    ],
)
def test_what_is_wrong_is_named(sam: Client, change: dict[str, Any], expected: dict[str, str]) -> None:
    assert fields(sam.post("/staff", MARTIN | change)) == expected
    assert found(sam.get("/staff")) == []


def test_working_hours_decide_who_can_be_booked(sam: Client, alice: Client, offer: Offer) -> None:
    found(sam.post("/staff", MARTIN))
    order = {"serviceId": offer(requiredStaff=NEEDS_DOCTOR)["id"]}
    problem(alice.post("/create", order | {"startDate": NINE}), 409, "SLOT_UNAVAILABLE")
    booking = found(alice.post("/create", order | {"startDate": HALF_PAST_NINE}))
    assert booking["assignedStaff"] == [{"staffId": "dr-martin", "staffName": "Dr Martin", "role": "doctor"}]


def test_bookings_outside_new_hours_stay(sam: Client, alice: Client, offer: Offer) -> None:
    found(sam.post("/staff", MARTIN))
    order = {"serviceId": offer(requiredStaff=NEEDS_DOCTOR)["id"], "startDate": HALF_PAST_NINE}
    booking = found(alice.post("/create", order))
    found(sam.put("/staff/dr-martin", {"workingHours": [{"dayOfWeek": 5, "startTime": "09:00", "endTime": "10:00"}]}))
    assert found(alice.get(f"/{booking['id']}"))["status"] == "confirmed"


def test_a_member_with_live_bookings_ahead_stays(sam: Client, alice: Client, offer: Offer) -> None:
    found(sam.post("/staff", MARTIN))
    order = {"serviceId": offer(requiredStaff=NEEDS_DOCTOR)["id"], "startDate": HALF_PAST_NINE}
    booking = found(alice.post("/create", order))
    problem(sam.delete("/staff/dr-martin"), 409, "IN_USE")
    found(alice.post("/cancel", {"bookingId": booking["id"]}))
    assert sam.delete("/staff/dr-martin").status_code == 204


def test_a_member_whom_a_service_names_stays(sam: Client, offer: Offer) -> None:
    offer(requiredStaff=[{"role": "doctor", "count": 1, "specificStaffIds": ["dr-martin"]}])
    said = problem(sam.delete("/staff/dr-martin"), 409, "CONFLICT")
    assert "Consultation" in said["message"]
