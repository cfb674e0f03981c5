"""Whom may a customer ask for?"""

from collections.abc import Mapping

from portal.domain.service import Service
from portal.domain.supply import StaffMember
from portal.domain.text import by_name
from portal.store import catalogue
from portal.store.db import db


def staff_to_choose_from(service: Service, known: Mapping[str, StaffMember] | None = None) -> list[StaffMember]:
    """List the named members of a service by name, where there is a choice: two or more.

    Who has read the staff already gives it as `known`; otherwise it is one query.
    """
    named = {one for need in service.required_staff for one in need.specific_staff_ids or ()}
    if len(named) < 2:
        return []
    staff = catalogue.resources_and_staff(db.session(), (), True)[1] if known is None else known
    return sorted((staff[one] for one in named if one in staff), key=by_name)


def members_to_ask_for(service: Service) -> list[StaffMember]:
    """List by name whom staff may ask for: everybody who can fill one of the service's roles, also a single one."""
    if not service.required_staff:
        return []
    staff = catalogue.resources_and_staff(db.session(), (), True)[1]
    needs = [(need.role, need.specific_staff_ids) for need in service.required_staff]
    able = [
        one for one in staff.values() if any(role in one.roles and (not ids or one.id in ids) for role, ids in needs)
    ]
    return sorted(able, key=by_name)
