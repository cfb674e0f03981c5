"""Services by the API."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.store.bookings import BookingRow
from portal.store.db import db
from tests.api.conftest import NINE, SERVICE, Client, fields, found, problem

Offer = Callable[..., dict[str, Any]]


def test_a_new_service_is_complete(offer: Offer) -> None:
    made = offer()
    assert made["slug"] == "consultation"
    assert (made["currency"], made["timeZone"], made["isActive"], made["version"]) == ("EUR", "Europe/Paris", True, 1)
    assert made["createdAt"] == made["updatedAt"] == "2026-12-07T07:00:00.000Z"
    assert made["availableSlots"][1] == {"dayOfWeek": 1, "startTime": "09:00", "endTime": "12:00"}


def test_a_service_is_found_by_id_and_by_slug(nobody: Client, service: dict[str, Any]) -> None:
    assert found(nobody.get(f"/services/{service['id']}")) == service
    assert found(nobody.get("/services/consultation")) == service


def test_the_link_to_a_room_online_is_for_the_team_and_for_who_booked(
    offer: Offer, nobody: Client, alice: Client, bob: Client, sam: Client
) -> None:
    link = "https://meet.example.com/room"
    made = offer(location={"type": "virtual", "virtualLink": link}, requiresApproval=True, price=0)
    assert made["location"]["virtualLink"] == link
    for one in (nobody, alice):
        shown = [found(one.get("/services/consultation")), *found(one.get("/services"))]
        assert [each["location"] for each in shown] == [made["location"] | {"virtualLink": None}] * 2
        assert link not in one.get("/services").get_data(as_text=True)
    assert [each["location"]["virtualLink"] for each in found(sam.get("/services"))] == [link]
    booking = found(alice.post("/create", {"serviceId": made["id"], "startDate": NINE}))
    assert booking["virtualLink"] is None
    approved = found(sam.post("/approve", {"bookingId": booking["id"]}))
    assert approved["virtualLink"] == link
    assert found(alice.get(f"/{booking['id']}"))["virtualLink"] == link
    assert [one["virtualLink"] for one in found(alice.get("/list"))] == [link]
    problem(bob.get(f"/{booking['id']}"), 404, "NOT_FOUND")
    assert found(alice.post("/cancel", {"bookingId": booking["id"]}))["virtualLink"] is None


def test_a_second_service_of_a_name_gets_another_slug(offer: Offer) -> None:
    assert [offer()["slug"], offer()["slug"]] == ["consultation", "consultation-2"]


def test_a_taken_slug_is_a_conflict(offer: Offer, sam: Client) -> None:
    offer()
    problem(sam.post("/services", SERVICE | {"slug": "consultation"}), 409, "ALREADY_EXISTS")


def test_a_put_changes_the_given_fields_only(sam: Client, service: dict[str, Any]) -> None:
    changed = found(sam.put("/services/consultation", {"price": 6000}))
    assert changed == service | {"price": 6000, "version": 2}


def test_what_was_read_can_be_put_back(sam: Client, service: dict[str, Any]) -> None:
    assert found(sam.put(f"/services/{service['id']}", service)) == service | {"version": 2}


def test_an_unknown_field_is_refused_by_name(sam: Client, service: dict[str, Any]) -> None:
    assert fields(sam.put("/services/consultation", {"prise": 1})) == {"prise": "extra_forbidden"}


def test_the_list_is_filtered(offer: Offer, nobody: Client) -> None:
    offer(name="Yoga", type="event", category="fitness", maxParticipants=10)
    offer(name="Massage", category="fitness", description="Dos et épaules")
    offer(name="Dîner", type="table")

    def names(query: str) -> list[str]:
        return [one["name"] for one in found(nobody.get(f"/services{query}"))]

    assert names("") == ["Dîner", "Massage", "Yoga"]
    assert names("?category=fitness") == ["Massage", "Yoga"]
    assert names("?type=event") == ["Yoga"]
    assert names("?q=massa") == ["Massage"]
    assert names("?category=fitness&type=table") == []


def test_a_service_that_is_switched_off_is_for_staff(offer: Offer, nobody: Client, alice: Client, sam: Client) -> None:
    hidden = offer(isActive=False)
    address = f"/services/{hidden['id']}"
    assert found(nobody.get("/services")) == []
    problem(nobody.get(address), 404, "NOT_FOUND")
    problem(alice.get(address), 404, "NOT_FOUND")
    assert found(sam.get(address)) == hidden
    assert found(sam.get("/services?active=false")) == [hidden]
    problem(nobody.get("/services?active=false"), 401, "UNAUTHENTICATED")
    problem(alice.get("/services?active=false"), 403, "FORBIDDEN")


@pytest.mark.parametrize("path", ["/services", "/services/consultation"])
def test_who_has_the_newest_is_told_so_without_sending_it_again(
    nobody: Client, sam: Client, service: dict[str, Any], path: str
) -> None:
    etag = nobody.get(path).headers["ETag"]
    again = nobody.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    sam.put("/services/consultation", {"price": 1})
    assert nobody.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_a_service_without_bookings_goes(sam: Client, nobody: Client, service: dict[str, Any]) -> None:
    response = sam.delete("/services/consultation")
    assert (response.status_code, response.data) == (204, b"")
    problem(nobody.get("/services/consultation"), 404, "NOT_FOUND")


def test_a_service_with_bookings_ahead_stays(sam: Client, alice: Client, order: dict[str, Any]) -> None:
    found(alice.post("/create", order))
    said = problem(sam.delete("/services/consultation"), 409, "IN_USE")
    assert "A live booking needs this" in said["message"]


def test_a_service_with_past_bookings_is_switched_off(
    sam: Client, alice: Client, order: dict[str, Any], clock: Any
) -> None:
    found(alice.post("/create", order))
    clock.move_to("2026-12-09T08:00:00Z")
    assert sam.delete("/services/consultation").status_code == 204
    assert found(sam.get("/services/consultation"))["isActive"] is False
    assert db.session.get(BookingRow, found(alice.get("/list"))[0]["id"]) is not None


def test_every_error_of_a_service_is_named_at_once(sam: Client) -> None:
    bad = SERVICE | {
        "duration": 0,
        "price": -1,
        "type": "boat",
        "customFields": [{"id": "a", "name": "A", "type": "select"}],
    }
    assert fields(sam.post("/services", bad)) == {
        "duration": "greater_than_equal",
        "price": "greater_than_equal",
        "type": "enum",
        "customFields.0": "options_missing",
    }


def test_an_unknown_parameter_is_refused(nobody: Client) -> None:
    assert fields(nobody.get("/services?categorie=x")) == {"categorie": "extra_forbidden"}
    assert fields(nobody.get("/services?q=a&q=b")) == {"q": "given_twice"}
    assert fields(nobody.get("/services?active=yes")) == {"active": "bool_parsing"}
    found(nobody.get("/services?_=1"))


def test_both_versions_of_the_address_answer_alike(nobody: Client, service: dict[str, Any]) -> None:
    assert nobody.get("/api/v1/booking/services").data == nobody.get("/services").data
    assert found(nobody.get("/services"))[0]["id"] == service["id"]
