"""How do the editors' templates write days and what lies below a row?"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from flask import Flask

from portal.domain.errors import FieldError
from portal.domain.schedule import WeeklyHours
from portal.domain.service import TIME, minutes_of
from portal.web.filters import capital, wall, weekday
from portal.web.staff.draft import Draft
from portal.web.staff.rows import WEEK, Table, hours_day
from portal.web.staff.service_labels import full_label, label_of

FIRST_HOUR, HOURS = 6, 16  # what the bar of a day shows
SUNDAY = date(2024, 1, 7)


def register(app: Flask) -> None:
    """Make the filters of the editors known."""
    found = {"weekday_name": weekday_name, "day_bars": day_bars, "below_any": below_any, "hours_lines": hours_lines}
    app.jinja_env.filters.update(found)


def weekday_name(day: int) -> str:
    """Name a weekday, Sunday being 0."""
    return capital(weekday(SUNDAY + timedelta(days=day), long=True))


def day_bars(hours: Sequence[Draft], rows: Sequence[int]) -> Iterator[tuple[float, float]]:
    """Yield start and length of a day's hours on its bar, in hours from 6; `rows` are the day's among the week's."""
    for index in rows:
        row = hours[index]
        start, end = (_hour(row.get(name)) for name in ("startTime", "endTime"))
        if start is not None and end is not None and start < end:
            yield start, end - start


def _hour(text: object) -> float | None:
    if not isinstance(text, str) or not TIME.fullmatch(text):
        return None
    return min(max(minutes_of(text) / 60 - FIRST_HOUR, 0), HOURS)


def labels_of(errors: Sequence[FieldError], table: Table, draft: Draft) -> dict[str, str]:
    """Return what the inputs of errors are called in a summary; those of a week by their day."""
    days = {one.field: hours_day(table, draft, one.field) for one in errors}
    return {
        name: full_label(name) if day is None else f"{weekday_name(day)}, {label_of(name)}"
        for name, day in days.items()
    }


def below_any(errors: Sequence[FieldError], name: str, apart: Sequence[str]) -> bool:
    """Tell whether something is wrong in a row elsewhere than in some of its inputs."""
    own = {f"{name}.{one}" for one in apart}
    return any(one.field.startswith(f"{name}.") and one.field not in own for one in errors)


def hours_lines(weekly: WeeklyHours) -> list[tuple[str, str]]:
    """Write weekly hours as people do: days that are alike in one line."""
    by_day = {day: [(opens, closes) for at, opens, closes in weekly if at == day] for day in WEEK}
    return [(_days(list(days)), _ranges(ranges)) for ranges, days in groupby(WEEK, by_day.__getitem__) if ranges]


def _days(days: list[int]) -> str:
    first, last = weekday_name(days[0]), weekday_name(days[-1])
    return first if len(days) == 1 else f"{first} – {last}"


def _ranges(ranges: list[tuple[int, int]]) -> str:
    return ", ".join(f"{wall(opens)} – {wall(closes)}" for opens, closes in sorted(ranges))
