"""Bookings by the API."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from portal.store.bookings import AuditRow, BookingRow, IdempotencyRow
from tests.api.conftest import HALF_PAST_NINE, NINE, Client, count, fields, found, problem

Offer = Callable[..., dict[str, Any]]


# ---------------------------------------------------------------- create


def test_a_booking_is_confirmed_at_once_while_payment_is_off(alice: Client, order: dict[str, Any]) -> None:
    booking = found(alice.post("/create", order | {"notes": "Première ligne\nseconde", "contactPhone": "0123456789"}))
    assert booking["payment"] is None
    assert booking["status"] == "confirmed"
    assert booking["paymentStatus"] is None
    assert booking["userId"] == "alice"
    assert (booking["startDate"], booking["endDate"]) == (NINE, HALF_PAST_NINE)
    assert (booking["totalPrice"], booking["currency"], booking["tax"]) == (5000, "EUR", 0)
    assert booking["contactEmail"] == "alice@example.com"
    assert booking["contactPhone"] == "+33123456789"
    assert booking["notes"] == "Première ligne\nseconde"
    assert booking["source"] == "api"
    assert booking["createdAt"] == "2026-12-07T07:00:00.000Z"
    assert re.fullmatch(r"[0-9a-f-]{36}", booking["id"])
    assert found(alice.get(f"/{booking['id']}")) == {k: v for k, v in booking.items() if k != "payment"}


def test_an_offset_is_as_good_as_z(alice: Client, order: dict[str, Any]) -> None:
    assert found(alice.post("/create", order | {"startDate": "2026-12-08T09:00:00+01:00"}))["startDate"] == NINE


def test_the_second_comer_gets_the_nearest_alternatives(alice: Client, bob: Client, order: dict[str, Any]) -> None:
    found(alice.post("/create", order))
    said = problem(bob.post("/create", order), 409, "SLOT_UNAVAILABLE")
    assert len(said["alternatives"]) == 5
    assert {
        "startDate": HALF_PAST_NINE,
        "endDate": "2026-12-08T09:00:00.000Z",
        "unitsLeft": 1,
        "priceFrom": 5000,
    } in said["alternatives"]
    assert found(bob.get("/list")) == []


def test_alternatives_of_an_event_say_their_seats(alice: Client, offer: Offer) -> None:
    event = offer(type="event", maxParticipants=2)
    order = {"serviceId": event["id"], "startDate": NINE, "participants": 2}
    found(alice.post("/create", order))
    said = problem(alice.post("/create", order), 409, "SLOT_UNAVAILABLE")
    assert {one["seatsLeft"] for one in said["alternatives"]} == {2}


def test_a_price_that_no_longer_holds_is_told_with_the_new_one(alice: Client, order: dict[str, Any]) -> None:
    said = problem(alice.post("/create", order | {"quotedTotal": 4999}), 409, "PRICE_CHANGED")
    assert said["quote"]["total"] == 5000
    assert found(alice.post("/create", order | {"quotedTotal": 5000}))["totalPrice"] == 5000


def test_everything_wrong_is_named_at_once(alice: Client, offer: Offer) -> None:
    service = offer(
        customFields=[
            {"id": "symptoms", "name": "Symptômes", "type": "text", "required": True},
            {"id": "urgency", "name": "Urgence", "type": "select", "options": ["Faible", "Élevée"]},
        ]
    )
    order = {
        "serviceId": service["id"],
        "startDate": NINE,
        "participants": 2,
        "contactEmail": "nobody",
        "contactPhone": "12",
        "customFieldValues": {"urgency": "Moyenne", "other": 1},
        "staffId": "dr-who",
        "source": "phone",
    }
    assert fields(alice.post("/create", order)).keys() == {
        "participants",
        "contactEmail",
        "contactPhone",
        "customFieldValues.symptoms",
        "customFieldValues.urgency",
        "customFieldValues.other",
        "staffId",
        "source",
    }
    assert count(BookingRow) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "confirmed"),
        ("totalPrice", 0),
        ("userId", "bob"),
        ("paymentStatus", "paid"),
        ("internalNotes", "x"),
        ("assignedStaff", []),
        ("start_date", NINE),
        ("id", "mine"),
    ],
)
def test_what_the_client_may_not_set_is_refused(alice: Client, order: dict[str, Any], name: str, value: Any) -> None:
    refused = fields(alice.post("/create", order | {name: value}))
    assert list(refused.values()) == ["extra_forbidden"]
    assert count(BookingRow) == 0


def test_what_is_wrong_in_shape_and_what_is_wrong_by_the_rules_are_named_together(alice: Client, offer: Offer) -> None:
    symptoms = {"id": "symptoms", "name": "Symptoms", "type": "text", "required": True}
    service = offer(customFields=[symptoms])
    body = {"serviceId": service["id"], "startDate": NINE, "participants": "two", "contactPhone": "12", "status": "x"}
    assert fields(alice.post("/create", body)) == {
        "participants": "int_type",
        "status": "extra_forbidden",
        "customFieldValues.symptoms": "required",
        "contactPhone": "phone",
    }


def test_answers_may_come_in_metadata_and_the_rest_of_it_is_kept(alice: Client, offer: Offer) -> None:
    service = offer(customFields=[{"id": "symptoms", "name": "Symptômes", "type": "text", "required": True}])
    order = {"serviceId": service["id"], "startDate": NINE, "metadata": {"symptoms": "Toux", "campaign": "spring"}}
    booking = found(alice.post("/create", order))
    assert booking["customFieldValues"] == {"symptoms": "Toux"}
    assert booking["metadata"] == {"campaign": "spring"}


def test_an_unknown_service_is_not_found(alice: Client) -> None:
    problem(alice.post("/create", {"serviceId": "nothing", "startDate": NINE}), 404, "NOT_FOUND")


def test_a_slug_is_as_good_as_an_id(alice: Client, service: dict[str, Any]) -> None:
    booking = found(alice.post("/create", {"serviceId": "consultation", "startDate": NINE}))
    assert booking["serviceId"] == service["id"]


def test_a_stay_takes_plain_dates(alice: Client, offer: Offer) -> None:
    room = offer(type="room", duration=1440, price=12000, availableSlots=[])
    order = {"serviceId": room["id"], "startDate": "2026-12-08", "endDate": "2026-12-11"}
    booking = found(alice.post("/create", order))
    assert (booking["startDate"], booking["endDate"]) == ("2026-12-08T14:00:00.000Z", "2026-12-11T10:00:00.000Z")
    assert booking["totalPrice"] == 36000


def test_a_plain_date_is_no_time_of_a_consultation(alice: Client, order: dict[str, Any]) -> None:
    assert fields(alice.post("/create", order | {"startDate": "2026-12-08"})) == {"startDate": "time_missing"}


def test_french_is_spoken_to_who_asks_for_it(alice: Client, order: dict[str, Any]) -> None:
    """Without an Accept-Language header the house's language, French, is spoken too."""
    alice.post("/create", order)
    english = problem(alice.post("/create", order), 409, "SLOT_UNAVAILABLE")
    french = problem(
        alice.post("/create", order, headers={"Accept-Language": "fr-CA, en;q=0.5"}), 409, "SLOT_UNAVAILABLE"
    )
    house = problem(alice.post("/create", order, headers={"Accept-Language": ""}), 409, "SLOT_UNAVAILABLE")
    assert english["message"] == "This time is not available. Choose another one."
    assert french["message"] == house["message"] != english["message"]


