"""What does Créneau ask of a payment provider?

Every call names an idempotency key that was stored before it: the same key with the same values gives the same answer
once. Amounts are minor units of the currency, as the provider counts them. No call may be made inside a transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from portal.domain.money import Amount


class PaymentsAway(Exception):
    """The provider did not answer in time, or answered that it cannot now; the outcome of the call is unknown.

    `is_kept`: it did answer, with a failure that it repeats for a day to whoever asks again under the same key.
    """

    def __init__(self, message: str = "", *, is_kept: bool = False) -> None:
        super().__init__(message)
        self.is_kept = is_kept


class PaymentsBroken(Exception):
    """The provider refuses how it was asked (a key, a parameter): for the house to mend, not for the customer."""


class PaymentRefused(Exception):
    """The provider says no to this very thing: a card declined, an object that is past it; `code` is its own word."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.code = code


class ForgedEvent(Exception):
    """An event that the provider did not sign, or signed too long ago."""


class IntentStatus(StrEnum):
    """How far a payment has come, in the provider's words but for what the house does not tell apart."""

    OPEN = "open"  # nothing paid yet: a method is awaited, or the customer's confirmation
    PROCESSING = "processing"  # the bank has not decided
    AUTHORISED = "authorised"  # held on the card, to be captured
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


@dataclass(frozen=True)
class Charge:
    """What a customer is asked for: the amount, what it is for, and the words the provider keeps with it.

    `description` is read by the customer on the hosted page and, shortened, on the bank statement; `hold_only`
    authorises for a later capture. `cards_only`: nothing that takes days to pay by, as the place is held for minutes.
    """

    amount: Amount
    description: str
    metadata: dict[str, str]
    customer_id: str
    hold_only: bool = False
    cards_only: bool = True


@dataclass(frozen=True)
class Intent:
    """A payment as the provider knows it now; amounts in minor units.

    `amount_received` is what was captured; `failure` the code of the last refusal, None where none was.
    """

    id: str
    status: IntentStatus
    amount: Amount
    amount_received: int
    metadata: dict[str, str]
    client_secret: str | None = None
    charge_id: str | None = None
    failure: str | None = None


@dataclass(frozen=True)
class CheckoutSession:
    """A hosted page; `is_open`: it can still be paid.

    `intent` is None until the customer has confirmed on it, and on a series' page, which has `subscription_id` then.
    """

    id: str
    url: str | None
    is_open: bool
    is_expired: bool
    amount: Amount
    metadata: dict[str, str]
    intent: Intent | None = None
    subscription_id: str | None = None


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class ProviderRefund:
    """A refund as the provider knows it; `refund_id` is our row's id from its metadata, None if made elsewhere."""

    id: str
    intent_id: str | None
    amount: Amount
    status: RefundStatus
    refund_id: str | None = None
    failure: str | None = None


@dataclass(frozen=True)
class ProviderDispute:
    """A customer's bank asks the money back; `status` in the provider's words, `is_lost` once decided against us.

    `is_refundable`: refunding the payment still settles it.
    """

    id: str
    intent_id: str | None
    amount: Amount
    status: str
    is_over: bool
    is_lost: bool
    is_refundable: bool


@dataclass(frozen=True)
class ProviderEvent:
    """A trigger, not the truth: what happened to which object; `object_id` is of the object's own kind.

    `intent_id` and `subscription_id` are filled where the event's object names them.
    """

    id: str
    type: str
    created: datetime
    object_id: str
    metadata: dict[str, str]
    intent_id: str | None = None
    subscription_id: str | None = None


@dataclass(frozen=True)
class Subscription:
    """A paid series; `status` in the provider's words (active, past_due, canceled …)."""

    id: str
    status: str
    metadata: dict[str, str]


@dataclass(frozen=True)
class SubscriptionInvoice:
    """One period of a subscription, paid or not."""

    id: str
    subscription_id: str | None
    intent_id: str | None
    is_paid: bool
    amount: Amount


class PaymentGateway(Protocol):
    """The provider. Every method may raise PaymentsAway or PaymentsBroken; those that act may raise PaymentRefused."""

    def create_customer(self, email: str, name: str, metadata: dict[str, str], key: str) -> str:
        """Make a customer; return the id."""

    def open_session(
        self, charge: Charge, success_url: str, cancel_url: str, expires_at: datetime, locale: str, key: str
    ) -> CheckoutSession:
        """Open a hosted page."""

    def session(self, session_id: str) -> CheckoutSession:
        """Ask how a hosted page stands, its intent with it."""

    def expire_session(self, session_id: str) -> CheckoutSession:
        """Close a hosted page, or find it closed: returns how it stands afterwards, paid perhaps."""

    def create_intent(self, charge: Charge, key: str) -> Intent:
        """Make an intent for a client that asks for the card itself."""

    def intent(self, intent_id: str) -> Intent:
        """Ask how a payment stands."""

    def cancel_intent(self, intent_id: str) -> Intent:
        """Cancel an intent, or find that it is past it: returns how it stands afterwards, paid perhaps.

        Also releases what is authorised only, an intent of a hosted page included.
        """

    def capture(self, intent_id: str, amount_minor: int, key: str) -> Intent:
        """Take what was authorised."""

    def refund(self, intent_id: str, amount_minor: int, refund_id: str, key: str) -> ProviderRefund:
        """Give money back; our row's id goes with it as metadata."""

    def refund_by_id(self, provider_refund_id: str) -> ProviderRefund:
        """Ask how a refund stands."""

    def refunds_of(self, intent_id: str) -> Sequence[ProviderRefund]:
        """List every refund of a payment, those made elsewhere included."""

    def dispute(self, dispute_id: str) -> ProviderDispute:
        """Ask how a dispute stands."""

    def events_since(self, instant: datetime) -> Sequence[ProviderEvent]:
        """List the events created at or after an instant, oldest first."""

    def read_event(self, body: bytes, signature: str, now: datetime) -> ProviderEvent:
        """Verify a delivered event; raises ForgedEvent."""

    def create_subscription(
        self, charge: Charge, interval: str, interval_count: int, success_url: str, cancel_url: str, key: str
    ) -> CheckoutSession:
        """Open a hosted page that starts a paid series."""

    def subscription(self, subscription_id: str) -> Subscription:
        """Ask how a subscription stands."""

    def cancel_subscription(self, subscription_id: str) -> Subscription:
        """End a subscription, or find it ended."""

    def subscription_invoice(self, invoice_id: str) -> SubscriptionInvoice:
        """Ask how a period stands."""
