"""What did a customer choose and type, read from addresses and forms into the values that use-cases take?

Nothing is checked here but shape; what is wrong with an answer, the domain says.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from pydantic import TypeAdapter, ValidationError
from werkzeug.datastructures import MultiDict

from portal.domain.availability import default_length, end_of
from portal.domain.errors import N_, FieldError
from portal.domain.fields import DECLARED, PARTICIPANTS, answers_from_form, declared_from_form
from portal.domain.instants import InstantError, parse_date, parse_instant
from portal.domain.lifecycle import Source
from portal.domain.money import half_up, minor_digits
from portal.domain.pricing import declared_inputs
from portal.domain.service import DAY, Service
from portal.domain.shape import Prose, field_errors
from portal.domain.timerange import instant_of, local_date, minute_of
from portal.usecases.orders import CreateBooking

MONEY_INPUTS: Mapping[str, str] = {"order_total": N_("Value of your order")}  # asked in the main unit
PERSON = ("name", "email", "phone", "age", "notes")
NOTES: TypeAdapter[str] = TypeAdapter(Prose)

Texts = MultiDict[str, str]
NO_ANSWERS: Texts = MultiDict()


def whole(text: str | None) -> int | None:
    """Read a whole number above 0 as people type it; None for anything else."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text.strip()) and int(text) else None


