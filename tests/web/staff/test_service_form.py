"""The editor's form says what the API's JSON says, both ways."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given as each
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from portal.domain.errors import Invalid
from portal.domain.service import ServiceFields
from portal.usecases.catalogue import parse_service
from portal.web.staff.service_form import draft_of_json, payload, placed, read_service, write_service
from tests.build import catalogue_json

EVERYTHING: dict[str, Any] = {
    "name": "Tout",
    "duration": 45,
    "price": 1999,
    "currency": "EUR",
    "type": "rental",
    "slug": "tout",
    "description": "Une ligne,\nune autre.",
    "minParticipants": 2,
    "maxParticipants": 6,
    "category": "sport",
    "bookingWindow": {"minAdvanceHours": 1.5, "maxAdvanceDays": 40},
    "cancellationPolicy": {"allowCancellation": False, "cutoffHours": 3, "refundPolicy": "none"},
    "recurring": {"enabled": True, "intervals": ["daily", "monthly"], "maxOccurrences": 4},
    "availableSlots": [{"dayOfWeek": 7, "startTime": "08:00", "endTime": "24:00"}],
    "specialAvailability": [
        {"date": "2026-12-24", "slots": [{"startTime": "10:00", "endTime": "12:00", "available": False}]}
    ],
    "requiredResources": [
        {"id": "r.1", "name": "Un", "type": "equipment", "quantity": 2, "selection": "any"},
        {"id": "r-2", "name": "Deux", "type": "room"},
    ],
    "requiredStaff": [{"role": "guide", "count": 2, "specificStaffIds": ["a", "b c"]}],
    "location": {
        "type": "hybrid",
        "address": "1 rue",
        "room": "A",
        "virtualLink": "https://example.com/x",
        "coordinates": {"lat": -48.85661, "lng": 2},
    },
    "pricingTiers": [
        {"name": "Jour", "condition": "duration >= 480", "price": 8000, "description": "x", "covers": 600},
        {"name": "Soir", "condition": "hour > 18", "price": 0, "per": "booking"},
    ],
    "customFields": [
        {"id": "a.b", "name": "Un", "type": "select", "required": True, "options": ["Oui, là", "Non"]},
        {"id": "c", "name": "Deux", "type": "text", "validation": "^[0-9]{3}$"},
    ],
    "isActive": False,
    "timeZone": "Europe/London",
    "capacity": 3,
    "slotInterval": 15,
    "maxDuration": 900,
    "bufferBefore": 5,
    "bufferAfter": 10,
    "checkInTime": "16:00",
    "checkOutTime": "10:00",
    "requiresApproval": True,
    "priceUnit": "block",
    "taxRate": 5.5,
    "participantDetailsRequired": True,
    "translations": {
        "en": {
            "name": "All",
            "description": "One line",
            "customFields": {"a.b": {"name": "One", "options": ["Yes, there", "No"]}},
            "pricingTiers": [{}, {"name": "Evening"}],
        }
    },
}


def _through_the_form(given: dict[str, Any], **style: Any) -> ServiceFields:
    form = write_service(draft_of_json(given), "EUR", **style)
    return parse_service(payload(read_service(form, "EUR")))


@pytest.mark.parametrize("given", [*catalogue_json(), EVERYTHING], ids=lambda one: one["slug"])
@pytest.mark.parametrize("has_comma", [False, True])
def test_a_service_comes_back_from_the_form_as_it_was(given: dict[str, Any], has_comma: bool) -> None:
    assert _through_the_form(given, has_comma=has_comma) == parse_service(given)


def test_the_form_has_every_field_of_a_service_but_its_metadata() -> None:
    names = {field.alias or name for name, field in ServiceFields.model_fields.items()}
    assert payload({"name": "x", "duration": 5, "price": 0}).keys() == names - {"metadata"}


@each(st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(0, 99_999_999), st.booleans())
def test_no_cent_is_lost_between_price_and_form(currency: str, price: int, has_comma: bool) -> None:
    given = {"name": "x", "duration": 5, "price": price, "currency": currency}
    assert _through_the_form(given, has_comma=has_comma).price == price


@pytest.mark.parametrize(
    ("typed", "price"), [("30", 3000), ("30,5", 3050), ("1 200.00", 120000), (" 0 ", 0), ("12,50", 1250)]
)
def test_an_amount_is_read_as_people_write_it(typed: str, price: int) -> None:
    assert read_service(MultiDict([("price", typed)]), "EUR")["price"] == price


WANTED = """
price availableSlots.0.dayOfWeek customFields.1.options translations.en.name location.coordinates.lat isActive
customFields.x.y a..b . cancellationPolicy specialAvailability.0.slots.0.startTime requiredStaff.0.count
pricingTiers.99999.name pricingTiers.3 customFields.2.translations.fr.options
"""
NAMES = st.sampled_from(WANTED.split())


@each(st.lists(st.tuples(NAMES, st.text(max_size=12))))
def test_whatever_is_sent_is_read_shown_again_and_never_breaks(sent: list[tuple[str, str]]) -> None:
    draft = read_service(MultiDict(sent), "EUR")
    again = read_service(write_service(draft, "EUR"), "EUR")
    assert again == draft
    with pytest.raises(Invalid) as refused:
        parse_service(payload(draft))
    assert placed(refused.value.errors, draft)


def _errors(typed: str) -> dict[str, str]:
    sent = {"name": "Court", "duration": "60", "price": "30"} | dict(parse_qsl(typed))
    draft = read_service(MultiDict(sent), "EUR")
    with pytest.raises(Invalid) as refused:
        parse_service(payload(draft))
    return {one.field: one.message for one in placed(refused.value.errors, draft)}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ("price=cheap", "price"),
        ("price=12.345", "price"),
        ("name=+", "name"),
        ("duration=an hour", "duration"),
        ("availableSlots.4.dayOfWeek=1&availableSlots.4.startTime=9:00", "availableSlots.0.startTime"),
        (
            "availableSlots.0.dayOfWeek=1&availableSlots.0.startTime=10:00&availableSlots.0.endTime=09:00",
            "availableSlots.0.endTime",
        ),
        ("customFields.0.name=Niveau&customFields.0.type=select", "customFields.0.options"),
        ("customFields.0.name=N&customFields.0.type=text&customFields.0.validation=(", "customFields.0.validation"),
        ("pricingTiers.0.name=N&pricingTiers.0.condition=a+%3D&pricingTiers.0.price=3", "pricingTiers.0.condition"),
        ("cancellationPolicy.refundPolicy=partial", "cancellationPolicy.refundPercentage"),
        ("location.type=virtual&location.virtualLink=meet.example", "location.virtualLink"),
        ("location.address=1 rue", "location.type"),
        ("specialAvailability.0.date=2026-12-24", "specialAvailability.0.slots"),
        ("minParticipants=5&maxParticipants=2", "minParticipants"),
        (
            f"customFields.0.name=N&customFields.0.type=text&customFields.0.translations.en.name={'x' * 300}",
            "customFields.0.translations.en.name",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_input(typed: str, field: str) -> None:
    assert field in _errors(typed)


def test_a_question_without_a_reference_gets_one_made_from_its_name() -> None:
    form = MultiDict([("customFields.0.name", "Niveau de jeu"), ("customFields.1.name", "Niveau de jeu")])
    rows = payload(read_service(form, "EUR"))["customFields"]
    assert [one["id"] for one in rows] == ["niveau_de_jeu", "niveau_de_jeu_2"]
