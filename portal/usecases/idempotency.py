"""How is a repeated request answered once?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from portal.domain.errors import KeyReused
from portal.store.bookings import IdempotencyRow

T = TypeVar("T")


@dataclass(frozen=True)
class Once(Generic[T]):
    """A caller's key, what it was used for, and how an answer is written so that it can be given again."""

    caller: str
    key: str
    fingerprint: str
    write: Callable[[T], str]


class Replay(Exception):
    """The request was answered before; `answer` is what was said then, as it was written."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self.answer = answer


def raise_earlier_answer(session: Session, once: Once[T] | None) -> None:
    """Raise Replay where the key was used for the same request, KeyReused where for another."""
    if once is None:
        return
    statement = select(IdempotencyRow.fingerprint, IdempotencyRow.answer).where(
        IdempotencyRow.caller == once.caller, IdempotencyRow.key == once.key
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return
    if row.fingerprint != once.fingerprint:
        raise KeyReused
    raise Replay(row.answer)


def keep_answer(session: Session, once: Once[T] | None, result: T, now: datetime) -> None:
    """Store the answer in the transaction of what it answers; a rival with the same key then runs again and replays."""
    if once is None:
        return
    values = {"caller": once.caller, "key": once.key, "fingerprint": once.fingerprint}
    session.execute(insert(IdempotencyRow).values(**values, answer=once.write(result), created_at=now))


def amend_answer(session: Session, once: Once[T] | None, result: T) -> None:
    """Store how it ended, where what was answered for went on after its transaction: repetitions are told the same."""
    if once is None:
        return
    own = (IdempotencyRow.caller == once.caller, IdempotencyRow.key == once.key)
    session.execute(update(IdempotencyRow).where(*own).values(answer=once.write(result)))
