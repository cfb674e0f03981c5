"""How does Créneau speak to Stripe? Nothing else of the product imports its library.

Every call answers within ANSWER_SECONDS, whatever the network does; PaymentsAway then says that nobody knows whether it
was heard. Only ids are taken from events: what is true is asked for.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

import stripe

from portal.config import Settings
from portal.gateways import stripe_objects as objects
from portal.gateways.payments import (
    Charge,
    CheckoutSession,
    ForgedEvent,
    Intent,
    PaymentGateway,
    PaymentRefused,
    PaymentsAway,
    PaymentsBroken,
    ProviderDispute,
    ProviderEvent,
    ProviderRefund,
    Subscription,
    SubscriptionInvoice,
)

API_VERSION = "2026-10-28.endive"
ANSWER_SECONDS = 9  # in all, retries included: pages promise an answer within ten
CONNECT_SECONDS, READ_SECONDS, RETRIES = 2, 6, 2
THREADS = 16  # twice those of a web process: a call that nobody waits for any more may occupy one for a while
TOLERANCE_SECONDS = 300  # how old a delivered event may be
PAGE = 100

# What the house acts upon, so that reconciling need not read everything that happens in an account.
EVENT_TYPES = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.dispute.created",
    "charge.dispute.closed",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "invoice.payment_succeeded",
    "invoice.payment_failed",
    "customer.subscription.deleted",
]

Call = Callable[[], stripe.StripeObject]
_WITH_INTENT: Any = {"expand": ["payment_intent"]}


def gateway_of(settings: Settings) -> PaymentGateway | None:
    """Return who carries payments: Stripe, or its sandbox under STRIPE_API_BASE; None without a key."""
    if settings.stripe_secret_key is None:
        return None
    return StripeGateway(settings.stripe_secret_key, settings.stripe_webhook_secret, settings.stripe_api_base)


class StripeGateway:
    """Payments by Stripe. Safe to share between threads; make one in each process, after it was forked."""

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str | None = None,
        api_base: str | None = None,
        http_client: stripe.HTTPClient | None = None,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        stripe.enable_telemetry = False  # it would write a file into the home directory
        client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base} if api_base else None,
            stripe_version=API_VERSION,
            max_network_retries=RETRIES,
            http_client=http_client or _PunctualClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
        )
        self._v1 = client.v1
        self._is_live = "_live_" in secret_key
        self._webhook_secret = webhook_secret
        self._answer_seconds = answer_seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="stripe")

    # ------------------------------------------------------------ paying

    def create_customer(self, email: str, name: str, metadata: dict[str, str], key: str) -> str:
        """Make a customer; return the id."""
        params: Any = {"email": email, "name": name, "metadata": metadata}
        return str(self._ask(lambda: self._v1.customers.create(params, _under(key)))["id"])

    def open_session(
        self, charge: Charge, success_url: str, cancel_url: str, expires_at: datetime, locale: str, key: str
    ) -> CheckoutSession:
        """Open a hosted page; `expires_at` is 30 minutes to a day away."""
        params: Any = {
            **objects.page(charge, success_url, cancel_url),
            "mode": "payment",
            "line_items": [objects.line(charge)],
            "payment_intent_data": objects.purpose(charge),
            "after_expiration": {"recovery": {"enabled": False}},
            "expires_at": int(expires_at.timestamp()),
            "locale": locale,
        }
        return objects.session(self._ask(lambda: self._v1.checkout.sessions.create(params, _under(key))))

    def session(self, session_id: str) -> CheckoutSession:
        """Ask how a hosted page stands, its intent with it."""
        return objects.session(self._ask(lambda: self._v1.checkout.sessions.retrieve(session_id, _WITH_INTENT)))

    def expire_session(self, session_id: str) -> CheckoutSession:
        """Close a hosted page, or find it closed: returns how it stands afterwards, paid perhaps."""
        sessions = self._v1.checkout.sessions
        return objects.session(
            self._ask(
                lambda: sessions.expire(session_id, _WITH_INTENT),
                otherwise=lambda: sessions.retrieve(session_id, _WITH_INTENT),
            )
        )

    def create_intent(self, charge: Charge, key: str) -> Intent:
        """Make an intent for a client that asks for the card itself."""
        params: Any = {
            "amount": charge.amount.minor,
            "currency": charge.amount.currency.lower(),
            "customer": charge.customer_id,
            **objects.purpose(charge),
            **objects.methods(charge),
        }
        return objects.intent(self._ask(lambda: self._v1.payment_intents.create(params, _under(key))))

    def intent(self, intent_id: str) -> Intent:
        """Ask how a payment stands."""
        return objects.intent(self._ask(lambda: self._v1.payment_intents.retrieve(intent_id)))

    def cancel_intent(self, intent_id: str) -> Intent:
        """Cancel an intent, or find that it is past it: returns how it stands afterwards, paid perhaps.

        The intent of a hosted page that is still open stays as it is: expire the page.
        """
        intents = self._v1.payment_intents
        return objects.intent(
            self._ask(lambda: intents.cancel(intent_id), otherwise=lambda: intents.retrieve(intent_id))
        )

    def capture(self, intent_id: str, amount_minor: int, key: str) -> Intent:
        """Take what was authorised; raises PaymentRefused where it is not (any more)."""
        params: Any = {"amount_to_capture": amount_minor}
        return objects.intent(self._ask(lambda: self._v1.payment_intents.capture(intent_id, params, _under(key))))

    # ------------------------------------------------------------ giving back

    def refund(self, intent_id: str, amount_minor: int, refund_id: str, key: str) -> ProviderRefund:
        """Give money back; raises PaymentRefused where more is asked than is left."""
        params: Any = {"payment_intent": intent_id, "amount": amount_minor, "metadata": {"refundId": refund_id}}
        return objects.refund(self._ask(lambda: self._v1.refunds.create(params, _under(key))))

    def refund_by_id(self, provider_refund_id: str) -> ProviderRefund:
        """Ask how a refund stands."""
        return objects.refund(self._ask(lambda: self._v1.refunds.retrieve(provider_refund_id)))

    def refunds_of(self, intent_id: str) -> Sequence[ProviderRefund]:
        """List every refund of a payment, the newest first, those made in the dashboard included."""
        found = self._list(self._v1.refunds.list, {"payment_intent": intent_id})
        return [objects.refund(one) for one in found]

    def dispute(self, dispute_id: str) -> ProviderDispute:
        """Ask how a dispute stands."""
        return objects.dispute(self._ask(lambda: self._v1.disputes.retrieve(dispute_id)))

    # ------------------------------------------------------------ events

    def events_since(self, instant: datetime) -> Sequence[ProviderEvent]:
        """List the events created at or after an instant, oldest first; each hundred of them has its own time."""
        found = self._list(self._v1.events.list, {"created": {"gte": int(instant.timestamp())}, "types": EVENT_TYPES})
        return [objects.event(one) for one in reversed(found)]

    def read_event(self, body: bytes, signature: str, now: datetime) -> ProviderEvent:
        """Verify a delivered event by its raw body; raises ForgedEvent."""
        try:
            stripe.WebhookSignature.verify_header(body, signature, self._webhook_secret)
            event = json.loads(body)
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise ForgedEvent("the signature does not fit") from error
        if now.timestamp() - _stamp(signature) > TOLERANCE_SECONDS:
            raise ForgedEvent("signed too long ago")
        if not isinstance(event, dict) or event.get("object") != "event":
            raise ForgedEvent("not an event")
        if event.get("livemode") is not self._is_live:
            raise ForgedEvent("of the other mode: live and test do not mix")
        return objects.event(event)

    # ------------------------------------------------------------ series

    def create_subscription(
        self, charge: Charge, interval: str, interval_count: int, success_url: str, cancel_url: str, key: str
    ) -> CheckoutSession:
        """Open a hosted page that starts a paid series."""
        params: Any = {
            **objects.page(charge, success_url, cancel_url),
            "mode": "subscription",
            "line_items": [objects.line(charge, recurring={"interval": interval, "interval_count": interval_count})],
            "subscription_data": {"metadata": charge.metadata, "description": charge.description},
        }
        return objects.session(self._ask(lambda: self._v1.checkout.sessions.create(params, _under(key))))

    def subscription(self, subscription_id: str) -> Subscription:
        """Ask how a subscription stands."""
        return objects.subscription(self._ask(lambda: self._v1.subscriptions.retrieve(subscription_id)))

    def cancel_subscription(self, subscription_id: str) -> Subscription:
        """End a subscription, or find it ended."""
        series = self._v1.subscriptions
        return objects.subscription(
            self._ask(lambda: series.cancel(subscription_id), otherwise=lambda: series.retrieve(subscription_id))
        )

    def subscription_invoice(self, invoice_id: str) -> SubscriptionInvoice:
        """Ask how a period stands."""
        return objects.invoice(self._ask(lambda: self._v1.invoices.retrieve(invoice_id, {"expand": ["payments"]})))

    # ------------------------------------------------------------ time and errors

    def _ask(self, call: Call, otherwise: Call | None = None) -> dict[str, Any]:
        """Ask Stripe in a thread of its own, and wait no longer than pages may.

        Time-outs of the connection alone do not bound it: a name server may be silent, an answer may come in drops.
        Where what is asked for is past, `otherwise` is asked.
        """
        future = self._threads.submit(_in_time, call, otherwise, time.monotonic() + self._answer_seconds)
        try:
            return future.result(timeout=self._answer_seconds)
        except TimeoutError:
            future.cancel()  # where it only waited for a thread
            raise PaymentsAway("no answer in time") from None
        except stripe.StripeError as error:
            raise _named(error) from error

    def _list(self, call: Callable[[Any], stripe.StripeObject], params: dict[str, Any]) -> list[dict[str, Any]]:
        """List everything, page by page, the newest first."""
        found: list[dict[str, Any]] = []
        after: dict[str, Any] = {}
        while True:
            asked = {**params, "limit": PAGE, **after}
            page = self._ask(partial(call, asked))
            found += page["data"]
            if not page["has_more"] or not page["data"]:
                return found
            after = {"starting_after": page["data"][-1]["id"]}


_deadline = threading.local()


def _in_time(call: Call, otherwise: Call | None, deadline: float) -> dict[str, Any]:
    _deadline.at = deadline
    try:
        return call().to_dict()
    except stripe.InvalidRequestError:
        if otherwise is None:
            raise
        return otherwise().to_dict()


class _PunctualClient(stripe.RequestsClient):
    """Begins no attempt once nobody waits for its answer any more."""

    def request(  # type: ignore[override] # as in its parent
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        if time.monotonic() > _deadline.at:
            raise stripe.APIConnectionError("no time is left for another attempt")  # type: ignore[no-untyped-call]
        return super().request(method, url, headers, post_data)


# Codes that say how the house asks, not what it asks for.
_OURS = ("parameter", "url_invalid", "api_key", "account", "secret_key", "testmode", "livemode", "platform", "sandbox")
# Where Stripe has no code: what it says no to, by the parameter that it names, if any.
_UNCODED = {
    None: "unexpected_state",
    "amount": "amount_too_large",
    "amount_to_capture": "amount_too_large",
    "customer": "resource_missing",
    "payment_intent": "unexpected_state",
}


def _named(error: stripe.StripeError) -> Exception:
    """Say in the house's words what Stripe's error means for what was asked."""
    if isinstance(error, stripe.CardError):
        why = objects.refusal_code(error.error.to_dict()) if error.error else None
        return PaymentRefused(why or error.code or "card_declined", error.user_message or "")
    if isinstance(error, stripe.InvalidRequestError):
        return _invalid(error)
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError | stripe.IdempotencyError):
        return PaymentsBroken(str(error))
    # An answer of 500 stays under its key for a day: asked again with it, Stripe would only repeat it.
    return PaymentsAway(str(error), is_kept=error.http_status == 500)


def _invalid(error: stripe.InvalidRequestError) -> Exception:
    code = error.code or (_UNCODED.get(error.param) if error.http_status == 400 else None)
    if code and not code.startswith(_OURS):
        return PaymentRefused(code, error.user_message or "")
    return PaymentsBroken(str(error))


def _under(key: str) -> stripe.RequestOptions:
    return {"idempotency_key": key}


def _stamp(signature: str) -> int:
    """Read when an event was signed; the header was verified before."""
    parts = dict(part.split("=", 1) for part in signature.split(",") if "=" in part)
    return int(parts["t"])
