"""Is the process alive, and is it ready to serve?"""

from flask import Blueprint, Flask, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from portal.store.db import check_database

pages = Blueprint("health", __name__)


def register(app: Flask) -> None:
    """Add the two addresses."""
    app.register_blueprint(pages)


@pages.get("/healthz")
def alive() -> Response:
    """Answer as long as the process runs."""
    return jsonify(status="ok")


@pages.get("/readyz")
def ready() -> tuple[Response, int]:
    """Answer 200 where the database answers and is migrated, else 503."""
    try:
        check_database()
    except (SQLAlchemyError, RuntimeError):
        return jsonify(status="database away, or not migrated"), 503
    return jsonify(status="ok"), 200
