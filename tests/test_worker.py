"""Jobs run without anybody asking: each by itself, again after a failure, in any number of workers."""

import logging
import os
import signal
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import select, update

from portal.domain.notifications import Kind
from portal.store.db import db, transaction
from portal.store.outbox import OutboxRow
from portal.usecases.messages import queue_message
from portal.worker import JOBS, Crew, Job, crew_of
from tests.conftest import environ_for
from tests.databases import REQUIRED
from tests.people import EVERYBODY
from tests.portals import new_portal
from tests.server import PORTAL, free_port

REDIS = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/0")
PATIENCE = 60  # seconds until a test says that something does not happen


# ---------------------------------------------------------------- jobs, in this process


class Count:
    """Something to do that can be waited for; `stall` makes it wait in turn."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.begun, self.gate, self.failure = threading.Semaphore(0), threading.Event(), failure
        self.gate.set()

    def __call__(self) -> None:
        self.begun.release()
        assert self.gate.wait(PATIENCE)
        if self.failure:
            raise self.failure

    def has_begun(self, times: int = 1) -> bool:
        return all(self.begun.acquire(timeout=PATIENCE) for _ in range(times))


@contextmanager
def working(app: Flask, *jobs: Job) -> Iterator[Crew]:
    """Run jobs until the block ends."""
    crew = crew_of(app, jobs)
    crew.start()
    try:
        yield crew
    finally:
        crew.stop(graceful=True)


def test_a_job_that_fails_is_logged_without_what_may_be_personal_runs_again_and_holds_up_no_other(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    whose = EVERYBODY.alice.email
    bad, good = Count(ValueError(whose)), Count()
    with caplog.at_level(logging.INFO), working(app, Job("bad", 1, bad), Job("good", 1, good)):
        assert bad.has_begun(3)
        assert good.has_begun(3)
    said = [record.getMessage() for record in caplog.records if record.name == "portal.worker"]
    assert said
    assert all(line.startswith("bad failed, and runs again in 1 s: ValueError\n") for line in said)
    assert whose not in caplog.text


def test_a_job_that_takes_longer_than_its_turn_does_not_pile_up(app: Flask) -> None:
    slow, beat = Count(), Count()
    slow.gate.clear()
    with working(app, Job("slow", 1, slow), Job("beat", 1, beat)):
        assert slow.has_begun()
        assert beat.has_begun(4)
        assert not slow.begun.acquire(blocking=False)
        slow.gate.set()
        assert slow.has_begun()


def test_who_stops_waits_for_the_job_that_runs(app: Flask) -> None:
    slow, ends = Count(), []
    slow.gate.clear()
    crew = crew_of(app, (Job("slow", 1, lambda: (slow(), ends.append("job"))),))
    crew.start()
    assert slow.has_begun()
    stopping = threading.Thread(target=lambda: (crew.stop(graceful=True), ends.append("crew")))
    stopping.start()
    slow.gate.set()
    stopping.join(PATIENCE)
    assert ends == ["job", "crew"]


def test_a_job_finds_the_app_and_leaves_no_session_open(app: Flask) -> None:
    looked = Count()
    with working(app, Job("look", 1, lambda: (db.session.execute(select(OutboxRow.id)), looked()))):
        assert looked.has_begun(2)
    assert db.engine.pool.checkedout() <= 1  # type: ignore[attr-defined]  # this test's own


def test_every_job_of_the_house_runs_in_an_empty_house(app: Flask) -> None:
    for job in JOBS:
        assert not job.work(), job.name
    assert len({job.name for job in JOBS}) == len(JOBS)


# ---------------------------------------------------------------- Redis


@pytest.fixture
def redis_url() -> str:
    """A Redis server; skips aloud where there is none."""
    try:
        with redis.Redis.from_url(REDIS) as connection:
            connection.ping()
    except redis.RedisError as error:
        if REQUIRED:
            pytest.fail(f"Redis is required here and does not answer: {error}")
        pytest.skip("Redis is not on this machine: its tests did not run")
    return REDIS


@contextmanager
def app_on_redis(folder: Path, url: str) -> Iterator[Flask]:
    """Open a portal that queues in Redis, on a database of its own and so with keys of its own."""
    with new_portal("sqlite", folder, REDIS_URL=url) as app:
        yield app


def test_workers_on_one_redis_take_each_turn_once(folder: Path, redis_url: str) -> None:
    with app_on_redis(folder, redis_url) as app:
        jobs = (Job("rare", 3600, Count()), Job("also", 3600, Count()))
        one, other = crew_of(app, jobs), crew_of(app, jobs)
        try:
            taken = [task.name for crew in (one, other, one) for task in crew.huey.read_periodic(None)]
            assert sorted(taken) == ["also", "rare"]
        finally:
            one.huey.flush()


def test_a_job_runs_by_redis_as_it_does_without(folder: Path, redis_url: str) -> None:
    counted = Count()
    with app_on_redis(folder, redis_url) as app, working(app, Job("count", 1, counted)) as crew:
        assert counted.has_begun(2)
        crew.huey.flush()


def test_an_entry_of_somebody_else_in_redis_is_not_run(folder: Path, redis_url: str) -> None:
    counted = Count()
    with app_on_redis(folder, redis_url) as app:
        crew = crew_of(app, (Job("count", 3600, counted),))
        forged = crew.huey.serialize_task(crew.huey.read_periodic(None)[0]).rsplit(b":", 1)[0] + b":" + b"0" * 40
        crew.huey.storage.enqueue(forged)
        with pytest.raises(ValueError, match="mismatch"):
            crew.huey.dequeue()
        crew.huey.flush()


class Relay(socketserver.ThreadingTCPServer):
    """Stands between a worker and Redis, so that Redis can come late."""

    daemon_threads = True
    allow_reuse_address = True

    def finish_request(self, request: Any, _client: Any) -> None:
        host, port = REDIS.removeprefix("redis://").split("/")[0].split(":")
        with socket.create_connection((host, int(port))) as onward:
            back = threading.Thread(target=pump, args=(onward, request), daemon=True)
            back.start()
            pump(request, onward)


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


def test_while_redis_is_away_jobs_wait_and_then_go_on(folder: Path, redis_url: str) -> None:
    counted, port = Count(), free_port()
    with app_on_redis(folder, f"redis://127.0.0.1:{port}/0") as app:
        crew = crew_of(app, (Job("count", 1, counted),))
        assert crew.huey.read_periodic(None) == []
        crew.start()
        with Relay(("127.0.0.1", port), socketserver.BaseRequestHandler) as relay:
            serving = threading.Thread(target=relay.serve_forever)
            serving.start()
            assert counted.has_begun(2)
            crew.stop(graceful=True)
            crew.huey.flush()
            relay.shutdown()


# ---------------------------------------------------------------- the command, as a process


class Mailbox:
    """A mail server's side: keeps what comes, and holds its answer back while the gate is shut."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.arrived, self.gate = threading.Semaphore(0), threading.Event()
        self.gate.set()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        lines = envelope.content.decode().splitlines()
        self.ids.append(next(line for line in lines if line.startswith("Message-ID:")))
        self.arrived.release()
        self.gate.wait(PATIENCE)
        return "250 OK"

    def has(self, count: int) -> bool:
        return all(self.arrived.acquire(timeout=PATIENCE) for _ in range(count))


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mail server and its port."""
    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    box.gate.set()
    server.stop()


@contextmanager
def worker(environ: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `portal worker` until the block ends."""
    with subprocess.Popen([str(PORTAL), "worker"], env={**os.environ, **environ}, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def a_portal(folder: Path, mailbox: tuple[Mailbox, int]) -> Iterator[dict[str, str]]:
    """The environment of a portal whose mails go to the mailbox; its app's context is there for looking in."""
    with new_portal("sqlite", folder) as app:
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        yield environ_for(url, SMTP_HOST="127.0.0.1", SMTP_PORT=str(mailbox[1]))


def queue(count: int) -> None:
    """Let so many mails wait."""
    now = datetime.now(UTC)
    alice, payload = EVERYBODY.alice, {"address": "alice@example.org"}
    for number in range(count):
        event = f"test:{number}"
        transaction(
            lambda session, event=event: queue_message(
                session, Kind.EMAIL_CHANGED, event, alice.id, alice.email, payload, now
            )
        )


def unsent() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(OutboxRow.id).where(OutboxRow.sent_at.is_(None))).all())


