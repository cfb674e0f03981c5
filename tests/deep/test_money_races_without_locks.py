"""Do the races for money prove anything, and what does the database guard by itself?

The negative control: with the locks switched off the same races must lose money.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from portal.store.db import db
from portal.store.payments import RefundRow
from tests.databases import EVERY, SERVERS
from tests.deep.money_racing import NOW, SAM, count, paid, race_for_stock
from tests.deep.racing import at, new_resources, new_service, units_taken
from tests.deep.rivals import Move, Rivals
from tests.deep.rivals import rivals as rival_processes
from tests.deep.servers import add_customers
from tests.portals import new_portal

pytestmark = pytest.mark.deep

CONTROL_ROUNDS = 15


@pytest.fixture(scope="module", params=EVERY)
def lockless(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rivals]:
    """Rivals without locks, on a database without its own guard against too much going back."""
    with new_portal(request.param, tmp_path_factory.mktemp("control")) as app:
        add_customers()
        if request.param != "sqlite":
            with db.engine.begin() as connection:
                connection.execute(text("ALTER TABLE payment DROP CONSTRAINT ck_payment_refunded_at_most_captured"))
        with rival_processes(app.config["SQLALCHEMY_DATABASE_URI"], takes_payment=True, lockless=True) as others:
            yield others


def test_without_locks_more_goes_back_than_came_so_the_race_proves_something(lockless: Rivals) -> None:
    for number in range(CONTROL_ROUNDS):
        booking = paid(number)
        lockless.race([Move("refund", booking.id, SAM, NOW, amount=2000)] * 16)
        own = select(func.sum(RefundRow.amount_minor)).where(RefundRow.booking_id == booking.id)
        if count(own) > 5000:
            return
    pytest.fail(f"{CONTROL_ROUNDS} races without a lock gave nothing back twice: the race test proves nothing")


def test_without_locks_late_money_oversells_a_stock_so_the_race_proves_something(lockless: Rivals) -> None:
    for _ in range(CONTROL_ROUNDS):
        service = new_service(requiredResources=new_resources("equipment", 2))
        race_for_stock(lockless, service)
        if units_taken(service, at(20)) > 2:
            return
    pytest.fail(f"{CONTROL_ROUNDS} races without a lock sold no unit twice: the race test proves nothing")


@pytest.fixture(params=SERVERS)
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rivals]:
    """Rivals without locks, on a database that has its own guard."""
    with new_portal(request.param, tmp_path) as app:
        add_customers()
        with rival_processes(app.config["SQLALCHEMY_DATABASE_URI"], takes_payment=True, lockless=True) as others:
            yield others


def test_without_locks_the_database_itself_still_gives_nothing_back_twice(guarded: Rivals) -> None:
    for number in range(3):
        booking = paid(number)
        guarded.race([Move("refund", booking.id, SAM, NOW, amount=2000)] * 16)
        own = select(func.sum(RefundRow.amount_minor)).where(RefundRow.booking_id == booking.id)
        assert count(own) <= 5000
