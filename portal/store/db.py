"""How does the product reach its database, and when does it commit?

`transaction()` is the only commit: one per use-case, never nested, lock first, retried whole.
"""

import os
import random
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Delete, Engine, MetaData, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, TimeoutError
from sqlalchemy.orm import DeclarativeBase, Session

from portal.domain.errors import Conflict, Overloaded
from portal.domain.text import alphabetical

MAX_ATTEMPTS = 5
LOCK_WAIT_SECONDS = 3
SQLITE_WAIT_SECONDS = 5
WRITE = "creneau_write"

# Negative control of the race tests: with locks off, places must be oversold, else the tests prove nothing.
LOCKS_OFF = os.environ.get("CRENEAU_RACE_TEST_WITHOUT_LOCKS") == "yes"


class Base(DeclarativeBase):
    """Parent of every table; constraints follow one naming convention."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

T = TypeVar("T")


class StaleRead(Exception):
    """What was read before the lock changed before it was held: read and check again."""


def engine_options(url: str, pool_min: int, pool_max: int, pool_timeout: int) -> dict[str, Any]:
    """Return the engine's options for a database: READ COMMITTED, bounded waits, a bounded pool."""
    pool: dict[str, Any] = {"pool_size": pool_min, "max_overflow": pool_max - pool_min, "pool_timeout": pool_timeout}
    if url.startswith("sqlite"):
        return {
            **pool,
            "connect_args": {"timeout": 0.05, "check_same_thread": False, "isolation_level": None},
        }
    pool = {**pool, "pool_pre_ping": True, "isolation_level": "READ COMMITTED"}
    if url.startswith("postgresql"):
        options = f"-c lock_timeout={LOCK_WAIT_SECONDS}s -c timezone=UTC"
        return {**pool, "connect_args": {"options": options, "connect_timeout": 5}}
    setup = f"SET time_zone='+00:00', innodb_lock_wait_timeout={LOCK_WAIT_SECONDS}"
    return {**pool, "connect_args": {"init_command": setup, "connect_timeout": 5, "charset": "utf8mb4"}}


def listen(engine: Engine) -> None:
    """Make SQLite durable and its writers queue: WAL, foreign keys, and BEGIN IMMEDIATE for writers only."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.create_function("lower", 1, _lower, deterministic=True)
        connection.create_function("alphabetical", 1, _alphabetical, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(WRITE):
            connection.exec_driver_sql("BEGIN")
        elif not LOCKS_OFF:
            _begin_immediate(connection)


def _lower(text: Any) -> Any:
    """Write small letters: SQLite by itself knows only those without accents, and would not find Élodie."""
    return text.lower() if isinstance(text, str) else text


def _alphabetical(text: Any) -> Any:
    """Sort names of people in the database as the lists that we sort ourselves; see store/names.py."""
    return alphabetical(text) if isinstance(text, str) else text


def _begin_immediate(connection: Connection) -> None:
    """Wait for SQLite's one writer in short random steps: its own back-off starves some for seconds."""
    deadline = time.monotonic() + SQLITE_WAIT_SECONDS
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            return
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.002, 0.02))  # noqa: S311 # nosec B311


def transaction(work: Callable[[Session], T]) -> T:
    """Run a use-case's work in one transaction and commit it.

    The work may run up to five times: after a deadlock, a serialization failure, a broken constraint (a rival was
    quicker; the next run sees what he did). It must do nothing outside the database.
    Raises Overloaded where the database has no time, Conflict where the last run still broke a constraint.
    """
    session = db.session()
    assert not session.info.get(WRITE), "transactions are never nested"
    session.info[WRITE] = True
    try:
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                return _once(session, work)
            except (DBAPIError, TimeoutError) as error:
                _check_retry(error, attempt)
        raise AssertionError("unreachable")
    finally:
        session.info[WRITE] = False


def _once(session: Session, work: Callable[[Session], T]) -> T:
    session.rollback()  # ends the reads that came before; nothing seen then decides now
    try:
        session.connection(execution_options={WRITE: True})
        result = work(session)
        session.commit()
        return result
    except BaseException:
        session.rollback()
        raise


class _Fault(Enum):
    RIVAL = auto()  # somebody else was quicker: run again
    BUSY = auto()  # no time, or no connection: tell the caller
    BUG = auto()


_POSTGRES = {"40001": _Fault.RIVAL, "40P01": _Fault.RIVAL, "55P03": _Fault.BUSY, "57014": _Fault.BUSY}
_POSTGRES_BUSY = ("08", "53", "57P")  # connection, resources, shutting down or starting
_MARIADB = {1213: _Fault.RIVAL, 1020: _Fault.RIVAL, 1205: _Fault.BUSY, 1040: _Fault.BUSY, 1203: _Fault.BUSY}
_MARIADB_BUSY = {1053, 1927, *range(2000, 3000)}  # shutting down, killed, no connection


def _fault(error: Exception) -> _Fault:
    if isinstance(error, IntegrityError):
        return _Fault.RIVAL
    if isinstance(error, TimeoutError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return _Fault.BUSY
    assert isinstance(error, DBAPIError)
    number, state = _number(error), getattr(error.orig, "sqlstate", None)
    if number:  # asked first: PyMySQL's errors have an SQLSTATE too, one for nearly all of them
        return _Fault.BUSY if number in _MARIADB_BUSY else _MARIADB.get(number, _Fault.BUG)
    if state:
        return _Fault.BUSY if state.startswith(_POSTGRES_BUSY) else _POSTGRES.get(state, _Fault.BUG)
    if "locked" in str(error.orig):  # SQLite
        return _Fault.BUSY
    is_refused = isinstance(error, OperationalError) and not hasattr(error.orig, "sqlite_errorcode")
    return _Fault.BUSY if is_refused else _Fault.BUG  # psycopg knows no SQLSTATE of a server that is away


def _number(error: DBAPIError) -> int:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def _check_retry(error: Exception, attempt: int) -> None:
    """Return where the work is to run again; raise what the caller is told otherwise."""
    fault = _fault(error)
    if fault is _Fault.BUSY:
        raise Overloaded from error
    if fault is _Fault.BUG:
        raise error
    if attempt == MAX_ATTEMPTS:
        raise Conflict from error
    time.sleep(random.uniform(0, 0.02) * attempt)  # noqa: S311 # nosec B311


def deleted(session: Session, statement: Delete) -> int:
    """Run a DELETE; return how many rows it found."""
    count: int = session.execute(statement).rowcount  # type: ignore[attr-defined]
    return count


def is_busy(error: Exception) -> bool:
    """Tell whether a database error outside a transaction means "later", not a bug."""
    return isinstance(error, DBAPIError | TimeoutError) and _fault(error) is _Fault.BUSY


def check_database() -> None:
    """Raise an error where the database does not answer, was never migrated, or does not isolate as the locks need."""
    with db.engine.connect() as connection:
        connection.execute(text("SELECT version_num FROM alembic_version"))
        if db.engine.dialect.name == "sqlite":
            return
        level = connection.get_isolation_level()
        if level != "READ COMMITTED":
            raise RuntimeError(f"the database isolates by {level}; READ COMMITTED is needed")
