"""Is everybody's booking looked at before a change leaves it outside?"""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.domain.booking import Booking
from portal.domain.errors import HitsBookings
from portal.domain.lifecycle import BookingStatus
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.usecases.bookings import get_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.closures import create_closure, list_closures, update_closure
from portal.usecases.impact import cancel_all, read_hits
from portal.usecases.money import Money
from portal.usecases.team import create_staff_member, get_staff_member, update_staff_member
from tests.build import EVERY_DAY, NOW, paris
from tests.people import People

Offer = Callable[..., Service]
Book = Callable[..., Booking]
NINE, TEN = paris("2026-12-18 09:00"), paris("2026-12-18 10:00")
THAT_DAY = {"from": "2026-12-18", "to": "2026-12-18"}
NOBODY_ASKED: Any = None
NONE: frozenset[str] = frozenset()


@pytest.fixture
def served(offer: Offer, people: People, rules: Rules) -> Service:
    """A consultation that Nora gives; she works every day from 9 to 12."""
    nora = {"id": "nora", "name": "Nora", "roles": ["doctor"], "workingHours": EVERY_DAY}
    create_staff_member(nora, people.ada, rules)
    return offer(requiredStaff=[{"role": "doctor", "count": 1}])


def hours(start: str, end: str) -> dict[str, Any]:
    return {"workingHours": [{"dayOfWeek": day, "startTime": start, "endTime": end} for day in range(7)]}


# ---------------------------------------------------------------- closures


def test_a_closure_that_hits_nothing_is_stored_without_a_question(app: Flask, people: People, rules: Rules) -> None:
    assert create_closure(THAT_DAY, people.sam, rules, NOW, NONE).affected_bookings == 0
    assert len(list_closures(people.sam)) == 1


