"""A condition is read back in plain words."""

import pytest
from flask import Flask

from portal.domain.conditions import BUILT_IN
from portal.web.staff.condition_words import NAMES, condition_words
from tests.build import catalogue_json


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("participants >= 6", "there are 6 people or more"),
        ("6 <= participants", "there are 6 people or more"),
        ("dayOfWeek >= 6", "the day is Saturday or Sunday"),
        ("dayOfWeek == 1", "the day is Monday"),
        ("dayOfWeek != 7", "the day is Monday, Tuesday, Wednesday, Thursday, Friday or Saturday"),
        ("duration >= 480", "it lasts 8 h or longer"),
        ("user.student === true", "the customer has the mark “student”"),
        ("user.membership === 'premium'", "the customer's “membership” is “premium”"),
        ("booking_date < event_date - 30", "it is booked at least 31 days ahead"),
        ("order_total >= 5000", "“order_total”, which the customer is asked is at least 5,000"),
        ("hour < 12 && month == 7", "it begins before 12:00 pm and the month is 7"),
        ("!user.vip && (hour > 18 || hour < 8)", None),
        ("true", "always"),
        ("participants * 2 > 4 + 1", "the number of people * 2 is above 4 + 1"),
    ],
)
def test_a_condition_is_said_as_people_say_it(app: Flask, condition: str, words: str | None) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        said = condition_words(condition).replace("\u00a0", " ")
    assert said == (
        words
        or "not (the customer has the mark “vip”) and (the hour of the start is above 18 or it begins before 8:00 am)"
    )


def test_every_name_has_words() -> None:
    assert NAMES.keys() == BUILT_IN


def test_every_condition_of_the_catalogue_is_said_in_both_languages(app: Flask) -> None:
    conditions = [tier["condition"] for one in catalogue_json() for tier in one.get("pricingTiers", ())]
    for language in ("fr", "en"):
        with app.test_request_context(headers={"Accept-Language": language}):
            assert all(condition_words(one) for one in conditions)
