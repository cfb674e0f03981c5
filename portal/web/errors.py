"""Which status does a refusal have, and how is it said to a person? The one table, for pages and API alike."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from portal.domain.errors import (
    N_,
    AmountNotChargeable,
    BookingError,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    KeyReused,
    Malformed,
    NotFound,
    NotSignedIn,
    Overloaded,
    PaymentUnavailable,
    TooManyRequests,
)
from portal.domain.money import Amount
from portal.domain.text import has_controls
from portal.store.db import db, is_busy

STATUS: Mapping[type[BookingError], int] = {
    Malformed: 400,
    NotSignedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    KeyReused: 422,
    AmountNotChargeable: 422,
    TooManyRequests: 429,
    Overloaded: 503,
    PaymentUnavailable: 503,
    BookingError: 409,
}

# what HTTP itself refuses, before anything of ours is asked
HTTP_MESSAGES: Mapping[int, str] = {
    400: N_("The request could not be read."),
    401: N_("Sign in to continue."),
    403: N_("Your account may not do this. Ask the team if you need it."),
    404: N_("There is nothing at this address."),
    405: N_("This address does not take this method. Look at the header Allow."),
    413: N_("The request is too large: send at most 64 KB."),
    415: N_("Send JSON, with the header Content-Type: application/json."),
    429: N_("That was too much in a short time. Wait a little, then try again."),
    500: N_("Something failed on our side. Nothing was changed; try again in a moment."),
    503: N_("The portal is very busy. Nothing was changed; try again in a few seconds."),
}

# values that messages mention and that are words, not names
WORDS: Mapping[str, str] = {
    "pending": N_("pending"),
    "confirmed": N_("confirmed"),
    "cancelled": N_("cancelled"),
    "completed": N_("completed"),
    "no-show": N_("no-show"),
    "rescheduled": N_("rescheduled"),
    "waitlisted": N_("waitlisted"),
}

Renderer = Callable[[int, Exception], Response]


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error; anything unknown is 500."""
    if isinstance(error, HTTPException):
        return error.code or 500
    if is_busy(error):
        return 503
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def message_of(error: Exception) -> str:
    """Say an error in the reader's language."""
    if isinstance(error, BookingError):
        return said(error.text, error.params)
    status = status_of(error)
    fallback = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    return str(gettext(HTTP_MESSAGES[status])) if status in HTTP_MESSAGES else fallback


def said(message: str, params: Mapping[str, Any]) -> str:
    """Translate a marked message and fill its placeholders."""
    text = str(gettext(message))
    return text % {name: _word(name, value) for name, value in params.items()} if params else text


def _word(name: str, value: Any) -> Any:
    if isinstance(value, Amount):
        from portal.web.filters import money  # which itself says errors

        return money(value.minor, value.currency)
    return gettext(WORDS[value]) if name == "status" and value in WORDS else value


def field_messages(errors: Iterable[FieldError]) -> list[dict[str, str]]:
    """Return field, code and translated message of each error."""
    return [{"field": one.field, "code": one.code, "message": said(one.message, one.params)} for one in errors]


def retry_after(error: Exception) -> int | None:
    """Return after how many seconds it is worth trying again; None where that would change nothing."""
    if isinstance(error, TooManyRequests | Overloaded | PaymentUnavailable):
        return error.retry_after
    return Overloaded.retry_after if status_of(error) == 503 else None


def register(app: Flask, as_problem: Renderer, as_page: Renderer) -> None:
    """Answer every refusal and failure: under /api as a problem, elsewhere as a page."""

    def answer(error: Exception) -> ResponseReturnValue:
        if isinstance(error, HTTPException) and (error.code or 500) < 400:
            return error.get_response()  # a redirect
        status = status_of(error)
        if status >= 500:
            db.session.rollback()
        response = as_problem(status, error) if is_api() else as_page(status, error)
        return _with_headers(response, error)

    def answer_database(error: Exception) -> ResponseReturnValue:
        if not is_busy(error):
            raise error  # a bug: logged and answered as 500
        current_app.logger.warning("the database is busy: %s", type(error).__name__)
        return answer(error)

    app.before_request(_refuse_controls)
    app.register_error_handler(BookingError, answer)
    app.register_error_handler(HTTPException, answer)
    for kind in (DBAPIError, PoolTimeout):
        app.register_error_handler(kind, answer_database)


def _refuse_controls() -> None:
    """Find nothing at an address with control characters: PostgreSQL takes no U+0000, and nothing is named so."""
    if has_controls(request.path):
        raise NotFound


def is_api() -> bool:
    """Tell whether the request is for the API."""
    return request.path == "/api" or request.path.startswith("/api/")


def _with_headers(response: Response, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.code == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    if seconds := retry_after(error):
        response.headers["Retry-After"] = str(seconds)
    if status_of(error) == 401 and is_api():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
