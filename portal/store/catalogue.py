"""Tables and queries of services, resources, staff members and closures."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Integer,
    String,
    false,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.domain.schedule import Closure, ClosureTarget
from portal.domain.service import Service
from portal.domain.supply import Resource, StaffMember, TimeOff
from portal.domain.text import by_name
from portal.store.db import Base
from portal.store.types import Json, LongText, UtcDateTime


class ServiceRow(Base):
    """A service; the first columns are the original's, those from `slug` on are ours."""

    __tablename__ = "booking_service"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(LongText)
    type: Mapped[str | None] = mapped_column(String(50), server_default="appointment")
    duration: Mapped[int] = mapped_column(Integer)
    price: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str | None] = mapped_column(String(3))
    max_participants: Mapped[int | None] = mapped_column(Integer)
    min_participants: Mapped[int | None] = mapped_column(Integer)
    category: Mapped[str | None] = mapped_column(String(100))
    booking_window: Mapped[Any | None] = mapped_column(Json)
    cancellation_policy: Mapped[Any | None] = mapped_column(Json)
    recurring: Mapped[Any | None] = mapped_column(Json)
    available_slots: Mapped[Any | None] = mapped_column(Json)
    special_availability: Mapped[Any | None] = mapped_column(Json)
    required_resources: Mapped[Any | None] = mapped_column(Json)
    required_staff: Mapped[Any | None] = mapped_column(Json)
    location: Mapped[Any | None] = mapped_column(Json)
    pricing_tiers: Mapped[Any | None] = mapped_column(Json)
    custom_fields: Mapped[Any | None] = mapped_column(Json)
    is_active: Mapped[bool | None] = mapped_column(Boolean, server_default="1")
    meta: Mapped[Any | None] = mapped_column("metadata", Json)
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    slug: Mapped[str | None] = mapped_column(String(100), unique=True)
    time_zone: Mapped[str | None] = mapped_column(String(64))
    capacity: Mapped[int | None] = mapped_column(Integer)
    slot_interval: Mapped[int | None] = mapped_column(Integer)
    max_duration: Mapped[int | None] = mapped_column(Integer)
    buffer_before: Mapped[int | None] = mapped_column(Integer)
    buffer_after: Mapped[int | None] = mapped_column(Integer)
    check_in_time: Mapped[str | None] = mapped_column(String(5))
    check_out_time: Mapped[str | None] = mapped_column(String(5))
    requires_approval: Mapped[bool | None] = mapped_column(Boolean)
    price_unit: Mapped[str | None] = mapped_column(String(20))
    tax_rate: Mapped[Any | None] = mapped_column(Json)
    participant_details_required: Mapped[bool | None] = mapped_column(Boolean)
    translations: Mapped[Any | None] = mapped_column(Json)
    version: Mapped[int] = mapped_column(Integer, default=1, server_default="1")


_COLUMNS = [column for column in ServiceRow.__mapper__.column_attrs if column.key != "meta"]
# An adopted database leaves columns NULL where we have defaults.
_FALLBACKS = {"type": "appointment", "is_active": True, "version": 1}


class ResourceRow(Base):
    __tablename__ = "resource"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(50))
    quantity: Mapped[int] = mapped_column(Integer, default=1)
    seats: Mapped[int | None] = mapped_column(Integer)

    def value(self) -> Resource:
        return Resource(self.id, self.name, self.type, self.quantity, self.seats)


class StaffRow(Base):
    __tablename__ = "staff_member"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    roles: Mapped[Any | None] = mapped_column(Json)
    time_zone: Mapped[str] = mapped_column(String(64))
    working_hours: Mapped[Any | None] = mapped_column(Json)  # [[day of week from Sunday, start, end in minutes]]
    time_off: Mapped[Any | None] = mapped_column(Json)  # [[start, end]], dates or instants in ISO 8601
    user_id: Mapped[str | None] = mapped_column(String(255))

    def value(self) -> StaffMember:
        return _member(self.id, self.name, self.roles, self.time_zone, self.working_hours, self.time_off, self.user_id)


