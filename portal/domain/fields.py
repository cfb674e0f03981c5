"""Is each answer to a service's own questions right, and if not, what is wrong with it?

The questions are custom fields, the inputs that prices ask for, and the participants' details. All of it is
checked here and nowhere else, for pages and API alike: values come in the types of JSON. What a browser
sends is text only; `answers_from_form` and `declared_from_form` turn it into those types first and leave
what they cannot read as it is, so that the one check names it. (A lenient switch in the check would have
made two rules of each.)
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from portal.domain.contact import ContactError, checked_email, name_errors, normal_phone, phone_spellings
from portal.domain.errors import N_, FieldError, counted
from portal.domain.instants import InstantError, parse_date
from portal.domain.patterns import matches
from portal.domain.service import CustomField, FieldType
from portal.domain.strict_json import printable
from portal.domain.text import ALLOWED_CONTROLS, has_controls, is_blank

ANSWERS = "customFieldValues"
DECLARED = "metadata"
PARTICIPANTS = "participantDetails"

MAX_TEXT = 5000
MAX_NUMBER = 10**12
MAX_AGE = 130
FIRST_YEAR = 1900  # answers may be birth dates

Form = Mapping[str, Sequence[str]]


class DeclaredInput(Protocol):
    """A name that a price condition reads and the customer declares (SPEC §6)."""

    @property
    def name(self) -> str: ...

    @property
    def is_number(self) -> bool: ...


@dataclass(frozen=True)
class Answers:
    """What was answered, by field id and as it is to be stored, and everything that is wrong."""

    values: Mapping[str, Any]
    errors: tuple[FieldError, ...]


@dataclass(frozen=True)
class Participants:
    """The participants as they are to be stored, and everything that is wrong."""

    details: tuple[Mapping[str, Any], ...]
    errors: tuple[FieldError, ...]


# ---------------------------------------------------------------- custom fields


def check_answers(fields: Sequence[CustomField], answers: Mapping[str, Any], *, region: str) -> Answers:
    """Check all answers and name everything wrong at once, at `customFieldValues.<id>`.

    Blank counts as not answered: an error where the field is required, else the answer is left out. Telephone
    numbers become E.164; `region` reads those without a country code. What comes out passes again unchanged.
    """
    found = _check_all(fields, answers, region)
    return Answers(found.values, _below(ANSWERS, found.errors))


def merge_metadata(
    fields: Sequence[CustomField], answers: Mapping[str, Any], metadata: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return all answers and the rest of the metadata: answers may also come there, under a field's id.

    What is in `answers` wins, even if blank. Answers never stay in the metadata: it is not encrypted at rest.
    """
    ids = {field.id for field in fields}
    moved = {name: value for name, value in metadata.items() if name in ids}
    kept = {name: value for name, value in metadata.items() if name not in ids}
    return {**moved, **answers}, kept


def _check_all(fields: Sequence[CustomField], answers: Mapping[str, Any], region: str) -> Answers:
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for field in fields:
        found = _check(field, answers.get(field.id), region)
        if isinstance(found, FieldError):
            errors.append(found.at(field.id))
        elif found is not None:
            values[field.id] = found
    return Answers(values, (*errors, *_unknown(fields, answers)))


def _unknown(fields: Sequence[CustomField], answers: Mapping[str, Any]) -> list[FieldError]:
    ids = {field.id for field in fields}
    message = N_("This name is not known here. Remove it.")
    return [FieldError(printable(name), "unknown_field", message) for name in answers if name not in ids]


