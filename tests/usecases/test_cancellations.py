"""Cancelling: until when, by whom, and what becomes of the place."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.domain.booking import Booking
from portal.domain.errors import AlreadyCancelled, NotCancellable, NotFound, TooLateToChange
from portal.domain.lifecycle import BookingStatus
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.bookings import audit_trail
from portal.store.db import db
from portal.usecases.cancellations import cancel_booking, terms_of
from tests.build import NOW, paris
from tests.people import People

Offer = Callable[..., Service]
Book = Callable[..., Booking]
NINE = paris("2026-12-08 09:00")


def test_a_cancelled_place_is_free_at_once(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    service = offer()
    booking = book(service, NINE)
    cancelled = cancel_booking(booking.id, "ill", people.alice, rules, NOW)
    assert cancelled.status is BookingStatus.CANCELLED
    assert book(service, NINE, by=people.bob).status is BookingStatus.CONFIRMED
    last = audit_trail(db.session(), booking.id)[-1]
    assert (last.actor_id, last.from_status, last.to_status, last.reason) == ("alice", "confirmed", "cancelled", "ill")


def test_a_second_cancel_is_refused(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    booking = book(offer(), NINE)
    cancel_booking(booking.id, None, people.alice, rules, NOW)
    with pytest.raises(AlreadyCancelled):
        cancel_booking(booking.id, None, people.alice, rules, NOW)


@pytest.mark.parametrize(("late", "allowed"), [(timedelta(0), True), (timedelta(seconds=1), False)])
def test_exactly_at_the_cutoff_is_in_time(
    offer: Offer, book: Book, people: People, rules: Rules, late: timedelta, allowed: bool
) -> None:
    booking = book(offer(cancellationPolicy={"cutoffHours": 12}), NINE)
    moment = NINE - timedelta(hours=12) + late
    assert terms_of(booking, rules, moment).allowed is allowed
    if allowed:
        assert cancel_booking(booking.id, None, people.alice, rules, moment).status == "cancelled"
    else:
        with pytest.raises(TooLateToChange):
            cancel_booking(booking.id, None, people.alice, rules, moment)


def test_after_the_cutoff_staff_still_cancel(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    booking = book(offer(), NINE)
    after = NINE - timedelta(hours=1)
    assert cancel_booking(booking.id, None, people.sam, rules, after).status is BookingStatus.CANCELLED


def test_a_service_may_forbid_cancelling(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    booking = book(offer(cancellationPolicy={"allowCancellation": False}), NINE)
    with pytest.raises(NotCancellable):
        cancel_booking(booking.id, None, people.alice, rules, NOW)


def test_bob_cannot_cancel_alices_booking(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    booking = book(offer(), NINE)
    with pytest.raises(NotFound):
        cancel_booking(booking.id, None, people.bob, rules, NOW)
