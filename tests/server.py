"""The portal as it really runs: several processes behind one port of this machine."""

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PORTAL = Path(sys.executable).with_name("portal")


# Below what systems give to outgoing connections, of which a browser opens many; above those that browsers refuse.
PORTS = range(11_000, 32_000)


def free_port() -> int:
    """Return a port that nobody uses now, nor is likely to be given before it is used."""
    while True:
        port = secrets.choice(PORTS)  # not by `random`, whose seed is the same in each process of a run
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@contextmanager
def running_server(environ: Mapping[str, str], workers: int = 2, threads: int = 8) -> Iterator[str]:
    """Serve on 127.0.0.1 until the block ends; yields the address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    given = {**os.environ, **environ, "PORT": str(port), "PUBLIC_URL": address}
    command = [str(PORTAL), "serve", "--workers", str(workers), "--threads", str(threads)]
    with subprocess.Popen(command, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            _wait_until_alive(address, server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=40)


def _wait_until_alive(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return
        except OSError:
            if server.poll() is not None:
                raise RuntimeError(
                    f"the server stopped: {(server.stderr.read() if server.stderr else b'').decode()}"
                ) from None
            time.sleep(0.1)
    raise RuntimeError("the server did not answer within a minute")
