"""What is over is forgotten, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from portal.store.accounts import LinkRow, SessionRow, TokenRow
from portal.store.bookings import IdempotencyRow
from portal.store.db import db, transaction
from portal.store.payments import EventRow
from portal.usecases.retention import forget_old
from tests.build import NOW

MOMENT = timedelta(microseconds=1)


def answer(at: datetime) -> dict[str, Any]:
    return {"caller": "alice", "key": f"{at}", "fingerprint": "f", "answer": "{}", "created_at": at}


def session(at: datetime) -> dict[str, Any]:
    return {"secret_hash": f"{at}", "user_id": "alice", "created_at": at, "seen_at": at, "user_agent": "browser"}


def link(at: datetime) -> dict[str, Any]:
    return {
        "secret_hash": f"{at}",
        "user_id": "alice",
        "created_at": NOW - timedelta(days=90),
        "purpose": "reset",
        "expires_at": at,
    }


def token(at: datetime) -> dict[str, Any]:
    return {"token_hash": f"{at}", "user_id": "alice", "created_at": NOW - timedelta(days=90), "expires_at": at}


def event(at: datetime) -> dict[str, Any]:
    handled = {"received_at": at, "handled_at": at}
    return {"id": f"{at}", "type": "refund.updated", "created": at - timedelta(days=90), **handled}


@pytest.mark.parametrize(
    ("row", "made", "dated", "age"),
    [
        (IdempotencyRow, answer, IdempotencyRow.created_at, timedelta(days=7)),
        (SessionRow, session, SessionRow.created_at, timedelta(days=30)),
        (EventRow, event, EventRow.received_at, timedelta(days=35)),
        (LinkRow, link, LinkRow.expires_at, timedelta(0)),
        (TokenRow, token, TokenRow.expires_at, timedelta(0)),
    ],
)
def test_what_is_over_is_forgotten_and_what_is_not_is_kept(
    app: Flask, row: Any, made: Any, dated: Any, age: timedelta
) -> None:
    over, kept = NOW - age, NOW - age + MOMENT
    transaction(lambda session: session.execute(insert(row), [made(over - timedelta(days=1)), made(over), made(kept)]))
    assert forget_old(NOW) == 2
    assert db.session.scalars(select(dated)).all() == [kept]
    assert forget_old(NOW) == 0


def test_an_event_that_was_never_handled_is_kept(app: Flask) -> None:
    unhandled = event(NOW - timedelta(days=90)) | {"handled_at": None}
    transaction(lambda session: session.execute(insert(EventRow), [unhandled]))
    assert forget_old(NOW) == 0
