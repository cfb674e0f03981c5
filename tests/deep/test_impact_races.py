"""Can a booking slip in between the look at what a change hits and its saving?

A customer books the very hour that a member takes off, at the same moment, again and again: either the booking is there
and the team is asked, or the time off is and the booking is refused. The negative control does without the locks.
"""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade

from portal import create_app
from portal.domain.errors import BookingError
from portal.domain.service import Service
from portal.store import db as database_module
from portal.store.db import db
from portal.usecases import team
from portal.usecases.bookings import create_booking
from portal.usecases.catalogue import create_service
from portal.usecases.impact import check_agreed
from portal.usecases.team import create_staff_member, update_staff_member
from tests.build import EVERY_DAY, a_command, some_rules
from tests.conftest import empty_database, environ_for
from tests.databases import EVERY, database
from tests.people import EVERYBODY

pytestmark = pytest.mark.deep

RULES = some_rules(max_active_bookings=0, max_bookings_per_hour=10_000)
NOW = datetime(2026, 12, 7, 7, 0, tzinfo=UTC)
FIRST = datetime(2026, 12, 8, 9, 0, tzinfo=UTC)  # ten in Paris
ROUNDS = 8
LOOK = 0.1  # seconds between the look and the saving: time enough to slip in


@pytest.fixture(params=EVERY)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    with database(request.param, tmp_path) as url:
        app = create_app({"TESTING": True}, environ_for(url))
        with app.app_context():
            upgrade()
            empty_database()
            yield app
            db.session.remove()
            db.engine.dispose()


@pytest.fixture(autouse=True)
def _slow_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass between the look at what is hit and the saving."""

    def look(hit: frozenset[str], agreed: frozenset[str] | None) -> None:
        check_agreed(hit, agreed)
        time.sleep(LOOK)

    monkeypatch.setattr(team, "check_agreed", look)


def at_once(app: Flask, works: list[Callable[[], Any]]) -> list[bool]:
    """Do things in threads that start together; tell which were done and which refused."""
    gate, done = threading.Barrier(len(works)), [False] * len(works)

    def run(index: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                works[index]()
                done[index] = True
            except BookingError:
                pass

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return done


def both_won(app: Flask) -> int:
    """Count the rounds in which the time off was stored unasked and the booking made as well."""
    service = _served()
    return sum(at_once(app, _rivals(service, FIRST + timedelta(days=day))) == [True, True] for day in range(ROUNDS))


def _served() -> Service:
    nora = {"id": "nora", "name": "Nora", "roles": ["doctor"], "timeZone": "Europe/Paris"}
    create_staff_member(nora, EVERYBODY.ada, RULES)
    given = {"name": "Visit", "duration": 30, "price": 0, "availableSlots": EVERY_DAY}
    return create_service(given | {"requiredStaff": [{"role": "doctor", "count": 1}]}, EVERYBODY.ada, RULES, NOW)


def _rivals(service: Service, start: datetime) -> list[Callable[[], Any]]:
    day = start.date().isoformat()
    off = {"timeOff": [{"from": day, "to": day}]}
    return [
        lambda: update_staff_member("nora", off, EVERYBODY.sam, RULES, NOW, frozenset()),
        lambda: create_booking(a_command(service, start), EVERYBODY.alice, RULES, NOW),
    ]


def test_a_booking_is_either_asked_about_or_refused(app: Flask) -> None:
    assert both_won(app) == 0


def test_without_the_locks_some_slip_through(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("its only lock is the write transaction itself")
    monkeypatch.setattr(database_module, "LOCKS_OFF", True)
    assert both_won(app) > 0
