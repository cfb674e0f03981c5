"""Do the races of desks and of links to pay prove anything, and what does the database guard by itself?

The negative controls: without the locks two desks must sell one place, and without the claim on the booking beside them
a link must lead to two pages.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import EVERY
from tests.deep.desk_racing import desks_want, held_for_link, last_of_a_stock, openings, payable
from tests.deep.rivals import Rivals
from tests.deep.rivals import rivals as rival_processes
from tests.deep.servers import add_customers
from tests.portals import new_portal

pytestmark = pytest.mark.deep

CONTROL_ROUNDS = 15


@pytest.fixture(params=EVERY)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database of each kind, with its customers."""
    with new_portal(request.param, tmp_path) as app:
        add_customers()
        yield app.config["SQLALCHEMY_DATABASE_URI"]


@pytest.fixture
def lockless(url: str) -> Iterator[Rivals]:
    """Rivals without locks."""
    with rival_processes(url, takes_payment=True, lockless=True) as others:
        yield others


@pytest.fixture
def unclaimed(url: str) -> Iterator[Rivals]:
    """Rivals without locks who do not claim the booking that they pay for either."""
    with rival_processes(url, takes_payment=True, lockless=True, unclaimed=True) as others:
        yield others


def test_without_locks_two_desks_sell_the_last_of_a_stock_so_the_race_proves_something(lockless: Rivals) -> None:
    for _ in range(CONTROL_ROUNDS):
        if lockless.race(desks_want(last_of_a_stock())).count("ok") > 1:
            return
    pytest.fail(f"{CONTROL_ROUNDS} races without a lock sold no unit twice: the race test proves nothing")


def test_without_locks_and_claim_a_link_leads_to_two_pages_so_the_race_proves_something(unclaimed: Rivals) -> None:
    for number in range(CONTROL_ROUNDS):
        booking = held_for_link(number)
        unclaimed.race(openings(booking))
        if len(payable(booking)) > 1:
            return
    pytest.fail(f"{CONTROL_ROUNDS} races without a lock opened no second page: the race test proves nothing")


def test_without_locks_the_claim_alone_still_lets_a_link_lead_to_one_page(lockless: Rivals) -> None:
    for number in range(3):
        booking = held_for_link(number)
        lockless.race(openings(booking))
        assert len(payable(booking)) == 1
