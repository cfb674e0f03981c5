"""How does a customer change what he told us about a booking?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.availability import Ask, ask_errors
from portal.domain.booking import Booking
from portal.domain.contact import ContactError, checked_email, normal_phone
from portal.domain.errors import N_, Conflict, FieldError, Invalid, TooLateToChange, WrongState
from portal.domain.fields import check_participants
from portal.domain.lifecycle import BookingStatus
from portal.domain.price_override import override_of, with_override
from portal.domain.pricing import Quote
from portal.domain.rules import Rules
from portal.domain.schedule import length_of
from portal.domain.service import Service
from portal.domain.timerange import minute_of
from portal.store import bookings, catalogue
from portal.store.accounts import account_by_id
from portal.store.db import db
from portal.store.locks import Locks
from portal.usecases import places
from portal.usecases.access import require_active
from portal.usecases.audit import note
from portal.usecases.bookings import needs_admin, price_values
from portal.usecases.cancellations import terms_of
from portal.usecases.catalogue import load_service
from portal.usecases.changes import change_booking, find_booking
from portal.usecases.diary import locks_of, read_diary
from portal.usecases.holds import let_lapse
from portal.usecases.idempotency import Once
from portal.usecases.orders import priced_quote
from portal.usecases.slots import price_request


class Unchanged(Enum):
    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True)
class ChangeBooking:
    """What is to change; what is UNCHANGED stays, None empties it."""

    notes: str | Unchanged | None = UNCHANGED
    contact_email: str | Unchanged = UNCHANGED
    contact_phone: str | Unchanged | None = UNCHANGED
    participants: int | Unchanged = UNCHANGED
    participant_details: tuple[Mapping[str, Any], ...] | Unchanged = UNCHANGED


def update_booking(
    booking_id: str,
    command: ChangeBooking,
    caller: Account,
    rules: Rules,
    now: datetime,
    once: Once[Booking] | None = None,
) -> Booking:
    """Change notes, contact, participants or their details; another party is priced anew and keeps the time.

    Customers change the party until the cutoff, and only while nothing is paid. A total that the team agreed on stays:
    only they can change the party then.
    Raises Invalid, NotFound, SlotUnavailable, TooLateToChange, WrongState.
    """
    require_active(caller)
    wanted = _locks(booking_id, caller, rules)

    def change(session: Session, booking: Booking) -> None:
        _check_state(booking, now)
        service = load_service(session, booking.service_id, rules)
        party = booking.participants if isinstance(command.participants, Unchanged) else command.participants
        values = _checked(command, booking, service, party, rules)
        if party != booking.participants:
            _check_terms(booking, caller, rules, now)
            values |= _move_party(session, booking, service, party, caller, rules, now, wanted)
        bookings.change_booking(session, booking.id, **values, updated_at=now)
        note(session, booking.id, caller, "update", now)

    return change_booking(booking_id, caller, now, change, once, wanted)


def quote_party(booking_id: str, participants: int, caller: Account, rules: Rules, now: datetime) -> Quote:
    """Say what a booking would cost with another number of people; it takes nothing.

    Raises Invalid, NotFound, Conflict where the team agreed on its price.
    """
    booking = find_booking(booking_id, caller)
    _check_agreed(booking, caller)
    service = load_service(db.session(), booking.service_id, rules)
    length = _length(service, booking)
    if errors := [one for one in ask_errors(service, participants, length) if one.field == "participants"]:
        raise Invalid(errors)
    return _price(db.session(), service, booking, Ask(participants, length, _sole_member(booking)), now)


def _locks(booking_id: str, caller: Account, rules: Rules) -> Locks:
    """Return the locks of everything that another party could be given: a larger table is another resource."""
    booking = find_booking(booking_id, caller)
    service = load_service(db.session(), booking.service_id, rules)
    staff = catalogue.resources_and_staff(db.session(), (), bool(service.required_staff))[1]
    return locks_of(service, staff, (minute_of(booking.start), minute_of(booking.end)), booking.user_id)


def _check_state(booking: Booking, now: datetime) -> None:
    if booking.has_lapsed(now) or booking.status not in {BookingStatus.PENDING, BookingStatus.CONFIRMED}:
        raise WrongState(status=str(booking.status))


def _check_agreed(booking: Booking, caller: Account) -> None:
    """Raise Conflict where the price was agreed on for just so many people: it is the team's to say what holds now."""
    if override_of(booking) and not caller.is_staff:
        raise Conflict(N_("The team agreed on a price for this booking. Call them for another number of people."))


