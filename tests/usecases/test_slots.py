"""Which times are offered, for how much, and with how many queries? (SPEC §4)"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.domain.booking import Booking
from portal.domain.errors import Invalid, NoSlot, NotFound
from portal.domain.rules import Rules
from portal.domain.schedule import Closure
from portal.domain.service import Service
from portal.domain.timerange import instant_of
from portal.store.catalogue import ClosureRow
from portal.store.db import db
from portal.usecases.cancellations import cancel_booking
from portal.usecases.catalogue import coming_year, get_service, update_service
from portal.usecases.service_import import load_services
from portal.usecases.slots import PricedSlot, SlotQuery, ask_of, catalogue_cards, find_slots, next_slot
from tests.build import NOW, PARIS, catalogue_json, paris, some_rules
from tests.people import EVERYBODY, People
from tests.statements import statements

Offer = Callable[..., Service]
Book = Callable[..., Booking]
TUESDAY, WEDNESDAY, SATURDAY = date(2026, 12, 8), date(2026, 12, 9), date(2026, 12, 12)
ONE_DAY = timedelta(days=1)


def find(service: Service, start: Any, end: Any = None, now: datetime = NOW, **more: Any) -> list[PricedSlot]:
    rules, user = more.pop("rules", some_rules()), more.pop("user", None)
    return find_slots(service, SlotQuery(start, end or start + ONE_DAY, **more), rules, now, user)


def starts(found: list[PricedSlot], form: str = "%H:%M") -> list[str]:
    return [one.slot.starts_at.astimezone(PARIS).strftime(form) for one in found]


def in_coming_year(rules: Rules) -> dict[str, Service]:
    """Store the 20 services with their special dates moved to the coming year."""
    items = [coming_year(item, NOW.date()) for item in catalogue_json()]
    return {one.slug: one for one in load_services(items, EVERYBODY.ada, rules, NOW)}


# ---------------------------------------------------------------- the 20 services


@pytest.mark.parametrize(
    ("slug", "day", "expected"),
    [
        # slug, day: how many, the first, the last, how many more fit
        ("consultation-generaliste", TUESDAY, (6, "09:00", "11:30", 2)),
        ("seance-kinesitherapie", TUESDAY, (46, "08:00", "19:15", 1)),
        ("table-restaurant", TUESDAY, (6, "12:00", "20:30", 1)),
        ("chambre-double-standard", TUESDAY, (1, "15:00", "15:00", 3)),
        ("coaching-personnel", TUESDAY, (9, "09:00", "17:00", 1)),
        ("cours-particulier-mathematiques", TUESDAY, (43, "08:00", "18:30", 1)),
        ("yoga-vinyasa", SATURDAY, (1, "10:00", "10:00", 15)),
        ("court-tennis-exterieur", TUESDAY, (14, "08:00", "21:00", 3)),
        ("citadine-electrique", WEDNESDAY, (96, "00:00", "23:45", 3)),
        ("salle-reunion-premium", TUESDAY, (11, "08:00", "18:00", 1)),
        ("concert-jazz-trio", date(2026, 12, 31), (1, "20:00", "20:00", 80)),
        ("atelier-poterie", SATURDAY, (1, "10:00", "10:00", 8)),
        ("formation-react-avance", date(2026, 12, 15), (17, "08:00", "12:00", 12)),
        ("examen-toeic", date(2026, 12, 26), (2, "09:00", "14:00", 1)),
        ("teleconsultation-pediatre", TUESDAY, (33, "08:00", "18:40", 2)),
        ("livraison-courses-bio", TUESDAY, (24, "08:00", "19:30", 2)),
        ("consultation-medicale-api", TUESDAY, (6, "09:00", "11:30", 1)),
        ("consultation-generaliste-cabinet", TUESDAY, (7, "08:30", "11:30", 2)),
        ("teleconsultation", TUESDAY, (6, "19:00", "20:40", 1)),
        ("table-2-personnes", TUESDAY, (8, "12:00", "21:00", 2)),
    ],
)
def test_every_service_of_the_catalogue_offers_what_its_hours_and_supply_allow(
    app: Flask, rules: Rules, slug: str, day: date, expected: tuple[int, str, str, int]
) -> None:
    found = find(in_coming_year(rules)[slug], day)
    assert (len(found), starts(found)[0], starts(found)[-1]) == expected[:3]
    assert {one.slot.left for one in found} == {expected[3]}


def test_as_the_file_stands_only_the_concert_of_2024_has_no_time(catalogue: dict[str, Service]) -> None:
    empty = {slug for slug, service in catalogue.items() if not find(service, NOW.date(), NOW.date() + 92 * ONE_DAY)}
    assert empty == {"concert-jazz-trio"}


def test_two_services_share_the_doctors(catalogue: dict[str, Service], book: Book) -> None:
    answers = {"symptoms": "cough", "urgency": "Faible"}
    book(catalogue["consultation-generaliste"], paris("2026-12-08 09:00"), custom_field_values=answers)
    found = find(catalogue["consultation-generaliste-cabinet"], TUESDAY)
    # both doctors at 8:30 and from 9:30 on, one while the other sees his patient
    assert [one.slot.left for one in found] == [2, 1, 2, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("slug", "query", "expected"),
    [
        ("chambre-double-standard", {"nights": 3}, {36000}),
        ("citadine-electrique", {"duration": 420}, {10500}),
        ("citadine-electrique", {"duration": 480}, {8000}),
        ("salle-reunion-premium", {"duration": 240}, {18000}),
        ("table-restaurant", {"participants": 5}, {0}),
        ("table-restaurant", {"participants": 6}, {51000}),
        ("teleconsultation-pediatre", {"participants": 3}, {3500}),
    ],
)
def test_a_slot_says_what_the_party_would_pay_for_the_length_asked_for(
    catalogue: dict[str, Service], slug: str, query: dict[str, int], expected: set[int]
) -> None:
    found = find(catalogue[slug], WEDNESDAY, **query)
    assert found
    assert {one.price_from for one in found} == expected


def test_prices_follow_the_day_the_hour_and_the_customer(catalogue: dict[str, Service], offer: Offer) -> None:
    tennis = catalogue["court-tennis-exterieur"]
    assert {one.price_from for one in find(tennis, TUESDAY)} == {3000}
    assert {one.price_from for one in find(tennis, SATURDAY)} == {4000}
    assert {one.price_from for one in find(tennis, SATURDAY, user={"membership": "premium"})} == {2000}
    late = {"name": "Late", "condition": "hour >= 11", "price": 1}
    by_hour = find(offer(pricingTiers=[late]), TUESDAY)
    assert [one.price_from for one in by_hour] == [5000] * 4 + [1] * 2


def test_an_early_bird_pays_less_from_a_date_on(catalogue: dict[str, Service]) -> None:
    course = catalogue["formation-react-avance"]
    prices = {starts([one], "%m-%d")[0]: one.price_from for one in find(course, date(2027, 1, 5), date(2027, 1, 9))}
    assert prices == {"01-05": 59900, "01-06": 59900, "01-07": 49900, "01-08": 49900}


# ---------------------------------------------------------------- the period asked for


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (TUESDAY, WEDNESDAY, ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]),
        (paris("2026-12-08 09:30"), paris("2026-12-08 10:30"), ["09:30", "10:00"]),
        (paris("2026-12-08 09:31"), paris("2026-12-08 10:31"), ["10:00", "10:30"]),
        (TUESDAY, paris("2026-12-08 10:00"), ["09:00", "09:30"]),
        (paris("2026-12-08 11:00"), WEDNESDAY, ["11:00", "11:30"]),
        (paris("2026-12-08 11:00") + timedelta(seconds=1), WEDNESDAY, ["11:30"]),
    ],
)
def test_the_period_is_of_local_dates_or_instants_and_its_end_is_outside(
    offer: Offer, start: Any, end: Any, expected: list[str]
) -> None:
    assert starts(find(offer(), start, end)) == expected


def test_dates_are_those_of_the_service(offer: Offer) -> None:
    service = offer(timeZone="Asia/Tokyo")
    found = find(service, TUESDAY)
    assert found[0].slot.starts_at == datetime(2026, 12, 8, 0, 0, tzinfo=UTC)
    assert len(found) == 6


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 12, 1), date(2027, 3, 3)),
        (date(2026, 1, 15), date(2026, 4, 17)),  # the clocks go forward
        (date(2026, 10, 1), date(2027, 1, 1)),  # and back: an hour more
        (paris("2026-12-01 12:00"), paris("2027-03-03 12:00")),
        (paris("2026-10-01 12:00"), paris("2027-01-01 12:00")),
    ],
)
def test_92_days_may_be_asked_for_and_not_a_minute_more(offer: Offer, start: Any, end: Any) -> None:
    service = offer()
    find(service, start, end)
    more = timedelta(minutes=1) if isinstance(end, datetime) else ONE_DAY
    with pytest.raises(Invalid) as refused:
        find(service, start, end + more)
    assert [(one.field, one.code) for one in refused.value.errors] == [("to", "window_too_long")]


@pytest.mark.parametrize("end", [TUESDAY, TUESDAY - ONE_DAY])
def test_a_period_ends_after_it_begins(offer: Offer, end: date) -> None:
    with pytest.raises(Invalid) as refused:
        find(offer(), TUESDAY, end)
    assert [(one.field, one.code) for one in refused.value.errors] == [("to", "end_before_start")]


@pytest.mark.parametrize("years", [-6, 6])
def test_a_period_outside_the_booking_window_is_empty(offer: Offer, years: int) -> None:
    assert find(offer(), TUESDAY.replace(year=2026 + years)) == []


# ---------------------------------------------------------------- the booking window


@pytest.mark.parametrize(
    ("now", "first"), [("07:00", "09:00"), ("07:59", "10:00"), ("08:00", "10:00"), ("08:01", "10:30")]
)
def test_the_first_start_is_exactly_at_the_lead_time(offer: Offer, now: str, first: str) -> None:
    service = offer(bookingWindow={"minAdvanceHours": 2})
    assert starts(find(service, date(2026, 12, 7), now=paris(f"2026-12-07 {now}")))[0] == first


def test_the_last_date_is_inclusive(offer: Offer) -> None:
    service = offer(bookingWindow={"maxAdvanceDays": 1})
    assert len(find(service, TUESDAY)) == 6
    assert find(service, WEDNESDAY) == []
    evening = paris("2026-12-07 23:59")
    assert find(service, WEDNESDAY, now=evening) == []
    assert len(find(service, WEDNESDAY, now=paris("2026-12-08 00:00"))) == 6


def test_of_a_stay_the_start_counts(offer: Offer) -> None:
    room = {"type": "room", "duration": 1440, "availableSlots": []}
    service = offer(**room, bookingWindow={"maxAdvanceDays": 1})
    found = find(service, date(2026, 12, 7), date(2026, 12, 20), nights=7)
    assert starts(found, "%d") == ["07", "08"]


def test_each_half_falls_back_to_the_rule_of_the_house(offer: Offer) -> None:
    service = offer(bookingWindow={"maxAdvanceDays": 1})
    strict = some_rules(min_advance_minutes=24 * 60, max_advance_days=0)
    assert starts(find(service, date(2026, 12, 7), date(2026, 12, 20), rules=strict)) == [
        "09:00", "09:30", "10:00", "10:30", "11:00", "11:30",
    ]  # fmt: skip


# ---------------------------------------------------------------- what is asked for


def test_nights_may_be_asked_as_duration(catalogue: dict[str, Service]) -> None:
    room = catalogue["chambre-double-standard"]
    assert find(room, WEDNESDAY, nights=2) == find(room, WEDNESDAY, duration=2880)
    assert len(find(room, WEDNESDAY)) == 1


@pytest.mark.parametrize(
    ("slug", "query", "fields"),
    [
        ("coaching-personnel", {"participants": 2}, ["participants"]),
        ("coaching-personnel", {"participants": 0}, ["participants"]),
        ("coaching-personnel", {"duration": 45}, ["duration"]),
        ("coaching-personnel", {"nights": 1}, ["nights", "nights"]),
        ("chambre-double-standard", {"nights": 31}, ["nights"]),
        ("chambre-double-standard", {"duration": 1500}, ["duration"]),
        ("citadine-electrique", {"duration": 45}, ["duration"]),
        ("citadine-electrique", {"participants": 5, "duration": 61}, ["participants", "duration"]),
    ],
)
def test_a_party_or_a_length_out_of_bounds_has_no_slots_and_is_named_to_who_asks_why(
    catalogue: dict[str, Service], slug: str, query: dict[str, int], fields: list[str]
) -> None:
    assert find(catalogue[slug], WEDNESDAY, **query) == []
    with pytest.raises(Invalid) as refused:
        ask_of(catalogue[slug], SlotQuery(WEDNESDAY, WEDNESDAY, **query))
    assert [one.field for one in refused.value.errors] == fields


def test_only_free_times_are_answered_unless_full_ones_are_wanted(offer: Offer, book: Book) -> None:
    service = offer()
    book(service, paris("2026-12-08 09:30"))
    assert "09:30" not in starts(find(service, TUESDAY))
    everything = find(service, TUESDAY, with_full=True)
    assert [(time, one.is_full) for time, one in zip(starts(everything), everything, strict=True)][:3] == [
        ("09:00", False),
        ("09:30", True),
        ("10:00", False),
    ]


def test_seats_decide_for_the_whole_party(offer: Offer, book: Book) -> None:
    service = offer(type="event", maxParticipants=5)
    book(service, paris("2026-12-08 09:30"), participants=3)
    assert "09:30" in starts(find(service, TUESDAY, participants=2))
    assert "09:30" not in starts(find(service, TUESDAY, participants=3))
    full = {time: one for one in find(service, TUESDAY, participants=3, with_full=True) for time in starts([one])}
    assert (full["09:30"].is_full, full["09:30"].slot.left, full["10:00"].is_full) == (True, 2, False)


def test_a_cancelled_booking_frees_its_time(offer: Offer, book: Book, rules: Rules, people: People) -> None:
    service = offer()
    booking = book(service, paris("2026-12-10 09:30"))
    assert "09:30" not in starts(find(service, date(2026, 12, 10)))
    cancel_booking(booking.id, None, people.alice, rules, NOW)
    assert "09:30" in starts(find(service, date(2026, 12, 10)))


def test_a_hold_that_lapsed_frees_its_time_at_once(offer: Offer, book: Book) -> None:
    service = offer(requiresApproval=True)
    deadline = book(service, paris("2026-12-10 09:30")).hold_expires_at
    assert deadline is not None
    day = date(2026, 12, 10)
    before, at = deadline - timedelta(seconds=1), deadline
    loose = {"rules": some_rules(min_advance_minutes=0)}
    assert "09:30" not in starts(find(service, day, now=before, **loose))
    assert "09:30" in starts(find(service, day, now=at, **loose))


def test_stored_closures_close(offer: Offer) -> None:
    service = offer()
    shut = Closure(TUESDAY, TUESDAY, id="1")
    db.session.add(ClosureRow(id="1", starts="2026-12-08", ends="2026-12-08", target=shut.target, reason=""))
    db.session.commit()
    assert find(service, TUESDAY) == []
    assert len(find(service, WEDNESDAY)) == 6


def test_an_offered_slot_can_be_booked_to_its_latest_end(offer: Offer, book: Book) -> None:
    service = offer(type="room", duration=60)
    first = find(service, TUESDAY)[0].slot
    assert first.max_end is not None
    booking = book(service, first.starts_at, end=instant_of(first.max_end))
    assert booking.end == paris("2026-12-08 12:00")
    assert find(service, TUESDAY) == []


# ---------------------------------------------------------------- the next free time


def test_the_next_slot_is_the_first_free_one(offer: Offer, book: Book, rules: Rules, people: People) -> None:
    service = offer()
    assert starts([next_slot(service.id, 24, None, people.alice, rules, NOW)]) == ["09:00"]
    book(service, paris("2026-12-07 09:00"))
    assert starts([next_slot(service.slug, 24, None, people.alice, rules, NOW)]) == ["09:30"]


def test_for_staff_the_lead_time_is_waived(offer: Offer, rules: Rules, people: People) -> None:
    service = offer(bookingWindow={"minAdvanceHours": 24})
    assert starts([next_slot(service.id, 48, 1, people.alice, rules, NOW)], "%d %H:%M") == ["08 09:00"]
    assert starts([next_slot(service.id, 48, 1, people.sam, rules, NOW)], "%d %H:%M") == ["07 09:00"]


@pytest.mark.parametrize("hours", [1, 2, 12])
def test_a_slot_exactly_at_the_end_of_the_hours_counts(offer: Offer, rules: Rules, people: People, hours: int) -> None:
    now = paris("2026-12-07 09:00") - timedelta(hours=hours)
    assert starts([next_slot(offer().id, hours, None, people.sam, rules, now)]) == ["09:00"]
    with pytest.raises(NoSlot):
        next_slot("consultation", hours, None, people.sam, rules, now - timedelta(minutes=1))


def test_without_a_free_time_there_is_none(offer: Offer, rules: Rules, people: People) -> None:
    service = offer()
    with pytest.raises(NoSlot, match="within the next 10 hours"):
        next_slot(service.id, 10, None, people.alice, rules, paris("2026-12-07 12:00"))


def test_a_switched_off_service_has_no_next_slot_for_a_customer(offer: Offer, rules: Rules, people: People) -> None:
    service = offer(isActive=False)
    with pytest.raises(NotFound):
        next_slot(service.id, 24, None, people.alice, rules, NOW)
    assert starts([next_slot(service.id, 24, None, people.sam, rules, NOW)]) == ["09:00"]


def test_the_next_slot_fits_the_party(offer: Offer, book: Book, rules: Rules, people: People) -> None:
    service = offer(type="event", maxParticipants=5)
    book(service, paris("2026-12-07 09:00"), participants=4)
    assert starts([next_slot(service.id, 24, 1, people.alice, rules, NOW)]) == ["09:00"]
    assert starts([next_slot(service.id, 24, 2, people.alice, rules, NOW)]) == ["09:30"]


# ---------------------------------------------------------------- the catalogue


def test_every_card_shows_the_next_three_free_times(app: Flask, rules: Rules) -> None:
    in_coming_year(rules)
    cards = catalogue_cards(rules, NOW)
    assert len(cards) == 20
    few = {card.service.slug: len(card.next_slots) for card in cards if len(card.next_slots) != 3}
    assert few == {"concert-jazz-trio": 1}
    for card in cards:
        found = find(card.service, NOW.date(), NOW.date() + 92 * ONE_DAY, rules=rules)
        assert list(card.next_slots) == found[:3]


def test_the_catalogue_is_searched_and_shows_active_services_only(offer: Offer, rules: Rules, people: People) -> None:
    offer(name="Yoga", category="sport")
    gone = offer(name="Judo", category="sport")
    update_service(gone.id, {"isActive": False}, people.ada, rules, NOW)
    offer(name="Massage", category="care")
    assert [card.service.name for card in catalogue_cards(rules, NOW)] == ["Massage", "Yoga"]
    assert [card.service.name for card in catalogue_cards(rules, NOW, category="sport")] == ["Yoga"]
    assert [card.service.name for card in catalogue_cards(rules, NOW, search="MASS")] == ["Massage"]
    assert catalogue_cards(rules, NOW, search="nothing") == []


def test_a_card_has_as_many_times_as_asked_for(offer: Offer, rules: Rules) -> None:
    offer()
    [card] = catalogue_cards(rules, NOW, most=8)
    assert starts(list(card.next_slots))[:7] == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "09:00"]
    [card] = catalogue_cards(rules, NOW, most=1)
    assert starts(list(card.next_slots)) == ["09:00"]


# ---------------------------------------------------------------- how many queries


def wide(offer: Offer) -> Service:
    """Store a service of which eight run side by side, at one of eight desks each."""
    desk = {"id": "desk", "name": "Desk", "type": "table", "quantity": 8}
    return offer(capacity=8, requiredResources=[desk], requiredStaff=[{"role": "host"}])


def fill(service: Service, book: Book, numbers: range) -> None:
    """Make eight bookings at each of a morning's six times, then the next morning's."""
    for number in numbers:
        day, slot = divmod(number // 8, 6)
        book(service, paris("2026-12-08 09:00") + timedelta(days=day, minutes=30 * slot))


def test_finding_slots_takes_as_many_queries_for_many_bookings_and_days_as_for_few(offer: Offer, book: Book) -> None:
    service, counts = wide(offer), []
    for numbers in (range(1), range(1, 200)):
        fill(service, book, numbers)
        for days in (2, 30, 92):
            with statements() as run:
                assert find(service, NOW.date(), NOW.date() + days * ONE_DAY)
            counts.append(len(run))
    assert len(set(counts)) == 1
    assert counts[0] <= 4


def test_loading_the_service_is_one_query_more(offer: Offer, rules: Rules) -> None:
    slug = wide(offer).slug
    with statements() as run:
        find(get_service(slug, rules), TUESDAY)
    assert len(run) <= 5


def test_the_catalogue_takes_four_queries_however_many_services_and_bookings(
    offer: Offer, book: Book, rules: Rules
) -> None:
    service = wide(offer)
    counts = []
    with statements() as run:
        catalogue_cards(rules, NOW)
    counts.append(len(run))
    fill(service, book, range(200))
    for number in range(15):
        offer(name=f"Another {number}", type=("event", "room", "rental")[number % 3])
    with statements() as run:
        assert len(catalogue_cards(rules, NOW)) == 16
    counts.append(len(run))
    assert counts[0] == counts[1] <= 4


def test_every_offered_time_of_an_event_can_be_booked_after_its_duration_changed(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer(type="event", duration=60, maxParticipants=9, availableSlots=[])
    book(service, paris("2026-12-08 09:00"))
    changed = update_service(service.id, {"duration": 90}, people.ada, rules, NOW)
    query = SlotQuery(date(2026, 12, 8), date(2026, 12, 9))
    for one in find_slots(changed, query, rules, NOW):
        book(changed, one.slot.starts_at, end=one.slot.ends_at, by=people.bob)
