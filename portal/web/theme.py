"""Does a person read on light or on dark? As the system says, until he chooses; the choice stays in this browser."""

from typing import Any

from flask import Blueprint, Flask, Response, make_response, redirect, request, url_for

from portal.domain.errors import N_
from portal.web.context import settings
from portal.web.fragments import asks_for_fragment, render
from portal.web.session import local_path

COOKIE = "theme"
YEAR = 365 * 24 * 3600  # seconds
NEXT = {"system": "light", "light": "dark", "dark": "system"}
ICONS = {"system": "monitor", "light": "sun", "dark": "moon"}
NAMES = {
    "system": N_("Colours as the system has them. Change to light."),
    "light": N_("Light colours. Change to dark."),
    "dark": N_("Dark colours. Change to those of the system."),
}

pages = Blueprint("theme", __name__)


def register(app: Flask) -> None:
    """Let every page know which theme it is read in."""
    app.register_blueprint(pages)
    app.context_processor(lambda: _known(chosen_theme()))


def chosen_theme() -> str:
    """Return what this browser keeps: "light", "dark" or, where nothing was chosen, "system"."""
    kept = request.cookies.get(COOKIE, "")
    return kept if kept in NEXT else "system"


@pages.post("/theme")
def keep() -> Response:
    """Keep a theme and come back to where the person was."""
    asked = request.form.get("theme", "")
    theme = asked if asked in NEXT else "system"
    back = local_path(request.form.get("next")) or url_for("catalogue.index")
    response = _switch(theme, back) if asks_for_fragment() else make_response(redirect(back, 303))
    secure = settings().public_url.startswith("https://")
    response.set_cookie(COOKIE, theme, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
    return response


def _switch(theme: str, back: str) -> Response:
    return render("base.html", "theme", **_known(theme), here=back)


def _known(theme: str) -> dict[str, Any]:
    return {"theme": theme, "next_theme": NEXT[theme], "theme_icon": ICONS[theme], "theme_name": NAMES[theme]}
