"""Is a service read as it is written, and refused at the field that is wrong? (SPEC §2, §3, §4)"""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from portal.domain.service import PriceUnit, Service, ServiceFields, ServiceType
from portal.domain.shape import field_errors
from tests.build import a_service, catalogue_json

LEAST = {"name": "Consultation", "duration": 30, "price": 5000}
HOURS = {"dayOfWeek": 1, "startTime": "09:00", "endTime": "12:00"}
SLOT = {"startTime": "09:00", "endTime": "12:00"}
FIELD = {"id": "size", "name": "Size", "type": "select", "options": ["S", "M"]}
TIER = {"name": "Day", "condition": "duration >= 480", "price": 8000}


def errors_of(**changes: Any) -> list[tuple[str, str]]:
    """Return field and message of everything that is wrong."""
    try:
        ServiceFields.model_validate({**LEAST, **changes})
    except ValidationError as error:
        return [(one.field, one.message % one.params) for one in field_errors(error)]
    return []


def nested(levels: int) -> dict[str, Any]:
    return {} if levels == 1 else {"a": nested(levels - 1)}


# ---------------------------------------------------------------- what is accepted


def test_name_duration_and_price_are_enough() -> None:
    service = ServiceFields.model_validate(LEAST)
    assert service.type is ServiceType.APPOINTMENT
    assert service.is_active
    assert (service.check_in_time, service.check_out_time) == ("15:00", "11:00")


@pytest.mark.parametrize("item", catalogue_json(), ids=lambda item: item["slug"])
def test_every_service_of_the_catalogue_is_accepted_and_written_as_it_was_read(item: Mapping[str, Any]) -> None:
    written = ServiceFields.model_validate(item).model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert written == item


@pytest.mark.parametrize("kind", ["appointment", "event", "course", "rental", "room", "table", "custom"])
def test_there_are_seven_types(kind: str) -> None:
    assert errors_of(type=kind) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"availableSlots": [{**HOURS, "dayOfWeek": 7}]},
        {"availableSlots": [{**HOURS, "endTime": "24:00"}]},
        {"availableSlots": [{**HOURS, "startTime": "00:00"}]},
        {"availableSlots": [HOURS, HOURS]},
        {"specialAvailability": [{"date": "2026-12-24", "slots": [SLOT]}, {"date": "2026-12-25", "slots": [SLOT]}]},
        {"specialAvailability": [{"date": "2028-02-29", "slots": [{**SLOT, "available": False}]}]},
        {"bookingWindow": {}},
        {"bookingWindow": {"minAdvanceHours": 0.5}},
        {"bookingWindow": {"maxAdvanceDays": 0}},
        {"price": 0},
        {"taxRate": 5.5},
        {"timeZone": "America/Sao_Paulo"},
        {"currency": "JPY"},
        {"minParticipants": 4, "maxParticipants": 4},
        {"maxDuration": 30},
        {"requiredResources": [{"id": "a", "name": "A", "type": "room", "selection": "all"}]},
        {"requiredStaff": [{"role": "doctor", "count": 2, "specificStaffIds": ["a", "b"]}]},
        {"requiredStaff": [{"role": "doctor"}, {"role": "doctor"}]},
        {"pricingTiers": [{**TIER, "covers": 480}, {**TIER, "covers": 1440}]},
        {"pricingTiers": [{"name": "Group", "condition": "participants >= 10", "price": 1, "covers": 1}]},
        {"cancellationPolicy": {"refundPolicy": "partial", "refundPercentage": 80}},
        {"customFields": [{**FIELD, "type": "text", "validation": "^[12][0-9]{14}$"}]},
        {"translations": {"en": {"name": "Visit", "customFields": {"size": {"name": "Size", "options": ["S"]}}}}},
        {"metadata": {"colour": ["blue", {"depth": 1}]}},
        {"metadata": nested(10)},
    ],
)
def test_what_makes_sense_is_accepted(changes: dict[str, Any]) -> None:
    assert errors_of(**changes) == []


# ---------------------------------------------------------------- what is refused on save

