"""Table and queries of the messages that wait to be sent, and of those that were."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, UniqueConstraint, insert, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.domain.notifications import Channel, Kind, Message
from portal.store.db import Base
from portal.store.types import Sealed, SealedJson, UtcDateTime


class OutboxRow(Base):
    """A message; `due_at` is empty once nothing more is to be done about it.

    An event is told once to each recipient by each channel: the constraint is what "none twice" rests on.
    """

    __tablename__ = "outbox"
    __table_args__ = (UniqueConstraint("event", "channel", "recipient", "kind"),)

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    event: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(50))
    channel: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(Sealed("outbox.address"))
    locale: Mapped[str | None] = mapped_column(String(10))
    payload: Mapped[Any | None] = mapped_column(SealedJson("outbox.payload"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failure: Mapped[str | None] = mapped_column(String(255))

    def message(self) -> Message:
        """Return the message as a value."""
        return Message(
            id=self.id,
            kind=Kind(self.kind),
            channel=Channel(self.channel),
            recipient=self.recipient,
            address=self.address,
            locale=self.locale,
            payload=self.payload or {},
            created_at=self.created_at,
            due_at=self.due_at,
            attempts=self.attempts,
            sent_at=self.sent_at,
            failure=self.failure,
        )


def add_message(session: Session, values: Mapping[str, Any]) -> None:
    """Store a message in the transaction of what it tells."""
    session.execute(insert(OutboxRow).values(**values))


def claim_message(session: Session, now: datetime, leased_until: datetime) -> str | None:
    """Take the message that has been due for longest and that nobody else has; return its id.

    Rivals pass over a row that is being claimed; who dies with one loses it when the lease ends.
    """
    row = OutboxRow
    statement = (
        select(row.id)
        .where(row.due_at <= now, or_(row.leased_until.is_(None), row.leased_until <= now))
        .order_by(row.due_at, row.id)
        .limit(1)
        .with_for_update(skip_locked=True)  # SQLite knows neither, and has one writer at a time
    )
    found = session.scalar(statement)
    if found is not None:
        session.execute(update(row).where(row.id == found).values(leased_until=leased_until, attempts=row.attempts + 1))
    return found


def close_message(session: Session, message_id: str, attempts: int, **values: Any) -> None:
    """Write what became of an attempt, unless the message was claimed again since."""
    statement = update(OutboxRow).where(OutboxRow.id == message_id, OutboxRow.attempts == attempts)
    session.execute(statement.values(leased_until=None, **values))


def message_by_id(session: Session, message_id: str) -> Message | None:
    """Find a message."""
    statement = select(OutboxRow).where(OutboxRow.id == message_id).execution_options(populate_existing=True)
    row = session.scalar(statement)
    return row.message() if row else None


def messages(session: Session, limit: int) -> list[Message]:
    """List messages that were sent, the newest first."""
    statement = select(OutboxRow).where(OutboxRow.sent_at.is_not(None))
    newest = statement.order_by(OutboxRow.created_at.desc(), OutboxRow.id.desc()).limit(limit)
    return [row.message() for row in session.scalars(newest)]