def _below(prefix: str, errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    return tuple(error.at(prefix) for error in errors)


def _wrong(code: str, message: str, **params: Any) -> FieldError:
    return FieldError("", code, message, params)


def _check(field: CustomField, answer: Any, region: str) -> Any:
    """Return the value to store, None where there is none, or what is wrong: a FieldError."""
    if _is_missing(field, answer):
        return _wrong("required", _REQUIRED.get(field.type, _FILL_IN)) if field.required else None
    found = _CHECKS[field.type](field, answer, region)
    if isinstance(found, FieldError) or _fits_pattern(field, found, region):
        return found
    message = N_("Check how this is written. It must match %(pattern)s.")
    return _wrong("pattern", message, pattern=field.validation)


_FILL_IN = N_("Fill this in.")
_REQUIRED: Mapping[FieldType, str] = {
    FieldType.SELECT: N_("Choose one of the options."),
    FieldType.MULTISELECT: N_("Choose at least one option."),
    FieldType.CHECKBOX: N_("Tick this box to go on."),
}


def _is_missing(field: CustomField, answer: Any) -> bool:
    if field.type is FieldType.MULTISELECT and answer == []:
        return True
    if field.type is FieldType.CHECKBOX and field.required and answer is False:
        return True
    return answer is None or (isinstance(answer, str) and is_blank(answer))


# ---------------------------------------------------------------- one check per type


def _text(_field: CustomField, answer: Any, _region: str) -> Any:
    if not isinstance(answer, str):
        return _wrong("text_type", N_("Give text."))
    if has_controls(answer, ALLOWED_CONTROLS):
        return _wrong("control_character", N_("Remove the invisible control characters."))
    if len(answer) > MAX_TEXT:
        return _wrong("too_long", N_("Use at most %(max_length)s characters."), max_length=MAX_TEXT)
    return answer


def _number(_field: CustomField, answer: Any, _region: str) -> Any:
    return _number_error(answer) or answer


def _number_error(value: Any) -> FieldError | None:
    if not _is_number(value):
        return _wrong("number_type", N_("Give a number."))
    if abs(value) > MAX_NUMBER:
        message = N_("Give a number between %(least)s and %(most)s.")
        return _wrong("number_range", message, least=-MAX_NUMBER, most=MAX_NUMBER)
    return None


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _email(_field: CustomField, answer: Any, _region: str) -> Any:
    if not isinstance(answer, str):
        return _wrong("text_type", N_("Give text."))
    try:
        return checked_email(answer)
    except ContactError as error:
        return error.at("")


def _phone(_field: CustomField, answer: Any, region: str) -> Any:
    if not isinstance(answer, str):
        return _wrong("text_type", N_("Give text."))
    try:
        return normal_phone(answer, region)
    except ContactError as error:
        return error.at("")


def _date(_field: CustomField, answer: Any, _region: str) -> Any:
    try:
        parse_date(answer if isinstance(answer, str) else "", FIRST_YEAR)
    except InstantError as error:
        return error.at("")
    return answer


def _checkbox(_field: CustomField, answer: Any, _region: str) -> Any:
    return answer if isinstance(answer, bool) else _wrong("bool_type", N_("Give true or false."))


def _select(field: CustomField, answer: Any, _region: str) -> Any:
    return answer if answer in _options(field) else _no_option(field)


def _multiselect(field: CustomField, answer: Any, _region: str) -> Any:
    if not isinstance(answer, list):
        return _wrong("list_type", N_("Give a list."))
    if any(choice not in _options(field) for choice in answer):
        return _no_option(field)
    if len(set(answer)) < len(answer):
        return _wrong("repeated", N_("Choose each option only once."))
    return answer


def _options(field: CustomField) -> tuple[str, ...]:
    return field.options or ()


def _no_option(field: CustomField) -> FieldError:
    return _wrong("option", N_("Choose one of: %(expected)s."), expected=", ".join(_options(field)))


_CHECKS: Mapping[FieldType, Callable[[CustomField, Any, str], Any]] = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.EMAIL: _email,
    FieldType.PHONE: _phone,
    FieldType.SELECT: _select,
    FieldType.MULTISELECT: _multiselect,
    FieldType.CHECKBOX: _checkbox,
    FieldType.DATE: _date,
}


def _fits_pattern(field: CustomField, value: Any, region: str) -> bool:
    """Tell whether an answer, in any way it may be written, matches the pattern that staff gave the field."""
    if field.validation is None:
        return True
    if field.type is FieldType.PHONE:  # staff may have thought of 06… or of +336…
        return any(matches(field.validation, text) for text in phone_spellings(value, region))
    return matches(field.validation, _as_text(value))