TIME = "Write the time as HH:MM, from 00:00 to 24:00."
ORDER = "End after the start. Hours past midnight are two entries: until 24:00, and from 00:00."
DATE = "Write the date as YYYY-MM-DD, between 2000 and 2100."


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"availableSlots": [{**HOURS, "endTime": "09:00"}]}, "availableSlots.0", ORDER),
        ({"availableSlots": [HOURS, {**HOURS, "startTime": "22:00", "endTime": "02:00"}]}, "availableSlots.1", ORDER),
        ({"availableSlots": [{**HOURS, "startTime": "24:00", "endTime": "24:00"}]}, "availableSlots.0", ORDER),
        ({"availableSlots": [{**HOURS, "dayOfWeek": 8}]}, "availableSlots.0.dayOfWeek", "Give at most 7."),
        ({"availableSlots": [{**HOURS, "dayOfWeek": -1}]}, "availableSlots.0.dayOfWeek", "Give at least 0."),
        ({"availableSlots": [{**HOURS, "dayOfWeek": "1"}]}, "availableSlots.0.dayOfWeek", "Give a whole number."),
        ({"availableSlots": [{**HOURS, "dayOfWeek": True}]}, "availableSlots.0.dayOfWeek", "Give a whole number."),
        ({"availableSlots": [{**HOURS, "startTime": "9:00"}]}, "availableSlots.0.startTime", TIME),
        ({"availableSlots": [{**HOURS, "startTime": "09:60"}]}, "availableSlots.0.startTime", TIME),
        ({"availableSlots": [{**HOURS, "endTime": "24:01"}]}, "availableSlots.0.endTime", TIME),
        ({"availableSlots": [{**HOURS, "endTime": "12:00:00"}]}, "availableSlots.0.endTime", TIME),
        ({"availableSlots": [{"dayOfWeek": 1, "startTime": "09:00"}]}, "availableSlots.0.endTime", "Fill this in."),
        ({"availableSlots": {}}, "availableSlots", "Give a list."),
        (
            {"specialAvailability": [{"date": "2026-12-24", "slots": []}]},
            "specialAvailability.0.slots",
            "Give at least 1 entries.",
        ),
        ({"specialAvailability": [{"date": "2026-12-24"}]}, "specialAvailability.0.slots", "Fill this in."),
        (
            {"specialAvailability": [{"date": "2026-12-24", "slots": [SLOT]}] * 2},
            "specialAvailability",
            "Give each date once.",
        ),
        ({"specialAvailability": [{"date": "2026-02-29", "slots": [SLOT]}]}, "specialAvailability.0.date", DATE),
        ({"specialAvailability": [{"date": "24.12.2026", "slots": [SLOT]}]}, "specialAvailability.0.date", DATE),
        ({"specialAvailability": [{"date": "1999-12-24", "slots": [SLOT]}]}, "specialAvailability.0.date", DATE),
        (
            {"specialAvailability": [{"date": "2026-12-24", "slots": [{**SLOT, "available": "no"}]}]},
            "specialAvailability.0.slots.0.available",
            "Give true or false.",
        ),
        (
            {"specialAvailability": [{"date": "2026-12-24", "slots": [{**SLOT, "endTime": "08:00"}]}]},
            "specialAvailability.0.slots.0",
            ORDER,
        ),
        ({"type": "party"}, "type", "Choose one of: appointment, event, course, rental, room, table, custom."),
        ({"type": 1}, "type", None),
        ({"duration": 0}, "duration", "Give at least 1."),
        ({"duration": 30.5}, "duration", "Give a whole number."),
        ({"duration": "30"}, "duration", "Give a whole number."),
        ({"price": -1}, "price", "Give at least 0."),
        ({"price": 49.9}, "price", "Give a whole number."),
        ({"price": True}, "price", "Give a whole number."),
        ({"price": None}, "price", "Give a whole number."),
        ({"name": "  "}, "name", "Fill this in."),
        ({"name": "a\x00b"}, "name", "Remove the invisible control characters."),
        ({"name": "x" * 256}, "name", "Use at most 255 characters."),
        ({"slug": "Not A Slug"}, "slug", "This is not written as expected."),
        ({"currency": "EURO"}, "currency", "Give a currency's three letters, such as EUR."),
        ({"currency": "XYZ"}, "currency", "Give a currency's three letters, such as EUR."),
        ({"timeZone": "Paris"}, "timeZone", "Give a time zone's name such as Europe/Paris."),
        (
            {"minParticipants": 5, "maxParticipants": 4},
            "minParticipants",
            "minParticipants cannot be above maxParticipants.",
        ),
        ({"minParticipants": 0}, "minParticipants", "Give at least 1."),
        ({"maxDuration": 29}, "maxDuration", "maxDuration cannot be below duration."),
        ({"slotInterval": 0}, "slotInterval", "Give at least 5."),
        ({"capacity": 0}, "capacity", "Give at least 1."),
        ({"bufferBefore": -1}, "bufferBefore", "Give at least 0."),
        ({"bookingWindow": {"minAdvanceHours": -1}}, "bookingWindow.minAdvanceHours", "Give at least 0."),
        ({"bookingWindow": {"maxAdvanceDays": 1.5}}, "bookingWindow.maxAdvanceDays", "Give a whole number."),
        ({"checkInTime": "3 pm"}, "checkInTime", "Write the time as HH:MM, from 00:00 to 23:59."),
        ({"checkOutTime": "24:00"}, "checkOutTime", "Write the time as HH:MM, from 00:00 to 23:59."),
        ({"taxRate": 101}, "taxRate", "Give at most 100."),
        ({"priceUnit": "hour"}, "priceUnit", "Choose one of: participant, block, booking."),
        (
            {"requiredResources": [{"id": "a", "name": "A", "type": "room"}] * 2},
            "requiredResources",
            "Name each resource once.",
        ),
        (
            {"requiredResources": [{"id": "a", "name": "A", "type": "room", "quantity": 0}]},
            "requiredResources.0.quantity",
            "Give at least 1.",
        ),
        (
            {"requiredResources": [{"id": "a", "name": "A", "type": "room", "selection": "some"}]},
            "requiredResources.0.selection",
            "Choose one of: any, all.",
        ),
        ({"requiredStaff": [{"role": "doctor", "count": 0}]}, "requiredStaff.0.count", "Give at least 1."),
        ({"requiredStaff": [{"count": 1}]}, "requiredStaff.0.role", "Fill this in."),
        ({"location": {"type": "moon"}}, "location.type", "Choose one of: physical, virtual, hybrid."),
        (
            {"location": {"type": "virtual", "virtualLink": "javascript:alert(1)"}},
            "location",
            "Give the link as an address that begins with https://.",
        ),
        (
            {"location": {"type": "physical", "coordinates": {"lat": 91, "lng": 0}}},
            "location.coordinates.lat",
            "Give at most 90.",
        ),
        ({"customFields": [FIELD, FIELD]}, "customFields", "Give each field its own id."),
        ({"customFields": [{**FIELD, "options": []}]}, "customFields.0", "Give at least one option to choose from."),
        ({"customFields": [{**FIELD, "options": ["S", "S"]}]}, "customFields.0", "Give each option only once."),
        (
            {"customFields": [{**FIELD, "type": "colour"}]},
            "customFields.0.type",
            "Choose one of: text, number, email, phone, select, multiselect, checkbox, date.",
        ),
        (
            {"customFields": [{**FIELD, "type": "text", "validation": "(a)\\1"}]},
            "customFields.0.validation",
            "This pattern cannot be used. Look-around and back-references are not supported.",
        ),
        (
            {"pricingTiers": [{**TIER, "covers": 479}]},
            "pricingTiers.0.covers",
            "The tier Day cannot cover less than the length its condition asks for.",
        ),
        (
            {"cancellationPolicy": {"refundPolicy": "partial"}},
            "cancellationPolicy",
            "A partial refund needs refundPercentage, from 0 to 100.",
        ),
        (
            {"cancellationPolicy": {"refundPolicy": "half"}},
            "cancellationPolicy.refundPolicy",
            "Choose one of: full, partial, none.",
        ),
        (
            {"recurring": {"enabled": True, "intervals": ["yearly"]}},
            "recurring.intervals.0",
            "Choose one of: daily, weekly, monthly.",
        ),
        ({"availability": []}, "availability", "This name is not known here. Remove it."),
        ({"created_at": "now"}, "createdAt", "This name is not known here. Remove it."),
        ({"metadata": nested(11)}, "metadata", "Nest this at most 10 levels deep."),
        ({"metadata": {"a": 2**60}}, "metadata", "This number is too large."),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(changes: dict[str, Any], field: str, message: str | None) -> None:
    found = errors_of(**changes)
    assert [one for one, _ in found] == [field]
    if message is not None:
        assert found[0][1] == message


