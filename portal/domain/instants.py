"""Which instant or date does a text mean, and how is an instant written?

Python's `fromisoformat` also takes week dates, the basic format, bare dates and times without an offset, and
more with each version: what is not one of the forms here never reaches it.
"""

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal.domain.errors import N_, FieldError

FIRST_YEAR, LAST_YEAR = 2000, 2100

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
_NAIVE = rf"{_DATE.pattern}T{_TIME.pattern}(?::[0-5]\d(?:\.\d{{1,9}})?)?"
_WITHOUT_OFFSET = re.compile(_NAIVE, re.ASCII)
_INSTANT = re.compile(rf"{_NAIVE}(?:Z|[+-]{_TIME.pattern})", re.ASCII)


class InstantError(ValueError):
    """The text is no instant, date or time that we take; `message` is a template that `params` fill."""

    def __init__(self, code: str, message: str, /, **params: Any) -> None:
        super().__init__(message % params if params else message)
        self.code = code
        self.message = message
        self.params = params

    def at(self, field: str) -> FieldError:
        """Say it at a field."""
        return FieldError(field, self.code, self.message, self.params)


def parse_instant(text: str) -> datetime:
    """Return the UTC instant of `YYYY-MM-DDTHH:MM[:SS[.fff…]](Z|±HH:MM)`; raise InstantError for all else.

    Years 2000 to 2100, after conversion. Fractions finer than a microsecond are cut.
    """
    if _WITHOUT_OFFSET.fullmatch(text):
        message = N_("Say which time this is: end it with Z for UTC or with an offset such as +01:00.")
        raise InstantError("offset_missing", message)
    if not _INSTANT.fullmatch(text):
        message = N_("Write the date and time like 2026-12-08T09:30:00Z, or with an offset such as +01:00.")
        raise InstantError("instant_format", message)
    _existing(text[:10])  # all that can still be wrong
    try:
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:  # the first hours of year 1, the last of year 9999
        raise _out_of_range(FIRST_YEAR) from None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise _out_of_range(FIRST_YEAR)
    return instant


def parse_date(text: str, first_year: int = FIRST_YEAR) -> date:
    """Return the date of `YYYY-MM-DD`, from `first_year` (a birth date needs an earlier one) to 2100.

    Raises InstantError.
    """
    if not _DATE.fullmatch(text):
        raise InstantError("date_format", N_("Write the date as YYYY-MM-DD, such as 2026-12-08."))
    found = _existing(text)
    if not first_year <= found.year <= LAST_YEAR:
        raise _out_of_range(first_year)
    return found


def parse_instant_or_date(text: str) -> datetime | date:
    """Return a date for a plain date, else an instant; ask `isinstance(…, datetime)` first, it is a date too.

    Raises InstantError.
    """
    return parse_date(text) if _DATE.fullmatch(text) else parse_instant(text)


def _existing(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = N_("There is no %(date)s in the calendar. Check the day and the month.")
        raise InstantError("no_such_date", message, date=text) from None


def _out_of_range(first_year: int) -> InstantError:
    message = N_("Give a date between the years %(first)s and %(last)s.")
    return InstantError("date_range", message, first=first_year, last=LAST_YEAR)


def write_instant(moment: datetime) -> str:
    """Write an aware instant in UTC with milliseconds, as JavaScript clients do: 2026-12-08T09:30:00.000Z."""
    if moment.tzinfo is None:  # astimezone would take the server's own zone
        raise ValueError("an instant needs a zone")
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def local_instant(day: date, time: str, zone: ZoneInfo, fold: int = 0) -> datetime:
    """Return the UTC instant at which the zone's clocks show "HH:MM" (00:00 to 23:59) on a date.

    `fold=1` asks for the second of two, where the clocks go back; elsewhere it changes nothing.
    Raises InstantError, also for a time that the clocks skip: it is refused by name, never moved.
    """
    if not _TIME.fullmatch(time):
        raise InstantError("time_format", N_("Write the time as HH:MM, from 00:00 to 23:59."))
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _out_of_range(FIRST_YEAR)
    wall = datetime(day.year, day.month, day.day, int(time[:2]), int(time[3:]))  # noqa: DTZ001
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) != wall:
        message = N_("%(time)s does not exist on %(date)s in %(zone)s: the clocks go forward over it.")
        raise InstantError("no_such_time", message, time=time, date=day.isoformat(), zone=str(zone))
    return instant


def local_bound(day: date, time: str, zone: ZoneInfo, *, is_end: bool) -> datetime:
    """Return where something that is closed begins or ends by the zone's clocks.

    Of a time that they show twice, the first begins it and the second ends it: nothing of what may be meant stays open.
    Raises InstantError.
    """
    return local_instant(day, time, zone, fold=int(is_end))
