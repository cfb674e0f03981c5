"""What does a page of a list hold, and what does `expand` bring along?"""

import copy
from collections.abc import Callable, Iterable
from typing import Any

from portal.stripe_sandbox.errors import Json, Refusal, no_such
from portal.stripe_sandbox.state import State

_DEEPEST = 4


def page_of(things: Iterable[Json], url: str, values: Json) -> Json:
    """Return a page of things, newest first."""
    found = [thing for thing in things if _is_created(thing, values.get("created"))][::-1]
    limit = values.get("limit", 10)
    if not 1 <= limit <= 100:
        raise Refusal(
            f"Invalid integer: {limit}: must be from 1 to 100", code="parameter_invalid_integer", param="limit"
        )
    if "starting_after" in values and "ending_before" in values:
        raise Refusal("You cannot parameterize both starting_after and ending_before.", param="ending_before")
    if "ending_before" in values:
        before = found[: _place(found, values, "ending_before")]
        return list_of(before[-limit:], url, has_more=len(before) > limit)
    rest = found[_place(found, values, "starting_after") + 1 :] if "starting_after" in values else found
    return list_of(rest[:limit], url, has_more=len(rest) > limit)


def list_of(data: list[Json], url: str, *, has_more: bool = False) -> Json:
    """Return a list in Stripe's shape."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def matching(things: Iterable[Json], values: Json, fields: str) -> list[Json]:
    """Keep the things that have what was asked for."""
    asked = {name: values[name] for name in fields.split() if name in values}
    return [thing for thing in things if all(thing.get(name) == value for name, value in asked.items())]


def _is_created(thing: Json, asked: Any) -> bool:
    if asked is None:
        return True
    created = thing["created"]
    if isinstance(asked, int):
        return bool(created == asked)
    tests: dict[str, Callable[[int], bool]] = {
        "gt": lambda limit: created > limit,
        "gte": lambda limit: created >= limit,
        "lt": lambda limit: created < limit,
        "lte": lambda limit: created <= limit,
    }
    return all(tests[name](limit) for name, limit in asked.items())


def _place(things: list[Json], values: Json, name: str) -> int:
    for place, thing in enumerate(things):
        if thing["id"] == values[name]:
            return place
    raise no_such("object", values[name], name, status=400)


# ---------------------------------------------------------------- expand

Include = Callable[[State, Json], Json]
INCLUDES: dict[tuple[str, str], Include] = {}  # fields that are there only when asked for


def include(kind: str, name: str) -> Callable[[Include], Include]:
    """Declare the function that makes a field which is shown only when it is expanded."""

    def declare(make: Include) -> Include:
        INCLUDES[kind, name] = make
        return make

    return declare


def expanded(state: State, thing: Json, paths: list[str]) -> Json:
    """Return a copy in which the ids at these paths are the objects themselves."""
    whole = copy.deepcopy(thing)
    for place, path in enumerate(paths):
        steps = path.split(".")
        if len(steps) > _DEEPEST + (steps[0] == "data"):
            raise Refusal(f"You cannot expand more than {_DEEPEST} levels of a property.", param=f"expand[{place}]")
        _expand(state, whole, steps, f"expand[{place}]")
    return whole


def _expand(state: State, thing: Any, steps: list[str], param: str) -> None:
    if isinstance(thing, list):
        for each in thing:
            _expand(state, each, steps, param)
        return
    if not steps or thing is None:
        return
    name = steps[0]
    if (thing.get("object"), name) in INCLUDES and not thing.get(name):
        thing[name] = copy.deepcopy(INCLUDES[thing["object"], name](state, thing))
    elif isinstance(thing.get(name), str):
        thing[name] = copy.deepcopy(state.lookup(thing[name]))
    if name not in thing or not isinstance(thing[name], dict | list | None):
        raise Refusal(f"This property cannot be expanded ({name}).", param=param)
    _expand(state, thing[name], steps[1:], param)