def amount(text: str | None) -> int | None:
    """Read an amount in minor units as our own forms carry it."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,12}", text) else None


def amount_of(text: str, currency: str) -> int | None:
    """Read an amount as people type it, 12,50 or 12.50, in minor units; None for anything else."""
    digits = minor_digits(currency)
    fraction = rf"(?:[.,][0-9]{{1,{digits}}})?" if digits else ""
    plain = re.sub(r"[\s\u00a0\u202f]", "", text)
    if not re.fullmatch(rf"[0-9]{{1,9}}{fraction}", plain):
        return None
    return int(Decimal(plain.replace(",", ".")).scaleb(digits))


@dataclass(frozen=True)
class Choice:
    """What a customer has chosen of a service so far; all of it stands in the address of the page.

    `length` is in minutes, of a stay nights × 1440; `declared` as prices take it, `typed` as it was written.
    """

    service: Service
    day: date | None = None
    start: datetime | None = None
    length: int | None = None
    participants: int | None = None
    staff_id: str | None = None
    declared: Mapping[str, Any] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def party(self) -> int:
        """How many people: as chosen, or as few as can be."""
        return self.participants or self.service.min_party

    @property
    def minutes(self) -> int:
        """How long: as chosen, or one duration, one night."""
        return self.length or default_length(self.service)

    @property
    def end(self) -> datetime | None:
        """When it ends, once there is a start."""
        return instant_of(end_of(self.service, minute_of(self.start), self.minutes)) if self.start else None

    @property
    def local_day(self) -> date | None:
        """Which day to look at."""
        return self.start.astimezone(self.service.zone).date() if self.start else self.day

    def at(self, **changes: Any) -> "Choice":
        """Return the choice with something chosen differently."""
        return replace(self, **changes)

    def query(self) -> dict[str, Any]:
        """Return the query of the service's page."""
        by_night = self.service.is_by_night
        length = (
            None
            if self.length is None
            else {"nights" if by_night else "duration": self.length // (DAY if by_night else 1)}
        )
        times = {"start": written(self.start)} if self.start else {"date": self.day.isoformat() if self.day else None}
        return {**times, **(length or {}), **self._rest()}

    def order_query(self) -> dict[str, Any]:
        """Return the query of the page where this choice is booked."""
        return {"start": written(self.start), "end": written(self.end), **self._rest()}

    def _rest(self) -> dict[str, Any]:
        typed = {f"{DECLARED}.{name}": text for name, text in self.typed.items()}
        return {"participants": self.participants, "staffId": self.staff_id, **typed}


def written(moment: datetime | None) -> str | None:
    """Write an instant for an address: 2026-12-08T09:30Z."""
    return moment.strftime("%Y-%m-%dT%H:%MZ") if moment else None


def choice_of(service: Service, args: Texts) -> Choice:
    """Read the choice from an address; what cannot be read counts as not chosen."""
    start, length = _instant(args.get("start")), _length(service, args)
    end = _instant(args.get("end"))
    if start and end and length is None:
        length = _length_between(service, start, end)
    typed = {one.name: args.get(f"{DECLARED}.{one.name}", "").strip() for one in declared_inputs(service)}
    return Choice(
        service,
        day=_day(args.get("date")),
        start=start,
        length=length,
        participants=whole(args.get("participants")),
        staff_id=args.get("staffId", "").strip() or None,
        declared=_declared(service, args),
        typed={name: text for name, text in typed.items() if text},
    )


def _length(service: Service, args: Texts) -> int | None:
    if service.is_by_night:
        nights = whole(args.get("nights"))
        return nights * DAY if nights else None
    return whole(args.get("duration")) if service.is_variable else None


def _length_between(service: Service, start: datetime, end: datetime) -> int | None:
    if end <= start:
        return None
    first, last = minute_of(start), minute_of(end)
    if service.is_by_night:
        return (local_date(last, service.zone) - local_date(first, service.zone)).days * DAY or None
    return last - first


def _instant(text: str | None) -> datetime | None:
    try:
        return parse_instant(text) if text else None
    except InstantError:
        return None


def _day(text: str | None) -> date | None:
    try:
        return parse_date(text) if text else None
    except InstantError:
        return None


# ---------------------------------------------------------------- inputs that prices ask for


@dataclass(frozen=True)
class PriceInput:
    """A declared input as the page asks for it; `label` is translated where it is shown."""

    name: str
    label: str
    is_number: bool
    is_money: bool

    @property
    def field(self) -> str:
        """Its name in forms."""
        return f"{DECLARED}.{self.name}"


def price_inputs(service: Service) -> list[PriceInput]:
    """List what the service's prices ask for; a name that we do not know is its own label."""
    return [
        PriceInput(
            one.name,
            MONEY_INPUTS.get(one.name, one.name.replace("_", " ").capitalize()),
            one.is_number,
            one.name in MONEY_INPUTS,
        )
        for one in declared_inputs(service)
    ]


def _declared(service: Service, args: Texts) -> dict[str, Any]:
    found = declared_from_form(declared_inputs(service), args.to_dict(flat=False))
    return {name: _in_minor_units(value, name, service.currency) for name, value in found.items()}


def _in_minor_units(value: Any, name: str, currency: str) -> Any:
    if name not in MONEY_INPUTS or not isinstance(value, int | float):
        return value
    return half_up(Decimal(str(value)).scaleb(minor_digits(currency)))


# ---------------------------------------------------------------- the booking


def command_of(choice: Choice, form: Texts, quoted_total: int | None = None) -> CreateBooking:
    """Return the booking that is asked for."""
    service = choice.service
    assert choice.start is not None
    return CreateBooking(
        service_id=service.id,
        start=choice.start,
        end=choice.end,
        participants=choice.party,
        notes=typed_text(form, "notes"),
        contact_email=typed_text(form, "contactEmail"),
        contact_phone=typed_text(form, "contactPhone"),
        metadata=choice.declared,
        custom_field_values=answers_from_form(service.custom_fields, form.to_dict(flat=False)),
        participant_details=participants_from_form(form, choice.party if service.participant_details_required else 0),
        staff_id=choice.staff_id,
        source=Source.WEB,
        quoted_total=quoted_total,
    )


def typed_text(form: Texts, name: str) -> str | None:
    """Return what was typed into a field, None where it was left blank."""
    return form.get(name, "").replace("\r\n", "\n").strip() or None


def participants_from_form(form: Texts, party: int) -> tuple[dict[str, Any], ...]:
    """Read the participants' details from inputs named `participantDetails.<index>.<name>`."""
    return tuple(dict(_person(form, index)) for index in range(min(party, 1000)))


def _person(form: Texts, index: int) -> Iterator[tuple[str, Any]]:
    for name in PERSON:
        text = form.get(f"{PARTICIPANTS}.{index}.{name}", "").strip()
        if text:
            yield name, int(text) if name == "age" and re.fullmatch(r"[0-9]{1,3}", text) else text


def note_errors(text: str | None) -> Sequence[FieldError]:
    """Name what is wrong with the shape of the free text, at `notes`."""
    try:
        NOTES.validate_python(text or "", strict=True)
    except ValidationError as error:
        return field_errors(error, "notes")
    return ()


# ---------------------------------------------------------------- what fields are called

LABELS: Mapping[str, str] = {
    "contactEmail": N_("E-mail address"),
    "contactPhone": N_("Telephone"),
    "notes": N_("Message to the team"),
    "participants": N_("Number of people"),
    "startDate": N_("Time"),
    "endDate": N_("Length"),
    "staffId": N_("With whom"),
    PARTICIPANTS: N_("Participants"),
}
PERSON_LABELS: Mapping[str, str] = {
    "name": N_("Participant %(number)s, name"),
    "email": N_("Participant %(number)s, e-mail address"),
    "phone": N_("Participant %(number)s, telephone"),
    "age": N_("Participant %(number)s, age"),
}


def field_labels(people: int) -> dict[str, str]:
    """Return what each field of a booking is called, for the summary of errors."""
    persons = {
        f"{PARTICIPANTS}.{index}.{name}": str(gettext(label)) % {"number": index + 1}
        for index in range(people)
        for name, label in PERSON_LABELS.items()
    }
    return {name: str(gettext(label)) for name, label in LABELS.items()} | persons
