"""How does one template answer both a whole page and the part of it that htmx asks for?

A fragment is a named block of the page; the block's name is the `id` of its single root element and the target
that htmx names. Macros are imported inside the block, or they are not there when it renders alone.
"""

from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request
from htmx_flask.requests import HtmxHeaders


def asks_for_fragment() -> bool:
    """Tell whether htmx wants a part: not when it follows a link for a whole page, nor for its history."""
    htmx = HtmxHeaders(request.headers)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render(page: str, *blocks: str, status: int = 200, **context: Any) -> Response:
    """Return the block that htmx targets, if it is one of these, else the whole page."""
    target = HtmxHeaders(request.headers).target
    if asks_for_fragment() and target in blocks:
        html = _block(page, target, context)
    else:
        html = render_template(page, **context)
    response = make_response(html, status)
    response.vary.add("HX-Request")
    return response


def _block(page: str, name: str, context: dict[str, Any]) -> str:
    current_app.update_template_context(context)
    template = current_app.jinja_env.get_template(page)
    return "".join(template.blocks[name](template.new_context(context)))


def go_to(url: str) -> Response:
    """Send the browser to another page: 303, or for htmx a header, because it would follow a redirect unseen."""
    if not asks_for_fragment():
        return make_response(redirect(url, 303))
    response = make_response("", 200)
    response.headers["HX-Redirect"] = url
    response.headers["HX-Reswap"] = "none"
    return response
