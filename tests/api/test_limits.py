"""How often somebody may call, and how often a sign-in may fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal import create_app
from portal.store.db import Base, db
from portal.usecases import accounts
from tests.api.conftest import Client, found, problem
from tests.build import NOW
from tests.conftest import environ_for
from tests.people import PASSWORD

SIGN_IN = "/api/auth/sign-in/email"


def _app(folder: Path, **more: str) -> Flask:
    limits = {"RATE_LIMIT": "5 per minute", "SIGNIN_LIMIT": "3 per 15 minutes"}
    app = create_app({"TESTING": True}, environ_for(f"sqlite:///{folder / 'limits.db'}", **(limits | more)))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        accounts.create_user("claire@example.com", "Claire", accounts.Role.CUSTOMER, PASSWORD, NOW)
        accounts.create_user("denis@example.com", "Denis", accounts.Role.CUSTOMER, PASSWORD, NOW)
    return app


@pytest.fixture
def limited(folder: Path) -> Iterator[Client]:
    """A client of an app with few calls a minute."""
    app = _app(folder)
    yield Client(app.test_client())
    _close(app)


@pytest.fixture
def unhurried(folder: Path) -> Iterator[Client]:
    """A client of an app that limits only failed sign-ins."""
    app = _app(folder, RATE_LIMIT="100000 per minute")
    yield Client(app.test_client())
    _close(app)


def _close(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


def _sign_in(client: Client, email: str, password: str, address: str = "192.0.2.1") -> TestResponse:
    given = {"email": email, "password": password}
    return client.post(SIGN_IN, given, environ_overrides={"REMOTE_ADDR": address})


def test_an_address_has_so_many_calls_a_minute(limited: Client) -> None:
    for left in (4, 3, 2, 1, 0):
        response = limited.get("/services")
        assert (response.status_code, response.headers["X-RateLimit-Remaining"]) == (200, str(left))
    response = limited.get("/services")
    problem(response, 429, "TOO_MANY_REQUESTS")
    assert 0 < int(response.headers["Retry-After"]) <= 61
    elsewhere = limited.get("/services", environ_overrides={"REMOTE_ADDR": "192.0.2.2"})
    assert elsewhere.status_code == 200


def test_the_health_check_and_the_pages_are_not_counted(limited: Client) -> None:
    for _ in range(6):
        assert limited.http.get("/healthz").status_code == 200
    assert limited.get("/services").status_code == 200


def test_an_address_written_by_the_client_does_not_reset_the_count(limited: Client) -> None:
    for number in range(5):
        limited.get("/services", headers={"X-Forwarded-For": f"192.0.2.{number}"})
    problem(limited.get("/services", headers={"X-Forwarded-For": "192.0.2.99"}), 429, "TOO_MANY_REQUESTS")


def test_after_three_failures_even_the_right_password_waits(unhurried: Client) -> None:
    for spelling in ("claire@example.com", "CLAIRE@example.com ", "claire@EXAMPLE.com"):
        problem(_sign_in(unhurried, spelling, "not the right one"), 401, "SIGN_IN_FAILED")
    response = _sign_in(unhurried, "claire@example.com", PASSWORD, "192.0.2.7")
    said = problem(response, 429, "TOO_MANY_REQUESTS")
    assert said["message"] == "Too many sign-ins failed. Wait 15 minutes, then try again."
    assert 14 * 60 < int(response.headers["Retry-After"]) <= 15 * 60 + 1
    assert found(_sign_in(unhurried, "denis@example.com", PASSWORD))["token"]


def test_success_forgives_earlier_failures(unhurried: Client) -> None:
    for _ in range(3):
        for _ in range(2):
            problem(_sign_in(unhurried, "claire@example.com", "not the right one"), 401, "SIGN_IN_FAILED")
        found(_sign_in(unhurried, "claire@example.com", PASSWORD))


def test_an_address_that_tries_many_accounts_waits_after_ten_times_as_many(unhurried: Client) -> None:
    for number in range(30):
        problem(_sign_in(unhurried, f"nobody{number}@example.com", "guess"), 401, "SIGN_IN_FAILED")
    problem(_sign_in(unhurried, "claire@example.com", PASSWORD), 429, "TOO_MANY_REQUESTS")
    found(_sign_in(unhurried, "claire@example.com", PASSWORD, "192.0.2.7"))


def test_while_redis_is_away_this_process_counts(folder: Path) -> None:
    app = _app(folder, REDIS_URL="redis://127.0.0.1:1/0")
    client = Client(app.test_client())
    try:
        for _ in range(3):
            problem(_sign_in(client, "claire@example.com", "not the right one"), 401, "SIGN_IN_FAILED")
        problem(_sign_in(client, "claire@example.com", PASSWORD), 429, "TOO_MANY_REQUESTS")
        for _ in range(5):
            assert client.get("/services").status_code == 200
        problem(client.get("/services"), 429, "TOO_MANY_REQUESTS")
    finally:
        _close(app)


def test_people_behind_one_address_do_not_use_up_each_others_calls(limited: Client) -> None:
    first, second = (
        {"Authorization": f"Bearer {found(_sign_in(limited, f'{name}@example.com', PASSWORD))['token']}"}
        for name in ("claire", "denis")
    )
    statuses = [limited.get("/services", headers=first).status_code for _ in range(6)]
    assert statuses == [200, 200, 200, 200, 200, 429]
    assert limited.get("/services", headers=second).status_code == 200


def test_a_made_up_token_counts_for_its_address(limited: Client) -> None:
    statuses = [
        limited.get("/services", headers={"Authorization": f"Bearer made-up-{number}"}).status_code
        for number in range(7)
    ]
    assert statuses[-1] == 429
