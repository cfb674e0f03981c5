"""How is a booking priced, made, read and listed?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.availability import Diary, booking_window, nearest
from portal.domain.booking import Booking
from portal.domain.errors import (
    BookingError,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    LimitReached,
    NotFound,
    PriceChanged,
    SlotUnavailable,
    TooManyBookings,
    TooManyHolds,
)
from portal.domain.identity import new_id
from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.domain.money import Amount
from portal.domain.notifications import Kind
from portal.domain.payments import MOST_UNPAID_HOLDS
from portal.domain.price_override import PriceOverride, listed_total
from portal.domain.pricing import Quote
from portal.domain.rules import Rules
from portal.domain.service import CancellationPolicy, Service
from portal.domain.team_notes import written_notes
from portal.domain.timerange import DAY, instant_of
from portal.store import bookings, catalogue
from portal.store.bookings import BookingRow
from portal.store.db import MAX_ATTEMPTS, StaleRead, db, transaction
from portal.store.locks import lock
from portal.usecases import places
from portal.usecases.access import owner_of_reads, require_active
from portal.usecases.audit import note
from portal.usecases.catalogue import load_service, services_by_id
from portal.usecases.desk import Guest, check_price, welcome
from portal.usecases.diary import locks_of, read_diary
from portal.usecases.holds import lapse_hold, let_lapse
from portal.usecases.idempotency import Once, keep_answer, raise_earlier_answer
from portal.usecases.messages import tell_customer
from portal.usecases.orders import (
    CUSTOMER_SOURCES,
    CreateBooking,
    Order,
    check_order,
    check_quotable,
    require_active_service,
    require_chargeable,
)
from portal.usecases.slots import PricedSlot, is_offered, priced

ALTERNATIVE_DAYS = 14
LEAST_APPROVAL_TIME = timedelta(hours=1)


def quote_booking(command: CreateBooking, caller: Account | None, rules: Rules, now: datetime) -> Quote:
    """Say what a booking would cost; it needs no free slot and takes nothing."""
    service = load_service(db.session(), command.service_id, rules)
    require_active_service(service, caller)
    price = check_quotable(command, service, caller, rules, now).price(now)
    if caller and command.desk:
        check_price(price, command.desk, caller, rules)
    require_chargeable(price, command, rules)
    return price


def create_booking(
    command: CreateBooking, caller: Account, rules: Rules, now: datetime, once: Once[Booking] | None = None
) -> Booking:
    """Book a place, or raise what stands against it.

    Raises Invalid with all errors at once, SlotUnavailable with the nearest alternatives, PriceChanged with the new
    quote, LimitReached, TooManyBookings, Overloaded, Replay.
    """
    require_active(caller)
    for _ in range(MAX_ATTEMPTS):
        order = _read_order(command, caller, rules, now, once)
        try:
            return _create(order, caller, rules, now, once)
        except StaleRead:  # the service or its staff changed between the check and the lock: check again
            db.session.rollback()
        except SlotUnavailable:
            raise SlotUnavailable(alternatives(order, rules, now)) from None
    raise Conflict


def order_errors(command: CreateBooking, caller: Account, rules: Rules, now: datetime) -> tuple[FieldError, ...]:
    """Name what the rules find wrong in a request that is refused anyway."""
    try:
        _read_order(command, caller, rules, now, None)
    except Invalid as refused:
        return refused.errors
    except BookingError:
        pass
    return ()


def _read_order(
    command: CreateBooking, caller: Account, rules: Rules, now: datetime, once: Once[Booking] | None
) -> Order:
    """Check the request; one that was answered before keeps its answer, whatever became of the service since."""
    try:
        service = load_service(db.session(), command.service_id, rules)
        require_active_service(service, caller)
        return check_order(command, service, caller, rules, now)
    except BookingError:
        raise_earlier_answer(db.session(), once)
        raise


def _create(order: Order, caller: Account, rules: Rules, now: datetime, once: Once[Booking] | None) -> Booking:
    service = order.service
    staff = catalogue.resources_and_staff(db.session(), (), bool(service.required_staff))[1]
    wanted = locks_of(service, staff, order.time, order.customer.id)

    def work(session: Session) -> Booking:
        lock(session, wanted)
        raise_earlier_answer(session, once)
        current = load_service(session, service.id, rules)
        reading = read_diary(session, current, order.time, rules, now)
        needed = locks_of(current, dict(reading.diary.supply.staff), order.time, order.customer.id)
        if current.version != service.version or not wanted.covers(needed):
            raise StaleRead
        for lapsed in reading.lapsed_in(wanted.span):  # their places are free; their rows must not stand in the way
            let_lapse(session, lapsed, now)
        welcome(session, order.guest or Guest(caller))
        booking = _book(session, reading.diary, order, caller, now)
        keep_answer(session, once, booking, now)
        return booking

    return transaction(work)


def _book(session: Session, diary: Diary, order: Order, caller: Account, now: datetime) -> Booking:
    _check_time(diary, order, caller, now)
    price = order.price(now)
    quoted = order.command.quoted_total
    if quoted is not None and quoted != price.total:
        raise PriceChanged(price)
    check_price(price, order.desk, caller, diary.rules)
    is_due = require_chargeable(price, order.command, diary.rules)
    _check_limits(session, diary.rules, order, is_due, caller, now)
    approval = _approval(diary, order, price, caller, now)
    hold = _hold(order, diary.rules, now) if is_due else approval.deadline
    place = places.take(session, diary, order.time, order.ask, hold, relaxed=caller.is_staff)
    values = _row_values(diary, order, price, approval, place, now) | _due_values(is_due, hold)
    session.execute(insert(BookingRow).values(**values))
    places.keep(session, place, values["id"])
    note(session, values["id"], caller, "create", now, to_status=values["status"])
    if order.desk.override:
        note_price(session, values["id"], price, order.desk.override, caller, now)
    booking = BookingRow(**values).value()
    if not is_due:  # else there is nothing to tell before something is paid
        tell_customer(session, booking, Kind.BOOKING_CREATED if approval.needed else Kind.BOOKING_CONFIRMATION, now)
    return booking


def _hold(order: Order, rules: Rules, now: datetime) -> datetime:
    """Return until when a place waits for its money."""
    return order.desk.pay_until or now + timedelta(minutes=rules.hold_minutes)


def note_price(
    session: Session, booking_id: str, price: Quote, agreed: PriceOverride, caller: Account, now: datetime
) -> None:
    """Leave in the trail which total was agreed on instead of which, and why."""
    before, after = Amount(listed_total(price), price.currency), Amount(agreed.total, price.currency)
    note(session, booking_id, caller, "price", now, reason=f"{before} \u2192 {after}: {agreed.reason.strip()}")


def _due_values(is_due: bool, hold: datetime | None) -> dict[str, Any]:
    """Return the columns of a booking that has to be paid first: it is pending even if nobody must agree to it."""
    if not is_due:
        return {"hold_expires_at": hold}
    return {"status": BookingStatus.PENDING, "payment_status": PaymentStatus.PENDING, "hold_expires_at": hold}


def _check_time(diary: Diary, order: Order, caller: Account, now: datetime) -> None:
    """A customer books one of the slots; staff may book off the grid, outside hours and windows."""
    if caller.is_staff:
        return
    first, end = booking_window(diary.service, diary.rules, now)
    if not first <= order.time[0] < end or not diary.is_on_grid(*order.time):
        raise SlotUnavailable
    if not diary.rules.may_start(order.time[0], diary.service.zone, caller.attributes):
        raise SlotUnavailable


def _check_limits(session: Session, rules: Rules, order: Order, is_due: bool, caller: Account, now: datetime) -> None:
    if caller.is_staff or order.command.source not in CUSTOMER_SOURCES:
        return
    done = bookings.activity(session, caller.id, now, now - timedelta(hours=1))
    if rules.max_active_bookings and done.ahead >= rules.max_active_bookings:
        raise LimitReached(limit=rules.max_active_bookings)
    if rules.max_bookings_per_hour and done.recent >= rules.max_bookings_per_hour:
        raise TooManyBookings(retry_after=3600, limit=rules.max_bookings_per_hour)
    if is_due and done.unpaid >= MOST_UNPAID_HOLDS:
        raise TooManyHolds(limit=MOST_UNPAID_HOLDS)


@dataclass(frozen=True)
class _Approval:
    """Whether staff have to agree first, by when, and whether it takes an admin.

    `latest` is when it would be too late, however long they were given.
    """

    needed: bool = False
    by_admin: bool = False
    deadline: datetime | None = None
    latest: datetime | None = None


def _approval(diary: Diary, order: Order, price: Quote, caller: Account, now: datetime) -> _Approval:
    """Hold the place for APPROVAL_HOURS, or until the lead time before the start begins, if sooner.

    Where that would leave less than an hour, the start itself is the deadline: a request that can never be answered
    in time helps nobody.
    """
    rules = diary.rules
    by_admin = needs_admin(price, rules)
    if caller.is_staff or not (diary.service.requires_approval or rules.require_approval or by_admin):
        return _Approval()
    lead = instant_of(booking_window(diary.service, rules, now)[0]) - now
    notice = order.starts_at - lead
    latest = notice if notice - now >= LEAST_APPROVAL_TIME else order.starts_at
    return _Approval(True, by_admin, min(now + timedelta(hours=rules.approval_hours), latest), latest)


def needs_admin(price: Quote, rules: Rules) -> bool:
    """Tell whether a total is so high that an admin has to agree."""
    return bool(rules.approval_over) and price.total > rules.approval_over


def _row_values(
    diary: Diary,
    order: Order,
    price: Quote,
    approval: _Approval,
    place: places.Place,
    now: datetime,
) -> dict[str, Any]:
    command, service = order.command, order.service
    return {
        "id": new_id(),
        "service_id": service.id,
        "user_id": order.customer.id,
        "start_date": order.starts_at,
        "end_date": order.ends_at,
        "status": BookingStatus.PENDING if approval.needed else BookingStatus.CONFIRMED,
        "participants": order.ask.party,
        "participant_details": list(order.participant_details) or None,
        **price_values(price),
        "notes": command.notes,
        "internal_notes": written_notes(order.desk.internal_notes or "") or None,
        "contact_email": order.contact_email,
        "contact_phone": order.contact_phone,
        "reference_id": command.reference_id,
        "assigned_resources": place.assigned_resources,
        "assigned_staff": place.assigned_staff,
        "unfilled_roles": place.unfilled_roles,
        "occurrence_id": place.occurrence_id,
        "custom_field_values": dict(order.answers),
        "meta": dict(order.metadata),
        "source": command.source,
        "cancellation_policy": _agreed_policy(service, diary.rules),
        "approval_needed": approval.needed,
        "approval_by_admin": approval.by_admin,
        "approval_latest": approval.latest,
        "created_at": now,
        "updated_at": now,
    }


def price_values(price: Quote) -> dict[str, Any]:
    """Return the columns that keep a quote; each line with its rate, by which it is invoiced."""
    rate = None if price.tax_rate is None else str(price.tax_rate)
    return {
        "total_price": price.total,
        "tax": price.tax,
        "currency": price.currency,
        "price_lines": [{**asdict(line), "kind": str(line.kind), "tax_rate": rate} for line in price.lines],
    }


def _agreed_policy(service: Service, rules: Rules) -> dict[str, Any]:
    """Return the policy that this booking keeps, with the house rules filled in."""
    own = service.cancellation_policy or CancellationPolicy.model_validate(
        {"allowCancellation": rules.allow_cancellation}
    )
    cutoff = rules.cancellation_deadline_hours if own.cutoff_hours is None else own.cutoff_hours
    return {**own.model_dump(mode="json", by_alias=True), "cutoffHours": float(cutoff)}


def alternatives(order: Order, rules: Rules, now: datetime) -> list[PricedSlot]:
    """Return up to five free slots nearest to the time asked for, of the same length and party."""
    start = order.time[0]
    first, end = booking_window(order.service, rules, now)
    window = max(first, start - ALTERNATIVE_DAYS * DAY), min(end, start + ALTERNATIVE_DAYS * DAY)
    if window[0] >= window[1]:
        return []
    db.session.rollback()
    diary, user = read_diary(db.session(), order.service, window, rules, now).diary, order.customer.attributes
    free = [one for one in diary.slots(order.ask, window) if is_offered(diary, one, order.ask, user)]
    return priced(order.service, nearest(free, start), order.ask, now, user)


def get_booking(booking_id: str, caller: Account, now: datetime) -> Booking:
    """Find a booking; another's is not found.

    Raises NotFound.
    """
    booking = bookings.booking_by_id(db.session(), booking_id, owner_of_reads(caller))
    if booking is None:
        raise NotFound
    if booking.has_lapsed(now):
        lapse_hold(booking.id, now)
        return bookings.booking_by_id(db.session(), booking_id, None) or booking
    return booking


@dataclass(frozen=True)
class BookingQuery:
    """Which bookings to list; instants bound the start, `to` exclusive; `after` is the last one of the page before."""

    status: tuple[BookingStatus, ...] = ()
    service_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    staff_id: str | None = None
    user_id: str | None = None
    limit: int = 100
    after: str | None = None


@dataclass(frozen=True)
class BookingPage:
    """A page of bookings, the services they are of, and where the next page begins (None: no more)."""

    bookings: tuple[Booking, ...]
    services: Mapping[str, Service]
    next_after: str | None


def list_bookings(query: BookingQuery, caller: Account, rules: Rules, now: datetime) -> BookingPage:
    """List bookings in order of start: the caller's own, for staff everybody's."""
    found = _list(query, caller)
    lapsed = [one.id for one in found if one.has_lapsed(now)]
    if lapsed:
        for booking_id in lapsed:
            lapse_hold(booking_id, now)
        found = _list(query, caller)
    page = found[: query.limit]
    more = page[-1].id if len(found) > query.limit else None
    return BookingPage(tuple(page), services_by_id([one.service_id for one in page], rules), more)


def _list(query: BookingQuery, caller: Account) -> Sequence[Booking]:
    owner = owner_of_reads(caller)
    if owner is not None and (query.staff_id or query.user_id):
        raise Forbidden
    return bookings.list_bookings(
        db.session(),
        user_id=owner or query.user_id,
        status=query.status,
        service_id=query.service_id,
        start=query.start,
        end=query.end,
        staff_id=query.staff_id,
        limit=query.limit + 1,
        after=query.after,
    )
