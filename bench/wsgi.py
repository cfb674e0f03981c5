"""The portal, and beside it on the same server a bare Flask page to compare with."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from portal import create_app

BARE = "/bare"

bare = Flask("bare")
app = create_app()
portal_wsgi = app.wsgi_app


@bare.get(BARE)
def page() -> str:
    """Answer the least a page can."""
    return "ok"


def dispatch(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    return (bare if environ["PATH_INFO"] == BARE else portal_wsgi)(environ, start_response)


app.wsgi_app = dispatch  # type: ignore[method-assign]
