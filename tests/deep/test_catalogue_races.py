"""Can a service be saved while what it needs shrinks or goes?"""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.orm import Session

from portal import create_app
from portal.domain.errors import Invalid
from portal.store.catalogue import ResourceRow
from portal.store.db import db, transaction
from portal.store.locks import Locks, lock
from portal.usecases.catalogue import create_service
from portal.usecases.resources import create_resource
from tests.build import some_rules
from tests.conftest import environ_for
from tests.databases import EVERY, database
from tests.people import EVERYBODY

pytestmark = pytest.mark.deep
NEEDS_FIVE = {
    "name": "Yoga",
    "duration": 60,
    "price": 0,
    "requiredResources": [{"id": "mats", "name": "Mats", "type": "equipment", "quantity": 5}],
}


@pytest.fixture(params=EVERY)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    with database(request.param, tmp_path) as url:
        app = create_app({"TESTING": True}, environ_for(url))
        with app.app_context():
            upgrade()
            yield app
            db.session.remove()
            db.engine.dispose()


def test_a_service_saved_while_the_stock_is_lowered_sees_the_new_stock(app: Flask) -> None:
    create_resource({"id": "mats", "name": "Mats", "type": "equipment", "quantity": 5}, EVERYBODY.ada)
    saved: list[Any] = []
    saving = threading.Thread(target=_in_context(app, lambda: saved.append(_save())))

    def lower(session: Session) -> None:
        lock(session, Locks(resources=frozenset({"mats"}), whole=True))
        saving.start()
        time.sleep(0.5)  # the other one gets as far as he can
        session.get_one(ResourceRow, "mats").quantity = 3

    transaction(lower)
    saving.join()
    assert isinstance(saved[0], Invalid)


def _in_context(app: Flask, work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            work()

    return run


def _save() -> Any:
    try:
        return create_service(NEEDS_FIVE, EVERYBODY.ada, some_rules(), datetime.now(UTC))
    except Invalid as refused:
        return refused
