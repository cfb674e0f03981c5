"""The OpenAPI document, the page that shows it, and whether answers are what it says."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import HALF_PAST_NINE, NINE, Client, found
from tests.build import catalogue_json
from tests.people import PASSWORD

Offer = Callable[..., dict[str, Any]]


@pytest.fixture
def document(nobody: Client) -> dict[str, Any]:
    """The document as it is served."""
    served: dict[str, Any] = found(nobody.get("/api/openapi.json"))
    return served


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_the_document_is_openapi_3_1_and_its_schemas_are_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}), name


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names
    assert names <= document["components"]["schemas"].keys()


def test_operations_have_the_names_that_clients_are_promised(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in _operations(document)]
    assert len(set(names)) == len(names)
    promised = {"getServices", "getService", "getSlots", "createBooking", "getBookings", "getBooking", "cancelBooking"}
    assert promised <= set(names)


def test_every_operation_says_what_it_does_and_what_it_needs(document: dict[str, Any]) -> None:
    for method, path, operation in _operations(document):
        assert operation["summary"], path
        assert "default" in operation["responses"]
        given = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert given == set(re.findall(r"{(\w+)}", path)), (method, path)


def test_texts_and_lists_have_limits_by_their_own_words(document: dict[str, Any]) -> None:
    service = document["components"]["schemas"]["ServiceFields"]["properties"]
    assert service["availableSlots"]["maxItems"] == 500
    assert service["name"]["maxLength"] == 255
    assert set(document["components"]["schemas"]["ServiceFields"]["required"]) == {"name", "duration", "price"}


def test_nothing_of_the_page_comes_from_elsewhere(nobody: Client) -> None:
    page = nobody.get("/api/docs")
    text = page.get_data(as_text=True)
    addresses = re.findall(r'(?:src|href|data-document)="([^"]+)"', text)
    names = {one.partition("?")[0] for one in addresses}
    assert {"/api/openapi.json", "/static/api/docs.js", "/api/docs/swagger-ui.css"} <= names
    assert not [one for one in addresses if not one.startswith("/") or one.startswith("//")]
    for address in addresses:
        assert nobody.http.get(address, buffered=True).status_code == 200, address
    policy = page.headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert "default-src 'self'" in policy
    assert "<script>" not in text


def test_no_other_file_of_the_package_is_served(nobody: Client) -> None:
    assert nobody.get("/api/docs/plugins.py").status_code == 404
    assert nobody.get("/api/docs/..%2f__init__.py").status_code == 404


def test_every_code_of_a_problem_is_explained_on_the_page(nobody: Client) -> None:
    kind = nobody.get("/list").get_json(force=True)["type"]
    page, _, code = kind.partition("#")
    assert f'id="{code}"' in nobody.get(page).get_data(as_text=True)


# ---------------------------------------------------------------- answers are what the document says


Check = Callable[[str, TestResponse], Any]


@pytest.fixture
def check(document: dict[str, Any]) -> Check:
    """Hold an answer against what the document says of its operation."""
    operations = {operation["operationId"]: operation for _, _, operation in _operations(document)}

    def hold(name: str, response: TestResponse) -> Any:
        responses = operations[name]["responses"]
        described = responses.get(str(response.status_code), responses["default"])
        schema = described["content"][response.mimetype]["schema"]
        whole = {**schema, "components": document["components"]}
        given = response.get_json(force=True)
        jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(given)
        return given

    return hold


def test_answers_are_what_the_document_says(
    check: Check, nobody: Client, alice: Client, sam: Client, offer: Offer
) -> None:
    staff = [{"role": "doctor", "count": 1, "specificStaffIds": ["dr-martin"]}]
    resources = [{"id": "beamer", "name": "Vidéoprojecteur", "type": "equipment"}]
    policy = {"allowCancellation": True, "cutoffHours": 1.5, "refundPolicy": "partial", "refundPercentage": 80}
    service = offer(requiredStaff=staff, requiredResources=resources, cancellationPolicy=policy, taxRate=20)
    order = {"serviceId": service["id"], "startDate": NINE, "participantDetails": [{"name": "Zoé", "age": 9}]}
    address = f"/services/{service['id']}"
    check("getServices", nobody.get("/services"))
    check("getService", nobody.get(address))
    check("updateService", sam.put(address, {"description": "x"}))
    check("getSlots", nobody.get(f"{address}/slots?from=2026-12-08&to=2026-12-09&include=full"))
    check("getNextSlot", alice.get(f"/slots/next?serviceId={service['id']}"))
    check("quoteBooking", nobody.post("/quote", order))
    booking = check("createBooking", alice.post("/create", order))
    check("createBooking", alice.post("/create", order))
    check("createBooking", alice.post("/create", order | {"quotedTotal": 1, "startDate": HALF_PAST_NINE}))
    check("createBooking", alice.post("/create", {}))
    check("getBookings", sam.get("/list"))
    check("getBooking", sam.get(f"/{booking['id']}"))
    check("updateBooking", alice.put(f"/{booking['id']}", {"notes": "x"}))
    check("getResource", sam.get("/resources/beamer"))
    check("getStaffMember", sam.get("/staff/dr-martin"))
    check("updateStaffMember", sam.put("/staff/dr-martin", {"timeOff": [{"from": "2026-12-24", "to": "2026-12-25"}]}))
    check(
        "createClosure",
        sam.post("/closures", {"from": NINE, "to": HALF_PAST_NINE, "target": "staff", "targetId": "dr-martin"}),
    )
    check("getClosures", sam.get("/closures"))
    check("cancelBooking", alice.post("/cancel", {"bookingId": booking["id"]}))
    check("updateCustomer", sam.put("/customers/alice", {"attributes": {"vip": True, "visits": 2}}))
    check("getCustomers", sam.get("/customers"))
    check("getSession", alice.get("/api/auth/get-session"))
    given = {"email": "claire@example.com", "password": PASSWORD, "name": "Claire"}
    check("signUp", nobody.post("/api/auth/sign-up/email", given))


def test_requests_that_work_are_what_the_document_asks_for(document: dict[str, Any]) -> None:
    """The services as they stand in the file pass the document's schema of a service."""
    whole = {"$ref": "#/components/schemas/ServiceFields", "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole)
    for one in catalogue_json():
        validator.validate(one)
