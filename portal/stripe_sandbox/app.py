"""How does a request of Stripe's API become an answer?"""

import base64
import binascii
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from portal.stripe_sandbox import catalogue, charges, customers, invoices, setup_intents
from portal.stripe_sandbox.control import register_control
from portal.stripe_sandbox.decode import decode
from portal.stripe_sandbox.errors import Json, Refusal, Unread
from portal.stripe_sandbox.events import API_VERSION
from portal.stripe_sandbox.hosted import register_hosted
from portal.stripe_sandbox.listing import expanded
from portal.stripe_sandbox.pages import register_pages
from portal.stripe_sandbox.routes import Operation, find_operation
from portal.stripe_sandbox.sandbox import API_FAULTS, Sandbox, SandboxSettings
from portal.stripe_sandbox.state import new_id

ROOT = Path(__file__).resolve().parents[2]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
HANG_UP = "X-Sandbox-Hang-Up"  # tells whoever carries the answer to lose it
NOUNS = (catalogue, charges, customers, invoices, setup_intents)  # the others are imported by the sandbox

logger = logging.getLogger(__name__)


def create_sandbox(settings: SandboxSettings | None = None, sandbox: Sandbox | None = None) -> Flask:
    """Build Stripe's HTTP interface, the payment page and the control page around a sandbox."""
    stand_in = sandbox or Sandbox(settings)
    app = Flask(
        __name__,
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        static_url_path="/_sandbox/static",
    )
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = 512 * 1024
    app.extensions["sandbox"] = stand_in
    app.add_url_rule("/v1/<path:path>", "api", _view(stand_in), methods=METHODS, provide_automatic_options=False)
    register_pages(app)
    register_hosted(app, stand_in)
    register_control(app, stand_in)
    return app


def _view(sandbox: Sandbox) -> Callable[..., Response]:
    def view(path: str) -> Response:
        with sandbox.lock:
            response = _answer(sandbox, f"/v1/{path}")
        response.call_on_close(sandbox.wake)  # webhooks go out after the answer
        return response

    return view


def _answer(sandbox: Sandbox, path: str) -> Response:
    request_id = new_id("req", 14)
    sandbox.state.request = {"id": request_id, "idempotency_key": request.headers.get("Idempotency-Key")}
    sandbox.tick()
    try:
        _check_caller(sandbox)
        fault = sandbox.state.take_fault(API_FAULTS)
        if fault == "429":
            raise Unread("Request rate limit exceeded.", status=429, code="rate_limit")
        one, ids = find_operation(request.method, path)
        status, body, replayed = _done(sandbox, one, ids, fault)
    except Refusal as refusal:
        fault, replayed = None, False
        status, body = refusal.status, refusal.body
    response = _response(status, body)
    response.headers["Request-Id"] = request_id
    response.headers["Stripe-Version"] = API_VERSION
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if fault in ("timeout", "unreachable"):
        response.headers[HANG_UP] = fault
    return response


def _response(status: int, body: Json) -> Response:
    return Response(json.dumps(body, indent=2), status, mimetype="application/json")


# ---------------------------------------------------------------- who asks


def _check_caller(sandbox: Sandbox) -> None:
    key = _key()
    if not key:
        message = "You did not provide an API key. Provide it in the Authorization header, as Bearer YOUR_SECRET_KEY."
        raise Unread(message, status=401)
    if not key.startswith(sandbox.settings.key_prefix):
        shown = f"{key[:8]}{'*' * 8}{key[-4:]}"
        right = f"the sandbox takes keys that begin with {sandbox.settings.key_prefix}"
        raise Unread(f"Invalid API Key provided: {shown} ({right})", status=401)
    version = request.headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        raise Unread(f"Invalid Stripe API version: {version}. The sandbox speaks {API_VERSION} only.")


def _key() -> str:
    """Read the key as a bearer token, or as the user of basic authentication."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return value.strip() if kind.lower() == "bearer" else ""
    try:
        return base64.b64decode(value).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


# ---------------------------------------------------------------- what is asked


def _done(sandbox: Sandbox, one: Operation, ids: dict[str, str], fault: str | None) -> tuple[int, Json, bool]:
    """Return status and body, and whether they are those of an earlier request with the same key."""
    is_post = one.method == "post"
    given = decode(request.get_data(as_text=True) if is_post else request.query_string.decode("latin-1"))
    key = request.headers.get("Idempotency-Key") if is_post else None
    age = sandbox.state.clock.age
    if fault == "unreachable":
        return 503, {}, False  # nobody will see it
    if key and (kept := sandbox.answers.find(key, request.path, given, age)):
        return kept.status, kept.body, True
    try:
        status, body = _run(sandbox, one, ids, one.read(given), fault)
    except Unread:
        raise
    except Refusal as refusal:
        status, body = refusal.status, refusal.body
    if key:
        sandbox.answers.keep(key, request.path, given, (status, body), age)
    return status, body, False


def _run(sandbox: Sandbox, one: Operation, ids: dict[str, str], values: Json, fault: str | None) -> tuple[int, Json]:
    if fault == "500":
        return 500, Refusal("An unknown error occurred. (A fault of the sandbox.)", kind="api_error").body
    paths: list[str] = values.pop("expand", [])
    body: Any = one.run(sandbox.state, values, **ids)
    return 200, expanded(sandbox.state, body, paths)
