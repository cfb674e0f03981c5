"""Each of the 20 services, posted as it stands in the file, offers slots and takes a booking by the API."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from portal.domain.account import Account
from tests.api.conftest import Client, fields, found
from tests.build import NOW, catalogue_json
from tests.people import EVERYBODY

ANSWERS = {
    "text": "Réponse",
    "number": 7,
    "email": "claire@example.com",
    "phone": "0123456789",
    "checkbox": True,
    "date": "1990-05-17",
}
# What the patterns of the file ask for.
SPECIAL_ANSWERS = {"license_number": "123456789012", "insurance_number": "123456789012345"}


def _answer(field: dict[str, Any]) -> Any:
    if field["id"] in SPECIAL_ANSWERS:
        return SPECIAL_ANSWERS[field["id"]]
    if field["type"] == "select":
        return field["options"][0]
    if field["type"] == "multiselect":
        return field["options"][:1]
    return ANSWERS[field["type"]]


def _first_slot(client: Client, service: dict[str, Any], today: datetime) -> dict[str, Any]:
    """Return the first free time within 92 days."""
    until = today + timedelta(days=91)
    query = {"from": f"{today:%Y-%m-%d}", "to": f"{until:%Y-%m-%d}"}
    slots = found(client.get(f"/services/{service['id']}/slots", query_string=query))
    assert slots, "no free time"
    first: dict[str, Any] = slots[0]
    return first


@pytest.mark.parametrize("given", catalogue_json(), ids=lambda one: one["slug"])
def test_a_service_of_the_file_is_bookable(
    token_of: Callable[[Account], str], client: FlaskClient, given: dict[str, Any], clock: time_machine.Traveller
) -> None:
    today = _today(given)
    clock.move_to(today)
    sam, alice = (Client(client, token_of(one)) for one in (EVERYBODY.sam, EVERYBODY.alice))
    service = found(sam.post("/services", given))
    slot = _first_slot(alice, service, today)
    required = {one["id"]: _answer(one) for one in given.get("customFields", ()) if one.get("required")}
    order = {"serviceId": given["slug"], "startDate": slot["startDate"], "endDate": slot["endDate"]}
    quote = found(alice.post("/quote", order))
    assert quote["total"] == slot["priceFrom"] == sum(line["amount"] for line in quote["lines"])
    if required:
        refused = fields(alice.post("/create", order))
        assert refused == {f"customFieldValues.{name}": "required" for name in required}
    booking = found(alice.post("/create", order | {"customFieldValues": required, "quotedTotal": quote["total"]}))
    assert booking["status"] == "confirmed"
    assert booking["totalPrice"] == quote["total"]
    assert booking["customFieldValues"].keys() == required.keys()
    assert booking["startDate"] == slot["startDate"]


def _today(given: dict[str, Any]) -> datetime:
    """Return the day of the tests or, where the file names dates of their own, three weeks before the first of them."""
    specials = given.get("specialAvailability")
    return datetime.fromisoformat(f"{specials[0]['date']}T07:00:00Z") - timedelta(days=21) if specials else NOW
