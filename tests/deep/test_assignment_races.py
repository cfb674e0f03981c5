"""Does nobody serve two at once, and nothing more than there is of it, when the team assign at the same moment?

The negative control at the end switches the locks off: then a stock must be given away more often than it exists.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.domain.booking import Booking
from portal.domain.supply import resource_place, staff_place
from portal.store.bookings import AllocationRow
from portal.store.db import db
from portal.usecases.bookings import create_booking
from portal.usecases.orders import CreateBooking
from portal.usecases.resources import create_resource
from portal.usecases.team import create_staff_member
from portal.web.context import current_rules
from tests.databases import EVERY
from tests.deep.racing import at, new_member, new_service, numbers
from tests.deep.rivals import Move, Rivals, rivals
from tests.deep.servers import add_customers, customer
from tests.invariants import check_invariants
from tests.people import EVERYBODY
from tests.portals import new_portal

pytestmark = pytest.mark.deep

SAM = EVERYBODY.sam
NOW = datetime.now(UTC)
MANY = 8
ROUNDS = 4
CONTROL_ROUNDS = 15


@pytest.fixture(params=EVERY)
def team(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rivals]:
    """Four processes in which the team work, on a new database of each kind."""
    with new_portal(request.param, tmp_path) as app:
        add_customers()
        with rivals(app.config["SQLALCHEMY_DATABASE_URI"]) as others:
            yield others


@pytest.fixture(params=EVERY)
def lockless(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rivals]:
    """The same without locks."""
    with new_portal(request.param, tmp_path) as app:
        add_customers()
        with rivals(app.config["SQLALCHEMY_DATABASE_URI"], lockless=True) as others:
            yield others


def booked(day: int, number: int, **given: Any) -> Booking:
    service = new_service(**given)
    return create_booking(CreateBooking(service.id, at(day)), customer(number), current_rules(), NOW)


def units(place: str, day: int) -> int:
    """Count what is taken of a place at ten o'clock of a day."""
    start = int(at(day).timestamp()) // 60
    statement = select(func.sum(AllocationRow.quantity)).where(
        AllocationRow.place == place, AllocationRow.starts == start
    )
    with db.engine.connect() as connection:
        return int(connection.scalar(statement) or 0)


def test_of_many_who_want_the_same_member_at_once_one_gets_him(team: Rivals) -> None:
    wanted = create_staff_member({"name": "Dr Joker", "roles": ["joker"]}, EVERYBODY.ada, current_rules())
    for day in range(20, 20 + ROUNDS):
        mine = [booked(day, number, requiredStaff=[new_member()]) for number in range(MANY)]
        posts = [(one.id, one.assigned_staff[0].role, wanted.id, one.assigned_staff[0].staff_id) for one in mine]
        moves = [Move("assign staff", post, SAM, NOW) for post in posts]
        rival = new_service(requiredStaff=[{"role": "joker", "count": 1}])
        moves.append(Move("create", CreateBooking(rival.id, at(day)), customer(MANY), NOW))
        codes = Counter(team.race(moves))
        assert codes["ok"] == 1, codes
        assert codes["CONFLICT"] + codes["SLOT_UNAVAILABLE"] == MANY, codes
        assert units(staff_place(wanted.id), day) == 1
        check_invariants(NOW)


def wants_the_hall(day: int) -> tuple[str, list[Move]]:
    """Book many small rooms, each of which the one hall of two halves could stand in for; everybody wants it."""
    hall = create_resource(
        {"name": "Hall", "type": "room", "quantity": 2, "seats": 50, "id": f"hall-{next(numbers)}"}, EVERYBODY.ada
    )
    moves = []
    for number in range(MANY):
        own = {"id": f"cell-{next(numbers)}", "name": "Cell", "type": "room", "quantity": 1, "seats": 1}
        create_resource(own, EVERYBODY.ada)
        pool = [{"id": one, "name": "Room", "type": "room"} for one in (own["id"], hall.id)]
        one = booked(day, number, requiredResources=pool)
        assert [taken.resource_id for taken in one.assigned_resources] == [own["id"]]
        moves.append(Move("assign resource", (one.id, hall.id, own["id"]), SAM, NOW))
    return hall.id, moves


def test_of_many_who_want_a_hall_of_which_there_are_two_two_get_it(team: Rivals) -> None:
    for day in range(20, 20 + ROUNDS):
        hall, moves = wants_the_hall(day)
        codes = Counter(team.race(moves))
        assert codes == {"ok": 2, "CONFLICT": MANY - 2}
        assert units(resource_place(hall), day) == 2
        check_invariants(NOW)


def test_without_locks_the_hall_is_given_away_too_often_so_the_race_proves_something(lockless: Rivals) -> None:
    for day in range(20, 20 + CONTROL_ROUNDS):
        hall, moves = wants_the_hall(day)
        lockless.race(moves)
        if units(resource_place(hall), day) > 2:
            return
    pytest.fail(f"{CONTROL_ROUNDS} races without a lock gave nothing away twice: the race test proves nothing")
