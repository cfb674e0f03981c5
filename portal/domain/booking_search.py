"""How do the team look for bookings: by which states, in which order?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """How a booking stands, as the team sort them; pending ones by what they wait for."""

    TO_APPROVE = "to-approve"
    TO_PAY = "to-pay"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    NO_SHOW = "no-show"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"
    WAITLISTED = "waitlisted"


class MoneyState(StrEnum):
    """How the money of a booking stands; `ON_SITE` is everything that no card is asked for.

    Beside one of the others it may be `DISPUTED`, or `FLAGGED`: a payment is not as it should be, seen or not.
    """

    ON_SITE = "on-site"
    PENDING = "pending"
    AUTHORISED = "authorised"
    PAID = "paid"
    FAILED = "failed"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    DISPUTED = "disputed"
    FLAGGED = "flagged"


class Sort(StrEnum):
    """What a list is ordered by; with a minus sign, the highest or latest first."""

    START = "start"
    START_DOWN = "-start"
    CREATED = "created"
    CREATED_DOWN = "-created"
    AMOUNT = "amount"
    AMOUNT_DOWN = "-amount"


@dataclass(frozen=True)
class Search:
    """Which bookings to find; `start` and `end` (exclusive) bound their start, several states mean any of them."""

    states: tuple[State, ...] = ()
    money: tuple[MoneyState, ...] = ()
    service_id: str | None = None
    staff_id: str | None = None
    user_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    text: str | None = None
    sort: Sort = Sort.START
