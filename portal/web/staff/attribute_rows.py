"""How are a customer's attributes written and read as rows of a form: a name, a kind, a value?"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.domain.attributes import MAX_ATTRIBUTES, Kind, kind_of, name_error, typed_value, value_error
from portal.domain.errors import N_, FieldError
from portal.web.forms import Texts

REMOVAL = re.compile(r"remove\.([0-9]{1,3})")
ROWS = MAX_ATTRIBUTES + 10  # what a form may send; more than are kept, so that too many can be said
KINDS: Mapping[str, str] = {
    Kind.TEXT: N_("Text"),
    Kind.NUMBER: N_("Number"),
    Kind.YES: N_("Yes"),
    Kind.NO: N_("No"),
}


@dataclass(frozen=True)
class Row:
    """A row as it is typed."""

    name: str = ""
    kind: str = Kind.TEXT
    value: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.name and not self.value


def written_rows(attributes: Mapping[str, Any]) -> list[Row]:
    """Write attributes as rows, in the order of their names."""
    return [Row(name, kind_of(value), _text(value)) for name, value in sorted(attributes.items())]


def _text(value: Any) -> str:
    return "" if isinstance(value, bool) else str(value)


def typed_rows(form: Texts) -> list[Row]:
    """Read the rows of a form, without those that are empty or whose removal is asked for."""
    rows = [_row(form, index) for index in range(ROWS) if f"attributes.{index}.name" in form]
    removed = REMOVAL.fullmatch(form.get("do", ""))
    if removed and int(removed[1]) < len(rows):
        del rows[int(removed[1])]
    return [one for one in rows if not one.is_empty]


def where_to_go_on(button: str, count: int) -> str:
    """Return the input at which a person goes on after a button: in a new row, or in the one that moved up."""
    removed = REMOVAL.fullmatch(button)
    last = max(count - 1, 0)
    return f"attributes.{min(int(removed[1]), last) if removed else last}.name"


def _row(form: Texts, index: int) -> Row:
    name, kind, value = (form.get(f"attributes.{index}.{part}", "").strip() for part in ("name", "kind", "value"))
    return Row(name, kind, value)


def attributes_of(rows: Sequence[Row]) -> tuple[dict[str, Any], list[FieldError]]:
    """Return what the rows say, and what is wrong in them, each at its input."""
    found: dict[str, Any] = {}
    errors: list[FieldError] = []
    for index, row in enumerate(rows):
        value, wrong = _read(row, f"attributes.{index}", found)
        errors += wrong
        found.setdefault(row.name, value)
    return found, errors


def _read(row: Row, place: str, before: Iterable[str]) -> tuple[Any, list[FieldError]]:
    errors = [name_error(row.name, f"{place}.name")]
    if row.name in before:
        errors.append(FieldError(f"{place}.name", "repeated", N_("Give each attribute once.")))
    kind = next((one for one in Kind if one == row.kind), None)
    if kind is None:
        errors.append(FieldError(f"{place}.kind", "enum", N_("Choose one from the list.")))
        return None, [one for one in errors if one]
    try:
        value = typed_value(kind, row.value)
    except ValueError as error:
        return None, [*(one for one in errors if one), FieldError(f"{place}.value", "attribute_value", str(error))]
    return value, [one for one in (*errors, value_error(value, f"{place}.value")) if one]
