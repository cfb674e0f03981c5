"""The sandbox tells the portal what happened: signed, again and again until it is heard, and as faultily as asked."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import stripe
import time_machine

from portal.stripe_sandbox import Sandbox
from portal.stripe_sandbox.memory import dump, load, save
from portal.stripe_sandbox.webhooks import WAITS, send_by_http
from tests.gateways.payments import a_page, a_payment, a_subscription
from tests.sandboxes import KEY, PORTAL, WEBHOOK_PATH, WEBHOOK_SECRET, a_sandbox, client_of, running_sandbox
from tests.server import PORTAL as PORTAL_COMMAND
from tests.server import free_port


class Listener:
    """A portal that notes what it is sent, and answers as told."""

    def __init__(self, *answers: int) -> None:
        self.heard: list[tuple[str, bytes, Mapping[str, str]]] = []
        self._answers = list(answers)

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.heard.append((url, body, headers))
        return self._answers.pop(0) if self._answers else 200

    @property
    def types(self) -> list[str]:
        """The types of the events, in the order in which they came."""
        return [json.loads(body)["type"] for _, body, _ in self.heard]

    @property
    def ids(self) -> list[str]:
        """Their ids."""
        return [json.loads(body)["id"] for _, body, _ in self.heard]


def test_events_are_signed_so_that_the_library_believes_them(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    customer = client.v1.customers.create({"name": "Aurélie"})
    portal = Listener()
    assert sandbox.deliver(portal) == 1
    url, body, headers = portal.heard[0]
    assert url == f"{PORTAL}{WEBHOOK_PATH}"
    event = client.construct_event(body, headers["Stripe-Signature"], WEBHOOK_SECRET)
    assert (event.type, event.data.object["id"]) == ("customer.created", customer.id)
    with pytest.raises(stripe.SignatureVerificationError):
        client.construct_event(body.replace(b"Aur", b"aur"), headers["Stripe-Signature"], WEBHOOK_SECRET)


def test_what_was_answered_well_is_not_sent_again(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    client.v1.customers.create({})
    assert [event["pending_webhooks"] for event in sandbox.outbox] == [1]
    sandbox.deliver(Listener(204))
    assert sandbox.outbox == []
    assert [event["pending_webhooks"] for event in sandbox.all("event")] == [0]
    assert sandbox.deliver(Listener()) == 0


def test_what_was_not_is_tried_again_after_growing_waits_and_freshly_signed(
    client: stripe.StripeClient, sandbox: Sandbox, stopped: time_machine.Traveller
) -> None:
    client.v1.customers.create({})
    portal = Listener(500, 503, 400, 200)
    for wait in (*WAITS[:3], 0):
        assert sandbox.deliver(portal) == 1
        assert sandbox.deliver(portal) == 0
        stopped.shift(timedelta(seconds=wait))
    assert len(set(portal.ids)) == 1
    assert len({headers["Stripe-Signature"] for _, _, headers in portal.heard}) == 4
    assert sandbox.outbox == []


def test_a_webhook_is_signed_with_the_portal_s_time_however_old_everything_was_made(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    client.v1.customers.create({})
    sandbox.deliver(Listener(500))
    sandbox.advance(timedelta(days=1))
    portal = Listener()
    sandbox.deliver(portal)
    _, body, headers = portal.heard[0]
    assert client.construct_event(body, headers["Stripe-Signature"], WEBHOOK_SECRET)  # refuses stamps of 5 minutes ago


def test_what_is_never_answered_is_given_up_and_still_listed(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    client.v1.customers.create({})
    for _ in range(len(WAITS) + 1):
        sandbox.deliver(Listener(500))
        sandbox.advance(timedelta(days=1))
    assert sandbox.deliver(Listener()) == 0
    assert [event.type for event in client.v1.events.list({"delivery_success": False}).data] == ["customer.created"]


def test_a_dropped_webhook_is_found_in_the_list_of_events_only(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault("drop")
    client.v1.customers.create({})
    portal = Listener()
    sandbox.deliver(portal)
    assert portal.heard == []
    assert [event.type for event in client.v1.events.list({"types": ["customer.created"]}).data] == ["customer.created"]


def test_a_duplicate_has_the_same_id(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault("duplicate")
    client.v1.customers.create({})
    portal = Listener()
    sandbox.deliver(portal)
    assert len(portal.ids) == 2
    assert len(set(portal.ids)) == 1


def test_webhooks_can_come_in_the_wrong_order(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = a_page(client)
    sandbox.deliver(Listener())
    sandbox.fault("reorder", 4)
    sandbox.pay(page.id)
    portal = Listener()
    sandbox.deliver(portal)
    assert portal.types == [
        "checkout.session.completed",
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ]


def test_a_webhook_can_be_late(client: stripe.StripeClient, sandbox: Sandbox, stopped: time_machine.Traveller) -> None:
    sandbox.fault("delay")
    client.v1.customers.create({})
    assert sandbox.deliver(Listener()) == 0
    stopped.shift(timedelta(minutes=1))
    assert sandbox.deliver(Listener()) == 1


def test_faults_can_be_taken_back_and_unknown_ones_are_refused(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault("drop", 5)
    sandbox.clear_faults()
    client.v1.customers.create({})
    assert sandbox.deliver(Listener()) == 1
    with pytest.raises(ValueError, match="reorder"):
        sandbox.fault("earthquake")


def test_each_endpoint_is_sent_what_it_asked_for(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    made = client.v1.webhook_endpoints.create(
        {"url": "http://other.example.org/", "enabled_events": ["refund.created"]}
    )
    assert (made.secret or "").startswith("whsec_")
    assert client.v1.webhook_endpoints.retrieve(made.id).to_dict().get("secret") is None
    client.v1.refunds.create({"payment_intent": a_payment(client).id})
    portal = Listener()
    sandbox.deliver(portal)
    others = [(body, headers) for url, body, headers in portal.heard if url == "http://other.example.org/"]
    assert [json.loads(body)["type"] for body, _ in others] == ["refund.created"]
    assert client.construct_event(others[0][0], others[0][1]["Stripe-Signature"], made.secret or "")

    client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    client.v1.refunds.create({"payment_intent": a_payment(client).id})
    client.v1.webhook_endpoints.delete(made.id)
    later = Listener()
    sandbox.deliver(later)
    assert {url for url, _, _ in later.heard} == {f"{PORTAL}{WEBHOOK_PATH}"}
    assert len(client.v1.webhook_endpoints.list().data) == 1


def test_an_event_can_be_sent_again_and_one_of_an_unknown_kind_be_made(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    customer = client.v1.customers.create({})
    portal = Listener()
    sandbox.deliver(portal)
    sandbox.resend(portal.ids[0])
    sandbox.deliver(portal)
    assert portal.ids[0] == portal.ids[1]
    sandbox.emit("mascot.hugged", sandbox.get(customer.id))
    sandbox.deliver(portal)
    assert portal.types[-1] == "mascot.hugged"


# ---------------------------------------------------------------- on a port


@contextmanager
def listening(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Listen on a port of this machine; yields the address and what comes."""
    heard: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{WEBHOOK_PATH}", heard
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe, "enable_telemetry", False)


