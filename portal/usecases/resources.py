"""How do staff keep resources, and how are these used? (SPEC §3)

Each change takes the lock of the resource for itself, so that no booking is decided on the old state.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.errors import N_, FieldError, Invalid
from portal.domain.identity import new_id
from portal.domain.rules import Rules
from portal.domain.supply import Resource, resource_place
from portal.domain.supply_shapes import ResourceFields, resource_json
from portal.domain.timerange import instant_of, minute_of
from portal.store import catalogue
from portal.store import supply as needs
from portal.store.catalogue import ResourceRow
from portal.store.db import db, transaction
from portal.store.locks import Locks, lock
from portal.usecases.access import require_staff
from portal.usecases.needs import SOON, Ahead, bookings_ahead, check_use, in_the_way, refuse_named, refuse_taken
from portal.usecases.shapes import check_unchanged, merged, one, parsed


def list_resources(caller: Account) -> list[Resource]:
    """List the resources by name."""
    require_staff(caller)
    return catalogue.all_resources(db.session())


def get_resource(resource_id: str, caller: Account) -> Resource:
    """Find a resource; raise NotFound."""
    require_staff(caller)
    return _resource(db.session(), resource_id)


def _resource(session: Session, resource_id: str) -> Resource:
    found: Resource = one(session.get(ResourceRow, resource_id, populate_existing=True))
    return found


def create_resource(given: Any, caller: Account) -> Resource:
    """Store a new resource; raise Invalid, or AlreadyExists for an id that is taken."""
    require_staff(caller)
    fields = parsed(ResourceFields, given)
    resource = fields.value(fields.id or new_id())

    def work(session: Session) -> None:
        refuse_taken(session, ResourceRow, resource.id)
        session.execute(insert(ResourceRow).values(id=resource.id, **_resource_values(resource)))

    transaction(work)
    return resource


def update_resource(
    resource_id: str, changes: Any, caller: Account, now: datetime, read: dict[str, Any] | None = None
) -> Resource:
    """Change the given fields of a resource.

    Raises InUse where live bookings use more than the new quantity at some instant ahead, Invalid where a service
    asks for more than it, ChangedMeanwhile where it is not as it was `read`.
    """
    require_staff(caller)

    def work(session: Session) -> Resource:
        lock(session, Locks(resources=frozenset({resource_id}), whole=True))
        old = _resource(session, resource_id)
        new = merged(ResourceFields, resource_json(old), changes).value(resource_id)
        check_unchanged(resource_json(old), read)
        if new.quantity < old.quantity:
            _check_stock(session, new, now)
        session.execute(update(ResourceRow).where(ResourceRow.id == resource_id).values(**_resource_values(new)))
        return new

    return transaction(work)


def _check_stock(session: Session, resource: Resource, now: datetime) -> None:
    message = N_("The service %(service)s needs %(quantity)s of this. Change the service first.")
    for naming in needs.services_with_resource(session, resource.id):
        if naming.quantity > resource.quantity:
            params = {"service": naming.service, "quantity": naming.quantity}
            raise Invalid([FieldError("quantity", "below_requirement", message, params)])
    check_use(session, resource_place(resource.id), resource.quantity, now)


def _resource_values(resource: Resource) -> dict[str, Any]:
    return {
        "name": resource.name,
        "type": resource.type,
        "quantity": resource.quantity,
        "seats": resource.seats,
    }


def delete_resource(resource_id: str, caller: Account, now: datetime) -> None:
    """Remove a resource; raise InUse with live bookings ahead, Conflict while a service names it."""
    require_staff(caller)

    def work(session: Session) -> None:
        lock(session, Locks(resources=frozenset({resource_id}), whole=True))
        _resource(session, resource_id)
        refuse_named(needs.services_with_resource(session, resource_id))
        check_use(session, resource_place(resource_id), 0, now)
        session.execute(delete(ResourceRow).where(ResourceRow.id == resource_id))

    transaction(work)


# ---------------------------------------------------------------- how they are used


@dataclass(frozen=True)
class Usage:
    """The services that name a resource, how many units are in use now, and when the next booking starts (soon)."""

    services: Sequence[needs.Naming]
    in_use: int
    next_start: datetime | None


def usage_of_resources(resources: Sequence[Resource], caller: Account, now: datetime) -> Mapping[str, Usage]:
    """Say of each resource how it is used, in four queries whatever their number."""
    require_staff(caller)
    session, places = db.session(), {one.id: resource_place(one.id) for one in resources}
    namings = needs.resources_named(session)
    in_use = needs.in_use_at(session, places.values(), now)
    starts = needs.next_starts(session, places.values(), (minute_of(now), minute_of(now + SOON)), now)
    return {
        own: Usage(namings.get(own, ()), in_use.get(place, 0), instant_of(starts[place]) if place in starts else None)
        for own, place in places.items()
    }


def resource_ahead(resource_id: str, caller: Account, rules: Rules, now: datetime) -> Ahead:
    """Return the next bookings that take a resource."""
    return bookings_ahead(needs.with_resource(resource_id), caller, rules, now)


def services_naming(resource_id: str, caller: Account) -> list[needs.Naming]:
    """List the services that name a resource."""
    require_staff(caller)
    return needs.services_with_resource(db.session(), resource_id)


def stands_against(
    resource_id: str, quantity: int, caller: Account, now: datetime, without: frozenset[str] = frozenset()
) -> list[str]:
    """Return the live bookings because of which a resource cannot go down to a quantity, 0 being none at all."""
    return in_the_way(resource_place(resource_id), quantity, caller, now, without)
