"""How do staff see, write and remove resources?"""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext

from portal.domain.errors import N_, BookingError, ChangedMeanwhile, Conflict, FieldError, Invalid
from portal.domain.supply import Resource
from portal.domain.supply_shapes import ResourceFields, resource_json
from portal.domain.text import alphabetical
from portal.usecases.resources import (
    create_resource,
    delete_resource,
    get_resource,
    list_resources,
    resource_ahead,
    services_naming,
    stands_against,
    update_resource,
    usage_of_resources,
)
from portal.web.context import current_rules, now
from portal.web.errors import message_of
from portal.web.fragments import go_to, render
from portal.web.session import account
from portal.web.staff import hits
from portal.web.staff.draft import Draft
from portal.web.staff.edits import joined, services_by_id, to_carry, was_read
from portal.web.staff.service_labels import differing, full_label, label_of
from portal.web.staff.supply_form import RESOURCE, payload, read, write

pages = Blueprint("resources", __name__, url_prefix="/resources")

TYPES = {
    "room": N_("Room"),
    "vehicle": N_("Vehicle"),
    "facility": N_("Facility"),
    "table": N_("Table"),
    "equipment": N_("Equipment"),
    "furniture": N_("Furniture"),
    "material": N_("Material"),
    "service": N_("Service"),
}
BEGINNING: Draft = {"type": "room", "quantity": 1}


def type_word(kind: str) -> str:
    """Name a type; one that the house made up is its own name."""
    return str(gettext(TYPES[kind])) if kind in TYPES else kind


@pages.get("")
def index() -> Response:
    """List resources, by search and type, with what uses them; what is asked for stands in the address."""
    every = list_resources(account())
    found = [one for one in every if _fits(one)]
    types = {one.type: type_word(one.type) for one in every}
    shown: dict[str, Any] = {
        "resources": found,
        "total": len(every),
        "names": services_by_id(),
        "usage": usage_of_resources(found, account(), now()),
        "types": dict(sorted(types.items(), key=lambda one: alphabetical(one[1]))),
        "type_word": type_word,
        "zone": ZoneInfo(current_rules().time_zone),
    }
    return render("staff/resources/index.html", "results", **shown)


def _fits(one: Resource) -> bool:
    text, kind = request.args.get("q", "").strip().casefold(), request.args.get("type", "")
    words = f"{one.name} {one.type} {type_word(one.type)} {one.id}".casefold()
    return text in words and kind in {"", one.type}


@pages.get("/new")
def new() -> Response:
    """Begin a resource."""
    return _editor(BEGINNING, None)


@pages.post("/new")
def create() -> Response:
    """Store a new resource."""
    draft = read(RESOURCE, request.form)
    try:
        made = create_resource(payload(RESOURCE, draft), account())
    except Invalid as error:
        return _editor(draft, None, error.errors)
    return go_to(_saved(made))


@pages.get("/<resource_id>")
def edit(resource_id: str) -> Response:
    """Show a resource in its form."""
    resource = get_resource(resource_id, account())
    return _editor(_draft_of(resource), resource)


@pages.post("/<resource_id>")
def change(resource_id: str) -> Response:
    """Save a resource; fewer than live bookings use is not possible before these are cancelled or moved."""
    resource, draft = get_resource(resource_id, account()), read(RESOURCE, request.form)
    if hits.goes_back():
        return _editor(draft, resource)
    given = payload(RESOURCE, draft)
    try:
        return hits.making_room(
            lambda: update_resource(resource_id, given, account(), now(), was_read(ResourceFields)),
            _saved,
            lambda without: stands_against(resource_id, given["quantity"], account(), now(), without),
        )
    except Invalid as error:
        return _editor(draft, resource, error.errors)
    except ChangedMeanwhile as error:
        return _both(given, get_resource(resource_id, account()), error)


def _saved(resource: Resource) -> str:
    flash(gettext("%(name)s is saved.", name=resource.name), "ok")
    return url_for("staff.resources.edit", resource_id=resource.id)


def _draft_of(resource: Resource) -> Draft:
    return {name: value for name, value in resource_json(resource).items() if value is not None}


def _both(given: Draft, resource: Resource, error: BookingError) -> Response:
    """Join what somebody else saved in the meantime with what was typed, and say what came of it."""
    theirs = resource_json(resource)
    base = was_read(ResourceFields)
    told = list(differing(write(RESOURCE, base or given), write(RESOURCE, theirs)))
    both = joined(base, given, theirs, told)
    context: dict[str, Any] = {
        "told": gettext("Somebody saved this while you were writing"),
        "others": both.others,
        "refusal": message_of(error),
    }
    return _editor(dict(both.values), resource, status=409, **context)


def _editor(
    draft: Draft, resource: Resource | None, errors: Sequence[FieldError] = (), status: int | None = None, **more: Any
) -> Response:
    shown: dict[str, Any] = {
        "resource": resource,
        "form": write(RESOURCE, draft),
        "read": to_carry(resource_json(resource) if resource else None, afresh=status == 409),
        "errors": errors,
        "labels": {one.field: full_label(one.field) for one in errors},
        "label_of": label_of,
        "types": {kind: type_word(kind) for kind in TYPES},
        "names": services_by_id(),
        "services": services_naming(resource.id, account()) if resource else (),
        "ahead": resource_ahead(resource.id, account(), current_rules(), now()) if resource else None,
    }
    return render("staff/resources/edit.html", status=status or (422 if errors else 200), **shown, **more)


# ---------------------------------------------------------------- removing


@pages.get("/<resource_id>/delete")
def delete(resource_id: str) -> Response:
    """Say what uses a resource before it is removed."""
    return _delete_page(get_resource(resource_id, account()))


@pages.post("/<resource_id>/delete")
def delete_submit(resource_id: str) -> Response:
    """Remove a resource that no service names, once no live booking needs it."""
    resource = get_resource(resource_id, account())
    if hits.goes_back():
        return go_to(url_for("staff.resources.edit", resource_id=resource_id))
    try:
        return hits.making_room(
            lambda: delete_resource(resource_id, account(), now()),
            lambda _: _gone(resource),
            lambda without: stands_against(resource_id, 0, account(), now(), without),
        )
    except Conflict as error:
        return _delete_page(resource, error)


def _gone(resource: Resource) -> str:
    flash(gettext("%(name)s is removed.", name=resource.name), "ok")
    return url_for("staff.resources.index")


def _delete_page(resource: Resource, error: BookingError | None = None) -> Response:
    context: dict[str, Any] = {
        "name": resource.name,
        "names": services_by_id(),
        "services": services_naming(resource.id, account()),
        "ahead": resource_ahead(resource.id, account(), current_rules(), now()),
        "refusal": message_of(error) if error else None,
        "back": url_for("staff.resources.edit", resource_id=resource.id),
        "action": url_for("staff.resources.delete_submit", resource_id=resource.id),
    }
    return render("staff/supply_delete.html", status=409 if error else 200, **context)