def over_http(sandbox: Sandbox, retries: int = 0) -> stripe.StripeClient:
    """The library with its own carrier, through a socket."""
    return stripe.StripeClient(
        KEY,
        base_addresses={"api": sandbox.settings.base_url},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=10),
    )


@pytest.mark.usefixtures("quiet")
def test_on_a_port_webhooks_come_by_themselves() -> None:
    with listening() as (url, heard), running_sandbox(url) as sandbox:
        over_http(sandbox).v1.customers.create({})
        deadline = time.monotonic() + 20
        while not heard and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [event["type"] for event in heard] == ["customer.created"]


@pytest.mark.usefixtures("quiet")
def test_on_a_port_a_lost_answer_is_a_broken_connection_that_a_retry_gets_over() -> None:
    with running_sandbox() as sandbox:
        sandbox.fault("timeout")
        with pytest.raises(stripe.APIConnectionError):
            over_http(sandbox).v1.customers.create({}, {"idempotency_key": "k"})
        assert (
            over_http(sandbox).v1.customers.create({}, {"idempotency_key": "k"}).id == sandbox.all("customer")[0]["id"]
        )
        assert len(sandbox.all("customer")) == 1


def test_who_does_not_listen_counts_as_not_answering() -> None:
    assert send_by_http(f"http://127.0.0.1:{free_port()}/", b"{}", {}) == 599


