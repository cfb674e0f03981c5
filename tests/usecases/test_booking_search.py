"""How the team find bookings."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.domain.booking import Booking
from portal.domain.booking_search import MoneyState, Search, Sort, State
from portal.domain.errors import Forbidden
from portal.domain.reference import reference_of
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.accounts import change_user
from portal.store.db import transaction
from portal.usecases.attendance import mark_no_show
from portal.usecases.booking_search import PAGE, export_bookings, search_bookings
from portal.usecases.cancellations import cancel_booking
from tests.build import NOW, paris
from tests.people import EVERYBODY, People
from tests.statements import statements

NINE = paris("2026-12-08 09:00")
HALF_HOUR = timedelta(minutes=30)
Find = Callable[..., list[str]]


@pytest.fixture
def find(rules: Rules) -> Find:
    """Return the ids that a search finds."""

    def look(now: Any = NOW, **wanted: Any) -> list[str]:
        found = search_bookings(Search(**wanted), 1, EVERYBODY.sam, rules, now)
        exported = [one.id for one, _, _ in export_bookings(Search(**wanted), EVERYBODY.sam, rules, now)]
        assert exported == [one.id for one, _ in found.rows]
        assert found.count == len(found.rows)
        return exported

    return look


@pytest.fixture
def three(offer: Callable[..., Service], book: Callable[..., Booking]) -> list[Booking]:
    """Two consultations of alice's and a dearer lesson of bob's, one after the other."""
    visit, lesson = offer(), offer(name="Leçon", price=9000)
    return [
        book(visit, NINE, contact_email="office@acme.example"),
        book(visit, NINE + HALF_HOUR),
        book(lesson, NINE + 2 * HALF_HOUR, by=EVERYBODY.bob, reference_id="PO-4711"),
    ]


def test_without_a_wish_everything_is_found_soonest_first(three: list[Booking], find: Find) -> None:
    assert find() == [one.id for one in three]
    assert find(sort=Sort.START_DOWN) == [one.id for one in reversed(three)]
    assert find(sort=Sort.AMOUNT_DOWN)[0] == three[2].id


def test_bookings_are_found_by_service_and_time(three: list[Booking], find: Find) -> None:
    assert find(service_id=three[2].service_id) == [three[2].id]
    assert find(start=three[1].start) == [three[1].id, three[2].id]
    assert find(end=three[1].start) == [three[0].id]


@pytest.mark.parametrize("text", ["Durand", "durand", "BOB@example", "po-4711", "4711"])
def test_bookings_are_found_by_what_is_known_of_their_customers(three: list[Booking], find: Find, text: str) -> None:
    assert find(text=text) == [three[2].id]


def test_bookings_are_found_by_their_own_address_their_reference_and_their_id(three: list[Booking], find: Find) -> None:
    assert find(text="acme") == [three[0].id]
    for one in three:
        assert find(text=reference_of(one.id)) == find(text=one.id) == [one.id]


def test_letters_with_accents_are_found_small_or_large(three: list[Booking], find: Find) -> None:
    transaction(lambda session: change_user(session, "bob", name="Élodie Guérin"))
    assert find(text="élodie") == find(text="GUÉRIN") == [three[2].id]


@pytest.mark.parametrize("text", ["%", "_", "/", "' or 1=1", "\\"])
def test_signs_of_patterns_are_only_signs(three: list[Booking], find: Find, text: str) -> None:
    assert three
    assert find(text=text) == []


def test_each_state_finds_its_own_and_several_find_all_of_them(
    offer: Callable[..., Service], book: Callable[..., Booking], find: Find, people: People, rules: Rules
) -> None:
    visit, asked = offer(), offer(requiresApproval=True)
    kept, missed, dropped = (book(visit, NINE + index * HALF_HOUR) for index in range(3))
    request = book(asked, NINE + timedelta(days=9))
    cancel_booking(dropped.id, None, people.alice, rules, NOW)
    mark_no_show(missed.id, None, people.sam, NINE + HALF_HOUR)
    assert find(states=(State.CONFIRMED,)) == [kept.id]
    assert find(states=(State.NO_SHOW,)) == [missed.id]
    assert find(states=(State.CANCELLED,)) == [dropped.id]
    assert find(states=(State.TO_APPROVE,)) == [request.id]
    assert find(states=(State.TO_PAY,)) == []
    assert find(states=(State.NO_SHOW, State.CANCELLED)) == [missed.id, dropped.id]
    assert find(money=(MoneyState.ON_SITE,)) == [kept.id, missed.id, dropped.id, request.id]


def test_a_request_that_nobody_answered_counts_as_cancelled_at_once(
    offer: Callable[..., Service], book: Callable[..., Booking], find: Find
) -> None:
    request = book(offer(requiresApproval=True), NINE + timedelta(days=9))
    late = NOW + timedelta(hours=48)
    assert find(late, states=(State.TO_APPROVE,)) == []
    assert find(late, states=(State.CANCELLED,)) == [request.id]


def test_a_page_is_cut_from_the_whole_and_its_total_is_not(
    offer: Callable[..., Service], book: Callable[..., Booking], rules: Rules
) -> None:
    service = offer(type="event", maxParticipants=1000, price=100)
    for _ in range(PAGE + 1):
        book(service, NINE)
    first = search_bookings(Search(), 1, EVERYBODY.sam, rules, NOW)
    last = search_bookings(Search(), 99, EVERYBODY.sam, rules, NOW)
    assert (first.count, first.totals, first.first, first.last) == (PAGE + 1, {"EUR": (PAGE + 1) * 100}, 1, PAGE)
    assert (last.page, last.first, last.last, last.has_more) == (2, PAGE + 1, PAGE + 1, False)
    assert not {one.id for one, _ in first.rows} & {one.id for one, _ in last.rows}


def test_it_takes_four_queries_however_many_bookings_there_are(three: list[Booking], rules: Rules) -> None:
    assert three
    with statements() as run:
        search_bookings(Search(text="a"), 1, EVERYBODY.sam, rules, NOW)
    assert len(run) == 4, run


def test_customers_find_nothing_this_way(rules: Rules, people: People) -> None:
    with pytest.raises(Forbidden):
        search_bookings(Search(), 1, people.alice, rules, NOW)
    with pytest.raises(Forbidden):
        export_bookings(Search(), people.alice, rules, NOW)
