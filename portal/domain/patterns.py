"""Does an answer match the pattern that staff gave a field?

RE2 runs in time linear in the answer, so no pattern can stall the server; it knows no look-around and no
back-references, and such a pattern is refused when the service is saved.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

MAX_PATTERN = 500


class PatternError(ValueError):
    """The pattern cannot be used."""


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Any:
    """Compile a pattern; raise PatternError where RE2 cannot."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise PatternError(str(error)) from error


def matches(pattern: str, answer: str) -> bool:
    """Tell whether the pattern is found in the answer, as JavaScript's `test` would (anchors are the author's)."""
    return compile_pattern(pattern).search(answer) is not None


@dataclass(frozen=True)
class Expected:
    """What a simple pattern asks for, in words to come: so many digits, letters or characters; `most` None: no end."""

    kind: str
    least: int
    most: int | None


_PART = re.compile(r"(\\d|\.|\[[^\]\\^]+\])(?:\{(\d{1,4})(?:(,)(\d{0,4}))?\}|([+?]))?")
_KINDS = (
    ("digits", re.compile(r"\\d|\[(?:[0-9]|[0-9]-[0-9])+\]")),
    ("letters", re.compile(r"\[(?:[A-Za-z]|[A-Z]-[A-Z]|[a-z]-[a-z])+\]")),
    ("letters_or_digits", re.compile(r"\[(?:[A-Za-z0-9]|[A-Z]-[A-Z]|[a-z]-[a-z]|[0-9]-[0-9])+\]")),
    ("characters", re.compile(r"\.")),
)


def expected_by(pattern: str) -> Expected | None:
    """Explain a pattern that is a row of one kind of characters from end to end; None for any other."""
    inner = re.fullmatch(r"\^(.+)\$", pattern)
    parts = list(_PART.finditer(inner[1])) if inner else []
    if not inner or "".join(part[0] for part in parts) != inner[1]:
        return None
    kinds = {_kind(part[1]) for part in parts}
    if len(kinds) != 1 or (kind := kinds.pop()) is None:
        return None
    counts = [_count(part) for part in parts]
    tops = [most for _, most in counts if most is not None]
    return Expected(kind, sum(least for least, _ in counts), sum(tops) if len(tops) == len(counts) else None)


def _kind(characters: str) -> str | None:
    return next((kind for kind, shape in _KINDS if shape.fullmatch(characters)), None)


def _count(part: re.Match[str]) -> tuple[int, int | None]:
    least, comma, most, sign = part[2], part[3], part[4], part[5]
    if sign:
        return (1, None) if sign == "+" else (0, 1)
    if least is None:
        return 1, 1
    return int(least), (int(most) if most else None) if comma else int(least)
