"""`make run` starts everything that a newcomer needs, says where it is once it answers, and leaves nothing behind."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from uuid import uuid4

import pytest
from flask_migrate import upgrade
from sqlalchemy import select

from portal import create_app
from portal.demo import load_demo, logins
from portal.store.db import db
from portal.store.outbox import OutboxRow
from portal.web.context import current_rules, now
from tests.server import PORTAL, free_port

PATIENCE = 120  # seconds


class Demo:
    """A running `portal run-demo`, with what it has said."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, sandbox: int) -> None:
        self.process, self.site, self.sandbox = process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox}"
        self.lines: Queue[str] = Queue()
        self.said = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")

    def hear(self, wanted: str) -> str:
        """Wait until a line says what is wanted; return all that was said."""
        while wanted not in self.said:
            try:
                line = self.lines.get(timeout=PATIENCE)
            except Empty:
                line = ""
            assert line, f"{wanted!r} was never said: {self.said}"
            self.said += line
        return self.said

    def children(self) -> list[int]:
        """Return the processes that it started, web, worker and sandbox, in the order of their start."""
        found = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        pairs = [tuple(map(int, line.split())) for line in found]
        return sorted(pid for pid, parent in pairs if parent == self.process.pid)

    def end(self, sent: signal.Signals) -> int:
        """Send a signal; return the exit status."""
        self.process.send_signal(sent)
        return self.process.wait(timeout=PATIENCE)


