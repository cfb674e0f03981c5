"""Does the cost of a slots request depend on what lies in the window, not on the size of the table?

The same 30 days, equally full, are read from a table of 100 and from one of 100,000 bookings, in turns. Exits with 1
where the large table takes more than 1.5 times as long.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta

from sqlalchemy import event

from bench.portals import Bench, bench_portal
from portal.store.db import db
from portal.usecases.slots import SlotQuery, find_slots
from portal.web.context import current_rules

SMALL, LARGE = 100, 100_000
MOST = 1.5
ROUNDS = 60
WINDOW_DAYS = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say by 0 or 1 whether the promise holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--url", nargs=2, metavar=("SMALL", "LARGE"), help="two empty databases; default: SQLite files")
    parser.add_argument("--large", type=int, default=LARGE, help="bookings in the large table (%(default)s)")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        return measure(given.url or [f"sqlite:///{folder}/{name}.db" for name in ("small", "large")], given.large)


def measure(urls: Sequence[str], large: int = LARGE) -> int:
    """Fill two databases, read them in turns, print medians, ratio and queries."""
    sizes = (SMALL, large)
    with ExitStack() as stack:
        benches = [stack.enter_context(bench_portal(url, size)) for url, size in zip(urls, sizes, strict=True)]
        times: list[list[float]] = [[], []]
        for number in range(-5, ROUNDS):  # the first ones warm up
            for found, bench in zip(times, benches, strict=True):
                took = read_slots(bench)
                if number >= 0:
                    found.append(took)
        queries = [count_queries(bench) for bench in benches]
    return say(sizes, [statistics.median(found) for found in times], queries)


def read_slots(bench: Bench) -> float:
    """Read the slots of 30 days from the database; return the milliseconds."""
    with bench.app.app_context():
        query = SlotQuery(bench.now, bench.now + timedelta(days=WINDOW_DAYS))
        begun = time.perf_counter()
        slots = find_slots(bench.service, query, current_rules(), bench.now)
        took = time.perf_counter() - begun
        assert len(slots) > 1_000, "a window without slots measures nothing"
    return took * 1_000


def count_queries(bench: Bench) -> int:
    """Return how many queries one reading takes."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.upper().startswith("SELECT"):
            seen.append(statement)

    with bench.app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        read_slots(bench)
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def say(sizes: Sequence[int], medians: Sequence[float], queries: Sequence[int]) -> int:
    print(f"\nSlots of {WINDOW_DAYS} days, {ROUNDS} readings in turns, median:")
    for size, median, count in zip(sizes, medians, queries, strict=True):
        print(f"  {size:>9,} bookings  {median:7.2f} ms  {count} queries")
    ratio = medians[1] / medians[0]
    good = ratio <= MOST and len(set(queries)) == 1
    print(f"  ratio {ratio:.2f}, at most {MOST} wanted: {'good' if good else 'TOO SLOW'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
