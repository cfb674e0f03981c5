"""How are services listed, saved and removed?"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.errors import N_, AlreadyExists, ChangedMeanwhile, FieldError, InUse, Invalid, NotFound
from portal.domain.identity import new_id
from portal.domain.rules import Rules
from portal.domain.service import Service, ServiceFields
from portal.domain.shape import field_errors
from portal.domain.text import slug_of
from portal.store import bookings, catalogue
from portal.store.catalogue import ResourceRow, ServiceRow, StaffRow
from portal.store.db import db, transaction
from portal.store.locks import Locks, lock
from portal.usecases.access import require_staff
from portal.usecases.service_changes import Action, note_beginning, note_change


def list_services(
    rules: Rules,
    *,
    active: bool | None = True,
    category: str | None = None,
    kind: str | None = None,
    search: str | None = None,
) -> list[Service]:
    """List services by name."""
    rows = catalogue.services(db.session(), active, category, kind, search)
    return [_value(row, rules) for row in rows]


def services_by_id(ids: Sequence[str], rules: Rules) -> dict[str, Service]:
    """Load services by id, the inactive ones too."""
    rows = catalogue.services(db.session(), active=None, ids=set(ids)) if ids else ()
    return {row.id: _value(row, rules) for row in rows}


def get_service(id_or_slug: str, rules: Rules, caller: Account | None = None) -> Service:
    """Find a service by id or slug; an inactive one only for staff.

    Raises NotFound.
    """
    service = load_service(db.session(), id_or_slug, rules)
    if not service.is_active and not (caller and caller.is_staff):
        raise NotFound
    return service


def load_service(session: Session, id_or_slug: str, rules: Rules) -> Service:
    """Load a service inside whatever transaction is open; raise NotFound."""
    row = catalogue.find_service(session, id_or_slug)
    if row is None:
        raise NotFound
    return _value(row, rules)


def _value(row: ServiceRow, rules: Rules) -> Service:
    return catalogue.service_value(row, rules.currency, rules.time_zone)


def parse_service(given: Any) -> ServiceFields:
    """Check a service in the API's form; raise Invalid with every error."""
    try:
        return ServiceFields.model_validate(given)
    except ValidationError as error:
        raise Invalid(field_errors(error)) from None


def create_service(given: Any, caller: Account, rules: Rules, now: datetime) -> Service:
    """Store a new service; resources and staff members that it names for the first time are created with it."""
    require_staff(caller)
    fields = parse_service(given)
    return transaction(lambda session: add_service(session, fields, caller, rules, now))


def add_service(session: Session, fields: ServiceFields, caller: Account, rules: Rules, now: datetime) -> Service:
    """Store a new service in the transaction that is open."""
    slug = _free_slug(session, fields)
    service = _complete(fields, rules, id=new_id(), slug=slug, created_at=now, updated_at=now)
    _save_supply(session, service)
    session.execute(insert(ServiceRow).values(**catalogue.row_values(service)))
    note_change(session, service, caller, Action.CREATED, now)
    return service


def update_service(
    id_or_slug: str, changes: Any, caller: Account, rules: Rules, now: datetime, version: int | None = None
) -> Service:
    """Change the given fields of a service; the others stay.

    With the `version` that the changes were made on, raises ChangedMeanwhile where it is no longer that one.
    """
    require_staff(caller)
    if not isinstance(changes, dict):
        raise Invalid([FieldError("", "model_type", N_("Give an object."))])
    service_id = load_service(db.session(), id_or_slug, rules).id

    def work(session: Session) -> Service:
        lock(session, Locks(services=frozenset({service_id}), whole=True))
        old = load_service(session, service_id, rules)
        if version not in (None, old.version):
            raise ChangedMeanwhile
        return change_service(session, old, changed_fields(old, changes), caller, rules, now)

    return transaction(work)


def changed_fields(old: Service, changes: Mapping[str, Any]) -> ServiceFields:
    """Check a service with some fields changed; raise Invalid with every error."""
    kept = {name: value for name, value in changes.items() if (name, value) != ("slug", old.slug)}
    return parse_service(_given_fields(old) | kept)


def change_service(
    session: Session, old: Service, fields: ServiceFields, caller: Account, rules: Rules, now: datetime
) -> Service:
    """Store other fields of a service in the transaction that is open and holds it."""
    if fields.slug:
        _refuse_taken_slug(session, fields.slug, old.id)
    service = _complete(
        fields,
        rules,
        id=old.id,
        slug=fields.slug or old.slug,
        version=old.version + 1,
        created_at=old.created_at,
        updated_at=now,
    )
    _save_supply(session, service)
    session.execute(update(ServiceRow).where(ServiceRow.id == old.id).values(**catalogue.row_values(service)))
    note_beginning(session, old, now)
    note_change(session, service, caller, Action.CHANGED, now)
    return service


def _given_fields(service: Service) -> dict[str, Any]:
    own = {"id", "slug", "version", "created_at", "updated_at"}  # an adopted id that serves as slug may not be one
    return service.model_dump(mode="json", by_alias=True, exclude=own, exclude_none=True)


