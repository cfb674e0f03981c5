"""What is done about a payment, given what the provider says and how its booking stands? (SPEC §5, §7)

The answer is one table. It is monotonic: success beats failed, cancelled and expired; money that cannot be used goes
back; and what was decided once is not decided again by the same news.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.domain.money import Amount, minor_digits

MOST_UNPAID_HOLDS = 3  # per customer
LONGEST_AUTHORISATION = timedelta(days=6)  # cards let go of it after seven
SESSION_LIFE = timedelta(minutes=31)  # the provider's least is thirty; a hold of its least length outlives it

# Least charges of Stripe, in minor units; of other currencies only Stripe knows, from the day's rate of the account's.
LEAST_CHARGE: Mapping[str, int] = {
    "AED": 200,
    "AUD": 50,
    "BRL": 50,
    "CAD": 50,
    "CHF": 50,
    "CZK": 1500,
    "DKK": 250,
    "EUR": 50,
    "GBP": 30,
    "HKD": 400,
    "HUF": 17500,
    "INR": 50,
    "JPY": 50,
    "MXN": 1000,
    "MYR": 200,
    "NOK": 300,
    "NZD": 50,
    "PLN": 200,
    "RON": 200,
    "SEK": 300,
    "SGD": 50,
    "THB": 1000,
    "USD": 50,
}


# ---------------------------------------------------------------- values


class PaymentKind(StrEnum):
    """How the customer pays: on the provider's page, or in a client that asks for the card itself."""

    CHECKOUT = "checkout"
    INTENT = "intent"


class PaymentState(StrEnum):
    """How far a payment of ours has come; the first six are unfinished."""

    OPENING = "opening"  # stored with its key; the provider has not answered yet
    OPEN = "open"
    PROCESSING = "processing"  # the bank has not decided
    AUTHORISED = "authorised"  # held on the card until staff agree
    CAPTURING = "capturing"  # staff agreed; the money is being taken
    RELEASING = "releasing"  # it is not wanted; what is held on the card is being let go
    SUCCEEDED = "succeeded"
    CLOSED = "closed"  # nothing can be paid by it any more


UNFINISHED = frozenset(PaymentState) - {PaymentState.SUCCEEDED, PaymentState.CLOSED}
EXCLUSIVE = UNFINISHED - {PaymentState.RELEASING}  # one of these at most for each booking
PAYABLE = frozenset({PaymentState.OPENING, PaymentState.OPEN})  # the customer can still pay by it


@dataclass(frozen=True)
class Payment:
    """One attempt to pay for a booking; amounts are minor units of `currency`.

    `key` was stored before the provider was asked. `is_surplus`: its money was not used for the booking. `flag` says
    what staff have to look at, `flag_seen_at` when they did. `request` is what the provider was asked for, to ask the
    same again.
    """

    id: str
    booking_id: str
    kind: PaymentKind
    amount_minor: int
    currency: str
    status: PaymentState
    key: str
    created_at: datetime
    hold_only: bool = False
    session_id: str | None = None
    intent_id: str | None = None
    url: str | None = None
    customer_id: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    amount_captured: int = 0
    amount_refunded: int = 0
    is_surplus: bool = False
    is_disputed: bool = False
    flag: str | None = None
    flag_seen_at: datetime | None = None
    failure: str | None = None
    settled_at: datetime | None = None

    @property
    def amount(self) -> Amount:
        return Amount(self.amount_minor, self.currency)

    @property
    def refundable(self) -> int:
        """What can still be given back: nothing while a bank disputes the payment."""
        return 0 if self.is_disputed else self.amount_captured - self.amount_refunded


class RefundState(StrEnum):
    PENDING = "pending"  # stored with its key; the provider has not said yes or no
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Why(StrEnum):
    """Why money goes back, or is let go; what the customer and staff are told follows from it."""

    POLICY = "policy"  # cancelled, by the policy or by staff's choice
    STAFF = "staff"
    TOO_LATE = "too_late"  # paid after the hold, and the place is gone
    CANCELLED = "cancelled"  # paid for a booking that was cancelled
    PAID_TWICE = "paid_twice"
    MISMATCH = "mismatch"  # not the amount, the currency, the page or the booking that was asked for
    DECLINED = "declined"  # authorised only, and the team did not agree
    ELSEWHERE = "elsewhere"  # made in the provider's dashboard


@dataclass(frozen=True)
class Refund:
    """Money on its way back; `key` was stored before the provider was asked."""

    id: str
    payment_id: str
    booking_id: str
    amount_minor: int
    currency: str
    status: RefundState
    why: Why
    key: str
    created_at: datetime
    reason: str | None = None
    provider_id: str | None = None
    failure: str | None = None
    attempts: int = 0