def test_a_worker_told_to_stop_finishes_the_mail_it_is_sending(
    a_portal: dict[str, str], mailbox: tuple[Mailbox, int]
) -> None:
    box, _ = mailbox
    queue(1)
    box.gate.clear()
    with worker(a_portal) as process:
        assert box.has(1)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)  # a terminal's Ctrl-C and a supervisor's word come together
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        assert unsent() == 1
        box.gate.set()
        assert process.wait(timeout=PATIENCE) == 0
    assert (unsent(), len(box.ids)) == (0, 1)


def test_what_a_killed_worker_was_doing_is_done_by_the_next_under_the_same_message_id(
    a_portal: dict[str, str], mailbox: tuple[Mailbox, int]
) -> None:
    box, _ = mailbox
    queue(1)
    box.gate.clear()
    with worker(a_portal) as process:
        assert box.has(1)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=PATIENCE)
    box.gate.set()
    assert unsent() == 1
    past = datetime.now(UTC) - timedelta(minutes=1)
    transaction(lambda session: session.execute(update(OutboxRow).values(leased_until=past)))  # a quarter of an hour on
    with worker(a_portal) as process:
        assert box.has(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    assert unsent() == 0
    assert len(set(box.ids)) == 1


def test_two_workers_send_each_mail_once(a_portal: dict[str, str], mailbox: tuple[Mailbox, int]) -> None:
    box, _ = mailbox
    with worker(a_portal) as one, worker(a_portal) as other:
        queue(30)
        assert box.has(30)
        for process in (one, other):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=PATIENCE) for process in (one, other)] == [0, 0]
    assert unsent() == 0
    assert len(box.ids) == len(set(box.ids)) == 30


def test_a_worker_says_in_one_line_what_it_cannot_do(folder: Path) -> None:
    wrong = {**os.environ, "REDIS_URL": "localhost:6379", "DATABASE_URL": f"sqlite:///{folder / 'none.db'}"}
    run = subprocess.run([str(PORTAL), "worker"], env=wrong, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith("portal: REDIS_URL:")
