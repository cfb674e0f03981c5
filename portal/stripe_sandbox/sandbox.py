"""The stand-in itself, as tests drive it: pay, let time pass, deliver webhooks, make things go wrong."""

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portal.stripe_sandbox import cards, disputes, intents, paying, refunds, sessions, subscriptions
from portal.stripe_sandbox.errors import Json
from portal.stripe_sandbox.events import WEBHOOK_FAULTS, add_endpoint, emit
from portal.stripe_sandbox.idempotency import Answers
from portal.stripe_sandbox.state import Clock, Delivery, State
from portal.stripe_sandbox.webhooks import Send, message_of, next_due, note, send_by_http

API_FAULTS = ("500", "429", "timeout", "unreachable")
FAULTS = (*API_FAULTS, *WEBHOOK_FAULTS)
KEY_PREFIX = "sk_test_sandbox_"
SIGNING_KEY = "whsec_sandbox_of_this_machine"  # of webhooks; published, so good for this machine only
OWN_ENDPOINT = "we_of_the_settings"
_MOST_DELIVERIES = 10_000


@dataclass(frozen=True)
class SandboxSettings:
    """Where the portal listens for webhooks, and where the stand-in itself is reached."""

    webhook_url: str | None = None
    webhook_secret: str = SIGNING_KEY
    base_url: str = "http://127.0.0.1:12111"
    key_prefix: str = KEY_PREFIX


def system_time() -> datetime:
    """Return what the clock of this machine shows."""
    return datetime.now(UTC)


