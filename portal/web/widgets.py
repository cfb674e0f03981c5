"""With which control is a question asked, and what does its hint say?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext, ngettext

from portal.domain.errors import N_
from portal.domain.fields import MAX_TEXT
from portal.domain.patterns import Expected, expected_by
from portal.domain.service import CustomField, FieldType


@dataclass(frozen=True)
class Widget:
    """A control: `input`, `prose`, `select`, `many` or `tick`, and how an input is typed; `is_short`: a narrow one."""

    control: str
    type: str = "text"
    inputmode: str = ""
    autocomplete: str = "off"
    is_short: bool = False


WIDGETS: Mapping[FieldType, Widget] = {
    FieldType.TEXT: Widget("prose"),
    FieldType.NUMBER: Widget("input", inputmode="decimal", is_short=True),
    FieldType.EMAIL: Widget("input", "email", "email", "email"),
    FieldType.PHONE: Widget("input", "tel", "tel", "tel", is_short=True),
    FieldType.SELECT: Widget("select"),
    FieldType.MULTISELECT: Widget("many"),
    FieldType.CHECKBOX: Widget("tick"),
    FieldType.DATE: Widget("input", "date", is_short=True),
}

# A text is asked for on one line where its id names something short, in English or French.
SHORT = frozenset(
    {"address", "adresse", "building", "city", "code", "company", "document", "entreprise", "etage", "floor", "heure"}
    | {"id", "insurance", "licence", "license", "model", "name", "nom", "number", "numero", "plate", "postcode"}
    | {"reference", "score", "seat", "size", "time", "ville", "zip"}
)
# What browsers know of a person (WCAG 1.3.5), by the words of the id; the first that is in it counts.
KNOWN: Mapping[str, str] = {
    "address": "street-address",
    "adresse": "street-address",
    "birth": "bday",
    "company": "organization",
    "entreprise": "organization",
    "postcode": "postal-code",
    "zip": "postal-code",
    "city": "address-level2",
    "ville": "address-level2",
}
TYPED = frozenset({FieldType.TEXT, FieldType.DATE})


def widget_of(field: CustomField) -> Widget:
    """Return the control for a question of a service."""
    words = re.split(r"[^a-z]+", field.id.lower())
    found = WIDGETS[field.type]
    autocomplete = found.autocomplete
    if field.type in TYPED:
        autocomplete = next((name for word, name in KNOWN.items() if word in words), "off")
    if field.type is not FieldType.TEXT:
        return Widget(found.control, found.type, found.inputmode, autocomplete, found.is_short)
    expected = expected_by(field.validation) if field.validation else None
    is_line = field.validation is not None or not SHORT.isdisjoint(words)
    if expected and expected.kind == "digits":
        return Widget("input", inputmode="numeric", autocomplete=autocomplete, is_short=True)
    return Widget("input" if is_line and not _is_long(expected) else "prose", autocomplete=autocomplete)


def _is_long(expected: Expected | None) -> bool:
    return expected is not None and (expected.most or MAX_TEXT) > 200


# ---------------------------------------------------------------- hints


def hint_of(field: CustomField) -> str:
    """Say what is expected of an answer; nothing where there is nothing to say."""
    expected = expected_by(field.validation) if field.validation else None
    if expected:
        return _said(expected)
    if field.type is FieldType.MULTISELECT:
        return str(gettext("Choose as many as you like."))
    return str(gettext("One or two sentences are enough.")) if widget_of(field).control == "prose" else ""


BETWEEN: Mapping[str, str] = {
    "digits": N_("From %(least)s to %(most)s digits."),
    "letters": N_("From %(least)s to %(most)s letters."),
    "letters_or_digits": N_("From %(least)s to %(most)s letters or digits."),
    "characters": N_("From %(least)s to %(most)s characters."),
}
AT_LEAST: Mapping[str, str] = {
    "digits": N_("Digits only, at least %(least)s."),
    "letters": N_("Letters only, at least %(least)s."),
    "letters_or_digits": N_("Letters or digits, at least %(least)s."),
    "characters": N_("At least %(least)s characters."),
}


def _said(expected: Expected) -> str:
    if expected.most is None:
        return str(gettext(AT_LEAST[expected.kind])) % {"least": expected.least}
    if expected.least != expected.most:
        return str(gettext(BETWEEN[expected.kind])) % {"least": expected.least, "most": expected.most}
    return _exactly(expected.kind, expected.least)


def _exactly(kind: str, count: int) -> str:
    if kind == "digits":
        return str(ngettext("%(num)s digit.", "%(num)s digits.", count))
    if kind == "letters":
        return str(ngettext("%(num)s letter.", "%(num)s letters.", count))
    if kind == "letters_or_digits":
        return str(ngettext("%(num)s letter or digit.", "%(num)s letters or digits.", count))
    return str(ngettext("%(num)s character.", "%(num)s characters.", count))


COUNTS = (N_("No"), N_("One"), N_("Two"), N_("Three"), N_("Four"), N_("Five"), N_("Six"), N_("Seven"), N_("Eight"))


def counted(count: int) -> str:
    """Write how many answers, in words as long as they are few, to begin a sentence with."""
    return str(gettext(COUNTS[count])) if count < len(COUNTS) else str(count)
