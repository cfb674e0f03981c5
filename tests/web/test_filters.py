"""How money, times and the like are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.web import filters
from portal.web.picker_words import near_day, nights_between, zone_time
from tests.build import PARIS, a_service, paris


@contextmanager
def reading(app: Flask, language: str) -> Iterator[None]:
    with app.test_request_context("/"), force_locale(language):
        yield


def spaced(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("amount", "currency", "french", "english"),
    [
        (5000, "EUR", "50,00 €", "€50.00"),
        (0, "EUR", "0,00 €", "€0.00"),
        (399_200, "EUR", "3 992,00 €", "€3,992.00"),
        (5, "EUR", "0,05 €", "€0.05"),
        (-500, "EUR", "−5,00 €", "−€5.00"),
        (1500, "JPY", "1 500 JPY", "¥1,500"),
        (1500, "KWD", "1,500 KWD", "KWD1.500"),
        (99_999_999, "USD", "999 999,99 $US", "$999,999.99"),
    ],
)
def test_money_has_the_digits_of_its_currency(
    app: Flask, amount: int, currency: str, french: str, english: str
) -> None:
    with reading(app, "fr"):
        assert spaced(filters.money(amount, currency)) == french
    with reading(app, "en"):
        assert spaced(filters.money(amount, currency)) == english


@pytest.mark.parametrize("amount", [0, 5000, 5050, 100_000, 1])
def test_short_money_only_drops_a_zero_fraction(app: Flask, amount: int) -> None:
    with reading(app, "fr"):
        full, short = filters.money(amount, "EUR"), filters.short_money(amount, "EUR")
    assert short == (full.replace(",00", "") if amount % 100 == 0 else full)


@pytest.mark.parametrize(
    ("time", "french", "english"),
    [
        ("10:30", "10 h 30", "10:30 am"),
        ("09:00", "9 h", "9:00 am"),
        ("00:05", "0 h 05", "12:05 am"),
        ("12:00", "12 h", "12:00 pm"),
    ],
)
def test_a_time_is_written_as_people_say_it(app: Flask, time: str, french: str, english: str) -> None:
    moment = paris(f"2026-12-08 {time}")
    with reading(app, "fr"):
        assert spaced(filters.clock(moment, PARIS)) == french
    with reading(app, "en"):
        assert spaced(filters.clock(moment, PARIS)) == english


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2026, 12, 8), "mardi 8 décembre", "Tuesday 8 December"),
        (date(2026, 12, 1), "mardi 1er décembre", "Tuesday 1 December"),
        (date(2027, 1, 4), "lundi 4 janvier 2027", "Monday 4 January 2027"),
    ],
)
def test_a_date_has_its_weekday_and_the_year_where_it_is_another(
    app: Flask, day: date, french: str, english: str
) -> None:
    with reading(app, "fr"):
        assert filters.day(day) == french
    with reading(app, "en"):
        assert filters.day(day) == english


def test_the_date_is_that_of_the_services_zone(app: Flask) -> None:
    with reading(app, "en"):
        assert filters.day(datetime(2026, 12, 7, 23, 30, tzinfo=UTC), PARIS) == "Tuesday 8 December"


@pytest.mark.parametrize(
    ("minutes", "french"),
    [
        (30, "30 min"),
        (60, "1 h"),
        (75, "1 h 15"),
        (485, "8 h 05"),
        (1440, "1 jour"),
        (3060, "2 jours 3 h"),
        (1470, "1 jour 30 min"),
    ],
)
def test_a_length_of_time_is_written_in_its_largest_units(app: Flask, minutes: int, french: str) -> None:
    with reading(app, "fr"):
        assert spaced(filters.duration(minutes)) == french


def test_an_end_on_another_day_has_its_date(app: Flask) -> None:
    with reading(app, "en"):
        same = filters.until(paris("2026-12-08 10:00"), paris("2026-12-08 11:00"), PARIS)
        other = filters.until(paris("2026-12-08 10:00"), paris("2026-12-09 11:00"), PARIS)
    assert (spaced(same), spaced(other)) == ("11:00 am", "Wednesday 9 December, 11:00 am")


def test_nights_are_counted_by_dates_also_across_a_clock_change(app: Flask) -> None:
    assert filters.night_count(paris("2027-03-27 15:00"), paris("2027-03-29 11:00"), PARIS) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": "event"}, "per person"),
        ({"type": "rental", "duration": 60}, "an hour"),
        ({"type": "room", "duration": 1440}, "a night"),
        ({"type": "rental", "duration": 90}, "per 1 h 30"),
        ({}, ""),
    ],
)
def test_a_price_says_what_it_is_for(app: Flask, changes: dict[str, Any], words: str) -> None:
    with reading(app, "en"):
        assert spaced(filters.per_unit(a_service(**changes))) == words


def test_line_ends_are_kept_and_everything_else_is_escaped() -> None:
    assert filters.lines("a\n<b>") == "a<br>&lt;b&gt;"


def test_nothing_is_written_with_the_narrow_space_that_the_fonts_lack(app: Flask) -> None:
    with reading(app, "fr"):
        assert "\u202f" not in filters.money(123_456_789, "EUR") + filters.number(1_234_567.5) + filters.percent(80)


def test_the_first_of_a_month_is_written_as_such_also_without_its_weekday(app: Flask) -> None:
    birth = a_service(customFields=[{"id": "birth", "name": "Birth", "type": "date"}])
    with reading(app, "fr"):
        assert filters.answer("1990-03-01", birth, birth.custom_fields[0]) == "1er mars 1990"
        assert nights_between(date(2026, 12, 1), date(2026, 12, 11)) == "1er au 11 déc."
        assert nights_between(date(2026, 11, 30), date(2026, 12, 1)) == "30 nov. au 1er déc."
        assert near_day(date(2026, 12, 1), date(2026, 11, 27)) == "mardi 1er"
    with reading(app, "en"):
        assert near_day(date(2026, 12, 1), date(2026, 11, 27)) == "Tuesday 1"


@pytest.mark.parametrize(("zone", "words"), [("Europe/Paris", "heure de Paris"), ("Europe/Athens", "heure d’Athènes")])
def test_french_says_whose_clocks_are_meant_also_before_a_vowel(app: Flask, zone: str, words: str) -> None:
    with reading(app, "fr"):
        assert zone_time(ZoneInfo(zone)) == words
