"""HTML: the pages of customers and of the team, and what every page shares."""

from typing import Any

from flask import Flask, Response, current_app, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from portal.config import Settings
from portal.web.context import current_rules, is_failing, settings

STRIPE_PAGE = "https://checkout.stripe.com"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}

csrf = CSRFProtect()

SIGNED_IN_ONLY = frozenset({"booking", "bookings", "checkout", "security", "staff"})
LONG_FORMS = frozenset({"staff.services"})
MAX_LONG_FORM = 1024 * 1024  # bytes
HARMLESS = frozenset({"theme"})  # another site that sends these forms gains nothing; no session is begun for them


def register(app: Flask) -> None:
    """Add the pages, their filters, the sign-in, protection against forged forms, languages and headers."""
    from portal.web import assets, language, mails, session, theme, tickets
    from portal.web.account import pages as account
    from portal.web.booking import pages as booking
    from portal.web.bookings import pages as bookings
    from portal.web.catalogue import pages as catalogue
    from portal.web.checkout import pages as checkout
    from portal.web.filters import register as register_filters
    from portal.web.house import pages as house
    from portal.web.icons import register as register_icons
    from portal.web.invoice_words import register as register_invoice_words
    from portal.web.invoices import pages as invoices
    from portal.web.mailbox import pages as mailbox
    from portal.web.pay import pages as pay
    from portal.web.picker_words import register as register_picker_words
    from portal.web.reset import pages as reset
    from portal.web.security import pages as security
    from portal.web.services import pages as services
    from portal.web.staff import register as register_staff

    app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)  # done below: the API has its own way
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # as long as the session: people think over a form
    # Pages vary by the cookie: were it renewed with each answer, "back" to an answered form would fail.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    assets.register(app)
    csrf.init_app(app)
    app.before_request(_allow_long_forms)  # before the check, which reads the form
    app.before_request(_check_forgery)
    session.register(app)
    language.register(app)
    theme.register(app)
    register_filters(app)
    register_picker_words(app)
    register_icons(app)
    register_invoice_words(app)
    mails.register(app, app.extensions["settings"])
    tickets.register(app)
    booked = (catalogue, services, booking, checkout, pay, bookings, invoices)
    for pages in (*booked, account, security, reset, mailbox, house):
        app.register_blueprint(pages)
    register_staff(app)
    app.context_processor(_everywhere)
    app.after_request(_harden)


def _allow_long_forms() -> None:
    """Let a service with everything that can be said of it, or a file of many, be sent in one form."""
    if request.blueprint in LONG_FORMS:
        request.max_content_length = request.max_form_memory_size = MAX_LONG_FORM


def _check_forgery() -> Response | None:
    """Refuse a form that another site made; who signed out in another tab is asked to sign in instead."""
    from portal.web.session import must_sign_in

    is_checked = current_app.config["WTF_CSRF_ENABLED"] and request.blueprint not in HARMLESS
    is_nothing = request.routing_exception is not None  # answered with 404 or 405, whoever sent it
    if not is_checked or is_nothing or request.path.startswith("/api/"):
        return None
    try:
        csrf.protect()
    except CSRFError:
        answer = must_sign_in() if (request.blueprint or "").partition(".")[0] in SIGNED_IN_ONLY else None
        if answer is None:
            raise
        return answer
    return None


def _everywhere() -> dict[str, Any]:
    from portal.web import mailbox
    from portal.web.session import signed_in

    account = None if is_failing() else signed_in()
    house = settings().business_name or "Créneau"
    pays_online = current_rules().takes_payment
    return {
        "account": account,
        "house": house,
        "pays_online": pays_online,
        "has_mailbox": not is_failing() and mailbox.is_open(),
    }


def content_security_policy(given: Settings) -> str:
    """Return what a page may load and where its forms may lead: a form that ends on the payment page needs its leave.

    A browser applies `form-action` to the redirects after a form as well.
    """
    rules = (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        f"form-action {_form_targets(given)}",
        "frame-ancestors 'none'",
    )
    return "; ".join(rules)


def _form_targets(given: Settings) -> str:
    return f"'self' {given.stripe_api_base or STRIPE_PAGE}" if given.stripe_secret_key else "'self'"


def _harden(response: Response) -> Response:
    """Set the headers that keep other sites out; a response that has its own policy keeps it."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_security_policy(settings()))
    if settings().public_url.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.mimetype == "text/html":
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
