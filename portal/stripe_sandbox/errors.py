"""How does Stripe say no? (docs.stripe.com/api/errors)"""

from typing import Any

Json = dict[str, Any]


class Refusal(Exception):
    """A request that is answered with an error in Stripe's shape."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {"type": kind, "message": message, **more}
        if code:
            self.error |= {"code": code, "doc_url": f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"}
        if param:
            self.error["param"] = param

    @property
    def body(self) -> Json:
        """Return the body of the answer."""
        return {"error": self.error}


class Unread(Refusal):
    """A request that was refused before anything was begun: its idempotency key stays unused."""


def missing(param: str) -> Refusal:
    """Refuse a request without something it needs."""
    return Unread(f"Missing required param: {param}.", code="parameter_missing", param=param)


def no_such(noun: str, given: str, param: str, *, status: int = 404) -> Refusal:
    """Refuse an id that nothing has; in a path 404, in a parameter 400."""
    return Refusal(f"No such {noun}: '{given}'", status=status, code="resource_missing", param=param)


def unsupported(param: str) -> Refusal:
    """Refuse what Stripe can do and the stand-in cannot, instead of ignoring it."""
    message = f"The local stand-in for Stripe does not do this yet: {param}"
    return Unread(message, code="sandbox_unsupported", param=param)
