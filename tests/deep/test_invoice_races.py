"""Are invoices numbered without a gap and without a twin, however many payments settle at one moment?

Several processes with real commits, on each database; some of the settlements fail after they took their number. The
negative control counts without the lock that adding one takes: two then take the same number.
"""

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import current_app
from sqlalchemy import insert, select, update

from portal import create_app
from portal.domain.booking import Booking
from portal.domain.errors import Conflict, Overloaded
from portal.domain.invoices import Invoice, Issuer, Seller, number_of
from portal.domain.money import Amount
from portal.domain.service import Service
from portal.store import db as database
from portal.store import invoices
from portal.store.db import db, transaction
from portal.store.invoices import CounterRow, InvoiceRow
from portal.usecases.bookings import create_booking
from portal.usecases.invoices import issue_credit_note, issue_invoice
from portal.usecases.orders import CreateBooking
from portal.web.context import current_rules
from tests.conftest import environ_for
from tests.databases import EVERY
from tests.deep.racing import TODAY, at, new_service
from tests.deep.servers import at_once
from tests.paid import store_payment, store_refund
from tests.people import EVERYBODY
from tests.portals import new_portal

pytestmark = pytest.mark.deep

PROCESSES = 4
PAYMENTS = 50
CONTROL_ROUNDS = 10
PATIENCE = 20  # tries where the database has no time: a provider repeats its events as well
ISSUER = Issuer(Seller("Mimosa", "FR", "1 rue X", "SARL", "732829320"), ZoneInfo("Europe/Paris"), "fr")
years = count(2030)  # each race has one of its own, and so begins to count anew


@dataclass(frozen=True)
class Race:
    """What is paid at one moment, and whether numbers are counted as they must not be."""

    what: tuple[Booking, Service]
    year: int
    begin: float
    without_lock: bool = False


@dataclass(frozen=True)
class Payment:
    """A payment, and whether its settlement fails after it took its number."""

    name: str
    fails: bool = False


Settled = tuple[str, list[int]]  # what became of it, and the numbers it took on the way


# ---------------------------------------------------------------- in the rival processes

_APP: list[Any] = []
_TAKEN = threading.local()  # the numbers that this thread took, those that no commit kept included
_NEXT_NUMBER = invoices.next_number


def _open(url: str) -> None:
    _APP.append(create_app({"TESTING": True}, environ_for(url, DB_POOL_MAX="20")))


def _share(payments: Sequence[Payment], race: Race) -> list[Settled]:
    invoices.next_number = partial(_noted, _read_then_write if race.without_lock else _NEXT_NUMBER)
    database.LOCKS_OFF = race.without_lock  # SQLite's write transaction is such a lock, too
    return at_once([partial(_settle, payment, race) for payment in payments])


def _settle(payment: Payment, race: Race) -> Settled:
    def work(session: Any) -> None:
        issue_invoice(session, *race.what, payment.name, Amount(5000, "EUR"), ISSUER, in_year(race.year))
        if payment.fails:
            raise _FailedLater

    _TAKEN.numbers = []
    time.sleep(max(0.0, race.begin - time.time()))
    with _APP[0].app_context():
        for _ in range(1 if race.without_lock else PATIENCE):
            try:
                transaction(work)
                return "settled", _TAKEN.numbers
            except _FailedLater:
                return "rolled back", _TAKEN.numbers
            except (Overloaded, Conflict):
                time.sleep(0.05)
    return "gave up", _TAKEN.numbers


def _noted(count_on: Any, session: Any, year: int, now: datetime) -> tuple[int, datetime]:
    number, issued_at = count_on(session, year, now)
    _TAKEN.numbers.append(number)
    return number, issued_at


def _read_then_write(session: Any, year: int, now: datetime) -> tuple[int, datetime]:
    """Count as one must not: read the last number, add one, write it."""
    own = CounterRow.year == year
    last = session.scalar(select(CounterRow.last).where(own))
    time.sleep(0.002)
    session.execute(update(CounterRow).where(own).values(last=last + 1))
    return last + 1, now


class _FailedLater(Exception):
    """Something in the settlement went wrong after the number was taken."""


