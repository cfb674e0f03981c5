"""Customers by the API: what staff see and may change."""

import re
from typing import Any

import pytest

from tests.api.conftest import NINE, Client, fields, found, problem
from tests.people import PASSWORD

CLAIRE = {"email": "claire@example.com", "name": "Claire Roux", "attributes": {"vip": True, "visits": 3}}


def test_staff_make_an_account_for_somebody_who_calls(sam: Client, nobody: Client) -> None:
    made = found(sam.post("/customers", CLAIRE))
    assert made == {
        "id": made["id"],
        "role": "customer",
        "status": "active",
        "locale": None,
        "timeZone": None,
        "bannedAt": None,
        "banReason": None,
        "contactPhone": None,
        "internalNotes": None,
        **CLAIRE,
    }
    assert found(sam.get(f"/customers/{made['id']}")) == made
    assert fields(sam.post("/customers", CLAIRE)) == {"email": "email_taken"}
    response = nobody.post("/api/auth/sign-in/email", {"email": "claire@example.com", "password": PASSWORD})
    problem(response, 401, "SIGN_IN_FAILED")


def test_telephone_and_notes_are_the_teams_to_write_and_the_notes_theirs_alone(sam: Client, alice: Client) -> None:
    given = {"contactPhone": "01 23 45 67 89", "internalNotes": "Rings twice"}
    made = found(sam.post("/customers", CLAIRE | given))
    assert (made["contactPhone"], made["internalNotes"]) == ("+33123456789", "Rings twice")
    found(sam.put("/customers/alice", given))
    kept = found(sam.put("/customers/alice", {"name": "Alice M.", "contactPhone": None}))
    assert (kept["contactPhone"], kept["internalNotes"]) == (None, "Rings twice")
    assert "Rings twice" not in alice.get("/api/auth/get-session").get_data(as_text=True)
    wrong = {"contactPhone": "12", "internalNotes": "x" * 5001, "name": ""}
    expected = {"contactPhone": "phone", "internalNotes": "too_long", "name": "blank"}
    assert fields(sam.put("/customers/alice", wrong)) == expected
    assert fields(sam.post("/customers", CLAIRE | {"email": "zoe@example.com"} | wrong)) == expected


def test_customers_are_found_by_name_and_address(sam: Client) -> None:
    assert [one["id"] for one in found(sam.get("/customers?search=MARTIN"))] == ["alice"]
    assert [one["id"] for one in found(sam.get("/customers?search=bob@"))] == ["bob"]
    assert found(sam.get("/customers?search=%25")) == []


def test_customers_come_in_pages(sam: Client) -> None:
    first = sam.get("/customers?limit=3")
    link = first.headers["Link"]
    address = re.fullmatch(r'<(.+)>; rel="next"', link)[1]  # type: ignore[index]
    second = sam.get(address)
    assert [one["id"] for one in found(first) + found(second)] == ["ada", "alice", "bob", "sam"]
    assert "Link" not in second.headers


def test_attributes_are_replaced_as_a_whole(sam: Client) -> None:
    found(sam.put("/customers/alice", {"attributes": {"membership": "gold", "student": True}}))
    changed = found(sam.put("/customers/alice", {"attributes": {"membership": "silver"}}))
    assert changed["attributes"] == {"membership": "silver"}
    assert found(sam.put("/customers/alice", {"name": "Alice M."}))["attributes"] == {"membership": "silver"}
    assert found(sam.put("/customers/alice", {"attributes": {}}))["attributes"] == {}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"member ship": 1}, {"attributes": "attribute_name"}),
        ({"": 1}, {"attributes": "attribute_name"}),
        ({"a": None}, {"attributes.a": "attribute_value"}),
        ({"a": [1]}, {"attributes.a": "attribute_value"}),
        ({"a": {"b": 1}}, {"attributes.a": "attribute_value"}),
        ({"a": "x" * 256}, {"attributes.a": "attribute_value"}),
        ({"a": 10**18}, {"attributes": "int_parsing_size"}),
        ({f"a{n}": n for n in range(51)}, {"attributes": "too_long"}),
    ],
)
def test_attributes_are_plain_values(sam: Client, attributes: dict[str, Any], expected: dict[str, str]) -> None:
    assert fields(sam.put("/customers/alice", {"attributes": attributes})) == expected
    assert found(sam.get("/customers/alice"))["attributes"] == {}


def test_a_banned_customers_tokens_end_at_once(sam: Client, alice: Client, order: dict[str, Any]) -> None:
    found(alice.post("/create", order))
    assert found(sam.put("/customers/alice", {"status": "banned"}))["status"] == "banned"
    problem(alice.get("/list"), 401, "UNAUTHENTICATED")
    assert len(found(sam.get("/list?userId=alice"))) == 1
    assert found(sam.put("/customers/alice", {"status": "active"}))["status"] == "active"


@pytest.mark.parametrize("who", ["sam", "ada"])
def test_staff_do_not_change_accounts_of_the_team(sam: Client, who: str) -> None:
    problem(sam.put(f"/customers/{who}", {"status": "banned"}), 403, "FORBIDDEN")
    problem(sam.delete(f"/customers/{who}"), 403, "FORBIDDEN")


def test_an_admin_closes_an_account_of_the_team_but_not_his_own(ada: Client) -> None:
    assert found(ada.put("/customers/sam", {"status": "banned"}))["status"] == "banned"
    problem(ada.put("/customers/ada", {"status": "banned"}), 403, "FORBIDDEN")


def test_a_role_is_an_admins_to_change(sam: Client, ada: Client) -> None:
    problem(sam.put("/customers/bob", {"role": "admin"}), 403, "FORBIDDEN")
    assert found(ada.put("/customers/bob", {"role": "staff"}))["role"] == "staff"
    assert fields(ada.put("/customers/bob", {"role": "king"})) == {"role": "enum"}
    problem(ada.put("/customers/ada", {"role": "staff"}), 403, "FORBIDDEN")


def test_an_account_that_booked_stays(sam: Client, alice: Client, order: dict[str, Any]) -> None:
    found(alice.post("/create", order | {"startDate": NINE}))
    said = problem(sam.delete("/customers/alice"), 409, "IN_USE")
    assert "has a booking" in said["message"]
    assert sam.delete("/customers/bob").status_code == 204
    problem(sam.get("/customers/bob"), 404, "NOT_FOUND")


def test_an_account_without_bookings_goes_with_its_tokens(sam: Client, bob: Client) -> None:
    assert sam.delete("/customers/bob").status_code == 204
    problem(bob.get("/list"), 401, "UNAUTHENTICATED")