def test_a_closure_over_a_booking_asks_and_stores_nothing(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    booking = book(offer(), NINE)
    with pytest.raises(HitsBookings) as raised:
        create_closure(THAT_DAY, people.sam, rules, NOW, NONE)
    assert raised.value.booking_ids == (booking.id,)
    assert list_closures(people.sam) == []


def test_what_was_agreed_to_is_stored_and_the_booking_stays(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    booking = book(offer(), NINE)
    saved = create_closure(THAT_DAY, people.sam, rules, NOW, frozenset({booking.id}))
    assert (saved.affected_bookings, len(list_closures(people.sam))) == (1, 1)
    assert get_booking(booking.id, people.sam, NOW).status is BookingStatus.CONFIRMED


def test_where_nobody_is_asked_it_is_stored_and_counted(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    book(offer(), NINE)
    assert create_closure(THAT_DAY, people.sam, rules, NOW, NOBODY_ASKED).affected_bookings == 1


def test_a_booking_made_after_the_question_is_asked_about_again(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer()
    first = book(service, NINE)
    with pytest.raises(HitsBookings) as raised:
        create_closure(THAT_DAY, people.sam, rules, NOW, NONE)
    agreed = frozenset(raised.value.booking_ids)
    second = book(service, TEN, people.bob)
    with pytest.raises(HitsBookings) as again:
        create_closure(THAT_DAY, people.sam, rules, NOW, agreed)
    assert set(again.value.booking_ids) == {first.id, second.id}
    assert list_closures(people.sam) == []


def test_a_booking_cancelled_after_the_question_is_no_reason_to_ask_again(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    booking = book(offer(), NINE)
    cancel_booking(booking.id, None, people.alice, rules, NOW)
    assert create_closure(THAT_DAY, people.sam, rules, NOW, frozenset({booking.id})).affected_bookings == 0


def test_a_longer_closure_asks_only_about_what_it_did_not_hit_before(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer()
    book(service, NINE)
    closure = create_closure(THAT_DAY, people.sam, rules, NOW).closure
    update_closure(closure.id, {"reason": "Painting"}, people.sam, rules, NOW, NONE)
    next_day = book(service, paris("2026-12-19 09:00"), people.bob)
    with pytest.raises(HitsBookings) as raised:
        update_closure(closure.id, {"to": "2026-12-19"}, people.sam, rules, NOW, NONE)
    assert raised.value.booking_ids == (next_day.id,)
    assert update_closure(closure.id, {"to": "2026-12-19"}, people.sam, rules, NOW).affected_bookings == 2


def test_what_is_over_is_not_asked_about(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    book(offer(), NINE)
    assert create_closure(THAT_DAY, people.sam, rules, TEN, NONE).affected_bookings == 0


# ---------------------------------------------------------------- hours and time off of a member


@pytest.mark.parametrize(
    "change",
    [
        hours("10:00", "12:00"),
        {"workingHours": [{"dayOfWeek": 1, "startTime": "09:00", "endTime": "12:00"}]},
        {"timeOff": [THAT_DAY]},
        {"timeOff": [{"from": "2026-12-18T08:15:00Z", "to": "2026-12-18T08:20:00Z"}]},
        {"timeZone": "America/Martinique"},
    ],
)
def test_a_member_who_is_away_from_a_booking_asks_and_stores_nothing(
    served: Service, book: Book, people: People, rules: Rules, change: dict[str, Any]
) -> None:
    booking, before = book(served, NINE), get_staff_member("nora", people.sam)
    with pytest.raises(HitsBookings) as raised:
        update_staff_member("nora", change, people.sam, rules, NOW, NONE)
    assert raised.value.booking_ids == (booking.id,)
    assert get_staff_member("nora", people.sam) == before
    update_staff_member("nora", change, people.sam, rules, NOW, frozenset({booking.id}))
    assert get_staff_member("nora", people.sam) != before


@pytest.mark.parametrize("change", [hours("08:00", "12:00"), {"workingHours": []}, {"name": "Nora B."}])
def test_a_change_that_leaves_nothing_outside_asks_nothing(
    served: Service, book: Book, people: People, rules: Rules, change: dict[str, Any]
) -> None:
    book(served, NINE)
    update_staff_member("nora", change, people.sam, rules, NOW, NONE)


def test_what_lay_outside_before_is_not_asked_about(served: Service, book: Book, people: People, rules: Rules) -> None:
    book(served, NINE)
    update_staff_member("nora", hours("10:00", "12:00"), people.sam, rules, NOW)
    update_staff_member("nora", hours("11:00", "12:00"), people.sam, rules, NOW, NONE)


def test_who_comes_to_a_course_is_asked_about_with_its_teacher(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    create_staff_member({"id": "nora", "name": "Nora", "roles": ["teacher"]}, people.ada, rules)
    course = offer(type="course", maxParticipants=8, requiredStaff=[{"role": "teacher", "count": 1}])
    comes = {book(course, NINE).id, book(course, NINE, people.bob).id}
    with pytest.raises(HitsBookings) as raised:
        update_staff_member("nora", {"timeOff": [THAT_DAY]}, people.sam, rules, NOW, NONE)
    assert set(raised.value.booking_ids) == comes


# ---------------------------------------------------------------- what becomes of them


def test_hits_are_told_by_start_with_who_comes_and_what_goes_back(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer()
    later, sooner = book(service, TEN), book(service, NINE, people.bob)
    found = read_hits([later.id, sooner.id, "nothing"], people.sam, rules, NOW)
    assert [(one.booking.id, one.customer, one.can_cancel, one.back) for one in found] == [
        (sooner.id, "Bob Durand", True, 0),
        (later.id, "Alice Martin", True, 0),
    ]


def test_bookings_are_cancelled_one_by_one_and_what_fails_is_told(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer()
    first, second = book(service, NINE), book(service, TEN, people.bob)
    cancel_booking(first.id, None, people.alice, rules, NOW)
    failed = cancel_all([first.id, "nothing", second.id], "Ill", people.sam, Money(None, rules), NOW)
    assert list(failed) == ["nothing"]
    assert get_booking(second.id, people.sam, NOW).status is BookingStatus.CANCELLED
