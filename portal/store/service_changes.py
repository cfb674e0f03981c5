"""The table of what was changed on services: one row per version, with the service as it was afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.store.accounts import UserRow
from portal.store.db import Base
from portal.store.types import Json, UtcDateTime


class ServiceChangeRow(Base):
    """A version of a service; it outlives the service."""

    __tablename__ = "service_change"

    service_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[str | None] = mapped_column(String(255))
    action: Mapped[str] = mapped_column(String(20))
    content: Mapped[Any | None] = mapped_column(Json)  # the service in the API's form


def add_change(session: Session, service_id: str, version: int, **values: Any) -> None:
    """Keep a version."""
    session.execute(insert(ServiceChangeRow).values(service_id=service_id, version=version, **values))


def has_version(session: Session, service_id: str, version: int) -> bool:
    """Tell whether a version is kept."""
    return _version(session, service_id, version) is not None


def content_of(session: Session, service_id: str, version: int) -> Any | None:
    """Return a service in the API's form as it was in a version, None where that is not known."""
    row = _version(session, service_id, version)
    return row.content if row else None


def _version(session: Session, service_id: str, version: int) -> ServiceChangeRow | None:
    return session.get(ServiceChangeRow, (service_id, version))


def changes_of(session: Session, service_id: str, limit: int) -> Sequence[tuple[ServiceChangeRow, str | None]]:
    """Return the latest versions of a service, newest first, each with the name of who made it."""
    statement = (
        select(ServiceChangeRow, UserRow.name)
        .outerjoin(UserRow, UserRow.id == ServiceChangeRow.actor_id)
        .where(ServiceChangeRow.service_id == service_id)
        .order_by(ServiceChangeRow.version.desc())
        .limit(limit)
    )
    return [(row, name) for row, name in session.execute(statement)]
