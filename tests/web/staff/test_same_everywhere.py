"""The preview of the editor, the page that customers see and the API show the same times and prices of a service."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.domain.instants import parse_instant
from portal.domain.service import Service
from portal.web.filters import money
from portal.web.forms import written
from tests.web.page import Browser, Page
from tests.web.staff.test_service_editor import Editor

TOMORROW = date(2026, 12, 8)
# The party and the length that somebody asks for; where they are not given, those that a service begins with.
CASES: dict[str, dict[str, int]] = {
    "consultation-generaliste": {},
    "table-restaurant": {"party": 6},
    "court-tennis-exterieur": {"length": 120},
    "salle-reunion-premium": {"length": 300},
    "citadine-electrique": {"length": 480},
    "chambre-double-standard": {"length": 3},
    "yoga-vinyasa": {"party": 3},
    "atelier-poterie": {"party": 2},
    "teleconsultation-pediatre": {},
}


@pytest.fixture
def ada(app: Flask, people: Any) -> Browser:
    return Browser(app).sign_in(people.ada)


def api(browser: Browser, path: str, body: dict[str, Any] | None = None) -> Any:
    with browser.app.app_context():
        address = f"/api/booking{path}"
        http = browser.app.test_client()
        answer = http.post(address, json=body) if body else http.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json


def slots_by_api(browser: Browser, service: Service, first: date, days: int, case: dict[str, int]) -> list[Any]:
    query = f"from={first}&to={first + timedelta(days=days)}"
    query += f"&participants={case['party']}" if "party" in case else ""
    if "length" in case:
        query += f"&{'nights' if service.is_by_night else 'duration'}={case['length']}"
    return list(api(browser, f"/services/{service.slug}/slots?{query}"))


def tried(page: Page) -> list[datetime]:
    """The times of a preview."""
    return [parse_instant(given["value"]) for tag, given in page.tags if given.get("name") == "try.start"]


def linked(page: Page) -> list[datetime]:
    """The times of a customer's page, in order."""
    buttons = [given["href"] for tag, given in page.tags if tag == "a" and given.get("class") == "time-button"]
    return sorted(parse_instant(re.findall(r"[?&]start=([^&]+)", one)[0]) for one in buttons)


def total(page: Page) -> str:
    """The total that a page shows."""
    found = re.search(r"Total (€[\d,]+\.\d\d)", page.text)
    assert found, page.text
    return found[1]


@pytest.mark.parametrize("slug", CASES)
def test_times_and_prices_are_the_same_wherever_they_are_shown(
    ada: Browser, alice: Browser, catalogue: dict[str, Service], slug: str
) -> None:
    service, case = catalogue[slug], CASES[slug]
    first = slots_by_api(ada, service, TOMORROW, 31, case)[0]
    day = parse_instant(first["startDate"]).astimezone(service.zone).date()
    slots = slots_by_api(ada, service, day, 1, case)
    times = [parse_instant(one["startDate"]) for one in slots]
    asked = {"serviceId": service.id, "startDate": first["startDate"], "endDate": first["endDate"]}
    quote = api(ada, "/quote", asked | ({"participants": case["party"]} if "party" in case else {}))
    with ada.app.test_request_context(headers={"Accept-Language": "en"}):
        price = money(quote["total"], quote["currency"])

    editor = Editor(ada, ada.get(f"/staff/services/{service.id}"))
    editor.press("preview")  # the fields to try it with are there now
    trial = {"try.day": day.isoformat(), **{f"try.{name}": str(value) for name, value in case.items()}}
    editor.fill(trial).press("preview")
    assert (tried(editor.page), total(editor.page)) == (times, price)

    form = next(one for one in editor.page.forms if one.id == "editor")
    htmx = {"HX-Request": "true", "HX-Target": "preview"}
    live = ada.open(form.action, "POST", [*form.sent(trial), ("do", "preview")], **htmx)
    assert (tried(live), total(live)) == (times, price)

    query = {"participants": case.get("party"), ("nights" if service.is_by_night else "duration"): case.get("length")}
    chosen = "&".join(f"{name}={value}" for name, value in query.items() if value)
    if not service.is_by_night:  # whose page shows nights, not times
        shown = linked(alice.get(f"/services/{slug}?date={day}&{chosen}"))
        assert shown == times
    page = alice.get(f"/services/{slug}?start={written(times[0])}&{chosen}")
    assert total(page) == price