class ClosureRow(Base):
    """A closure; `starts` and `ends` are both dates or both instants in ISO 8601."""

    __tablename__ = "closure"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    starts: Mapped[str] = mapped_column(String(32))
    ends: Mapped[str] = mapped_column(String(32), index=True)
    target: Mapped[str] = mapped_column(String(20))
    target_id: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str] = mapped_column(String(255), default="")
    yearly: Mapped[bool] = mapped_column(Boolean, server_default=false())

    def value(self) -> Closure:
        return Closure(
            start=read_bound(self.starts),
            end=read_bound(self.ends),
            target=ClosureTarget(self.target),
            target_id=self.target_id,
            id=self.id,
            reason=self.reason,
            yearly=self.yearly,
        )


def read_bound(stored: str) -> date | datetime:
    """Read a stored date or instant."""
    return datetime.fromisoformat(stored) if "T" in stored else date.fromisoformat(stored)


def write_bound(bound: date | datetime) -> str:
    """Write a date or instant so that text order is time order."""
    return bound.isoformat()


def _member(
    staff_id: str, name: str, roles: Any, time_zone: str, hours: Any, off: Any, user_id: str | None
) -> StaffMember:
    return StaffMember(
        id=staff_id,
        name=name,
        roles=tuple(roles or ()),
        time_zone=time_zone,
        working_hours=tuple((day, start, end) for day, start, end in hours or ()),
        time_off=tuple(TimeOff(read_bound(start), read_bound(end)) for start, end in off or ()),
        user_id=user_id,
    )


def service_value(row: ServiceRow, currency: str, time_zone: str) -> Service:
    """Return the service as a value; currency and zone are for an adopted row that has none."""
    stored = {column.key: getattr(row, column.key) for column in _COLUMNS}
    stored |= {
        "metadata": row.meta,
        "currency": row.currency or currency,
        "time_zone": row.time_zone or time_zone,
    }
    stored["slug"] = row.slug or row.id
    given = {key: value for key, value in stored.items() if value is not None}
    return Service.model_validate(_FALLBACKS | given, by_name=True, by_alias=True)


def row_values(service: Service) -> dict[str, Any]:
    """Return the columns of a service."""
    dumped = service.model_dump(mode="json", by_alias=True, exclude_none=True)
    names = {name: field.alias or name for name, field in Service.model_fields.items()}
    values = {name: dumped.get(alias) for name, alias in names.items()}
    values |= {
        "meta": values.pop("metadata"),
        "created_at": service.created_at,
        "updated_at": service.updated_at,
    }
    return values


def find_service(session: Session, id_or_slug: str) -> ServiceRow | None:
    """Find a service by id or slug."""
    statement = select(ServiceRow).where(or_(ServiceRow.id == id_or_slug, ServiceRow.slug == id_or_slug))
    rows = session.scalars(statement.execution_options(populate_existing=True)).all()
    return next((row for row in rows if row.id == id_or_slug), rows[0] if rows else None)


def services(
    session: Session,
    active: bool | None = True,
    category: str | None = None,
    kind: str | None = None,
    search: str | None = None,
    ids: Iterable[str] | None = None,
) -> Sequence[ServiceRow]:
    """List services by name."""
    statement = select(ServiceRow)
    if active is not None:
        statement = statement.where(ServiceRow.is_active.is_(active))
    if category:
        statement = statement.where(ServiceRow.category == category)
    if kind:
        statement = statement.where(ServiceRow.type == kind)
    if ids is not None:
        statement = statement.where(ServiceRow.id.in_(list(ids)))
    if search:
        statement = statement.where(_contains(search))
    return sorted(session.scalars(statement.execution_options(populate_existing=True)), key=by_name)


