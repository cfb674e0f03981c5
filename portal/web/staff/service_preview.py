"""What stands beside the editor: the customer's times, price and form of a service as it is being written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.domain.availability import booking_window
from portal.domain.conditions import ConditionError, compile_condition
from portal.domain.errors import FieldError, Invalid
from portal.domain.fields import check_answers, declared_from_form
from portal.domain.instants import InstantError, parse_date, parse_instant
from portal.domain.patterns import PatternError, compile_pattern, matches
from portal.domain.pricing import Quote, declared_inputs
from portal.domain.service import DAY, CustomField, FieldType, Service
from portal.domain.timerange import local_date
from portal.usecases.catalogue import draft_service
from portal.usecases.service_preview import DAYS, Trial, preview_price, preview_slots
from portal.usecases.slots import PricedSlot
from portal.web.context import current_rules, now
from portal.web.errors import said
from portal.web.forms import PriceInput, price_inputs, whole
from portal.web.session import account
from portal.web.staff.condition_words import condition_words
from portal.web.staff.draft import Draft
from portal.web.staff.service_form import payload

TRY = "try"
USER = f"{TRY}.user."
Form = MultiDict[str, str]


@dataclass(frozen=True)
class Reading:
    """What a condition or a pattern says of itself; `is_bad` where it cannot be used, or an answer does not fit."""

    id: str
    text: str
    is_bad: bool = False


@dataclass(frozen=True)
class PreviewDay:
    """A day of the week that is shown, and its times."""

    day: date
    slots: tuple[PricedSlot, ...]


@dataclass(frozen=True)
class Preview:
    """The service as it would be, None as long as something is wrong with it."""

    service: Service | None = None
    days: tuple[PreviewDay, ...] = ()
    day: date | None = None
    chosen: PricedSlot | None = None
    price: Quote | None = None
    problem: str = ""
    attributes: tuple[str, ...] = ()
    inputs: Sequence[PriceInput] = ()
    readings: tuple[Reading, ...] = field(default=())

    @property
    def times(self) -> tuple[PricedSlot, ...]:
        """The times of the day that is looked at."""
        return next((one.slots for one in self.days if one.day == self.day), ())


def preview_of(draft: Draft, form: Form, service_id: str = "draft") -> Preview:
    """Look at a draft as a customer would."""
    found = readings(draft)
    try:
        service = draft_service(payload(draft), current_rules(), service_id)
    except Invalid:
        return Preview(readings=found)
    return _preview(service, form, found)


def _preview(service: Service, form: Form, found: tuple[Reading, ...]) -> Preview:
    trial, names = _trial(service, form), _attributes(service)
    first = _first_day(service, form.get("try.day"))
    shown: dict[str, Any] = {
        "service": service,
        "attributes": names,
        "inputs": price_inputs(service),
        "readings": found,
    }
    try:
        slots = preview_slots(service, first, trial, account(), current_rules(), now())
        days = _by_day(service, first, slots)
        day = first if any(one.slots for one in days if one.day == first) else _first_free(days)
        chosen = _chosen(form, next((one.slots for one in days if one.day == day), ()))
        price = preview_price(service, chosen.slot.starts_at, trial, account(), now()) if chosen else None
    except Invalid as error:
        return Preview(day=first, problem=_problem(error.errors), **shown)
    return Preview(days=days, day=day, chosen=chosen, price=price, **shown)


def _problem(errors: Sequence[FieldError]) -> str:
    return " ".join(said(one.message, one.params) for one in errors)


def _first_day(service: Service, typed: str | None) -> date:
    """Return the day to begin with: what was chosen, else the first that the booking window allows."""
    try:
        return parse_date(typed or "")
    except InstantError:
        return local_date(booking_window(service, current_rules(), now())[0], service.zone)


def _by_day(service: Service, first: date, slots: Sequence[PricedSlot]) -> tuple[PreviewDay, ...]:
    found: dict[date, list[PricedSlot]] = {first + timedelta(days=index): [] for index in range(DAYS)}
    for one in slots:
        found[one.slot.starts_at.astimezone(service.zone).date()].append(one)
    return tuple(PreviewDay(day, tuple(many)) for day, many in found.items())


def _first_free(days: Sequence[PreviewDay]) -> date:
    return next((one.day for one in days if one.slots), days[0].day)


def _chosen(form: Form, slots: Sequence[PricedSlot]) -> PricedSlot | None:
    start = _instant(form.get("try.start"))
    return next((one for one in slots if one.slot.starts_at == start), slots[0] if slots else None)


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_instant(text) if text else None
    except InstantError:
        return None


# ---------------------------------------------------------------- what is tried


def _trial(service: Service, form: Form) -> Trial:
    length = whole(form.get("try.length"))
    if length and service.is_by_night:
        length *= DAY
    given = {name.removeprefix(f"{TRY}."): values for name, values in form.lists() if name.startswith(f"{TRY}.")}
    return Trial(
        whole(form.get("try.party")),
        length if service.is_by_night or service.is_variable else None,
        {name: _attribute(form.get(USER + name, "")) for name in _attributes(service) if form.get(USER + name)},
        declared_from_form(declared_inputs(service), given),
    )


def _attributes(service: Service) -> tuple[str, ...]:
    """Return the marks of customers that prices ask for."""
    names = [name for tier in service.pricing_tiers for name in compile_condition(tier.condition).appearing]
    return tuple(dict.fromkeys(name.removeprefix("user.") for name in names if name.startswith("user.")))


def _attribute(text: str) -> Any:
    """Read a mark as staff type it: yes and no, a number, else text."""
    text = text.strip()
    known: Mapping[str, bool] = {"true": True, "false": False}
    if text.lower() in known:
        return known[text.lower()]
    return int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else text


# ---------------------------------------------------------------- what conditions and patterns say


def readings(draft: Draft) -> tuple[Reading, ...]:
    """Read every condition and pattern back."""
    tiers = (_condition(f"tier-{index}", row) for index, row in enumerate(draft.get("pricingTiers") or ()))
    fields = (_pattern(f"pattern-{index}", row) for index, row in enumerate(draft.get("customFields") or ()))
    return (*tiers, *fields)


def _condition(name: str, row: Draft) -> Reading:
    text = row.get("condition")
    if not text:
        return Reading(name, "")
    try:
        return Reading(name, str(gettext("If %(condition)s.", condition=condition_words(text))))
    except ConditionError as error:
        return Reading(name, said(error.template, error.params), is_bad=True)


def _pattern(name: str, row: Draft) -> Reading:
    pattern, sample = row.get("validation"), row.get("sample")
    if not pattern or not sample:
        return Reading(name, "")
    try:
        compile_pattern(pattern)
    except PatternError:
        return Reading(name, str(gettext("This pattern cannot be used.")), is_bad=True)
    if _fits(row, pattern, sample):
        return Reading(name, str(gettext("“%(answer)s” is accepted.", answer=sample)))
    return Reading(name, str(gettext("“%(answer)s” is refused.", answer=sample)), is_bad=True)


def _fits(row: Draft, pattern: str, sample: str) -> bool:
    """Ask the check of answers itself; a telephone number is tried in all its spellings there."""
    if row.get("type") != FieldType.PHONE:
        return matches(pattern, sample)
    asked = CustomField(id="sample", name="sample", type=FieldType.PHONE, validation=pattern)
    return not check_answers([asked], {"sample": sample}, region=current_rules().region).errors
