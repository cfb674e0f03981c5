"""Bookings that staff have to agree to."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.domain.booking import Booking
from portal.domain.errors import Forbidden, SlotUnavailable, WrongState
from portal.domain.lifecycle import BookingStatus
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.bookings import AllocationRow, OccurrenceRow
from portal.store.db import db
from portal.usecases.approvals import approve_booking, decline_booking
from portal.usecases.bookings import BookingQuery, get_booking, list_bookings
from portal.usecases.holds import lapse_holds
from tests.build import NOW, paris
from tests.people import People

Offer = Callable[..., Service]
Book = Callable[..., Booking]
FAR = paris("2026-12-18 09:00")
LAPSED = NOW + timedelta(hours=48)


def rows() -> int:
    return db.session.scalar(select(func.count()).select_from(AllocationRow)) or 0


def test_a_request_holds_its_place_until_it_is_approved(offer: Offer, book: Book, people: People) -> None:
    service = offer(requiresApproval=True)
    booking = book(service, FAR)
    assert (booking.status, booking.hold_expires_at) == (BookingStatus.PENDING, LAPSED)
    with pytest.raises(SlotUnavailable):
        book(service, FAR, by=people.bob)
    assert approve_booking(booking.id, people.sam, NOW).status is BookingStatus.CONFIRMED
    with pytest.raises(SlotUnavailable):
        book(service, FAR, by=people.bob, now=LAPSED)


def test_a_declined_request_frees_its_place(offer: Offer, book: Book, people: People) -> None:
    service = offer(requiresApproval=True)
    booking = book(service, FAR)
    assert decline_booking(booking.id, "full house", people.sam, NOW).status is BookingStatus.CANCELLED
    assert book(service, FAR, by=people.bob).status is BookingStatus.PENDING


def test_a_lapsed_request_frees_its_place_at_once_whatever_its_status_says(
    offer: Offer, book: Book, people: People
) -> None:
    service = offer(requiresApproval=True)
    old = book(service, FAR)
    with pytest.raises(SlotUnavailable):
        book(service, FAR, by=people.bob, now=LAPSED - timedelta(seconds=1))
    new = book(service, FAR, by=people.bob, now=LAPSED)
    assert get_booking(old.id, people.alice, LAPSED).status is BookingStatus.CANCELLED
    assert get_booking(new.id, people.bob, LAPSED).status is BookingStatus.PENDING
    assert rows() == 1


def test_a_lapsed_request_cannot_be_approved(offer: Offer, book: Book, people: People) -> None:
    booking = book(offer(requiresApproval=True), FAR)
    with pytest.raises(WrongState):
        approve_booking(booking.id, people.sam, LAPSED)


def test_a_lapsed_request_reads_as_cancelled_without_any_worker(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    booking = book(offer(requiresApproval=True), FAR)
    listed = list_bookings(BookingQuery(), people.alice, rules, LAPSED).bookings
    assert [(one.id, one.status) for one in listed] == [(booking.id, BookingStatus.CANCELLED)]
    assert rows() == 0


def test_the_worker_lets_every_hold_lapse_once(offer: Offer, book: Book) -> None:
    book(offer(requiresApproval=True), FAR)
    assert lapse_holds(LAPSED) == 1
    assert lapse_holds(LAPSED) == 0


def test_the_deadline_is_the_lead_time_before_the_start_if_that_is_sooner(offer: Offer, book: Book) -> None:
    tomorrow = paris("2026-12-08 09:00")
    booking = book(offer(requiresApproval=True, bookingWindow={"minAdvanceHours": 3}), tomorrow)
    assert booking.hold_expires_at == tomorrow - timedelta(hours=3)


def test_a_high_total_waits_for_an_admin(offer: Offer, book: Book, people: People) -> None:
    booking = book(offer(price=100_001), FAR)
    assert booking.status is BookingStatus.PENDING
    with pytest.raises(Forbidden):
        approve_booking(booking.id, people.sam, NOW)
    assert approve_booking(booking.id, people.ada, NOW).status is BookingStatus.CONFIRMED


def test_customers_do_not_approve(offer: Offer, book: Book, people: People) -> None:
    booking = book(offer(requiresApproval=True), FAR)
    with pytest.raises(Forbidden):
        approve_booking(booking.id, people.alice, NOW)


def test_an_occurrence_lives_as_long_as_the_last_of_its_requests(offer: Offer, book: Book, people: People) -> None:
    mats = [{"id": "mats", "name": "Mats", "type": "equipment"}]
    course = offer(type="course", duration=60, maxParticipants=4, requiresApproval=True, requiredResources=mats)
    other = offer(name="Other", duration=60, requiredResources=mats)
    first = book(course, FAR, participants=2)
    later = NOW + timedelta(hours=24)
    book(course, FAR, by=people.bob, participants=2, now=later)
    with pytest.raises(SlotUnavailable):
        book(other, FAR, now=LAPSED)
    assert book(course, FAR, participants=2, now=LAPSED).id != first.id
    lapse_holds(LAPSED + timedelta(hours=48))
    assert (rows(), db.session.scalar(select(func.count()).select_from(OccurrenceRow))) == (0, 0)
    book(other, FAR, now=LAPSED + timedelta(hours=48))
