"""How does an event reach its endpoint, and when is it sent again?"""

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import stripe

from portal.stripe_sandbox.state import Delivery, State

if TYPE_CHECKING:
    from portal.stripe_sandbox.sandbox import Sandbox

WAITS = (2, 10, 60, 600, 3_600, 21_600, 86_400)  # seconds before each new attempt; then no more
TIMEOUT = 20  # seconds
STOP_WITHIN = 2  # seconds, also where an answer is waited for
LOOK_EVERY = 0.5  # seconds
Send = Callable[[str, bytes, Mapping[str, str]], int]


def next_due(state: State) -> Delivery | None:
    """Return the delivery to attempt now, if there is one."""
    due = [one for one in state.deliveries if one.due <= state.clock.age]
    return min(due, key=lambda one: (one.due, one.order), default=None)


def message_of(state: State, delivery: Delivery) -> tuple[str, bytes, dict[str, str]]:
    """Return address, body and headers of an event, signed with the portal's time so that it is never too old."""
    body = json.dumps(state.tables["event"][delivery.event], indent=2)
    endpoint = state.tables["webhook_endpoint"][delivery.endpoint]
    secret = state.hidden[delivery.endpoint]["secret"]
    signature = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=state.clock.now)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature,
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    return endpoint["url"], body.encode(), headers


def note(state: State, delivery: Delivery, status: int) -> None:
    """Note what an endpoint answered: anything but 2xx is tried again after a longer wait."""
    if not 200 <= status < 300 and delivery.attempts < len(WAITS):
        delivery.due = state.clock.age + WAITS[delivery.attempts]
        delivery.attempts += 1
        return
    if delivery in state.deliveries:
        state.deliveries.remove(delivery)
    if 200 <= status < 300:
        state.tables["event"][delivery.event]["pending_webhooks"] -= 1


def send_by_http(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Post a webhook; what does not answer counts as 599."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT)
    try:
        connection.request("POST", parts._replace(scheme="", netloc="").geturl() or "/", body, dict(headers))
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 599
    finally:
        connection.close()


class Courier:
    """Delivers in the background, after the answer to the request that caused the event."""

    def __init__(self, sandbox: "Sandbox", send: Send = send_by_http) -> None:
        self._sandbox = sandbox
        self._send = send
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="stripe-sandbox-courier", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once instead of in half a second."""
        self._wake.set()

    def stop(self) -> None:
        """Deliver no more."""
        self._stopped = True
        self._wake.set()
        self._thread.join(timeout=STOP_WITHIN)

    def _run(self) -> None:
        while not self._stopped:
            self._wake.wait(LOOK_EVERY)
            self._wake.clear()
            self._sandbox.tick()
            while not self._stopped and self._sandbox.deliver_one(self._send):
                pass
