"""Which text may a person type, and how is it compared?"""

import unicodedata
from typing import Protocol

ALLOWED_CONTROLS = frozenset("\n\r\t")
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l"})  # letters that no norm takes apart
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and patterns that are drawn as nothing


def has_controls(text: str, allowed: frozenset[str] = frozenset()) -> bool:
    """Tell whether text holds control characters (other than the allowed ones) or lone surrogates.

    PostgreSQL refuses U+0000 and no encoder takes a surrogate; the rest only serves to deceive readers of logs.
    """
    return any(unicodedata.category(char) in {"Cc", "Cs"} and char not in allowed for char in text)


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text can be seen: spaces, joiners, marks of direction."""
    return all(char.isspace() or char in BLANKS or unicodedata.category(char) == "Cf" for char in text)


def normal_email(address: str) -> str:
    """Return the form under which two spellings of one address are equal on every database."""
    return unicodedata.normalize("NFKC", address).strip().casefold()


def alphabetical(text: str) -> str:
    """Return the form in which names are sorted as people look for them: accents and capitals do not count."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char)).translate(LIGATURES)


class Named(Protocol):
    """What lists show by its name."""

    @property
    def name(self) -> str: ...

    @property
    def id(self) -> str: ...


def by_name(one: Named) -> tuple[str, str, str]:
    """Return the key that sorts a list by name; of equal ones the order is always the same."""
    return alphabetical(one.name), one.name, one.id


def slug_of(name: str) -> str:
    """Make a URL part from a name: ASCII letters, digits and single hyphens, at most 80 characters."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "".join(char if char.isalnum() else " " for char in ascii_name).split()
    return "-".join(words)[:80].strip("-") or "service"
