"""How do several processes run as one, and end as one?

They are forked from a process that has everything loaded, so that each starts in a moment, and stay in its group, so
that whatever a terminal or a supervisor tells the group reaches all of them.
"""

import http.client
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from types import FrameType, TracebackType

Address = tuple[str, int, str]

_STOP = (signal.SIGTERM, signal.SIGINT)
STOP_SECONDS = 35  # a little more than web processes and the worker take at most
LOOK_SECONDS = 0.05


class ChildEnded(Exception):
    """A child ended, or did not answer in time, while it was needed; the message says which."""


@dataclass
class Child:
    """A process, and where it answers 200 once it is ready (host, port, path)."""

    name: str
    process: ForkProcess
    address: Address | None


@dataclass
class Children:
    """Processes that end together: when the block ends, for whatever reason, none is left.

    SIGTERM ends the block as Ctrl-C does, by KeyboardInterrupt.
    """

    running: list[Child] = field(default_factory=list)
    is_told: bool = False

    def __enter__(self) -> "Children":
        self._news, self._tell = os.pipe()
        for one in _STOP:
            signal.signal(one, self._stop)
        return self

    def _stop(self, number: int, frame: FrameType | None) -> None:
        # Noted as well, because Python swallows what is raised while it forks.
        self.is_told = True
        os.write(self._tell, b".")
        raise KeyboardInterrupt

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for one in _STOP:
            signal.signal(one, signal.SIG_IGN)  # who is told twice must not leave children behind
        for child in self.running:
            child.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.running:
            child.process.join(max(0, deadline - time.monotonic()))
            child.process.kill()

    def start(self, name: str, work: Callable[[], object], address: Address | None = None) -> None:
        """Fork a child that does its work until it is told to stop."""
        sys.stdout.flush()  # what waits there would be written by both
        process = multiprocessing.get_context("fork").Process(target=_begin, args=(work,), name=name)
        process.start()
        self.running.append(Child(name, process, address))

    def wait_until_ready(self, seconds: float) -> None:
        """Wait until all that have an address answer; raises ChildEnded where one ends before, or the time does."""
        deadline = time.monotonic() + seconds
        for child in self.running:
            while child.address and not _answers(*child.address):
                self.check()
                if time.monotonic() > deadline:
                    raise ChildEnded(f"{child.name} did not answer within {seconds:.0f} seconds")
                time.sleep(LOOK_SECONDS)

    def check(self) -> None:
        """Raise ChildEnded where a child is gone, KeyboardInterrupt where all is to end."""
        if self.is_told:
            raise KeyboardInterrupt
        for child in self.running:
            if not child.process.is_alive():
                raise ChildEnded(f"{child.name} ended ({_reason(child.process.exitcode)})")

    def run(self) -> None:
        """Stay until all is to end, or a child does; raises as `check`."""
        while True:
            self.check()
            wait([self._news, *(child.process.sentinel for child in self.running)])


def _begin(work: Callable[[], object]) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal's Ctrl-C: the parent says when it is over
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    with suppress(KeyboardInterrupt):
        work()


def _end_with_parent(parent: int) -> None:
    """End this process when the one that started it is gone, however that ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reason(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit status {code}"
