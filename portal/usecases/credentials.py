"""How does a person change what he signs in with, his password and his e-mail address?"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.contact import ContactError, checked_email
from portal.domain.errors import N_, FieldError, Invalid, LinkOver
from portal.domain.identity import digest, new_secret
from portal.domain.notifications import Kind
from portal.domain.text import normal_email
from portal.store import accounts
from portal.store.accounts import LinkRow, UserRow
from portal.store.db import db, transaction
from portal.usecases.access import require_active
from portal.usecases.messages import queue_message
from portal.usecases.passwords import hashed, password_errors
from portal.usecases.sessions import end_all

RESET_LIFE = timedelta(minutes=60)
ADDRESS_LIFE = timedelta(hours=24)
PAUSE = timedelta(minutes=1)  # between two mails to one person, so that nobody floods his mailbox


class Purpose(StrEnum):
    """What a link of a mail is for."""

    RESET = "reset"
    ADDRESS = "address"


# ---------------------------------------------------------------- the password


def change_password(caller: Account, password: str, session_id: str, now: datetime) -> None:
    """Set another password for who has just proven the current one; every other session and every token ends.

    Raises Invalid.
    """
    require_active(caller)
    if errors := password_errors(password):
        raise Invalid(errors)
    stored = hashed(password)
    transaction(lambda session: _set_password(session, caller.id, stored, now, session_id))


def ask_for_reset(email: str, locale: str, now: datetime) -> None:
    """Send a link that sets another password, if there is an account: whoever asks is told the same.

    Both ways write, so that the time of the answer tells nothing either. Raises Invalid for what is no address.
    """
    address = _checked(email)

    def work(session: Session) -> None:
        accounts.delete_old_links(session, now)
        row = accounts.user_by_email(session, address)
        if row is None or row.account().is_banned or _asked_just_now(session, row.id, Purpose.RESET, now):
            return
        secret = _add_link(session, row.id, Purpose.RESET, None, now, RESET_LIFE)
        payload = {"secret": secret}
        event = f"link:{digest(secret)}"
        queue_message(session, Kind.PASSWORD_RESET, event, row.id, row.email, payload, now, locale=locale)

    transaction(work)


def link_works(secret: str, purpose: Purpose, now: datetime) -> bool:
    """Tell whether a link of a mail still works; looking does not use it up."""
    return accounts.link_by_hash(db.session(), digest(secret), purpose, now) is not None


def reset_password(secret: str, password: str, now: datetime) -> None:
    """Set another password by a link of a mail; the link is used up, and all sessions and tokens end.

    Raises Invalid, LinkOver.
    """
    if errors := password_errors(password):
        raise Invalid(errors)
    if not link_works(secret, Purpose.RESET, now):  # hashing is dear: not for whoever makes a link up
        raise LinkOver
    db.session.rollback()  # no read transaction stays open while we hash
    stored = hashed(password)
    transaction(lambda session: _set_password(session, _use(session, secret, Purpose.RESET, now).user_id, stored, now))


def _set_password(session: Session, account_id: str, stored: str, now: datetime, but: str | None = None) -> None:
    accounts.change_user(session, account_id, password_hash=stored, updated_at=now)
    accounts.delete_links(session, account_id, Purpose.RESET)
    end_all(session, account_id, but)


# ---------------------------------------------------------------- the e-mail address


def ask_for_address(caller: Account, email: str, locale: str, now: datetime) -> str:
    """Send a link to a new address that makes it the account's, for who has just proven his password.

    An address that has an account already gets no link, and the caller is not told. Returns the address.
    Raises Invalid.
    """
    require_active(caller)
    address = _checked(email)
    if normal_email(address) == normal_email(caller.email):
        raise Invalid([FieldError("email", "same_email", N_("This is the address of your account already."))])

    def work(session: Session) -> None:
        accounts.delete_links(session, caller.id, Purpose.ADDRESS)
        secret = _add_link(session, caller.id, Purpose.ADDRESS, address, now, ADDRESS_LIFE)
        if accounts.user_by_email(session, address) is None:
            event, payload = f"link:{digest(secret)}", {"secret": secret}
            queue_message(session, Kind.EMAIL_CONFIRM, event, caller.id, address, payload, now, locale=locale)

    transaction(work)
    return address


def confirm_address(secret: str, locale: str, now: datetime) -> str:
    """Give an account the address that a link was sent to; the old address is told. Return the new one.

    Raises LinkOver, also where the address has an account by now.
    """

    def work(session: Session) -> str:
        link = _use(session, secret, Purpose.ADDRESS, now)
        row, address = session.get(UserRow, link.user_id), link.address
        if row is None or not address or accounts.user_by_email(session, address):
            raise LinkOver
        event, payload = f"link:{link.secret_hash}", {"address": address}
        queue_message(session, Kind.EMAIL_CHANGED, event, row.id, row.email, payload, now, locale=locale)
        accounts.change_user(session, row.id, email=address, email_normal=normal_email(address), updated_at=now)
        accounts.delete_links(session, row.id, Purpose.RESET)
        return address

    return transaction(work)


# ---------------------------------------------------------------- links


def _checked(email: str) -> str:
    try:
        return checked_email(email)
    except ContactError as error:
        raise Invalid([error.at("email")]) from None


def _add_link(
    session: Session, account_id: str, purpose: Purpose, address: str | None, now: datetime, life: timedelta
) -> str:
    secret = new_secret()
    values = {"secret_hash": digest(secret), "user_id": account_id, "purpose": purpose, "address": address}
    session.execute(insert(LinkRow).values(**values, created_at=now, expires_at=now + life))
    return secret


def _asked_just_now(session: Session, account_id: str, purpose: Purpose, now: datetime) -> bool:
    last = accounts.last_link(session, account_id, purpose)
    return last is not None and now - last < PAUSE


def _use(session: Session, secret: str, purpose: Purpose, now: datetime) -> LinkRow:
    """Use up a link; of two who come at once, one finds it gone."""
    link = accounts.link_by_hash(session, digest(secret), purpose, now)
    if link is None or not accounts.delete_link(session, link.secret_hash):
        raise LinkOver
    return link
