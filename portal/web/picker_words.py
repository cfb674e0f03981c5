"""How does the slot picker name days, months, zones and people?"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_skeleton, get_day_names, get_timezone_location
from babel.numbers import get_currency_name
from flask import Flask
from flask_babel import gettext, pgettext

from portal.domain.conditions import compile_condition, package_minutes
from portal.domain.service import DAY, PriceUnit, Service
from portal.domain.timerange import instant_of
from portal.web.filters import (
    NO_BREAK,
    clock,
    duration,
    first_of_month,
    nights,
    per_unit,
    short_day,
    short_money,
    weekday,
    zone_name,
)
from portal.web.language import current_language

VOWELS = "aeiouyhâàéèêîïôûAEIOUYHÀÂÉÈÊÎÏÔÛ"


def register(app: Flask) -> None:
    """Make the picker's words known to the templates."""
    app.jinja_env.filters.update(
        {
            "zone_time": zone_time,
            "free_on": free_on,
            "initials": initials,
            "month_title": month_title,
            "month_key": month_key,
            "bare_money": bare_money,
            "currency_plural": currency_plural,
            "clock_elsewhere": clock_elsewhere,
            "rate_unit": rate_unit,
            "nights_between": nights_between,
            "from_minute": instant_of,
            "short_moment": short_moment,
            "near_day": near_day,
            "length_text": length_text,
        }
    )
    app.jinja_env.globals["weekdays"] = weekdays


def short_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Write a date and a time of day in little room: lun. 7 déc., 10 h 30."""
    return f"{short_day(moment, zone)}, {clock(moment, zone)}"


def zone_time(zone: ZoneInfo) -> str:
    """Write whose clocks are meant: Paris time; French says d'Amsterdam."""
    city = zone_name(zone)
    if city[:1] in VOWELS:
        return str(pgettext("before a vowel", "%(city)s time", city=city))
    return str(gettext("%(city)s time", city=city))


def free_on(day: date | None, today: date) -> str:
    """Say when somebody is next free."""
    if day is None:
        return str(gettext("nothing free"))
    if day == today:
        return str(gettext("free today"))
    if day == today + timedelta(days=1):
        return str(gettext("free tomorrow"))
    return str(gettext("free %(day)s", day=near_day(day, today, "EEE")))


def near_day(day: date, today: date, weekday_pattern: str = "EEEE") -> str:
    """Write a date; the coming four weeks need no month: lundi 14."""
    if day - today > timedelta(days=28):
        return short_day(day)
    return first_of_month(format_date(day, f"{weekday_pattern} d", current_language()), day)


def length_text(minutes: int, service: Service) -> str:
    """Write a length of time as it is chosen: in nights, or in hours and days."""
    return nights(minutes // DAY) if service.is_by_night else duration(minutes)


def initials(name: str) -> str:
    """Return the first letters of the first and the last word of a name."""
    words = [word for word in name.replace("-", " ").split() if word[:1].isalnum()]
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:]))


def month_title(first: date) -> str:
    """Write a month with its year: décembre 2026."""
    return str(format_skeleton("yMMMM", datetime(first.year, first.month, 1, tzinfo=UTC), locale=current_language()))


def month_key(first: date) -> str:
    """Write a month for an address: 2026-12."""
    return f"{first:%Y-%m}"


def weekdays() -> list[tuple[str, str]]:
    """Return the short and the full names of the days, from Monday."""
    language = current_language()
    short, full = (get_day_names(width, locale=language) for width in ("abbreviated", "wide"))
    return [(short[at].rstrip("."), full[at]) for at in range(7)]


def bare_money(minor: int, currency: str) -> str:
    """Write an amount without its currency, where little room is left: 120."""
    return "".join(char for char in short_money(minor, currency) if char.isdigit() or char in ",.").strip(",.")


def currency_plural(currency: str) -> str:
    """Name a currency in the plural: euros."""
    return get_currency_name(currency, count=2, locale=current_language())


def clock_elsewhere(moment: datetime, zone: ZoneInfo, other: str | None) -> tuple[str, str] | None:
    """Return what a clock elsewhere shows, and its city; None where it shows the same, or nothing is known of it."""
    try:
        there = ZoneInfo(other) if other else zone
    except (ZoneInfoNotFoundError, ValueError):
        return None
    here, away = moment.astimezone(zone), moment.astimezone(there)
    if here.replace(tzinfo=None) == away.replace(tzinfo=None):
        return None
    time = clock(moment, there)
    shown = time if here.date() == away.date() else f"{weekday(away)}{NO_BREAK}{time}"
    return shown, str(get_timezone_location(there, current_language(), return_city=True))


def rate_unit(service: Service, index: int) -> str:
    """Say what a tier's price is for; nothing where it buys a package or the whole booking."""
    tier = service.pricing_tiers[index]
    is_package = service.unit is PriceUnit.BLOCK and package_minutes(compile_condition(tier.condition)) is not None
    if is_package and tier.per in (None, PriceUnit.BOOKING):
        return ""
    return per_unit(service.model_copy(update={"price_unit": tier.per or service.unit}))


def nights_between(arrival: date, departure: date) -> str:
    """Write the dates of a stay in little room: 11–14 déc."""
    if arrival.month == departure.month:
        return str(
            gettext("%(start)s to %(end)s", start=first_of_month(str(arrival.day), arrival), end=_day_month(departure))
        )
    return str(gettext("%(start)s to %(end)s", start=_day_month(arrival), end=_day_month(departure)))


def _day_month(day: date) -> str:
    return first_of_month(format_date(day, "d MMM", current_language()), day)
