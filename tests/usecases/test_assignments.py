"""The team say who serves a booking, and with what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.domain.booking import Booking
from portal.domain.errors import Conflict, Forbidden, Invalid, SlotUnavailable, WrongState
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store import bookings
from portal.store.db import db
from portal.usecases.assignments import assign_resource, assign_staff, posts_of
from portal.usecases.bookings import get_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.team import create_staff_member
from tests.build import NOW, paris
from tests.invariants import check_invariants
from tests.people import EVERYBODY, People

NINE = paris("2026-12-08 09:00")
DOCTORS = [{"role": "doctor", "count": 1, "specificStaffIds": ["dr-a", "dr-b"]}]
TABLES = [{"id": f"table-{one}", "name": f"Table {one}", "type": "table", "quantity": 1} for one in (1, 2)]
Offer, Book = Callable[..., Service], Callable[..., Booking]


@pytest.fixture
def visit(offer: Offer) -> Service:
    """A consultation with one of two doctors."""
    return offer(requiredStaff=DOCTORS)


def reload(booking: Booking) -> Booking:
    db.session.rollback()
    return get_booking(booking.id, EVERYBODY.sam, NOW)


def staff_of(booking: Booking) -> list[str]:
    return [one.staff_id for one in reload(booking).assigned_staff]


def test_another_doctor_takes_over_and_the_first_is_free_again(
    visit: Service, book: Book, rules: Rules, people: People
) -> None:
    mine = book(visit, NINE)
    (before,) = staff_of(mine)
    after = "dr-b" if before == "dr-a" else "dr-a"
    assign_staff(mine.id, "doctor", after, before, people.sam, rules, NOW)
    assert staff_of(mine) == [after]
    assert staff_of(book(visit, NINE, by=people.bob)) == [before]
    with pytest.raises(SlotUnavailable):
        book(visit, NINE, by=people.bob)
    check_invariants(NOW)


def test_a_second_click_changes_nothing_more(visit: Service, book: Book, rules: Rules, people: People) -> None:
    mine = book(visit, NINE)
    (before,) = staff_of(mine)
    after = "dr-b" if before == "dr-a" else "dr-a"
    for _ in range(2):
        assign_staff(mine.id, "doctor", after, before, people.sam, rules, NOW)
    db.session.rollback()
    assert [one.action for one in bookings.audit_trail(db.session(), mine.id)] == ["create", "assign"]
    check_invariants(NOW)


def test_who_is_busy_is_neither_offered_nor_taken(visit: Service, book: Book, rules: Rules, people: People) -> None:
    mine, other = book(visit, NINE), book(visit, NINE, by=people.bob)
    assert [post.choices for post in posts_of(mine, visit, rules, NOW).staff] == [[]]
    with pytest.raises(Conflict, match="taken"):
        assign_staff(mine.id, "doctor", staff_of(other)[0], staff_of(mine)[0], people.sam, rules, NOW)
    check_invariants(NOW)


def test_a_lost_race_is_said(visit: Service, book: Book, rules: Rules, people: People) -> None:
    mine = book(visit, NINE)
    (before,) = staff_of(mine)
    after = "dr-b" if before == "dr-a" else "dr-a"
    assign_staff(mine.id, "doctor", after, before, people.sam, rules, NOW)
    create_staff_member({"id": "dr-c", "name": "Dr C", "roles": ["doctor"]}, people.sam, rules)
    with pytest.raises(Conflict):
        assign_staff(mine.id, "doctor", "dr-c", before, people.ada, rules, NOW)
    assert staff_of(mine) == [after]


def test_a_role_that_nobody_had_is_filled_for_every_booking_of_the_date(
    offer: Offer, book: Book, rules: Rules, people: People
) -> None:
    exam = offer(type="event", maxParticipants=10, requiredStaff=[{"role": "supervisor", "count": 1}])
    first, second = book(exam, NINE), book(exam, NINE, by=people.bob)
    assert first.unfilled_roles == ("supervisor",)
    create_staff_member({"id": "zoe", "name": "Zoé", "roles": []}, people.sam, rules)
    (post,) = posts_of(first, exam, rules, NOW).staff
    assert (post.role, post.holder_id, post.choices) == ("supervisor", None, [("zoe", "Zoé")])
    assign_staff(first.id, "supervisor", "zoe", None, people.sam, rules, NOW)
    assert staff_of(first) == staff_of(second) == ["zoe"]
    assert reload(second).unfilled_roles == ()
    visit = offer(requiredStaff=[{"role": "supervisor", "count": 1, "specificStaffIds": ["zoe"]}])
    with pytest.raises(SlotUnavailable):
        book(visit, NINE)
    check_invariants(NOW)


def test_a_booking_moves_to_another_table(offer: Offer, book: Book, rules: Rules, people: People) -> None:
    service = offer(type="table", requiredResources=TABLES, minParticipants=1, maxParticipants=4)
    mine = book(service, NINE, participants=2)
    (before,) = (one.resource_id for one in mine.assigned_resources)
    after = "table-2" if before == "table-1" else "table-1"
    (post,) = posts_of(mine, service, rules, NOW).resources
    assert [one for one, _ in post.choices] == [after]
    assign_resource(mine.id, after, before, people.sam, rules, NOW)
    assert [one.resource_id for one in reload(mine).assigned_resources] == [after]
    other = book(service, NINE, by=people.bob, participants=2)
    assert [one.resource_id for one in other.assigned_resources] == [before]
    with pytest.raises(Conflict):
        assign_resource(other.id, after, before, people.sam, rules, NOW)
    check_invariants(NOW)


def test_nonsense_is_refused(visit: Service, book: Book, rules: Rules, people: People) -> None:
    mine = book(visit, NINE)
    (before,) = staff_of(mine)
    given: list[tuple[Any, ...]] = [("doctor", "nobody", before), ("doctor", "", before)]
    for role, new, old in given:
        with pytest.raises(Invalid):
            assign_staff(mine.id, role, new, old, people.sam, rules, NOW)
    with pytest.raises(Conflict):
        assign_resource(mine.id, "table-1", "table-2", people.sam, rules, NOW)
    assert staff_of(mine) == [before]


def test_what_is_over_or_cancelled_is_not_assigned_and_customers_assign_nothing(
    visit: Service, book: Book, rules: Rules, people: People
) -> None:
    mine = book(visit, NINE)
    (before,) = staff_of(mine)
    after = "dr-b" if before == "dr-a" else "dr-a"
    with pytest.raises(Forbidden):
        assign_staff(mine.id, "doctor", after, before, people.alice, rules, NOW)
    with pytest.raises(WrongState):
        assign_staff(mine.id, "doctor", after, before, people.sam, rules, NINE + timedelta(hours=1))
    cancel_booking(mine.id, None, people.alice, rules, NOW)
    with pytest.raises(WrongState):
        assign_staff(mine.id, "doctor", after, before, people.sam, rules, NOW)
