"""A real database for every test that wants one, and the people who use it."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import Connection, Table, insert
from sqlalchemy.engine import make_url

from portal import create_app
from portal.domain.text import normal_email
from portal.store.accounts import UserRow
from portal.store.db import Base, db
from tests.build import NOW, catalogue_json
from tests.databases import database, kind_of
from tests.people import EVERYBODY, People

hypothesis.settings.register_profile("default", deadline=None, derandomize=False)
hypothesis.settings.load_profile("default")

SECRET = "a secret of the tests, long enough"


def environ_for(url: str, **more: str) -> dict[str, str]:
    """Return the environment of an app on a database, without limits that tests would run into."""
    return {
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "RATE_LIMIT": "100000 per minute",
        "SIGNIN_LIMIT": "1000 per minute",
        "MAX_ACTIVE_BOOKINGS": "0",
        "MAX_BOOKINGS_PER_HOUR": "100000",
        **more,
    }


@pytest.fixture(scope="session")
def _database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    with database(kind, tmp_path_factory.mktemp("db")) as url:
        yield url


@pytest.fixture(scope="session")
def _app(_database_url: str) -> Iterator[Flask]:
    app = create_app({"TESTING": True}, environ_for(_database_url))
    with app.app_context():
        upgrade()
        _fill()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(_app: Flask) -> Iterator[Flask]:
    """The app on a migrated database that holds only the four people; everything else is deleted afterwards."""
    with _app.app_context():
        yield _app
        db.session.rollback()
        empty_database()


def empty_database() -> None:
    """Delete every row, then put the people back."""
    with db.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            _unlink(connection, table)
            connection.execute(table.delete())
    db.session.remove()
    _fill()


def _unlink(connection: Connection, table: Table) -> None:
    """Let no row refer to one of its own table: MariaDB deletes row by row, and keeps a row that another names."""
    own = {key.parent.name: None for key in table.foreign_keys if key.references(table)}
    if own:
        connection.execute(table.update().values(own))


def _fill() -> None:
    with db.engine.begin() as connection:
        connection.execute(insert(UserRow), [_row(one) for one in vars(EVERYBODY).values()])


def _row(account: Any) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email,
        "email_normal": normal_email(account.email),
        "name": account.name,
        "role": account.role,
        "status": account.status,
        "created_at": NOW,
        "updated_at": NOW,
    }


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser or an API client."""
    return app.test_client()


@pytest.fixture(scope="session")
def people() -> People:
    """alice, bob, sam and ada."""
    return EVERYBODY


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The clock, stopped on Monday 7 December 2026, 8 h in Paris; `clock.move_to(…)` sets it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def catalogue(app: Flask) -> dict[str, Any]:
    """The 20 services as they stand in the file, stored; by slug."""
    from portal.usecases.service_import import load_services
    from portal.web.context import current_rules

    services = load_services(catalogue_json(), EVERYBODY.ada, current_rules(), datetime.now(UTC))
    return {service.slug: service for service in services}


@pytest.fixture(scope="session")
def database_kind(_database_url: str) -> str:
    """Which database the tests run on."""
    return kind_of(make_url(_database_url).drivername)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    return tmp_path
