"""What do the sandbox's own pages have in common?"""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from portal.stripe_sandbox.money import written

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})


def register_pages(app: Flask) -> None:
    """Guard the pages: only this machine by its own name, no script, no frame, no form from elsewhere."""
    app.add_template_filter(_money, "money")
    app.add_template_filter(_duration, "duration")
    app.add_template_filter(_clock, "clock")
    app.before_request(_check_origin)
    app.after_request(_harden)


def _money(amount: int, currency: str) -> str:
    return written(amount, currency).upper()


def _duration(seconds: int) -> str:
    hours, minutes = divmod(max(0, seconds) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else "less than a minute"


def _clock(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _check_origin() -> None:
    """Refuse other sites: a page of theirs could be open in the same browser."""
    if urlsplit(f"//{request.host}").hostname not in {host.strip("[]") for host in LOCAL_HOSTS}:
        abort(421)
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
        abort(403)


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", policy())
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"  # without any, browsers would hide the origin of our own forms
    response.headers["Cache-Control"] = "no-store"
    return response


def policy(*form_targets: str) -> str:
    """Return the content policy; a form's targets are also where its answer may redirect to."""
    targets = " ".join(["'self'", *form_targets])
    fixed = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    return f"{fixed}; form-action {targets}"


def origin_of(url: str | None) -> str | None:
    """Return the origin of an address."""
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None
