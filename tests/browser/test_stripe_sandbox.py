"""The sandbox's payment page in a real browser: no script, a strict policy, and a way back that it lets through."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import stripe
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from portal.stripe_sandbox import Sandbox
from tests.gateways.payments import a_page
from tests.sandboxes import KEY, running_sandbox

pytestmark = pytest.mark.browser


@pytest.fixture
def shop() -> Iterator[str]:
    """A site on another port that people come back to."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><title>Shop</title>welcome back")

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox on a port."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def pay_page(browser: Browser, running: Sandbox, shop: str) -> Iterator[Page]:
    """A payment page, open in a browser; errors in its console fail the test."""
    client = stripe.StripeClient(
        KEY, base_addresses={"api": running.settings.base_url}, http_client=stripe.RequestsClient(timeout=10)
    )
    session = a_page(client, success_url=f"{shop}/paid?session={{CHECKOUT_SESSION_ID}}", cancel_url=f"{shop}/back")
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(session.url)
    yield page
    context.close()
    assert [error for error in errors if "favicon" not in error] == []


def test_a_declined_card_then_the_bank_s_question_then_back_at_the_shop(
    pay_page: Page, running: Sandbox, shop: str
) -> None:
    pay_page.get_by_role("button", name="Decline").click()
    expect(pay_page.get_by_role("alert")).to_contain_text("Your card was declined")
    pay_page.get_by_role("button", name="3-D Secure").click()
    pay_page.get_by_role("button", name="Yes, it is me").click()
    session = running.all("checkout.session")[0]
    pay_page.wait_for_url(f"{shop}/paid?session={session['id']}")
    assert session["payment_status"] == "paid"


def test_back_without_paying(pay_page: Page, running: Sandbox, shop: str) -> None:
    pay_page.get_by_role("button", name="Back without paying").click()
    pay_page.wait_for_url(f"{shop}/back")
    assert running.all("checkout.session")[0]["status"] == "open"


def test_a_developer_makes_time_pass(pay_page: Page, running: Sandbox) -> None:
    pay_page.get_by_role("link", name="Control page").click()
    pay_page.get_by_label("Days").fill("1")
    pay_page.get_by_role("button", name="Make everything older").click()
    expect(pay_page.get_by_role("status")).to_contain_text("advance")
    assert running.all("checkout.session")[0]["status"] == "expired"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(browser: Browser, running: Sandbox, scheme: Any) -> None:
    client = stripe.StripeClient(KEY, base_addresses={"api": running.settings.base_url})
    session = a_page(client)
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for address in (session.url, f"{running.settings.base_url}/_sandbox"):
        page.goto(address)
        assert Axe().run(page).response["violations"] == []
    context.close()
