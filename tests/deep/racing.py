"""What the races race for, and how what was sold is counted."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import func, select

from portal.domain.service import Service
from portal.domain.timerange import minute_of
from portal.store.bookings import AllocationRow, BookingRow
from portal.store.db import db
from portal.usecases.catalogue import create_service
from portal.usecases.resources import create_resource
from portal.usecases.team import create_staff_member
from portal.web.context import current_rules
from tests.deep.servers import Answer, Call
from tests.people import EVERYBODY

CLIENTS = 64
DAY_AND_NIGHT = [{"dayOfWeek": day, "startTime": "00:00", "endTime": "24:00"} for day in range(7)]
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
numbers = count(1)


def new_service(**given: Any) -> Service:
    """Store a service that is open day and night in UTC, one hour long, with a name of its own."""
    defaults = {
        "name": f"Service {next(numbers)}",
        "duration": 60,
        "price": 1000,
        "timeZone": "UTC",
        "availableSlots": DAY_AND_NIGHT,
        "bookingWindow": {"minAdvanceHours": 0, "maxAdvanceDays": 365},
        "cancellationPolicy": {"allowCancellation": True, "cutoffHours": 0},
    }
    return create_service(defaults | given, EVERYBODY.ada, current_rules(), datetime.now(UTC))


def new_resources(kind: str, *quantities: int) -> list[dict[str, str]]:
    """Store resources with some stocks; return how a service asks for one of each."""
    found = []
    for quantity in quantities:
        given = {"id": f"{kind}-{next(numbers)}", "name": kind, "type": kind, "quantity": quantity}
        create_resource(given, EVERYBODY.ada)
        found.append({"id": given["id"], "name": kind, "type": kind})
    return found


def new_member() -> dict[str, Any]:
    """Store a staff member with a role nobody else has; return how a service asks for him."""
    number = next(numbers)
    create_staff_member({"name": f"Dr {number}", "roles": [f"role {number}"]}, EVERYBODY.ada, current_rules())
    return {"role": f"role {number}", "count": 1}


def at(day: int, hour: float = 10) -> datetime:
    return TODAY + timedelta(days=day, hours=hour)


def order(service: Service, start: datetime, end: datetime | None = None, **more: Any) -> dict[str, Any]:
    """Return the body of a create."""
    times = {"startDate": written(start), **({"endDate": written(end)} if end else {})}
    return {"serviceId": service.id, **times, **more}


def written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def creates(bodies: Sequence[dict[str, Any]]) -> list[Call]:
    return [Call("create", body, number) for number, body in enumerate(bodies)]


def sold(answers: Sequence[Answer]) -> int:
    """Count the successes; everybody else was told that there was no place, and nothing worse."""
    statuses = Counter(one.status for one in answers)
    others = [one.body for one in answers if one.status not in {200, 409}]
    assert not others, (statuses, others[:3])
    codes = {one.body["code"] for one in answers if one.status == 409}
    assert codes <= {"SLOT_UNAVAILABLE"}, codes
    return statuses[200]


def units_taken(service: Service, start: datetime) -> int:
    """Count what live bookings of a service take from one start on, of whichever of its places is taken most."""
    statement = (
        select(func.sum(AllocationRow.quantity))
        .join(BookingRow, BookingRow.id == AllocationRow.booking_id)
        .where(BookingRow.service_id == service.id, AllocationRow.starts == minute_of(start))
        .group_by(AllocationRow.place)
    )
    with db.engine.connect() as connection:
        return max((int(one) for one in connection.scalars(statement)), default=0)


def live_bookings(service: Service) -> int:
    statement = select(func.count()).where(BookingRow.service_id == service.id, BookingRow.status == "confirmed")
    with db.engine.connect() as connection:
        return connection.scalar(statement) or 0
