"""How do services leave and enter as the API's JSON?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
from flask import Blueprint, Response, flash, make_response, request, url_for
from flask_babel import gettext, ngettext

from portal.domain.errors import N_, BookingError, FieldError, Invalid, Malformed
from portal.domain.service import Service
from portal.domain.strict_json import parse_json
from portal.usecases.catalogue import get_service, list_services
from portal.usecases.service_import import load_services
from portal.web.context import current_rules, now
from portal.web.errors import message_of
from portal.web.fragments import go_to, render
from portal.web.session import account

OWN = frozenset({"id", "version", "createdAt", "updatedAt"})  # of this database, not of the service
MOST = 200  # services of one file


def register(pages: Blueprint) -> None:
    """Add the pages to those of services."""
    pages.add_url_rule("/export", "export_all", export_all)
    pages.add_url_rule("/<service_id>/export", "export", export)
    pages.add_url_rule("/import", "import_form", import_form)
    pages.add_url_rule("/import", "import_submit", import_submit, methods=["POST"])


def export_all() -> Response:
    """Send all services as one file."""
    found = list_services(current_rules(), active=None)
    return _file([_json(one) for one in found], "services")


def export(service_id: str) -> Response:
    """Send one service as a file."""
    service = get_service(service_id, current_rules(), account())
    return _file(_json(service), service.slug)


def _json(service: Service) -> dict[str, Any]:
    own = {"id", "version", "created_at", "updated_at"}
    return service.model_dump(mode="json", by_alias=True, exclude=own, exclude_none=True)


def _file(content: Any, name: str) -> Response:
    response = make_response(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    response.mimetype = "application/json"
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.json")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def import_form() -> Response:
    """Ask for services."""
    return _page("")


def import_submit() -> Response:
    """Add or change the services of a file: all of them, or none."""
    content = _sent()
    items: list[dict[str, Any]] = []
    try:
        items = _items(content)
        saved = load_services(items, account(), current_rules(), now())
    except Invalid as error:
        return _page(content, [_at_its_service(one, items) for one in error.errors])
    except BookingError as error:
        return _page(content, refusal=message_of(error))
    flash(ngettext("%(num)s service is imported.", "%(num)s services are imported.", len(saved)), "ok")
    return go_to(url_for("staff.services.index"))


def _sent() -> str:
    file = request.files.get("file")
    typed = request.form.get("content", "")
    return file.read().decode("utf-8-sig", "replace") if file and file.filename else typed


def _items(content: str) -> list[dict[str, Any]]:
    found = parse_json(content.encode("utf-8", "replace"))
    items = found if isinstance(found, list) else [found]
    if not items or len(items) > MOST or not all(isinstance(one, dict) for one in items):
        raise Malformed(N_("Send one service, or a list of at most 200: { … } or [ … ]."))
    return [{name: value for name, value in one.items() if name not in OWN} for one in items]


def _at_its_service(error: FieldError, items: Sequence[dict[str, Any]]) -> tuple[str, FieldError]:
    """Say in which service something is wrong, by its number and its name, and where in it."""
    number, _, field = error.field.partition(".")
    name = items[int(number)].get("name")
    which = gettext("Service %(number)s", number=int(number) + 1)
    named = f"{which} ({name[:60]})" if isinstance(name, str) and name.strip() else which
    return named, replace(error, field=field)


def _page(content: str, errors: Sequence[tuple[str, FieldError]] = (), refusal: str | None = None) -> Response:
    status = 422 if errors or refusal else 200
    return render("staff/services/import.html", status=status, content=content, errors=errors, refusal=refusal)
