"""How is a closure written as a form, and read back: one day, several, or from one time to another?

The form speaks the house's local time. Without times whole days are closed; without a last day the first is the only
one. What cannot be read is said at its input, and the rest as the API says it.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from portal.domain.errors import N_, FieldError
from portal.domain.instants import InstantError, local_bound, parse_date, parse_instant_or_date, write_instant
from portal.domain.schedule import Closure, ClosureTarget
from portal.domain.supply_shapes import closure_json
from portal.usecases.closures import closure_errors
from portal.web.forms import Texts

Found = TypeVar("Found")
EVERYTHING = "all"
INPUTS = {"targetId": "target"}  # where the form asks for what the API names


def target_of(closure: Closure) -> str:
    """Return the value of the choice that says what is closed."""
    return EVERYTHING if closure.target is ClosureTarget.ALL else f"{closure.target}:{closure.target_id}"


def written(closure: Closure, zone: ZoneInfo) -> dict[str, str]:
    """Write a closure as the values of its form."""
    first, last = (_wall(bound, zone) for bound in (closure.start, closure.end))
    return {
        "target": target_of(closure),
        "from": first[0],
        "fromTime": first[1],
        "to": last[0] if last[0] != first[0] or last[1] else "",
        "toTime": last[1],
        "yearly": "true" if closure.yearly else "",
        "reason": closure.reason,
        "read": json.dumps(closure_json(closure)),
    }


def _wall(bound: date | datetime, zone: ZoneInfo) -> tuple[str, str]:
    if not isinstance(bound, datetime):
        return bound.isoformat(), ""
    local = bound.astimezone(zone)
    return local.date().isoformat(), f"{local:%H:%M}"


def read(form: Texts, zone: ZoneInfo) -> tuple[dict[str, Any], list[FieldError]]:
    """Return what the form says in the API's form, and what of it cannot be read."""
    errors: list[FieldError] = []
    kind, _, target_id = form.get("target", EVERYTHING).partition(":")
    first = _day(form, "from", errors)
    last = _day(form, "to", errors) if form.get("to", "").strip() else first
    given: dict[str, Any] = {
        "target": kind,
        "targetId": target_id or None,
        "reason": form.get("reason", "").strip(),
        "yearly": form.get("yearly") == "true",
    }
    if first and last:
        given |= _untouched(form, first, last, zone) or _stretch(form, first, last, zone, errors)
    return given, errors


def _day(form: Texts, name: str, errors: list[FieldError]) -> date | None:
    return _tried(lambda: parse_date(form.get(name, "").strip()), name, errors)


def _untouched(form: Texts, first: date, last: date, zone: ZoneInfo) -> dict[str, str]:
    """Return the bounds that the form was written from, where they still stand in it: a time may mean two instants."""
    before = read_before(form)
    try:
        walls = [_wall(parse_instant_or_date(before[name]), zone) for name in ("from", "to")]
    except (InstantError, KeyError, TypeError):
        return {}
    typed = [(day.isoformat(), form.get(name, "").strip()) for day, name in ((first, "fromTime"), (last, "toTime"))]
    return {name: before[name] for name in ("from", "to")} if walls == typed else {}


def _stretch(form: Texts, first: date, last: date, zone: ZoneInfo, errors: list[FieldError]) -> dict[str, str]:
    times = {name: form.get(name, "").strip() for name in ("fromTime", "toTime")}
    if not any(times.values()):
        return {"from": first.isoformat(), "to": last.isoformat()}
    for name, text in times.items():
        if not text:
            message = N_("Give both times, or neither: then whole days are closed.")
            errors.append(FieldError(name, "time_missing", message))
    if not all(times.values()):
        return {"from": first.isoformat(), "to": last.isoformat()}
    start = _tried(lambda: local_bound(first, times["fromTime"], zone, is_end=False), "fromTime", errors)
    end = _tried(lambda: local_bound(last, times["toTime"], zone, is_end=True), "toTime", errors)
    return {"from": write_instant(start), "to": write_instant(end)} if start and end else {}


def _tried(work: Callable[[], Found], name: str, errors: list[FieldError]) -> Found | None:
    try:
        return work()
    except InstantError as error:
        errors.append(error.at(name))
        return None


def read_before(form: Texts) -> dict[str, Any]:
    """Return the closure that the form was written from; what is no JSON is like none that there is."""
    try:
        found = json.loads(form.get("read", ""))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def with_others(given: dict[str, Any], errors: Sequence[FieldError]) -> list[FieldError]:
    """Add to what cannot be read what else is wrong, so that all of it is told at once."""
    unread = {"from", "to"} - given.keys()
    return [*errors, *(one for one in closure_errors(given) if one.field not in unread)]


def placed(errors: Sequence[FieldError]) -> list[FieldError]:
    """Say at the form's inputs what the API says at its fields."""
    return [FieldError(INPUTS.get(one.field, one.field), one.code, one.message, one.params) for one in errors]
