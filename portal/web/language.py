"""Which language does a person read, and what is a service called in it?"""

from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from flask import Flask, Response, request
from flask_babel import Babel, get_locale, gettext

from portal.config import LANGUAGES
from portal.domain.errors import N_
from portal.domain.service import CustomField, Service
from portal.domain.text import by_name
from portal.domain.wording import in_language
from portal.web.context import is_failing, settings
from portal.web.session import local_path, signed_in

COOKIE = "lang"
YEAR = 365 * 24 * 3600  # seconds
NAMES = {"fr": "Français", "en": "English"}


def register(app: Flask) -> None:
    """Translate by the person's language and keep what he chose."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", f"{app.root_path}/translations")
    Babel(app, default_locale="en", locale_selector=choose_language)
    app.after_request(_keep_choice)
    app.context_processor(lambda: {"lang": current_language(), "language_switch": _switch()})


def choose_language() -> str:
    """Return what was asked for here, what was chosen before, the account's, the browser's, the house's language.

    The API goes by the Accept-Language header alone: a client has no language switch.
    """
    if request.path.startswith("/api/"):
        return _of_browser()
    account = None if is_failing() else signed_in()
    asked = (request.args.get(COOKIE), request.cookies.get(COOKIE), account.locale if account else None)
    return next((one for one in asked if one in LANGUAGES), None) or _of_browser()


def _of_browser() -> str:
    """Go by the first part of each tag in its rank: werkzeug's own match prefers a plain "en" to "fr-CA"."""
    wanted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((one for one in wanted if one in LANGUAGES), settings().booking_locale)


def current_language() -> str:
    """Return "fr" or "en"."""
    locale = get_locale()
    return locale.language if locale else settings().booking_locale


def _keep_choice(response: Response) -> Response:
    asked = request.args.get(COOKIE)
    if asked in LANGUAGES and not request.path.startswith("/api/"):
        keep_language(response, asked)
    return response


def keep_language(response: Response, language: str) -> None:
    """Remember a language in this browser."""
    secure = settings().public_url.startswith("https://")
    response.set_cookie(COOKIE, language, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")


def _switch() -> list[tuple[str, str, str]]:
    """Return code, name and address of the other languages; the page and everything chosen on it stay.

    What answers a POST has no address to come back to, but its form has: the same one.
    """
    others = [one for one in LANGUAGES if one != current_language()]
    return [(one, NAMES[one], _same_page(one)) for one in others]


def _same_page(language: str) -> str:
    path = local_path(quote(request.path)) or "/"  # "//elsewhere" is a path here, but not in a link
    query = [(name, value) for name, value in request.args.items(multi=True) if name != COOKIE]
    return f"{path}?{urlencode([*query, (COOKIE, language)])}"


# ---------------------------------------------------------------- services in another language


def localised(service: Service, language: str | None = None) -> Service:
    """Return the service with its texts in the reader's language, or in another."""
    return in_language(service, language or current_language())


def as_read(services: Iterable[Service]) -> list[Service]:
    """Return services with their texts in the reader's language, by the names that he reads."""
    return sorted(map(localised, services), key=by_name)


def option_labels(service: Service, field: CustomField, language: str | None = None) -> dict[str, str]:
    """Return what each stored option of a field is called in a language."""
    options = field.options or ()
    words = service.translations.get(language or current_language())
    own = words.custom_fields.get(field.id) if words else None
    if own is None or own.options is None or len(own.options) != len(options):
        return {one: one for one in options}
    return dict(zip(options, own.options, strict=True))


CATEGORIES: Mapping[str, str] = {
    "medical": N_("Health"),
    "telemedicine": N_("Telemedicine"),
    "restaurant": N_("Restaurant"),
    "hotel": N_("Hotel"),
    "coaching": N_("Coaching"),
    "education": N_("Lessons"),
    "fitness": N_("Fitness"),
    "sport": N_("Sport"),
    "vehicle": N_("Cars"),
    "business": N_("Business"),
    "entertainment": N_("Going out"),
    "creative": N_("Crafts"),
    "training": N_("Training"),
    "certification": N_("Certificates"),
    "delivery": N_("Delivery"),
}


def category_name(category: str) -> str:
    """Return a category in the reader's language; one that staff made up stands as it is."""
    known = CATEGORIES.get(category)
    return str(gettext(known)) if known else category
