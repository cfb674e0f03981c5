"""Who may call what: every route, by every kind of person. A route that is not listed here fails.

The people: anonymous, alice (the owner of the booking), bob (another customer), sam (staff), ada (admin).
"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.api.conftest import NINE, Client, found

PEOPLE = ("anonymous", "alice", "bob", "sam", "ada")

# Statuses in the order of PEOPLE. Each call is made with an empty body, so that who may call gets as far as 422 (what
# is needed is missing), 400, or 404 (there is no such thing); 401 and 403 come before anything else is looked at.
OPEN_READ = (200, 200, 200, 200, 200)
SIGNED_READ = (401, 200, 200, 200, 200)
SIGNED_WRITE = (401, 422, 422, 422, 422)
OWN_READ = (401, 200, 404, 200, 200)
STAFF_READ = (401, 403, 403, 200, 200)
STAFF_WRITE = (401, 403, 403, 422, 422)
STAFF_CHANGE = (401, 403, 403, 200, 200)  # an empty change
STAFF_REMOVAL = (401, 403, 403, 204, 204)

API: dict[tuple[str, str], tuple[int, ...]] = {
    ("POST", "/api/auth/sign-up/email"): (422, 422, 422, 422, 422),
    ("POST", "/api/auth/sign-in/email"): (422, 422, 422, 422, 422),
    ("POST", "/api/auth/sign-out"): SIGNED_READ,
    ("GET", "/api/auth/get-session"): SIGNED_READ,
    ("GET", "/api/booking/services"): OPEN_READ,
    ("POST", "/api/booking/services"): STAFF_WRITE,
    ("GET", "/api/booking/services/<service_id>"): OPEN_READ,
    ("PUT", "/api/booking/services/<service_id>"): STAFF_CHANGE,
    ("DELETE", "/api/booking/services/<service_id>"): (401, 403, 403, 409, 409),
    ("GET", "/api/booking/services/<service_id>/slots"): (422, 422, 422, 422, 422),
    ("GET", "/api/booking/slots/next"): SIGNED_WRITE,
    ("POST", "/api/booking/quote"): (422, 422, 422, 422, 422),
    ("POST", "/api/booking/create"): SIGNED_WRITE,
    ("GET", "/api/booking/list"): SIGNED_READ,
    ("GET", "/api/booking/<booking_id>"): OWN_READ,
    ("PUT", "/api/booking/<booking_id>"): OWN_READ,
    ("POST", "/api/booking/cancel"): SIGNED_WRITE,
    ("POST", "/api/booking/approve"): STAFF_WRITE,
    ("POST", "/api/booking/decline"): STAFF_WRITE,
    ("POST", "/api/booking/check-in"): STAFF_WRITE,
    ("POST", "/api/booking/check-out"): STAFF_WRITE,
    ("POST", "/api/booking/no-show"): STAFF_WRITE,
    ("POST", "/api/booking/stripe/checkout"): SIGNED_WRITE,
    ("GET", "/api/booking/payment/status"): SIGNED_WRITE,
    ("POST", "/api/booking/refund"): STAFF_WRITE,
    ("POST", "/api/booking/stripe/webhook"): (409, 409, 409, 409, 409),  # payment is off here
    ("GET", "/api/booking/resources"): STAFF_READ,
    ("POST", "/api/booking/resources"): STAFF_WRITE,
    ("GET", "/api/booking/resources/<resource_id>"): STAFF_READ,
    ("PUT", "/api/booking/resources/<resource_id>"): STAFF_CHANGE,
    ("DELETE", "/api/booking/resources/<resource_id>"): STAFF_REMOVAL,
    ("GET", "/api/booking/staff"): STAFF_READ,
    ("POST", "/api/booking/staff"): STAFF_WRITE,
    ("GET", "/api/booking/staff/<staff_id>"): STAFF_READ,
    ("PUT", "/api/booking/staff/<staff_id>"): STAFF_CHANGE,
    ("DELETE", "/api/booking/staff/<staff_id>"): STAFF_REMOVAL,
    ("GET", "/api/booking/closures"): STAFF_READ,
    ("POST", "/api/booking/closures"): STAFF_WRITE,
    ("GET", "/api/booking/closures/<closure_id>"): STAFF_READ,
    ("PUT", "/api/booking/closures/<closure_id>"): STAFF_CHANGE,
    ("DELETE", "/api/booking/closures/<closure_id>"): STAFF_REMOVAL,
    ("GET", "/api/booking/customers"): STAFF_READ,
    ("POST", "/api/booking/customers"): STAFF_WRITE,
    ("GET", "/api/booking/customers/<customer_id>"): STAFF_READ,
    ("PUT", "/api/booking/customers/<customer_id>"): STAFF_CHANGE,
    ("DELETE", "/api/booking/customers/<customer_id>"): (401, 403, 403, 409, 409),
    ("GET", "/api/openapi.json"): OPEN_READ,
    ("GET", "/api/docs"): OPEN_READ,
    ("GET", "/api/docs/<name>"): OPEN_READ,
}


@pytest.fixture
def things(alice: Client, sam: Client, offer: Callable[..., dict[str, Any]]) -> dict[str, str]:
    """One of each thing that an address can name; the booking is alice's."""
    service = offer()
    booking = found(alice.post("/create", {"serviceId": service["id"], "startDate": NINE}))
    closure = found(sam.post("/closures", {"from": "2027-01-01", "to": "2027-01-01"}))
    found(sam.post("/resources", {"id": "beamer", "name": "Vidéoprojecteur", "type": "equipment"}))
    found(sam.post("/staff", {"id": "dr-martin", "name": "Dr Martin"}))
    return {
        "<service_id>": service["id"],
        "<booking_id>": booking["id"],
        "<resource_id>": "beamer",
        "<staff_id>": "dr-martin",
        "<closure_id>": closure["id"],
        "<customer_id>": "alice",
        "<name>": "swagger-ui.css",
    }


def _address(path: str, things: dict[str, str]) -> str:
    for name, value in things.items():
        path = path.replace(name, value)
    assert "<" not in path, "give `things` one of this"
    return path


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(("method", "path"), API, ids=lambda part: part)
def test_the_right_people_may_call(
    request: pytest.FixtureRequest, things: dict[str, str], method: str, path: str, person: str
) -> None:
    client: Client = request.getfixturevalue("nobody" if person == "anonymous" else person)
    body = {"json": {}} if method in {"POST", "PUT"} else {}
    response = client.call(method, _address(path, things), **body)
    assert response.status_code == API[method, path][PEOPLE.index(person)], response.get_data(as_text=True)


def _routes(app: Flask, prefix: str) -> dict[tuple[str, str], str]:
    """Return the endpoint of each method and address below a prefix."""
    return {
        (method, rule.rule): rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(prefix)
    }


def test_every_route_of_the_api_is_in_the_matrix(app: Flask) -> None:
    routes = {one for one in _routes(app, "/api") if not one[1].startswith("/api/v1/")}
    assert routes == API.keys()


def test_the_versioned_addresses_lead_to_the_same_views(app: Flask) -> None:
    plain, versioned = _routes(app, "/api/booking/"), _routes(app, "/api/v1/")
    assert versioned == {(method, path.replace("/api/", "/api/v1/", 1)): view for (method, path), view in plain.items()}
