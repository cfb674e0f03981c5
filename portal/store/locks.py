"""Who may decide about a place now? One function, one order, one branch per database."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.domain.timerange import DAY, Range
from portal.store import db as database
from portal.store.accounts import UserRow
from portal.store.catalogue import ResourceRow, ServiceRow, StaffRow


@dataclass(frozen=True)
class Locks:
    """What a use-case will decide about: ids by kind, and for places the minutes they are wanted for."""

    span: Range = (0, 0)
    resources: frozenset[str] = frozenset()
    staff: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    whole: bool = False  # the things themselves change, whatever the day: only one such change at a time

    def covers(self, other: "Locks") -> bool:
        """Tell whether everything of another set is held by this one."""
        return self.resources >= other.resources and self.staff >= other.staff and self.services >= other.services


def lock(session: Session, wanted: Locks) -> None:
    """Hold what is wanted until the transaction ends, always in the order resources, staff, services, users.

    PostgreSQL: an advisory lock per (place, UTC day), so that bookings of different days do not wait for each other.
    MariaDB: the rows. SQLite: the write transaction itself. Waits at most three seconds.
    """
    if database.LOCKS_OFF:
        return
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        _lock_advisory(session, wanted)
    elif dialect != "sqlite":
        _lock_rows(session, wanted)


def _lock_advisory(session: Session, wanted: Locks) -> None:
    """Take each (place, day) for oneself and each whole thing together with other bookings, in one sorted statement.

    Who changes the thing itself (`whole`) takes it for himself and so waits for every booking of it, and they for him.
    """
    kinds = (("r", wanted.resources), ("s", wanted.staff), ("c", wanted.services))
    things = {f"{kind}:{one}" for kind, ids in kinds for one in ids}
    days = range(wanted.span[0] // DAY, -(-wanted.span[1] // DAY))
    alone = {f"{thing}@{day}" for thing in things for day in days} | {f"u:{one}" for one in wanted.users}
    keys = {_key(name): False for name in alone} | {_key(name): not wanted.whole for name in things}
    if keys:
        names = sorted(keys)
        session.execute(_ADVISORY, {"keys": names, "shared": [keys[name] for name in names]})


_ADVISORY = text(
    "SELECT CASE WHEN shared THEN pg_advisory_xact_lock_shared(k) ELSE pg_advisory_xact_lock(k) END"
    " FROM unnest(CAST(:keys AS bigint[]), CAST(:shared AS boolean[])) AS wanted(k, shared)"
)


def _key(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)


def _lock_rows(session: Session, wanted: Locks) -> None:
    _lock_table(session, ResourceRow, wanted.resources)
    _lock_table(session, StaffRow, wanted.staff)
    _lock_table(session, ServiceRow, wanted.services)
    _lock_table(session, UserRow, wanted.users)


def _lock_table(
    session: Session, table: type[ResourceRow | StaffRow | ServiceRow | UserRow], ids: Iterable[str]
) -> None:
    wanted = sorted(ids)
    if wanted:
        session.execute(select(table.id).where(table.id.in_(wanted)).order_by(table.id).with_for_update())
