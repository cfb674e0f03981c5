"""Are calls counted exactly, however many threads count?"""

import threading
from contextlib import suppress
from typing import Any

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from portal.web.limits import ThreadedMemory

LIMIT = parse("1000000 per hour")


class TheyMet(RuntimeError):
    """Two threads were making the one timer at once: they would start the same one twice, and one of them fails."""


def where_two_may_meet(storage: type[MemoryStorage], patience: float) -> MemoryStorage:
    """Return such a storage in which a thread that has made its timer waits some seconds for another that makes one."""
    meeting = threading.Barrier(2)

    def make(self: Any, timer: threading.Timer) -> None:
        is_first = "made" not in self.__dict__
        self.__dict__["made"] = timer
        if is_first:
            return
        with suppress(threading.BrokenBarrierError):
            meeting.wait(patience)
            raise TheyMet

    timer = property(lambda self: self.__dict__["made"], make)
    return type("Meeting", (storage,), {"timer": timer, "STORAGE_SCHEME": None})()


def count_at_once(storage: MemoryStorage) -> tuple[int, int]:
    """Count from two threads; return the count, and how many threads met another one."""
    storage.timer.join()  # of the first one, made with the storage
    strategy, met = FixedWindowRateLimiter(storage), []

    def work() -> None:
        try:
            strategy.hit(LIMIT, "somebody")
        except TheyMet as error:
            met.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return LIMIT.amount - strategy.get_window_stats(LIMIT, "somebody").remaining, len(met)


def test_two_threads_that_count_at_once_are_both_counted() -> None:
    assert count_at_once(where_two_may_meet(ThreadedMemory, patience=0.3)) == (2, 0)


def test_in_the_librarys_own_storage_they_meet_so_the_test_above_proves_something() -> None:
    assert count_at_once(where_two_may_meet(MemoryStorage, patience=30)) == (0, 2)


def test_many_threads_count_exactly() -> None:
    strategy = FixedWindowRateLimiter(ThreadedMemory())
    counting = [
        threading.Thread(target=lambda: [strategy.hit(LIMIT, "somebody") for _ in range(200)]) for _ in range(16)
    ]
    for thread in counting:
        thread.start()
    for thread in counting:
        thread.join()
    assert LIMIT.amount - strategy.get_window_stats(LIMIT, "somebody").remaining == 16 * 200
