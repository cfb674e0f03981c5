"""Which other sites may call the API from a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import create_app
from portal.store.db import Base, db
from tests.api.conftest import Client
from tests.conftest import environ_for

FRIEND, STRANGER = "https://friend.example.com", "https://stranger.example.com"


@pytest.fixture
def site(folder: Path) -> Iterator[Client]:
    """Nobody, calling an app that lets one other site in."""
    app = create_app({"TESTING": True}, environ_for(f"sqlite:///{folder / 'cors.db'}", ALLOWED_ORIGINS=FRIEND))
    with app.app_context():
        Base.metadata.create_all(db.engine)
    yield Client(app.test_client())
    with app.app_context():
        db.engine.dispose()


def test_a_site_that_is_allowed_may_read_answers(site: Client) -> None:
    response = site.get("/services", headers={"Origin": FRIEND})
    assert response.headers["Access-Control-Allow-Origin"] == FRIEND
    assert "Origin" in response.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_site_that_is_allowed_may_read_refusals_too(site: Client) -> None:
    response = site.get("/list", headers={"Origin": FRIEND})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (401, FRIEND)


def test_its_browser_asks_before_it_writes(site: Client) -> None:
    response = site.call("OPTIONS", "/create", headers={"Origin": FRIEND, "Access-Control-Request-Method": "POST"})
    assert response.status_code == 200
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "Idempotency-Key" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("origin", [STRANGER, "null", FRIEND + ".evil.com", FRIEND.replace("https", "http")])
def test_other_sites_may_not(site: Client, origin: str) -> None:
    assert "Access-Control-Allow-Origin" not in site.get("/services", headers={"Origin": origin}).headers
