"""How does a person sign up, sign in and out, and say who he is and how he likes to read?"""

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import force_locale, gettext

from portal.config import LANGUAGES, zone_names
from portal.domain.account import Role
from portal.domain.errors import N_, BookingError, FieldError, Invalid, SignInFailed
from portal.usecases.accounts import check_credentials, create_user
from portal.usecases.profile import change_preferences, change_profile
from portal.web.context import current_rules, now
from portal.web.fragments import go_to, render
from portal.web.language import NAMES, current_language, keep_language
from portal.web.limits import counting_failures
from portal.web.session import account, account_zone, begin, end, local_path, must_sign_in, signed_in
from portal.web.zones import names_in_use, zones_by_region

pages = Blueprint("account", __name__)


def _target() -> str:
    return local_path(request.values.get("next")) or url_for("catalogue.index")


@pages.get("/sign-in")
def sign_in() -> Response:
    """Ask for address and password; who is signed in goes on."""
    return go_to(_target()) if signed_in() else _sign_in_form()


@pages.post("/sign-in")
def sign_in_submit() -> Response:
    """Sign in and lead back to where the person was."""
    email = request.form.get("email", "")
    try:
        with counting_failures(email):
            one = check_credentials(email, request.form.get("password", ""))
    except SignInFailed as error:
        return _sign_in_form(error)
    begin(one)
    return go_to(_target())


def _sign_in_form(error: BookingError | None = None) -> Response:
    errors = [FieldError("email", error.code, error.text)] if error else []
    context = {"target": _target(), "errors": errors, "form": request.form}
    return render("account/sign_in.html", "sign_in", status=422 if error else 200, **context)


@pages.get("/sign-up")
def sign_up() -> Response:
    """Ask what a new account needs; who is signed in goes on."""
    return go_to(_target()) if signed_in() else _sign_up_form(())


@pages.post("/sign-up")
def sign_up_submit() -> Response:
    """Make an account, sign in to it and lead back to where the person was."""
    email, name, password = (request.form.get(field, "") for field in ("email", "name", "password"))
    try:
        one = create_user(email, name, Role.CUSTOMER, password, now(), locale=current_language())
    except Invalid as error:
        return _sign_up_form(error.errors)
    begin(one)
    return go_to(_target())


def _sign_up_form(errors: tuple[FieldError, ...]) -> Response:
    context = {"target": _target(), "errors": errors, "form": request.form}
    return render("account/sign_up.html", "sign_up", status=422 if errors else 200, **context)


@pages.post("/sign-out")
def sign_out() -> Response:
    """Sign out and show the catalogue, or the page that somebody else goes on with."""
    end()
    return go_to(_target())


@pages.get("/account")
def show() -> Response:
    """Show name, telephone and e-mail address."""
    return must_sign_in() or _profile_form(())


@pages.post("/account")
def change() -> Response:
    """Change name and telephone."""
    if not signed_in():
        return go_to(url_for("account.sign_in"))
    try:
        change_profile(account(), request.form.get("name", ""), request.form.get("phone", ""), current_rules(), now())
    except Invalid as error:
        return _profile_form(error.errors)
    flash(gettext("Your account is up to date."), "ok")
    return go_to(url_for("account.show"))


def _profile_form(errors: tuple[FieldError, ...]) -> Response:
    given = request.form or {"name": account().name, "phone": account().contact_phone}
    return render("account/show.html", "profile", status=422 if errors else 200, errors=errors, form=given)


@pages.get("/account/preferences")
def preferences() -> Response:
    """Show language and time zone."""
    return must_sign_in() or _preferences_form(())


@pages.post("/account/preferences")
def change_preferences_submit() -> Response:
    """Change language and time zone."""
    if not signed_in():
        return go_to(url_for("account.sign_in"))
    locale, zone = (request.form.get(name, "") for name in ("locale", "timeZone"))
    errors = _choice_errors(locale, zone)
    if errors:
        return _preferences_form(errors)
    change_preferences(account(), locale, zone, now())
    with force_locale(locale):
        flash(gettext("Your account is up to date."), "ok")
    response = go_to(url_for("account.preferences"))
    keep_language(response, locale)
    return response


def _choice_errors(locale: str, zone: str) -> tuple[FieldError, ...]:
    """Name what is not among the choices of the lists; a browser never sends such a thing by itself."""
    is_right = {"locale": locale in LANGUAGES, "timeZone": zone in zone_names()}
    return tuple(FieldError(name, "enum", N_("Choose one from the list.")) for name in is_right if not is_right[name])


def _preferences_form(errors: tuple[FieldError, ...]) -> Response:
    zone = account_zone().key
    context = {
        "errors": errors,
        "language": current_language(),
        "languages": NAMES,
        "zone": zone,
        "is_listed": zone in names_in_use(),
        "zones": zones_by_region(current_language()),
    }
    return render("account/preferences.html", "preferences", status=422 if errors else 200, **context)
