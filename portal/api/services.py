"""Services: list, read, create, change, remove."""

from typing import Any

from flask import Response, request

from portal.api import answers, present
from portal.api.callers import caller, signed_in
from portal.api.operations import Who, answer, nothing, operation
from portal.api.requests import json_object, query
from portal.api.schemas import ServicesQuery
from portal.domain.account import Account
from portal.domain.errors import NotSignedIn
from portal.domain.service import ServiceFields
from portal.usecases import catalogue
from portal.usecases.access import require_staff
from portal.web.context import current_rules, now

READ_ONLY = frozenset({"id", "version", "createdAt", "updatedAt"})


def _cacheable(shown: Any) -> Response:
    """Answer with an ETag, so that who asks again learns cheaply that nothing changed."""
    response = answer(shown)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Authorization", "Cookie"))
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


@operation("getServices", "GET", "/services", Who.ANYONE, query=ServicesQuery, answer=list[answers.Service])
def get_services() -> Response:
    """List services by name; those that are switched off only for staff."""
    asked = query(ServicesQuery)
    if not asked.active:
        _require_staff(caller())
    found = catalogue.list_services(
        current_rules(), active=asked.active, category=asked.category, kind=asked.type, search=asked.q
    )
    return _cacheable(present.services(found, caller()))


def _require_staff(account: Account | None) -> None:
    if account is None:
        raise NotSignedIn
    require_staff(account)


@operation("getService", "GET", "/services/<service_id>", Who.ANYONE, answer=answers.Service)
def get_service(service_id: str) -> Response:
    """Read a service by id or slug."""
    viewer = caller()
    return _cacheable(present.service(catalogue.get_service(service_id, current_rules(), viewer), viewer))


@operation("createService", "POST", "/services", Who.STAFF, body=ServiceFields, answer=answers.Service)
def create_service() -> Response:
    """Create a service, and the resources and staff members that it names for the first time."""
    created = catalogue.create_service(json_object(), signed_in(), current_rules(), now())
    return answer(present.service(created, signed_in()))


@operation("updateService", "PUT", "/services/<service_id>", Who.STAFF, body=ServiceFields, answer=answers.Service)
def update_service(service_id: str) -> Response:
    """Change the given fields of a service; id, version and times of a service that was read are passed over."""
    changes = {name: value for name, value in json_object().items() if name not in READ_ONLY}
    changed = catalogue.update_service(service_id, changes, signed_in(), current_rules(), now())
    return answer(present.service(changed, signed_in()))


@operation("deleteService", "DELETE", "/services/<service_id>", Who.STAFF)
def delete_service(service_id: str) -> Response:
    """Remove a service; one with past bookings is switched off instead."""
    catalogue.delete_service(service_id, signed_in(), current_rules(), now())
    return nothing()
