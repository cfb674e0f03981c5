"""Which answers are right, what is said about the others, and what is kept?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import FieldError
from portal.domain.fields import (
    Answers,
    answers_from_form,
    check_answers,
    check_declared,
    check_participants,
    declared_from_form,
    merge_metadata,
)
from portal.domain.service import CustomField, FieldType

SIZES = ["S", "M", "L"]
CHOICES = {"select", "multiselect"}


def a_field(kind: str, **changes: Any) -> CustomField:
    options = {"options": SIZES} if kind in CHOICES else {}
    return CustomField.model_validate({"id": "it", "name": "It", "type": kind, **options, **changes})


def check(fields: Sequence[CustomField], answers: Mapping[str, Any]) -> Answers:
    return check_answers(fields, answers, region="FR")


def answer(kind: str, value: Any, **changes: Any) -> Answers:
    return check([a_field(kind, **changes)], {"it": value})


def codes(errors: Sequence[FieldError]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in errors]


def said(errors: Sequence[FieldError]) -> str:
    return " ".join(error.message % error.params for error in errors)


# ---------------------------------------------------------------- each type


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", "Mal de tête\n\tdepuis lundi\r\n"),
        ("text", "  as typed  "),
        ("text", "<b>=1+1</b> ' ; --"),
        ("text", "a" * 5000),
        ("number", 0),
        ("number", 12),
        ("number", -12.5),
        ("number", 10**12),
        ("number", -1e12),
        ("email", "Anna@Example.com"),
        ("phone", "+33612345678"),
        ("select", "M"),
        ("multiselect", ["L", "S"]),
        ("checkbox", True),
        ("checkbox", False),
        ("date", "1950-05-01"),
        ("date", "2026-12-08"),
    ],
)
def test_a_right_answer_is_kept_as_it_is(kind: str, value: Any) -> None:
    assert answer(kind, value) == Answers({"it": value}, ())


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("phone", "01 23 45 67 89", "+33123456789"),
        ("email", " anna@example.com ", "anna@example.com"),
    ],
)
def test_contacts_are_tidied(kind: str, typed: str, kept: str) -> None:
    assert answer(kind, typed).values == {"it": kept}


@pytest.mark.parametrize(
    ("kind", "value", "code", "words"),
    [
        ("text", 5, "text_type", "Give text"),
        ("text", True, "text_type", "Give text"),
        ("text", ["a"], "text_type", "Give text"),
        ("text", {}, "text_type", "Give text"),
        ("text", "a\x00b", "control_character", "control characters"),
        ("text", "a\x1bb", "control_character", "control characters"),
        ("text", "\ud800", "control_character", "control characters"),
        ("text", "a" * 5001, "too_long", "at most 5000"),
        ("number", "12", "number_type", "Give a number"),
        ("number", True, "number_type", "Give a number"),
        ("number", [1], "number_type", "Give a number"),
        ("number", float("nan"), "number_type", "Give a number"),
        ("number", float("inf"), "number_type", "Give a number"),
        ("number", 10**12 + 1, "number_range", "1000000000000"),
        ("number", -(10**400), "number_range", "1000000000000"),
        ("email", "anna", "email", "name@example.com"),
        ("email", 5, "text_type", "Give text"),
        ("email", "\ud800@example.com", "email", "name@example.com"),
        ("phone", "17", "phone", "01 23 45 67 89"),
        ("phone", 123456789, "text_type", "Give text"),
        ("phone", "\x00", "phone", "01 23 45 67 89"),
        ("select", "XL", "option", "S, M, L"),
        ("select", "m", "option", "S, M, L"),
        ("select", ["M"], "option", "S, M, L"),
        ("select", 1, "option", "S, M, L"),
        ("multiselect", "M", "list_type", "Give a list"),
        ("multiselect", ["M", "XL"], "option", "S, M, L"),
        ("multiselect", ["M", ["L"]], "option", "S, M, L"),
        ("multiselect", ["M", "M"], "repeated", "only once"),
        ("checkbox", "true", "bool_type", "true or false"),
        ("checkbox", 1, "bool_type", "true or false"),
        ("date", "08/12/2026", "date_format", "YYYY-MM-DD"),
        ("date", "2026-12-08T09:30:00Z", "date_format", "YYYY-MM-DD"),
        ("date", 20261208, "date_format", "YYYY-MM-DD"),
        ("date", "2025-02-29", "no_such_date", "2025-02-29"),
        ("date", "1899-12-31", "date_range", "1900 and 2100"),
        ("date", "2101-01-01", "date_range", "1900 and 2100"),
    ],
)
def test_a_wrong_answer_is_named_at_its_field(kind: str, value: Any, code: str, words: str) -> None:
    found = answer(kind, value)
    assert codes(found.errors) == [("customFieldValues.it", code)]
    assert words in said(found.errors)
    assert not found.values


# ---------------------------------------------------------------- required and blank


@pytest.mark.parametrize("kind", FieldType)
@pytest.mark.parametrize("answers", [{}, {"it": None}, {"it": ""}, {"it": " \n\t\u00a0"}])
def test_blank_is_an_error_where_an_answer_is_required_and_else_left_out(kind: str, answers: dict[str, Any]) -> None:
    assert codes(check([a_field(kind, required=True)], answers).errors) == [("customFieldValues.it", "required")]
    assert check([a_field(kind)], answers) == Answers({}, ())


def test_a_required_choice_of_several_needs_one() -> None:
    assert "at least one option" in said(answer("multiselect", [], required=True).errors)
    assert answer("multiselect", []) == Answers({}, ())


def test_a_required_checkbox_has_to_be_ticked() -> None:
    assert "Tick this box" in said(answer("checkbox", False, required=True).errors)
    assert answer("checkbox", True, required=True).values == {"it": True}


def test_zero_is_an_answer() -> None:
    assert answer("number", 0, required=True) == Answers({"it": 0}, ())


def test_all_errors_come_at_once_in_the_order_of_the_form_and_unknown_names_last() -> None:
    fields = [
        a_field("text", id="symptoms", required=True),
        a_field("select", id="size", required=True),
        a_field("number", id="score"),
        a_field("email", id="mail"),
    ]
    found = check(fields, {"nobody": 1, "mail": "anna", "score": "x", "size": "M"})
    assert codes(found.errors) == [
        ("customFieldValues.symptoms", "required"),
        ("customFieldValues.score", "number_type"),
        ("customFieldValues.mail", "email"),
        ("customFieldValues.nobody", "unknown_field"),
    ]
    assert found.values == {"size": "M"}


def test_an_unknown_name_that_cannot_be_encoded_is_still_answered() -> None:
    found = check([], {"\ud800" + "x" * 1000: 1})
    assert found.errors[0].field.encode()
    assert len(found.errors[0].field) < 150


# ---------------------------------------------------------------- patterns


@pytest.mark.parametrize(
    ("kind", "pattern", "value", "fits"),
    [
        ("text", "^[0-9]{12}$", "123456789012", True),
        ("text", "^[0-9]{12}$", "12345678901", False),
        ("text", "^[0-9]{12}$", "123456789012\n", False),
        ("text", "^[12][0-9]{14}$", "190017512345678", True),
        ("text", "b", "abc", True),
        ("text", "^(a+)+$", "a" * 4999 + "!", False),
        ("number", r"^\d+$", 12, True),
        ("number", r"^\d+$", 12.0, True),
        ("number", r"^\d+$", 12.5, False),
        ("number", r"^0\.0000001$", 1e-7, True),
        ("email", "@example[.]com$", "anna@example.com", True),
        ("email", "@example[.]com$", "anna@example.org", False),
        ("phone", "^0[67]", "+33612345678", True),
        ("phone", r"^\+33[67]", "06 12 34 56 78", True),
        ("phone", r"^(\d\d ){4}\d\d$", "0612345678", True),
        ("phone", "^0[67]", "01 23 45 67 89", False),
        ("phone", "^0", "+44 20 7946 0958", False),
        ("select", "^[SM]$", "L", False),
        ("multiselect", "^S,", ["S", "L"], True),
        ("checkbox", "^true$", False, False),
        ("date", "^2026-", "2026-12-08", True),
        ("date", "^2026-", "2027-12-08", False),
    ],
)
def test_a_pattern_is_asked_of_the_answer_as_written(kind: str, pattern: str, value: Any, fits: bool) -> None:
    found = answer(kind, value, validation=pattern)
    expected = [] if fits else [("customFieldValues.it", "pattern")]
    assert codes(found.errors) == expected
    assert fits or pattern in said(found.errors)


def test_an_answer_that_is_left_out_needs_no_pattern() -> None:
    assert answer("text", "", validation="^[0-9]+$") == Answers({}, ())


# ---------------------------------------------------------------- properties

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(SIZES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.builds(
    lambda kind, required, pattern: a_field(kind, required=required, validation=pattern),
    st.sampled_from(FieldType),
    st.booleans(),
    st.sampled_from([None, r"^\S+$", "^0", "^[A-Z]"]),
)


@given(FIELDS, JSON)
def test_any_json_is_either_kept_left_out_or_named_and_what_is_kept_passes_again(
    field: CustomField, value: Any
) -> None:
    found = check([field], {"it": value})
    assert len(found.values) + len(found.errors) <= 1
    assert said(found.errors).isprintable()
    if found.values:
        assert check([field], found.values) == found
        assert json.dumps(found.values, allow_nan=False).encode()
    if field.required:
        assert len(found.values) + len(found.errors) == 1


@given(FIELDS, st.lists(st.text(max_size=20) | st.sampled_from([*SIZES, "12,5", "on", "2026-12-08"]), max_size=3))
def test_any_form_is_read_without_a_fault(field: CustomField, texts: list[str]) -> None:
    found = check([field], answers_from_form([field], {"customFieldValues.it": texts}))
    assert len(found.values) + len(found.errors) <= 1


# ---------------------------------------------------------------- metadata


def test_answers_may_come_in_the_metadata_under_their_fields_id() -> None:
    fields = [a_field("text", id="symptoms"), a_field("select", id="size")]
    answers, kept = merge_metadata(fields, {"size": "M"}, {"symptoms": "cough", "order_total": 5000})
    assert answers == {"symptoms": "cough", "size": "M"}
    assert kept == {"order_total": 5000}


@pytest.mark.parametrize("given_value", ["M", "", None])
def test_an_answer_wins_over_the_metadata_which_never_keeps_it(given_value: Any) -> None:
    answers, kept = merge_metadata([a_field("select")], {"it": given_value}, {"it": "S"})
    assert (answers, kept) == ({"it": given_value}, {})


def test_an_unknown_name_is_an_error_among_answers_and_kept_in_metadata() -> None:
    answers, kept = merge_metadata([], {"colour": 1}, {"colour": 2})
    assert codes(check([], answers).errors) == [("customFieldValues.colour", "unknown_field")]
    assert kept == {"colour": 2}


# ---------------------------------------------------------------- declared inputs


@dataclass(frozen=True)
class Input:
    name: str
    is_number: bool


TOTAL = Input("order_total", is_number=True)
CODE = Input("partner_code", is_number=False)


@pytest.mark.parametrize("value", [0, 5000, 49.99, None, "", "  ", [1], {"a": 1}])
def test_a_declared_number_is_a_number_or_missing(value: Any) -> None:
    assert check_declared([TOTAL], {"order_total": value}) == ()


@pytest.mark.parametrize(
    ("value", "code"),
    [("5000", "number_type"), (True, "number_type"), (float("nan"), "number_type"), (10**13, "number_range")],
)
def test_a_declared_number_that_is_none_is_named(value: Any, code: str) -> None:
    assert codes(check_declared([CODE, TOTAL], {"order_total": value})) == [("metadata.order_total", code)]


@pytest.mark.parametrize("value", ["X1", True, 7])
def test_a_declared_input_that_is_compared_with_no_number_is_free(value: Any) -> None:
    assert check_declared([CODE], {"partner_code": value, "other": object()}) == ()


def test_declared_inputs_are_not_required() -> None:
    assert check_declared([TOTAL, CODE], {}) == ()


# ---------------------------------------------------------------- participants

BOB = {
    "name": "Bob",
    "email": "bob@example.com",
    "phone": "+33612345678",
    "age": 42,
    "notes": "vegan\nno nuts",
}


def people(details: list[Any], party: int, required: bool = False) -> Any:
    return check_participants(details, party, required, region="FR")


def test_participants_are_kept_tidied() -> None:
    found = people([{**BOB, "phone": "06 12 34 56 78", "email": "bob@example.com "}, {"name": "Alice"}], 2, True)
    assert found.errors == ()
    assert found.details == (BOB, {"name": "Alice"})


@pytest.mark.parametrize(
    ("person", "path", "code"),
    [
        ({"email": "bob"}, ".email", "email"),
        ({"phone": "17"}, ".phone", "phone"),
        ({"age": -1}, ".age", "age"),
        ({"age": 131}, ".age", "age"),
        ({"age": 12.5}, ".age", "age"),
        ({"age": "12"}, ".age", "number_type"),
        ({"age": True}, ".age", "number_type"),
        ({"age": 10**400}, ".age", "number_range"),
        ({"name": 5}, ".name", "text_type"),
        ({"name": "B" * 256}, ".name", "too_long"),
        ({"name": "Bob\nAlice"}, ".name", "control_character"),
        ({"name": "B\x00b"}, ".name", "control_character"),
        ({"notes": "n" * 5001}, ".notes", "too_long"),
        ({"shoeSize": 42}, ".shoeSize", "unknown_field"),
        ("Bob", "", "object_type"),
        (None, "", "object_type"),
        (["Bob"], "", "object_type"),
    ],
)
def test_a_wrong_detail_is_named_at_its_participant(person: Any, path: str, code: str) -> None:
    assert codes(people([BOB, person], 2).errors) == [(f"participantDetails.1{path}", code)]


@pytest.mark.parametrize("age", [0, 130])
def test_the_bounds_of_an_age_are_taken(age: int) -> None:
    assert people([{"age": age}], 1).details == ({"age": age},)


def test_more_participants_than_the_party_are_refused() -> None:
    found = people([{"name": "A"}, {"name": "B"}, {"name": "C"}], 2)
    assert codes(found.errors) == [("participantDetails", "too_many")]
    assert "at most 2" in said(found.errors)


def test_fewer_participants_than_the_party_are_refused_only_where_details_are_required() -> None:
    assert people([{"name": "A"}], 2).errors == ()
    assert codes(people([{"name": "A"}], 2, required=True).errors) == [("participantDetails", "too_few")]
    assert codes(people([], 1, required=True).errors) == [("participantDetails", "too_few")]


@pytest.mark.parametrize("person", [{}, {"name": None}, {"name": " "}])
def test_a_name_is_asked_of_everybody_where_details_are_required(person: dict[str, Any]) -> None:
    found = people([BOB, person], 2, required=True)
    assert codes(found.errors) == [("participantDetails.1.name", "required")]


def test_blank_rows_of_a_form_are_left_out_where_details_are_not_required() -> None:
    assert people([{"name": "", "email": ""}, {"name": "Bob"}], 2).details == ({"name": "Bob"},)


def test_everything_wrong_with_the_participants_comes_at_once() -> None:
    found = people([{"email": "x", "age": 200}, {"name": "B", "phone": "1"}, 3], 2, required=True)
    assert codes(found.errors) == [
        ("participantDetails", "too_many"),
        ("participantDetails.0.name", "required"),
        ("participantDetails.0.email", "email"),
        ("participantDetails.0.age", "age"),
        ("participantDetails.1.phone", "phone"),
        ("participantDetails.2", "object_type"),
    ]


@given(st.lists(JSON | st.dictionaries(st.sampled_from([*BOB, "x"]), JSON), max_size=3), st.booleans())
def test_any_json_of_participants_is_kept_or_named(details: list[Any], required: bool) -> None:
    found = people(details, 2, required)
    assert json.dumps(found.details, allow_nan=False)
    assert said(found.errors).isprintable()


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize(
    ("kind", "sent", "value"),
    [
        ("text", ["as typed "], "as typed "),
        ("text", ["5"], "5"),
        ("number", ["12"], 12),
        ("number", [" -12 "], -12),
        ("number", ["12,5"], 12.5),
        ("number", ["12.5"], 12.5),
        ("number", ["1\u202f234,50"], 1234.5),
        ("number", ["1,234.5"], "1,234.5"),
        ("number", ["douze"], "douze"),
        ("number", ["1e3"], "1e3"),
        ("number", ["NaN"], "NaN"),
        ("number", ["٣"], "٣"),
        ("number", ["9" * 5000], "9" * 5000),
        ("checkbox", ["on"], True),
        ("checkbox", ["true"], True),
        ("checkbox", ["false", "true"], True),
        ("checkbox", ["false"], False),
        ("checkbox", ["maybe"], "maybe"),
        ("multiselect", ["", "S", "L"], ["S", "L"]),
        ("select", ["M"], "M"),
        ("date", ["2026-12-08"], "2026-12-08"),
    ],
)
def test_a_form_is_read_into_the_types_of_the_field(kind: str, sent: list[str], value: Any) -> None:
    found = answers_from_form([a_field(kind)], {"customFieldValues.it": sent, "csrf_token": ["x"], "it": ["no"]})
    assert found == {"it": value}
    assert type(found["it"]) is type(value)


def test_a_checkbox_that_is_not_sent_is_not_ticked_and_other_inputs_are_not_answered() -> None:
    fields = [a_field("checkbox", id="agree"), a_field("text", id="why"), a_field("multiselect", id="sizes")]
    assert answers_from_form(fields, {}) == {"agree": False}


@pytest.mark.parametrize(
    ("kind", "sent", "code"),
    [("number", "douze", "number_type"), ("checkbox", "maybe", "bool_type"), ("multiselect", "XL", "option")],
)
def test_what_a_form_cannot_mean_is_named_by_the_one_check(kind: str, sent: str, code: str) -> None:
    field = a_field(kind, required=True)
    found = check([field], answers_from_form([field], {"customFieldValues.it": [sent]}))
    assert codes(found.errors) == [("customFieldValues.it", code)]


def test_declared_inputs_of_a_form_become_numbers_where_a_price_compares_them_with_one() -> None:
    form = {"metadata.order_total": ["5000"], "metadata.partner_code": ["5000"], "metadata.other": ["1"]}
    assert declared_from_form([TOTAL, CODE], form) == {"order_total": 5000, "partner_code": "5000"}


def test_a_blank_declared_input_is_left_out_and_an_unreadable_one_is_named() -> None:
    form = {"metadata.order_total": ["lots"], "metadata.partner_code": [" "]}
    declared = declared_from_form([TOTAL, CODE], form)
    assert declared == {"order_total": "lots"}
    assert codes(check_declared([TOTAL, CODE], declared)) == [("metadata.order_total", "number_type")]