@pytest.mark.parametrize(
    "condition", ["", "participants >=", "participants >= 6 )", "__import__('os')", "a = 1", "x" * 501, "1 +" * 200]
)
def test_a_broken_or_overlong_condition_is_refused(condition: str) -> None:
    [(field, _)] = errors_of(pricingTiers=[{"name": "Tier", "condition": condition, "price": 1}])
    assert field == "pricingTiers.0.condition"


def test_a_condition_of_500_characters_is_accepted() -> None:
    condition = "participants >= 6" + " " * 483
    assert len(condition) == 500
    assert errors_of(pricingTiers=[{"name": "Tier", "condition": condition, "price": 1}]) == []


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = errors_of(duration=0, price=-1, availableSlots=[{**HOURS, "dayOfWeek": 9}], timeZone="Paris")
    assert [field for field, _ in found] == ["duration", "price", "availableSlots.0.dayOfWeek", "timeZone"]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        ServiceFields.model_validate({})
    assert [one.field for one in field_errors(caught.value)] == ["name", "duration", "price"]


# ---------------------------------------------------------------- defaults


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        ("event", PriceUnit.PARTICIPANT),
        ("course", PriceUnit.PARTICIPANT),
        ("table", PriceUnit.PARTICIPANT),
        ("rental", PriceUnit.BLOCK),
        ("room", PriceUnit.BLOCK),
        ("appointment", PriceUnit.BOOKING),
        ("custom", PriceUnit.BOOKING),
    ],
)
def test_the_price_unit_follows_the_type_unless_given(kind: str, unit: PriceUnit) -> None:
    assert a_service(type=kind).unit is unit
    assert a_service(type=kind, priceUnit="block").unit is PriceUnit.BLOCK