@pytest.mark.usefixtures("quiet")
def test_calls_from_many_threads_are_all_done_once() -> None:
    with running_sandbox() as sandbox:
        client = over_http(sandbox)
        threads = [
            threading.Thread(
                target=client.v1.customers.create, args=({"name": "A"}, {"idempotency_key": f"k{number % 4}"})
            )
            for number in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(sandbox.all("customer")) == 4


# ---------------------------------------------------------------- from one run to the next


def test_what_was_paid_is_remembered(client: stripe.StripeClient, sandbox: Sandbox, folder: Path) -> None:
    paid = a_payment(client, "pm_card_refundFail")
    page = a_page(client)
    subscription = a_subscription(client)
    client.v1.customers.create({"name": "Alice"}, {"idempotency_key": "k"})
    sandbox.deliver(Listener())
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 500})
    save(sandbox, folder / "sandbox.json")

    later = a_sandbox()
    load(later, folder / "sandbox.json")
    assert dump(later) == json.loads(json.dumps(dump(sandbox)))
    again, _ = client_of(later)
    assert again.v1.customers.create({"name": "Alice"}, {"idempotency_key": "k"}).name == "Alice"
    assert len(later.all("customer")) == len(sandbox.all("customer"))
    assert again.v1.refunds.create({"payment_intent": paid.id}).amount == 2000
    portal = Listener()
    later.deliver(portal)
    assert portal.types[:2] == ["refund.created", "charge.refunded"]
    later.pay(page.id)
    later.advance(timedelta(days=31))
    assert len(again.v1.invoices.list({"subscription": subscription.id}).data) == 2
    assert {one["status"] for one in later.all("refund")} == {"failed"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 0}'])
def test_a_memory_that_cannot_be_read_is_a_new_beginning(folder: Path, text: str) -> None:
    (folder / "sandbox.json").write_text(text)
    sandbox = a_sandbox()
    load(sandbox, folder / "sandbox.json")
    load(sandbox, folder / "none.json")
    assert [one["url"] for one in sandbox.all("webhook_endpoint")] == [f"{PORTAL}{WEBHOOK_PATH}"]


@pytest.mark.usefixtures("quiet")
def test_the_command_serves_remembers_and_ends_tidily(folder: Path) -> None:
    port, memory = free_port(), folder / "sandbox.json"
    environ = {**os.environ, "PUBLIC_URL": "http://127.0.0.1:1", "STRIPE_SECRET_KEY": "", "STRIPE_WEBHOOK_SECRET": ""}
    command = [str(PORTAL_COMMAND), "stripe-sandbox", "--port", str(port), "--memory", str(memory)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}/_sandbox" in process.stdout.readline()
        client = stripe.StripeClient(
            KEY, base_addresses={"api": f"http://127.0.0.1:{port}"}, http_client=stripe.RequestsClient(timeout=10)
        )
        try:
            made = client.v1.customers.create({"name": "Alice"})
        finally:
            process.terminate()
        assert process.wait(20) == 0
    assert made.id in json.loads(memory.read_text())["tables"]["customer"]
    assert memory.stat().st_mode & 0o077 == 0