class Sandbox:
    """Everything that Stripe would know of one account. Safe to use from several threads.

    `now` is the portal's clock. Objects that are returned are copies; ids that nothing has raise errors.Refusal.
    """

    def __init__(self, settings: SandboxSettings | None = None, now: Callable[[], datetime] = system_time) -> None:
        self.settings = settings or SandboxSettings()
        self.lock = threading.RLock()
        self.state = State(Clock(now), self.settings.base_url.rstrip("/"))
        self.answers = Answers()
        self.changes = 0  # grows with whatever may have changed something
        self._listeners: list[Callable[[], None]] = []
        self.listen()

    def wake(self) -> None:
        """Tell whoever delivers that there may be something new."""
        self.changes += 1
        for listener in self._listeners:
            listener()

    def when_changed(self, listener: Callable[[], None]) -> None:
        """Call somebody after each change."""
        self._listeners.append(listener)

    def listen(self) -> None:
        """Send every event to the address in the settings."""
        self.state.tables["webhook_endpoint"].pop(OWN_ENDPOINT, None)
        if self.settings.webhook_url:
            secret = self.settings.webhook_secret
            add_endpoint(self.state, self.settings.webhook_url, secret, ["*"], given=OWN_ENDPOINT)

    # ------------------------------------------------------------ look

    def get(self, given: str) -> Json:
        """Return an object of any kind; raises LookupError where there is none."""
        with self.lock:
            found = self.state.lookup(given)
            if found is None:
                raise LookupError(given)
            return copy.deepcopy(found)

    def all(self, kind: str) -> list[Json]:
        """Return all objects of a kind such as `payment_intent`, oldest first."""
        with self.lock:
            return copy.deepcopy(list(self.state.tables[kind].values()))

    @property
    def outbox(self) -> list[Json]:
        """Return the events that wait for their delivery, in the order in which they go out."""
        with self.lock:
            waiting = sorted(self.state.deliveries, key=lambda one: (one.due, one.order))
            return [copy.deepcopy(self.state.tables["event"][one.event]) for one in waiting]

    # ------------------------------------------------------------ time

    def advance(self, by: timedelta) -> None:
        """Make everything that is there older: sessions expire, subscriptions are charged, webhooks are tried again."""
        with self.lock:
            self.state.clock.advance(by)
            self.tick()
        self.wake()

    def tick(self) -> None:
        """Do what has become due."""
        with self.lock:
            while due := [(age, given) for given, age in self.state.alarms.items() if age <= self.state.clock.age]:
                age, given = min(due)
                del self.state.alarms[given]
                self._ring(given, age)

    def _ring(self, given: str, age: int) -> None:
        thing = self.state.lookup(given)
        assert thing is not None
        match thing["object"]:
            case "checkout.session":
                sessions.expire(self.state, thing)
            case "payment_intent":
                intents.release(self.state, thing, "automatic")
            case "subscription":
                subscriptions.go_on(self.state, thing, age)
            case "refund":
                refunds.settle_refund(self.state, thing, reason="expired_or_canceled_card")

    # ------------------------------------------------------------ faults

    def fault(self, kind: str, times: int = 1) -> None:
        """Let the next calls or webhooks go wrong; `kind` is one of FAULTS."""
        if kind not in FAULTS:
            raise ValueError(f"{kind}: choose one of {', '.join(FAULTS)}")
        with self.lock:
            self.state.faults += [kind] * times

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        with self.lock:
            self.state.faults.clear()

    # ------------------------------------------------------------ the payer

    def pay(
        self, session: str, outcome: paying.Outcome = "pay", card: str | None = None, email: str = paying.PAYER
    ) -> Json:
        """Press a button of the hosted page; returns the session as it is then."""
        with self._doing():
            found = sessions.retrieve_session(self.state, {}, session)
            paying.pay(self.state, found, outcome, card, email)
            return copy.deepcopy(found)

    def authenticate(self, intent: str, passed: bool = True) -> Json:
        """Answer the bank's question for a payment that was confirmed by the API."""
        with self._doing():
            found = intents.retrieve_intent(self.state, {}, intent)
            intents.authenticate(self.state, found, passed)
            return copy.deepcopy(found)

    def settle(self, session: str, succeeded: bool = True) -> Json:
        """Let the money of an `async` session arrive, or fail to."""
        with self._doing():
            found = sessions.retrieve_session(self.state, {}, session)
            paying.settle_session(self.state, found, succeeded)
            return copy.deepcopy(found)

    # ------------------------------------------------------------ the bank and the dashboard

    def dispute(self, charge: str, reason: str = "general") -> Json:
        """Open a dispute on a charge."""
        with self._doing():
            found = self.state.find("charge", charge, param="charge")
            return copy.deepcopy(disputes.open_dispute(self.state, found, reason))

    def close_dispute(self, dispute: str, outcome: disputes.Outcome) -> Json:
        """Let the bank decide a dispute."""
        with self._doing():
            found = self.state.find("dispute", dispute, param="dispute")
            return copy.deepcopy(disputes.close_dispute(self.state, found, outcome))

    def refund(self, charge: str, amount: int | None = None) -> Json:
        """Refund in the dashboard: the portal learns of it by webhook only."""
        with self._doing():
            values = {"charge": charge} | ({} if amount is None else {"amount": amount})
            return copy.deepcopy(refunds.create_refund(self.state, values))

    def fail_refund(self, refund: str, reason: str = "expired_or_canceled_card") -> Json:
        """Let a refund fail, also one that had succeeded."""
        with self._doing():
            found = self.state.find("refund", refund, param="refund")
            refunds.settle_refund(self.state, found, reason=reason)
            return copy.deepcopy(found)

    def succeed_refund(self, refund: str) -> Json:
        """Let a refund that is pending succeed."""
        with self._doing():
            found = self.state.find("refund", refund, param="refund")
            refunds.settle_refund(self.state, found)
            return copy.deepcopy(found)

    def break_card(self, method: str) -> None:
        """Let every later charge of a payment method be declined."""
        with self._doing():
            found = self.state.find("payment_method", method, param="payment_method")
            cards.break_card(self.state, found)

    def end_subscription(self, subscription: str) -> Json:
        """Cancel a subscription in the dashboard."""
        with self._doing():
            return copy.deepcopy(subscriptions.cancel_subscription(self.state, {}, subscription))

    def emit(self, kind: str, thing: Json) -> None:
        """Send an event that nothing here would cause, for example one of a kind the portal does not know."""
        with self._doing():
            emit(self.state, kind, thing)

    def _doing(self) -> "_Doing":
        return _Doing(self)

    # ------------------------------------------------------------ webhooks

    def deliver(self, send: Send = send_by_http) -> int:
        """Deliver all webhooks that are due, in order, in this thread; returns how many attempts were made.

        `send` is given address, body and headers, and returns the status of the answer.
        """
        attempts = 0
        while attempts < _MOST_DELIVERIES and self.deliver_one(send):
            attempts += 1
        return attempts

    def deliver_one(self, send: Send) -> bool:
        """Attempt the delivery that is due first; False where nothing is due. The lock is free meanwhile."""
        with self.lock:
            delivery = self._next()
            if delivery is None:
                return False
            url, body, headers = message_of(self.state, delivery)
        status = send(url, body, headers)
        with self.lock:
            note(self.state, delivery, status)
        return True

    def _next(self) -> Delivery | None:
        while delivery := next_due(self.state):
            if delivery.endpoint in self.state.tables["webhook_endpoint"]:
                return delivery
            self.state.deliveries.remove(delivery)  # its endpoint was deleted
        return None

    def resend(self, event: str) -> None:
        """Send an event once more to every endpoint, as the dashboard's button does."""
        with self._doing():
            found = self.state.find("event", event, param="id")
            for endpoint in self.state.tables["webhook_endpoint"]:
                self.state.scheduled += 1
                order = self.state.scheduled
                self.state.deliveries.append(Delivery(event, endpoint, self.state.clock.age, order))
                found["pending_webhooks"] += 1


class _Doing:
    """Holds the lock, does what is due, and wakes the courier afterwards."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def __enter__(self) -> None:
        self._sandbox.lock.acquire()
        self._sandbox.state.request = {"id": None, "idempotency_key": None}
        self._sandbox.tick()

    def __exit__(self, *_error: object) -> None:
        self._sandbox.lock.release()
        self._sandbox.wake()