# ---------------------------------------------------------------- the same key, the same answer


def test_the_same_key_gives_the_same_bytes_and_books_once(alice: Client, order: dict[str, Any]) -> None:
    first, second = (alice.post("/create", order, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert found(first)["id"]
    assert (second.status_code, second.data, second.mimetype) == (200, first.data, first.mimetype)
    assert count(BookingRow) == 1


def test_the_key_counts_under_both_versions_of_the_address(alice: Client, order: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = alice.post("/create", order, headers=headers)
    assert alice.post("/api/v1/booking/create", order, headers=headers).data == first.data


def test_a_key_is_not_for_another_body(alice: Client, order: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "k1"}
    found(alice.post("/create", order, headers=headers))
    problem(alice.post("/create", order | {"notes": "x"}, headers=headers), 422, "KEY_REUSED")


def test_two_people_may_use_one_key(alice: Client, bob: Client, order: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "k1"}
    found(alice.post("/create", order, headers=headers))
    found(bob.post("/create", order | {"startDate": HALF_PAST_NINE}, headers=headers))


def test_a_refusal_is_not_kept_under_a_key(alice: Client, bob: Client, order: dict[str, Any]) -> None:
    taken = found(alice.post("/create", order))
    headers = {"Idempotency-Key": "k1"}
    problem(bob.post("/create", order, headers=headers), 409, "SLOT_UNAVAILABLE")
    found(alice.post("/cancel", {"bookingId": taken["id"]}))
    found(bob.post("/create", order, headers=headers))


def test_cancelling_twice_with_one_key_cancels_once(alice: Client, order: dict[str, Any]) -> None:
    given = {"bookingId": found(alice.post("/create", order))["id"], "reason": "Malade"}
    first, second = (alice.post("/cancel", given, headers={"Idempotency-Key": "k2"}) for _ in range(2))
    assert found(first)["status"] == "cancelled"
    assert second.data == first.data
    assert count(AuditRow) == 2


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "é"])
def test_a_key_that_cannot_be_one_is_refused(alice: Client, order: dict[str, Any], key: str) -> None:
    response = alice.post("/create", order, headers={"Idempotency-Key": key})
    assert fields(response) == {"Idempotency-Key": "key_format"}
    assert count(IdempotencyRow) == count(BookingRow) == 0


# ---------------------------------------------------------------- list and read


def _book(client: Client, order: dict[str, Any], *times: str) -> list[str]:
    return [found(client.post("/create", order | {"startDate": time}))["id"] for time in times]


DAYS = [f"2026-12-{day:02d}T08:00:00Z" for day in range(8, 13)]


def test_customers_list_their_own_and_staff_everybodys(
    alice: Client, bob: Client, sam: Client, order: dict[str, Any]
) -> None:
    hers, his = _book(alice, order, DAYS[0]), _book(bob, order, DAYS[1])
    assert [one["id"] for one in found(alice.get("/list"))] == hers
    assert [one["id"] for one in found(bob.get("/list"))] == his
    assert [one["id"] for one in found(sam.get("/list"))] == hers + his
    assert [one["id"] for one in found(sam.get("/list?userId=bob"))] == his


def test_the_list_is_filtered(alice: Client, order: dict[str, Any]) -> None:
    ids = _book(alice, order, *DAYS)
    found(alice.post("/cancel", {"bookingId": ids[4]}))

    def listed(query: str) -> list[str]:
        return [one["id"] for one in found(alice.get(f"/list?{query}"))]

    assert listed("status=cancelled") == ids[4:]
    assert listed("status=cancelled&status=confirmed") == ids
    assert listed("from=2026-12-09&to=2026-12-11") == ids[1:3]
    assert listed(f"from={DAYS[3]}") == ids[3:]
    assert listed("date=2026-12-10") == ids[2:3]
    assert listed(f"serviceId={order['serviceId']}") == ids
    assert listed("serviceId=another") == []


def test_a_date_is_one_of_the_house(alice: Client, offer: Offer) -> None:
    """23 h UTC is the next day in Paris."""
    night = offer(availableSlots=[{"dayOfWeek": 3, "startTime": "00:00", "endTime": "01:00"}])
    order = {"serviceId": night["id"], "startDate": "2026-12-08T23:00:00Z"}
    found(alice.post("/create", order))
    assert len(found(alice.get("/list?date=2026-12-09"))) == 1
    assert found(alice.get("/list?date=2026-12-08")) == []


def test_the_link_header_leads_through_all_pages(alice: Client, order: dict[str, Any]) -> None:
    ids, seen = _book(alice, order, *DAYS), []
    address: str | None = "/api/booking/list?limit=2&status=confirmed"
    while address:
        response = alice.get(address)
        seen.append([one["id"] for one in found(response)])
        link = response.headers.get("Link")
        address = re.fullmatch(r'<(.+)>; rel="next"', link)[1] if link else None  # type: ignore[index]
    assert seen == [ids[:2], ids[2:4], ids[4:]]


def test_the_list_of_a_staff_member(sam: Client, alice: Client, offer: Offer) -> None:
    staff = [{"role": "doctor", "count": 1, "specificStaffIds": ["dr-martin", "dr-dupont"]}]
    order = {"serviceId": offer(requiredStaff=staff)["id"], "startDate": NINE}
    booking = found(alice.post("/create", order | {"staffId": "dr-martin"}))
    found(alice.post("/create", order | {"staffId": "dr-dupont"}))
    assert booking["assignedStaff"] == [{"staffId": "dr-martin", "staffName": "dr-martin", "role": "doctor"}]
    assert [one["id"] for one in found(sam.get("/list?staffId=dr-martin"))] == [booking["id"]]


@pytest.mark.parametrize("query", ["staffId=x", "userId=bob"])
def test_customers_do_not_list_by_people(alice: Client, query: str) -> None:
    problem(alice.get(f"/list?{query}"), 403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=lost", {"status.0": "enum"}),
        ("limit=0", {"limit": "greater_than_equal"}),
        ("limit=101", {"limit": "less_than_equal"}),
        ("limit=-1", {"limit": "int_parsing"}),
        ("date=2026-12-08&from=2026-12-08", {"date": "not_both"}),
        ("date=2026-02-30", {"date": "date"}),
        ("offset=3", {"offset": "extra_forbidden"}),
    ],
)
def test_a_list_cannot_be_asked_for_otherwise(alice: Client, query: str, expected: dict[str, str]) -> None:
    assert fields(alice.get(f"/list?{query}")) == expected


