"""Whose is a browser's session, is it still good, and how does it end?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.identity import digest, new_secret
from portal.store import accounts
from portal.store.accounts import SessionRow
from portal.store.db import db, transaction

LIFE = timedelta(days=30)  # as long as the cookie
SEEN_EVERY = timedelta(minutes=5)  # a page must not cost a write
MAX_AGENT = 255


@dataclass(frozen=True)
class BrowserSession:
    """A browser that is signed in to an account; `id` may be shown, the cookie's secret may not."""

    id: str
    account: Account
    seen_at: datetime

    def is_stale(self, now: datetime) -> bool:
        """Tell whether it is time to note that the browser is in use."""
        return now - self.seen_at >= SEEN_EVERY


@dataclass(frozen=True)
class Device:
    """A browser as its owner sees it in the list."""

    id: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    is_current: bool


def begin_session(account_id: str, user_agent: str, now: datetime) -> str:
    """Sign a browser in; return the secret that its cookie is to carry. Sessions that are over are forgotten."""
    secret = new_secret()
    values = {
        "secret_hash": digest(secret),
        "user_id": account_id,
        "created_at": now,
        "seen_at": now,
        "user_agent": user_agent[:MAX_AGENT],
    }

    def work(session: Session) -> None:
        accounts.delete_old_sessions(session, account_id, now - LIFE)
        session.execute(insert(SessionRow).values(**values))

    transaction(work)
    return secret


def read_session(secret: str, now: datetime) -> BrowserSession | None:
    """Find the session of a cookie, in one query; None where it has ended or its account is closed."""
    found = accounts.session_by_hash(db.session(), digest(secret), now - LIFE)
    if found is None or found[1].is_banned:
        return None
    return BrowserSession(found[0].secret_hash, found[1], found[0].seen_at)


def note_seen(found: BrowserSession, now: datetime) -> None:
    """Note that a browser is in use; callers ask `is_stale` first."""
    transaction(lambda session: accounts.see_session(session, found.id, now))


def list_devices(caller: Account, current: str, now: datetime) -> Sequence[Device]:
    """List the browsers that are signed in to the caller's account, this one first."""
    rows = accounts.sessions_of(db.session(), caller.id, now - LIFE)
    found = [
        Device(row.secret_hash, row.user_agent, row.created_at, row.seen_at, row.secret_hash == current) for row in rows
    ]
    return sorted(found, key=lambda one: not one.is_current)


def end_session(session_id: str, caller: Account) -> None:
    """End one session of the caller's; one that is not there any more is no error."""
    transaction(lambda session: accounts.delete_session(session, session_id, caller.id))


def end_other_sessions(caller: Account, current: str) -> None:
    """Sign the caller out everywhere but in this browser; programs lose their tokens too."""
    transaction(lambda session: end_all(session, caller.id, but=current))


def end_all(session: Session, account_id: str, but: str | None = None) -> None:
    """End all sessions and tokens of an account inside a transaction, but for one session."""
    accounts.delete_sessions_of(session, account_id, but)
    accounts.delete_tokens_of(session, account_id)
