"""What do the team say of a booking that customers cannot: whose it is, at which price, and how it is paid?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.account import Account, Role
from portal.domain.errors import N_, FieldError, Invalid, PaymentOff
from portal.domain.pay_links import UNTIL, until_errors
from portal.domain.price_override import TOTAL, PriceOverride, listed_total, override_errors
from portal.domain.pricing import Quote
from portal.domain.rights import Action, may
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.team_notes import notes_errors
from portal.store import accounts
from portal.store.db import db
from portal.usecases.accounts import insert_user, prepared_user

NEWCOMER = "newCustomer"


@dataclass(frozen=True)
class Newcomer:
    """Somebody without an account, for whom one is made together with the booking."""

    name: str
    email: str


@dataclass(frozen=True)
class Desk:
    """What only the team may say of a booking.

    It is `customer_id`'s, or the newcomer's; of whoever books where both are None. With `pay_until` it is held that
    long and paid by a link, else it is due on site.
    """

    customer_id: str | None = None
    newcomer: Newcomer | None = None
    override: PriceOverride | None = None
    pay_until: datetime | None = None
    internal_notes: str | None = None

    @property
    def given(self) -> list[str]:
        """Name the fields that were given, as the API does."""
        values = {
            "customerId": self.customer_id,
            NEWCOMER: self.newcomer,
            "priceOverride": self.override,
            UNTIL: self.pay_until,
            "internalNotes": self.internal_notes,
        }
        return [name for name, value in values.items() if value is not None]


@dataclass(frozen=True)
class Guest:
    """Whose booking it is; `row` is what is stored of a newcomer together with it."""

    account: Account
    row: Mapping[str, Any] | None = None


def guest_of(desk: Desk, caller: Account, now: datetime, errors: list[FieldError]) -> Guest:
    """Find whose booking it is, or say what is wrong in `errors`."""
    if desk.newcomer:
        return _newcomer(desk.newcomer, caller, now, errors)
    if desk.customer_id is None:
        return Guest(caller)
    found = accounts.account_by_id(db.session(), desk.customer_id)
    if found is None:
        errors.append(FieldError("customerId", "unknown", N_("There is no such customer. Look for them again.")))
    elif found.is_banned:
        message = N_("This customer's account is closed: nothing can be booked for them.")
        errors.append(FieldError("customerId", "closed", message))
    return Guest(found or caller)


def _newcomer(newcomer: Newcomer, caller: Account, now: datetime, errors: list[FieldError]) -> Guest:
    try:
        row = prepared_user(newcomer.email, newcomer.name, Role.CUSTOMER, None, now)
    except Invalid as refused:
        errors += [one.at(NEWCOMER) for one in refused.errors]
        return Guest(caller)
    if accounts.user_by_email(db.session(), newcomer.email):
        errors.append(_taken())
    return Guest(Account(row["id"], row["email"], row["name"]), row)


def _taken() -> FieldError:
    message = N_("There is an account with this e-mail address already: book for that customer.")
    return FieldError(f"{NEWCOMER}.email", "email_taken", message)


def welcome(session: Session, guest: Guest) -> None:
    """Store a newcomer in the transaction of his booking: if that fails, he is not stored either."""
    if guest.row is None:
        return
    try:
        insert_user(session, guest.row)
    except Invalid:  # another desk was quicker
        raise Invalid([_taken()]) from None


def desk_errors(desk: Desk, service: Service, caller: Account | None, rules: Rules) -> list[FieldError]:
    """Name what is wrong with what the team say; all of it where somebody else says it."""
    if not (caller and caller.is_staff):
        message = N_("Only staff may give this. Leave it out.")
        return [FieldError(name, "staff_only", message) for name in desk.given]
    errors = override_errors(desk.override, service.currency) if desk.override else []
    errors += notes_errors(desk.internal_notes or "")
    if desk.pay_until is not None and not rules.takes_payment:
        errors.append(FieldError(UNTIL, "payment_off", PaymentOff.message))
    return errors


def link_errors(desk: Desk, start: datetime, now: datetime) -> list[FieldError]:
    """Name what keeps the place from being held for a payment by link."""
    return until_errors(desk.pay_until, start, now) if desk.pay_until else []


def check_price(price: Quote, desk: Desk, caller: Account, rules: Rules) -> None:
    """Raise Invalid where the agreed price, or the one it replaces, is an admin's to decide about."""
    dearest = max(price.total, listed_total(price))
    is_large = bool(rules.approval_over) and dearest > rules.approval_over
    if desk.override and is_large and not may(caller, Action.APPROVE_LARGE):
        message = N_("Only an admin may change so high a price. Ask one, or leave the price as it is.")
        raise Invalid([FieldError(TOTAL, "admin_only", message)])