def _check_terms(booking: Booking, caller: Account, rules: Rules, now: datetime) -> None:
    _check_agreed(booking, caller)
    if booking.awaits_payment:
        raise Conflict(N_("Pay for this booking first, or drop it and book again for another number of people."))
    if booking.payment_status is not None:
        raise Conflict(N_("This booking is paid. Cancel it and book again for another number of people."))
    is_late = now > terms_of(booking, rules, now).cutoff  # whether or not it could be cancelled until then
    if is_late and not caller.is_staff and booking.status is not BookingStatus.PENDING:
        raise TooLateToChange


def _checked(command: ChangeBooking, booking: Booking, service: Service, party: int, rules: Rules) -> dict[str, Any]:
    """Return the new columns, or raise Invalid with everything wrong."""
    errors: list[FieldError] = []
    if party != booking.participants:
        errors += [one for one in ask_errors(service, party, _length(service, booking)) if one.field == "participants"]
    values = _contact_values(command, rules, errors)
    given = command.participant_details
    details = booking.participant_details if isinstance(given, Unchanged) else given
    checked = check_participants(details, party, service.participant_details_required, region=rules.region)
    errors += checked.errors
    if errors:
        raise Invalid(errors)
    values["participant_details"] = list(checked.details) or None
    return values


def _contact_values(command: ChangeBooking, rules: Rules, errors: list[FieldError]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if not isinstance(command.notes, Unchanged):
        values["notes"] = command.notes
    try:
        if not isinstance(command.contact_email, Unchanged):
            values["contact_email"] = checked_email(command.contact_email)
    except ContactError as error:
        errors.append(error.at("contactEmail"))
    try:
        if not isinstance(command.contact_phone, Unchanged):
            phone = command.contact_phone
            values["contact_phone"] = normal_phone(phone, rules.region) if phone else None
    except ContactError as error:
        errors.append(error.at("contactPhone"))
    return values


def _length(service: Service, booking: Booking) -> int:
    """Return the length that the price counts; of a stay that staff moved off its hours, the elapsed minutes."""
    start, end = minute_of(booking.start), minute_of(booking.end)
    return length_of(service, start, end) or end - start


def _move_party(
    session: Session,
    booking: Booking,
    service: Service,
    party: int,
    caller: Account,
    rules: Rules,
    now: datetime,
    wanted: Locks,
) -> dict[str, Any]:
    """Give the place back and take one for the new party, at the same time and with the same people where possible."""
    places.give_back(session, booking)
    time = minute_of(booking.start), minute_of(booking.end)
    reading = read_diary(session, service, time, rules, now)
    diary = reading.diary
    if not wanted.covers(locks_of(service, dict(diary.supply.staff), time, booking.user_id)):
        raise Conflict  # the service was given other resources or people since the locks were taken
    for lapsed in reading.lapsed_in(wanted.span):
        let_lapse(session, lapsed, now)
    ask = Ask(party, _length(service, booking), _sole_member(booking))
    place = places.take(session, diary, time, ask, booking.hold_expires_at, relaxed=caller.is_staff)
    places.keep(session, place, booking.id)
    return {
        "participants": party,
        "assigned_resources": place.assigned_resources,
        "assigned_staff": place.assigned_staff,
        "unfilled_roles": place.unfilled_roles,
        "occurrence_id": place.occurrence_id,
        **_new_price(_price(session, service, booking, ask, now), booking, caller, rules),
    }


def _new_price(price: Quote, booking: Booking, caller: Account, rules: Rules) -> dict[str, Any]:
    """Return the columns of a new price; one over APPROVAL_OVER is an admin's to agree to, however it comes about."""
    is_over = needs_admin(price, rules) and price.total > booking.total_price
    if is_over and booking.status is BookingStatus.CONFIRMED and not caller.is_staff:
        raise Conflict(N_("For so many people the team has to agree first. Call the team, or make another booking."))
    return {**price_values(price), "approval_by_admin": booking.approval_by_admin or is_over}


def _sole_member(booking: Booking) -> str | None:
    return booking.assigned_staff[0].staff_id if len(booking.assigned_staff) == 1 else None


def _price(session: Session, service: Service, booking: Booking, ask: Ask, now: datetime) -> Quote:
    """Price the new party for the customer whose booking it is, whoever changes it; an agreed total stays."""
    customer = account_by_id(session, booking.user_id)
    declared = {**(booking.metadata or {}), **(booking.custom_field_values or {})}
    user = customer.attributes if customer else {}
    request = price_request(booking.start, booking.end, ask, booking.created_at, now, user, declared)
    price, agreed = priced_quote(service, request), override_of(booking)
    return with_override(price, agreed) if agreed else price
