"""Closures: when everything, a service, a resource or a staff member is not to be had."""

from flask import Response

from portal.api import answers, present
from portal.api.callers import signed_in
from portal.api.operations import Who, answer, nothing, operation
from portal.api.requests import json_object
from portal.domain.supply_shapes import ClosureFields, closure_json
from portal.usecases import closures
from portal.web.context import current_rules, now


@operation("getClosures", "GET", "/closures", Who.STAFF, answer=list[answers.Closure])
def get_closures() -> Response:
    """List the closures in order of time."""
    return answer([closure_json(one) for one in closures.list_closures(signed_in())])


@operation("createClosure", "POST", "/closures", Who.STAFF, body=ClosureFields, answer=answers.SavedClosure)
def create_closure() -> Response:
    """Close something for a while; live bookings inside stay, and are counted in the answer."""
    return answer(present.closure(closures.create_closure(json_object(), signed_in(), current_rules(), now())))


@operation("getClosure", "GET", "/closures/<closure_id>", Who.STAFF, answer=answers.Closure)
def get_closure(closure_id: str) -> Response:
    """Read a closure."""
    return answer(closure_json(closures.get_closure(closure_id, signed_in())))


@operation("updateClosure", "PUT", "/closures/<closure_id>", Who.STAFF, body=ClosureFields, answer=answers.SavedClosure)
def update_closure(closure_id: str) -> Response:
    """Change the given fields of a closure."""
    saved = closures.update_closure(closure_id, json_object(), signed_in(), current_rules(), now())
    return answer(present.closure(saved))


@operation("deleteClosure", "DELETE", "/closures/<closure_id>", Who.STAFF)
def delete_closure(closure_id: str) -> Response:
    """Remove a closure."""
    closures.delete_closure(closure_id, signed_in())
    return nothing()
