"""Créneau, a booking portal; `create_app` puts its parts together."""

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask
from sqlalchemy.engine import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.config import INSTANCE, Settings

if TYPE_CHECKING:
    from portal.gateways.payments import PaymentGateway

ROOT = Path(__file__).resolve().parent.parent
MAX_BODY = 64 * 1024  # bytes


def create_app(config: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Flask:
    """Build the application from the environment; `config` overrides Flask's own settings.

    Raises SettingError where a variable has a wrong value.
    """
    settings = Settings.from_env(os.environ if environ is None else environ)
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.url_map.merge_slashes = False  # a doubled slash is another address, not a redirect in HTML
    _configure(app, settings)
    app.config.update(config or {})
    _connect(app, settings)
    _register(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: Settings) -> None:
    secure = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key or own_secret(INSTANCE),
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_SECURE=secure,
        REMEMBER_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )


def own_secret(folder: Path) -> str:
    """Return the secret kept in a folder, made on the first call: every process of this machine signs alike."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii")
    with os.fdopen(descriptor, "w") as file:
        file.write(secret := secrets.token_urlsafe(48))
    return secret


def _connect(app: Flask, settings: Settings) -> None:
    """Open the database: its engine, encryption keys and migrations."""
    from flask_migrate import Migrate

    from portal.store import tables
    from portal.store.db import db, engine_options, listen
    from portal.store.types import Keyring
    from portal.web.context import rules_of

    app.extensions["settings"] = settings
    app.extensions["rules"] = rules_of(settings)
    app.extensions["payments"] = _payments(settings)
    app.extensions["keyring"] = Keyring(settings.encryption_key or (app.config["SECRET_KEY"],))
    url = settings.database_url
    _make_folder(url)
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(
        url, settings.db_pool_min, settings.db_pool_max, settings.db_pool_timeout
    )
    assert tables.ALL
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    with app.app_context():
        listen(db.engine)


def _payments(settings: Settings) -> "PaymentGateway | None":
    """Return who takes money, None where nobody does; the library, a second to load, is left alone then."""
    if settings.stripe_secret_key is None:
        return None
    from portal.gateways.stripe import gateway_of

    return gateway_of(settings)


def _make_folder(url: str) -> None:
    """Make the folder of an SQLite file; the file itself comes with the first connection."""
    database = make_url(url)
    if database.drivername == "sqlite" and database.database:
        Path(database.database).parent.mkdir(parents=True, exist_ok=True)


def _register(app: Flask) -> None:
    """Register what answers: pages, API, health."""
    from portal import api, web
    from portal.web import health

    health.register(app)
    web.register(app)
    api.register(app)
