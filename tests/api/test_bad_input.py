"""What Python and Flask let through and the API must not: always a clear 4xx, nothing stored, never a 5xx."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.store.db import Base, db
from tests.api.conftest import NINE, SERVICE, Client, problem
from tests.people import PASSWORD

JSON = {"Content-Type": "application/json"}
SIGN_UP = "/api/auth/sign-up/email"
FIELDS = [
    {"id": "text", "name": "Texte", "type": "text"},
    {"id": "number", "name": "Nombre", "type": "number"},
    {"id": "tick", "name": "Case", "type": "checkbox"},
    {"id": "many", "name": "Choix", "type": "multiselect", "options": ["a", "b"]},
    {"id": "day", "name": "Date", "type": "date"},
]


def _rows() -> dict[str, int]:
    db.session.rollback()
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


def _refused(send: Callable[[], TestResponse], status: int) -> dict[str, Any]:
    """Check that a request is refused as a problem and leaves nothing behind."""
    before = _rows()
    response = send()
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/problem+json"
    said: dict[str, Any] = orjson.loads(response.data)
    assert said["status"] == status
    assert _rows() == before
    return said


ADDRESSES = ["/create", "/quote", "/services", "/resources", SIGN_UP, "/api/auth/sign-in/email"]

NOT_JSON = [
    b"",
    b"{",
    b"{'a': 1}",
    b"null",
    b"[]",
    b'"x"',
    b"1",
    b"true",
    b'{"participants": NaN}',
    b'{"participants": Infinity}',
    b'{"participants": -Infinity}',
    b'{"participants": 1e400}',
    b'{"participants": 1' + b"0" * 5000 + b"}",
    b'{"a": 1, "a": 2}',
    b"[" * 60_000,
    b'{"a":' * 10_000,
    b'{"a": "\xff"}',
    "{}".encode("utf-16"),
    b"\xef\xbb\xbf",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("raw", NOT_JSON, ids=lambda raw: raw[:25].decode("latin-1"))
def test_what_is_no_json_object_is_malformed(sam: Client, address: str, raw: bytes) -> None:
    said = _refused(lambda: sam.call("POST", address, data=raw, headers=JSON), 400)
    assert said["code"] == "MALFORMED"


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_body_over_64_kb_is_too_large(sam: Client, address: str) -> None:
    raw = orjson.dumps({"notes": "x" * 66_000})
    assert _refused(lambda: sam.call("POST", address, data=raw, headers=JSON), 413)["code"] == "TOO_LARGE"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_type_is_unsupported(alice: Client, order: dict[str, Any], kind: str) -> None:
    said = _refused(
        lambda: alice.call("POST", "/create", data=orjson.dumps(order), headers={"Content-Type": kind}), 415
    )
    assert said["code"] == "UNSUPPORTED_MEDIA_TYPE"


NUL, SURROGATE, ESCAPE = "a\x00b", "\ud800", "a\x1bb"

# field of the request, value, field of the answer
WRONG_ORDERS: list[tuple[str, Any, str]] = [
    ("participants", True, "participants"),
    ("participants", 1.5, "participants"),
    ("participants", "2", "participants"),
    ("participants", 0, "participants"),
    ("participants", -1, "participants"),
    ("participants", 2**63, "participants"),
    ("participants", 10**400, "participants"),
    ("quotedTotal", 2**63, "quotedTotal"),
    ("quotedTotal", -1, "quotedTotal"),
    ("quotedTotal", 5000.0, "quotedTotal"),
    ("notes", NUL, "notes"),
    ("notes", SURROGATE, "notes"),
    ("notes", ESCAPE, "notes"),
    ("notes", "x" * 10_001, "notes"),
    ("notes", 5, "notes"),
    ("notes", ["a"], "notes"),
    ("contactEmail", NUL, "contactEmail"),
    ("contactEmail", "a\nb@example.com", "contactEmail"),
    ("contactEmail", "x" * 250 + "@example.com", "contactEmail"),
    ("contactPhone", SURROGATE, "contactPhone"),
    ("contactPhone", "0" * 300, "contactPhone"),
    ("serviceId", NUL, "serviceId"),
    ("serviceId", "", "serviceId"),
    ("serviceId", 1, "serviceId"),
    ("serviceId", {}, "serviceId"),
    ("referenceId", "x" * 256, "referenceId"),
    ("staffId", SURROGATE, "staffId"),
    ("source", "sms", "source"),
    ("source", None, "source"),
    ("joinWaitlist", "yes", "joinWaitlist"),
    ("joinWaitlist", 1, "joinWaitlist"),
    ("startDate", "2026-W50-2", "startDate"),
    ("startDate", "20261208T080000Z", "startDate"),
    ("startDate", "20261208", "startDate"),
    ("startDate", "2026-12-08", "startDate"),
    ("startDate", "2026-12-08T08:00:00", "startDate"),
    ("startDate", "2026-12-08 08:00:00Z", "startDate"),
    ("startDate", "2026-12-08T24:00:00Z", "startDate"),
    ("startDate", "2026-13-08T08:00:00Z", "startDate"),
    ("startDate", "2026-12-08T08:00:00+24:00", "startDate"),
    ("startDate", "2026-12-08T08:00:30Z", "startDate"),
    ("startDate", "9999-12-31T23:59:59-23:59", "startDate"),
    ("startDate", "0001-01-01T00:00:00+14:00", "startDate"),
    ("startDate", "1999-12-31T23:59:59Z", "startDate"),
    ("startDate", "٢٠٢٦-12-08T08:00:00Z", "startDate"),
    ("startDate", 1765180800, "startDate"),
    ("startDate", True, "startDate"),
    ("startDate", None, "startDate"),
    ("endDate", NINE, "endDate"),
    ("endDate", "2026-12-08T07:00:00Z", "endDate"),
    ("endDate", "2099-12-08T08:00:00Z", "endDate"),
    ("endDate", 5, "endDate"),
    ("metadata", [], "metadata"),
    ("metadata", "x", "metadata"),
    ("metadata", {"a": NUL}, "metadata"),
    ("metadata", {SURROGATE: 1}, "metadata"),
    ("metadata", {"a": 10**400}, "metadata"),
    ("metadata", {"a": "x" * 30_000}, "metadata"),
    ("customFieldValues", [], "customFieldValues"),
    ("customFieldValues", {"text": NUL}, "customFieldValues"),
    ("customFieldValues", {"text": 5}, "customFieldValues.text"),
    ("customFieldValues", {"text": "x" * 5001}, "customFieldValues.text"),
    ("customFieldValues", {"number": True}, "customFieldValues.number"),
    ("customFieldValues", {"number": "2"}, "customFieldValues.number"),
    ("customFieldValues", {"number": 1e300}, "customFieldValues.number"),
    ("customFieldValues", {"number": 10**400}, "customFieldValues"),
    ("customFieldValues", {"tick": "on"}, "customFieldValues.tick"),
    ("customFieldValues", {"many": "a"}, "customFieldValues.many"),
    ("customFieldValues", {"many": ["c"]}, "customFieldValues.many"),
    ("customFieldValues", {"many": [["a"]]}, "customFieldValues.many"),
    ("customFieldValues", {"day": "20261208"}, "customFieldValues.day"),
    ("customFieldValues", {"other": 1}, "customFieldValues.other"),
    ("participantDetails", {}, "participantDetails"),
    ("participantDetails", ["x"], "participantDetails.0"),
    ("participantDetails", [{"name": "A"}, {"name": "B"}], "participantDetails"),
    ("participantDetails", [{"name": NUL}], "participantDetails.0.name"),
    ("participantDetails", [{"name": "A", "age": True}], "participantDetails.0.age"),
    ("participantDetails", [{"name": "A", "age": 2**63}], "participantDetails.0.age"),
    ("participantDetails", [{"name": "A", "age": 10**400}], "participantDetails.0.age"),
    ("participantDetails", [{"name": "A", "email": "x"}], "participantDetails.0.email"),
    ("participantDetails", [{"name": "A", SURROGATE: 1}], "participantDetails.0"),
    ("recurringConfig", {"frequency": "weekly"}, "recurringConfig"),
    ("recurringConfig", "weekly", "recurringConfig"),
    ("promoCode", "NONE", "promoCode"),
    ("status", "confirmed", "status"),
    (SURROGATE, 1, ""),
    ("x" * 5000, 1, "x" * 100),
]


def _name(value: Any) -> str:
    return ascii(value)[:30]


def _sent(given: dict[str, Any]) -> bytes:
    """Write JSON as a hostile client does: escapes, so that lone surrogates get through."""
    return json.dumps(given).encode("ascii")


@pytest.mark.parametrize(("name", "value", "field"), WRONG_ORDERS, ids=_name)
def test_a_wrong_value_of_an_order_is_named_at_its_field(
    alice: Client, offer: Callable[..., dict[str, Any]], name: str, value: Any, field: str
) -> None:
    order = {"serviceId": offer(customFields=FIELDS)["id"], "startDate": NINE, name: value}
    raw = _sent(order)
    said = _refused(lambda: alice.call("POST", "/create", data=raw, headers=JSON), 422)
    assert any(one["field"].startswith(field) for one in said["errors"]), said["errors"]
    assert all(one["message"] and "%(" not in one["message"] for one in said["errors"])


WRONG_SERVICES: list[tuple[str, Any]] = [
    ("name", NUL),
    ("name", SURROGATE),
    ("name", "x" * 256),
    ("name", None),
    ("duration", True),
    ("duration", "30"),
    ("duration", 30.5),
    ("duration", 2**63),
    ("duration", 10**400),
    ("price", -1),
    ("price", 19.99),
    ("price", 10**400),
    ("price", 100_000_000),
    ("currency", "EURO"),
    ("currency", NUL),
    ("timeZone", "../../etc/passwd"),
    ("timeZone", "Mars/Olympus"),
    ("slug", "Not A Slug"),
    ("slug", SURROGATE),
    ("taxRate", True),
    ("taxRate", 101),
    ("taxRate", 10**400),
    ("bookingWindow", {"minAdvanceHours": 10**400}),
    ("bookingWindow", {"minAdvanceHours": True}),
    ("bookingWindow", []),
    ("availableSlots", [{"dayOfWeek": 1, "startTime": "12:00", "endTime": "09:00"}]),
    ("availableSlots", [{"dayOfWeek": True, "startTime": "09:00", "endTime": "12:00"}]),
    ("availableSlots", [{"dayOfWeek": 1, "startTime": "9:00", "endTime": "12:00"}]),
    ("availableSlots", [{"dayOfWeek": 1, "startTime": "٠٩:00", "endTime": "12:00"}]),
    ("availableSlots", "always"),
    ("specialAvailability", [{"date": "2026-W50-2", "slots": [{"startTime": "09:00", "endTime": "10:00"}]}]),
    ("specialAvailability", [{"date": "2026-12-08", "slots": []}]),
    ("location", {"type": "physical", "coordinates": {"lat": 10**400, "lng": 0}}),
    ("location", {"type": "virtual", "virtualLink": "javascript:alert(1)"}),
    ("pricingTiers", [{"name": "A", "condition": "__import__('os')", "price": 1}]),
    ("pricingTiers", [{"name": "A", "condition": "(" * 400, "price": 1}]),
    ("pricingTiers", [{"name": "A", "condition": "x" * 501, "price": 1}]),
    ("customFields", [{"id": "a", "name": "A", "type": "text", "validation": "(?=a)"}]),
    ("customFields", [{"id": "a", "name": "A", "type": "text", "validation": "("}]),
    ("customFields", [{"id": NUL, "name": "A", "type": "text"}]),
    ("metadata", {"a": 10**400}),
    ("metadata", {"a": SURROGATE}),
    ("metadata", {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": {"j": {}}}}}}}}}}}),
    ("translations", {"en": {"name": NUL}}),
    ("translations", {SURROGATE: {}}),
    ("requiredResources", [{"id": SURROGATE, "name": "A", "type": "room"}]),
    ("requiredStaff", [{"role": "a", "count": True}]),
    ("id", "mine"),
    ("version", 5),
]


@pytest.mark.parametrize(("name", "value"), WRONG_SERVICES, ids=_name)
def test_a_wrong_value_of_a_service_is_named(sam: Client, name: str, value: Any) -> None:
    raw = _sent(SERVICE | {name: value})
    said = _refused(lambda: sam.call("POST", "/services", data=raw, headers=JSON), 422)
    assert said["errors"]


@pytest.mark.parametrize(
    "change",
    [
        {"password": NUL * 5},
        {"password": SURROGATE * 12},
        {"password": 1234567890},
        {"password": None},
        {"password": "x" * 20_000},
        {"email": NUL + "@example.com"},
        {"email": SURROGATE},
        {"email": "a@example.com\r\nBcc: b@example.com"},
        {"email": ["a@example.com"]},
        {"name": NUL},
        {"name": SURROGATE},
        {"name": {"$ne": None}},
    ],
    ids=_name,
)
def test_a_wrong_value_of_a_sign_up_is_named(nobody: Client, change: dict[str, Any]) -> None:
    raw = _sent({"email": "claire@example.com", "password": PASSWORD, "name": "Claire"} | change)
    said = _refused(lambda: nobody.call("POST", SIGN_UP, data=raw, headers=JSON), 422)
    assert {one["field"] for one in said["errors"]} == set(change)


@pytest.mark.parametrize(
    "address",
    [
        "/%00",
        "/%ED%A0%80",
        "/" + "x" * 5000,
        "/services/%00",
        "/services/%ED%A0%80/slots?from=2026-12-08&to=2026-12-09",
        "/customers/%00",
        "/resources/%00",
        "/staff/%F0%9F%98%80",
        "/closures/" + "x" * 5000,
    ],
)
def test_an_id_that_cannot_be_is_not_found(sam: Client, address: str) -> None:
    _refused(lambda: sam.get(address), 404)


@pytest.mark.parametrize(
    "address",
    [
        "/services?q=%00",
        "/services?category=%0A",
        "/list?serviceId=%00",
        "/list?cursor=%00",
        "/list?from=2026-12-08T08:00:00",
        "/customers?search=%00",
        "/customers?limit=99999999999999999999",
        "/slots/next?serviceId=%00",
        "/slots/next?serviceId=a&withinHours=1e3",
    ],
)
def test_a_query_that_cannot_be_is_named(sam: Client, address: str) -> None:
    assert _refused(lambda: sam.get(address), 422)["errors"]


def test_an_unknown_cursor_lists_nothing(sam: Client) -> None:
    problem(sam.get("/list?cursor="), 422, "INVALID")
    assert sam.get("/list?cursor=nothing").json == []


def test_markup_is_kept_as_typed(alice: Client, order: dict[str, Any]) -> None:
    typed = "<script>alert(1)</script> =HYPERLINK('x') ✓\n\tsecond line"
    response = alice.post("/create", order | {"notes": typed})
    assert response.json is not None
    assert response.json["notes"] == typed
    assert response.headers["X-Content-Type-Options"] == "nosniff"
