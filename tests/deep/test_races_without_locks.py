"""Do the races prove anything, and does the database guard single places and seats by itself?

The negative control: with the locks switched off the same race must oversell. What exists once has a second guard in
the database, which must hold even then.
"""

from collections.abc import Iterator

import pytest

from tests.databases import EVERY
from tests.deep.racing import CLIENTS, at, creates, new_member, new_resources, new_service, order, units_taken
from tests.deep.servers import Server, add_customers, serving
from tests.portals import new_portal

pytestmark = pytest.mark.deep

CONTROL_ROUNDS = 15


@pytest.fixture(scope="module", params=EVERY)
def lockless(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose locks are switched off, on a database of its own."""
    folder = tmp_path_factory.mktemp("control")
    with new_portal(request.param, folder) as app:
        add_customers()
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        with serving(url, folder / "log", CRENEAU_RACE_TEST_WITHOUT_LOCKS="yes") as server:
            yield server


def test_without_locks_the_race_for_a_stock_oversells_so_the_races_prove_something(lockless: Server) -> None:
    service = new_service(requiredResources=new_resources("equipment", 3))
    for number in range(CONTROL_ROUNDS):
        lockless.race(creates([order(service, at(3 + number))] * CLIENTS))
        if units_taken(service, at(3 + number)) > 3:
            return
    pytest.fail(f"{CONTROL_ROUNDS} races without a lock sold no unit twice: the race test proves nothing")


def test_without_locks_the_database_itself_still_sells_no_single_place_twice(lockless: Server) -> None:
    service, doctors = new_service(), new_service(requiredStaff=[new_member()])
    for number in range(3):
        for one in (service, doctors):
            answers = lockless.race(creates([order(one, at(3 + number))] * CLIENTS))
            assert sum(answer.status == 200 for answer in answers) <= 1
            assert units_taken(one, at(3 + number)) <= 1


def test_without_locks_the_database_itself_still_sells_no_seat_twice(lockless: Server) -> None:
    service = new_service(type="event", maxParticipants=15)
    for number in range(3):
        answers = lockless.race(creates([order(service, at(3 + number))] * CLIENTS))
        assert sum(answer.status == 200 for answer in answers) <= 15
        assert units_taken(service, at(3 + number)) <= 15