# ---------------------------------------------------------------- the field


@dataclass(frozen=True)
class Field:
    """Rival processes on one database, and what is paid there."""

    pool: ProcessPoolExecutor
    what: tuple[Booking, Service]

    def race(self, payments: Sequence[Payment], year: int, *, without_lock: bool = False) -> list[Settled]:
        """Settle all at one moment, spread over the processes."""
        for name in {payment.name for payment in payments}:
            store_payment(self.what[0].id, name)
        race = Race(self.what, year, time.time() + 0.3, without_lock)
        waiting = [self.pool.submit(_share, payments[first::PROCESSES], race) for first in range(PROCESSES)]
        return [settled for one in waiting for settled in one.result()]


@pytest.fixture(scope="module", params=EVERY)
def field(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """Four processes on a new database of each kind, where alice has booked."""
    with new_portal(request.param, tmp_path_factory.mktemp("invoices")) as app:
        service = new_service(taxRate=20)
        what = create_booking(CreateBooking(service.id, at(3)), EVERYBODY.alice, current_rules(), TODAY), service
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(PROCESSES, context, _open, (app.config["SQLALCHEMY_DATABASE_URI"],)) as pool:
            yield Field(pool, what)


def in_year(year: int) -> datetime:
    return datetime(year, 6, 1, tzinfo=UTC)


def stored(year: int) -> list[str]:
    statement = select(InvoiceRow.number).where(InvoiceRow.number.startswith(f"F{year}-"))
    with db.engine.connect() as connection:
        return sorted(connection.scalars(statement))


def numbered(year: int, last: int) -> list[str]:
    return [number_of(year, one) for one in range(1, last + 1)]


# ---------------------------------------------------------------- the races


def test_fifty_payments_at_once_are_numbered_without_gap_or_twin(field: Field) -> None:
    year = next(years)
    found = field.race([Payment(f"{year}-{number}", number % 3 == 0) for number in range(PAYMENTS)], year)
    assert Counter(outcome for outcome, _ in found) == {"settled": 33, "rolled back": 17}
    assert stored(year) == numbered(year, 33)


def test_counted_without_the_lock_numbers_are_taken_twice_so_the_race_proves_something(field: Field) -> None:
    for _ in range(CONTROL_ROUNDS):
        year = next(years)
        with db.engine.begin() as connection:  # so counted, no year could begin
            connection.execute(insert(CounterRow).values(year=year, last=0, issued_at=in_year(year)))
        found = field.race([Payment(f"{year}-{number}") for number in range(PAYMENTS)], year, without_lock=True)
        taken = [number for _, numbers in found for number in numbers]
        assert len(set(stored(year))) == len(stored(year)), "the constraint is the second guard"
        if len(taken) > len(set(taken)):
            return
    pytest.fail(f"{CONTROL_ROUNDS} races without the lock took no number twice: the race test proves nothing")


def test_one_payment_settled_by_many_at_once_is_invoiced_once(field: Field) -> None:
    year = next(years)
    found = field.race([Payment(f"{year}")] * 16, year)
    assert {outcome for outcome, _ in found} == {"settled"}
    assert stored(year) == numbered(year, 1)


def test_refunds_at_once_bring_the_invoice_back_to_nothing(field: Field) -> None:
    year = next(years)
    field.race([Payment(f"{year}")], year)
    refunds = [f"{year}-{number}" for number in range(5)]
    for refund in refunds:
        store_refund(field.what[0].id, f"{year}", refund, 1000)
    begin, notes = threading.Barrier(5), []
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def give_back(refund: str) -> None:
        def work(session: Any) -> Invoice | None:
            return issue_credit_note(session, f"{year}", refund, Amount(1000, "EUR"), ISSUER, in_year(year))

        with app.app_context():
            begin.wait(10)
            notes.append(transaction(work))

    clients = [threading.Thread(target=give_back, args=(refund,)) for refund in refunds]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert sum(note.content.net for note in notes) == 4167
    assert sum(note.content.vat for note in notes) == 833
    assert stored(year) == numbered(year, 6)
