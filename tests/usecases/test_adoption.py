"""Bookings that another program made, in tables that were adopted."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from portal.domain.booking import Booking
from portal.domain.errors import SlotUnavailable
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.bookings import BookingRow, booking_by_id
from portal.store.db import db
from portal.usecases.adoption import adopt_bookings
from portal.usecases.cancellations import cancel_booking
from tests.build import NOW, paris
from tests.people import People

Offer = Callable[..., Service]
Book = Callable[..., Booking]
NINE = paris("2026-12-08 09:00")


def foreign(booking_id: str, service: Service, start: datetime, **more: object) -> None:
    """Write a booking as the original did: a row, and nothing that says what it takes."""
    values = {"id": booking_id, "service_id": service.id, "user_id": "bob", "start_date": start}
    values |= {"end_date": start + timedelta(minutes=30), "status": "confirmed", "total_price": 0, "participants": 1}
    db.session.execute(insert(BookingRow).values(**(values | more)))
    db.session.commit()


def test_an_adopted_booking_holds_its_place_from_then_on(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer(requiredStaff=[{"role": "doctor", "specificStaffIds": ["dr-a"]}])
    foreign("old", service, NINE)
    assert adopt_bookings(rules, NOW) == (1, [])
    with pytest.raises(SlotUnavailable):
        book(service, NINE)
    adopted = booking_by_id(db.session(), "old", None)
    assert adopted is not None
    assert [one.staff_id for one in adopted.assigned_staff] == ["dr-a"]
    cancel_booking("old", None, people.sam, rules, NOW)
    book(service, NINE)


def test_of_two_that_collide_the_older_gets_the_place_and_the_other_is_named(offer: Offer, rules: Rules) -> None:
    service = offer()
    foreign("younger", service, NINE, created_at=NOW - timedelta(days=1))
    foreign("older", service, NINE, created_at=NOW - timedelta(days=2))
    assert adopt_bookings(rules, NOW) == (1, ["younger"])


def test_what_is_past_or_cancelled_or_holds_its_place_already_is_left_alone(
    offer: Offer, book: Book, rules: Rules
) -> None:
    service = offer()
    foreign("past", service, NOW - timedelta(days=9))
    foreign("cancelled", service, NINE, status="cancelled")
    book(service, NINE)
    assert adopt_bookings(rules, NOW) == (0, [])


def test_adopted_seats_count(offer: Offer, book: Book, rules: Rules) -> None:
    service = offer(type="event", maxParticipants=4)
    foreign("group", service, NINE, participants=3)
    assert adopt_bookings(rules, NOW) == (1, [])
    with pytest.raises(SlotUnavailable):
        book(service, NINE, participants=2)
    book(service, NINE, participants=1)
