"""What was changed on a service, by whom and when; and what uses it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.service import Service
from portal.store import bookings, service_changes
from portal.store.db import db
from portal.usecases.access import require_staff

MOST = 50  # versions of one page


class Action(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    FOUND = "found"  # as it stood when versions began to be kept


@dataclass(frozen=True)
class Change:
    """One version; `before` and `after` are the service in the API's form, None where that is not known."""

    version: int
    at: datetime
    who: str | None
    action: Action
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def note_change(session: Session, service: Service, actor: Account, action: Action, now: datetime) -> None:
    """Keep a version of a service, in the transaction that makes it."""
    _keep(session, service, actor.id, action, now)


def note_beginning(session: Session, service: Service, now: datetime) -> None:
    """Keep a service from before versions were kept, so that its first change can be told."""
    if not service_changes.has_version(session, service.id, service.version):
        _keep(session, service, None, Action.FOUND, service.updated_at or now)


def _keep(session: Session, service: Service, actor_id: str | None, action: Action, at: datetime) -> None:
    content = service.model_dump(mode="json", by_alias=True, exclude={"created_at", "updated_at"}, exclude_none=True)
    service_changes.add_change(
        session, service.id, service.version, at=at, actor_id=actor_id, action=action, content=content
    )


def history_of(service_id: str, caller: Account) -> list[Change]:
    """List the latest changes of a service, newest first."""
    require_staff(caller)
    rows = service_changes.changes_of(db.session(), service_id, MOST + 1)
    changes = [
        Change(row.version, row.at, name, Action(row.action), _content(rows, index + 1), row.content)
        for index, (row, name) in enumerate(rows)
    ]
    return changes[:MOST]


def _content(rows: Sequence[Any], index: int) -> dict[str, Any] | None:
    found: dict[str, Any] | None = rows[index][0].content if index < len(rows) else None
    return found


def version_of(service_id: str, version: int, caller: Account) -> dict[str, Any] | None:
    """Return a service in the API's form as it was in a version, None where that is not known."""
    require_staff(caller)
    found: dict[str, Any] | None = service_changes.content_of(db.session(), service_id, version)
    return found


@dataclass(frozen=True)
class Uses:
    """What needs a service: live bookings ahead, and whether it was ever booked."""

    ahead: int
    was_booked: bool


def uses_of(service_id: str, caller: Account, now: datetime) -> Uses:
    """Say what would stand in the way of removing a service."""
    require_staff(caller)
    session = db.session()
    return Uses(bookings.live_bookings_of(session, service_id, now), bookings.has_bookings(session, service_id))
