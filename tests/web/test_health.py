"""Is the process alive, and is it ready?"""

from pathlib import Path

from flask import Flask

from portal import create_app
from portal.store.db import db
from tests.conftest import environ_for
from tests.web.page import Browser


def test_a_portal_on_a_migrated_database_is_alive_and_ready(nobody: Browser) -> None:
    assert [nobody.get(address).status for address in ("/healthz", "/readyz")] == [200, 200]


def test_a_portal_on_an_empty_database_is_alive_but_not_ready(folder: Path) -> None:
    empty: Flask = create_app(environ=environ_for(f"sqlite:///{folder / 'empty.db'}"))
    client = empty.test_client()
    assert [client.get(address).status_code for address in ("/healthz", "/readyz")] == [200, 503]
    with empty.app_context():
        db.engine.dispose()