@contextmanager
def demo(url: str, **more: str) -> Iterator[Demo]:
    """Run the demonstration on free ports until the block ends; it may have ended before."""
    port, sandbox = free_port(), free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")}
    ports = {"PORT": str(port), "STRIPE_SANDBOX_PORT": str(sandbox)}
    environ = {**kept, **ports, "DATABASE_URL": url, "PYTHONUNBUFFERED": "1", **more}
    with subprocess.Popen(
        [str(PORTAL), "run-demo"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        running = Demo(process, port, sandbox)
        try:
            yield running
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=PATIENCE)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has the demonstration already: loading it is told elsewhere."""
    path = tmp_path_factory.mktemp("demo") / "filled.db"
    with create_app(environ={"DATABASE_URL": f"sqlite:///{path}"}).app_context():
        upgrade()
        load_demo(current_rules(), now())
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return path


@pytest.fixture
def url(filled: Path, folder: Path) -> str:
    """A copy of that database."""
    return f"sqlite:///{shutil.copy(filled, folder)}"


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_all_answer_once_the_address_is_said_and_all_end_together(url: str) -> None:
    with demo(url) as running:
        said = running.hear("Ctrl-C stops it")
        assert f"Créneau is at {running.site}\n" in said
        assert f"{running.sandbox}/_sandbox\n" in said
        assert answers(f"{running.site}/readyz")
        assert answers(f"{running.sandbox}/_sandbox")
        with urllib.request.urlopen(f"{running.sandbox}/_sandbox/state", timeout=10) as response:
            assert json.load(response)["faults"] == []
        children = running.children()
        assert len(children) == 3
        assert running.end(signal.SIGTERM) == 0
        running.hear("Stopped.")
        assert not any(is_running(child) for child in children)
        assert not answers(f"{running.sandbox}/_sandbox")


def test_ctrl_c_of_a_terminal_reaches_the_whole_group_and_ends_it_without_noise(url: str) -> None:
    with demo(url) as running:
        running.hear("Ctrl-C stops it")
        children = running.children()
        for one in (*children, running.process.pid):
            os.kill(one, signal.SIGINT)
        assert running.process.wait(timeout=PATIENCE) == 0
        assert "Traceback" not in running.hear("Stopped.")
        assert not any(is_running(child) for child in children)


@pytest.mark.parametrize(("place", "name"), [(0, "The Stripe sandbox"), (1, "The web server")])
def test_when_one_ends_all_end_and_it_is_said_which(url: str, place: int, name: str) -> None:
    with demo(url) as running:
        running.hear("Ctrl-C stops it")
        children = running.children()
        os.kill(children[place], signal.SIGKILL)
        assert running.process.wait(timeout=PATIENCE) == 1
        running.hear(f"{name} ended (SIGKILL): everything is stopped.")
        assert not any(is_running(child) for child in children)


def test_who_has_a_stripe_key_gets_no_sandbox(url: str) -> None:
    with demo(url, STRIPE_SECRET_KEY="sk_test_of_somebody") as running:
        said = running.hear("Ctrl-C stops it")
        assert "Payments go by the Stripe key that you gave." in said
        assert not answers(f"{running.sandbox}/_sandbox")
        assert len(running.children()) == 2
        assert running.end(signal.SIGTERM) == 0


def test_a_portal_that_others_reach_gets_no_sandbox_and_is_told_why(url: str) -> None:
    with demo(url, PUBLIC_URL="https://booking.example.org") as running:
        said = running.hear("Ctrl-C stops it")
        assert re.search(r"Payment is off: no key is given, and PUBLIC_URL=https://booking\.example\.org: .*\.", said)
        assert running.end(signal.SIGTERM) == 0


def test_a_port_that_is_taken_is_said_with_the_way_out_and_nothing_runs(url: str) -> None:
    with a_port_in_use() as port, demo(url, PORT=port) as running:
        assert running.process.wait(timeout=PATIENCE) == 1
        assert f"127.0.0.1:{port} cannot be used" in running.hear("Choose another: PORT=5001 make run")


def test_where_the_sandboxs_port_is_taken_it_takes_another_and_says_which(url: str) -> None:
    with a_port_in_use() as port, demo(url, STRIPE_SANDBOX_PORT=port) as running:
        found = re.search(r"http://127\.0\.0\.1:([0-9]+)/_sandbox", running.hear("Ctrl-C stops it"))
        assert found
        assert found[1] != port
        assert answers(found[0])
        assert running.end(signal.SIGTERM) == 0


def test_no_child_outlives_a_parent_that_was_killed(url: str) -> None:
    with demo(url) as running:
        running.hear("Ctrl-C stops it")
        children = running.children()
        running.process.kill()
        running.process.wait(timeout=PATIENCE)
        until = time.monotonic() + PATIENCE
        while any(is_running(child) for child in children):
            assert time.monotonic() < until
            time.sleep(0.1)


# ---------------------------------------------------------------- from a booking to its mail


class Caller:
    """A program that calls the portal's API as alice."""

    def __init__(self, site: str) -> None:
        self.site, self.headers = site, {"Content-Type": "application/json"}
        email, _, password = logins()[0]
        token = self.post("/api/auth/sign-in/email", {"email": email, "password": password})["token"]
        self.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(
            urllib.request.Request(self.site + path, headers=self.headers), timeout=30
        ) as found:
            return json.load(found)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {**self.headers, "Idempotency-Key": str(uuid4())}
        request = urllib.request.Request(self.site + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as found:
            return json.load(found)


def press_pay(page: str) -> None:
    """Press the button of the payment page, and do not come back."""
    with suppress(urllib.error.HTTPError):  # a redirect to a page of the portal, which asks for a sign-in
        urllib.request.urlopen(page, b"outcome=pay", timeout=30)


def test_a_booking_that_is_paid_is_confirmed_by_the_webhook_alone_and_its_mail_is_sent(url: str) -> None:
    with demo(url) as running:
        running.hear("Ctrl-C stops it")
        alice = Caller(running.site)
        first, last = (datetime.now(UTC).date() + timedelta(days=days) for days in (1, 20))
        slots = alice.get(f"/api/booking/services/consultation-generaliste/slots?from={first}&to={last}")
        body = {
            "serviceId": "consultation-generaliste",
            "startDate": slots[0]["startDate"],
            "customFieldValues": {"symptoms": "Toux depuis trois jours", "urgency": "Faible"},
        }
        booking = alice.post("/api/booking/create", body)
        assert (booking["status"], booking["paymentStatus"]) == ("pending", "pending")
        back = {"successUrl": f"{running.site}/ok", "cancelUrl": f"{running.site}/no"}
        press_pay(alice.post("/api/booking/stripe/checkout", {"bookingId": booking["id"], **back})["url"])
        eventually(lambda: alice.get(f"/api/booking/{booking['id']}")["status"] == "confirmed")
        with create_app(environ={"DATABASE_URL": url}).app_context():
            eventually(lambda: sent() == ["booking-confirmation"])
            db.session.remove()
            db.engine.dispose()


def sent() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxRow.kind).where(OutboxRow.sent_at.is_not(None))))


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.2)


@contextmanager
def a_port_in_use() -> Iterator[str]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield str(other.getsockname()[1])
