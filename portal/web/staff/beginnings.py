"""With what does the editor begin a service of a kind?

Names and hours are examples to change; a price is not guessed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from portal.domain.errors import N_
from portal.web.staff.draft import Draft
from portal.web.staff.rows import WEEK

WORKDAYS, SIX_DAYS = WEEK[:5], WEEK[:6]
BLANK: Draft = {"type": "appointment", "isActive": True, "duration": 60}


@dataclass(frozen=True)
class Beginning:
    """A kind of service: what it is called where one chooses, what it is for, and its fields."""

    label: str
    note: str
    icon: str
    tint: str  # the type whose paper its tile has
    fields: Callable[[], Draft]


def _week(days: Iterable[int], *ranges: tuple[str, str]) -> list[Draft]:
    return [{"dayOfWeek": day, "startTime": start, "endTime": end} for day in days for start, end in ranges]


def _resources(kind: str, *names: str) -> list[Draft]:
    return [{"name": name, "type": kind, "quantity": 1} for name in names]


def _appointment() -> Draft:
    return {
        "name": gettext("Consultation"),
        "type": "appointment",
        "duration": 30,
        "availableSlots": _week(WORKDAYS, ("09:00", "12:00"), ("14:00", "18:00")),
    }


def _table() -> Draft:
    tables = (gettext("Table %(number)s", number=number) for number in (1, 2, 3))
    return {
        "name": gettext("A table"),
        "type": "table",
        "duration": 120,
        "price": 0,
        "minParticipants": 1,
        "maxParticipants": 4,
        "availableSlots": _week((2, 3, 4, 5, 6), ("12:00", "14:30"), ("19:00", "22:30")),
        "requiredResources": _resources("table", *tables),
    }


def _room() -> Draft:
    rooms = (gettext("Room %(number)s", number=number) for number in (1, 2))
    return {
        "name": gettext("Double room"),
        "type": "room",
        "duration": 1440,
        "minParticipants": 1,
        "maxParticipants": 2,
        "checkInTime": "15:00",
        "checkOutTime": "11:00",
        "requiredResources": _resources("room", *rooms),
    }


def _court() -> Draft:
    return {
        "name": gettext("A court"),
        "type": "rental",
        "duration": 60,
        "maxDuration": 120,
        "availableSlots": _week(WEEK, ("08:00", "22:00")),
        "requiredResources": _resources("facility", gettext("Court %(number)s", number=1)),
    }


def _course() -> Draft:
    return {
        "name": gettext("A course"),
        "type": "course",
        "duration": 90,
        "minParticipants": 4,
        "maxParticipants": 12,
        "availableSlots": _week((1,), ("18:30", "20:00")),
    }


BEGINNINGS: Mapping[str, Beginning] = {
    "appointment": Beginning(
        N_("An appointment"), N_("one person at a time, with somebody"), "calendar-check", "appointment", _appointment
    ),
    "table": Beginning(N_("A table"), N_("a party, at a time of its choice"), "utensils", "table", _table),
    "room": Beginning(N_("A room"), N_("by nights, from check-in to check-out"), "bed-double", "room", _room),
    "court": Beginning(N_("A court"), N_("by the hour, as long as one likes"), "volleyball", "rental", _court),
    "course": Beginning(N_("A course"), N_("many people, one date"), "book-open", "course", _course),
}


def beginning_of(kind: str, currency: str) -> Draft:
    """Return the draft that a kind begins with; of an unknown kind, one that says little."""
    found = BEGINNINGS.get(kind)
    own: dict[str, Any] = found.fields() if found else {}
    return {**BLANK, **own, "currency": currency}
