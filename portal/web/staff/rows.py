"""What do the buttons of an editor do to a draft: rows added, removed and moved, hours copied from day to day?

A button says `<verb>:<where>`; one that says nothing sensible changes nothing. Which rows an editor has, and which of
them are its week, a table says.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from portal.web.staff.draft import INDEX, Draft

MOST = 200  # rows of one kind
WEEK = (1, 2, 3, 4, 5, 6, 0)  # as weeks are read here: from Monday
SPREADS: Mapping[str, tuple[int, ...]] = {"all": WEEK, "weekdays": WEEK[:5], "weekend": WEEK[5:]}
MORNING: Draft = {"startTime": "09:00", "endTime": "17:00"}


@dataclass(frozen=True)
class Table:
    """The rows of an editor: what a new one of each kind holds, and the input of it that is filled in first.

    `week` is the name of its weekly hours; `most` bounds kinds that take fewer rows than others. A kind below another
    has a dot in its name.
    """

    week: str
    new: Mapping[str, Any]
    first: Mapping[str, str]
    most: Mapping[str, int] = field(default_factory=dict)


def is_action(button: str) -> bool:
    """Tell whether a button changes rows."""
    return button.partition(":")[0] in ACTIONS


def act(table: Table, button: str, draft: Draft, form: Mapping[str, str]) -> tuple[Draft, str | None]:
    """Return the draft after a button, and where the person goes on: the name of an input, or what a button says."""
    verb, _, where = button.partition(":")
    changed = deepcopy(draft)
    return changed, ACTIONS[verb](table, changed, where, form)


def weekday_of(row: Draft) -> int:
    """Return the weekday of hours, Sunday being 0; what cannot be read counts as Monday."""
    day = row.get("dayOfWeek")
    return day % 7 if isinstance(day, int) else 1


def week_of(rows: Sequence[Draft] | None) -> list[tuple[int, list[int]]]:
    """Return each weekday from Monday with the numbers of its rows."""
    return [(day, [index for index, row in enumerate(rows or ()) if weekday_of(row) == day]) for day in WEEK]


def hours_day(table: Table, draft: Draft, name: str) -> int | None:
    """Return the weekday of the hours that an input belongs to; None for any other input."""
    rows = draft.get(table.week) or []
    week, _, rest = name.partition(".")
    number = rest.partition(".")[0]
    is_hours = week == table.week and INDEX.fullmatch(number) and int(number) < len(rows)
    return weekday_of(rows[int(number)]) if is_hours else None


# ---------------------------------------------------------------- rows


def _add(table: Table, draft: Draft, where: str, form: Mapping[str, str]) -> str | None:
    rows, kind = _rows(table, draft, where), _kind(where)
    if rows is None or kind not in table.new or len(rows) >= table.most.get(kind, MOST):
        return None
    rows.append(deepcopy(table.new[kind]))
    return _first(table, where, len(rows) - 1)


def _kind(name: str) -> str:
    return ".".join(part for part in name.split(".") if not part.isdigit())


def _first(table: Table, name: str, index: int) -> str:
    """Return the input of a row that is filled in first; a row that is one text is that input itself."""
    return f"{name}.{index}.{table.first[_kind(name)]}".rstrip(".")


def _remove(table: Table, draft: Draft, where: str, form: Mapping[str, str]) -> str | None:
    name, rows, index = _row(table, draft, where)
    if rows is None:
        return None
    gone = rows.pop(index)
    if name == table.week:
        return _switch(table, draft, weekday_of(gone))
    if not rows:
        return f"add:{name}"
    return _first(table, name, min(index, len(rows) - 1)) if _kind(name) in table.first else None


def _up(table: Table, draft: Draft, where: str, form: Mapping[str, str]) -> str | None:
    return _move(table, draft, where, -1)


def _down(table: Table, draft: Draft, where: str, form: Mapping[str, str]) -> str | None:
    return _move(table, draft, where, 1)


def _move(table: Table, draft: Draft, where: str, step: int) -> str | None:
    name, rows, index = _row(table, draft, where)
    if rows is None or _kind(name) not in table.first or not 0 <= index + step < len(rows):
        return None
    rows.insert(index + step, rows.pop(index))
    return _first(table, name, index + step)


def _row(table: Table, draft: Draft, where: str) -> tuple[str, list[Any] | None, int]:
    name, _, number = where.rpartition(".")
    rows = _rows(table, draft, name)
    is_there = rows is not None and bool(INDEX.fullmatch(number)) and int(number) < len(rows)
    return name, rows if is_there else None, int(number) if is_there else 0


def _rows(table: Table, draft: Draft, name: str) -> list[Any] | None:
    """Return the rows at a name, made where there are none yet; None where no rows can be."""
    match name.split("."):
        case [own] if own == table.week or own in table.new:
            found: list[Any] = draft.setdefault(own, [])
            return found
        case [outer, number, inner] if INDEX.fullmatch(number) and f"{outer}.{inner}" in table.new:
            rows = draft.get(outer) or []
            return rows[int(number)].setdefault(inner, []) if int(number) < len(rows) else None
    return None


# ---------------------------------------------------------------- the week


def _open(table: Table, draft: Draft, where: str, form: Mapping[str, str]) -> str | None:
    """Add hours to a day, behind those that it has."""
    if where not in {str(day) for day in WEEK}:
        return None
    day, rows = int(where), draft.setdefault(table.week, [])
    if len(rows) >= MOST:
        return None
    place = sum(WEEK.index(weekday_of(row)) <= WEEK.index(day) for row in rows)
    rows.sort(key=lambda row: WEEK.index(weekday_of(row)))
    has_some = any(weekday_of(row) == day for row in rows)
    rows.insert(place, {"dayOfWeek": day, **({} if has_some else MORNING)})
    return f"{table.week}.{place}.startTime"


def _close(table: Table, draft: Draft, where: str, form: Mapping[str, str]) -> str | None:
    rows = draft.get(table.week) or []
    draft[table.week] = [row for row in rows if str(weekday_of(row)) != where]
    return f"open:{where}"


def _switch(table: Table, draft: Draft, day: int) -> str:
    """Return what the switch of a day says."""
    is_open = any(weekday_of(row) == day for row in draft.get(table.week) or ())
    return f"close:{day}" if is_open else f"open:{day}"


def _copy(table: Table, draft: Draft, where: str, form: Mapping[str, str]) -> str | None:
    """Give the days that are chosen the hours of another."""
    source, target = form.get("copyFrom", ""), form.get("copyTo", "")
    days = SPREADS.get(target) or tuple(day for day in WEEK if str(day) == target)
    rows = draft.get(table.week) or []
    model = [row for row in rows if str(weekday_of(row)) == source]
    kept = [row for row in rows if weekday_of(row) not in days or str(weekday_of(row)) == source]
    made = [{**row, "dayOfWeek": day} for day in days if str(day) != source for row in model]
    draft[table.week] = sorted([*kept, *made], key=lambda row: WEEK.index(weekday_of(row)))[:MOST]
    return "copy:week"


ACTIONS: Mapping[str, Callable[[Table, Draft, str, Mapping[str, str]], str | None]] = {
    "add": _add,
    "remove": _remove,
    "up": _up,
    "down": _down,
    "open": _open,
    "close": _close,
    "copy": _copy,
}
