"""What the tests of the sandbox share: a clock, a sandbox, and the real library as its client."""

from collections.abc import Iterator

import pytest
import stripe
import time_machine

from portal.stripe_sandbox import Sandbox
from tests.build import NOW
from tests.sandboxes import InProcess, a_sandbox, client_of
from tests.stripe_openapi import check_answer, check_object


@pytest.fixture
def stopped() -> Iterator[time_machine.Traveller]:
    """The clock, stopped."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sandbox(stopped: time_machine.Traveller) -> Iterator[Sandbox]:
    """A sandbox of whose objects and events every one is as Stripe's document says."""
    sandbox = a_sandbox()
    yield sandbox
    for thing in sandbox.state.everything():
        check_object(thing)
        if thing["object"] == "event":
            check_object(thing["data"]["object"])


@pytest.fixture
def carrier(_connected: tuple[stripe.StripeClient, InProcess]) -> InProcess:
    """What carries the client's requests."""
    return _connected[1]


@pytest.fixture
def client(_connected: tuple[stripe.StripeClient, InProcess]) -> stripe.StripeClient:
    """The real library, connected to the sandbox; whatever it is answered is judged by Stripe's document."""
    return _connected[0]


@pytest.fixture
def _connected(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[stripe.StripeClient, InProcess]]:
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    client, carrier = client_of(sandbox)
    yield client, carrier
    for answer in carrier.answers:
        check_answer(*answer)
