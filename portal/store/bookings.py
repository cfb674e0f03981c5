"""Tables and queries of bookings, of the places they take, and of what happened to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    and_,
    case,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.domain.assignment import AssignedResource, AssignedStaff
from portal.domain.booking import Booking, Section
from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.domain.service import CancellationPolicy
from portal.domain.supply import Use
from portal.domain.timerange import DAY, EPOCH, Range
from portal.store import db as database
from portal.store.db import Base, deleted
from portal.store.types import Json, LongText, Sealed, SealedJson, UtcDateTime

LIVE = (BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.COMPLETED, BookingStatus.NO_SHOW)
CUSTOMER_SOURCES = ("web", "mobile", "api")
ID = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts only INTEGER keys by itself


class BookingRow(Base):
    """A booking; the first columns are the original's, those from `price_lines` on are ours."""

    __tablename__ = "booking"
    __table_args__ = (
        Index("idx_booking_service_id", "service_id"),
        Index("idx_booking_start_date", "start_date"),
        Index("idx_booking_status", "status"),
        Index("idx_booking_payment_status", "payment_status"),
        Index("idx_booking_stripe_payment_intent", "stripe_payment_intent_id"),
        Index("idx_booking_user_id", "user_id"),
        Index(None, "user_id", "created_at"),
        Index(None, "hold_expires_at"),
        Index(None, "occurrence_id"),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    service_id: Mapped[str] = mapped_column(String(255), ForeignKey("booking_service.id"))
    user_id: Mapped[str] = mapped_column(String(255), ForeignKey("user.id"))
    parent_booking_id: Mapped[str | None] = mapped_column(String(255), ForeignKey("booking.id"))
    start_date: Mapped[datetime] = mapped_column(UtcDateTime)
    end_date: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(50), server_default="pending")
    participants: Mapped[int] = mapped_column(Integer, server_default="1")
    participant_details: Mapped[Any | None] = mapped_column(SealedJson("booking.participant_details"))
    total_price: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str | None] = mapped_column(String(3))
    discounts: Mapped[Any | None] = mapped_column(Json)
    payment_status: Mapped[str | None] = mapped_column(String(50))
    payment_method: Mapped[str | None] = mapped_column(String(100))
    payment_transaction_id: Mapped[str | None] = mapped_column(String(255))
    stripe_payment_intent_id: Mapped[str | None] = mapped_column(String(255))
    stripe_customer_id: Mapped[str | None] = mapped_column(String(255))
    stripe_checkout_session_id: Mapped[str | None] = mapped_column(String(255))
    notes: Mapped[str | None] = mapped_column(LongText)
    contact_email: Mapped[str | None] = mapped_column(String(255))
    contact_phone: Mapped[str | None] = mapped_column(Sealed("booking.contact_phone"))
    reference_id: Mapped[str | None] = mapped_column(String(255))
    assigned_resources: Mapped[Any | None] = mapped_column(Json)
    assigned_staff: Mapped[Any | None] = mapped_column(Json)
    check_in: Mapped[datetime | None] = mapped_column(UtcDateTime)
    check_out: Mapped[datetime | None] = mapped_column(UtcDateTime)
    custom_field_values: Mapped[Any | None] = mapped_column(SealedJson("booking.custom_field_values"))
    recurring_config: Mapped[Any | None] = mapped_column(Json)
    waitlist_info: Mapped[Any | None] = mapped_column(Json)
    source: Mapped[str | None] = mapped_column(String(50))
    internal_notes: Mapped[str | None] = mapped_column(LongText)
    meta: Mapped[Any | None] = mapped_column("metadata", Json)
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    rating: Mapped[int | None] = mapped_column(Integer)
    feedback: Mapped[str | None] = mapped_column(LongText)
    referral_source: Mapped[str | None] = mapped_column(String(255))
    price_lines: Mapped[Any | None] = mapped_column(Json)
    tax: Mapped[int | None] = mapped_column(Integer)
    hold_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approval_by_admin: Mapped[bool | None] = mapped_column(Boolean)
    occurrence_id: Mapped[str | None] = mapped_column(String(255))
    unfilled_roles: Mapped[Any | None] = mapped_column(Json)
    cancellation_policy: Mapped[Any | None] = mapped_column(Json)
    approval_needed: Mapped[bool | None] = mapped_column(Boolean)
    approval_latest: Mapped[datetime | None] = mapped_column(UtcDateTime)
    payment_authorised: Mapped[bool | None] = mapped_column(Boolean)
    amount_paid: Mapped[int | None] = mapped_column(Integer)
    amount_refunded: Mapped[int | None] = mapped_column(Integer)
    lapsed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def value(self) -> Booking:
        """Return the booking as a value."""
        return Booking(
            id=self.id,
            service_id=self.service_id,
            user_id=self.user_id,
            parent_booking_id=self.parent_booking_id,
            start=self.start_date,
            end=self.end_date,
            status=BookingStatus(self.status or BookingStatus.PENDING),
            participants=self.participants or 1,
            participant_details=tuple(self.participant_details or ()),
            total_price=self.total_price,
            currency=self.currency or "EUR",
            discounts=tuple(self.discounts or ()),
            payment_status=PaymentStatus(self.payment_status) if self.payment_status else None,
            payment_method=self.payment_method,
            notes=self.notes,
            contact_email=self.contact_email,
            contact_phone=self.contact_phone,
            reference_id=self.reference_id,
            assigned_resources=tuple(_resource(one) for one in self.assigned_resources or ()),
            assigned_staff=tuple(_staff(one) for one in self.assigned_staff or ()),
            check_in=self.check_in,
            check_out=self.check_out,
            custom_field_values=self.custom_field_values or {},
            recurring_config=self.recurring_config,
            waitlist_info=self.waitlist_info,
            source=self.source,
            internal_notes=self.internal_notes,
            metadata=self.meta or {},
            created_at=self.created_at or self.start_date,
            updated_at=self.updated_at or self.start_date,
            rating=self.rating,
            feedback=self.feedback,
            referral_source=self.referral_source,
            price_lines=tuple(self.price_lines or ()),
            tax=self.tax or 0,
            hold_expires_at=self.hold_expires_at,
            approval_by_admin=bool(self.approval_by_admin),
            occurrence_id=self.occurrence_id,
            unfilled_roles=tuple(self.unfilled_roles or ()),
            cancellation_policy=_policy(self.cancellation_policy),
            approval_needed=bool(self.approval_needed),
            approval_latest=self.approval_latest,
            payment_authorised=bool(self.payment_authorised),
            amount_paid=self.amount_paid or 0,
            amount_refunded=self.amount_refunded or 0,
            lapsed_at=self.lapsed_at,
        )


