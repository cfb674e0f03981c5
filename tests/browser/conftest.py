"""A browser, and two portals for it: a small one of a few services, and the demonstration as `make run` shows it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from portal.demo import load_demo, logins, seller_of
from portal.stripe_sandbox import Sandbox
from portal.usecases.catalogue import create_service
from portal.web.context import current_money, current_rules, now
from tests.browser.tour import furnish
from tests.build import EVERY_DAY
from tests.databases import database
from tests.people import EVERYBODY, PASSWORD
from tests.portals import migrated_portal, new_portal
from tests.sandboxes import KEY, WEBHOOK_PATH, WEBHOOK_SECRET, running_sandbox
from tests.server import free_port

PATIENCE = 20_000  # ms until something that is looked for must be there: two cores serve four busy programs


def busy_morning(at: datetime) -> datetime:
    """Return half past eight of the first Tuesday of the next month: days and weeks lie ahead, and a whole month."""
    first = (at.replace(day=1) + timedelta(days=32)).replace(day=1, hour=8, minute=30)
    return first + timedelta(days=(1 - first.weekday()) % 7)


# Whatever the hour of a run, the browser meets the same open houses. It is ahead, so that no cookie is out of date.
AHEAD = busy_morning(datetime.now(UTC)) - datetime.now(UTC)
DESK = {"width": 1280, "height": 900}
PASSWORDS = {email: password for email, _, password in logins()}  # of everybody else: PASSWORD
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SERVICE = {
    "name": "Consultation",
    "duration": 30,
    "price": 5000,
    "availableSlots": EVERY_DAY,
    "customFields": [
        {"id": "symptoms", "name": "Symptoms", "type": "text", "required": True},
        {"id": "urgency", "name": "Urgency", "type": "select", "required": True, "options": ["Low", "High"]},
    ],
}
CONCERT = {"name": "Concert", "type": "event", "duration": 60, "maxParticipants": 80, "price": 3500}
DELIVERY = {
    "name": "Delivery",
    "type": "custom",
    "duration": 30,
    "price": 500,
    "pricingTiers": [{"name": "Free delivery", "condition": "order_total >= 5000", "price": 0}],
}


def executable() -> str:
    """Return the browser to use; without one the test is skipped aloud, in CI it fails."""
    found = os.environ.get("PORTAL_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail("no browser was found: in CI that is a failure")
    pytest.skip("NO BROWSER WAS FOUND: set PORTAL_BROWSER or install chromium")


def morning() -> time_machine.travel:
    """Let the portal and its payment page live in a busy morning, from which time goes on."""
    return time_machine.travel(datetime.now(UTC) + AHEAD, tick=True)


@pytest.fixture(scope="module", autouse=True)
def _morning() -> Iterator[None]:
    with morning():
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = executable()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=path, args=arguments)
        yield started
        started.close()


@contextmanager
def served(app: Flask, port: int | None = None) -> Iterator[str]:
    """Serve an app by a thread, on a free port if not on a given one; yields its address."""
    port = port or free_port()
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A portal with a few services, and nobody's bookings."""
    with new_portal("sqlite", Path(tmp_path_factory.mktemp("browser"))) as app:
        for service in (SERVICE, CONCERT, DELIVERY):
            create_service({"availableSlots": EVERY_DAY, **service}, EVERYBODY.ada, current_rules(), now())
    with served(app) as found:
        yield found


@dataclass(frozen=True)
class Demonstration:
    """The demonstration, served; `guest` opens a context of a browser in which somebody is signed in."""

    app: Flask
    address: str
    sandbox: Sandbox  # where one pays
    places: dict[str, str]  # what a tour goes to
    states: dict[str, Any] = field(default_factory=dict)

    def guest(self, browser: Browser, person: str | None, **options: Any) -> BrowserContext:
        """Open a context for somebody; he signs in once, and what the browser kept of it serves from then on."""
        options = {"locale": "en-GB", **options}
        if person is None:
            return browser.new_context(**options)
        if person not in self.states:
            email = f"{person}@example.com"
            context = browser.new_context()
            page = context.new_page()
            page.goto(f"{self.address}/sign-in?next=/help")
            page.locator("#email").fill(email)
            page.locator("#password").fill(PASSWORDS.get(email, PASSWORD))
            page.locator("form[data-once] .btn-primary").click()
            page.wait_for_url(f"{self.address}/help")
            self.states[person] = context.storage_state()
            context.close()
        return browser.new_context(storage_state=self.states[person], **options)

    def does(self, work: Callable[[], Any]) -> Any:
        """Do something behind the browser's back."""
        with self.app.app_context():
            return work()


@contextmanager
def demonstrating(folder: Path, hold_minutes: int | None = None) -> Iterator[Demonstration]:
    """Serve what `make run` shows, with its payment pages beside it and a few bookings.

    Those of them that wait to be paid are kept for the house's time, or for `hold_minutes`.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with database("sqlite", folder) as url, running_sandbox(f"{address}{WEBHOOK_PATH}") as sandbox:
        environ = {
            **seller_of({}),
            "PUBLIC_URL": address,
            "STRIPE_SECRET_KEY": KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": sandbox.settings.base_url,
        }
        with migrated_portal(url, **environ) as app:
            load_demo(current_rules(), now())
        with served(app, port):
            with app.app_context():
                rules = current_rules()
                rules = replace(rules, hold_minutes=hold_minutes or rules.hold_minutes)
                places = furnish(rules, current_money(), sandbox)
            yield Demonstration(app, address, sandbox, places)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The demonstration; what waits to be paid outlasts the tests."""
    with ExitStack() as open_until_the_end:
        with morning():  # its scope is wider than that of the morning of a module
            folder = Path(tmp_path_factory.mktemp("demonstration"))
            found = open_until_the_end.enter_context(demonstrating(folder, hold_minutes=600))
        yield found


@pytest.fixture
def desk(browser: Browser, demonstration: Demonstration) -> Iterator[Callable[..., Page]]:
    """Open a page of the team for sam."""
    contexts: list[BrowserContext] = []

    def begin(path: str, **options: Any) -> Page:
        contexts.append(demonstration.guest(browser, "sam", viewport=DESK, **options))
        page = contexts[-1].new_page()
        page.goto(demonstration.address + path)
        return page

    yield begin
    for context in contexts:
        context.close()
