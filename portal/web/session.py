"""Who is signed in, in this browser, and where may a sign-in lead?"""

import logging
import re
import unicodedata
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy.exc import SQLAlchemyError

from portal.domain.account import Account
from portal.domain.errors import BookingError
from portal.usecases.sessions import BrowserSession, begin_session, end_session, note_seen, read_session
from portal.web.context import now, settings

MAX_TARGET = 2000
_LOG = logging.getLogger(__name__)


class SessionUser(UserMixin):
    """What flask-login keeps of a browser that is signed in; the cookie carries the secret."""

    def __init__(self, found: BrowserSession, secret: str) -> None:
        self.found = found
        self.secret = secret

    def get_id(self) -> str:
        """Return what the cookie says."""
        return self.secret


def register(app: Flask) -> None:
    """Let flask-login find the account of a cookie, and note which browsers are in use."""
    login = LoginManager(app, add_context_processor=False)  # pages know `account`, read only where it is asked for
    login.user_loader(_load_user)
    app.after_request(_note_seen)


def _load_user(secret: str) -> SessionUser | None:
    found = read_session(secret, now())
    return SessionUser(found, secret) if found else None


def _note_seen(response: Response) -> Response:
    """Note that the browser is in use, after the page's own work and at most every few minutes."""
    found = _loaded()
    if found is not None and found.is_stale(now()):
        try:
            note_seen(found, now())
        except (BookingError, SQLAlchemyError) as error:  # the page is answered already, whatever this says
            _LOG.info("a session was not noted as in use (%s)", type(error).__name__)
    return response


def _loaded() -> BrowserSession | None:
    """Return the browser's session if this request asked for it; a static file does not."""
    user = g.get("_login_user")
    return user.found if isinstance(user, SessionUser) else None


def signed_in() -> Account | None:
    """Return the account of this browser, read once per request."""
    found = _found()
    return found.account if found else None


def _found() -> BrowserSession | None:
    user: Any = current_user
    return cast(BrowserSession, user.found) if user.is_authenticated else None


def must_sign_in() -> Response | None:
    """Send who is not signed in to the sign-in page and back afterwards; for `before_request` of a blueprint."""
    if signed_in():
        return None
    target = url_for("account.sign_in", next=_here())
    if "HX-Request" in request.headers:
        return Response("", 200, {"HX-Redirect": target, "HX-Reswap": "none"})
    return cast(Response, redirect(target, 303))


def _here() -> str:
    return request.full_path.removesuffix("?")


def account() -> Account:
    """Return the account on a page that needs one."""
    found = signed_in()
    assert found is not None, "the blueprint sends everybody else to sign in"
    return found


def session_id() -> str:
    """Return the id of this browser's session on a page that needs one."""
    found = _found()
    assert found is not None, "the blueprint sends everybody else to sign in"
    return found.id


def account_zone() -> ZoneInfo:
    """Return the zone that the reader's own times are written in: the account's, else the house's."""
    one = signed_in()
    return ZoneInfo((one and one.time_zone) or settings().booking_timezone)


def begin(one: Account) -> None:
    """Sign somebody in; what the browser's session held before is dropped."""
    secret = begin_session(one.id, request.headers.get("User-Agent", ""), now())
    found = read_session(secret, now())
    session.clear()
    session.permanent = True
    if found is not None:  # the account may have been closed at this very moment
        login_user(SessionUser(found, secret))


def end() -> None:
    """Sign out."""
    found = _found()
    if found is not None:
        end_session(found.id, found.account)
    logout_user()
    session.clear()


def local_path(target: str | None) -> str | None:
    """Return a path of this site as it is, None for anything that could lead elsewhere.

    Browsers drop tabs and line ends from an address and read `\\` as `/`, so that `/\\t/evil` and `/\\evil` name
    another host; all of these are refused.
    """
    if not target or len(target) > MAX_TARGET or not re.match(r"/(?![/\\])", target) or "\\" in target:
        return None
    if any(unicodedata.category(char)[0] in "CZ" for char in target):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else target
