"""How does a failure look to an API client? (RFC 9457, application/problem+json)"""

from http import HTTPStatus
from typing import Any

import orjson
from flask import Response

from portal.api import present
from portal.domain.errors import BookingError, Invalid, PriceChanged, SlotUnavailable
from portal.domain.strict_json import printable
from portal.web.errors import field_messages, message_of

HTTP_CODES = {
    400: "MALFORMED",
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
    503: "OVERLOADED",
}
FAILED = "INTERNAL_ERROR"


def problem(status: int, error: Exception) -> Response:
    """Describe an error; never with anything of its insides."""
    code = error.code if isinstance(error, BookingError) else HTTP_CODES.get(status, FAILED)
    message = printable_text(message_of(error))
    body = {
        "type": f"/api/docs#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "code": code,
        "message": message,
        **_details(error),
    }
    return Response(orjson.dumps(body), status, mimetype="application/problem+json")


def _details(error: Exception) -> dict[str, Any]:
    if isinstance(error, Invalid):
        return {"errors": [_field(one) for one in field_messages(error.errors)]}
    if isinstance(error, SlotUnavailable):
        return {"alternatives": [present.slot(one) for one in error.alternatives]}
    if isinstance(error, PriceChanged):
        return {"quote": present.quote(error.quote)}
    return {}


def _field(one: dict[str, str]) -> dict[str, str]:
    """Make an error fit to be sent: paths and messages may repeat names that the caller chose."""
    return {"field": printable(one["field"]), "code": one["code"], "message": printable_text(one["message"])}


def printable_text(text: str) -> str:
    """Escape lone surrogates, which no encoder takes."""
    return text.encode("utf-8", "backslashreplace").decode()
