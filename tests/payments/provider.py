"""A payment provider in memory, faithful to Stripe's rules, that fails when it is told to.

The contract tests hold the sandbox and Stripe's test mode to the same rules; this one is for tests of use-cases: it
raises an error at once if it is called while a transaction is open.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from portal.domain.money import Amount
from portal.domain.payments import least_charge
from portal.gateways.payments import (
    Charge,
    CheckoutSession,
    ForgedEvent,
    Intent,
    IntentStatus,
    PaymentRefused,
    PaymentsAway,
    ProviderDispute,
    ProviderEvent,
    ProviderRefund,
    RefundStatus,
    Subscription,
    SubscriptionInvoice,
)
from portal.store.db import WRITE, db

T = TypeVar("T")
SIGNATURE = "signed-by-the-fake"


@dataclass
class Fault:
    """How a call is to fail: not heard at all, heard but not answered, or failed in a way that its key repeats."""

    when: str
    call: str | None = None
    left: int = 1


@dataclass
class FakeProvider:
    """Sessions, intents, refunds and events; `now` is its clock."""

    now: datetime
    sessions: dict[str, CheckoutSession] = field(default_factory=dict)
    intents: dict[str, Intent] = field(default_factory=dict)
    holds: set[str] = field(default_factory=set)  # intents that authorise only
    refunds: dict[str, ProviderRefund] = field(default_factory=dict)
    disputes: dict[str, ProviderDispute] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    invoices: dict[str, SubscriptionInvoice] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    events: list[ProviderEvent] = field(default_factory=list)
    answers: dict[str, tuple[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    charges: dict[str, Charge] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))
    ends: dict[str, datetime] = field(default_factory=dict)  # of pages
    refund_status: RefundStatus = RefundStatus.SUCCEEDED
    before: Callable[[str], None] | None = None  # what happens just before a call: a rival, a webhook

    # ------------------------------------------------------------ told by tests

    def fail(self, when: str, call: str | None = None, times: int = 1) -> None:
        """Let the next calls (of one kind) fail: "unheard", "unanswered" or "broken" (a 500 that its key keeps)."""
        self.faults.append(Fault(when, call, times))

    def pay(self, session_id: str, *, amount: Amount | None = None, processing: bool = False) -> str:
        """The customer pays on the hosted page; returns the intent."""
        page = self.sessions[session_id]
        assert page.is_open, "the page is closed"
        intent_id = page.intent.id if page.intent else f"pi_{next(self.numbers)}"
        status = IntentStatus.AUTHORISED if session_id in self.holds else IntentStatus.SUCCEEDED
        if processing:
            status = IntentStatus.PROCESSING
        paid = amount or page.amount
        received = paid.minor if status is IntentStatus.SUCCEEDED else 0
        intent = Intent(intent_id, status, paid, received, page.metadata, f"{intent_id}_secret", f"ch_{intent_id}")
        self.intents[intent_id] = intent
        self.sessions[session_id] = replace(page, is_open=False, intent=intent, url=None)
        self._tell("checkout.session.completed", session_id, page.metadata, intent_id)
        if status is IntentStatus.SUCCEEDED:
            self._tell("payment_intent.succeeded", intent_id, page.metadata, intent_id)
        return intent_id

    def pay_intent(self, intent_id: str) -> None:
        """The customer's client confirms an intent."""
        intent = self.intents[intent_id]
        assert intent.status is IntentStatus.OPEN, intent
        if intent_id in self.holds:
            self._set(replace(intent, status=IntentStatus.AUTHORISED))
            return
        self._set(replace(intent, status=IntentStatus.SUCCEEDED, amount_received=intent.amount.minor))
        self._tell("payment_intent.succeeded", intent_id, intent.metadata, intent_id)

    def decline(self, intent_id: str, code: str = "card_declined") -> None:
        """The card is declined; the customer may try another."""
        self._set(replace(self.intents[intent_id], status=IntentStatus.OPEN, failure=code))
        self._tell("payment_intent.payment_failed", intent_id, self.intents[intent_id].metadata, intent_id)

    def decline_page(self, session_id: str, code: str = "card_declined") -> str:
        """The card is declined on the hosted page, which stays open; returns the intent."""
        page = self.sessions[session_id]
        intent_id = page.intent.id if page.intent else f"pi_{next(self.numbers)}"
        intent = Intent(intent_id, IntentStatus.OPEN, page.amount, 0, page.metadata, failure=code)
        self.intents[intent_id] = intent
        self.sessions[session_id] = replace(page, intent=intent)
        self._tell("payment_intent.payment_failed", intent_id, page.metadata, intent_id)
        return intent_id

    def decide(self, intent_id: str, *, yes: bool) -> None:
        """The bank decides about a payment that it was processing."""
        intent = self.intents[intent_id]
        session_id = next((one.id for one in self.sessions.values() if one.intent and one.intent.id == intent_id), "")
        if yes:
            self._set(replace(intent, status=IntentStatus.SUCCEEDED, amount_received=intent.amount.minor))
            self._tell("checkout.session.async_payment_succeeded", session_id, intent.metadata, intent_id)
            return
        self._set(replace(intent, status=IntentStatus.OPEN, failure="debit_not_authorized"))
        self._tell("checkout.session.async_payment_failed", session_id, intent.metadata, intent_id)

    def pass_by(self, session_id: str) -> None:
        """The page's time is over."""
        page = self.sessions[session_id]
        if page.is_open:
            self.sessions[session_id] = replace(page, is_open=False, is_expired=True, url=None)
            self._tell("checkout.session.expired", session_id, page.metadata)

    def move_to(self, now: datetime) -> None:
        """Time passes: pages that are over close."""
        self.now = now
        for session_id, end in self.ends.items():
            if end <= now:
                self.pass_by(session_id)

    def refund_in_dashboard(self, intent_id: str, amount_minor: int) -> ProviderRefund:
        """Somebody gives money back without us."""
        made = self._refund(intent_id, amount_minor, None)
        self._tell("refund.created", made.id, {}, intent_id)
        return made

    def fail_refund(self, provider_id: str) -> None:
        """A refund comes back."""
        self.refunds[provider_id] = replace(
            self.refunds[provider_id], status=RefundStatus.FAILED, failure="expired_or_canceled_card"
        )
        self._tell("refund.failed", provider_id, {}, self.refunds[provider_id].intent_id)

    def dispute_payment(self, intent_id: str) -> str:
        """The customer's bank asks the money back."""
        dispute_id = f"dp_{next(self.numbers)}"
        amount = self.intents[intent_id].amount
        self.disputes[dispute_id] = ProviderDispute(
            dispute_id, intent_id, amount, "needs_response", False, False, False
        )
        self._tell("charge.dispute.created", dispute_id, {}, intent_id)
        return dispute_id

    def close_dispute(self, dispute_id: str, *, lost: bool) -> None:
        """The bank decides."""
        word = "lost" if lost else "won"
        self.disputes[dispute_id] = replace(
            self.disputes[dispute_id], status=word, is_over=True, is_lost=lost, is_refundable=not lost
        )
        self._tell("charge.dispute.closed", dispute_id, {}, self.disputes[dispute_id].intent_id)

    def told(self, kind: str) -> ProviderEvent:
        """Return the last event of a kind."""
        return next(one for one in reversed(self.events) if one.type == kind)

    def _tell(self, kind: str, object_id: str, metadata: dict[str, str], intent_id: str | None = None) -> None:
        event = ProviderEvent(f"evt_{next(self.numbers)}", kind, self.now, object_id, metadata, intent_id)
        self.events.append(event)

    def _set(self, intent: Intent) -> None:
        self.intents[intent.id] = intent
        for page in list(self.sessions.values()):
            if page.intent and page.intent.id == intent.id:
                self.sessions[page.id] = replace(page, intent=intent)

    # ------------------------------------------------------------ as Stripe does it

    def _do(self, call: str, act: Callable[[], T], key: str | None = None, asked: Any = None) -> T:
        """Answer a call, once for each key, unless it is to fail."""
        assert not db.session().info.get(WRITE), f"{call} inside a transaction"
        if self.before:
            hook, self.before = self.before, None
            hook(call)
        self.calls.append(call)
        fault = next((one for one in self.faults if one.call in {None, call}), None)
        if fault:
            fault.left -= 1
            if not fault.left:
                self.faults.remove(fault)
        if fault and fault.when == "unheard":
            raise PaymentsAway("no connection")
        if fault and fault.when == "broken":
            if key:
                self.answers[key] = (self._print(asked), PaymentsAway("500", is_kept=True))
            raise PaymentsAway("500", is_kept=True)
        answer = self._once(key, asked, act)
        if fault and fault.when == "unanswered":
            raise PaymentsAway("no answer")
        return answer

    def _once(self, key: str | None, asked: Any, act: Callable[[], T]) -> T:
        if key is None:
            return act()
        if key not in self.answers:
            try:
                answer: Any = act()
            except PaymentRefused as refused:
                answer = refused
            self.answers[key] = (self._print(asked), answer)
        print_, answer = self.answers[key]
        assert print_ == self._print(asked), f"the key {key} came back with other values"
        if isinstance(answer, Exception):
            raise answer
        known: T = answer
        return known

    @staticmethod
    def _print(asked: Any) -> str:
        return json.dumps(asked, default=str, sort_keys=True)

    def create_customer(self, email: str, name: str, metadata: dict[str, str], key: str) -> str:
        def act() -> str:
            customer_id = f"cus_{next(self.numbers)}"
            self.customers[customer_id] = email
            return customer_id

        return self._do("create_customer", act, key, [email, name, metadata])

    def open_session(
        self, charge: Charge, success_url: str, cancel_url: str, expires_at: datetime, locale: str, key: str
    ) -> CheckoutSession:
        def act() -> CheckoutSession:
            self._check(charge)
            if not timedelta(minutes=30) <= expires_at - self.now <= timedelta(hours=24):
                raise PaymentRefused("expires_at")
            session_id = f"cs_{next(self.numbers)}"
            url = f"https://pay.example/{session_id}"
            page = CheckoutSession(session_id, url, True, False, charge.amount, charge.metadata)
            self.sessions[session_id] = page
            self.charges[session_id], self.ends[session_id] = charge, expires_at
            if charge.hold_only:
                self.holds.add(session_id)
            return page

        return self._do("open_session", act, key, [charge, success_url, cancel_url, expires_at, locale])

    def _check(self, charge: Charge) -> None:
        if charge.customer_id not in self.customers:
            raise PaymentRefused("resource_missing")
        if charge.amount.minor < least_charge(charge.amount.currency):
            raise PaymentRefused("amount_too_small")

    def session(self, session_id: str) -> CheckoutSession:
        return self._do("session", lambda: self.sessions[session_id])

    def expire_session(self, session_id: str) -> CheckoutSession:
        def act() -> CheckoutSession:
            self.pass_by(session_id)
            return self.sessions[session_id]

        return self._do("expire_session", act)

    def create_intent(self, charge: Charge, key: str) -> Intent:
        def act() -> Intent:
            self._check(charge)
            intent_id = f"pi_{next(self.numbers)}"
            intent = Intent(intent_id, IntentStatus.OPEN, charge.amount, 0, charge.metadata, f"{intent_id}_secret")
            self.intents[intent_id] = intent
            self.charges[intent_id] = charge
            if charge.hold_only:
                self.holds.add(intent_id)
            return intent

        return self._do("create_intent", act, key, [charge])

    def intent(self, intent_id: str) -> Intent:
        return self._do("intent", lambda: self.intents[intent_id])

    def cancel_intent(self, intent_id: str) -> Intent:
        def act() -> Intent:
            intent = self.intents[intent_id]
            if intent.status in {IntentStatus.OPEN, IntentStatus.AUTHORISED}:
                self._set(replace(intent, status=IntentStatus.CANCELED))
                self._tell("payment_intent.canceled", intent_id, intent.metadata, intent_id)
            return self.intents[intent_id]

        return self._do("cancel_intent", act)

    def capture(self, intent_id: str, amount_minor: int, key: str) -> Intent:
        def act() -> Intent:
            intent = self.intents[intent_id]
            if intent.status is not IntentStatus.AUTHORISED:
                raise PaymentRefused("payment_intent_unexpected_state")
            self._set(replace(intent, status=IntentStatus.SUCCEEDED, amount_received=amount_minor))
            self._tell("payment_intent.succeeded", intent_id, intent.metadata, intent_id)
            return self.intents[intent_id]

        return self._do("capture", act, key, [intent_id, amount_minor])

    def refund(self, intent_id: str, amount_minor: int, refund_id: str, key: str) -> ProviderRefund:
        def act() -> ProviderRefund:
            made = self._refund(intent_id, amount_minor, refund_id)
            self._tell("refund.created", made.id, {"refundId": refund_id}, intent_id)
            return made

        return self._do("refund", act, key, [intent_id, amount_minor, refund_id])

    def _refund(self, intent_id: str, amount_minor: int, refund_id: str | None) -> ProviderRefund:
        if self.refunded(intent_id) + amount_minor > self.intents[intent_id].amount_received:
            raise PaymentRefused("charge_already_refunded")
        amount = Amount(amount_minor, self.intents[intent_id].amount.currency)
        made = ProviderRefund(f"re_{next(self.numbers)}", intent_id, amount, self.refund_status, refund_id)
        self.refunds[made.id] = made
        return made

    def refunded(self, intent_id: str) -> int:
        """Add up what went back of a payment."""
        own = (one for one in self.refunds.values() if one.intent_id == intent_id)
        return sum(one.amount.minor for one in own if one.status is not RefundStatus.FAILED)

    def refund_by_id(self, provider_refund_id: str) -> ProviderRefund:
        return self._do("refund_by_id", lambda: self.refunds[provider_refund_id])

    def refunds_of(self, intent_id: str) -> Sequence[ProviderRefund]:
        own = [one for one in self.refunds.values() if one.intent_id == intent_id]
        return self._do("refunds_of", lambda: own)

    def dispute(self, dispute_id: str) -> ProviderDispute:
        return self._do("dispute", lambda: self.disputes[dispute_id])

    def events_since(self, instant: datetime) -> Sequence[ProviderEvent]:
        return self._do("events_since", lambda: [one for one in self.events if one.created >= instant])

    def read_event(self, body: bytes, signature: str, now: datetime) -> ProviderEvent:
        if signature != SIGNATURE:
            raise ForgedEvent("not signed")
        wanted = json.loads(body)["id"]
        found = next(one for one in self.events if one.id == wanted)
        if now - found.created > timedelta(seconds=300):
            raise ForgedEvent("signed too long ago")
        return found

    def create_subscription(
        self, charge: Charge, interval: str, interval_count: int, success_url: str, cancel_url: str, key: str
    ) -> CheckoutSession:
        raise NotImplementedError("series are not sold yet")

    def subscription(self, subscription_id: str) -> Subscription:
        return self._do("subscription", lambda: self.subscriptions[subscription_id])

    def cancel_subscription(self, subscription_id: str) -> Subscription:
        def act() -> Subscription:
            self.subscriptions[subscription_id] = replace(self.subscriptions[subscription_id], status="canceled")
            return self.subscriptions[subscription_id]

        return self._do("cancel_subscription", act)

    def subscription_invoice(self, invoice_id: str) -> SubscriptionInvoice:
        return self._do("subscription_invoice", lambda: self.invoices[invoice_id])


def a_provider(now: datetime | None = None) -> FakeProvider:
    """Return a provider that nothing has happened at."""
    return FakeProvider(now or datetime.now(UTC))
