"""Who came, who left, who did not come."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.domain.booking import Booking
from portal.domain.check_in import token_of
from portal.domain.errors import (
    AlreadyCheckedIn,
    AlreadyCheckedOut,
    Forbidden,
    Invalid,
    NotBegun,
    NotCheckedIn,
    NotFound,
    WrongState,
)
from portal.domain.lifecycle import BookingStatus
from portal.domain.reference import reference_of
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store import bookings
from portal.store.db import db
from portal.usecases.attendance import check_in, check_out, complete_booking, find_by_code, mark_no_show
from portal.usecases.cancellations import cancel_booking
from portal.usecases.completions import complete_past
from tests.build import NOW, paris
from tests.people import EVERYBODY, People

NINE = paris("2026-12-08 09:00")
SOON, LATER = NINE + timedelta(minutes=5), NINE + timedelta(hours=1)
SECRET = "a secret of the tests"


@pytest.fixture
def booking(offer: Callable[..., Service], book: Callable[..., Booking]) -> Booking:
    """Alice's, on Tuesday at nine, for half an hour."""
    return book(offer(), NINE)


def trail(booking: Booking) -> list[tuple[str, str | None, str | None]]:
    db.session.rollback()
    return [(one.action, one.actor_id, one.reason) for one in bookings.audit_trail(db.session(), booking.id)]


def test_who_comes_is_checked_in_once(booking: Booking, people: People) -> None:
    assert check_in(booking.id, people.sam, SOON).check_in == SOON
    with pytest.raises(AlreadyCheckedIn):
        check_in(booking.id, people.ada, LATER)
    assert trail(booking)[1:] == [("check-in", "sam", None)]


def test_who_left_is_checked_out_once_and_only_after_he_came(booking: Booking, people: People) -> None:
    with pytest.raises(NotCheckedIn):
        check_out(booking.id, people.sam, SOON)
    check_in(booking.id, people.sam, SOON)
    assert check_out(booking.id, people.sam, LATER).check_out == LATER
    with pytest.raises(AlreadyCheckedOut):
        check_out(booking.id, people.sam, LATER)
    assert [action for action, _, _ in trail(booking)] == ["create", "check-in", "check-out"]


def test_who_leaves_after_the_end_is_checked_out_although_the_booking_is_completed(
    booking: Booking, people: People
) -> None:
    check_in(booking.id, people.sam, SOON)
    assert complete_past(LATER) == 1
    assert check_out(booking.id, people.sam, LATER).status is BookingStatus.COMPLETED


def test_nobody_is_checked_in_after_the_end(booking: Booking, people: People) -> None:
    with pytest.raises(WrongState, match="completed"):
        check_in(booking.id, people.sam, LATER)


def test_only_a_confirmed_booking_is_checked_in(
    offer: Callable[..., Service], book: Callable[..., Booking], people: People, rules: Rules
) -> None:
    request = book(offer(requiresApproval=True), NINE)
    with pytest.raises(WrongState, match="pending"):
        check_in(request.id, people.sam, SOON - timedelta(hours=20))
    called_off = book(offer(), NINE + timedelta(hours=1))
    cancel_booking(called_off.id, None, people.alice, rules, NOW)
    with pytest.raises(WrongState, match="cancelled"):
        check_in(called_off.id, people.sam, SOON)


def test_a_no_show_is_marked_once_it_has_begun_with_a_reason(booking: Booking, people: People) -> None:
    with pytest.raises(NotBegun):
        mark_no_show(booking.id, None, people.sam, NINE - timedelta(minutes=1))
    assert mark_no_show(booking.id, "called twice", people.sam, NINE).status is BookingStatus.NO_SHOW
    with pytest.raises(WrongState, match="no-show"):
        mark_no_show(booking.id, None, people.sam, LATER)
    assert trail(booking)[1:] == [("no-show", "sam", "called twice")]


def test_what_was_taken_for_completed_is_corrected_and_back(booking: Booking, people: People) -> None:
    complete_past(LATER)
    assert mark_no_show(booking.id, None, people.sam, LATER).status is BookingStatus.NO_SHOW
    assert complete_booking(booking.id, "came late", people.sam, LATER).status is BookingStatus.COMPLETED


def test_who_was_checked_in_is_no_no_show(booking: Booking, people: People) -> None:
    check_in(booking.id, people.sam, SOON)
    with pytest.raises(AlreadyCheckedIn):
        mark_no_show(booking.id, None, people.sam, LATER)


def test_a_booking_is_completed_by_hand_once_it_has_begun(booking: Booking, people: People) -> None:
    with pytest.raises(NotBegun):
        complete_booking(booking.id, None, people.sam, NINE - timedelta(minutes=1))
    assert complete_booking(booking.id, None, people.sam, SOON).status is BookingStatus.COMPLETED
    with pytest.raises(WrongState, match="completed"):
        complete_booking(booking.id, None, people.sam, SOON)


def test_customers_do_none_of_it_not_even_with_their_own(booking: Booking, people: People) -> None:
    for act in (check_in, check_out):
        with pytest.raises(Forbidden):
            act(booking.id, people.alice, SOON)
    for mark in (mark_no_show, complete_booking):
        with pytest.raises(Forbidden):
            mark(booking.id, None, people.alice, SOON)
    with pytest.raises(Forbidden):
        find_by_code(reference_of(booking.id), SECRET, people.alice)
    assert len(trail(booking)) == 1


def test_what_is_not_there_is_not_found(booking: Booking, people: People) -> None:
    with pytest.raises(NotFound):
        check_in("nothing", people.sam, SOON)


# ---------------------------------------------------------------- the code


def codes(booking: Booking) -> list[str]:
    reference, token = reference_of(booking.id), token_of(booking.id, SECRET)
    return [
        reference,
        f"  {reference.lower().replace('-', ' ')} ",
        reference.removeprefix("CRN-"),
        booking.id,
        token,
        f"https://us.example/staff/check-in/{token}",
    ]


def test_a_booking_is_found_by_what_its_customer_shows(booking: Booking) -> None:
    assert {find_by_code(one, SECRET, EVERYBODY.sam) for one in codes(booking)} == {booking.id}


def test_any_other_code_is_nobodys(booking: Booking) -> None:
    token = token_of(booking.id, "another secret")
    for code in ("", " ", "CRN", "CRN-0000-00", token, "%", "' or 1=1 --", f"{reference_of(booking.id)}X"):
        with pytest.raises(Invalid):
            find_by_code(code, SECRET, EVERYBODY.sam)
