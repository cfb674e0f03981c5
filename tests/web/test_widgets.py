"""With which control each question is asked, and what its hint says."""

from typing import Any

import pytest
from flask import Flask

from portal.domain.service import CustomField, FieldType
from portal.web.widgets import Widget, counted, hint_of, widget_of

CONTROLS = [
    ("text", "symptoms", Widget("prose")),
    ("text", "delivery_address", Widget("input", autocomplete="street-address")),
    ("text", "company_name", Widget("input", autocomplete="organization")),
    ("text", "access_code", Widget("input")),
    ("number", "weight", Widget("input", inputmode="decimal", is_short=True)),
    ("email", "second", Widget("input", "email", "email", "email")),
    ("phone", "call", Widget("input", "tel", "tel", "tel", is_short=True)),
    ("select", "urgency", Widget("select")),
    ("multiselect", "subjects", Widget("many")),
    ("checkbox", "consent", Widget("tick")),
    ("date", "birth_date", Widget("input", "date", autocomplete="bday", is_short=True)),
    ("date", "arrival", Widget("input", "date", is_short=True)),
]
HINTS = [
    ("^[0-9]{12}$", "12 digits."),
    ("^[12][0-9]{14}$", "15 digits."),
    ("^[A-Z]{1}$", "1 letter."),
    ("^[A-Z0-9]{8,10}$", "From 8 to 10 letters or digits."),
    ("^.{10,}$", "At least 10 characters."),
    ("^[A-Z]{2}-[0-9]$", ""),
]


def a_field(kind: str, name: str = "x", **changes: Any) -> CustomField:
    options = ["a", "b"] if kind in {"select", "multiselect"} else None
    return CustomField.model_validate({"id": name, "name": "X", "type": kind, "options": options} | changes)


@pytest.mark.parametrize(("kind", "name", "widget"), CONTROLS)
def test_each_type_has_its_control(kind: str, name: str, widget: Widget) -> None:
    assert widget_of(a_field(kind, name)) == widget


def test_every_type_is_in_the_table_above() -> None:
    assert {kind for kind, _, _ in CONTROLS} == set(FieldType)


def test_digits_are_typed_on_a_keyboard_of_digits() -> None:
    assert widget_of(a_field("text", validation="^[0-9]{12}$")).inputmode == "numeric"


def test_a_pattern_that_allows_a_long_text_leaves_room_for_it() -> None:
    assert widget_of(a_field("text", validation="^.{10,500}$")).control == "prose"


@pytest.mark.parametrize(("pattern", "hint"), HINTS)
def test_a_hint_explains_a_pattern(app: Flask, pattern: str, hint: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert hint_of(a_field("text", validation=pattern)) == hint


def test_few_are_counted_in_words_and_many_in_digits(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert [counted(1), counted(3), counted(40)] == ["Une", "Trois", "40"]
