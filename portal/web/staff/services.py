"""How do staff see, write, copy, archive and remove services?"""

from collections.abc import Sequence
from typing import Any

from babel import Locale
from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.domain.errors import N_, AlreadyExists, BookingError, ChangedMeanwhile, FieldError, Invalid
from portal.domain.merging import merge
from portal.domain.money import is_currency
from portal.domain.service import Service
from portal.domain.text import alphabetical
from portal.usecases.catalogue import create_service, delete_service, get_service, list_services, update_service
from portal.usecases.resources import list_resources
from portal.usecases.service_changes import history_of, uses_of, version_of
from portal.usecases.team import list_staff
from portal.web.context import current_rules, now, settings
from portal.web.errors import message_of
from portal.web.forms import NO_ANSWERS, whole
from portal.web.fragments import go_to, render
from portal.web.language import NAMES, as_read, category_name, current_language
from portal.web.session import account
from portal.web.staff import service_files
from portal.web.staff.beginnings import beginning_of
from portal.web.staff.draft import Draft
from portal.web.staff.rows import act, is_action, week_of
from portal.web.staff.service_filters import labels_of
from portal.web.staff.service_form import (
    draft_of,
    draft_of_json,
    payload,
    placed,
    read_service,
    write_service,
)
from portal.web.staff.service_labels import Difference, differences, label_of, options_of
from portal.web.staff.service_preview import preview_of
from portal.web.staff.service_rows import ROWS

pages = Blueprint("services", __name__, url_prefix="/services")

service_files.register(pages)

STATES: dict[str, bool | None] = {"": None, "active": True, "archived": False}


@pages.get("")
def index() -> Response:
    """List services, by search and filters; what is asked for stands in the address."""
    args = request.args
    state = args.get("state", "")
    every = list_services(current_rules(), active=None)
    found = list_services(
        current_rules(),
        active=STATES.get(state),
        category=args.get("category") or None,
        kind=args.get("type") or None,
        search=args.get("q", "").strip() or None,
    )
    categories = {one.category: category_name(one.category) for one in every if one.category}
    shown: dict[str, Any] = {
        "services": as_read(found),
        "total": len(every),
        "categories": dict(sorted(categories.items(), key=lambda one: alphabetical(one[1]))),
        "types": options_of("type"),
    }
    return render("staff/services/index.html", "results", **shown)


@pages.get("/new")
def new() -> Response:
    """Begin a service, with an example of its kind where one was chosen."""
    return _editor(beginning_of(request.args.get("kind", ""), current_rules().currency), None)


@pages.post("/new")
def create() -> Response:
    """Take what a button of a new service's form asks for."""
    return _take(None)


@pages.get("/<service_id>")
def edit(service_id: str) -> Response:
    """Show a service as a form."""
    service = _service(service_id)
    return _editor(draft_of(service), service)


@pages.post("/<service_id>")
def change(service_id: str) -> Response:
    """Take what a button of the form asks for."""
    return _take(_service(service_id))


def _service(service_id: str) -> Service:
    return get_service(service_id, current_rules(), account())


# ---------------------------------------------------------------- the form


def _take(service: Service | None) -> Response:
    draft = read_service(request.form, current_rules().currency)
    button = request.form.get("do", "save")
    if is_action(button):
        draft, focus = act(ROWS, button, draft, request.form)
        return _editor(draft, service, focus=focus)
    if button == "preview":
        return _editor(draft, service)
    try:
        saved = _save(draft, service)
    except ChangedMeanwhile as error:
        return _both(draft, service, error)
    except Invalid as error:
        return _editor(draft, service, placed(error.errors, draft))
    except AlreadyExists as error:
        return _editor(draft, service, [FieldError("slug", error.code, error.text, error.params)])
    flash(gettext("%(name)s is saved.", name=saved.name), "ok")
    return go_to(url_for("staff.services.edit", service_id=saved.id))


def _save(draft: Draft, service: Service | None) -> Service:
    given = payload(draft)
    if service is None:
        return create_service(given, account(), current_rules(), now())
    read = whole(request.form.get("version")) or 0
    return update_service(service.id, given, account(), current_rules(), now(), version=read)


def _both(draft: Draft, service: Service | None, error: BookingError) -> Response:
    """Join what somebody else saved in the meantime with what was typed, and say what came of it."""
    assert service is not None
    read = version_of(service.id, whole(request.form.get("version")) or 0, account())
    theirs = payload(draft_of(service))
    base = payload(draft_of_json(read)) if read else theirs
    joined = merge(base, payload(draft), theirs)
    told = _differences(base, theirs) if read else _differences(payload(draft), theirs)
    who = next((one.who for one in history_of(service.id, account()) if one.version == service.version), None)
    context: dict[str, Any] = {
        "told": gettext("%(who)s saved this service while you were writing", who=who or gettext("Somebody")),
        "others": [(one, one.name.split(".")[0] in joined.taken) for one in told],
        "refusal": message_of(error),
    }
    return _editor(draft_of_json(joined.values), service, status=409, **context)


