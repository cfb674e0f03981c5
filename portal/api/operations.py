"""Which calls does the API have? Each view declares itself here; routes, rights and the document follow from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import wraps
from typing import Any

from flask import Blueprint, Response

from portal.api import present
from portal.api.callers import signed_in
from portal.domain.shape import Shape
from portal.usecases.access import require_staff

BOOKING = ("/api/booking", "/api/v1/booking")
AUTH = ("/api/auth",)


class Who(Enum):
    ANYONE = "anyone"
    CUSTOMER = "anyone signed in"
    STAFF = "staff"


View = Callable[..., Response]


@dataclass(frozen=True)
class Operation:
    """One call: what the document says of it, and the view that answers it.

    `answer` describes the body of a success, None where it has none; `keyed` calls take an Idempotency-Key.
    """

    name: str
    method: str
    path: str
    who: Who
    view: View = field(repr=False)
    body: type[Shape] | None = None
    query: type[Shape] | None = None
    answer: Any = None
    keyed: bool = False
    prefixes: tuple[str, ...] = BOOKING

    @property
    def summary(self) -> str:
        """The first line of the view's docstring."""
        return (self.view.__doc__ or "").strip().split("\n")[0].rstrip(".")

    @property
    def tag(self) -> str:
        """The module that the view is in."""
        return self.view.__module__.rpartition(".")[2]


OPERATIONS: dict[str, Operation] = {}


def operation(name: str, method: str, path: str, who: Who, **more: Any) -> Callable[[View], View]:
    """Declare a view; who calls is checked before anything else of the request is read."""

    def declare(view: View) -> View:
        guarded = _guarded(view, who)
        assert name not in OPERATIONS, f"{name} is declared twice"
        OPERATIONS[name] = Operation(name, method, path, who, guarded, **more)
        return guarded

    return declare


def _guarded(view: View, who: Who) -> View:
    @wraps(view)
    def checked(**parts: str) -> Response:
        if who is not Who.ANYONE:
            account = signed_in()
            if who is Who.STAFF:
                require_staff(account)
        return view(**parts)

    return checked


def add_routes(blueprint: Blueprint) -> None:
    """Give each operation its addresses."""
    for one in OPERATIONS.values():
        for prefix in one.prefixes:
            blueprint.add_url_rule(prefix + one.path, one.name, one.view, methods=[one.method])


def answer(shown: Any, status: int = 200) -> Response:
    """Answer with JSON that nobody keeps: it is one person's."""
    return Response(present.written(shown), status, {"Cache-Control": "no-store"}, mimetype="application/json")


def nothing() -> Response:
    """Answer that it is done."""
    return Response(status=204)
