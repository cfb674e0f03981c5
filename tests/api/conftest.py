"""The people of the tests as API clients, and something to book."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from portal.domain.account import Account
from portal.store.db import Base, db
from portal.usecases.accounts import issue_token
from tests.build import EVERY_DAY
from tests.people import EVERYBODY

BASE = "/api/booking"
SERVICE = {"name": "Consultation", "duration": 30, "price": 5000, "availableSlots": EVERY_DAY}
NINE = "2026-12-08T08:00:00.000Z"  # Tuesday 9 h in Paris
HALF_PAST_NINE = "2026-12-08T08:30:00.000Z"


@dataclass(frozen=True)
class Client:
    """Somebody who calls the API with a token of his, or, as nobody, with none."""

    http: FlaskClient
    token: str | None = None

    def call(self, method: str, path: str, **more: Any) -> TestResponse:
        """Call an address; a path that does not begin with /api is one of bookings."""
        headers = {"Accept-Language": "en"} | more.pop("headers", {})
        if self.token:
            headers = {"Authorization": f"Bearer {self.token}"} | headers
        address = path if path.startswith("/api") else BASE + path
        with self.http.application.app_context():  # its own: what one request keeps, the next must not see
            return self.http.open(address, method=method, headers=headers, buffered=True, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.call("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.call("POST", path, json=json, **more)

    def put(self, path: str, json: Any = None, **more: Any) -> TestResponse:
        return self.call("PUT", path, json=json, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self.call("DELETE", path, **more)


@pytest.fixture(autouse=True)
def _stopped_clock(clock: time_machine.Traveller) -> None:
    """Every test of the API happens on Monday 7 December 2026, 8 h in Paris."""


@pytest.fixture
def token_of(app: Flask) -> Callable[[Account], str]:
    """Make a token for somebody."""
    return lambda account: issue_token(account.id, datetime.now(UTC))


@pytest.fixture
def nobody(client: FlaskClient) -> Client:
    return Client(client)


@pytest.fixture
def alice(client: FlaskClient, token_of: Callable[[Account], str]) -> Client:
    return Client(client, token_of(EVERYBODY.alice))


@pytest.fixture
def bob(client: FlaskClient, token_of: Callable[[Account], str]) -> Client:
    return Client(client, token_of(EVERYBODY.bob))


@pytest.fixture
def sam(client: FlaskClient, token_of: Callable[[Account], str]) -> Client:
    return Client(client, token_of(EVERYBODY.sam))


@pytest.fixture
def ada(client: FlaskClient, token_of: Callable[[Account], str]) -> Client:
    return Client(client, token_of(EVERYBODY.ada))


@pytest.fixture
def offer(sam: Client) -> Callable[..., dict[str, Any]]:
    """Create a consultation of 30 minutes, every day from 9 to 12, with changes."""

    def create(**changes: Any) -> dict[str, Any]:
        response = sam.post("/services", SERVICE | changes)
        assert response.status_code == 200, response.json
        return found(response)

    return create


@pytest.fixture
def service(offer: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """A stored consultation."""
    return offer()


@pytest.fixture
def order(service: dict[str, Any]) -> dict[str, Any]:
    """A request for it that works."""
    return {"serviceId": service["id"], "startDate": NINE}


def found(response: TestResponse) -> Any:
    """Return the JSON of a success."""
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.mimetype == "application/json"
    return response.json


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Return a problem after checking that it is one."""
    assert response.mimetype == "application/problem+json", response.get_data(as_text=True)
    said: dict[str, Any] = response.get_json(force=True)
    assert (response.status_code, said["status"], said["code"]) == (status, status, code), said
    assert said["title"]
    assert said["detail"] == said["message"] != ""
    return said


def fields(response: TestResponse) -> dict[str, str]:
    """Return the code at each field of a 422."""
    return {one["field"]: one["code"] for one in problem(response, 422, "INVALID")["errors"]}


def count(table: type[Base]) -> int:
    """Count the rows of a table as they are now."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0
