"""What happens without anybody asking: which jobs are there, how often, and who runs them?

What is to be done stands in the database; the queue only says "look now". So a job calls one use-case, may run twice or
at once in several workers, and one that was killed is made up for at its next turn.
"""

import hashlib
import logging
import signal
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import astuple, dataclass

from flask import Flask, current_app
from huey.api import Huey, MemoryHuey, RedisExpireHuey
from huey.consumer import Consumer, Scheduler
from huey.serializer import SignedSerializer
from redis import ConnectionPool, RedisError

from portal.usecases.completions import complete_past
from portal.usecases.messages import send_due_messages
from portal.usecases.reconciliation import reconcile, release_lapsed
from portal.usecases.retention import forget_old
from portal.web.context import current_money, now, settings
from portal.web.mails import post

TICK_SECONDS = 1  # how often turns are looked for
HEALTH_SECONDS = 10  # how often a thread that died is replaced
SELDOM_SECONDS = 60
STOP_SECONDS = 30  # for jobs that run when the worker is to stop; as long as web processes have
REDIS_PATIENCE = {"socket_connect_timeout": 2, "socket_timeout": 5}  # seconds
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """Something to look after every so many seconds, in the app's context."""

    name: str
    every: int
    work: Callable[[], object]


def _reconcile() -> str:
    found = reconcile(current_money(), now())
    return str(found) if any(astuple(found)) else ""


JOBS = (
    Job("send-messages", 5, lambda: send_due_messages(post(), now())),
    Job("lapse-holds", 60, lambda: release_lapsed(current_money(), now())),
    Job("reconcile", 300, _reconcile),
    Job("complete-bookings", 300, lambda: complete_past(now())),
    Job("forget-old", 6 * 3600, lambda: forget_old(now())),
)


def run_worker(app: Flask, jobs: tuple[Job, ...] = JOBS) -> None:
    """Run jobs until SIGTERM or SIGINT; jobs that are running then are finished, within half a minute."""
    is_over = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):  # a terminal sends the one and a supervisor the other, at once
        signal.signal(one, lambda *_: is_over.set())
    crew = crew_of(app, jobs)
    crew.start()
    _LOG.info("started: %s", ", ".join(f"{job.name} every {job.every} s" for job in jobs))
    while not is_over.wait(HEALTH_SECONDS):
        crew.check_worker_health()
    crew.stop(graceful=True)
    _LOG.info("stopped")


def log_to_stderr(level: int = logging.INFO) -> None:
    """Write down what jobs did and what went wrong, or from WARNING on only the latter."""
    handler = logging.StreamHandler()
    handler.addFilter(_Seldom())
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=level, handlers=[handler])
    logging.getLogger("huey").setLevel(logging.ERROR)  # what it does all day is nobody's news


class _Seldom(logging.Filter):
    """Lets the queue say a thing once a minute, in one line: while Redis is away, every thread says so each second."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is written."""
        if not record.name.startswith("huey"):
            return True
        said = record.msg
        if time.monotonic() < self._next.get(said, 0):
            return False
        self._next[said] = time.monotonic() + SELDOM_SECONDS
        if record.exc_info and record.exc_info[0]:
            record.msg, record.exc_info = f"{said} {record.exc_info[0].__name__}", None
        return True


class _Ticker(Scheduler):  # type: ignore[misc]
    periodic_task_seconds = TICK_SECONDS


class Crew(Consumer):  # type: ignore[misc]
    """Threads that run jobs, as many as there are jobs: none waits for another."""

    scheduler_class = _Ticker

    def _set_signal_handlers(self) -> None:
        """Leave signals to `run_worker`: here one of the two would interrupt jobs."""


def crew_of(app: Flask, jobs: tuple[Job, ...]) -> Crew:
    """Put the threads together that run jobs; `start()` and `stop(graceful=True)` are up to the caller."""
    with app.app_context():
        queue = _queue()
    for job in jobs:
        _enlist(job, queue, app)
    return Crew(
        queue,
        workers=len(jobs),
        max_delay=TICK_SECONDS,
        scheduler_interval=TICK_SECONDS,
        shutdown_timeout=STOP_SECONDS,
    )


def _queue() -> Huey:
    """Return the queue: in this process, or in Redis, where several workers share the turns.

    Its name keeps portals apart that share a Redis. Entries are signed: they are pickles, code of whoever wrote them.
    """
    given = settings()
    if given.redis_url is None:
        return MemoryHuey(results=False)
    name = "creneau" + hashlib.sha256(given.database_url.encode()).hexdigest()[:12]
    pool = ConnectionPool.from_url(given.redis_url, **REDIS_PATIENCE)
    serializer = SignedSerializer(secret=current_app.config["SECRET_KEY"])
    return RedisExpireHuey(name, results=False, serializer=serializer, connection_pool=pool)


def _enlist(job: Job, queue: Huey, app: Flask) -> None:
    has_turn = _own_turns(job) if isinstance(queue, MemoryHuey) else _shared_turns(job, queue)
    is_running = threading.Lock()

    def run() -> None:
        if not is_running.acquire(blocking=False):
            return  # a turn that lasts longer than it should; it sees what is new as well
        try:
            with app.app_context():
                _run(job)
        finally:
            is_running.release()

    queue.periodic_task(lambda _: has_turn(), name=job.name)(run)


def _run(job: Job) -> None:
    """Run a job; log what became of it, without what errors say: it may be personal."""
    try:
        if found := job.work():
            _LOG.info("%s: %s", job.name, found)
    except Exception as error:
        where = "".join(traceback.format_tb(error.__traceback__))
        _LOG.error("%s failed, and runs again in %d s: %s\n%s", job.name, job.every, type(error).__name__, where)


def _own_turns(job: Job) -> Callable[[], bool]:
    """Return a question: is it time for the job? At the start it is."""
    due = time.monotonic()

    def has_turn() -> bool:
        nonlocal due
        if time.monotonic() < due:
            return False
        due = time.monotonic() + job.every
        return True

    return has_turn


def _shared_turns(job: Job, queue: Huey) -> Callable[[], bool]:
    """Return a question that Redis answers with yes to one worker of all, once in the job's time."""

    def has_turn() -> bool:
        try:
            return bool(queue.put_if_empty(f"turn.{job.name}", True, ttl=job.every))
        except RedisError:  # the queue's threads say so
            return False

    return has_turn
