"""Which other sites may call the API from a browser? Those of ALLOWED_ORIGINS, by token; never with our cookies."""

from flask import Response, request

from portal.web.context import settings

METHODS = "GET, POST, PUT, DELETE"
HEADERS = "Accept-Language, Authorization, Content-Type, Idempotency-Key, If-None-Match"
EXPOSED = "ETag, Link, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
HOUR = "3600"


def allow_origins(response: Response) -> Response:
    """Tell the browser whether the calling site may read the answer."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin not in settings().trusted_origins:
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = METHODS
        response.headers["Access-Control-Allow-Headers"] = HEADERS
        response.headers["Access-Control-Max-Age"] = HOUR
    return response
