"""What desks race for, and links to pay that are opened by several at once."""

from datetime import timedelta

from portal.domain.booking import Booking
from portal.domain.lifecycle import Source
from portal.domain.pay_links import pay_token
from portal.domain.payments import EXCLUSIVE, Payment
from portal.domain.service import Service
from portal.store import payments
from portal.store.db import db
from portal.usecases.bookings import create_booking
from portal.usecases.desk import Desk
from portal.usecases.orders import CreateBooking
from tests.conftest import SECRET
from tests.deep.money_racing import NOW
from tests.deep.provider import money_of
from tests.deep.racing import at, new_resources, new_service
from tests.deep.rivals import Move
from tests.deep.servers import customer
from tests.people import EVERYBODY

SAM, ADA = EVERYBODY.sam, EVERYBODY.ada
DAY = 20


def last_of_a_stock() -> Service:
    """Return a service of whose two units one is taken already, whenever the desks want it."""
    service = new_service(requiredResources=new_resources("equipment", 2))
    taken = CreateBooking(service.id, at(DAY, 10.5), source=Source.PHONE)
    create_booking(taken, SAM, money_of(is_paid=False).rules, NOW)
    return service


def desks_want(service: Service) -> list[Move]:
    """Return what four desks book at one moment: off the grid, for four customers, each hour over all the others."""
    starts = [at(DAY) + timedelta(minutes=7 + 15 * number) for number in range(4)]
    return [
        Move("create", CreateBooking(service.id, start, source=Source.PHONE, desk=Desk(customer(number).id)), who, NOW)
        for number, (start, who) in enumerate(zip(starts, (SAM, ADA, SAM, ADA), strict=True))
    ]


def held_for_link(number: int) -> Booking:
    """Book for a customer who has a day to pay by a link."""
    desk = Desk(customer(number).id, pay_until=NOW + timedelta(hours=24))
    command = CreateBooking(new_service().id, at(DAY), source=Source.PHONE, desk=desk)
    return create_booking(command, SAM, money_of(is_paid=False).rules, NOW)


def openings(booking: Booking, *, is_paid: bool = False) -> list[Move]:
    """Return how eight browsers open the link of a booking at one moment."""
    return [Move("open by link", pay_token(booking, SECRET), customer(0), NOW, is_paid=is_paid)] * 8


def payable(booking: Booking) -> list[Payment]:
    """Return the attempts by which a booking can be paid now."""
    db.session.rollback()
    return [one for one in payments.payments_of(db.session(), booking.id) if one.status in EXCLUSIVE]
