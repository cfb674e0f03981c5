"""How does a person change his password and address, and see where he is signed in?"""

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext

from portal.domain.errors import N_, FieldError, Invalid, SignInFailed
from portal.usecases.accounts import check_credentials, list_tokens, revoke_token
from portal.usecases.credentials import ask_for_address, change_password
from portal.usecases.sessions import end_other_sessions, end_session, list_devices
from portal.web.context import now
from portal.web.devices import device_icon, device_name
from portal.web.fragments import go_to, render
from portal.web.language import current_language
from portal.web.limits import counting_failures
from portal.web.session import account, account_zone, must_sign_in, session_id

pages = Blueprint("security", __name__, url_prefix="/account")
pages.before_request(must_sign_in)

WRONG_PASSWORD = N_("This is not your current password.")


@pages.get("/security")
def show() -> Response:
    """Show the password's form, the browsers that are signed in, and the tokens of programs."""
    return _security(())


@pages.post("/security/password")
def change() -> Response:
    """Set another password; every other browser and program has to sign in again."""
    try:
        _prove_password()
        change_password(account(), request.form.get("password", ""), session_id(), now())
    except (Invalid, SignInFailed) as error:
        return _security(_errors(error))
    flash(gettext("Your password is changed. Everywhere else you have been signed out."), "ok")
    return go_to(url_for("security.show"))


@pages.post("/security/sessions")
def end_sessions() -> Response:
    """Sign out one browser, or all others."""
    chosen = request.form.get("session")
    if chosen:
        end_session(chosen, account())
        flash(gettext("That device is signed out."), "ok")
    else:
        end_other_sessions(account(), session_id())
        flash(gettext("Everywhere else you are signed out."), "ok")
    return go_to(url_for("security.show"))


@pages.post("/security/tokens")
def revoke() -> Response:
    """End a program's token."""
    revoke_token(request.form.get("token", ""), account())
    flash(gettext("The token is revoked."), "ok")
    return go_to(url_for("security.show"))


def _security(errors: tuple[FieldError, ...]) -> Response:
    context: dict[str, Any] = {
        "errors": errors,
        "devices": list_devices(account(), session_id(), now()),
        "tokens": list_tokens(account(), now()),
        "device_name": device_name,
        "device_icon": device_icon,
        "zone": account_zone(),
    }
    return render("account/security.html", "password_form", status=422 if errors else 200, **context)


# ---------------------------------------------------------------- the e-mail address


@pages.get("/email")
def email() -> Response:
    """Ask for a new e-mail address."""
    return _email_form(())


@pages.post("/email")
def change_email() -> Response:
    """Send a link to the new address; it is the account's once the link is followed."""
    try:
        _prove_password()
        address = ask_for_address(account(), request.form.get("email", ""), current_language(), now())
    except (Invalid, SignInFailed) as error:
        return _email_form(_errors(error))
    return render("account/email.html", "email_form", errors=(), form={}, sent_to=address)


def _email_form(errors: tuple[FieldError, ...]) -> Response:
    status = 422 if errors else 200
    return render("account/email.html", "email_form", status=status, errors=errors, form=request.form, sent_to=None)


def _prove_password() -> None:
    """Raise SignInFailed unless the current password came with the form; failures are counted as at the sign-in."""
    with counting_failures(account().email):
        check_credentials(account().email, request.form.get("current", ""))


def _errors(error: Invalid | SignInFailed) -> tuple[FieldError, ...]:
    if isinstance(error, Invalid):
        return error.errors
    return (FieldError("current", error.code, WRONG_PASSWORD),)
