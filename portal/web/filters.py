"""How are money, times and the like written for people, in their language?

Fonts of the house lack the narrow no-break space that French takes: the plain one is printed instead.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_currency, format_decimal, get_currency_symbol
from flask import Flask, url_for
from flask_babel import gettext, ngettext
from markupsafe import Markup

from portal.domain.booking import Booking
from portal.domain.calendar import google_link, outlook_link
from portal.domain.conditions import compile_condition, package_minutes
from portal.domain.errors import N_, FieldError
from portal.domain.fields import DECLARED, FIRST_YEAR
from portal.domain.instants import InstantError, parse_date
from portal.domain.lifecycle import BookingStatus
from portal.domain.money import minor_digits
from portal.domain.pricing import Quote, QuoteLine
from portal.domain.reference import reference_of
from portal.domain.service import DAY, CustomField, PriceUnit, PricingTier, Service, minutes_of
from portal.domain.supply import StaffMember
from portal.domain.wording import line_name
from portal.web import errors
from portal.web.calendars import map_link
from portal.web.context import now
from portal.web.forms import Choice, written
from portal.web.language import category_name, current_language, localised, option_labels
from portal.web.widgets import counted, hint_of, widget_of

NO_BREAK = "\u00a0"
MINUS = "\u2212"


def register(app: Flask) -> None:
    """Make the filters known to the templates."""
    app.jinja_env.filters.update(
        {
            "money": money,
            "short_money": short_money,
            "currency_sign": currency_sign,
            "number": number,
            "clock": clock,
            "instant": written,
            "day": day,
            "short_day": short_day,
            "weekday": weekday,
            "day_number": day_number,
            "month": month,
            "capital": capital,
            "duration": duration,
            "nights": nights,
            "people": people,
            "zone_name": zone_name,
            "until": until,
            "per_unit": per_unit,
            "category": category_name,
            "said": said,
            "answer": answer,
            "localised": localised,
            "status_word": status_word,
            "least_price": least_price,
            "line_label": line_label,
            "night_count": night_count,
            "local": _local,
            "moment_text": moment_text,
            "deadline": deadline,
            "wall_text": wall_text,
            "price_hidden": price_hidden,
            "chosen_nights": chosen_nights,
            "name_of": name_of,
            "option_labels": option_labels,
            "agreed_price": agreed_price,
            "lines": lines,
            "first_name": first_name,
            "percent": percent,
            "reference": reference_of,
            "again": again,
            "phone_text": phone_text,
            "widget": widget_of,
            "field_hint": hint_of,
            "counted": counted,
            "map_link": map_link,
            "online_room": Booking.room_online,
            "google_link": google_link,
            "outlook_link": outlook_link,
        }
    )
    app.jinja_env.globals["page_url"] = page_url


def page_url(endpoint: str, query: Mapping[str, Any], **values: Any) -> str:
    """Return the address of a page with a query; what is None or empty is left out."""
    return url_for(endpoint, **values, **{name: value for name, value in query.items() if value not in (None, "")})


# ---------------------------------------------------------------- numbers


def _plain(text: str) -> str:
    return text.replace("\u202f", NO_BREAK)


def _main_unit(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-minor_digits(currency))


def money(minor: int, currency: str) -> str:
    """Write an amount in minor units with all its digits: 50,00 €."""
    digits = minor_digits(currency)
    pattern = "¤#,##0" if current_language() == "en" else "#,##0"
    pattern += f".{'0' * digits}" if digits else ""
    pattern += "" if current_language() == "en" else f"{NO_BREAK}¤"
    amount = _main_unit(minor, currency)
    text = format_currency(amount, currency, pattern, current_language(), currency_digits=False)
    return _plain(text).replace("-", MINUS)


def short_money(minor: int, currency: str) -> str:
    """Write an amount without a zero fraction: 50 €."""
    amount, point = money(minor, currency), "." if current_language() == "en" else ","
    return amount.replace(f"{point}{'0' * minor_digits(currency)}", "") if minor_digits(currency) else amount


def currency_sign(currency: str) -> str:
    """Write a currency as people of this language do: €."""
    return get_currency_symbol(currency, current_language())


def number(value: float) -> str:
    """Write a number."""
    return _plain(format_decimal(value, locale=current_language()))


def percent(value: Any) -> str:
    """Write a share of a hundred: 80 %."""
    text = format_decimal(Decimal(value), locale=current_language())
    return f"{text}%" if current_language() == "en" else f"{text}{NO_BREAK}%"


# ---------------------------------------------------------------- times


def _local(moment: datetime | date, zone: ZoneInfo | None) -> datetime | date:
    return moment.astimezone(zone) if isinstance(moment, datetime) else moment


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """Write the time of day: 10 h 30, 10:30 am."""
    local = moment.astimezone(zone)
    return wall(local.hour * 60 + local.minute)


def wall(minutes: int) -> str:
    """Write minutes since midnight as a time of day."""
    hours, rest = divmod(minutes % DAY, 60)
    if current_language() == "fr":
        return f"{hours}{NO_BREAK}h{NO_BREAK}{rest:02}" if rest else f"{hours}{NO_BREAK}h"
    return f"{hours % 12 or 12}:{rest:02}{NO_BREAK}{'pm' if hours >= 12 else 'am'}"


def wall_text(time: str) -> str:
    """Write "15:00" as a time of day."""
    return wall(minutes_of(time))


def moment_text(moment: datetime, zone: ZoneInfo) -> str:
    """Write a date and a time of day."""
    return f"{day(moment, zone)}, {clock(moment, zone)}"


def deadline(moment: datetime, zone: ZoneInfo) -> str:
    """Write until when something is kept: the time of day alone where it is within a day."""
    return clock(moment, zone) if moment - now() < timedelta(hours=20) else moment_text(moment, zone)


def day(moment: datetime | date, zone: ZoneInfo | None = None) -> str:
    """Write a date: mardi 8 décembre; with the year where it is not this one."""
    return _date(_local(moment, zone), "EEEE d MMMM")


def short_day(moment: datetime | date, zone: ZoneInfo | None = None) -> str:
    """Write a date in little room: mar. 8 déc."""
    return _date(_local(moment, zone), "EEE d MMM")


def _date(local: date, pattern: str) -> str:
    text = first_of_month(format_date(local, pattern, current_language()), local)
    return text if local.year == now().year else f"{text} {local.year}"


def first_of_month(text: str, local: date) -> str:
    """Write the first day of a month as French does: 1er."""
    is_first = local.day == 1 and current_language() == "fr"
    return re.sub(r"\b1\b", "1er", text, count=1) if is_first else text


def short_date(moment: date) -> str:
    """Write a date without its weekday: 8 déc."""
    return _date(moment, "d MMM")


def weekday(local: date, long: bool = False) -> str:
    """Write the name of a day: mar., mardi."""
    return format_date(local, "EEEE" if long else "EEE", current_language())


def day_number(local: date) -> str:
    """Write the day of the month."""
    return str(local.day)


def month(local: date) -> str:
    """Write the short name of a month: déc."""
    return format_date(local, "MMM", current_language())


def capital(text: str) -> str:
    """Write a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def duration(minutes: int) -> str:
    """Write a length of time: 45 min, 1 h 30, 2 days 3 h."""
    days, rest = divmod(minutes, DAY)
    hours, left = divmod(rest, 60)
    parts = [ngettext("%(num)s day", "%(num)s days", days)] if days else []
    if hours:
        parts.append(f"{hours}{NO_BREAK}h" + (f"{NO_BREAK}{left:02}" if left else ""))
    elif left:
        parts.append(f"{left}{NO_BREAK}min")
    return " ".join(parts)


