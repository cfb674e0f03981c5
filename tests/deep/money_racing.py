"""Holds to pay and what became of them: what races for money are made of."""

from datetime import UTC, datetime, timedelta
from typing import Any

from portal.domain.booking import Booking
from portal.domain.service import Service
from portal.store import bookings, payments
from portal.store.db import db
from portal.usecases.bookings import create_booking
from portal.usecases.orders import CreateBooking
from portal.usecases.payments import open_payment
from portal.usecases.settlements import settle
from tests.deep.provider import BACK, money_of
from tests.deep.racing import at, new_service
from tests.deep.rivals import Move, Rivals
from tests.deep.servers import customer
from tests.people import EVERYBODY

SAM = EVERYBODY.sam
NOW = datetime.now(UTC)


def held(service: Service, number: int, now: datetime = NOW, day: int = 20) -> Booking:
    """Book for a customer, and open the page to pay for it."""
    money, who = money_of(is_paid=False), customer(number)
    booking = create_booking(CreateBooking(service.id, at(day)), who, money.rules, now)
    open_payment(booking.id, BACK, who, money, now)
    return booking


def paid(number: int = 0) -> Booking:
    """Book a service of its own, and pay."""
    booking = held(new_service(price=5000), number)
    settle(payment_of(booking), money_of(is_paid=True), NOW)
    return reload(booking)


def payment_of(booking: Booking) -> str:
    db.session.rollback()
    return payments.payments_of(db.session(), booking.id)[-1].id


def reload(booking: Booking) -> Booking:
    db.session.rollback()
    found = bookings.booking_by_id(db.session(), booking.id, None)
    assert found is not None
    return found


def count(statement: Any) -> int:
    db.session.rollback()
    return db.session.scalar(statement) or 0


def race_for_stock(rivals: Rivals, service: Service) -> None:
    """Pay eight holds for one time at one moment, after all of them have lapsed."""
    holds = [held(service, number, NOW + number // 2 * timedelta(minutes=35)) for number in range(8)]
    late = NOW + timedelta(hours=6)
    rivals.race([Move("settle", payment_of(one), SAM, late, is_paid=True) for one in holds])
