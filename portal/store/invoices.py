"""Tables and queries of invoices, and the counter that numbers them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.domain.invoices import Buyer, Content, Invoice, InvoiceKind
from portal.store.bookings import BookingRow
from portal.store.db import Base
from portal.store.types import Json, UtcDateTime

_CONTENT = TypeAdapter(Content)
_BUYER = TypeAdapter(Buyer)


class InvoiceRow(Base):
    """An invoice of a payment, or the credit note of a refund: one each, which the constraints hold.

    A refund that fails late has an invoice as well, which takes its credit note back.
    `content` is what was issued and never changes; `buyer` stands by itself because a person may be forgotten.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("payment_id"),
        UniqueConstraint("refund_id", "kind"),
        CheckConstraint("(payment_id IS NULL) <> (refund_id IS NULL)", "payment_or_refund"),
    )

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    number: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    booking_id: Mapped[str] = mapped_column(String(255), ForeignKey("booking.id"), index=True)
    payment_id: Mapped[str | None] = mapped_column(String(255), ForeignKey("payment.id"))
    refund_id: Mapped[str | None] = mapped_column(String(255), ForeignKey("refund.id"))
    corrects_id: Mapped[str | None] = mapped_column(String(255), ForeignKey("invoice.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[Any] = mapped_column(Json)
    buyer: Mapped[Any] = mapped_column(Json)

    def value(self) -> Invoice:
        """Return the invoice as a value."""
        return Invoice(
            id=self.id,
            booking_id=self.booking_id,
            issued_at=self.issued_at,
            content=_CONTENT.validate_python(self.content),
            buyer=_BUYER.validate_python(self.buyer),
            corrects_id=self.corrects_id,
        )


class CounterRow(Base):
    """The last number of a year, and when it was given."""

    __tablename__ = "invoice_counter"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)


def next_number(session: Session, year: int, now: datetime) -> tuple[int, datetime]:
    """Take the next number of a year, and say when it is issued: now, but never before the number ahead of it.

    Adding one locks the year's row until the transaction ends: who wants the next number waits, and a rollback gives
    the number back, so that there is neither a gap nor a twin. Take it last, after every other lock.
    """
    row = CounterRow
    added = session.execute(update(row).where(row.year == year).values(last=row.last + 1))
    if not added.rowcount:  # type: ignore[attr-defined]
        # of two that begin a year the constraint lets one pass; the other runs again, and waits above
        session.execute(insert(row).values(year=year, last=1, issued_at=now))
        return 1, now
    last, before = session.execute(select(row.last, row.issued_at).where(row.year == year)).one()
    issued_at = max(now, before)
    session.execute(update(row).where(row.year == year).values(issued_at=issued_at))
    return last, issued_at


def add_invoice(session: Session, invoice: Invoice, source: Mapping[str, str]) -> None:
    """Store an invoice; `source` is the payment or the refund it documents."""
    session.execute(
        insert(InvoiceRow).values(
            id=invoice.id,
            number=invoice.content.number,
            kind=invoice.content.kind,
            booking_id=invoice.booking_id,
            corrects_id=invoice.corrects_id,
            issued_at=invoice.issued_at,
            content=_CONTENT.dump_python(invoice.content, mode="json"),
            buyer=_BUYER.dump_python(invoice.buyer, mode="json"),
            **source,
        )
    )


def invoice_by_id(session: Session, invoice_id: str, owner: str | None) -> Invoice | None:
    """Find an invoice: an owner's own, or anybody's (None)."""
    statement = select(InvoiceRow).where(InvoiceRow.id == invoice_id)
    if owner is not None:
        statement = statement.join(BookingRow, BookingRow.id == InvoiceRow.booking_id)
        statement = statement.where(BookingRow.user_id == owner)
    row = session.scalar(statement)
    return row.value() if row else None


def invoice_of(session: Session, kind: InvoiceKind, **source: str) -> Invoice | None:
    """Find what was issued of a kind for a payment (`payment_id`) or a refund (`refund_id`)."""
    row = session.scalar(select(InvoiceRow).filter_by(kind=kind, **source))
    return row.value() if row else None


def standing_credit_notes(session: Session, invoice_id: str) -> Sequence[Invoice]:
    """List the credit notes of an invoice, in order, without those that were taken back by another invoice."""
    notes = _listed(session, corrects_id=invoice_id)
    statement = select(InvoiceRow.corrects_id).where(InvoiceRow.corrects_id.in_([note.id for note in notes]))
    taken_back = set(session.scalars(statement))
    return [note for note in notes if note.id not in taken_back]


def invoices_of_booking(session: Session, booking_id: str) -> Sequence[Invoice]:
    """List invoices and credit notes of a booking, in order."""
    return _listed(session, booking_id=booking_id)


def invoices_of_user(session: Session, user_id: str, limit: int) -> Sequence[Invoice]:
    """List the latest invoices and credit notes of a customer, newest first."""
    statement = select(InvoiceRow).join(BookingRow, BookingRow.id == InvoiceRow.booking_id)
    statement = statement.where(BookingRow.user_id == user_id)
    newest = statement.order_by(InvoiceRow.issued_at.desc(), InvoiceRow.number.desc()).limit(limit)
    return [row.value() for row in session.scalars(newest)]


def _listed(session: Session, **which: str) -> Sequence[Invoice]:
    statement = select(InvoiceRow).filter_by(**which).order_by(InvoiceRow.issued_at, InvoiceRow.number)
    return [row.value() for row in session.scalars(statement)]


def forget_buyer(session: Session, user_id: str, name: str) -> None:
    """Give the invoices of a customer another name and no address: what is kept for ten years keeps no person."""
    own = select(BookingRow.id).where(BookingRow.user_id == user_id)
    anonymous = _BUYER.dump_python(Buyer(name), mode="json")
    session.execute(update(InvoiceRow).where(InvoiceRow.booking_id.in_(own)).values(buyer=anonymous))