def delete_service(id_or_slug: str, caller: Account, rules: Rules, now: datetime) -> None:
    """Remove a service that was never booked; switch off one with past bookings only.

    Raises InUse where live bookings lie ahead.
    """
    require_staff(caller)
    service_id = load_service(db.session(), id_or_slug, rules).id

    def work(session: Session) -> None:
        lock(session, Locks(services=frozenset({service_id}), whole=True))
        ahead = bookings.live_bookings_of(session, service_id, now)
        if ahead:
            raise InUse(count=ahead)
        old = load_service(session, service_id, rules)
        note_beginning(session, old, now)
        after = old.model_copy(update={"is_active": False, "version": old.version + 1, "updated_at": now})
        if bookings.has_bookings(session, service_id):
            values = {"is_active": False, "version": after.version, "updated_at": now}
            session.execute(update(ServiceRow).where(ServiceRow.id == service_id).values(**values))
            note_change(session, after, caller, Action.CHANGED, now)
        else:
            session.execute(delete(ServiceRow).where(ServiceRow.id == service_id))
            note_change(session, after, caller, Action.DELETED, now)

    transaction(work)


def draft_service(given: Any, rules: Rules, service_id: str = "draft") -> Service:
    """Return a service in the API's form as it would be, without storing it; raise Invalid with every error."""
    fields = parse_service(given)
    return _complete(fields, rules, id=service_id, slug=fields.slug or slug_of(fields.name))


def _complete(fields: ServiceFields, rules: Rules, **own: Any) -> Service:
    """Add what the house decides: currency and zone are fixed when a service is saved."""
    given = {name: getattr(fields, name) for name in ServiceFields.model_fields}
    given |= {"currency": fields.currency or rules.currency, "time_zone": fields.time_zone or rules.time_zone}
    return Service.model_validate(given | own, by_name=True, by_alias=True)


def _free_slug(session: Session, fields: ServiceFields) -> str:
    if fields.slug:
        _refuse_taken_slug(session, fields.slug)
        return fields.slug
    wanted = slug_of(fields.name)
    used = catalogue.slugs_like(session, wanted)
    candidates = (wanted, *(f"{wanted}-{number}" for number in range(2, len(used) + 3)))
    return next(one for one in candidates if one not in used)


def _refuse_taken_slug(session: Session, slug: str, own_id: str | None = None) -> None:
    found = catalogue.find_service(session, slug)
    if found is not None and found.id != own_id:
        raise AlreadyExists(N_("The address %(slug)s is used by another service. Choose another."), slug=slug)


def _save_supply(session: Session, service: Service) -> None:
    """Create the resources and staff members that a service names for the first time; check stocks of the others."""
    resources, staff = supply_of(service)
    lock(session, Locks(resources=resources, staff=staff))  # against who changes or removes them
    _save_resources(session, service)
    _save_staff(session, service)


def supply_of(fields: ServiceFields) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of the resources and of the staff members that a service names."""
    resources = (one.id for one in fields.required_resources)
    staff = (one for need in fields.required_staff for one in need.specific_staff_ids or ())
    return frozenset(resources), frozenset(staff)


def _save_resources(session: Session, service: Service) -> None:
    wanted = [one for one in service.required_resources if not one.is_only_listed]
    known = {
        row.id: row.quantity
        for row in session.execute(
            select(ResourceRow.id, ResourceRow.quantity).where(ResourceRow.id.in_([one.id for one in wanted]))
        )
    }
    message = N_("Only %(stock)s of this exist. Ask for fewer, or raise the stock first.")
    short = [
        FieldError(f"requiredResources.{index}.quantity", "above_stock", message, {"stock": known[one.id]})
        for index, one in enumerate(service.required_resources)
        if one.id in known and (one.quantity or 1) > known[one.id]
    ]
    if short:
        raise Invalid(short)
    new = [one for one in wanted if one.id not in known]
    if new:
        session.execute(
            insert(ResourceRow),
            [{"id": one.id, "name": one.name, "type": one.type, "quantity": one.quantity or 1} for one in new],
        )


def _save_staff(session: Session, service: Service) -> None:
    wanted = {one: need.role for need in service.required_staff for one in need.specific_staff_ids or ()}
    rows = session.execute(select(StaffRow.id, StaffRow.roles).where(StaffRow.id.in_(sorted(wanted))))
    known = {row.id: list(row.roles or ()) for row in rows}
    for staff_id, role in wanted.items():
        if staff_id not in known:
            values = {"id": staff_id, "name": staff_id, "roles": [role], "time_zone": service.time_zone}
            session.execute(insert(StaffRow).values(**values))
        elif role not in known[staff_id]:
            statement = update(StaffRow).where(StaffRow.id == staff_id)
            session.execute(statement.values(roles=[*known[staff_id], role]))


def coming_year(item: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return a service of the demonstration with its special dates moved to their next coming."""
    specials = [{**one, "date": _next_coming(one["date"], today)} for one in item.get("specialAvailability") or ()]
    return {**item, **({"specialAvailability": specials} if specials else {})}


def _next_coming(day: str, today: date) -> str:
    month, number = int(day[5:7]), int(day[8:10])
    this_year = date(today.year, month, number)
    return (this_year if this_year > today + timedelta(days=1) else date(today.year + 1, month, number)).isoformat()
