"""Processes that act at the same moment, each at the time of day it is told: what a server's clock does not allow."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import event

from portal import create_app
from portal.domain.account import Account
from portal.domain.errors import BookingError
from portal.store import payments
from portal.store.db import db
from portal.usecases.approvals import approve_booking, decline_booking
from portal.usecases.assignments import assign_resource, assign_staff
from portal.usecases.bookings import create_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.money import Money
from portal.usecases.pay_links import payer_of
from portal.usecases.payments import open_payment
from portal.usecases.reconciliation import reconcile, release_lapsed
from portal.usecases.refunds import refund_booking
from portal.usecases.settlements import settle
from portal.web.context import current_rules
from tests.conftest import SECRET, environ_for
from tests.deep.provider import BACK, money_of
from tests.deep.servers import at_once

PROCESSES = 4
WITHOUT_LOCKS = "CRENEAU_RACE_TEST_WITHOUT_LOCKS"


@dataclass(frozen=True)
class Move:
    """One thing that somebody does at some time; `what` is a booking or a payment, by its id, or what to make or do."""

    verb: str
    what: Any
    who: Account
    now: datetime
    is_paid: bool = False
    amount: int = 0
    rules: Mapping[str, Any] = field(default_factory=dict)


class Rivals:
    """Some processes, each with its own connections."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self.pool = pool

    def race(self, moves: Sequence[Move]) -> list[str]:
        """Do everything at one moment, spread over the processes; return "ok" or the refusal's code, in order."""
        begin = time.time() + 0.3
        shares = [list(range(first, len(moves), PROCESSES)) for first in range(PROCESSES)]
        waiting = [self.pool.submit(_share, [moves[one] for one in share], begin) for share in shares if share]
        found: dict[int, str] = {}
        for share, result in zip(shares, waiting, strict=False):
            found |= dict(zip(share, result.result(), strict=True))
        return [found[index] for index in range(len(moves))]


@contextmanager
def rivals(
    url: str, *, takes_payment: bool = False, lockless: bool = False, unclaimed: bool = False
) -> Iterator[Rivals]:
    """Start the processes on a database.

    For a negative control the locks are switched off, or the claim that lets a booking have one payment at a time.
    """
    before = os.environ.get(WITHOUT_LOCKS)
    if lockless:
        os.environ[WITHOUT_LOCKS] = "yes"
    spawn, given = multiprocessing.get_context("spawn"), (url, takes_payment, lockless, unclaimed)
    try:
        with ProcessPoolExecutor(PROCESSES, spawn, _open, given) as pool:
            yield Rivals(pool)
    finally:
        os.environ.pop(WITHOUT_LOCKS, None)
        if before is not None:
            os.environ[WITHOUT_LOCKS] = before


# ---------------------------------------------------------------- in each process


@dataclass(frozen=True)
class _House:
    app: Any
    takes_payment: bool

    def money(self, move: Move) -> Money:
        if self.takes_payment:
            return money_of(is_paid=move.is_paid, **move.rules)
        return Money(None, replace(current_rules(), **move.rules))


_HOUSE: list[_House] = []


def _open(url: str, takes_payment: bool, lockless: bool, unclaimed: bool) -> None:
    app = create_app({"TESTING": True}, environ_for(url, DB_POOL_MAX="20"))
    _HOUSE.append(_House(app, takes_payment))
    if lockless and url.startswith("sqlite"):
        with app.app_context():
            event.listen(db.engine, "connect", _ignore_checks)
    if unclaimed:
        payments._open_for = lambda _booking_id, _status: None


def _ignore_checks(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA ignore_check_constraints=ON")


def _share(moves: Sequence[Move], begin: float) -> list[str]:
    return at_once([partial(_do, move, begin) for move in moves])


def _do(move: Move, begin: float) -> str:
    time.sleep(max(0.0, begin - time.time()))
    house = _HOUSE[0]
    with house.app.app_context():
        try:
            _VERBS[move.verb](move, house.money(move))
        except BookingError as error:
            return error.code
        except Exception as error:  # a bug: said by its name, for the assertion to show
            return f"{type(error).__name__}: {error}"
        return "ok"


def _open_by_link(move: Move, money: Money) -> None:
    booking_id, payer = payer_of(move.what, SECRET, move.now)
    open_payment(booking_id, BACK, payer, money, move.now)


_VERBS: Mapping[str, Callable[[Move, Money], Any]] = {
    "create": lambda move, money: create_booking(move.what, move.who, money.rules, move.now),
    "open": lambda move, money: open_payment(move.what, BACK, move.who, money, move.now),
    "open by link": _open_by_link,
    "settle": lambda move, money: settle(move.what, money, move.now),
    "refund": lambda move, money: refund_booking(move.what, move.amount, None, move.who, money, move.now),
    "cancel": lambda move, money: cancel_booking(move.what, None, move.who, money.rules, move.now, money=money),
    "approve": lambda move, money: approve_booking(move.what, move.who, move.now, money=money),
    "decline": lambda move, money: decline_booking(move.what, None, move.who, move.now, money=money),
    "release": lambda move, money: release_lapsed(money, move.now),
    "reconcile": lambda move, money: reconcile(money, move.now),
    "assign staff": lambda move, money: assign_staff(*move.what, move.who, money.rules, move.now),
    "assign resource": lambda move, money: assign_resource(*move.what, move.who, money.rules, move.now),
}
