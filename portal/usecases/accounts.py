"""How do people get an account and prove that it is theirs?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.domain.account import Account, AccountStatus, Role
from portal.domain.attributes import attribute_errors
from portal.domain.contact import ContactError, checked_email, name_errors
from portal.domain.errors import N_, Banned, FieldError, Invalid, SignInFailed
from portal.domain.identity import digest, new_id, new_secret
from portal.domain.text import normal_email
from portal.store import accounts
from portal.store.accounts import TokenRow, UserRow
from portal.store.db import db, transaction
from portal.usecases.passwords import fits, hashed, password_errors

TOKEN_LIFE = timedelta(days=30)


# ---------------------------------------------------------------- new accounts


def sign_up(email: str, password: str, name: str, now: datetime) -> tuple[str, Account]:
    """Make a customer's account that works at once; return a token for it and the account.

    Raises Invalid with everything wrong, also where the address has an account already.
    """
    account = create_user(email, name, Role.CUSTOMER, password, now)
    return issue_token(account.id, now), account


def create_user(
    email: str,
    name: str,
    role: Role,
    password: str | None,
    now: datetime,
    attributes: Mapping[str, Any] | None = None,
    locale: str | None = None,
) -> Account:
    """Make an account of any role; without a password nobody can sign in to it.

    For the command line and other use-cases: nobody's rights are checked. Raises Invalid.
    """
    values = prepared_user(email, name, role, password, now, attributes, locale)
    return transaction(lambda session: insert_user(session, values))


def prepared_user(
    email: str,
    name: str,
    role: Role,
    password: str | None,
    now: datetime,
    attributes: Mapping[str, Any] | None = None,
    locale: str | None = None,
) -> dict[str, Any]:
    """Return the row of a new account, for `insert_user`; raise Invalid with everything wrong."""
    errors = name_errors(name) + address_errors(email)
    errors += password_errors(password) if password is not None else []
    errors += attribute_errors(attributes or {})
    if errors:
        raise Invalid(errors)
    return {
        "id": new_id(),
        "email": checked_email(email),
        "email_normal": normal_email(email),
        "name": name.strip(),
        "password_hash": None if password is None else hashed(password),
        "role": role,
        "status": AccountStatus.ACTIVE,
        "attributes": dict(attributes or {}),
        "locale": locale,
        "created_at": now,
        "updated_at": now,
    }


def insert_user(session: Session, values: Mapping[str, Any]) -> Account:
    """Store a new account inside a transaction; raise Invalid where its address has one already."""
    if accounts.user_by_email(session, values["email"]):
        message = N_("There is an account with this e-mail address already. Sign in, or give another address.")
        raise Invalid([FieldError("email", "email_taken", message)])
    session.execute(insert(UserRow).values(**values))
    return UserRow(**values).account()


def address_errors(email: str) -> list[FieldError]:
    """Name what keeps a text from being an e-mail address: one error, or none."""
    try:
        checked_email(email)
    except ContactError as error:
        return [error.at("email")]
    return []


# ---------------------------------------------------------------- signing in and out


def check_credentials(email: str, password: str) -> Account:
    """Return the account that an address and a password open.

    Raises SignInFailed, after the same time for an unknown address as for a wrong password; Banned only for
    who knows the password. Callers count failures (web.limits).
    """
    row = accounts.user_by_email(db.session(), email)
    account, stored = (row.account(), row.password_hash) if row else (None, None)
    db.session.rollback()  # no read transaction stays open while we hash
    if not fits(password, stored) or account is None:
        raise SignInFailed
    if account.is_banned:
        raise Banned
    return account


def sign_in(email: str, password: str, now: datetime) -> tuple[str, Account]:
    """Return a new token and the account; raise as `check_credentials` does."""
    account = check_credentials(email, password)
    return issue_token(account.id, now), account


def issue_token(account_id: str, now: datetime) -> str:
    """Make a token of 30 days; only its hash is stored."""
    token = new_secret()
    values = {"token_hash": digest(token), "user_id": account_id, "created_at": now, "expires_at": now + TOKEN_LIFE}
    transaction(lambda session: session.execute(insert(TokenRow).values(**values)))
    return token


def account_of_token(token: str, now: datetime) -> Account | None:
    """Find whom a token belongs to; None where it is unknown, revoked or expired."""
    return accounts.account_by_token(db.session(), digest(token), now)


def sign_out(token: str) -> None:
    """Revoke a token; one that is not there any more is no error."""
    transaction(lambda session: accounts.delete_token(session, digest(token)))


@dataclass(frozen=True)
class Token:
    """A program's token as its owner sees it; the token itself is shown only once, to the program."""

    id: str
    created_at: datetime
    expires_at: datetime


def list_tokens(caller: Account, now: datetime) -> list[Token]:
    """List the caller's tokens that are still good."""
    rows = accounts.tokens_of(db.session(), caller.id, now)
    return [Token(row.token_hash, row.created_at, row.expires_at) for row in rows]


def revoke_token(token_id: str, caller: Account) -> None:
    """Revoke one of the caller's tokens; one that is not there any more is no error."""
    transaction(lambda session: accounts.delete_token_of(session, caller.id, token_id))


def load_account(account_id: str) -> Account | None:
    """Find an account by id."""
    return accounts.account_by_id(db.session(), account_id)
