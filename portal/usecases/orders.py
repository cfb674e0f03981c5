"""What does somebody ask to book, and what is wrong with it? Everything is checked at once, before any lock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from portal.domain.account import Account
from portal.domain.availability import Ask, ask_errors, default_length, end_of
from portal.domain.contact import ContactError, checked_email, normal_phone
from portal.domain.errors import N_, AmountNotChargeable, FieldError, Invalid, NotFound
from portal.domain.fields import check_answers, check_participants, merge_metadata
from portal.domain.lifecycle import Source
from portal.domain.money import Amount
from portal.domain.payments import charge_step, is_chargeable, least_charge
from portal.domain.price_override import with_override
from portal.domain.pricing import LONGEST, MAX_TOTAL, PriceRequest, Quote, quote
from portal.domain.rules import Rules
from portal.domain.schedule import check_in_minute, check_out_minute
from portal.domain.service import Service
from portal.domain.timerange import DAY, Range, instant_of, local_date, minute_of
from portal.usecases.desk import Desk, Guest, desk_errors, guest_of, link_errors
from portal.usecases.slots import price_request

CUSTOMER_SOURCES = frozenset({Source.WEB, Source.MOBILE, Source.API})


@dataclass(frozen=True)
class CreateBooking:
    """A booking as it is asked for; `start` and `end` are instants, or for a stay also plain dates."""

    service_id: str
    start: datetime | date
    end: datetime | date | None = None
    participants: int | None = None
    notes: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    custom_field_values: Mapping[str, Any] = field(default_factory=dict)
    participant_details: tuple[Mapping[str, Any], ...] = ()
    promo_code: str | None = None
    staff_id: str | None = None
    recurring_config: Mapping[str, Any] | None = None
    join_waitlist: bool = False
    source: Source = Source.API
    reference_id: str | None = None
    quoted_total: int | None = None
    desk: Desk | None = None


@dataclass(frozen=True)
class Order:
    """A checked request: times are minutes, answers are in their stored form; without a guest nobody is known."""

    service: Service
    time: Range
    ask: Ask
    answers: Mapping[str, Any]
    metadata: Mapping[str, Any]
    participant_details: tuple[Mapping[str, Any], ...]
    contact_email: str | None
    contact_phone: str | None
    command: CreateBooking
    guest: Guest | None = None

    @property
    def customer(self) -> Account:
        """Whose booking it will be."""
        assert self.guest is not None, "only quotes are asked for by nobody"
        return self.guest.account

    @property
    def desk(self) -> Desk:
        """What the team say of it: of a customer's order, nothing."""
        return self.command.desk or Desk()

    @property
    def starts_at(self) -> datetime:
        return instant_of(self.time[0])

    @property
    def ends_at(self) -> datetime:
        return instant_of(self.time[1])

    def price(self, now: datetime) -> Quote:
        """Return the price for the customer, or what was agreed on; conditions read metadata and answers alike."""
        declared, user = {**self.metadata, **self.answers}, self.guest.account.attributes if self.guest else {}
        request = price_request(self.starts_at, self.ends_at, self.ask, now, now, user, declared)
        price = priced_quote(self.service, request)
        return with_override(price, self.desk.override) if self.desk.override else price


def priced_quote(service: Service, request: PriceRequest) -> Quote:
    """Return the price, or raise Invalid where no card could pay it: Stripe takes eight digits."""
    price = quote(service, request)
    if price.total > MAX_TOTAL:
        message = N_("The total is above what can be charged. Ask for fewer people or a shorter time.")
        raise Invalid([FieldError("participants", "total_too_large", message)])
    return price


def require_chargeable(price: Quote, command: CreateBooking, rules: Rules) -> bool:
    """Tell whether a price has to be paid by card before the booking counts.

    What the team books for a caller or a guest at the desk is due on site, unless they hand over a link to pay by.
    Raises AmountNotChargeable.
    """
    by_link = command.desk is not None and command.desk.pay_until is not None
    if not rules.takes_payment or not price.total or not (by_link or command.source in CUSTOMER_SOURCES):
        return False
    total = Amount(price.total, price.currency)
    if not is_chargeable(total):
        least = max(least_charge(price.currency), charge_step(price.currency))
        raise AmountNotChargeable(total=total, least=Amount(least, price.currency))
    return True


def check_order(command: CreateBooking, service: Service, caller: Account, rules: Rules, now: datetime) -> Order:
    """Return the checked request, or raise Invalid with every error there is, each at its field."""
    errors: list[FieldError] = []
    time, length = _time(service, command, errors)
    party = service.min_party if command.participants is None else command.participants
    errors += _ask_errors(service, party, length, caller)
    guest = _guest(command, service, caller, rules, now, errors)
    errors += link_errors(command.desk, instant_of(time[0]), now) if command.desk and time else []
    details = check_participants(
        command.participant_details, party, service.participant_details_required, region=rules.region
    )
    answers, metadata = _answers(service, command, rules, errors)
    email, phone = _contact(command, guest.account, rules, errors)
    errors += details.errors
    errors += _staff_errors(service, command) + _source_errors(command, caller) + _later_errors(command)
    if errors or time is None or length is None:
        raise Invalid(errors)
    return Order(
        service,
        time,
        Ask(party, length, command.staff_id),
        answers,
        metadata,
        details.details,
        email,
        phone,
        command,
        guest,
    )


