"""Do two desks never sell one place, and does a link to pay lead to one payment, however many act at one moment?

The negative controls stand in `test_desk_races_without_locks`.
"""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from portal.domain.lifecycle import BookingStatus
from portal.domain.payments import PaymentState
from portal.domain.service import Service
from portal.store import payments
from portal.store.bookings import AuditRow
from portal.store.db import db
from tests.databases import EVERY
from tests.deep.desk_racing import SAM, desks_want, held_for_link, last_of_a_stock, openings, payable
from tests.deep.money_racing import NOW, count, reload
from tests.deep.racing import new_member, new_service
from tests.deep.rivals import Move, Rivals
from tests.deep.rivals import rivals as rival_processes
from tests.deep.servers import add_customers
from tests.invariants import check_invariants
from tests.portals import new_portal

pytestmark = pytest.mark.deep

ROUNDS = 5
PLACES: dict[str, Callable[[], Service]] = {
    "lone": new_service,
    "doctor": lambda: new_service(requiredStaff=[new_member()]),
    "stock": last_of_a_stock,
    "event": lambda: new_service(type="event", maxParticipants=5),
}


@pytest.fixture(scope="module", params=EVERY)
def rivals(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rivals]:
    """Four desks, each a process of its own, on a new database of each kind."""
    with new_portal(request.param, tmp_path_factory.mktemp("desks")) as app:
        add_customers()
        with rival_processes(app.config["SQLALCHEMY_DATABASE_URI"], takes_payment=True) as others:
            yield others


@pytest.mark.parametrize("place", PLACES)
def test_of_desks_that_book_the_last_place_at_overlapping_times_off_the_grid_one_gets_it(
    rivals: Rivals, place: str
) -> None:
    for _ in range(ROUNDS):
        codes = rivals.race(desks_want(PLACES[place]()))
        assert Counter(codes) == {"ok": 1, "SLOT_UNAVAILABLE": 3}
        check_invariants(NOW)


def test_a_link_that_many_open_at_once_leads_to_one_page_which_is_paid_once(rivals: Rivals) -> None:
    for number in range(ROUNDS):
        booking = held_for_link(number)
        assert Counter(rivals.race(openings(booking))) == {"ok": 8}
        (page,) = payable(booking)
        told = [Move("settle", page.id, SAM, NOW, is_paid=True)] * 4
        codes = rivals.race([*told, *openings(booking, is_paid=True)])
        assert codes[:4] == ["ok"] * 4
        assert set(codes[4:]) <= {"ok", "ALREADY_PAID"}
        after = reload(booking)
        assert (after.status, after.amount_paid) == (BookingStatus.CONFIRMED, 1000)
        assert [one.status for one in payments.payments_of(db.session(), booking.id)] == [PaymentState.SUCCEEDED]
        lines = select(func.count()).where(AuditRow.booking_id == booking.id, AuditRow.action == "pay")
        assert count(lines) == 1
        check_invariants(NOW)
