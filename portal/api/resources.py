"""Resources: rooms, cars, tables, equipment, and how many of each there are."""

from flask import Response

from portal.api import answers
from portal.api.callers import signed_in
from portal.api.operations import Who, answer, nothing, operation
from portal.api.requests import json_object
from portal.domain.supply_shapes import ResourceFields, resource_json
from portal.usecases import resources
from portal.web.context import now


@operation("getResources", "GET", "/resources", Who.STAFF, answer=list[answers.Resource])
def get_resources() -> Response:
    """List the resources by name."""
    return answer([resource_json(one) for one in resources.list_resources(signed_in())])


@operation("createResource", "POST", "/resources", Who.STAFF, body=ResourceFields, answer=answers.Resource)
def create_resource() -> Response:
    """Create a resource."""
    return answer(resource_json(resources.create_resource(json_object(), signed_in())))


@operation("getResource", "GET", "/resources/<resource_id>", Who.STAFF, answer=answers.Resource)
def get_resource(resource_id: str) -> Response:
    """Read a resource."""
    return answer(resource_json(resources.get_resource(resource_id, signed_in())))


@operation("updateResource", "PUT", "/resources/<resource_id>", Who.STAFF, body=ResourceFields, answer=answers.Resource)
def update_resource(resource_id: str) -> Response:
    """Change the given fields; a stock below what live bookings use is refused."""
    return answer(resource_json(resources.update_resource(resource_id, json_object(), signed_in(), now())))


@operation("deleteResource", "DELETE", "/resources/<resource_id>", Who.STAFF)
def delete_resource(resource_id: str) -> Response:
    """Remove a resource that no service names and no live booking needs."""
    resources.delete_resource(resource_id, signed_in(), now())
    return nothing()