def _guest(
    command: CreateBooking, service: Service, caller: Account, rules: Rules, now: datetime, errors: list[FieldError]
) -> Guest:
    if command.desk is None:
        return Guest(caller)
    wrong = desk_errors(command.desk, service, caller, rules)
    errors += wrong
    return guest_of(command.desk, caller, now, errors) if caller.is_staff else Guest(caller)


def check_quotable(
    command: CreateBooking, service: Service, caller: Account | None, rules: Rules, now: datetime
) -> Order:
    """Return the request with only what a price depends on checked: answers and a newcomer may still be missing."""
    errors: list[FieldError] = []
    time, length = _time(service, command, errors)
    party = service.min_party if command.participants is None else command.participants
    errors += _ask_errors(service, party, length, caller)
    errors += _later_errors(command)
    guest = Guest(caller) if caller else None
    if command.desk:
        errors += desk_errors(command.desk, service, caller, rules)
    if caller and command.desk and command.desk.newcomer:
        guest = None  # nothing is known of somebody new
    elif caller and caller.is_staff and command.desk:
        guest = guest_of(command.desk, caller, now, errors)
    if errors or time is None or length is None:
        raise Invalid(errors)
    answers, metadata = merge_metadata(service.custom_fields, command.custom_field_values, command.metadata)
    return Order(service, time, Ask(party, length), answers, metadata, (), None, None, command, guest)


def _ask_errors(service: Service, party: int, length: int | None, caller: Account | None) -> list[FieldError]:
    """Name what makes a party or a length impossible; staff may book any length, of a stay any nights."""
    length = default_length(service) if length is None else length
    errors = ask_errors(service, party, length)
    least = DAY if service.is_by_night else 1
    if caller and caller.is_staff and least <= length <= LONGEST:
        return [one for one in errors if one.field != "endDate"]
    return errors


def _time(service: Service, command: CreateBooking, errors: list[FieldError]) -> tuple[Range | None, int | None]:
    """Return start and end in minutes and the length that counts; put what is wrong into `errors`."""
    start = _minute(service, command.start, "startDate", errors)
    end = _minute(service, command.end, "endDate", errors) if command.end is not None else None
    if start is None or (command.end is not None and end is None):
        return None, None
    if end is None:
        length = default_length(service)
        return (start, end_of(service, start, length)), length
    if end <= start:
        errors.append(FieldError("endDate", "end_before_start", N_("Let the booking end after it starts.")))
        return None, None
    return (start, end), _length(service, start, end)


def _length(service: Service, start: int, end: int) -> int:
    """Count nights by their dates; whether the hours fit is for the slots to say."""
    if not service.is_by_night:
        return end - start
    nights = (local_date(end, service.zone) - local_date(start, service.zone)).days
    return nights * DAY


def _minute(service: Service, given: datetime | date, name: str, errors: list[FieldError]) -> int | None:
    if isinstance(given, datetime):
        if given.second or given.microsecond:
            errors.append(FieldError(name, "whole_minutes", N_("Give whole minutes.")))
            return None
        return minute_of(given)
    if not service.is_by_night:
        message = N_("Give the time too, like 2026-12-08T09:30:00Z.")
        errors.append(FieldError(name, "time_missing", message))
        return None
    return check_in_minute(service, given) if name == "startDate" else check_out_minute(service, given)


def _answers(
    service: Service, command: CreateBooking, rules: Rules, errors: list[FieldError]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    merged, metadata = merge_metadata(service.custom_fields, command.custom_field_values, command.metadata)
    checked = check_answers(service.custom_fields, merged, region=rules.region)
    errors += checked.errors
    return checked.values, metadata


def _contact(
    command: CreateBooking, customer: Account, rules: Rules, errors: list[FieldError]
) -> tuple[str | None, str | None]:
    email, phone = command.contact_email or customer.email, command.contact_phone
    try:
        email = checked_email(command.contact_email) if command.contact_email else email
    except ContactError as error:
        errors.append(error.at("contactEmail"))
    try:
        phone = normal_phone(phone, rules.region) if phone else None
    except ContactError as error:
        errors.append(error.at("contactPhone"))
    return email, phone


def _staff_errors(service: Service, command: CreateBooking) -> list[FieldError]:
    if command.staff_id is None:
        return []
    named = [need.specific_staff_ids for need in service.required_staff]
    if service.required_staff and any(not ids or command.staff_id in ids for ids in named):
        return []
    return [FieldError("staffId", "unknown_staff", N_("This person does not offer this service. Choose another."))]


def _source_errors(command: CreateBooking, caller: Account | None) -> list[FieldError]:
    if command.source in CUSTOMER_SOURCES or (caller and caller.is_staff):
        return []
    return [FieldError("source", "staff_only", N_("Only staff may give this source. Leave it out."))]


def _later_errors(command: CreateBooking) -> list[FieldError]:
    """Refuse what this version cannot do yet, rather than book something else than was asked for."""
    errors = []
    if command.promo_code:
        errors.append(FieldError("promoCode", "unknown_code", N_("This promo code is not known. Check its spelling.")))
    if command.recurring_config:
        message = N_("Series cannot be booked here yet. Book each date by itself.")
        errors.append(FieldError("recurringConfig", "not_offered", message))
    if command.join_waitlist:
        message = N_("There is no waitlist here yet. Leave joinWaitlist out.")
        errors.append(FieldError("joinWaitlist", "not_offered", message))
    return errors


def require_active_service(service: Service, caller: Account | None) -> None:
    """Raise NotFound for a service that is switched off, but to staff."""
    if not service.is_active and not (caller and caller.is_staff):
        raise NotFound
