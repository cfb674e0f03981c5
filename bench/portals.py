"""Portals to measure on: a new database with a service, a customer, and as many bookings as wanted."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, insert

from bench.filling import fill
from bench.progress import counting
from portal import create_app
from portal.domain.account import Account, Role
from portal.domain.service import Service
from portal.domain.timerange import DAY, minute_of
from portal.store.accounts import UserRow
from portal.store.db import db
from portal.usecases.accounts import create_user, issue_token
from portal.usecases.catalogue import create_service
from portal.web.context import current_rules

SECRET = "only for measuring, never for real data"
YEARS = 3
WINDOW = (-15, 80)  # days from now that the measured requests may look at: equally full whatever the table's size
IN_WINDOW = 60
MINUTES = 15  # of a booking
OTHERS = 12  # services that share the rest of the table
CUSTOMERS = 1_000  # who share it too
OPEN = [{"dayOfWeek": day, "startTime": "06:00", "endTime": "22:00"} for day in range(7)]


@dataclass(frozen=True)
class Bench:
    """A filled portal; `service` is what is measured, `token` the customer's."""

    app: Flask
    service: Service
    token: str
    now: datetime


def environ_for(url: str) -> dict[str, str]:
    """Return the environment of a portal without limits that a measurement would run into."""
    return {
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "RATE_LIMIT": "1000000 per minute",
        "MAX_ACTIVE_BOOKINGS": "0",
        "MAX_BOOKINGS_PER_HOUR": "100000",
    }


@contextmanager
def bench_portal(url: str, bookings: int) -> Iterator[Bench]:
    """Make a portal on an empty database, with so many bookings."""
    app = create_app({}, environ_for(url))
    now = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with app.app_context():
        upgrade()
        customer = create_user("customer@example.com", "Customer", Role.CUSTOMER, None, now)
        admin = create_user("admin@example.com", "Admin", Role.ADMIN, None, now)
        service, *others = [_service(f"Service {number}", admin, now) for number in range(OTHERS + 1)]
        _fill(service, others, customer, bookings, now)
        token = issue_token(customer.id, datetime.now(UTC))
        db.session.remove()
    yield Bench(app, service, token, now)
    with app.app_context():
        db.engine.dispose()


def _service(name: str, admin: Account, now: datetime) -> Service:
    given = {
        "name": name,
        "duration": MINUTES,
        "price": 5000,
        "availableSlots": OPEN,
        "timeZone": "UTC",
        "bookingWindow": {"minAdvanceHours": 0, "maxAdvanceDays": 60},
    }
    return create_service(given, admin, current_rules(), now)


def _fill(service: Service, others: list[Service], customer: Account, bookings: int, now: datetime) -> None:
    """Put the same bookings into the window, and the rest of them before and after it."""
    chance = random.Random(20261207)  # the same places every time
    inside = _some(chance, IN_WINDOW, now, range(1, 30))
    left = bookings - len(inside)
    outside = [*range(-365 * YEARS // 2, WINDOW[0]), *range(WINDOW[1], 365 * YEARS // 2)]
    shares = [left // OTHERS + (number < left % OTHERS) for number in range(OTHERS)]
    with counting(f"{bookings:,} bookings", bookings) as progress, db.engine.begin() as connection:
        crowd = _crowd(connection)
        fill(connection, service.id, [customer.id], inside, MINUTES, progress)
        for other, share in zip(others, shares, strict=True):
            fill(connection, other.id, crowd, _some(chance, share, now, outside), MINUTES, progress)
    with db.engine.begin() as connection:
        _gather_statistics(connection)


def _crowd(connection: Connection) -> list[str]:
    """Store the other customers; return their ids."""
    ids = [f"crowd-{number}" for number in range(CUSTOMERS)]
    rows = [
        {"id": one, "email": f"{one}@example.com", "email_normal": f"{one}@example.com", "name": one} for one in ids
    ]
    connection.execute(insert(UserRow), rows)
    return ids


def _some(chance: random.Random, count: int, now: datetime, days: "range | list[int]") -> list[int]:
    """Choose so many different quarters of an hour on some days."""
    midnight = minute_of(now)
    quarters = len(days) * DAY // MINUTES
    chosen = sorted(chance.sample(range(quarters), count))
    return [midnight + days[one * MINUTES // DAY] * DAY + one * MINUTES % DAY for one in chosen]


def _gather_statistics(connection: Connection) -> None:
    """Let the database look at what is there, as it does by itself after a while."""
    tables = ("booking", "allocation")
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ANALYZE")
    elif connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {', '.join(tables)}")
    else:
        connection.exec_driver_sql(f"ANALYZE TABLE {', '.join(tables)}").all()
