"""Does a booking cost what the catalogue says, in lines that sum to the total?"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.pricing import (
    DeclaredInput,
    LineKind,
    NextPackage,
    PriceRequest,
    QuoteLine,
    declared_inputs,
    quote,
)
from portal.domain.service import Service

PARIS = ZoneInfo("Europe/Paris")
HOUR, DAY, WEEK = 60, 1440, 10080
OWN = {"currency": "EUR", "timeZone": "Europe/Paris"}
CATALOGUE = {
    one["slug"]: Service.model_validate({**OWN, **one, "id": one["slug"]})
    for one in json.loads((Path(__file__).parents[1] / "data" / "services.json").read_text())
}


def a_service(*tiers: Mapping[str, Any], **changes: Any) -> Service:
    """A room at 10 € an hour, unless told otherwise."""
    plain = {"id": "it", "slug": "it", "name": "Room", "type": "room", "duration": 60, "price": 1000}
    return Service.model_validate({**OWN, **plain, "pricingTiers": list(tiers), **changes})


def a_tier(condition: str, price: int, **changes: Any) -> dict[str, Any]:
    return {"name": condition, "condition": condition, "price": price, **changes}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def a_request(minutes: int, party: int = 1, start: str = "2026-12-08T10:00", **changes: Any) -> PriceRequest:
    """A booking of Tuesday, 8 December 2026, made on the first of that month, unless told otherwise."""
    begins, booked = local(start), changes.pop("booked", "2026-12-01T12:00")
    return PriceRequest(
        party=party,
        start=begins,
        end=begins + timedelta(minutes=minutes),
        duration_minutes=minutes,
        booked_at=local(booked),
        now=local(changes.pop("now", booked)),
        user=changes.pop("user", {}),
        declared=changes.pop("declared", {}),
        **changes,
    )


def total(service: Service, minutes: int, party: int = 1, **changes: Any) -> int:
    return quote(service, a_request(minutes, party, **changes)).total


# ---------------------------------------------------------------- the figures

SATURDAY, SUNDAY, MONDAY = "2026-12-12T10:00", "2026-12-13T10:00", "2026-12-14T10:00"
PREMIUM = {"user": {"membership": "premium"}}


@pytest.mark.parametrize(
    ("slug", "minutes", "party", "changes", "euros"),
    [
        ("salle-reunion-premium", 1 * HOUR, 1, {}, 50),
        ("salle-reunion-premium", 3 * HOUR, 1, {}, 150),
        ("salle-reunion-premium", 3 * HOUR, 12, {}, 150),
        ("salle-reunion-premium", 4 * HOUR, 1, {}, 180),
        ("salle-reunion-premium", 5 * HOUR, 1, {}, 230),
        ("salle-reunion-premium", 5 * HOUR - 1, 1, {}, 230),
        ("salle-reunion-premium", 7 * HOUR, 1, {}, 330),
        ("salle-reunion-premium", 8 * HOUR, 1, {}, 350),
        ("salle-reunion-premium", 9 * HOUR, 1, {}, 350),
        ("salle-reunion-premium", 10 * HOUR, 1, {}, 350),
        ("salle-reunion-premium", 11 * HOUR, 1, {}, 350),
        ("citadine-electrique", 1 * HOUR, 1, {}, 15),
        ("citadine-electrique", 61, 1, {}, 30),
        ("citadine-electrique", 7 * HOUR, 1, {}, 105),
        ("citadine-electrique", 8 * HOUR, 1, {}, 80),
        ("citadine-electrique", 12 * HOUR, 4, {}, 80),
        ("citadine-electrique", 24 * HOUR, 1, {}, 80),
        ("citadine-electrique", 25 * HOUR, 1, {}, 95),
        ("citadine-electrique", 48 * HOUR, 1, {}, 160),
        ("citadine-electrique", 6 * DAY, 1, {}, 480),
        ("citadine-electrique", WEEK, 1, {}, 350),
        ("citadine-electrique", 8 * DAY, 1, {}, 430),
        ("table-restaurant", 120, 5, {}, 0),
        ("table-restaurant", 120, 6, {}, 510),
        ("concert-jazz-trio", 120, 9, {}, 315),
        ("concert-jazz-trio", 120, 10, {}, 300),
        ("concert-jazz-trio", 120, 1, {"user": {"student": True}}, 20),
        ("concert-jazz-trio", 120, 1, {"user": {"student": "true"}}, 35),
        ("concert-jazz-trio", 120, 1, {"declared": {"student": True, "user.student": True}}, 35),
        ("court-tennis-exterieur", 1 * HOUR, 2, {"start": SATURDAY}, 40),
        ("court-tennis-exterieur", 1 * HOUR, 2, {"start": SUNDAY}, 40),
        ("court-tennis-exterieur", 2 * HOUR, 4, {"start": MONDAY}, 60),
        ("court-tennis-exterieur", 1 * HOUR, 2, {"start": SATURDAY, **PREMIUM}, 20),
        ("court-tennis-exterieur", 2 * HOUR, 2, {"start": SUNDAY, **PREMIUM}, 40),
        ("court-tennis-exterieur", 1 * HOUR, 2, {"start": MONDAY, **PREMIUM}, 20),
        ("formation-react-avance", 480, 8, {}, 3992),
        ("formation-react-avance", 480, 1, {"start": "2027-01-01T09:00"}, 499),
        ("formation-react-avance", 480, 1, {"start": "2026-12-31T09:00"}, 599),
        ("livraison-courses-bio", 30, 1, {"declared": {"order_total": 5000}}, 0),
        ("livraison-courses-bio", 30, 1, {"declared": {"order_total": 4999}}, 5),
        ("livraison-courses-bio", 30, 1, {"declared": {"order_total": 4999.99}}, 5),
        ("livraison-courses-bio", 30, 1, {"declared": {"order_total": 5000.0}}, 0),
        ("livraison-courses-bio", 30, 1, {"declared": {"order_total": "5000"}}, 5),
        ("livraison-courses-bio", 30, 1, {"declared": {"order_total": [5000]}}, 5),
        ("livraison-courses-bio", 30, 1, {"declared": {"order_total": None}}, 5),
        ("livraison-courses-bio", 30, 1, {}, 5),
        ("chambre-double-standard", 1 * DAY, 2, {}, 120),
        ("chambre-double-standard", 3 * DAY, 2, {}, 360),
        ("chambre-double-standard", 3 * DAY, 2, {"start": "2027-03-27T15:00"}, 360),
        ("chambre-double-standard", 3 * DAY, 2, {"start": "2026-10-24T15:00", "booked": "2026-10-01T12:00"}, 360),
        ("teleconsultation-pediatre", 20, 3, {}, 35),
        ("yoga-vinyasa", 75, 3, {}, 75),
        ("consultation-generaliste", 30, 1, {}, 50),
        ("seance-kinesitherapie", 45, 1, {}, 45),
        ("coaching-personnel", 60, 1, {}, 80),
        ("cours-particulier-mathematiques", 90, 1, {}, 45),
        ("atelier-poterie", 180, 2, {}, 130),
        ("examen-toeic", 120, 1, {}, 132),
        ("consultation-medicale-api", 30, 1, {}, 50),
        ("consultation-generaliste-cabinet", 30, 1, {}, 25),
        ("teleconsultation", 20, 1, {}, 20),
        ("table-2-personnes", 90, 2, {}, 0),
    ],
)
def test_the_catalogue_costs(slug: str, minutes: int, party: int, changes: dict[str, Any], euros: int) -> None:
    assert total(CATALOGUE[slug], minutes, party, **changes) == euros * 100


def test_every_service_of_the_catalogue_is_in_the_table() -> None:
    (table,) = (mark for mark in test_the_catalogue_costs.pytestmark if mark.name == "parametrize")
    assert {row[0] for row in table.args[1]} == set(CATALOGUE)
    assert len(CATALOGUE) == 20


# ---------------------------------------------------------------- lines


def test_a_plain_price_is_one_line_under_the_services_name() -> None:
    found = quote(CATALOGUE["yoga-vinyasa"], a_request(75, 3))
    assert found.lines == (QuoteLine(LineKind.PRICE, "Cours de Yoga Vinyasa", 3, 2500, 7500),)
    assert (found.currency, found.tax, found.total, found.next_package) == ("EUR", 0, 7500, None)


def test_a_tier_gives_its_name_and_place_to_the_line() -> None:
    found = quote(CATALOGUE["court-tennis-exterieur"], a_request(2 * HOUR, 2, SATURDAY))
    assert found.lines == (QuoteLine(LineKind.PRICE, "Tarif weekend", 2, 4000, 8000, 1),)


def test_packages_come_longest_first_and_blocks_last() -> None:
    found = quote(CATALOGUE["citadine-electrique"], a_request(WEEK + DAY + 90))
    assert found.lines == (
        QuoteLine(LineKind.PACKAGE, "Tarif hebdomadaire", 1, 35000, 35000, 1),
        QuoteLine(LineKind.PACKAGE, "Tarif journée", 1, 8000, 8000, 0),
        QuoteLine(LineKind.PRICE, "Citadine Électrique", 2, 1500, 3000),
    )


def test_the_tax_is_contained_in_the_total() -> None:
    found = quote(a_service(taxRate=20), a_request(3 * HOUR))
    assert (found.total, found.tax) == (3000, 500)


# ---------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("changes", "euros"),
    [
        ({}, 30),
        ({"priceUnit": "participant"}, 40),
        ({"priceUnit": "booking"}, 10),
        ({"priceUnit": "block", "type": "appointment", "maxParticipants": 4}, 30),
        ({"type": "appointment", "maxParticipants": 4}, 10),
        ({"type": "custom", "maxParticipants": 4}, 10),
        ({"type": "event"}, 40),
        ({"type": "course"}, 40),
        ({"type": "table"}, 40),
        ({"type": "rental"}, 30),
    ],
)
def test_the_unit_says_what_the_price_is_for(changes: dict[str, Any], euros: int) -> None:
    assert total(a_service(**changes), 2 * HOUR + 1, 4) == euros * 100


@pytest.mark.parametrize(("per", "euros"), [(None, 21), ("block", 21), ("participant", 28), ("booking", 7)])
def test_per_overrides_the_unit_of_its_tier(per: str | None, euros: int) -> None:
    assert total(a_service(a_tier("participants > 1", 700, per=per)), 3 * HOUR, 4) == euros * 100


# ---------------------------------------------------------------- packages


@pytest.mark.parametrize(
    ("least", "covers", "minutes", "euros"),
    [
        (479, None, 479, 20),
        (479, None, 480, 30),  # a package of 479 minutes and a block
        (480, None, 1440, 20),
        (480, None, 1441, 30),
        (1439, None, 1440, 20),
        (1440, None, 1440, 20),
        (1440, None, 2880, 40),
        (1441, None, 1441, 20),
        (480, 480, 540, 30),
        (240, 600, 600, 20),
        (240, 600, 601, 30),
        (240, None, 239, 40),
    ],
)
def test_a_package_covers_its_length_and_eight_hours_a_day(
    least: int, covers: int | None, minutes: int, euros: int
) -> None:
    service = a_service(a_tier(f"duration >= {least}", 2000, covers=covers))
    assert total(service, minutes) == euros * 100


@pytest.mark.parametrize("changes", [{"priceUnit": "booking"}, {"priceUnit": "participant"}])
def test_without_a_price_by_block_a_least_duration_is_a_plain_tier(changes: dict[str, Any]) -> None:
    service = a_service(a_tier("duration >= 480", 2000), **changes)
    found = quote(service, a_request(3 * DAY))
    assert [(line.kind, line.quantity, line.amount) for line in found.lines] == [(LineKind.PRICE, 1, 2000)]


@pytest.mark.parametrize(
    ("per", "covers", "minutes", "lines"),
    [
        ("participant", None, 480, [("package", 3, 6000)]),
        ("participant", None, 2880, [("package", 6, 12000)]),
        ("participant", None, 1500, [("package", 6, 12000)]),
        ("block", None, 480, [("package", 8, 16000)]),
        ("block", None, 1501, [("package", 26, 52000)]),
        ("block", 600, 480, [("package", 8, 16000)]),
        ("booking", None, 480, [("package", 1, 2000)]),
        ("booking", None, 30 * DAY, [("package", 1, 2000)]),
        ("booking", None, 479, [("price", 8, 80_000)]),
    ],
)
def test_per_says_what_the_price_of_a_package_buys(
    per: str, covers: int | None, minutes: int, lines: list[tuple[str, int, int]]
) -> None:
    service = a_service(a_tier("duration >= 480", 2000, per=per, covers=covers), price=10_000)
    found = quote(service, a_request(minutes, 3))
    assert [(line.kind, line.quantity, line.amount) for line in found.lines] == lines


def test_a_package_counts_only_while_its_whole_condition_holds() -> None:
    service = a_service(a_tier("duration >= 240 && dayOfWeek >= 6", 1500))
    assert total(service, 240, start=SATURDAY) == 1500
    assert total(service, 240, start=MONDAY) == 4000
    assert total(service, 239, start=SATURDAY) == 4000


def test_a_package_never_makes_a_booking_dearer() -> None:
    assert total(a_service(a_tier("duration >= 120", 5000)), 120) == 2000


def test_blocks_beside_a_package_cost_what_the_first_plain_tier_says() -> None:
    tiers = [a_tier("user.vip", 500), a_tier("duration >= 240", 1800), a_tier("participants > 2", 100)]
    assert total(a_service(*tiers), 300, 3, user={"vip": True}) == 1800 + 500
    assert total(a_service(*tiers), 300, 3) == 500
    assert total(a_service(*tiers), 300, 2) == 1800 + 1000


@pytest.mark.parametrize(("price", "euros"), [(1500, 15), (9900, 20)])
def test_a_flat_tier_competes_with_the_packages(price: int, euros: int) -> None:
    tiers = [a_tier("participants > 0", price, per="booking"), a_tier("duration >= 480", 2000)]
    assert total(a_service(*tiers), 600) == euros * 100


def test_nights_have_packages_too() -> None:
    hotel = a_service(a_tier("duration >= 10080", 50_000), duration=DAY, price=10_000)
    assert total(hotel, 4 * DAY) == 40_000
    assert total(hotel, 7 * DAY) == 50_000
    assert total(hotel, 8 * DAY) == 60_000
    assert quote(hotel, a_request(6 * DAY)).next_package == NextPackage("duration >= 10080", 0, WEEK, 50_000)


# ---------------------------------------------------------------- the next package


def test_the_day_rate_is_named_from_the_sixth_hour() -> None:
    car = CATALOGUE["citadine-electrique"]
    assert quote(car, a_request(7 * HOUR)).next_package == NextPackage("Tarif journée", 0, 480, 8000)
    assert quote(car, a_request(5 * HOUR + 1)).next_package == NextPackage("Tarif journée", 0, 480, 8000)
    assert quote(car, a_request(5 * HOUR)).next_package is None
    assert quote(car, a_request(8 * HOUR)).next_package is None
    assert quote(car, a_request(6 * DAY)).next_package == NextPackage("Tarif hebdomadaire", 1, WEEK, 35000)
    assert quote(car, a_request(8 * DAY)).next_package is None


def test_a_package_that_is_no_cheaper_is_not_named() -> None:
    room = CATALOGUE["salle-reunion-premium"]
    assert quote(room, a_request(7 * HOUR)).next_package is None
    assert quote(room, a_request(3 * HOUR)).next_package is None


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        ({}, 490),
        ({"slotInterval": 30}, 510),
        ({"slotInterval": 60, "maxDuration": 540}, 540),
        ({"slotInterval": 60, "maxDuration": 539}, None),
        ({"duration": 600}, None),
        ({"type": "appointment", "priceUnit": "block"}, None),
    ],
)
def test_the_next_package_is_named_at_a_length_that_can_be_chosen(changes: dict[str, Any], minutes: int | None) -> None:
    service = a_service(a_tier("duration >= 490", 2000), **{"slotInterval": 10, **changes})
    found = quote(service, a_request(479)).next_package
    assert (found.minutes if found else None) == minutes


def test_a_package_for_others_is_not_named() -> None:
    service = a_service(a_tier("duration >= 480 && user.vip", 2000))
    assert quote(service, a_request(420)).next_package is None
    assert quote(service, a_request(420, user={"vip": True})).next_package is not None


def test_a_longer_booking_that_is_cheaper_for_another_reason_names_no_package() -> None:
    service = a_service(a_tier("duration > 470", 1, per="booking"), a_tier("duration >= 480", 2000))
    assert quote(service, a_request(420)).next_package is None


# ---------------------------------------------------------------- what conditions see


@pytest.mark.parametrize(
    "condition",
    [
        "participants == 3",
        "group_size == 3",
        "duration == 90",
        "dayOfWeek == 6",
        "hour == 0",
        "month == 8",
        "advance_days == 12",
        "event_date - booking_date == 12",
        "event_date - today == 2",
        "today - booking_date == 10",
        "user.level == 2.5",
        "code == 'x'",
    ],
)
def test_a_condition_sees_the_local_booking(condition: str) -> None:
    # Friday, 31 July, 22:30 UTC is Saturday, 1 August in Paris
    request = replace(
        a_request(90, 3),
        start=datetime(2026, 7, 31, 22, 30, tzinfo=UTC),
        booked_at=datetime(2026, 7, 19, 22, 30, tzinfo=UTC),
        now=datetime(2026, 7, 29, 22, 30, tzinfo=UTC),
        user={"level": 2.5},
        declared={"code": "x"},
    )
    assert quote(a_service(a_tier(condition, 7, per="booking")), request).total == 7


def test_the_zone_of_the_service_decides_the_day() -> None:
    friday_night = replace(a_request(60), start=datetime(2026, 7, 31, 22, 30, tzinfo=UTC))
    weekend = a_tier("dayOfWeek >= 6", 7)
    assert quote(a_service(weekend), friday_night).total == 7
    assert quote(a_service(weekend, timeZone="America/Martinique"), friday_night).total == 1000


def test_nothing_declared_takes_the_place_of_what_is_known() -> None:
    lies = {"participants": 99, "duration": 9999, "user.vip": True, "user": {"vip": True}, "today": 0}
    service = a_service(a_tier("participants > 9 || duration > 900 || user.vip || today == 0", 0))
    assert total(service, 60, declared=lies) == 1000


def test_the_date_of_creation_counts_after_a_reschedule() -> None:
    course = CATALOGUE["formation-react-avance"]
    moved = {"start": "2027-01-10T09:00", "booked": "2026-12-01T12:00", "now": "2027-01-02T12:00"}
    assert total(course, 480, 1, **moved) == 49900


def test_declared_inputs_come_once_in_order_of_appearance() -> None:
    tiers = ["colour == 'red' && hour > 8", "user.vip && kilometres > 100", "colour != 'red' && a + b > 0"]
    assert declared_inputs(a_service(*(a_tier(tier, 1) for tier in tiers))) == (
        DeclaredInput("colour", False),
        DeclaredInput("kilometres", True),
        DeclaredInput("a", True),
        DeclaredInput("b", True),
    )


def test_one_comparison_with_a_number_makes_an_input_a_number() -> None:
    service = a_service(a_tier("level == other", 1), a_tier("level > 3", 1))
    assert declared_inputs(service) == (DeclaredInput("level", True), DeclaredInput("other", False))


def test_the_catalogue_asks_only_for_the_value_of_the_order() -> None:
    asked = {slug: declared_inputs(service) for slug, service in CATALOGUE.items() if declared_inputs(service)}
    assert asked == {"livraison-courses-bio": (DeclaredInput("order_total", True),)}


@pytest.mark.parametrize(("party", "minutes"), [(0, 60), (-1, 60), (1, 0), (1, -60), (1, 366 * DAY + 1)])
def test_what_is_out_of_bounds_has_no_price(party: int, minutes: int) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        replace(a_request(60), party=party, duration_minutes=minutes)


# ---------------------------------------------------------------- whatever comes

pers = st.sampled_from([None, "participant", "block", "booking"])
conditions = st.one_of(
    st.integers(1, 900).map(lambda least: f"duration >= {least}"),
    st.sampled_from(["participants > 2", "user.vip", "level > 5", "dayOfWeek >= 6", "true"]),
)
tiers = st.builds(a_tier, conditions, st.integers(0, 9000), per=pers)
services = st.builds(
    lambda listed, **changes: a_service(*listed, **changes),
    st.lists(tiers, max_size=4),
    type=st.sampled_from(["room", "rental", "event", "table"]),
    duration=st.sampled_from([30, 45, 60, 1440]),
    price=st.integers(0, 5000),
    priceUnit=pers,
    taxRate=st.sampled_from([None, 5.5, 10, 20]),
)
requests = st.builds(
    a_request,
    st.integers(1, 2000),
    st.integers(1, 6),
    user=st.fixed_dictionaries({}, optional={"vip": st.booleans()}),
    declared=st.dictionaries(st.sampled_from(["level", "duration", "user.vip"]), st.integers() | st.text()),
)


@given(services, requests)
def test_lines_sum_to_the_total_and_contain_the_tax(service: Service, request: PriceRequest) -> None:
    found = quote(service, request)
    assert sum(line.amount for line in found.lines) == found.total
    assert all(line.quantity * line.unit_price == line.amount for line in found.lines)
    assert all(line.quantity >= 1 for line in found.lines)
    assert 0 <= found.tax <= found.total
    assert quote(service, request) == found


@given(services, requests)
def test_the_next_package_keeps_its_promise(service: Service, request: PriceRequest) -> None:
    found = quote(service, request)
    if found.next_package is not None:
        longer = quote(service, replace(request, duration_minutes=found.next_package.minutes))
        assert longer.total == found.next_package.total < found.total
        assert found.next_package.minutes > request.duration_minutes


def cheapest(blocks: int, block: int, price: int, packages: Sequence[tuple[int, int]]) -> int:
    """Try every number of every package; blocks fill what is left."""
    minutes, totals = blocks * block, []
    for counts in product(*(range(-(-minutes // covers) + 1) for covers, _ in packages)):
        pairs = list(zip(counts, packages, strict=True))
        rest = max(0, minutes - sum(count * covers for count, (covers, _) in pairs))
        totals.append(sum(count * cost for count, (_, cost) in pairs) + -(-rest // block) * price)
    return min(totals)


@given(
    st.integers(1, 14),
    st.integers(0, 50),
    st.lists(st.tuples(st.integers(50, 470), st.integers(0, 300)), max_size=3),
)
def test_no_mixture_of_packages_and_blocks_is_cheaper(blocks: int, price: int, packages: list[tuple[int, int]]) -> None:
    service = a_service(*(a_tier(f"duration >= {least}", cost) for least, cost in packages), price=price)
    matching = [(least, cost) for least, cost in packages if least <= blocks * 60]
    assert total(service, blocks * 60) == cheapest(blocks, 60, price, matching)
