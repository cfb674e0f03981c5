"""JSON for programs: the same use-cases as the pages, under /api."""

from importlib import import_module

from flask import Blueprint, Flask, Response

from portal.usecases.idempotency import Replay
from portal.web.context import settings

MODULES = ("auth", "services", "slots", "payments", "bookings", "resources", "staff", "closures", "customers")


def register(app: Flask) -> None:
    """Add the calls, their limits, their document, and the answers to everything that fails."""
    from portal.api import callers, cors, openapi, operations
    from portal.api.problems import problem
    from portal.web import errors, limits
    from portal.web.error_pages import render_error

    for name in MODULES:  # importing a module declares its operations, in this order
        import_module(f"portal.api.{name}")
    blueprint = Blueprint("api", __name__)
    operations.add_routes(blueprint)
    blueprint.add_url_rule("/api/openapi.json", "document", openapi.show_document)
    blueprint.add_url_rule("/api/docs", "docs", openapi.show_docs)
    blueprint.add_url_rule("/api/docs/<name>", "asset", openapi.send_asset)
    blueprint.after_request(cors.allow_origins)
    with app.app_context():
        limits.register(app, blueprint, settings(), callers.account_id)
    app.register_blueprint(blueprint)
    app.register_error_handler(Replay, _answered_before)
    errors.register(app, problem, render_error)


def _answered_before(replay: Replay) -> Response:
    """Give the answer of the first time again, byte for byte."""
    return Response(replay.answer, headers={"Cache-Control": "no-store"}, mimetype="application/json")
