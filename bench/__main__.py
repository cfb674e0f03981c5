"""How much longer than a bare Flask page do the hot pages take, and does that grow with the table?

Every window of requests lies between two windows of the bare page on the same server, so that what else the machine
does weighs on both.
"""

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from bench import slots_by_table_size
from bench.portals import MINUTES, Bench, bench_portal, environ_for
from bench.progress import counting

BARE = "/bare"  # of bench.wsgi
REQUESTS = 40
WARM_UP = 5
SIZES = (1_000, 100_000)
MILLION = 1_000_000


@dataclass(frozen=True)
class Page:
    """Something to ask for; each call returns method, path and body."""

    name: str
    ask: Callable[[], tuple[str, str, str | None]]


def main() -> int:
    """Measure everything, print a table; exit with 1 where slots grow with the table."""
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--million", action="store_true", help="also with a million bookings")
    given = parser.parse_args()
    sizes = (*SIZES, MILLION) if given.million else SIZES
    results = {size: measure(size) for size in sizes}
    show(results)
    return slots_by_table_size.main([])


def measure(size: int) -> dict[str, tuple[float, float]]:
    """Return of each page the median milliseconds, and how many times those of a bare page that is."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        with bench_portal(url, size) as bench, serving(url, Path(folder) / "log") as port:
            pages = pages_of(bench)
            total = len(pages) * (REQUESTS + WARM_UP)
            with counting(f"requests at {size:,} bookings", total) as progress:
                return {page.name: compare(port, page, bench.token, progress) for page in pages}


def pages_of(bench: Bench) -> list[Page]:
    """Return what is measured; every booking is of another time."""
    free = count()
    first, last = (bench.now + timedelta(days=days) for days in (1, 31))

    def order() -> str:
        day, quarter = divmod(next(free), 50)
        start = bench.now + timedelta(days=31 + day, hours=8, minutes=MINUTES * quarter)
        return json.dumps({"serviceId": bench.service.id, "startDate": written(start)})

    slots = f"/api/booking/services/{bench.service.id}/slots?from={first:%Y-%m-%d}&to={last:%Y-%m-%d}"
    return [
        Page("catalogue", lambda: ("GET", "/", None)),
        Page("services JSON", lambda: ("GET", "/api/booking/services", None)),
        Page("slots of 30 days", lambda: ("GET", slots, None)),
        Page("quote", lambda: ("POST", "/api/booking/quote", order())),
        Page("create", lambda: ("POST", "/api/booking/create", order())),
        Page("list", lambda: ("GET", f"/api/booking/list?from={first:%Y-%m-%d}", None)),
    ]


def written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def compare(port: int, page: Page, token: str, progress: Callable[[int], None]) -> tuple[float, float]:
    """Time a page between two windows of the bare page."""
    bare = Page("bare", lambda: ("GET", BARE, None))
    window(port, page, token, WARM_UP)
    before = window(port, bare, token, REQUESTS)
    times = window(port, page, token, REQUESTS)
    after = window(port, bare, token, REQUESTS)
    progress(REQUESTS + WARM_UP)
    median = statistics.median(times)
    return median, median / statistics.median([*before, *after])


def window(port: int, page: Page, token: str, requests: int) -> list[float]:
    """Ask so many times on one connection; return milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    times = []
    for _ in range(requests):
        method, path, body = page.ask()
        begun = time.perf_counter()
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        times.append((time.perf_counter() - begun) * 1_000)
        if response.status != 200:
            raise SystemExit(f"{page.name}: {response.status} {answer[:500]!r}")
    connection.close()
    return times


@contextmanager
def serving(url: str, log: Path) -> Iterator[int]:
    """Run the portal and the bare page on one server; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "bench.wsgi:app", "--threads", "4", "--bind", f"127.0.0.1:{port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env={**os.environ, **environ_for(url)}, stdout=output, stderr=output)
    try:
        wait_for(port, process, log)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"the server did not start: {log.read_text()}")


def show(results: dict[int, dict[str, tuple[float, float]]]) -> None:
    sizes = list(results)
    print("Median of a request, and how many times a bare Flask page that is:\n")
    print(f"{'':18}" + "".join(f"{f'{size:,} bookings':>24}" for size in sizes) + f"{'growth':>10}")
    for name in results[sizes[0]]:
        cells = "".join(f"{results[size][name][0]:13.1f} ms {results[size][name][1]:6.1f} x" for size in sizes)
        growth = results[sizes[-1]][name][1] / results[sizes[0]][name][1]
        print(f"{name:18}{cells}{growth:10.2f}")


if __name__ == "__main__":
    sys.exit(main())
