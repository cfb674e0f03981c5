"""Whose booking is it that somebody shows at the door?"""

from collections.abc import Sequence

from flask import Blueprint, Response, request, url_for

from portal.domain.errors import FieldError, Invalid
from portal.usecases.attendance import find_by_code
from portal.web.context import check_in_secret
from portal.web.fragments import go_to, render
from portal.web.session import account

pages = Blueprint("door", __name__)


@pages.get("/check-in")
def index() -> Response:
    """Ask for the code that a customer shows."""
    return _form()


@pages.post("/check-in")
def enter() -> Response:
    """Show the booking of a code; it is checked in by one more click: a wrong letter must not let somebody in."""
    return _lead_to(request.form.get("code", ""))


@pages.get("/check-in/<token>")
def scanned(token: str) -> Response:
    """Show the booking whose QR code was read by a telephone's camera."""
    return _lead_to(token)


def _lead_to(code: str) -> Response:
    try:
        found = find_by_code(code, check_in_secret(), account())
    except Invalid as error:
        return _form(error.errors)
    return go_to(url_for("staff.booking.show", booking_id=found))


def _form(errors: Sequence[FieldError] = ()) -> Response:
    return render("staff/door.html", status=422 if errors else 200, errors=errors, form=request.form)
