"""What does the demonstration consist of, and how is it loaded once?"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from portal.domain.account import Account, Role
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.accounts import user_by_email
from portal.store.catalogue import ResourceRow, StaffRow
from portal.store.db import db, transaction
from portal.usecases.accounts import create_user
from portal.usecases.catalogue import coming_year, create_service, list_services, update_service
from portal.usecases.customers import set_attributes
from portal.usecases.slots import catalogue_cards

HERE = Path(__file__).parent
ADMIN = Account("demonstration", "demonstration@localhost", "Demonstration", Role.ADMIN)
DAYS_AHEAD = (3, 10, 17)  # dates added where special dates leave nothing free, counted from the lead time's end

Progress = Callable[[list[Any], str], Iterable[Any]]


def _people() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "people.json").read_text("utf-8"))
    return found


# A seller for the invoices of the demonstration; numbers of the right form, of no company that is known.
SELLER = {
    "BUSINESS_NAME": "Créneau",
    "BUSINESS_LEGAL_FORM": "SARL de démonstration",
    "BUSINESS_ADDRESS": "1 rue de l’Exemple\n75000 Paris",
    "BUSINESS_SIREN": "123456782",
    "BUSINESS_VAT_NUMBER": "FR11123456782",
    "BUSINESS_EMAIL": "bonjour@example.com",
}


def seller_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that let the demonstration write whole invoices; none where a seller is named."""
    return {} if any(environ.get(name) for name in SELLER) else dict(SELLER)


def logins() -> list[tuple[str, str, str]]:
    """Return address, role and password of the demonstration's people."""
    return [(one["email"], one["role"], one["password"]) for one in _people()["accounts"]]


def load_demo(rules: Rules, now: datetime, progress: Progress = lambda items, _: items) -> bool:
    """Load services, staff, resources and people into an empty portal; tell whether it was empty."""
    if list_services(rules, active=None):
        return False
    people = _people()
    _add_supply(people, rules)
    for item in progress(json.loads((HERE / "services.json").read_text("utf-8")), "Loading services"):
        create_service(_prepared(item, people, now), ADMIN, rules, now)
    _add_dates(rules, now)
    for person in people["accounts"]:
        _add_account(person, now)
    return True


def _add_supply(people: dict[str, Any], rules: Rules) -> None:
    def work(session: Any) -> None:
        staff = [{"id": one["id"], "name": one["name"], "roles": one["roles"]} for one in people["staff"]]
        session.execute(insert(StaffRow), [{**one, "time_zone": rules.time_zone} for one in staff])
        session.execute(insert(ResourceRow), people["resources"])

    transaction(work)


def _prepared(item: dict[str, Any], people: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Move special dates to the coming year, and give the restaurant its tables."""
    moved = coming_year(item, now.date())
    if item["slug"] == "table-restaurant":
        tables = [{key: one[key] for key in ("id", "name", "type")} for one in people["resources"]]
        moved["requiredResources"] = tables
    return moved


def _add_dates(rules: Rules, now: datetime) -> None:
    """Give each service that has no free time a few special dates inside its booking window."""
    empty = [card.service for card in catalogue_cards(rules, now) if not card.next_slots]
    for service in empty:
        if service.special_availability:
            update_service(service.id, {"specialAvailability": _more_dates(service, now)}, ADMIN, rules, now)


def _more_dates(service: Service, now: datetime) -> list[dict[str, Any]]:
    window = service.booking_window
    hours = (window.min_advance_hours if window else None) or 1
    first = (now + timedelta(hours=hours)).astimezone(service.zone).date()
    known = [one.model_dump(mode="json", by_alias=True) for one in service.special_availability]
    added = [{"date": (first + timedelta(days=days)).isoformat(), "slots": known[0]["slots"]} for days in DAYS_AHEAD]
    return [*known, *(one for one in added if one["date"] not in {old["date"] for old in known})]


def _add_account(person: dict[str, Any], now: datetime) -> None:
    if user_by_email(db.session(), person["email"]):
        return
    account = create_user(person["email"], person["name"], Role(person["role"]), person["password"], now)
    if person.get("attributes"):
        set_attributes(account.id, person["attributes"], ADMIN, now)
