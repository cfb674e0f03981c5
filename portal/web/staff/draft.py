"""How does JSON become the flat names of a form, and a form JSON again, whatever was typed into it?

A draft is JSON in which what cannot be read stays the text that was typed: the domain's one check then names it,
and the form shows it again. A table of kinds, one per name, reads and writes it; `customFields.0.name` is the name
of an input as well as the path under which the check reports what is wrong there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict

Draft = dict[str, Any]
Flat = list[tuple[str, str]]

WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
DECIMAL = re.compile(r"[+-]?[0-9]{1,9}(?:[.,][0-9]{1,9})?")
INDEX = re.compile(r"[0-9]{1,3}")
KEY = re.compile(r"[a-z]{2}")
MAX_DEPTH = 8
TEXTS = ""  # under which the tree keeps what was typed at a name itself


@dataclass(frozen=True)
class Style:
    """How numbers are written: how many digits the currency has, and whether a comma stands before decimals."""

    digits: int = 2
    has_comma: bool = False

    def decimal(self, value: Decimal) -> str:
        """Write a number in full."""
        return f"{value:f}".replace(".", "," if self.has_comma else ".")


class Kind(Protocol):
    """What stands at a name: None is nothing at all."""

    def read(self, tree: Mapping[str, Any], style: Style) -> Any: ...

    def write(self, name: str, value: Any, style: Style) -> Iterator[tuple[str, str]]: ...


def draft_from(kind: Kind, form: MultiDict[str, str], style: Style) -> Any:
    """Read a form; names that the kind does not know are passed over."""
    return kind.read(_tree(form), style)


def flat_of(kind: Kind, draft: Any, style: Style) -> MultiDict[str, str]:
    """Write a draft as the form would send it."""
    return MultiDict(list(kind.write("", draft, style)))


def _tree(form: MultiDict[str, str]) -> Mapping[str, Any]:
    root: dict[str, Any] = {}
    for name, values in form.lists():
        node, parts = root, name.split(".")
        if len(parts) > MAX_DEPTH:
            continue
        for part in parts:
            node = node.setdefault(part or "?", {})
        node[TEXTS] = list(values)
    return root


def below(name: str, part: str | int) -> str:
    """Return the name of a part."""
    return f"{name}.{part}" if name else str(part)


# ---------------------------------------------------------------- one value


@dataclass(frozen=True)
class Text:
    """A text, its ends cut off and its line ends made plain; the last of a name counts."""

    def read(self, tree: Mapping[str, Any], style: Style) -> Any:
        texts: Sequence[str] = tree.get(TEXTS) or [""]
        text = texts[-1].replace("\r\n", "\n").strip()
        return self.value(text, style) if text else None

    def value(self, text: str, style: Style) -> Any:
        """Return what the text says, or the text itself."""
        return text

    def write(self, name: str, value: Any, style: Style) -> Iterator[tuple[str, str]]:
        if value is not None:
            yield name, value if isinstance(value, str) else self.text(value, style)

    def text(self, value: Any, style: Style) -> str:
        """Write a value that is no text."""
        return str(value)


class Whole(Text):
    """A whole number."""

    def value(self, text: str, style: Style) -> Any:
        digits = "".join(text.split())
        return int(digits) if WHOLE.fullmatch(digits) else text


class Number(Text):
    """A number, with a decimal point or comma."""

    def value(self, text: str, style: Style) -> Any:
        digits = "".join(text.split())
        if not DECIMAL.fullmatch(digits):
            return text
        return int(digits) if WHOLE.fullmatch(digits) else float(digits.replace(",", "."))

    def text(self, value: Any, style: Style) -> str:
        return style.decimal(Decimal(int(value) if value == int(value) else str(value)))


class Money(Text):
    """An amount in the main unit of the currency; in the draft it is in minor units."""

    def value(self, text: str, style: Style) -> Any:
        digits = "".join(text.split())
        if not DECIMAL.fullmatch(digits):
            return text
        minor = Decimal(digits.replace(",", ".")).scaleb(style.digits)
        return int(minor) if minor == int(minor) else text

    def text(self, value: Any, style: Style) -> str:
        return style.decimal(Decimal(value).scaleb(-style.digits))


class Flag(Text):
    """Yes or no."""

    def value(self, text: str, style: Style) -> Any:
        return {"true": True, "false": False}.get(text, text)

    def text(self, value: Any, style: Style) -> str:
        return "true" if value else "false"


class Tick(Flag):
    """A box; a hidden "false" stands before it, so that a form that lacks it says nothing."""


@dataclass(frozen=True)
class Lines:
    """Several texts, one a line; boxes and a text area may share the name."""

    def read(self, tree: Mapping[str, Any], style: Style) -> Any:
        lines = [line.strip() for text in tree.get(TEXTS, ()) for line in text.splitlines()]
        return list(dict.fromkeys(filter(None, lines))) or None

    def write(self, name: str, value: Any, style: Style) -> Iterator[tuple[str, str]]:
        if value:
            yield name, "\n".join(value)


# ---------------------------------------------------------------- several values


@dataclass(frozen=True)
class TextRows:
    """Rows that are one text each; a blank one is there until it is left out on saving."""

    def read(self, tree: Mapping[str, Any], style: Style) -> Any:
        numbers = sorted((one for one in tree if INDEX.fullmatch(one)), key=int)
        return [Text().read(tree[one], style) or "" for one in numbers] or None

    def write(self, name: str, value: Any, style: Style) -> Iterator[tuple[str, str]]:
        for index, text in enumerate(value or ()):
            yield below(name, index), text


@dataclass(frozen=True)
class Group:
    """Values by name; all blank is nothing, and a box that is not ticked counts as blank."""

    parts: Mapping[str, Kind]

    def read(self, tree: Mapping[str, Any], style: Style) -> Any:
        found = {name: kind.read(tree.get(name, {}), style) for name, kind in self.parts.items()}
        given = {name: value for name, value in found.items() if value is not None}
        return given if any(not isinstance(self.parts[name], Tick) or given[name] for name in given) else None

    def write(self, name: str, value: Any, style: Style) -> Iterator[tuple[str, str]]:
        for part, kind in self.parts.items():
            yield from kind.write(below(name, part), (value or {}).get(part), style)


@dataclass(frozen=True)
class Row(Group):
    """A group that is there even when it is blank, for somebody added it."""

    def read(self, tree: Mapping[str, Any], style: Style) -> Any:
        found = {name: kind.read(tree.get(name, {}), style) for name, kind in self.parts.items()}
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class Rows:
    """Rows by number; gaps close."""

    row: Row

    def read(self, tree: Mapping[str, Any], style: Style) -> Any:
        numbers = sorted((one for one in tree if INDEX.fullmatch(one)), key=int)
        return [self.row.read(tree[one], style) for one in numbers] or None

    def write(self, name: str, value: Any, style: Style) -> Iterator[tuple[str, str]]:
        for index, row in enumerate(value or ()):
            yield below(name, index), ""  # a row is there even when it is blank
            yield from self.row.write(below(name, index), row, style)


@dataclass(frozen=True)
class ByLanguage:
    """Groups by the two letters of a language."""

    group: Group

    def read(self, tree: Mapping[str, Any], style: Style) -> Any:
        found = {key: self.group.read(part, style) for key, part in tree.items() if KEY.fullmatch(key)}
        return {key: value for key, value in found.items() if value is not None} or None

    def write(self, name: str, value: Any, style: Style) -> Iterator[tuple[str, str]]:
        for key, part in (value or {}).items():
            yield from self.group.write(below(name, key), part, style)