def nights(count: int) -> str:
    """Write a number of nights."""
    return str(ngettext("%(num)s night", "%(num)s nights", count))


def night_count(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    """Count the nights of a stay by its dates."""
    return (end.astimezone(zone).date() - start.astimezone(zone).date()).days


def chosen_nights(choice: Choice) -> int:
    """Count the nights that are chosen."""
    return choice.minutes // DAY


def people(count: int) -> str:
    """Write the size of a party."""
    return str(ngettext("%(num)s person", "%(num)s people", count))


def zone_name(zone: ZoneInfo) -> str:
    """Write a time zone by its city: Paris."""
    return str(get_timezone_location(zone, current_language(), return_city=True))


def until(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Write the end of a stretch of time; with its date where that is another."""
    here, there = start.astimezone(zone), end.astimezone(zone)
    if here.date() == there.date() or there - there.replace(hour=0, minute=0) == timedelta():
        return clock(end, zone)
    return f"{day(end, zone)}, {clock(end, zone)}"


# ---------------------------------------------------------------- words


def per_unit(service: Service) -> str:
    """Say what the price of a service is for: "per person", "a night", "an hour"; nothing for a whole booking."""
    if service.unit is PriceUnit.PARTICIPANT:
        return str(gettext("per person"))
    if service.unit is PriceUnit.BOOKING:
        return ""
    if service.is_by_night:
        return str(gettext("a night"))
    return str(
        gettext("an hour") if service.duration == 60 else gettext("per %(time)s", time=duration(service.duration))
    )


def least_price(service: Service, found: int) -> int:
    """Return the least that a unit can cost anybody: what was found, the usual price, and rates open to all."""
    return min(found, service.price, *(one.price for one in service.pricing_tiers if _is_open_rate(service, one)))


def _is_open_rate(service: Service, tier: PricingTier) -> bool:
    """Leave out what goes by the account, by another unit, or buys more than one unit."""
    is_package = service.unit is PriceUnit.BLOCK and package_minutes(compile_condition(tier.condition)) is not None
    return not is_package and "user." not in tier.condition and tier.per in (None, service.unit)


def line_label(service: Service, label: str, tier_index: int | None) -> str:
    """Write the name of a price line in the reader's language."""
    return line_name(service, current_language(), label, tier_index)


def lines(text: str) -> Markup:
    """Keep the line ends that a person typed."""
    return Markup("<br>").join(text.split("\n"))


def first_name(name: str) -> str:
    """Return what to call a person."""
    return (name.split() or [""])[0]


def agreed_price(booking: Booking) -> Quote:
    """Return the price that was agreed when the booking was made, in the form of a quote."""
    names = [one.name for one in fields(QuoteLine)]
    kept: list[dict[str, Any]] = [{name: line.get(name) for name in names} for line in booking.price_lines]
    return Quote(booking.currency, tuple(QuoteLine(**line) for line in kept), booking.tax, booking.total_price)


def again(booking: Booking) -> dict[str, Any]:
    """Return the query of the service's page that asks for the same once more, at another time."""
    return {"participants": booking.participants if booking.participants > 1 else None}


def phone_text(number: str) -> str:
    """Write an E.164 number as people read it, +33 1 23 45 67 89; what an adopted booking has otherwise, as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    text = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return text.replace(" ", NO_BREAK)


def name_of(staff: Iterable[StaffMember], staff_id: str | None) -> str | None:
    """Return the name of a member, None where nobody is chosen."""
    return next((one.name for one in staff if one.id == staff_id), None)


def price_hidden(choice: Choice) -> dict[str, Any]:
    """Return what the form in the price box keeps of the choice, for the page itself and for the next one."""
    both = {**choice.query(), **(choice.order_query() if choice.start else {})}
    return {name: value for name, value in both.items() if not name.startswith(DECLARED)}


def said(error: FieldError) -> str:
    """Say what is wrong, in the reader's language; a pattern means nothing to who fills in a form."""
    if error.code == "pattern":
        return str(gettext("This is not written as expected. Check that nothing is missing, too much or mistyped."))
    return errors.said(error.message, error.params)


def answer(value: Any, service: Service, field: CustomField) -> str:
    """Write an answer to a field as people read it."""
    labels = option_labels(service, field)
    if isinstance(value, bool):
        return str(gettext("Yes") if value else gettext("No"))
    if isinstance(value, list):
        return ", ".join(str(labels.get(one, one)) for one in value)
    if isinstance(value, int | float):
        return number(value)
    if field.type == "date":
        return _written_date(str(value))
    return labels.get(value, str(value))


def _written_date(text: str) -> str:
    try:
        return _date(parse_date(text, FIRST_YEAR), "d MMMM")
    except InstantError:  # an adopted booking may hold anything
        return text


STATUS_WORDS: Mapping[str, str] = {
    BookingStatus.PENDING: N_("Approval asked for"),
    BookingStatus.CONFIRMED: N_("Confirmed"),
    BookingStatus.CANCELLED: N_("Cancelled"),
    BookingStatus.COMPLETED: N_("Completed"),
    BookingStatus.NO_SHOW: N_("No-show"),
    BookingStatus.RESCHEDULED: N_("Moved"),
    BookingStatus.WAITLISTED: N_("On the waitlist"),
}


def status_word(status: BookingStatus) -> str:
    """Write a booking's status."""
    return str(gettext(STATUS_WORDS[status]))
