"""Tables and queries of payments, refunds, disputes, and of what the provider told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    not_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from portal.domain.payments import (
    EXCLUSIVE,
    UNFINISHED,
    Payment,
    PaymentKind,
    PaymentState,
    Refund,
    RefundState,
    Why,
)
from portal.store import db as database
from portal.store.db import Base, deleted
from portal.store.types import Json, LongText, UtcDateTime

ID = 255


class PaymentRow(Base):
    """One attempt to pay; `open_for` repeats the booking while the attempt lasts, so that there is only one.

    `amount_captured` and `amount_refunded` are in the currency that was paid; refunds that failed do not count.
    """

    __tablename__ = "payment"
    __table_args__ = (
        Index(None, "booking_id"),
        Index(None, "status", "updated_at"),
        UniqueConstraint("key"),
        UniqueConstraint("open_for"),
        UniqueConstraint("session_id"),
        UniqueConstraint("intent_id"),
        CheckConstraint("amount_captured >= 0", "captured_not_negative"),
        CheckConstraint("amount_refunded >= 0", "refunded_not_negative"),
        CheckConstraint("amount_refunded <= amount_captured", "refunded_at_most_captured"),
    )

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    booking_id: Mapped[str] = mapped_column(String(ID), ForeignKey("booking.id"))
    kind: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(ID))
    open_for: Mapped[str | None] = mapped_column(String(ID))
    hold_only: Mapped[bool] = mapped_column(Boolean)
    session_id: Mapped[str | None] = mapped_column(String(ID))
    intent_id: Mapped[str | None] = mapped_column(String(ID))
    url: Mapped[str | None] = mapped_column(LongText)
    customer_id: Mapped[str | None] = mapped_column(String(ID))
    request: Mapped[Any | None] = mapped_column(Json)
    amount_captured: Mapped[int] = mapped_column(Integer, server_default="0")
    amount_refunded: Mapped[int] = mapped_column(Integer, server_default="0")
    is_surplus: Mapped[bool | None] = mapped_column(Boolean)
    is_disputed: Mapped[bool | None] = mapped_column(Boolean)
    flag: Mapped[str | None] = mapped_column(LongText)
    flag_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(String(ID))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def value(self) -> Payment:
        """Return the payment as a value."""
        return Payment(
            id=self.id,
            booking_id=self.booking_id,
            kind=PaymentKind(self.kind),
            amount_minor=self.amount_minor,
            currency=self.currency,
            status=PaymentState(self.status),
            key=self.key,
            created_at=self.created_at,
            hold_only=self.hold_only,
            session_id=self.session_id,
            intent_id=self.intent_id,
            url=self.url,
            customer_id=self.customer_id,
            request=self.request or {},
            amount_captured=self.amount_captured,
            amount_refunded=self.amount_refunded,
            is_surplus=bool(self.is_surplus),
            is_disputed=bool(self.is_disputed),
            flag=self.flag,
            flag_seen_at=self.flag_seen_at,
            failure=self.failure,
            settled_at=self.settled_at,
        )


class RefundRow(Base):
    """Money on its way back; the row is there before the provider is asked."""

    __tablename__ = "refund"
    __table_args__ = (
        Index(None, "payment_id"),
        Index(None, "booking_id"),
        Index(None, "status", "updated_at"),
        UniqueConstraint("key"),
        UniqueConstraint("provider_id"),
        CheckConstraint("amount_minor > 0", "amount_positive"),
    )

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    payment_id: Mapped[str] = mapped_column(String(ID), ForeignKey("payment.id"))
    booking_id: Mapped[str] = mapped_column(String(ID), ForeignKey("booking.id"))
    amount_minor: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(LongText)
    key: Mapped[str] = mapped_column(String(ID))
    provider_id: Mapped[str | None] = mapped_column(String(ID))
    failure: Mapped[str | None] = mapped_column(String(ID))
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    actor_id: Mapped[str | None] = mapped_column(String(ID))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def value(self) -> Refund:
        """Return the refund as a value."""
        return Refund(
            id=self.id,
            payment_id=self.payment_id,
            booking_id=self.booking_id,
            amount_minor=self.amount_minor,
            currency=self.currency,
            status=RefundState(self.status),
            why=Why(self.why),
            key=self.key,
            created_at=self.created_at,
            reason=self.reason,
            provider_id=self.provider_id,
            failure=self.failure,
            attempts=self.attempts,
        )


class DisputeRow(Base):
    """A bank asks the money back; the id is the provider's."""

    __tablename__ = "dispute"
    __table_args__ = (Index(None, "payment_id"),)

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    payment_id: Mapped[str] = mapped_column(String(ID), ForeignKey("payment.id"))
    amount_minor: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(50))
    is_over: Mapped[bool] = mapped_column(Boolean)
    is_lost: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EventRow(Base):
    """What the provider told; `handled_at` is empty until everything it asks for is stored."""

    __tablename__ = "stripe_event"

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    type: Mapped[str] = mapped_column(String(100))
    created: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WatermarkRow(Base):
    """Up to where something was read."""

    __tablename__ = "watermark"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SubscriptionInvoiceRow(Base):
    """A period of a paid series, told once: by subscription and invoice."""

    __tablename__ = "subscription_invoice"

    subscription_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    invoice_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    is_paid: Mapped[bool] = mapped_column(Boolean)
    amount_minor: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str] = mapped_column(String(3))
    intent_id: Mapped[str | None] = mapped_column(String(ID), index=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SubscriptionRow(Base):
    """A paid series as the provider last told of it."""

    __tablename__ = "subscription"

    id: Mapped[str] = mapped_column(String(ID), primary_key=True)
    status: Mapped[str] = mapped_column(String(50))
    booking_id: Mapped[str | None] = mapped_column(String(ID))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


# ---------------------------------------------------------------- payments


def add_payment(session: Session, values: Mapping[str, Any]) -> None:
    """Store a new attempt; breaks a constraint where another one of the booking still lasts."""
    session.execute(insert(PaymentRow).values(**values, open_for=_open_for(values["booking_id"], values["status"])))


def _open_for(booking_id: str, status: str) -> str | None:
    return booking_id if status in EXCLUSIVE else None


def change_payment(session: Session, payment: Payment, now: datetime, **changes: Any) -> None:
    """Set columns of a payment; its claim on the booking follows its status."""
    if "status" in changes:
        changes["open_for"] = _open_for(payment.booking_id, changes["status"])
    session.execute(update(PaymentRow).where(PaymentRow.id == payment.id).values(**changes, updated_at=now))


def payment_by_id(session: Session, payment_id: str) -> Payment | None:
    """Find a payment."""
    return _one(session, PaymentRow.id == payment_id)


def payment_of_session(session: Session, session_id: str) -> Payment | None:
    """Find the payment of a hosted page."""
    return _one(session, PaymentRow.session_id == session_id)


def payment_of_intent(session: Session, intent_id: str) -> Payment | None:
    """Find the payment of an intent."""
    return _one(session, PaymentRow.intent_id == intent_id)


def _one(session: Session, condition: Any) -> Payment | None:
    row = session.scalar(select(PaymentRow).where(condition).execution_options(populate_existing=True))
    return row.value() if row else None


def payments_of(session: Session, booking_id: str) -> list[Payment]:
    """List the payments of a booking, the oldest first; who decides about them holds its row."""
    statement = select(PaymentRow).where(PaymentRow.booking_id == booking_id)
    ordered = statement.order_by(PaymentRow.created_at, PaymentRow.id).execution_options(populate_existing=True)
    return [row.value() for row in session.scalars(ordered)]


def being_decided(session: Session, booking_ids: Iterable[str]) -> frozenset[str]:
    """Return which of some bookings have a payment that a bank is deciding about."""
    wanted = sorted(booking_ids)
    if not wanted:
        return frozenset()
    statement = select(PaymentRow.booking_id).where(
        PaymentRow.booking_id.in_(wanted), PaymentRow.status == PaymentState.PROCESSING
    )
    return frozenset(session.scalars(statement))


def unfinished_payments(session: Session, before: datetime, limit: int) -> list[str]:
    """Return the unfinished payments that nothing was heard of since an instant, the longest silent first."""
    row = PaymentRow
    statement = select(row.id).where(row.status.in_(UNFINISHED), row.updated_at <= before)
    return list(session.scalars(statement.order_by(row.updated_at, row.id).limit(limit)))


def touch_payment(session: Session, payment_id: str, now: datetime) -> None:
    """Note that a payment was looked at, so that others come first next time."""
    session.execute(update(PaymentRow).where(PaymentRow.id == payment_id).values(updated_at=now))


@dataclass(frozen=True)
class Sums:
    """What a booking's own payments come to, minor units; surplus money is not counted."""

    paid: int
    refunded: int


def sums_of(session: Session, booking_id: str) -> Sums:
    """Add up what was paid for a booking and what of that went back."""
    own = case((PaymentRow.is_surplus.is_(True), 0), else_=1)
    columns = (func.coalesce(func.sum(column * own), 0) for column in _AMOUNTS)
    row = session.execute(select(*columns).where(PaymentRow.booking_id == booking_id)).one()
    return Sums(int(row[0]), int(row[1]))


_AMOUNTS = (PaymentRow.amount_captured, PaymentRow.amount_refunded)


# ---------------------------------------------------------------- refunds


def add_refund(session: Session, values: Mapping[str, Any]) -> None:
    """Store a refund."""
    session.execute(insert(RefundRow).values(**values))


def reserve_refund(session: Session, payment_id: str, amount_minor: int) -> bool:
    """Count a refund by a conditional update: whatever was read before, no more goes back than was captured.

    Without it (only the negative control of the race tests does without) two refunds would both count on the same rest.
    """
    row = PaymentRow
    statement = update(row).where(row.id == payment_id)
    if not database.LOCKS_OFF:
        statement = statement.where(row.amount_refunded + amount_minor <= row.amount_captured)
    done = session.execute(statement.values(amount_refunded=row.amount_refunded + amount_minor))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def count_refunds(session: Session, payment_id: str) -> None:
    """Count anew what of a payment goes back: all refunds that did not fail.

    One made elsewhere may meet one of ours, which the provider then refuses; until it has, they are too much together.
    """
    live = (RefundRow.payment_id == payment_id, RefundRow.status != RefundState.FAILED)
    total = session.scalar(select(func.coalesce(func.sum(RefundRow.amount_minor), 0)).where(*live)) or 0
    captured = PaymentRow.amount_captured
    counted = case((captured < total, captured), else_=total)
    session.execute(update(PaymentRow).where(PaymentRow.id == payment_id).values(amount_refunded=counted))


def change_refund(session: Session, refund_id: str, now: datetime, **changes: Any) -> None:
    """Set columns of a refund."""
    session.execute(update(RefundRow).where(RefundRow.id == refund_id).values(**changes, updated_at=now))


def refund_by_id(session: Session, refund_id: str) -> Refund | None:
    """Find a refund."""
    return _refund(session, RefundRow.id == refund_id)


def refund_of_provider(session: Session, provider_id: str) -> Refund | None:
    """Find a refund by the provider's id."""
    return _refund(session, RefundRow.provider_id == provider_id)


def _refund(session: Session, condition: Any) -> Refund | None:
    row = session.scalar(select(RefundRow).where(condition).execution_options(populate_existing=True))
    return row.value() if row else None


def refunds_of(session: Session, booking_id: str) -> list[Refund]:
    """List the refunds of a booking, the oldest first."""
    statement = select(RefundRow).where(RefundRow.booking_id == booking_id)
    ordered = statement.order_by(RefundRow.created_at, RefundRow.id).execution_options(populate_existing=True)
    return [row.value() for row in session.scalars(ordered)]


def pending_refunds(session: Session, before: datetime, limit: int) -> list[str]:
    """Return the refunds without an answer that were last tried before an instant, the longest waiting first."""
    row = RefundRow
    statement = select(row.id).where(row.status == RefundState.PENDING, row.updated_at <= before)
    return list(session.scalars(statement.order_by(row.updated_at, row.id).limit(limit)))


# ---------------------------------------------------------------- disputes


def keep_dispute(session: Session, dispute_id: str, values: Mapping[str, Any], now: datetime) -> bool:
    """Store what is known of a dispute; tell whether it is new."""
    changed = update(DisputeRow).where(DisputeRow.id == dispute_id).values(**values, updated_at=now)
    if session.execute(changed).rowcount:  # type: ignore[attr-defined]
        return False
    session.execute(insert(DisputeRow).values(id=dispute_id, **values, created_at=now, updated_at=now))
    return True


def is_disputed(session: Session, payment_id: str) -> bool:
    """Tell whether a bank holds back or has taken back what was paid: a dispute that we won does not count."""
    row = DisputeRow
    blocking = (row.payment_id == payment_id, (row.is_over.is_(False)) | (row.is_lost.is_(True)))
    return session.scalar(select(row.id).where(*blocking).limit(1)) is not None


# ---------------------------------------------------------------- events


def begin_event(session: Session, event_id: str, kind: str, created: datetime, now: datetime) -> bool:
    """Store that an event has come; tell whether it was handled before."""
    row = session.scalar(select(EventRow).where(EventRow.id == event_id).execution_options(populate_existing=True))
    if row is None:
        session.execute(insert(EventRow).values(id=event_id, type=kind[:100], created=created, received_at=now))
        return False
    return row.handled_at is not None


def end_event(session: Session, event_id: str, now: datetime) -> None:
    """Store that everything an event asks for is done."""
    session.execute(update(EventRow).where(EventRow.id == event_id).values(handled_at=now))


def handled_events(session: Session, ids: Iterable[str]) -> set[str]:
    """Return which of some events were handled."""
    statement = select(EventRow.id).where(EventRow.id.in_(list(ids)), EventRow.handled_at.is_not(None))
    return set(session.scalars(statement))


def delete_events(session: Session, before: datetime) -> int:
    """Forget the events that came before an instant; return how many."""
    done = session.execute(delete(EventRow).where(EventRow.received_at < before))
    return int(done.rowcount)  # type: ignore[attr-defined]


def delete_old_events(session: Session, until: datetime) -> int:
    """Forget the events that came until an instant and were handled; returns how many."""
    old = EventRow.received_at <= until, EventRow.handled_at.is_not(None)
    return deleted(session, delete(EventRow).where(*old))


def watermark(session: Session, name: str) -> datetime | None:
    """Return up to where something was read."""
    return session.scalar(select(WatermarkRow.at).where(WatermarkRow.name == name))


def set_watermark(session: Session, name: str, at: datetime) -> None:
    """Keep up to where something was read."""
    changed = update(WatermarkRow).where(WatermarkRow.name == name).values(at=at)
    if not session.execute(changed).rowcount:  # type: ignore[attr-defined]
        session.execute(insert(WatermarkRow).values(name=name, at=at))


# ---------------------------------------------------------------- paid series


def keep_invoice(session: Session, subscription_id: str, invoice_id: str, values: Mapping[str, Any]) -> bool:
    """Store what is known of a period; tell whether that is news. Once paid it stays paid."""
    row = SubscriptionInvoiceRow
    own = (row.subscription_id == subscription_id, row.invoice_id == invoice_id)
    found = session.execute(select(row.is_paid).where(*own)).scalar_one_or_none()
    if found is None:
        session.execute(insert(row).values(subscription_id=subscription_id, invoice_id=invoice_id, **values))
        return True
    if found or not values["is_paid"]:
        return False
    session.execute(update(row).where(*own).values(**values))
    return True


def is_of_series(session: Session, intent_id: str) -> bool:
    """Tell whether an intent paid a period of a series."""
    row = SubscriptionInvoiceRow
    return session.scalar(select(row.invoice_id).where(row.intent_id == intent_id).limit(1)) is not None


def keep_subscription(
    session: Session, subscription_id: str, status: str, booking_id: str | None, now: datetime
) -> None:
    """Store what is known of a paid series."""
    changed = update(SubscriptionRow).where(SubscriptionRow.id == subscription_id)
    if not session.execute(changed.values(status=status, updated_at=now)).rowcount:  # type: ignore[attr-defined]
        values = {"id": subscription_id, "status": status, "booking_id": booking_id, "updated_at": now}
        session.execute(insert(SubscriptionRow).values(**values))


# ---------------------------------------------------------------- what staff have to look at


def flagged_payments(session: Session, limit: int) -> list[Payment]:
    """List payments that are not as they should be and that nobody has seen yet, the newest first."""
    return _newest(session, and_(PaymentRow.flag.is_not(None), PaymentRow.flag_seen_at.is_(None)), limit)


def disputed_payments(session: Session, limit: int) -> list[Payment]:
    """List payments that a bank disputes or has taken back, the newest first."""
    return _newest(session, PaymentRow.is_disputed.is_(True), limit)


def _newest(session: Session, condition: Any, limit: int) -> list[Payment]:
    statement = select(PaymentRow).where(condition).order_by(PaymentRow.created_at.desc(), PaymentRow.id.desc())
    return [row.value() for row in session.scalars(statement.limit(limit))]


def failed_refunds(session: Session, limit: int) -> list[Refund]:
    """List refunds that came to nothing and after which nothing went back of the same payment, the newest first."""
    row, later = RefundRow, aliased(RefundRow)
    made_up = exists().where(
        later.payment_id == row.payment_id, later.created_at > row.created_at, later.status != RefundState.FAILED
    )
    statement = select(row).where(row.status == RefundState.FAILED, not_(made_up))
    found = session.scalars(statement.order_by(row.created_at.desc(), row.id.desc()).limit(limit))
    return [one.value() for one in found]
