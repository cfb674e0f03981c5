"""Stripe's stand-in for tests: the real library talks to it without a socket, or on a port of this machine."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import stripe
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client

from portal.stripe_sandbox import Sandbox, SandboxSettings, create_sandbox
from portal.stripe_sandbox.app import HANG_UP
from portal.stripe_sandbox.events import API_VERSION
from portal.stripe_sandbox.serve import RunningSandbox
from tests.server import free_port

KEY = "sk_test_sandbox_of_the_tests"
WEBHOOK_SECRET = "whsec_of_the_tests"
WEBHOOK_PATH = "/api/booking/stripe/webhook"
PORTAL = "http://portal.example.org"


def system_time() -> datetime:
    """Return the time, or what a clock of the tests says it is."""
    return datetime.now(UTC)


class InProcess(stripe.HTTPClient):
    """Carries the library's requests to the stand-in by a call; a hang-up is a broken connection, as by socket."""

    name = "in-process"

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self._client = Client(app)
        self.answers: list[tuple[str, str, int, Any]] = []  # method, path, status and body of what came back

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Answer one request."""
        parts = urlsplit(url)
        response = self._client.open(
            path=parts.path,
            query_string=parts.query,
            method=method.upper(),
            headers=dict(headers or {}),
            data=post_data,
            base_url=f"{parts.scheme}://{parts.netloc}",
        )
        with response:
            if HANG_UP in response.headers:
                raise stripe.APIConnectionError("the connection broke", should_retry=True)
            self.answers.append((method.lower(), parts.path, response.status_code, response.json))
            return response.data, response.status_code, dict(response.headers)

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0

    def close(self) -> None:
        """Hold nothing open."""


def a_sandbox(now: Callable[[], datetime] = system_time) -> Sandbox:
    """Return a stand-in whose webhooks wait until the test delivers them."""
    return Sandbox(SandboxSettings(f"{PORTAL}{WEBHOOK_PATH}", WEBHOOK_SECRET), now)


def client_of(sandbox: Sandbox, retries: int = 0, key: str = KEY) -> tuple[stripe.StripeClient, InProcess]:
    """Return the real library's client for a stand-in, and what carries its requests."""
    carrier = InProcess(create_sandbox(sandbox=sandbox))
    client = stripe.StripeClient(
        key,
        base_addresses={"api": sandbox.settings.base_url},
        stripe_version=API_VERSION,
        max_network_retries=retries,
        http_client=carrier,
    )
    return client, carrier


def to_portal(client: FlaskClient) -> Callable[[str, bytes, Mapping[str, str]], int]:
    """Return what `sandbox.deliver` needs to bring webhooks to a portal under test."""

    def send(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return client.post(urlsplit(url).path, data=body, headers=dict(headers)).status_code

    return send


def takes_debits(sandbox: Sandbox, session_id: str) -> None:
    """Let a payment page take money that arrives days later, which the portal asks for only where it can wait."""
    with sandbox.lock:
        sandbox.state.tables["checkout.session"][session_id]["payment_method_types"] = ["card", "sepa_debit"]


@contextmanager
def running_sandbox(webhook_url: str | None = None, secret: str = WEBHOOK_SECRET) -> Iterator[Sandbox]:
    """Run a stand-in on a port of this machine, in a thread; `sandbox.settings.base_url` is its address."""
    port = free_port()
    settings = SandboxSettings(webhook_url, secret, f"http://127.0.0.1:{port}")
    with RunningSandbox(port, settings) as sandbox:
        yield sandbox