def _differences(before: Any, after: Any) -> list[Difference]:
    currency = after.get("currency") or current_rules().currency
    return differences(before, after, currency, current_language() == "fr")


def _editor(
    draft: Draft,
    service: Service | None,
    errors: Sequence[FieldError] = (),
    focus: str | None = None,
    status: int | None = None,
    **context: Any,
) -> Response:
    form = write_service(draft, current_rules().currency, current_language() == "fr")
    tried = MultiDict([item for item in request.form.items(multi=True) if item[0].startswith(("try.", "copy"))])
    form.update(tried)
    currency = draft.get("currency")
    shown: dict[str, Any] = {
        "service": service,
        "draft": draft,
        "form": form,
        "errors": errors,
        "focus": focus,
        "currency": currency if is_currency(str(currency)) else current_rules().currency,
        "preview": preview_of(draft, tried, service.id if service else "draft"),
        "is_live": request.form.get("do") == "preview",
        "languages": _languages(),
        "week": week_of(draft.get(ROWS.week)),
        "labels": labels_of(errors, ROWS, draft),
        "label_of": label_of,
        "no_answers": NO_ANSWERS,
        "resources": list_resources(account()),
        "team": list_staff(account()),
        "uses": uses_of(service.id, account(), now()) if service else None,
        "options_of": options_of,
    }
    return render(
        "staff/services/edit.html", "editor", "preview", status=status or (422 if errors else 200), **shown, **context
    )


def _languages() -> dict[str, str]:
    """Name the languages that a service is translated into: all but the house's own."""
    others = [one for one in NAMES if one != settings().booking_locale]
    return {one: str(Locale(one).get_display_name(current_language())) for one in others}


# ---------------------------------------------------------------- the service as a whole


@pages.post("/<service_id>/copy")
def copy(service_id: str) -> Response:
    """Make another service like it, not yet seen by customers."""
    service = _service(service_id)
    given = payload(draft_of(service)) | {
        "name": str(gettext("%(name)s (copy)", name=service.name))[:255],
        "slug": None,
        "isActive": False,
        "metadata": dict(service.metadata),
    }
    made = create_service(given, account(), current_rules(), now())
    flash(gettext("This is the copy. Customers do not see it yet."), "ok")
    return go_to(url_for("staff.services.edit", service_id=made.id))


@pages.post("/<service_id>/archive")
def archive(service_id: str) -> Response:
    """Take a service away from customers, or give it back to them."""
    service = _service(service_id)
    is_back = request.form.get("active") == "true"
    update_service(service.id, {"isActive": is_back}, account(), current_rules(), now())
    said = gettext("Customers see it again.") if is_back else gettext("Customers no longer see it. Bookings stay.")
    flash(said, "ok")
    return go_to(url_for("staff.services.edit", service_id=service.id))


@pages.get("/<service_id>/delete")
def delete(service_id: str) -> Response:
    """Say what uses a service before it is removed."""
    return _delete_page(_service(service_id))


@pages.post("/<service_id>/delete")
def delete_submit(service_id: str) -> Response:
    """Remove a service; one that was booked is archived instead."""
    service = _service(service_id)
    uses = uses_of(service.id, account(), now())
    try:
        delete_service(service.id, account(), current_rules(), now())
    except BookingError as error:
        return _delete_page(service, error)
    said = gettext("It was booked before, so it is archived.") if uses.was_booked else gettext("The service is gone.")
    flash(said, "ok")
    return go_to(url_for("staff.services.index"))


def _delete_page(service: Service, error: BookingError | None = None) -> Response:
    uses = uses_of(service.id, account(), now())
    context = {"uses": uses, "refusal": message_of(error) if error else None}
    return render("staff/services/delete.html", status=409 if error else 200, service=service, **context)


ACTION_WORDS = {
    "created": N_("Created"),
    "changed": N_("Changed"),
    "deleted": N_("Deleted"),
    "found": N_("As it was when changes began to be kept"),
}


@pages.get("/<service_id>/history")
def history(service_id: str) -> Response:
    """List who changed what, newest first."""
    service = _service(service_id)
    changes = [
        (one, _differences(one.before, one.after) if one.before and one.after else [])
        for one in history_of(service.id, account())
    ]
    return render("staff/services/history.html", service=service, changes=changes, action_words=ACTION_WORDS)
