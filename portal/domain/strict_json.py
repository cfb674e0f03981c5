"""Is this request body JSON that every layer behind can take?

Python's own reader takes NaN, reads 1e400 as infinity, keeps the last of two equal names and falls over deep
nesting. What is read here may still hold U+0000, lone surrogates and integers of thousands of digits: those
are one field's fault and are refused there, by name.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from portal.domain.errors import N_, Malformed

MAX_DEPTH = 50
# A string is one token, so that brackets inside it do not count; one without an end is the decoder's concern.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def parse_json(raw: bytes) -> Any:
    """Read a request body of UTF-8 JSON (RFC 8259).

    Raises Malformed, also for NaN, infinities, numbers beyond a float, repeated names, integers longer than
    Python reads (4300 digits) and nesting deeper than MAX_DEPTH. The caller limits the size.
    """
    text = _decoded(raw)
    if max(_depths(text), default=0) > MAX_DEPTH:
        raise Malformed(N_("The request is nested more than %(limit)s levels deep."), limit=MAX_DEPTH)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = N_("This is not valid JSON. Look at line %(line)s, column %(column)s.")
        raise Malformed(message, line=error.lineno, column=error.colno) from None


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = N_("The request is not valid UTF-8. Look at byte %(position)s.")
        raise Malformed(message, position=error.start) from None


def _depths(text: str) -> Iterator[int]:
    """Yield the depth after each bracket, and nothing more once it is too deep."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += _STEPS.get(token[0], 0)
        yield depth
        if depth > MAX_DEPTH:
            return


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise Malformed(N_("The request gives the name %(name)s more than once."), name=printable(name))
    return found


def printable(name: str) -> str:
    """Shorten a name that a caller chose and make it fit for an answer: no encoder takes a lone surrogate."""
    return name[:100].encode("utf-8", "backslashreplace").decode()


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # longer than sys.get_int_max_str_digits()
        raise Malformed(N_("The request holds a number with too many digits.")) from None


def _decimal(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise Malformed(N_("The request holds a number that is too large."))
    return number


def _no_number(name: str) -> NoReturn:
    raise Malformed(N_("The request holds %(name)s, which is not a number in JSON."), name=name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_decimal, parse_int=_integer, parse_constant=_no_number
)