def test_anothers_booking_is_not_found(alice: Client, bob: Client, order: dict[str, Any]) -> None:
    (booking,) = _book(alice, order, NINE)
    problem(bob.get(f"/{booking}"), 404, "NOT_FOUND")
    problem(bob.put(f"/{booking}", {"notes": "mine"}), 404, "NOT_FOUND")
    problem(bob.post("/cancel", {"bookingId": booking}), 404, "NOT_FOUND")
    assert found(alice.get(f"/{booking}"))["status"] == "confirmed"


def test_internal_matters_are_for_staff(alice: Client, sam: Client, order: dict[str, Any]) -> None:
    (booking,) = _book(alice, order, NINE)
    internal = {"internalNotes", "unfilledRoles", "approvalByAdmin"}
    assert found(sam.get(f"/{booking}")).keys() - found(alice.get(f"/{booking}")).keys() == internal


def test_static_addresses_win_over_ids(alice: Client) -> None:
    assert found(alice.get("/list")) == []
    assert found(alice.get("/services")) == []


# ---------------------------------------------------------------- change, cancel, approve


def test_what_is_given_changes_and_the_rest_stays(alice: Client, order: dict[str, Any]) -> None:
    (booking,) = _book(alice, order | {"notes": "Une note", "contactPhone": "0123456789"}, NINE)
    changed = found(alice.put(f"/{booking}", {"contactEmail": "other@example.com"}))
    assert (changed["contactEmail"], changed["notes"]) == ("other@example.com", "Une note")
    assert changed["contactPhone"] == "+33123456789"
    assert found(alice.put(f"/{booking}", {"notes": None}))["notes"] is None


