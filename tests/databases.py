"""Databases of the tests' own: made with names that do not collide, dropped afterwards."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

SERVERS = {
    "postgresql": os.environ.get("TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/mysql?charset=utf8mb4"),
}
EVERY = ("sqlite", *SERVERS)
REQUIRED = os.environ.get("REQUIRE_DATABASES") == "1"


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Make an empty database and yield its URL; skip, aloud, where its server is not there."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / f'{secrets.token_hex(4)}.db'}"
        return
    name = f"creneau_test_{os.getpid()}_{secrets.token_hex(4)}"
    server = sa.make_url(SERVERS[kind])
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
    except sa.exc.OperationalError as error:
        engine.dispose()
        if REQUIRED:
            pytest.fail(f"{kind} is required here and does not answer: {error}")
        pytest.skip(f"{kind} is not on this machine: its tests did not run")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            force = " WITH (FORCE)" if kind == "postgresql" else ""
            connection.execute(sa.text(f"DROP DATABASE {name}{force}"))
        engine.dispose()


def kind_of(url: str) -> str:
    """Return which of the databases a URL is of."""
    return "sqlite" if url.startswith("sqlite") else "postgresql" if "postgresql" in url else "mariadb"
