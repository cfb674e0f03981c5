"""Closures by the use-cases: of every year, edited by two, and of public holidays in one go."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from portal.domain.booking import Booking
from portal.domain.errors import ChangedMeanwhile, Forbidden, HitsBookings, Invalid, SlotUnavailable
from portal.domain.rules import Rules
from portal.domain.schedule import Closure, is_closed_on
from portal.domain.service import Service
from portal.domain.supply_shapes import closure_json
from portal.usecases.closures import close_days, create_closure, get_closure, list_closures, update_closure
from portal.usecases.public_holidays import Calendar, close_holidays, holidays_ahead
from portal.usecases.slots import SlotQuery, find_slots
from tests.build import NOW, PARIS, paris
from tests.people import EVERYBODY
from tests.statements import statements

SAM, ADA, ALICE = EVERYBODY.sam, EVERYBODY.ada, EVERYBODY.alice
CHRISTMAS = {"from": "2020-12-25", "to": "2020-12-25", "yearly": True}
FRANCE = Calendar("FR", None, (2026, 2027), "fr")
NINE = paris("2026-12-25 09:00")
Offer, Book = Callable[..., Service], Callable[..., Booking]


def days_closed() -> list[str]:
    return [str(one.start) for one in list_closures(SAM)]


# ---------------------------------------------------------------- every year


def test_a_day_of_every_year_cannot_be_booked(offer: Offer, book: Book, rules: Rules) -> None:
    service = offer()
    create_closure(CHRISTMAS, SAM, rules, NOW)
    with pytest.raises(SlotUnavailable):
        book(service, NINE)
    query = SlotQuery(paris("2026-12-25 00:00"), paris("2026-12-26 00:00"))
    assert find_slots(service, query, rules, NOW) == []


def test_closures_of_every_year_take_no_query_more(offer: Offer, rules: Rules) -> None:
    service = offer()
    query = SlotQuery(paris("2026-12-24 00:00"), paris("2026-12-27 00:00"))

    def count() -> int:
        with statements() as ran:
            find_slots(service, query, rules, NOW)
        return len(ran)

    before = count()
    for month in range(1, 12):
        create_closure({"from": f"2020-{month:02d}-01", "to": f"2020-{month:02d}-02", "yearly": True}, SAM, rules, NOW)
    assert count() == before


def test_bookings_that_a_day_of_every_year_hits_are_asked_about(offer: Offer, book: Book, rules: Rules) -> None:
    booking = book(offer(), NINE)
    with pytest.raises(HitsBookings) as asked:
        create_closure(CHRISTMAS, SAM, rules, NOW, frozenset())
    assert list(asked.value.booking_ids) == [booking.id]
    assert days_closed() == []
    saved = create_closure(CHRISTMAS, SAM, rules, NOW, frozenset({booking.id}))
    assert saved.affected_bookings == 1


def test_to_repeat_a_closure_every_year_asks_about_the_years_to_come(offer: Offer, book: Book, rules: Rules) -> None:
    booking = book(offer(), NINE)
    once = create_closure(CHRISTMAS | {"yearly": False}, SAM, rules, NOW).closure
    with pytest.raises(HitsBookings) as asked:
        update_closure(once.id, {"yearly": True}, SAM, rules, NOW, frozenset())
    assert list(asked.value.booking_ids) == [booking.id]


@pytest.mark.parametrize(
    ("closure", "is_closed"),
    [
        (Closure(date(2026, 12, 24), date(2026, 12, 26)), True),
        (Closure(date(2019, 12, 25), date(2019, 12, 25), yearly=True), True),
        (Closure(date(2019, 12, 20), date(2020, 1, 4), yearly=True), True),
        (Closure(paris("2026-12-25 00:00"), paris("2026-12-26 00:00")), True),
        (Closure(paris("2026-12-25 00:01"), paris("2026-12-26 00:00")), False),
        (Closure(date(2026, 12, 24), date(2026, 12, 24)), False),
        (Closure(date(2027, 12, 25), date(2027, 12, 25), yearly=True), False),
    ],
)
def test_a_day_is_closed_where_one_closure_covers_it_whole(closure: Closure, is_closed: bool) -> None:
    assert is_closed_on(date(2026, 12, 25), [closure], PARIS) is is_closed
    other = Closure(date(2026, 12, 25), date(2026, 12, 25), target="service", target_id="x")  # type: ignore[arg-type]
    assert not is_closed_on(date(2026, 12, 25), [other], ZoneInfo("Europe/Paris"))


# ---------------------------------------------------------------- two people


@pytest.mark.usefixtures("app")
def test_who_edits_what_another_changed_is_told(rules: Rules) -> None:
    made = create_closure(CHRISTMAS, SAM, rules, NOW).closure
    read = closure_json(made)
    update_closure(made.id, {"reason": "Noël"}, SAM, rules, NOW, None, read)
    with pytest.raises(ChangedMeanwhile):
        update_closure(made.id, {"to": "2020-12-26"}, ADA, rules, NOW, None, read)
    assert (get_closure(made.id, SAM).reason, get_closure(made.id, SAM).end) == ("Noël", date(2020, 12, 25))


# ---------------------------------------------------------------- public holidays


@pytest.mark.usefixtures("app")
def test_holidays_come_in_the_readers_language_from_today_on(rules: Rules) -> None:
    found = holidays_ahead(FRANCE, SAM, rules, NOW)
    assert [(str(one.day), one.name) for one in found[:3]] == [
        ("2026-12-25", "Noël"),
        ("2027-01-01", "Jour de l'an"),
        ("2027-03-29", "Lundi de Pâques"),
    ]
    english = holidays_ahead(Calendar("FR", None, (2027,), "en"), SAM, rules, NOW)
    assert english[0].name == "New Year's Day"
    german = holidays_ahead(Calendar("DE", "BY", (2027,), "fr"), SAM, rules, NOW)
    assert "Heilige Drei Könige" in [one.name for one in german]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        (Calendar("XX", None, (2027,), "fr"), ["country"]),
        (Calendar("FR", "BY", (2027,), "fr"), ["region"]),
        (Calendar("FR", None, (), "fr"), ["year"]),
        (Calendar("FR", None, (1999,), "fr"), ["year"]),
        (Calendar("fr\0", "x", (9999,), "fr"), ["country", "year"]),
    ],
)
def test_what_is_not_offered_is_refused(rules: Rules, asked: Calendar, fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        holidays_ahead(asked, SAM, rules, NOW)
    assert [one.field for one in refused.value.errors] == fields


@pytest.mark.usefixtures("app")
def test_ticked_days_are_closed_once(rules: Rules) -> None:
    create_closure(CHRISTMAS, SAM, rules, NOW)
    marked = {str(one.day): one.is_closed for one in holidays_ahead(FRANCE, SAM, rules, NOW)}
    assert (marked["2026-12-25"], marked["2027-12-25"], marked["2027-01-01"]) == (True, True, False)
    days = [date(2026, 12, 25), date(2027, 1, 1), date(2027, 5, 1)]
    assert close_holidays(FRANCE, days, SAM, rules, NOW) == 2
    assert close_holidays(FRANCE, days, SAM, rules, NOW) == 0
    assert days_closed() == ["2020-12-25", "2027-01-01", "2027-05-01"]
    assert [one.reason for one in list_closures(SAM)][1:] == ["Jour de l'an", "Fête du Travail"]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("days", [[], [date(2027, 1, 2)], [date(2027, 1, 1), date(2020, 1, 1)]])
def test_days_that_are_no_holidays_close_nothing(rules: Rules, days: list[date]) -> None:
    with pytest.raises(Invalid):
        close_holidays(FRANCE, days, SAM, rules, NOW)
    assert days_closed() == []


def test_one_question_is_asked_for_all_days_and_nothing_is_stored_before(
    offer: Offer, book: Book, rules: Rules
) -> None:
    service = offer()
    hit = {book(service, NINE).id, book(service, paris("2027-01-01 10:00"), by=EVERYBODY.bob).id}
    book(service, paris("2027-01-02 10:00"))
    days = {date(2026, 12, 25): "Noël", date(2027, 1, 1): "Jour de l'an", date(2027, 5, 1): "Fête du Travail"}
    with pytest.raises(HitsBookings) as asked:
        close_days(days, SAM, rules, NOW, frozenset())
    assert set(asked.value.booking_ids) == hit
    assert days_closed() == []
    assert close_days(days, SAM, rules, NOW, frozenset(hit)) == 3


@pytest.mark.usefixtures("app")
def test_customers_close_nothing(app: Flask, rules: Rules) -> None:
    with pytest.raises(Forbidden):
        close_days({date(2027, 1, 1): ""}, ALICE, rules, NOW)
    with pytest.raises(Forbidden):
        holidays_ahead(FRANCE, ALICE, rules, NOW)
