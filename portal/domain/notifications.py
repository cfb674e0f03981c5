"""Which messages are there, when is one tried again, and when is it given up?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Channel(StrEnum):
    MAIL = "mail"


class Kind(StrEnum):
    """What a message says; its templates have the same names."""

    BOOKING_CREATED = "booking-created"  # the team has to agree first
    BOOKING_CONFIRMATION = "booking-confirmation"
    BOOKING_APPROVED = "booking-approved"
    BOOKING_DECLINED = "booking-declined"
    BOOKING_LAPSED = "booking-lapsed"
    BOOKING_CANCELLATION = "booking-cancellation"
    BOOKING_UNPAID = "booking-unpaid"  # the hold ended in vain
    BOOKING_PAYMENT_FAILED = "booking-payment-failed"  # the bank said no, after a while
    BOOKING_PAYMENT_DUE = "booking-payment-due"  # what was authorised could not be taken
    BOOKING_PAY_LINK = "booking-pay-link"  # handed over by the team
    BOOKING_MONEY_BACK = "booking-money-back"
    # to the team
    BOOKING_DISPUTED = "booking-disputed"
    BOOKING_REFUND_FAILED = "booking-refund-failed"
    BOOKING_PAYMENT_FLAGGED = "booking-payment-flagged"
    PASSWORD_RESET = "password-reset"  # noqa: S105 # nosec B105
    EMAIL_CONFIRM = "email-confirm"
    EMAIL_CHANGED = "email-changed"


ABOUT_BOOKINGS = frozenset(kind for kind in Kind if kind.startswith("booking-"))
CONFIRMATIONS = frozenset({Kind.BOOKING_CONFIRMATION, Kind.BOOKING_APPROVED})

RETRY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
GIVEN_UP_AFTER = timedelta(days=5)


@dataclass(frozen=True)
class Message:
    """A message as it waits, or as it was sent: `sent_at`; one that was given up is neither due nor sent.

    `recipient` is who gets it (an account's id), `address` where; without one, the account's own.
    """

    id: str
    kind: Kind
    channel: Channel
    recipient: str
    address: str | None
    locale: str | None
    payload: Mapping[str, Any]
    created_at: datetime
    due_at: datetime | None
    attempts: int
    sent_at: datetime | None = None
    failure: str | None = None


def next_try(created_at: datetime, attempts: int, now: datetime) -> datetime | None:
    """Return when to try again after so many attempts, the last one now; None once it is to be given up."""
    later = now + RETRY_AFTER[min(attempts, len(RETRY_AFTER)) - 1]
    return later if later - created_at <= GIVEN_UP_AFTER else None


def silent_kinds(*, notifications: bool, confirmations: bool) -> frozenset[Kind]:
    """Return the kinds that the house switched off; what an account cannot do without is always sent."""
    if not notifications:
        return ABOUT_BOOKINGS
    return frozenset() if confirmations else CONFIRMATIONS