def test_a_larger_party_is_priced_anew(alice: Client, offer: Offer) -> None:
    table = offer(type="table", price=1000, maxParticipants=8)
    (booking,) = _book(alice, {"serviceId": table["id"], "participants": 2}, NINE)
    changed = found(alice.put(f"/{booking}", {"participants": 4}))
    assert (changed["participants"], changed["totalPrice"]) == (4, 4000)
    assert fields(alice.put(f"/{booking}", {"participants": 9})) == {"participants": "party_too_large"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"status": "completed"}, {"status": "extra_forbidden"}),
        ({"participants": None}, {"participants": "int_type"}),
        ({"participants": True}, {"participants": "int_type"}),
        ({"contactEmail": None}, {"contactEmail": "string_type"}),
        ({"contactEmail": "x", "contactPhone": "y"}, {"contactEmail": "email", "contactPhone": "phone"}),
    ],
)
def test_a_change_that_cannot_be_is_named(
    alice: Client, order: dict[str, Any], change: dict[str, Any], expected: dict[str, str]
) -> None:
    (booking,) = _book(alice, order, NINE)
    assert fields(alice.put(f"/{booking}", change)) == expected


def test_a_cancelled_booking_frees_its_place_and_stays_cancelled(
    alice: Client, bob: Client, order: dict[str, Any]
) -> None:
    (booking,) = _book(alice, order, NINE)
    assert found(alice.post("/cancel", {"bookingId": booking, "reason": "Malade"}))["status"] == "cancelled"
    problem(alice.post("/cancel", {"bookingId": booking}), 409, "ALREADY_CANCELLED")
    found(bob.post("/create", order))


