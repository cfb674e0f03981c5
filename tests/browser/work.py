"""What the team's walks find: customers, and bookings of services of their own."""

from datetime import timedelta
from itertools import count
from typing import Any

from playwright.sync_api import Page, expect

from portal.domain.account import Account, Role
from portal.domain.booking import Booking
from portal.domain.service import Service
from portal.store.db import db
from portal.usecases.accounts import create_user
from portal.usecases.bookings import create_booking, get_booking
from portal.usecases.catalogue import create_service
from portal.usecases.orders import CreateBooking
from portal.web.context import current_rules, now
from tests.build import EVERY_DAY
from tests.people import EVERYBODY, PASSWORD
from tests.portals import free_slots

NUMBERS = count(1)


def somebody() -> Account:
    """Return a new customer."""
    name = f"Lou{next(NUMBERS)}"
    return create_user(f"{name.lower()}@example.com", name, Role.CUSTOMER, PASSWORD, now())


def offered(**service: Any) -> Service:
    """Return a new service, which costs nothing."""
    given = {"name": f"Tour {next(NUMBERS)}", "duration": 60, "price": 0, "availableSlots": EVERY_DAY}
    return create_service(given | service, EVERYBODY.ada, current_rules(), now())


def booked(people: int = 1, **service: Any) -> list[Booking]:
    """Let people book the first time of tomorrow of a new service."""
    made = offered(**service)
    start = free_slots(made, now() + timedelta(days=1))[0].slot.starts_at
    return [create_booking(CreateBooking(made.id, start), somebody(), current_rules(), now()) for _ in range(people)]


def fresh(booking: Booking) -> Booking:
    """Return a booking as it stands now."""
    db.session.rollback()
    return get_booking(booking.id, EVERYBODY.sam, now())


def told(page: Page, words: str) -> None:
    """Wait until the page says something."""
    expect(page.get_by_text(words)).to_be_visible()
