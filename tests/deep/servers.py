"""Real server processes for the races, and many clients that call them at one moment."""

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from portal.domain.account import Account
from portal.store.accounts import TokenRow, UserRow
from portal.store.db import db
from tests.conftest import environ_for

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
ANSWER_SECONDS = 60
CUSTOMERS = 120


@dataclass(frozen=True)
class Answer:
    """A status and a body; 0 stands for a connection that broke."""

    status: int
    body: Any
    retry_after: str | None = None


@dataclass(frozen=True)
class Call:
    """A POST under /api/booking, by the customer of a number."""

    path: str
    body: dict[str, Any]
    customer: int = 0
    key: str | None = None


class Server:
    """Several processes behind one port."""

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.port = port
        self.process = process

    def workers(self) -> list[int]:
        """Return the processes that answer; their parent only looks after them."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(one) for one in children.split()]

    def call(self, call: Call) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token_of(call.customer)}"}
        if call.key:
            headers["Idempotency-Key"] = call.key
        try:
            connection.request("POST", f"/api/booking/{call.path}", json.dumps(call.body), headers)
            response = connection.getresponse()
            body = response.read()
            return Answer(response.status, json.loads(body), response.headers.get("Retry-After"))
        except (OSError, http.client.HTTPException):
            return Answer(0, None)
        finally:
            connection.close()

    def race(self, calls: Sequence[Call]) -> list[Answer]:
        """Make all calls at one moment, each from its own thread; return the answers in their order."""
        return at_once([lambda call=call: self.call(call) for call in calls])


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Begin every work at one moment; return the results in their order."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int) -> None:
        barrier.wait()
        results[index] = works[index]()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@contextmanager
def serving(url: str, log: Path, *, workers: int = 3, **environ: str) -> Iterator[Server]:
    """Run the product as it is run in earnest: gunicorn, several processes of several threads each."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--workers", str(workers), "--threads", "8"]
    command += ["--bind", f"127.0.0.1:{port}", "--backlog", "512", "--log-level", "warning"]
    variables = {**os.environ, **environ_for(url), **environ}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=output, stderr=output)
    try:
        server = Server(port, process)
        _wait_for(server, log)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(server: Server, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError(f"the server did not start: {log.read_text()}")


def token_of(number: int) -> str:
    return f"token-of-customer-{number}"


def customer(number: int) -> Account:
    """Return one of the many customers; `add_customers` stores them."""
    return Account(f"customer-{number}", f"customer-{number}@example.com", f"Customer {number}")


def add_customers() -> None:
    """Store the customers and a token for each."""
    now = datetime.now(UTC)
    people = [customer(number) for number in range(CUSTOMERS)]
    users = [{"id": one.id, "email": one.email, "email_normal": one.email, "name": one.name} for one in people]
    tokens = [
        {
            "token_hash": hashlib.sha256(token_of(number).encode()).hexdigest(),
            "user_id": one.id,
            "created_at": now,
            "expires_at": now + timedelta(days=1),
        }
        for number, one in enumerate(people)
    ]
    with db.engine.begin() as connection:
        connection.execute(insert(UserRow), users)
        connection.execute(insert(TokenRow), tokens)
