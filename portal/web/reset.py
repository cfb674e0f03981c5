"""What do the links of mails lead to: a new password, a new address?"""

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext

from portal.domain.errors import FieldError, Invalid, LinkOver
from portal.usecases.credentials import Purpose, ask_for_reset, confirm_address, link_works, reset_password
from portal.web.context import now
from portal.web.fragments import go_to, render
from portal.web.language import current_language
from portal.web.session import end

pages = Blueprint("reset", __name__)


@pages.get("/forgotten-password")
def ask() -> Response:
    """Ask for the address of the account."""
    return _ask_form(())


@pages.post("/forgotten-password")
def ask_submit() -> Response:
    """Send a link if there is such an account, and say the same if there is none."""
    given = request.form.get("email", "")
    try:
        ask_for_reset(given, current_language(), now())
    except Invalid as error:
        return _ask_form(error.errors)
    return render("account/forgotten.html", "forgotten", errors=(), form={}, sent_to=given.strip())


def _ask_form(errors: tuple[FieldError, ...]) -> Response:
    context = {"errors": errors, "form": request.values, "sent_to": None}
    return render("account/forgotten.html", "forgotten", status=422 if errors else 200, **context)


@pages.get("/new-password/<secret>")
def choose(secret: str) -> Response:
    """Ask for a new password, if the link still works."""
    return _choose_form(secret, ())


@pages.post("/new-password/<secret>")
def choose_submit(secret: str) -> Response:
    """Set the new password; it is then used to sign in."""
    try:
        reset_password(secret, request.form.get("password", ""), now())
    except Invalid as error:
        return _choose_form(secret, error.errors)
    except LinkOver:
        return _over(url_for("reset.ask"))
    end()  # whoever was signed in here is not any more
    flash(gettext("Your new password is set. Sign in with it."), "ok")
    return go_to(url_for("account.sign_in"))


def _choose_form(secret: str, errors: tuple[FieldError, ...]) -> Response:
    if not link_works(secret, Purpose.RESET, now()):
        return _over(url_for("reset.ask"))
    return render(
        "account/new_password.html", "new_password", status=422 if errors else 200, secret=secret, errors=errors
    )


@pages.get("/new-address/<secret>")
def address(secret: str) -> Response:
    """Ask to confirm a new address: programs that look into mails follow links, but press no button."""
    if not link_works(secret, Purpose.ADDRESS, now()):
        return _over(url_for("security.email"))
    return render("account/new_address.html", secret=secret)


@pages.post("/new-address/<secret>")
def address_submit(secret: str) -> Response:
    """Make the new address the account's."""
    try:
        found = confirm_address(secret, current_language(), now())
    except LinkOver:
        return _over(url_for("security.email"))
    flash(gettext("Your account now has the address %(address)s.", address=found), "ok")
    return go_to(url_for("account.show"))


def _over(again: str) -> Response:
    return render("account/link_over.html", status=404, again=again)
