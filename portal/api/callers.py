"""Who calls the API?"""

from flask import request
from flask_wtf.csrf import validate_csrf
from wtforms import ValidationError

from portal.domain.account import Account
from portal.domain.errors import N_, BookingError, Forbidden, NotSignedIn
from portal.usecases.access import require_active
from portal.usecases.accounts import account_of_token
from portal.web import session
from portal.web.context import now

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "X-CSRFToken"
CALLER = "creneau.caller"


def bearer_token() -> str | None:
    """Return the token of the Authorization header; raise NotSignedIn where it is of another kind."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn(N_("Send the header Authorization: Bearer, followed by your token."))
    return token.strip()


def caller() -> Account | None:
    """Return who calls: by token, else by the browser's cookie, else nobody. A token that is no good is refused.

    Raises NotSignedIn, Banned, and Forbidden for a write by cookie without the CSRF header.
    """
    if CALLER not in request.environ:  # found once per request
        request.environ[CALLER] = _found()
    found: Account | None = request.environ[CALLER]
    return found


def _found() -> Account | None:
    token = bearer_token()
    if token is None:
        return _of_cookie()
    account = account_of_token(token, now())
    if account is None:
        raise NotSignedIn(N_("This token is not known, or no longer valid. Sign in again."))
    require_active(account)
    return account


def _of_cookie() -> Account | None:
    """Return the browser's account; another site could make the browser send the cookie, but not the header."""
    account = session.signed_in()
    if account is not None and request.method not in SAFE:
        try:
            validate_csrf(request.headers.get(CSRF_HEADER))
        except ValidationError:
            raise Forbidden(N_("Send the header X-CSRFToken with the page's token, or sign in by token.")) from None
    return account


def account_id() -> str | None:
    """Return whose calls a request counts as: the account's, or nobody's where there is none or it is refused."""
    try:
        found = caller()
    except BookingError:
        return None
    return f"account:{found.id}" if found else None


def signed_in() -> Account:
    """Return who calls; raise NotSignedIn where nobody is signed in."""
    found = caller()
    if found is None:
        raise NotSignedIn
    return found
