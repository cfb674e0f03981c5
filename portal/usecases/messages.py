"""How does a message wait until what it tells is certain, and how does it leave?

It is a row written in the transaction of its event: a rollback takes it back, a crash does not lose it.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.identity import new_id
from portal.domain.invoices import Invoice, InvoiceKind
from portal.domain.notifications import ABOUT_BOOKINGS, CONFIRMATIONS, Channel, Kind, Message, next_try
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.gateways.mail import Mailer, MailerAway, Undeliverable
from portal.store import accounts, bookings, invoices, outbox
from portal.store.db import db, transaction
from portal.usecases.catalogue import services_by_id

LEASE = timedelta(minutes=15)  # longer than a whole run takes
MOST_AT_ONCE = 100
MAX_FAILURE = 255
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """A message with whom and what it is about, as they stand when it is written; `address` is where it goes.

    `invoices` are those that it takes along.
    """

    message: Message
    address: str
    person: Account
    booking: Booking | None = None
    service: Service | None = None
    invoices: Sequence[Invoice] = ()


@dataclass(frozen=True)
class Post:
    """How messages leave: who writes them, who carries them, and which the house does not send."""

    compose: Callable[[Letter], EmailMessage]
    mailer: Mailer
    rules: Rules
    silent: frozenset[Kind] = field(default_factory=frozenset)


class _NothingToSay(Exception):
    """The message has lost its point."""


# ---------------------------------------------------------------- waiting


def queue_message(
    session: Session,
    kind: Kind,
    event: str,
    recipient: str,
    address: str | None,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    locale: str | None = None,
) -> None:
    """Write a mail for later, inside the transaction of its event; without an address it goes to the account's."""
    outbox.add_message(
        session,
        {
            "id": new_id(),
            "event": event,
            "kind": kind,
            "channel": Channel.MAIL,
            "recipient": recipient,
            "address": address,
            "locale": locale,
            "payload": dict(payload),
            "created_at": now,
            "due_at": now,
            "attempts": 0,
        },
    )


def tell_customer(
    session: Session, booking: Booking, kind: Kind, now: datetime, *, event: str | None = None, **payload: Any
) -> None:
    """Write to the customer of a booking what became of it, inside the transaction that changes it.

    `event` names what is told where one booking may have several of the kind at one moment.
    """
    told = event or f"booking:{booking.id}@{bookings.microseconds_of(now)}"
    content = {"bookingId": booking.id, **payload}
    queue_message(session, kind, told, booking.user_id, booking.contact_email, content, now)


def tell_team(session: Session, booking: Booking, kind: Kind, event: str, now: datetime, **payload: Any) -> None:
    """Write to every admin what somebody has to look at, inside the transaction that finds it."""
    for admin in accounts.admins(session):
        queue_message(session, kind, event, admin, None, {"bookingId": booking.id, **payload}, now)


# ---------------------------------------------------------------- leaving


def send_due_messages(post: Post, now: datetime) -> int:
    """Send what is due, each message by itself; return how many were sent.

    Any number of processes may do so at once. Where the mail server is away, the rest waits for the next run.
    """
    sent = 0
    for _ in range(MOST_AT_ONCE):
        claimed = transaction(lambda session: outbox.claim_message(session, now, now + LEASE))
        if claimed is None:
            break
        try:
            sent += _deliver(post, claimed, now)
        except MailerAway:
            break
    return sent


def _deliver(post: Post, message_id: str, now: datetime) -> bool:
    """Send one message that is claimed, and write down what became of it; raises MailerAway after writing it down."""
    message = outbox.message_by_id(db.session(), message_id)
    assert message is not None, "only its claimant may touch it"
    try:
        mail = post.compose(_letter(post, message))
        db.session.rollback()  # no read transaction stays open while the network is waited for
        post.mailer.send(mail)
    except (_NothingToSay, Undeliverable) as reason:
        _close(message, failure=str(reason), due_at=None)
        return False
    except Exception as error:  # a template's mistake as well: one message must not hold up the others
        _try_later(message, error, now)
        if isinstance(error, MailerAway):
            raise
        return False
    _close(message, sent_at=now, due_at=None, failure=None)
    return True


def _letter(post: Post, message: Message) -> Letter:
    """Find whom and what a message is about; raises _NothingToSay."""
    if message.kind in post.silent:
        raise _NothingToSay("switched off")
    person = accounts.account_by_id(db.session(), message.recipient)
    if person is None:
        raise _NothingToSay("the account is gone")
    address = message.address or person.email
    if message.kind not in ABOUT_BOOKINGS:
        return Letter(message, address, person)
    booking = bookings.booking_by_id(db.session(), message.payload["bookingId"], None)
    if booking is None:
        raise _NothingToSay("the booking is gone")
    service = services_by_id([booking.service_id], post.rules)[booking.service_id]
    return Letter(message, address, person, booking, service, _invoices(message, booking))


def _invoices(message: Message, booking: Booking) -> Sequence[Invoice]:
    """Find the invoice that goes with a confirmation: there is one where the booking was paid."""
    if message.kind not in CONFIRMATIONS:
        return ()
    found = invoices.invoices_of_booking(db.session(), booking.id)
    return [one for one in found if one.content.kind is InvoiceKind.INVOICE and one.corrects_id is None]


def _try_later(message: Message, error: Exception, now: datetime) -> None:
    due = next_try(message.created_at, message.attempts, now)
    reason = f"{type(error).__name__}: {error}" if isinstance(error, MailerAway) else type(error).__name__
    if due is None:
        _LOG.error("message %s (%s) is given up: %s", message.id, message.kind, reason)
    else:
        _LOG.warning("message %s (%s) waits until %s: %s", message.id, message.kind, due.isoformat(), reason)
    _close(message, failure=reason[:MAX_FAILURE], due_at=due)


def _close(message: Message, **values: Any) -> None:
    if values.get("failure") and values["due_at"] is None:
        _LOG.info("message %s (%s) is not sent: %s", message.id, message.kind, values["failure"])
    transaction(lambda session: outbox.close_message(session, message.id, message.attempts, **values))


# ---------------------------------------------------------------- looking


def sent_letters(post: Post, limit: int = 50) -> list[Letter]:
    """Return what was sent last, the newest first, without what is gone since: for the development mailbox."""
    found = (_readable(post, message) for message in outbox.messages(db.session(), limit))
    return [one for one in found if one is not None]


def sent_letter(post: Post, message_id: str) -> Letter | None:
    """Return one that was sent, None where there is no such."""
    message = outbox.message_by_id(db.session(), message_id)
    return _readable(post, message) if message and message.sent_at else None


def _readable(post: Post, message: Message) -> Letter | None:
    try:
        return _letter(post, message)
    except _NothingToSay:
        return None
