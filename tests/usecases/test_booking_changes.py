"""Changing what was told about a booking."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from portal.domain.booking import Booking
from portal.domain.errors import Conflict, Forbidden, Invalid, SlotUnavailable, TooLateToChange, WrongState
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.usecases.approvals import approve_booking
from portal.usecases.booking_changes import ChangeBooking, update_booking
from portal.usecases.cancellations import cancel_booking
from tests.build import NOW, paris
from tests.people import People

Offer = Callable[..., Service]
Book = Callable[..., Booking]
NINE = paris("2026-12-08 09:00")
TABLES = [{"id": "small", "name": "Small", "type": "table"}, {"id": "large", "name": "Large", "type": "table"}]


def test_what_is_not_given_stays(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    booking = book(offer(), NINE, notes="old", contact_phone="0123456789")
    changed = update_booking(booking.id, ChangeBooking(notes="new"), people.alice, rules, NOW)
    assert (changed.notes, changed.contact_phone, changed.total_price) == ("new", "+33123456789", 5000)
    assert update_booking(booking.id, ChangeBooking(contact_phone=None), people.alice, rules, NOW).contact_phone is None


def test_a_larger_party_is_priced_anew_and_takes_more_seats(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer(type="event", duration=60, maxParticipants=4, price=2500)
    booking = book(service, NINE, participants=2)
    assert update_booking(booking.id, ChangeBooking(participants=3), people.alice, rules, NOW).total_price == 7500
    book(service, NINE, by=people.bob, participants=1)
    with pytest.raises(SlotUnavailable):
        update_booking(booking.id, ChangeBooking(participants=4), people.alice, rules, NOW)
    assert update_booking(booking.id, ChangeBooking(participants=1), people.alice, rules, NOW).total_price == 2500
    book(service, NINE, by=people.bob, participants=2)


def test_a_larger_party_moves_to_a_table_that_fits(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    from sqlalchemy import update

    from portal.store.catalogue import ResourceRow
    from portal.store.db import db

    service = offer(type="table", maxParticipants=8, requiredResources=TABLES)
    db.session.execute(update(ResourceRow).where(ResourceRow.id == "small").values(seats=2))
    db.session.execute(update(ResourceRow).where(ResourceRow.id == "large").values(seats=6))
    db.session.commit()
    booking = book(service, NINE, participants=2)
    assert booking.assigned_resources[0].resource_id == "small"
    changed = update_booking(booking.id, ChangeBooking(participants=5), people.alice, rules, NOW)
    assert changed.assigned_resources[0].resource_id == "large"
    with pytest.raises(SlotUnavailable):
        update_booking(booking.id, ChangeBooking(participants=7), people.alice, rules, NOW)
    assert book(service, NINE, by=people.bob, participants=2).assigned_resources[0].resource_id == "small"


def test_a_party_out_of_bounds_is_named_at_its_field(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    booking = book(offer(), NINE)
    with pytest.raises(Invalid) as refused:
        update_booking(booking.id, ChangeBooking(participants=2), people.alice, rules, NOW)
    assert [error.field for error in refused.value.errors] == ["participants"]


def test_after_the_cutoff_the_party_stays_but_a_note_may_change(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    booking = book(offer(type="event", maxParticipants=4), NINE)
    late = NINE - timedelta(hours=1)
    with pytest.raises(TooLateToChange):
        update_booking(booking.id, ChangeBooking(participants=2), people.alice, rules, late)
    assert update_booking(booking.id, ChangeBooking(notes="late"), people.alice, rules, late).notes == "late"


def test_a_cancelled_booking_does_not_change(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    booking = book(offer(), NINE)
    cancel_booking(booking.id, None, people.alice, rules, NOW)
    with pytest.raises(WrongState):
        update_booking(booking.id, ChangeBooking(notes="x"), people.alice, rules, NOW)


def test_the_party_of_a_booking_that_cannot_be_cancelled_stays_after_the_cutoff_too(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer(type="event", maxParticipants=4, cancellationPolicy={"allowCancellation": False})
    booking = book(service, NINE, participants=4)
    with pytest.raises(TooLateToChange):
        update_booking(booking.id, ChangeBooking(participants=1), people.alice, rules, NINE + timedelta(hours=5))


def test_a_larger_party_does_not_slip_past_the_approval_of_large_totals(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    strict = replace(rules, approval_over=10_000)
    service = offer(type="event", maxParticipants=40, price=5000)
    booking = book(service, NINE, participants=1, rules=strict)
    with pytest.raises(Conflict):
        update_booking(booking.id, ChangeBooking(participants=30), people.alice, strict, NOW)
    waiting = book(offer(type="event", maxParticipants=40, price=5000, requiresApproval=True), NINE, rules=strict)
    update_booking(waiting.id, ChangeBooking(participants=30), people.alice, strict, NOW)
    with pytest.raises(Forbidden):
        approve_booking(waiting.id, people.sam, NOW)