def _contains(search: str) -> Any:
    pattern = f"%{search.lower().replace('/', '//').replace('%', '/%').replace('_', '/_')}%"
    columns = (ServiceRow.name, ServiceRow.description, ServiceRow.category, ServiceRow.translations)
    return or_(*(func.lower(type_coerce(column, LongText)).like(pattern, escape="/") for column in columns))


def slugs_like(session: Session, slug: str) -> set[str]:
    """Return the slugs that are a slug or begin with it and a hyphen."""
    statement = select(ServiceRow.slug).where(or_(ServiceRow.slug == slug, ServiceRow.slug.startswith(f"{slug}-")))
    return {found for found in session.scalars(statement) if found}


def resources_and_staff(
    session: Session, resource_ids: Iterable[str], with_staff: bool
) -> tuple[dict[str, Resource], dict[str, StaffMember]]:
    """Load the named resources and, where wanted, all staff members, in one query."""
    wanted = sorted(set(resource_ids))
    parts: list[Any] = []
    if wanted:
        parts.append(_resource_columns().where(ResourceRow.id.in_(wanted)))
    if with_staff:
        parts.append(_staff_columns())
    if not parts:
        return {}, {}
    found_resources, found_staff = {}, {}
    for one in session.execute(union_all(*parts)):
        if one.what == "r":
            found_resources[one.id] = Resource(one.id, one.name, one.kind, one.quantity, one.seats)
        else:
            found_staff[one.id] = _member(one.id, one.name, *_loaded(one), one.user_id)
    return found_resources, found_staff


def _loaded(row: Any) -> tuple[Any, str, Any, Any]:
    decode = Json().process_result_value
    return (
        decode(row.roles, None),  # type: ignore[arg-type]
        row.time_zone,
        decode(row.working_hours, None),  # type: ignore[arg-type]
        decode(row.time_off, None),  # type: ignore[arg-type]
    )


_LABELS = [
    "what",
    "id",
    "name",
    "kind",
    "quantity",
    "seats",
    "roles",
    "time_zone",
    "working_hours",
    "time_off",
    "user_id",
]


def _labelled(*columns: Any) -> Any:
    return select(*(column.label(label) for column, label in zip(columns, _LABELS, strict=True)))


def _resource_columns() -> Any:
    nothing = type_coerce(null(), LongText)
    return _labelled(
        literal("r"),
        ResourceRow.id,
        ResourceRow.name,
        ResourceRow.type,
        ResourceRow.quantity,
        ResourceRow.seats,
        nothing,
        type_coerce(null(), String(64)),
        nothing,
        nothing,
        type_coerce(null(), String(255)),
    )


def _staff_columns() -> Any:
    return _labelled(
        literal("s"),
        StaffRow.id,
        StaffRow.name,
        type_coerce(null(), String(50)),
        type_coerce(null(), Integer),
        type_coerce(null(), Integer),
        type_coerce(StaffRow.roles, LongText),
        StaffRow.time_zone,
        type_coerce(StaffRow.working_hours, LongText),
        type_coerce(StaffRow.time_off, LongText),
        StaffRow.user_id,
    )


def closures_from(session: Session, first: date) -> tuple[Closure, ...]:
    """Load the closures that end on or after a date, and those of every year."""
    rows = session.scalars(select(ClosureRow).where(or_(ClosureRow.ends >= first.isoformat(), ClosureRow.yearly)))
    return tuple(row.value() for row in rows)


def all_resources(session: Session) -> list[Resource]:
    """List the resources by name."""
    return sorted((row.value() for row in session.scalars(select(ResourceRow))), key=by_name)


def all_staff(session: Session) -> list[StaffMember]:
    """List the staff members by name."""
    return sorted((row.value() for row in session.scalars(select(StaffRow))), key=by_name)


def all_closures(session: Session) -> list[Closure]:
    """List the closures in order of time."""
    return [row.value() for row in session.scalars(select(ClosureRow).order_by(ClosureRow.starts, ClosureRow.id))]