def _as_text(value: Any) -> str:
    """Write an answer as JavaScript's String() would: patterns are written with that in mind."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{Decimal(str(value)):f}"
    return str(value)


# ---------------------------------------------------------------- inputs that prices ask for


def check_declared(inputs: Iterable[DeclaredInput], metadata: Mapping[str, Any]) -> tuple[FieldError, ...]:
    """Check that what a price compares with a number is one, at `metadata.<name>`.

    None of them is required. Null, blank text, lists and objects count as missing there (SPEC §6): no error.
    """
    given = {one.name: metadata.get(one.name) for one in inputs if one.is_number}
    found = {name: _number_error(value) for name, value in given.items() if not _is_undeclared(value)}
    return _below(DECLARED, [error.at(name) for name, error in found.items() if error])


def _is_undeclared(value: Any) -> bool:
    return value is None or isinstance(value, list | dict) or (isinstance(value, str) and not value.strip())


# ---------------------------------------------------------------- participants

_PERSON = (
    CustomField(id="name", name="Name", type=FieldType.TEXT),
    CustomField(id="email", name="E-mail", type=FieldType.EMAIL),
    CustomField(id="phone", name="Telephone", type=FieldType.PHONE),
    CustomField(id="age", name="Age", type=FieldType.NUMBER),
    CustomField(id="notes", name="Notes", type=FieldType.TEXT),
)
_NAMED_PERSON = (_PERSON[0].model_copy(update={"required": True}), *_PERSON[1:])


def check_participants(details: Sequence[Any], party: int, required: bool, *, region: str) -> Participants:
    """Check the participants' details, at `participantDetails.<index>.<name>`, counted from 0.

    At most `party` entries; where required, exactly so many and each with a name. Blank entries are left out.
    """
    people = [_person(entry, required, region) for entry in details]
    errors = [error.at(str(index)) for index, person in enumerate(people) for error in person.errors]
    count = _count_error(len(details), party, required)
    kept = tuple(person.values for person in people if person.values)
    return Participants(kept, ((count,) if count else ()) + _below(PARTICIPANTS, errors))


def _count_error(given: int, party: int, required: bool) -> FieldError | None:
    if given > party:
        many = N_("Give the details of at most %(limit)s participants, the size of this booking.")
        message = counted(party, N_("This booking is for one participant: give the details of one."), many)
        return FieldError(PARTICIPANTS, "too_many", message, {"limit": party})
    if required and given < party:
        many = N_("Give the details of all %(count)s participants.")
        message = counted(party, N_("Give the details of the participant."), many)
        return FieldError(PARTICIPANTS, "too_few", message, {"count": party})
    return None


def _person(entry: Any, required: bool, region: str) -> Answers:
    if not isinstance(entry, Mapping):
        return Answers({}, (_wrong("object_type", N_("Give an object.")),))
    found = _check_all(_NAMED_PERSON if required else _PERSON, entry, region)
    return Answers(found.values, (*found.errors, *_person_errors(found.values)))


def _person_errors(person: Mapping[str, Any]) -> Iterator[FieldError]:
    """Yield what the general checks let pass."""
    age = person.get("age", 0)
    if "name" in person:
        yield from name_errors(person["name"])
    if not isinstance(age, int) or not 0 <= age <= MAX_AGE:
        message = N_("Give the age in whole years, from 0 to %(limit)s.")
        yield FieldError("age", "age", message, {"limit": MAX_AGE})


# ---------------------------------------------------------------- what a browser sends

_WRITTEN_NUMBER = re.compile(r"[+-]?\d{1,30}(?:[.,]\d{1,30})?", re.ASCII)
_TICKED = frozenset({"on", "true", "1", "yes"})
_NOT_TICKED = frozenset({"", "off", "false", "0", "no"})


def answers_from_form(fields: Sequence[CustomField], form: Form) -> dict[str, Any]:
    """Read answers from a form whose inputs are named `customFieldValues.<id>`; other inputs are passed over.

    What cannot be read stays text, for `check_answers` to name. A checkbox that is not sent is not ticked.
    """
    given = [(field, form.get(f"{ANSWERS}.{field.id}", ())) for field in fields]
    return {
        field.id: _READERS.get(field.type, _last)(texts)
        for field, texts in given
        if texts or field.type is FieldType.CHECKBOX
    }


def declared_from_form(inputs: Iterable[DeclaredInput], form: Form) -> dict[str, Any]:
    """Read declared inputs from a form whose inputs are named `metadata.<name>`; blank ones are left out."""
    given = [(one, form.get(f"{DECLARED}.{one.name}", ())) for one in inputs]
    return {
        one.name: (_read_number if one.is_number else _last)(texts)
        for one, texts in given
        if any(text.strip() for text in texts)
    }


def _last(texts: Sequence[str]) -> Any:
    """Return the last value of a name: a hidden default stands before the input it belongs to."""
    return texts[-1]


def _read_number(texts: Sequence[str]) -> Any:
    """Read "12", "-3.5", "12,5" and "1 234"; a comma is a decimal comma."""
    text = "".join(texts[-1].split())  # also the no-break spaces that stand between thousands
    if not _WRITTEN_NUMBER.fullmatch(text):
        return texts[-1]
    return float(text.replace(",", ".")) if "," in text or "." in text else int(text)


def _read_choices(texts: Sequence[str]) -> Any:
    return [text for text in texts if text.strip()]


def _read_checkbox(texts: Sequence[str]) -> Any:
    text = texts[-1].strip().lower() if texts else ""
    return text in _TICKED if text in _TICKED | _NOT_TICKED else texts[-1]


_READERS: Mapping[FieldType, Callable[[Sequence[str]], Any]] = {
    FieldType.NUMBER: _read_number,
    FieldType.MULTISELECT: _read_choices,
    FieldType.CHECKBOX: _read_checkbox,
}
