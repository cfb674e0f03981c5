"""Staff members: their roles, working hours and time off."""

from flask import Response

from portal.api import answers
from portal.api.callers import signed_in
from portal.api.operations import Who, answer, nothing, operation
from portal.api.requests import json_object
from portal.domain.supply_shapes import StaffFields, staff_json
from portal.usecases import team
from portal.web.context import current_rules, now


@operation("getStaff", "GET", "/staff", Who.STAFF, answer=list[answers.StaffMember])
def get_staff() -> Response:
    """List the staff members by name."""
    return answer([staff_json(one) for one in team.list_staff(signed_in())])


@operation("createStaffMember", "POST", "/staff", Who.STAFF, body=StaffFields, answer=answers.StaffMember)
def create_staff_member() -> Response:
    """Create a staff member."""
    return answer(staff_json(team.create_staff_member(json_object(), signed_in(), current_rules())))


@operation("getStaffMember", "GET", "/staff/<staff_id>", Who.STAFF, answer=answers.StaffMember)
def get_staff_member(staff_id: str) -> Response:
    """Read a staff member."""
    return answer(staff_json(team.get_staff_member(staff_id, signed_in())))


@operation("updateStaffMember", "PUT", "/staff/<staff_id>", Who.STAFF, body=StaffFields, answer=answers.StaffMember)
def update_staff_member(staff_id: str) -> Response:
    """Change the given fields; bookings outside the new hours stay."""
    changed = team.update_staff_member(staff_id, json_object(), signed_in(), current_rules(), now())
    return answer(staff_json(changed))


@operation("deleteStaffMember", "DELETE", "/staff/<staff_id>", Who.STAFF)
def delete_staff_member(staff_id: str) -> Response:
    """Remove a staff member whom no service names and no live booking needs."""
    team.delete_staff_member(staff_id, signed_in(), now())
    return nothing()