def test_after_the_cutoff_only_staff_cancel(
    alice: Client, sam: Client, order: dict[str, Any], clock: time_machine.Traveller
) -> None:
    (booking,) = _book(alice, order, NINE)
    clock.move_to("2026-12-07T08:00:01Z")
    problem(alice.post("/cancel", {"bookingId": booking}), 409, "CUTOFF_PASSED")
    assert found(sam.post("/cancel", {"bookingId": booking}))["status"] == "cancelled"


def test_staff_approve_and_decline(alice: Client, sam: Client, offer: Offer) -> None:
    order = {"serviceId": offer(requiresApproval=True)["id"]}
    first, second = _book(alice, order, NINE, HALF_PAST_NINE)
    waiting = found(alice.get(f"/{first}"))
    assert waiting["status"] == "pending"
    assert waiting["holdExpiresAt"] is not None
    problem(alice.post("/approve", {"bookingId": first}), 403, "FORBIDDEN")
    assert found(sam.post("/approve", {"bookingId": first}))["status"] == "confirmed"
    problem(sam.post("/approve", {"bookingId": first}), 409, "WRONG_STATE")
    assert found(sam.post("/decline", {"bookingId": second, "reason": "Complet"}))["status"] == "cancelled"


def test_a_request_that_nobody_answered_lapses(alice: Client, offer: Offer, clock: time_machine.Traveller) -> None:
    order = {"serviceId": offer(requiresApproval=True)["id"]}
    (booking,) = _book(alice, order, "2026-12-14T08:00:00Z")
    clock.shift(timedelta(hours=48))
    assert found(alice.get(f"/{booking}"))["status"] == "cancelled"


def test_staff_book_off_the_grid(sam: Client, order: dict[str, Any]) -> None:
    booking = found(sam.post("/create", order | {"startDate": "2026-12-08T19:07:00Z", "source": "phone"}))
    assert (booking["startDate"], booking["source"]) == ("2026-12-08T19:07:00.000Z", "phone")
