"""Which public holidays are ahead, which of them are closed already, and how are the others closed in one go?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.domain.account import Account
from portal.domain.errors import N_, FieldError, Invalid
from portal.domain.rules import Rules
from portal.domain.schedule import is_closed_on
from portal.gateways import public_holidays
from portal.store import catalogue
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.closures import close_days
from portal.usecases.impact import Agreed

MOST_YEARS = 3  # this one and the next two


@dataclass(frozen=True)
class Calendar:
    """Whose holidays: of a country by its two letters, perhaps of a part of it, in some years and a language."""

    country: str
    region: str | None
    years: tuple[int, ...]
    language: str


@dataclass(frozen=True)
class HolidayAhead:
    """A public holiday that is not over, and whether everything is closed on it already."""

    day: date
    name: str
    is_closed: bool


def countries() -> Sequence[str]:
    """Return the two letters of the countries whose holidays are known."""
    return sorted(public_holidays.regions_by_country())


def regions_of(country: str) -> Mapping[str, str]:
    """Return the names of the parts of a country by their codes; none of one that is not known."""
    return public_holidays.region_names(country) if country in public_holidays.regions_by_country() else {}


def years_offered(rules: Rules, now: datetime) -> list[int]:
    """Return the years whose holidays can be asked for."""
    first = now.astimezone(ZoneInfo(rules.time_zone)).year
    return [first + more for more in range(MOST_YEARS)]


def holidays_ahead(asked: Calendar, caller: Account, rules: Rules, now: datetime) -> list[HolidayAhead]:
    """List the holidays from today on. Raises Forbidden; Invalid for a country, part or year that is not offered."""
    require_staff(caller)
    _check(asked, rules, now)
    zone = ZoneInfo(rules.time_zone)
    today = now.astimezone(zone).date()
    closures = catalogue.closures_from(db.session(), today - timedelta(days=2))
    found = public_holidays.public_holidays(asked.country, asked.region, asked.years, asked.language)
    return [HolidayAhead(one.day, one.name, is_closed_on(one.day, closures, zone)) for one in found if one.day >= today]


def _check(asked: Calendar, rules: Rules, now: datetime) -> None:
    message = N_("Choose one from the list.")
    wrong = []
    if asked.country not in countries():
        wrong.append("country")
    elif asked.region is not None and asked.region not in regions_of(asked.country):
        wrong.append("region")
    if not asked.years or not set(asked.years) <= set(years_offered(rules, now)):
        wrong.append("year")
    if wrong:
        raise Invalid([FieldError(one, "enum", message) for one in wrong])


def close_holidays(
    asked: Calendar,
    days: Sequence[date],
    caller: Account,
    rules: Rules,
    now: datetime,
    agreed: Agreed | None = None,
) -> int:
    """Close everything on some of the holidays; return how many were not closed already.

    Raises what `holidays_ahead` and `close_days` do, and Invalid where a day is none of them or no day is given.
    """
    names = {one.day: one.name for one in holidays_ahead(asked, caller, rules, now)}
    if not days or any(day not in names for day in days):
        message = N_("Choose days from the list.")
        raise Invalid([FieldError("day", "enum", message)])
    return close_days({day: names[day] for day in days}, caller, rules, now, agreed)
