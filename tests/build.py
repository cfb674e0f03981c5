"""Services and orders of the tests: defaults that work, and what a test changes."""

import json
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from portal.domain.invoices import Issuer, Seller
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.usecases.orders import CreateBooking

PARIS = ZoneInfo("Europe/Paris")
EVERY_DAY = [{"dayOfWeek": day, "startTime": "09:00", "endTime": "12:00"} for day in range(7)]
MONDAY_TO_SATURDAY = tuple((day, 480, 1200) for day in range(1, 7))
# A Monday morning, in winter time, two weeks before Christmas.
NOW = datetime(2026, 12, 7, 7, 0, tzinfo=UTC)

AN_ISSUER = Issuer(
    Seller("Cabinet Mimosa", "FR", "12 rue des Lilas\n69003 Lyon", "SARL", "732829320", "FR44732829320"), PARIS, "fr"
)


def a_service(**changes: Any) -> Service:
    """Return a consultation of 30 minutes, every day from 9 to 12 in Paris; changes are in the API's spelling."""
    given = {
        "id": "consultation",
        "slug": "consultation",
        "name": "Consultation",
        "duration": 30,
        "price": 5000,
        "currency": "EUR",
        "timeZone": "Europe/Paris",
        "availableSlots": EVERY_DAY,
    }
    return Service.model_validate(given | changes)


def some_rules(**changes: Any) -> Rules:
    """Return the house rules' defaults."""
    given = {
        "time_zone": "Europe/Paris",
        "currency": "EUR",
        "region": "FR",
        "business_hours": MONDAY_TO_SATURDAY,
    }
    return Rules(**(given | changes))


@cache
def _catalogue() -> str:
    return (Path(__file__).parent / "data" / "services.json").read_text("utf-8")


def catalogue_json() -> list[dict[str, Any]]:
    """Return the 20 services as they stand in the file."""
    found: list[dict[str, Any]] = json.loads(_catalogue())
    return found


def paris(text: str) -> datetime:
    """Return the instant at which a clock in Paris shows "2026-12-08 09:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def a_command(service: Service, start: datetime | date, **changes: Any) -> CreateBooking:
    """Return a request for a booking without anything optional."""
    return CreateBooking(**({"service_id": service.id, "start": start} | changes))
