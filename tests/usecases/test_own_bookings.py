"""What a customer has booked, in three sections, and bookings that would be made twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.domain.booking import Booking, Section
from portal.domain.errors import AlreadyBooked, NotFound
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.usecases.booking_changes import quote_party
from portal.usecases.cancellations import cancel_booking
from portal.usecases.idempotency import Once
from portal.usecases.own_bookings import list_own, refuse_twin, trail_of
from tests.build import NOW, paris
from tests.people import People

Offer = Callable[..., Service]
Book = Callable[..., Booking]
NINE = paris("2026-12-08 09:00")
ONCE = Once[Booking]("alice", "k", "f", lambda booking: booking.id)


def test_every_booking_stands_in_exactly_one_section(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    service, asked = offer(), offer(name="On request", requiresApproval=True)
    times = [NINE + timedelta(days=day) for day in range(4)]
    past, called_off, ahead = (book(service, time).id for time in times[:3])
    lapsed = book(asked, times[3]).id
    book(service, times[3], by=people.bob)
    cancel_booking(called_off, None, people.alice, rules, NOW)
    later = NINE + timedelta(hours=1)
    wanted = {Section.AHEAD: [ahead, lapsed], Section.PAST: [past], Section.CANCELLED: [called_off]}
    found = {one: list_own(one, 1, people.alice, rules, later) for one in Section}
    assert {one: [booking.id for booking, _ in own.rows] for one, own in found.items()} == wanted
    assert all(own.counts == {one: len(ids) for one, ids in wanted.items()} for own in found.values())


def test_a_lapsed_request_is_cancelled_from_that_second_on(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    booking = book(offer(requiresApproval=True), NINE + timedelta(days=5))
    assert booking.hold_expires_at
    before = list_own(Section.AHEAD, 1, people.alice, rules, booking.hold_expires_at - timedelta(seconds=1))
    after = list_own(Section.CANCELLED, 1, people.alice, rules, booking.hold_expires_at)
    assert [one.status for one, _ in before.rows] == ["pending"]
    assert [one.status for one, _ in after.rows] == ["cancelled"]


def test_staff_see_only_what_they_booked_for_themselves(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    service = offer()
    book(service, NINE)
    own = book(service, NINE + timedelta(hours=1), by=people.sam)
    assert [one.id for one, _ in list_own(Section.AHEAD, 1, people.sam, rules, NOW).rows] == [own.id]


def test_what_is_booked_already_is_refused_until_it_was_shown(offer: Offer, book: Book, people: People) -> None:
    service = offer(type="course", maxParticipants=8)
    refuse_twin(service.id, NINE, 0, people.alice, NOW, ONCE)
    booking = book(service, NINE)
    with pytest.raises(AlreadyBooked) as refused:
        refuse_twin(service.id, NINE, 0, people.alice, NOW, ONCE)
    assert [one.id for one in refused.value.bookings] == [booking.id]
    refuse_twin(service.id, NINE, 1, people.alice, NOW, ONCE)
    refuse_twin(service.id, NINE, 0, people.bob, NOW, ONCE)
    refuse_twin(service.id, NINE + timedelta(hours=1), 0, people.alice, NOW, ONCE)


def test_a_cancelled_booking_is_no_twin(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    service = offer()
    cancel_booking(book(service, NINE).id, None, people.alice, rules, NOW)
    refuse_twin(service.id, NINE, 0, people.alice, NOW, ONCE)


def test_the_trail_of_another_is_not_found(offer: Offer, book: Book, people: People) -> None:
    booking = book(offer(), NINE)
    assert [one.action for one in trail_of(booking.id, people.alice)] == ["create"]
    with pytest.raises(NotFound):
        trail_of(booking.id, people.bob)


def test_another_party_is_priced_without_anything_changing(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    booking = book(offer(type="course", maxParticipants=8), NINE)
    assert quote_party(booking.id, 3, people.alice, rules, NOW).total == 15000
    with pytest.raises(NotFound):
        quote_party(booking.id, 3, people.bob, rules, NOW)
    assert trail_of(booking.id, people.alice)[-1].action == "create"
