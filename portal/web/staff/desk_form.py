"""What did the desk choose and type, read from its one form? What cannot be read is said, at its field."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from portal.domain.account import Account
from portal.domain.errors import N_, FieldError, NotFound
from portal.domain.instants import InstantError, local_instant, parse_date, parse_instant
from portal.domain.lifecycle import Source
from portal.domain.money import Amount, minor_digits
from portal.domain.pay_links import DEFAULT_HOURS, HOURS, pay_until
from portal.domain.price_override import REASON, TOTAL, PriceOverride
from portal.domain.pricing import MAX_TOTAL
from portal.domain.schedule import check_in_minute
from portal.domain.service import DAY, Service
from portal.domain.text import has_controls
from portal.domain.timerange import instant_of
from portal.usecases.catalogue import get_service
from portal.usecases.desk import Desk, Newcomer
from portal.usecases.orders import CreateBooking
from portal.web.context import current_rules, now
from portal.web.forms import Choice, Texts, amount_of, choice_of, command_of, note_errors, typed_text, whole

SOURCES = (Source.PHONE, Source.WALK_IN, Source.ADMIN)
NEWCOMER = ("newCustomer.name", "newCustomer.email")
# What the rules call a field, where the form asks for it under another name.
ASKED_AS = {"startDate": "time", "endDate": "length", "customerId": "q", "payUntil": "payHours", "newCustomer": "q"}


@dataclass(frozen=True)
class DeskForm:
    """What the form says; `choice` is there once a service is, with a start once a time is."""

    given: Texts
    customer: Account | None
    day: date
    choice: Choice | None
    errors: tuple[FieldError, ...]

    @property
    def service(self) -> Service | None:
        return self.choice.service if self.choice else None

    @property
    def has_start(self) -> bool:
        return self.choice is not None and self.choice.start is not None


def read_form(given: Texts, customer: Account | None, caller: Account) -> DeskForm:
    """Read the form as it was sent; its button may take another time."""
    errors: list[FieldError] = []
    service = _service(given, caller, errors)
    if service:
        _take(given, service)
    day = _day(given, service, errors if service else [])  # before the service is known, no field asks for the day
    choice = _choice(service, day, given, errors) if service else None
    return DeskForm(given, customer, day, choice, tuple(errors))


def _service(given: Texts, caller: Account, errors: list[FieldError]) -> Service | None:
    wanted = given.get("service", "")
    try:
        if wanted and not has_controls(wanted):
            return get_service(wanted, current_rules(), caller)
    except NotFound:
        pass
    errors.append(FieldError("service", "required", N_("Choose a service.")))
    return None


def _take(given: Texts, service: Service) -> None:
    """Choose one of the times that were offered instead of one that is taken."""
    try:
        start = parse_instant(given.get("take", ""))
    except InstantError:
        return
    given["when"], given["time"] = given["take"], ""
    given["date"] = start.astimezone(service.zone).date().isoformat()


def _day(given: Texts, service: Service | None, errors: list[FieldError]) -> date:
    """Return the day that is looked at, the service's today where none was said."""
    text = given.get("date", "").strip()
    try:
        if text:
            return parse_date(text)
    except InstantError as error:
        errors.append(error.at("date"))
    zone = service.zone if service else ZoneInfo(current_rules().time_zone)
    return now().astimezone(zone).date()


def _choice(service: Service, day: date, given: Texts, errors: list[FieldError]) -> Choice:
    plain = {name: value for name, value in given.items() if name not in {"start", "end", "date", "duration", "nights"}}
    choice = choice_of(service, MultiDict(plain))
    party = _number(given, "participants", N_("Give the number of people."), errors)
    length = _number(given, "length", N_("Give the length as a whole number above 0."), errors)
    minutes = length * DAY if length and service.is_by_night else length
    return choice.at(day=None, start=_start(service, day, given, errors), length=minutes, participants=party)


