"""What do form fields such as `line_items[0][price]=…` mean?"""

import re
from typing import Any
from urllib.parse import parse_qsl

from portal.stripe_sandbox.errors import Json, Unread

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_MOST_FIELDS = 1_000


def decode(text: str) -> Json:
    """Read form encoding into nested dicts; a list is a dict whose keys are its numbers."""
    root: Json = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise Unread("The request could not be read as form fields.") from None
    for name, value in pairs:
        _put(root, name, value)
    return root


def _put(root: Json, name: str, value: str) -> None:
    found = _NAME.match(name)
    if not found:
        raise Unread(f"Invalid field name: {name}")
    *folders, last = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
    place: Any = root
    for folder in folders:
        place = place.setdefault(folder or str(len(place)), {})
        if not isinstance(place, dict):
            raise Unread(f"Invalid field name, it is both a value and an object: {name}")
    key = last or str(len(place))
    if isinstance(place.get(key), dict):
        raise Unread(f"Invalid field name, it is both a value and an object: {name}")
    place[key] = value
