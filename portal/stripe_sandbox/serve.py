"""How does the sandbox run on a port of this machine?"""

import signal
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from portal.stripe_sandbox.app import HANG_UP, create_sandbox
from portal.stripe_sandbox.memory import Keeper, load
from portal.stripe_sandbox.sandbox import Sandbox, SandboxSettings
from portal.stripe_sandbox.webhooks import Courier

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HOST = "127.0.0.1"


class HangUp:
    """Loses an answer on its way where a fault says so: the caller sees a broken connection."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if HANG_UP in dict(headers):
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return start_response(status, headers, *rest)

        return self._app.wsgi_app(environ, start)


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.0"  # a new connection for each request: one that is lost loses nothing else

    def log(self, type: str, message: str, *args: Any) -> None:
        """Write nothing: the control page shows what happened."""


class RunningSandbox:
    """A sandbox on a port of this machine, with a courier that delivers its webhooks."""

    def __init__(self, port: int, settings: SandboxSettings, memory: Path | None = None) -> None:
        self.sandbox = Sandbox(settings)
        self._keeper = Keeper(self.sandbox, memory) if memory else None
        if memory:
            load(self.sandbox, memory)
        app = create_sandbox(sandbox=self.sandbox)
        self._server: BaseWSGIServer = make_server(
            HOST,
            port,
            HangUp(app),
            threaded=True,
            request_handler=_Quiet,
        )
        self._courier = Courier(self.sandbox)
        self.sandbox.when_changed(self._courier.wake)

    def run(self) -> None:
        """Serve until SIGTERM or Ctrl-C."""
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, self._end)
        self._start()
        try:
            self._server.serve_forever()
        finally:
            self._stop()

    def _end(self, *_: object) -> None:
        # An exception raised here is lost where a finaliser happens to run; and the loop cannot wait for itself.
        threading.Thread(target=self._server.shutdown, daemon=True).start()

    def __enter__(self) -> Sandbox:
        """Serve in a thread."""
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self._start()
        return self.sandbox

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._stop()

    def _start(self) -> None:
        self._courier.start()
        if self._keeper:
            self._keeper.start()

    def _stop(self) -> None:
        self._courier.stop()
        if self._keeper:
            self._keeper.stop()
        self._server.server_close()