def _number(given: Texts, name: str, message: str, errors: list[FieldError]) -> int | None:
    text = given.get(name, "").strip()
    found = whole(text)
    if text and found is None:
        errors.append(FieldError(name, "whole", message))
    return found


def _start(service: Service, day: date, given: Texts, errors: list[FieldError]) -> datetime | None:
    """Return when it starts: a time that was typed counts, else the one that was chosen on that day."""
    typed, chosen = given.get("time", "").strip(), given.get("when", "")
    try:
        if typed:
            return local_instant(day, typed, service.zone)
        start = parse_instant(chosen) if chosen else None
    except InstantError as error:
        errors.append(error.at("time"))
        return None
    if start and start.astimezone(service.zone).date() == day:
        return start
    if service.is_by_night and given.get("date"):
        return instant_of(check_in_minute(service, day))
    errors.append(FieldError("time", "required", N_("Choose a time, or type one.")))
    return None


# ---------------------------------------------------------------- the booking


def command_from(form: DeskForm) -> tuple[CreateBooking, list[FieldError]]:
    """Return the booking that is asked for, and what of it cannot be read; without a time it is asked for now."""
    assert form.choice is not None
    given, errors = form.given, list(form.errors)
    choice = form.choice if form.has_start else form.choice.at(start=now().replace(second=0, microsecond=0))
    command = command_of(choice, given)
    errors += note_errors(command.notes)
    desk = Desk(
        customer_id=form.customer.id if form.customer else None,
        newcomer=_newcomer(form, errors),
        override=override_from(given, choice.service.currency, errors),
        pay_until=_pay_until(given, choice, errors),
        internal_notes=typed_text(given, "internalNotes"),
    )
    return replace(command, source=_source(given, errors), desk=desk), errors


def _newcomer(form: DeskForm, errors: list[FieldError]) -> Newcomer | None:
    if form.customer:
        return None
    name, email = (form.given.get(field, "").strip() for field in NEWCOMER)
    if name or email:
        return Newcomer(name, email)
    message = N_("Choose a customer, or give the name and e-mail address of a new one.")
    errors.append(FieldError("q", "required", message))
    return None


def override_from(given: Texts, currency: str, errors: list[FieldError]) -> PriceOverride | None:
    """Return the price that was agreed on, None where none was typed."""
    typed, reason = given.get(TOTAL, "").strip(), given.get(REASON, "").strip()
    if not typed:
        if reason:
            errors.append(FieldError(TOTAL, "required", N_("Write the total, or leave the reason empty as well.")))
        return None
    total = amount_of(typed, currency)
    if total is not None:
        return PriceOverride(total, reason)
    example = f"{Decimal(4500).scaleb(-minor_digits(currency))}"
    message = N_("Write an amount from %(least)s to %(most)s, such as %(example)s.")
    bounds = {"least": Amount(0, currency), "most": Amount(MAX_TOTAL, currency), "example": example}
    errors.append(FieldError(TOTAL, "amount", message, bounds))
    return None


def _pay_until(given: Texts, choice: Choice, errors: list[FieldError]) -> datetime | None:
    if given.get("pay") != "link" or choice.start is None:
        return None
    hours = given.get("payHours", str(DEFAULT_HOURS))
    if hours not in {str(one) for one in HOURS}:
        errors.append(FieldError("payHours", "enum", N_("Choose one from the list.")))
        return None
    return pay_until(int(hours), choice.start, now())


def _source(given: Texts, errors: list[FieldError]) -> Source:
    wanted = given.get("source", Source.PHONE.value)
    if wanted not in {one.value for one in SOURCES}:
        errors.append(FieldError("source", "enum", N_("Choose one from the list.")))
        return Source.PHONE
    return Source(wanted)


def as_asked(errors: Sequence[FieldError]) -> list[FieldError]:
    """Name errors by the form's own fields, one of a kind at a field."""
    found = {}
    for one in errors:
        named = replace(one, field=ASKED_AS.get(one.field, one.field))
        found[named.field, named.code] = named
    return list(found.values())
