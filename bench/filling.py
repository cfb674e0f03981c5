"""How is a table filled with bookings quickly? By bulk inserts, past the rules but as they would leave it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from sqlalchemy import Connection, insert

from portal.domain.identity import new_id
from portal.domain.lifecycle import BookingStatus
from portal.domain.timerange import DAY, instant_of
from portal.store.bookings import AllocationRow, AuditRow, BookingRow

AT_ONCE = 2_000
Progress = Callable[[int], None]


def fill(
    connection: Connection,
    service_id: str,
    user_ids: Sequence[str],
    starts: Sequence[int],
    minutes: int,
    progress: Progress = lambda count: None,
) -> None:
    """Store a confirmed booking of the service's one place at each start (minutes since 1970), within one UTC day.

    The users take turns.
    """
    now = datetime.now(UTC)
    for first in range(0, len(starts), AT_ONCE):
        some = starts[first : first + AT_ONCE]
        rows = [_booking(service_id, user_id, start, minutes, now) for user_id, start in zip(cycle(user_ids), some)]
        connection.execute(insert(BookingRow), rows)
        allocations = [
            _allocation(row["id"], service_id, start, minutes) for row, start in zip(rows, some, strict=True)
        ]
        connection.execute(insert(AllocationRow), allocations)
        connection.execute(insert(AuditRow), [_line(row["id"], now) for row in rows])
        progress(len(some))


def _booking(service_id: str, user_id: str, start: int, minutes: int, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "service_id": service_id,
        "user_id": user_id,
        "start_date": instant_of(start),
        "end_date": instant_of(start + minutes),
        "status": BookingStatus.CONFIRMED,
        "participants": 1,
        "total_price": 5000,
        "currency": "EUR",
        "source": "admin",
        "created_at": now,
        "updated_at": now,
    }


def _allocation(booking_id: str, service_id: str, start: int, minutes: int) -> dict[str, Any]:
    place = f"c:{service_id}"
    return {
        "place": place,
        "day": start // DAY,
        "starts": start,
        "ends": start + minutes,
        "quantity": 1,
        "single": place,
        "booking_id": booking_id,
    }


def _line(booking_id: str, now: datetime) -> dict[str, Any]:
    return {"booking_id": booking_id, "at": now, "action": "create", "to_status": BookingStatus.CONFIRMED}
