"""What do the team know of the people who book, and what may they change?

Accounts of the team are an admin's business. Every change takes the account's lock first; who gives the version that he
read is told where somebody else changed the account since.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.domain.account import Account, AccountStatus, Role
from portal.domain.attributes import attribute_errors, attributes_read
from portal.domain.booking_search import Search, Sort, State
from portal.domain.contact import ContactError, name_errors, normal_phone
from portal.domain.customers import CustomerSearch, Figures
from portal.domain.errors import (
    N_,
    ChangedMeanwhile,
    FieldError,
    Forbidden,
    InUse,
    Invalid,
    NotFound,
    counted,
)
from portal.domain.rights import Action, may
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.team_notes import notes_errors, written_notes
from portal.domain.text import has_controls
from portal.store import accounts, customers
from portal.store.accounts import UserRow
from portal.store.db import db, transaction
from portal.store.locks import Locks, lock
from portal.store.supply import bookings_of_user
from portal.usecases.access import require, require_staff
from portal.usecases.accounts import address_errors, insert_user, prepared_user
from portal.usecases.booking_search import FoundBookings, search_bookings
from portal.usecases.catalogue import list_services
from portal.usecases.desk_search import owners_of
from portal.usecases.paging import PAGE, Paged, page_within, rows_before

MAX_REASON = 500
AHEAD = (State.CONFIRMED, State.TO_PAY, State.TO_APPROVE)


# ---------------------------------------------------------------- looking


@dataclass(frozen=True)
class FoundCustomers(Paged[tuple[Account, Figures]]):
    """A page of accounts, counted from 1, each with what its bookings come to; and how many there are in all."""


def search_customers(search: CustomerSearch, page: int, caller: Account, rules: Rules, now: datetime) -> FoundCustomers:
    """Find accounts, fifty a page, in three queries; a page beyond the last is the last. Raises Forbidden.

    A text that is a telephone number finds whose it is, as the desk does.
    """
    require_staff(caller)
    session = db.session()
    owners = owners_of(search.text, rules, PAGE) if search.text else None
    search = search if owners is None else replace(search, owners=frozenset(owners))
    count = customers.count(session, search)
    page = page_within(page, count)
    found = customers.find(session, search, now, PAGE, rows_before(page))
    figures = customers.figures_of(session, [one.id for one in found], now)
    return FoundCustomers([(one, figures.get(one.id, Figures())) for one in found], page, count)


@dataclass(frozen=True)
class CustomerPage:
    """Some accounts by id, and where the next page begins (None: no more)."""

    customers: tuple[Account, ...]
    next_after: str | None


def list_customers(
    caller: Account, search: str | None = None, limit: int = 100, after: str | None = None
) -> CustomerPage:
    """List accounts, optionally those whose name or address contains a text."""
    require_staff(caller)
    found = accounts.accounts(db.session(), search, limit + 1, after)
    return CustomerPage(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)


def get_customer(account_id: str, caller: Account) -> Account:
    """Find an account; raise NotFound."""
    require_staff(caller)
    return _fresh(db.session(), account_id)


def customer_of_email(email: str, caller: Account) -> Account | None:
    """Find the account of an address in any spelling."""
    require_staff(caller)
    row = accounts.user_by_email(db.session(), email)
    return row.account() if row else None


@dataclass(frozen=True)
class CustomerFile:
    """An account, what its bookings come to, a page of them with the latest first, and whether one may change it."""

    account: Account
    figures: Figures
    history: FoundBookings
    may_change: bool


def read_customer(account_id: str, page: int, caller: Account, rules: Rules, now: datetime) -> CustomerFile:
    """Read everything about a customer. Raises Forbidden, NotFound."""
    account = get_customer(account_id, caller)
    figures = customers.figures_of(db.session(), [account_id], now).get(account_id, Figures())
    everything = Search(user_id=account_id, sort=Sort.START_DOWN)
    history = search_bookings(everything, page, caller, rules, now)
    return CustomerFile(account, figures, history, may_change(account, caller))


def bookings_ahead(account_id: str, caller: Account, rules: Rules, now: datetime) -> FoundBookings:
    """List what a customer still has ahead, the next one first. Raises Forbidden."""
    ahead = Search(user_id=account_id, states=AHEAD, start=now)
    return search_bookings(ahead, 1, caller, rules, now)


def attributes_asked(caller: Account, rules: Rules) -> dict[str, tuple[Service, ...]]:
    """Return the attributes that prices read, by name, each with the services whose prices do. Raises Forbidden."""
    require_staff(caller)
    return attributes_read(list_services(rules, active=None))


# ---------------------------------------------------------------- changing


@dataclass(frozen=True)
class Particulars:
    """What else the team write down of a customer: None leaves it as it is, an empty text forgets it.

    The telephone number is the one that the customer himself may give and change; without a country code it is read as
    dialled in `region`. The notes he never sees.
    """

    phone: str | None = None
    notes: str | None = None
    region: str = ""

    @property
    def errors(self) -> list[FieldError]:
        """Name what is wrong, each at its field."""
        errors = notes_errors(written_notes(self.notes or ""))
        try:
            self._number()
        except ContactError as wrong:
            errors.append(wrong.at("contactPhone"))
        return errors

    def values(self, before: Account) -> dict[str, Any]:
        """Return the columns that change; raise ContactError where `errors` said so."""
        values: dict[str, Any] = {}
        if self.phone is not None:
            values["booking_preferences"] = before.preferences_with(self._number())
        if self.notes is not None:
            values["internal_notes"] = written_notes(self.notes) or None
        return values

    def _number(self) -> str | None:
        typed = (self.phone or "").strip()
        return normal_phone(typed, self.region) if typed else None


NOTHING_MORE = Particulars()


def customer_errors(email: str | None, name: str, more: Particulars = NOTHING_MORE) -> list[FieldError]:
    """Name what is wrong with a name and, of a new account, with its address."""
    return name_errors(name) + (address_errors(email) if email is not None else []) + more.errors


def create_customer(
    email: str,
    name: str,
    attributes: Mapping[str, Any],
    caller: Account,
    now: datetime,
    more: Particulars = NOTHING_MORE,
) -> Account:
    """Make an account without a password, for somebody who calls or walks in. Raises Forbidden, Invalid."""
    require_staff(caller)
    if errors := customer_errors(email, name, more) + attribute_errors(attributes):
        raise Invalid(errors)
    values = prepared_user(email, name, Role.CUSTOMER, None, now, attributes)
    values |= more.values(Account(values["id"], email, name))
    return transaction(lambda session: insert_user(session, values))


def set_attributes(account_id: str, attributes: Mapping[str, Any], caller: Account, now: datetime) -> Account:
    """Replace what staff know of a customer (`membership`, `vip`…) and prices and rules may ask for."""
    return change_customer(account_id, caller, now, attributes=attributes)


def ban(
    account_id: str, caller: Account, now: datetime, reason: str | None = None, version: str | None = None
) -> Account:
    """Close an account: its tokens and sessions end at once, and it can neither sign in nor book; its bookings stay."""
    return change_customer(account_id, caller, now, status=AccountStatus.BANNED, ban_reason=reason, version=version)


def unban(account_id: str, caller: Account, now: datetime) -> Account:
    """Open an account again; its owner signs in anew."""
    return change_customer(account_id, caller, now, status=AccountStatus.ACTIVE)


def change_role(account_id: str, role: str, caller: Account, now: datetime, version: str | None = None) -> Account:
    """Take somebody into the team, or out of it; it counts from his next request on.

    Raises as `change_customer` does.
    """
    require(caller, Action.CHANGE_TEAM)
    known = next((one for one in Role if one == role), None)
    if known is None:
        raise Invalid([FieldError("role", "enum", N_("Choose one from the list."))])
    return change_customer(account_id, caller, now, role=known, version=version)


def change_customer(
    account_id: str,
    caller: Account,
    now: datetime,
    *,
    name: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    status: AccountStatus | None = None,
    ban_reason: str | None = None,
    role: Role | None = None,
    more: Particulars = NOTHING_MORE,
    version: str | None = None,
) -> Account:
    """Change what is given of a customer; attributes are replaced as a whole, a reason goes with closing only.

    Raises Invalid, NotFound, Forbidden for an account of the team or a role where the caller is no admin,
    ChangedMeanwhile where it is no longer as it was in `version`.
    """
    require(caller, Action.RUN_HOUSE if role is None else Action.CHANGE_TEAM)
    errors = name_errors(name) if name is not None else []
    errors += attribute_errors(attributes) if attributes is not None else []
    errors += more.errors
    errors += _reason_errors(status, ban_reason)
    if errors:
        raise Invalid(errors)
    given = {
        "name": name and name.strip(),
        "attributes": None if attributes is None else dict(attributes),
        "role": role,
    }
    values = {column: value for column, value in given.items() if value is not None}

    def work(session: Session) -> Account:
        account = _locked(session, account_id, caller)
        if version is not None and version != account.version:
            raise ChangedMeanwhile
        standing = _standing(account, status, ban_reason, now)
        accounts.change_user(session, account_id, **values, **more.values(account), **standing, updated_at=now)
        if status is AccountStatus.BANNED:
            accounts.delete_tokens_of(session, account_id)
            accounts.delete_sessions_of(session, account_id)
        return _fresh(session, account_id)

    return transaction(work)


def _standing(account: Account, status: AccountStatus | None, reason: str | None, now: datetime) -> dict[str, Any]:
    """Return the columns of a closed or an open account; one that is closed already keeps since when."""
    if status is None:
        return {}
    if status is AccountStatus.ACTIVE:
        return {"status": status, "banned_at": None, "ban_reason": None}
    why = reason.strip() if reason is not None else account.ban_reason
    return {"status": status, "banned_at": account.banned_at or now, "ban_reason": why or None}


def _reason_errors(status: AccountStatus | None, reason: str | None) -> list[FieldError]:
    if reason is None:
        return []
    if status is not AccountStatus.BANNED:
        message = N_("A reason belongs to closing the account. Leave it out.")
        return [FieldError("banReason", "reason_not_needed", message)]
    if len(reason) > MAX_REASON or has_controls(reason):
        message = N_("Write at most %(limit)s characters of plain text.")
        return [FieldError("banReason", "too_long", message, {"limit": MAX_REASON})]
    return []


def delete_customer(account_id: str, caller: Account) -> None:
    """Remove an account that never booked; raise InUse for any other (its bookings are kept for the accounts)."""
    require_staff(caller)

    def work(session: Session) -> None:
        _locked(session, account_id, caller)
        if count := bookings_of_user(session, account_id):
            many = N_("This customer has %(count)s bookings. Close the account instead of deleting it.")
            one = N_("This customer has a booking. Close the account instead of deleting it.")
            raise InUse(counted(count, one, many), count=count)
        accounts.delete_tokens_of(session, account_id)
        session.execute(delete(UserRow).where(UserRow.id == account_id))

    transaction(work)


def may_change(account: Account, caller: Account) -> bool:
    """Tell whether somebody may change an account: one of the team only an admin, and nobody his own."""
    needed = Action.CHANGE_TEAM if account.is_staff else Action.RUN_HOUSE
    return account.id != caller.id and may(caller, needed)


def _locked(session: Session, account_id: str, caller: Account) -> Account:
    """Take the locks of both accounts, then read them. Raises NotFound, Forbidden.

    Whoever acts may have lost his role since he was let in: of two admins who take it from each other, one keeps his.
    """
    lock(session, Locks(users=frozenset({account_id, caller.id})))
    account = _fresh(session, account_id)
    if not may_change(account, _acting(session, caller)):
        raise Forbidden
    return account


def _acting(session: Session, caller: Account) -> Account:
    """Return who acts as he stands now; one that is in no table, such as the demonstration's, as he is."""
    row = session.get(UserRow, caller.id, populate_existing=True)
    return row.account() if row else caller


def _fresh(session: Session, account_id: str) -> Account:
    """Read an account as it stands now, whatever the session remembers. Raises NotFound."""
    row = session.get(UserRow, account_id, populate_existing=True)
    if row is None:
        raise NotFound
    return row.account()
