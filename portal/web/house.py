"""What does the house say of itself: help, accessibility, conditions, privacy?"""

from flask import Blueprint, render_template

from portal.web.context import settings

pages = Blueprint("house", __name__)


@pages.get("/help")
def questions() -> str:
    """Answer what people ask before and after booking."""
    return render_template("house/help.html", seller=settings())


@pages.get("/accessibility")
def accessibility() -> str:
    """Say for whom the pages are made, and whom to tell of an obstacle."""
    return render_template("house/accessibility.html", seller=settings())


@pages.get("/terms")
def terms() -> str:
    """Say what a booking binds both sides to."""
    return render_template("house/terms.html", seller=settings())


@pages.get("/privacy")
def privacy() -> str:
    """Say what is kept of a person, and why."""
    return render_template("house/privacy.html", seller=settings())