class RefundChoice(StrEnum):
    """What staff give back when they cancel."""

    NONE = "none"
    POLICY = "policy"
    FULL = "full"


# ---------------------------------------------------------------- what can be charged


def least_charge(currency: str) -> int:
    """Return the least amount that can be charged; 1 where only the provider knows."""
    return LEAST_CHARGE.get(currency, 1)


def charge_step(currency: str) -> int:
    """Return what charged amounts are multiples of: of three decimals, the last is 0."""
    return 10 if minor_digits(currency) == 3 else 1


def is_chargeable(amount: Amount) -> bool:
    """Tell whether an amount above 0 can be charged."""
    return amount.minor >= least_charge(amount.currency) and amount.minor % charge_step(amount.currency) == 0


def in_steps(amount: Amount, most: int) -> int:
    """Round an amount up to what can be moved, in the customer's favour, but never above `most`."""
    step = charge_step(amount.currency)
    return min(-(-amount.minor // step) * step, most)


def status_of_sums(paid: int, refunded: int) -> PaymentStatus:
    """Say what became of the money of a booking that was paid."""
    if not refunded:
        return PaymentStatus.PAID
    return PaymentStatus.REFUNDED if refunded >= paid else PaymentStatus.PARTIALLY_REFUNDED


# ---------------------------------------------------------------- what the provider says


class MoneyState(StrEnum):
    OPEN = "open"  # can still be paid
    PROCESSING = "processing"
    AUTHORISED = "authorised"
    SUCCEEDED = "succeeded"
    DEAD = "dead"  # expired, cancelled, or failed for good


@dataclass(frozen=True)
class Truth:
    """A payment as the provider knows it now; `received` is what was captured, minor units of its own currency.

    `failure` is the code of the last refusal.
    """

    state: MoneyState
    amount: Amount
    received: int
    metadata: Mapping[str, str]
    session_id: str | None = None
    intent_id: str | None = None
    failure: str | None = None


def metadata_of(payment_id: str, booking_id: str, service_id: str, user_id: str) -> dict[str, str]:
    """Return what the provider keeps with a payment and shows in its dashboard."""
    return {"bookingId": booking_id, "paymentId": payment_id, "serviceId": service_id, "userId": user_id}


def matches(payment: Payment, truth: Truth) -> bool:
    """Tell whether what was paid is what was asked for: amount, currency, booking, and the very page or intent."""
    is_ours = truth.metadata.get("paymentId") == payment.id and truth.metadata.get("bookingId") == payment.booking_id
    same_page = payment.kind is not PaymentKind.CHECKOUT or truth.session_id == payment.session_id
    same_intent = payment.intent_id is None or truth.intent_id in {None, payment.intent_id}
    took_it_all = truth.state is not MoneyState.SUCCEEDED or truth.received == payment.amount_minor
    return is_ours and same_page and same_intent and took_it_all and truth.amount == payment.amount


# ---------------------------------------------------------------- how the booking stands


class Standing(StrEnum):
    """A booking as money sees it, the rest of its life left out."""

    DUE = "due"  # its place is held, the money is awaited
    ASKING = "asking"  # the same, but the money is only authorised: the team has to agree first
    AWAITING = "awaiting"  # authorised; the team has not answered
    AGREED = "agreed"  # the team agreed, and the money is being taken
    KEPT = "kept"  # confirmed, or over
    LAPSED = "lapsed"  # nobody paid in time; the place can be had again
    LOST = "lost"  # nobody paid in time, and the place is gone, or the time is
    DROPPED = "dropped"  # cancelled by somebody, declined, or replaced


@dataclass(frozen=True)
class BookingFacts:
    """What the table needs to know of a booking; `place_free` is asked for only where its hold is over."""

    status: BookingStatus
    is_live: bool
    approval_needed: bool
    payment_authorised: bool
    lapsed: bool
    has_started: bool
    place_free: bool


def standing_of(facts: BookingFacts) -> Standing:
    """Say how a booking stands."""
    if facts.status in {BookingStatus.CONFIRMED, BookingStatus.COMPLETED, BookingStatus.NO_SHOW}:
        return Standing.KEPT
    if facts.status is BookingStatus.PENDING and facts.is_live:
        return _standing_of_hold(facts)
    if facts.status is BookingStatus.PENDING or (facts.status is BookingStatus.CANCELLED and facts.lapsed):
        return Standing.LAPSED if facts.place_free and not facts.has_started else Standing.LOST
    return Standing.DROPPED


def _standing_of_hold(facts: BookingFacts) -> Standing:
    if facts.payment_authorised:
        return Standing.AWAITING if facts.approval_needed else Standing.AGREED
    return Standing.ASKING if facts.approval_needed else Standing.DUE


# ---------------------------------------------------------------- what is done


class Step(StrEnum):
    WAIT = "wait"  # nothing has changed for good
    CONFIRM = "confirm"  # the booking is confirmed and paid
    RETAKE = "retake"  # the place is taken again, then as above
    REFUND = "refund"  # everything received goes back
    ASK_TEAM = "ask_team"  # authorised: the team is asked, and the place held until it answers
    CAPTURE = "capture"
    RELEASE = "release"  # what is only authorised is let go
    EXPIRE = "expire"  # it could still be paid, and must not be
    CLOSE = "close"  # it came to nothing; a hold goes on, so that the customer can try again
    DUE_AGAIN = "due_again"  # what was authorised is gone: the customer has to pay again


@dataclass(frozen=True)
class Decision:
    """What to do, and, where money goes back or is let go, why."""

    step: Step
    why: Why | None = None


_M, _S = MoneyState, Standing
_HOLDS = (_S.DUE, _S.ASKING)
_GONE = (_S.LAPSED, _S.LOST, _S.DROPPED)

# Read from top to bottom; the first row that fits decides. A row: what the provider says, whether it is what was asked
# for, whether another payment has paid for the booking, how the booking stands; None fits everything.
SETTLEMENT: tuple[tuple[MoneyState, bool | None, bool | None, tuple[Standing, ...] | None, Decision], ...] = (
    (_M.SUCCEEDED, False, None, None, Decision(Step.REFUND, Why.MISMATCH)),
    (_M.SUCCEEDED, True, True, None, Decision(Step.REFUND, Why.PAID_TWICE)),
    (_M.SUCCEEDED, True, False, (_S.LAPSED,), Decision(Step.RETAKE)),
    (_M.SUCCEEDED, True, False, (_S.LOST,), Decision(Step.REFUND, Why.TOO_LATE)),
    (_M.SUCCEEDED, True, False, (_S.DROPPED,), Decision(Step.REFUND, Why.CANCELLED)),
    # whoever captured what the team was still asked about is the team
    (_M.SUCCEEDED, True, False, (*_HOLDS, _S.AWAITING, _S.AGREED, _S.KEPT), Decision(Step.CONFIRM)),
    (_M.AUTHORISED, False, None, None, Decision(Step.RELEASE, Why.MISMATCH)),
    (_M.AUTHORISED, True, True, None, Decision(Step.RELEASE, Why.PAID_TWICE)),
    (_M.AUTHORISED, True, False, (_S.ASKING,), Decision(Step.ASK_TEAM)),
    (_M.AUTHORISED, True, False, (_S.AWAITING,), Decision(Step.WAIT)),
    (_M.AUTHORISED, True, False, (_S.DUE, _S.AGREED), Decision(Step.CAPTURE)),
    (_M.AUTHORISED, True, False, (_S.LAPSED, _S.LOST), Decision(Step.RELEASE, Why.TOO_LATE)),
    (_M.AUTHORISED, True, False, (_S.DROPPED, _S.KEPT), Decision(Step.RELEASE, Why.CANCELLED)),
    (_M.PROCESSING, None, None, None, Decision(Step.WAIT)),
    (_M.OPEN, None, True, None, Decision(Step.EXPIRE)),
    (_M.OPEN, None, False, _HOLDS, Decision(Step.WAIT)),
    (_M.OPEN, None, False, (*_GONE, _S.KEPT), Decision(Step.EXPIRE)),
    (_M.OPEN, None, False, (_S.AWAITING, _S.AGREED), Decision(Step.DUE_AGAIN)),
    (_M.DEAD, None, False, (_S.AWAITING, _S.AGREED), Decision(Step.DUE_AGAIN)),
    (_M.DEAD, None, None, None, Decision(Step.CLOSE)),
)


def decide(state: MoneyState, is_match: bool, paid_already: bool, standing: Standing) -> Decision:
    """Return the settlement of a payment: the first row of the table that fits."""
    for wanted, match, paid, standings, decision in SETTLEMENT:
        fits = state is wanted and match in {None, is_match} and paid in {None, paid_already}
        if fits and (standings is None or standing in standings):
            return decision
    raise AssertionError(f"the table has no row for {state}, {is_match}, {paid_already}, {standing}")