@pytest.mark.parametrize(
    ("changes", "bounds"),
    [
        ({}, (1, 1)),
        ({"type": "custom"}, (1, 1)),
        ({"type": "table"}, (1, None)),
        ({"type": "room"}, (1, None)),
        ({"type": "rental"}, (1, None)),
        ({"type": "event"}, (1, None)),
        ({"type": "table", "minParticipants": 2, "maxParticipants": 8}, (2, 8)),
        ({"type": "course", "minParticipants": 6, "maxParticipants": 12}, (1, 12)),
        ({"minParticipants": 2}, (2, 2)),
    ],
)
def test_the_party_is_bounded_by_default_as_the_type_says(
    changes: dict[str, Any], bounds: tuple[int, int | None]
) -> None:
    service = a_service(**changes)
    assert (service.min_party, service.max_party) == bounds


@pytest.mark.parametrize(
    ("changes", "by_night", "variable"),
    [
        ({"type": "room", "duration": 1440}, True, False),
        ({"type": "room", "duration": 60}, False, True),
        ({"type": "room", "duration": 2880}, False, False),
        ({"type": "rental", "duration": 1440}, False, True),
        ({"type": "rental", "duration": 60}, False, True),
        ({"type": "appointment", "duration": 1440}, False, False),
        ({"type": "table", "duration": 60}, False, False),
    ],
)
def test_only_a_room_of_a_day_is_booked_by_nights_and_only_rooms_and_rentals_by_length(
    changes: dict[str, Any], by_night: bool, variable: bool
) -> None:
    service = a_service(**changes)
    assert (service.is_by_night, service.is_variable) == (by_night, variable)


def test_a_stored_service_is_read_back_the_same() -> None:
    for item in catalogue_json():
        service = a_service(**{"availableSlots": [], **item, "id": item["slug"]})
        stored = service.model_dump(mode="json", by_alias=True, exclude_none=True)
        assert Service.model_validate(stored) == service