def resource_json(assigned: Iterable[AssignedResource]) -> list[dict[str, Any]]:
    """Write assigned resources in the API's form."""
    return [
        {"resourceId": one.resource_id, "resourceName": one.resource_name, "quantity": one.quantity} for one in assigned
    ]


def staff_json(assigned: Iterable[AssignedStaff]) -> list[dict[str, Any]]:
    """Write assigned staff members in the API's form."""
    return [{"staffId": one.staff_id, "staffName": one.staff_name, "role": one.role} for one in assigned]


def _policy(stored: Any) -> CancellationPolicy | None:
    return CancellationPolicy.model_validate(stored) if stored else None


def _resource(stored: dict[str, Any]) -> AssignedResource:
    return AssignedResource(stored["resourceId"], stored.get("resourceName", ""), stored.get("quantity", 1))


def _staff(stored: dict[str, Any]) -> AssignedStaff:
    return AssignedStaff(stored["staffId"], stored.get("staffName", ""), stored.get("role", ""))


class OccurrenceRow(Base):
    """One date of an event or course, shared by its bookings; the CHECKs are the second guard of its seats."""

    __tablename__ = "occurrence"
    __table_args__ = (
        UniqueConstraint("service_id", "starts", "ends"),
        CheckConstraint("taken >= 0", "taken_not_negative"),
        CheckConstraint("seats IS NULL OR taken <= seats", "not_oversold"),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    service_id: Mapped[str] = mapped_column(String(255), ForeignKey("booking_service.id"))
    starts: Mapped[int] = mapped_column(Integer)  # minutes since 1970 UTC
    ends: Mapped[int] = mapped_column(Integer)
    seats: Mapped[int | None] = mapped_column(Integer)
    taken: Mapped[int] = mapped_column(Integer)
    assigned_resources: Mapped[Any | None] = mapped_column(Json)
    assigned_staff: Mapped[Any | None] = mapped_column(Json)


class AllocationRow(Base):
    """Units of a place taken in one UTC day, buffers included: one row a day, so that a window reads only its days.

    Of seats ("o:…") there is one row a booking, under the day of the start, with the occurrence's start and end; what
    the occurrence itself takes has no booking.
    `single` repeats the place where only one unit exists: unique with the start, and on PostgreSQL no two may overlap.
    `expires_at` (microseconds since 1970) ends a hold: from then on the row counts for nothing.
    """

    __tablename__ = "allocation"
    __table_args__ = (
        Index(None, "place", "day"),
        Index(None, "booking_id"),
        Index(None, "occurrence_id"),
        UniqueConstraint("single", "starts"),
    )

    id: Mapped[int] = mapped_column(ID, primary_key=True, autoincrement=True)
    place: Mapped[str] = mapped_column(String(260))
    day: Mapped[int] = mapped_column(Integer)
    starts: Mapped[int] = mapped_column(Integer)
    ends: Mapped[int] = mapped_column(Integer)
    quantity: Mapped[int] = mapped_column(Integer)
    single: Mapped[str | None] = mapped_column(String(260))
    booking_id: Mapped[str | None] = mapped_column(String(255), ForeignKey("booking.id", ondelete="CASCADE"))
    occurrence_id: Mapped[str | None] = mapped_column(String(255), ForeignKey("occurrence.id", ondelete="CASCADE"))
    expires_at: Mapped[int | None] = mapped_column(BigInteger)


class AuditRow(Base):
    """One line of the trail: who, when, from, to, why."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "booking_id"),)

    id: Mapped[int] = mapped_column(ID, primary_key=True, autoincrement=True)
    booking_id: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[str | None] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(50))
    from_status: Mapped[str | None] = mapped_column(String(50))
    to_status: Mapped[str | None] = mapped_column(String(50))
    reason: Mapped[str | None] = mapped_column(LongText)


class IdempotencyRow(Base):
    """The answer that a key was given; it repeats what is sealed in the booking."""

    __tablename__ = "idempotency_key"

    caller: Mapped[str] = mapped_column(String(255), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(Sealed("idempotency_key.answer"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def delete_old_answers(session: Session, until: datetime) -> int:
    """Forget the answers that were given until an instant; returns how many."""
    return deleted(session, delete(IdempotencyRow).where(IdempotencyRow.created_at <= until))


def microseconds_of(instant: datetime) -> int:
    """Return the microseconds since 1970: as exact as the hold's end on the booking itself."""
    return (instant - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Taken:
    """What is taken of some places, and the bookings whose lapsed holds still have rows there, by their minutes."""

    uses: tuple[Use, ...] = ()
    lapsed: Mapping[str, Range] = field(default_factory=dict)


def taken(session: Session, places: Iterable[str], window: Range, now: datetime) -> Taken:
    """Load what is taken of some places in a window of minutes: one query, whose cost is what lies in the window."""
    wanted = sorted(set(places))
    if not wanted:
        return Taken()
    row = AllocationRow
    columns = (row.place, row.starts, row.ends, row.quantity, row.expires_at, row.booking_id, row.occurrence_id)
    statement = select(*columns).where(row.place.in_(wanted), row.day.between(window[0] // DAY, window[1] // DAY))
    instant = microseconds_of(now)
    uses: list[Use] = []
    lapsed: dict[str, Range] = {}
    occurrences: dict[str, Range] = {}
    for place, starts, ends, quantity, expires_at, booking_id, occurrence_id in session.execute(statement):
        if expires_at is None or expires_at > instant:
            uses.append(Use(place, starts, ends, quantity))
        else:
            found, holder = (occurrences, occurrence_id or "") if booking_id is None else (lapsed, booking_id)
            before = found.get(holder, (starts, ends))
            found[holder] = min(before[0], starts), max(before[1], ends)
    return Taken(tuple(uses), lapsed | _holders_of(session, occurrences))


def _holders_of(session: Session, occurrences: Mapping[str, Range]) -> dict[str, Range]:
    """Find the bookings of occurrences that lapsed: what these took goes with the last of them."""
    if not occurrences:
        return {}
    row = AllocationRow
    statement = select(row.booking_id, row.occurrence_id).where(row.occurrence_id.in_(occurrences))
    return {booking: occurrences[own] for booking, own in session.execute(statement) if booking and own}


def add_allocations(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Store allocations in one statement: without `render_nulls` those that lack a column would go by themselves."""
    if rows:
        session.execute(insert(AllocationRow).execution_options(render_nulls=True), list(rows))


def delete_allocations(session: Session, booking_id: str) -> bool:
    """Free what a booking takes by itself (seats of an occurrence included, the occurrence's own not).

    Tells whether it still had something.
    """
    done = session.execute(delete(AllocationRow).where(AllocationRow.booking_id == booking_id))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def booking_by_id(session: Session, booking_id: str, owner: str | None) -> Booking | None:
    """Find a booking; with an owner, only if it is his. Every read of one booking decides here."""
    statement = select(BookingRow).where(BookingRow.id == booking_id)
    if owner is not None:
        statement = statement.where(BookingRow.user_id == owner)
    row = session.scalar(statement.execution_options(populate_existing=True))
    return row.value() if row else None


def occurrences_of(session: Session, services: Iterable[str], span: Range) -> list[tuple[str, int, int]]:
    """Return service, start and seats taken of the dates that begin in a span of minutes, the next one first."""
    row, wanted = OccurrenceRow, sorted(services)
    if not wanted:
        return []
    statement = select(row.service_id, row.starts, row.taken).where(
        row.service_id.in_(wanted), row.starts >= span[0], row.starts < span[1]
    )
    return [(one.service_id, one.starts, one.taken) for one in session.execute(statement.order_by(row.starts, row.id))]


def ids_ending(session: Session, ending: str) -> list[str]:
    """Return the ids that end with some hexadecimal digits; seldom more than one."""
    statement = select(BookingRow.id).where(BookingRow.id.like(f"%{ending}")).order_by(BookingRow.id)
    return list(session.scalars(statement.limit(10)))


def list_bookings(
    session: Session,
    *,
    user_id: str | None = None,
    status: Sequence[BookingStatus] = (),
    service_id: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    staff_id: str | None = None,
    limit: int = 100,
    after: str | None = None,
) -> list[Booking]:
    """List bookings by start, then id; `start` and `end` (exclusive) bound the start."""
    conditions: list[ColumnElement[bool]] = []
    if user_id is not None:
        conditions.append(BookingRow.user_id == user_id)
    if status:
        conditions.append(BookingRow.status.in_(status))
    if service_id is not None:
        conditions.append(BookingRow.service_id == service_id)
    if start is not None:
        conditions.append(BookingRow.start_date >= start)
    if end is not None:
        conditions.append(BookingRow.start_date < end)
    if staff_id is not None:
        conditions.append(BookingRow.id.in_(served_by(staff_id)))
    if after is not None:
        conditions.append(_is_after(after))
    statement = select(BookingRow).where(*conditions).order_by(BookingRow.start_date, BookingRow.id).limit(limit)
    return [row.value() for row in session.scalars(statement.execution_options(populate_existing=True))]


def served_by(staff_id: str) -> Any:
    """Select the bookings that a member serves; the text holds his id between quotes, as JSON writes it."""
    quoted = f'"staffId":{orjson.dumps(staff_id).decode()}'
    pattern = "%" + quoted.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"
    return select(BookingRow.id).where(type_coerce(BookingRow.assigned_staff, LongText).like(pattern, escape="/"))


def _is_after(booking_id: str) -> ColumnElement[bool]:
    """Select what comes after a booking in the order of lists."""
    start = select(BookingRow.start_date).where(BookingRow.id == booking_id).scalar_subquery()
    return or_(BookingRow.start_date > start, and_(BookingRow.start_date == start, BookingRow.id > booking_id))


def locked_booking(session: Session, booking_id: str, owner: str | None) -> Booking | None:
    """Find a booking and hold its row until the transaction ends."""
    statement = select(BookingRow).where(BookingRow.id == booking_id)
    if owner is not None:
        statement = statement.where(BookingRow.user_id == owner)
    if session.get_bind().dialect.name != "sqlite" and not database.LOCKS_OFF:
        statement = statement.with_for_update()
    row = session.scalar(statement.execution_options(populate_existing=True))
    return row.value() if row else None


def move_status(session: Session, booking_id: str, old: BookingStatus, new: BookingStatus, **changes: Any) -> bool:
    """Set a status by compare-and-set; tell whether it was still the old one."""
    statement = (
        update(BookingRow).where(BookingRow.id == booking_id, BookingRow.status == old).values(status=new, **changes)
    )
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def change_booking(session: Session, booking_id: str, **changes: Any) -> None:
    """Set columns of a booking other than its status."""
    session.execute(update(BookingRow).where(BookingRow.id == booking_id).values(**changes))


@dataclass(frozen=True)
class Activity:
    """How much a customer has booked: `ahead` holds places now, `recent` was made since the instant asked for.

    `unpaid` are those among the first that wait for a payment.
    """

    ahead: int
    recent: int
    unpaid: int


def activity(session: Session, user_id: str, now: datetime, since: datetime) -> Activity:
    """Count a customer's own bookings for the limits, in one query; a series counts once, what lapsed not at all."""
    own = (BookingRow.user_id == user_id, BookingRow.parent_booking_id.is_(None), _counts_for_limits(now))
    ahead = select(func.count()).where(
        *own,
        BookingRow.end_date > now,
        BookingRow.status.in_((BookingStatus.PENDING, BookingStatus.CONFIRMED)),
    )
    recent = select(func.count()).where(*own, BookingRow.created_at > since)
    unpaid = select(func.count()).where(
        *own,
        BookingRow.status == BookingStatus.PENDING,
        BookingRow.payment_status.is_not(None),
        BookingRow.payment_authorised.is_not(True),
    )
    counts = (one.scalar_subquery() for one in (ahead, recent, unpaid))
    row = session.execute(select(*counts)).one()
    return Activity(*row)


def _counts_for_limits(now: datetime) -> ColumnElement[bool]:
    holds = or_(BookingRow.hold_expires_at.is_(None), BookingRow.hold_expires_at > now)
    return and_(holds, or_(BookingRow.source.is_(None), BookingRow.source.in_(CUSTOMER_SOURCES)))


def live_bookings_of(session: Session, service_id: str, now: datetime) -> int:
    """Count a service's live bookings ahead."""
    holds = or_(BookingRow.hold_expires_at.is_(None), BookingRow.hold_expires_at > now)
    live = and_(BookingRow.status.in_(LIVE), or_(BookingRow.status != BookingStatus.PENDING, holds))
    statement = select(func.count()).where(BookingRow.service_id == service_id, live, BookingRow.end_date > now)
    return session.scalar(statement) or 0


def has_bookings(session: Session, service_id: str) -> bool:
    """Tell whether a service was ever booked."""
    return session.scalar(select(BookingRow.id).where(BookingRow.service_id == service_id).limit(1)) is not None


def lapsed_bookings(session: Session, now: datetime, limit: int = 100) -> list[str]:
    """Return pending bookings whose hold has lapsed."""
    statement = (
        select(BookingRow.id)
        .where(BookingRow.hold_expires_at <= now, BookingRow.status == BookingStatus.PENDING)
        .order_by(BookingRow.hold_expires_at.desc(), BookingRow.id)  # those that a bank is long deciding about, last
        .limit(limit)
    )
    return list(session.scalars(statement))


def past_bookings(session: Session, now: datetime, limit: int = 500) -> list[str]:
    """Return confirmed bookings that are over, the oldest first."""
    row = BookingRow
    statement = select(row.id).where(row.status == BookingStatus.CONFIRMED, row.end_date <= now)
    return list(session.scalars(statement.order_by(row.end_date, row.id).limit(limit)))


def placeless_bookings(session: Session, now: datetime) -> list[Booking]:
    """Return the live bookings ahead that hold no place, in the order in which they were made."""
    holders = select(AllocationRow.booking_id).where(AllocationRow.booking_id.is_not(None))
    statement = select(BookingRow).where(
        BookingRow.status.in_((BookingStatus.PENDING, BookingStatus.CONFIRMED)),
        or_(BookingRow.hold_expires_at.is_(None), BookingRow.hold_expires_at > now),
        BookingRow.end_date > now,
        BookingRow.id.not_in(holders),
    )
    return [row.value() for row in session.scalars(statement.order_by(BookingRow.created_at, BookingRow.id))]


def audit_trail(session: Session, booking_id: str) -> list[AuditRow]:
    """Return what happened to a booking, in order."""
    return list(session.scalars(select(AuditRow).where(AuditRow.booking_id == booking_id).order_by(AuditRow.id)))


AHEAD = (BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.WAITLISTED)


def own_bookings(
    session: Session, user_id: str, section: Section, now: datetime, limit: int, offset: int = 0
) -> list[Booking]:
    """List a section of a customer's bookings: ahead from the next one on, else from the last one back."""
    row = BookingRow
    order = (row.start_date, row.id) if section is Section.AHEAD else (row.start_date.desc(), row.id.desc())
    statement = select(row).where(row.user_id == user_id, _sections(now)[section]).order_by(*order)
    statement = statement.limit(limit).offset(offset)
    return [one.value() for one in session.scalars(statement.execution_options(populate_existing=True))]


def count_sections(session: Session, user_id: str, now: datetime) -> dict[Section, int]:
    """Count a customer's bookings by section, in one query."""
    sections = _sections(now)
    columns = [func.coalesce(func.sum(case((sections[one], 1), else_=0)), 0) for one in Section]
    found = session.execute(select(*columns).where(BookingRow.user_id == user_id)).one()
    return dict(zip(Section, map(int, found), strict=True))


def _sections(now: datetime) -> dict[Section, ColumnElement[bool]]:
    """Return the condition of each section; every booking is in exactly one. A lapsed hold counts as cancelled."""
    row = BookingRow
    holds = row.hold_expires_at
    lapsed = and_(row.status == BookingStatus.PENDING, holds.is_not(None), holds <= now)
    ahead = and_(row.status.in_(AHEAD), row.end_date > now, not_(lapsed))
    cancelled = or_(row.status == BookingStatus.CANCELLED, lapsed)
    past = and_(not_(ahead), not_(cancelled))
    return {Section.AHEAD: ahead, Section.PAST: past, Section.CANCELLED: cancelled}


def own_bookings_at(session: Session, user_id: str, service_id: str, start: datetime, now: datetime) -> list[Booking]:
    """List what a customer has already booked of a service at one time."""
    row = BookingRow
    statement = select(row).where(
        row.user_id == user_id, row.service_id == service_id, row.start_date == start, _sections(now)[Section.AHEAD]
    )
    return [one.value() for one in session.scalars(statement.order_by(row.created_at, row.id))]
