"""A service's page: who, when, how long, and what it costs."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, update

from portal.domain.service import Service
from portal.domain.supply import capacity_place, resource_place, staff_place
from portal.domain.timerange import minute_of
from portal.store.accounts import UserRow
from portal.store.bookings import AllocationRow
from portal.store.catalogue import ResourceRow, StaffRow
from portal.store.db import db
from portal.usecases.bookings import create_booking
from portal.web.context import current_rules
from tests.build import EVERY_DAY, a_command, catalogue_json, paris
from tests.people import EVERYBODY
from tests.statements import statements
from tests.web.page import Browser, Page

TUESDAY_NINE = "2026-12-08T08:00Z"
MONDAY_TEN = [{"dayOfWeek": 1, "startTime": "10:00", "endTime": "11:00"}]
SLUGS = [one["slug"] for one in catalogue_json()]


def chosen(page: Page) -> list[str]:
    return [given.get("href", "") for _, given in page.tags if given.get("aria-current") == "true"]


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_of_the_twenty_services_has_a_page(nobody: Browser, language: str) -> None:
    for slug in SLUGS:
        page = nobody.get(f"/services/{slug}?lang={language}")
        assert page.status == 200, slug
        assert {"picker", "price_box"} <= page.ids


def test_the_first_day_with_a_free_time_is_shown(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(availableSlots=[{"dayOfWeek": 4, "startTime": "09:00", "endTime": "10:00"}])
    page = nobody.get("/services/consultation")
    assert "Thursday 10 December" in page.text
    assert [text for text, href in page.links if "start=" in href] == ["9:00 am", "9:30 am"]


def test_a_larger_party_is_shown_the_first_day_on_which_it_fits_in_unless_a_day_was_chosen(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    service = offer(type="event", duration=60, maxParticipants=4, availableSlots=MONDAY_TEN)
    order = a_command(service, paris("2026-12-07 10:00"), participants=2)
    create_booking(order, EVERYBODY.alice, current_rules(), datetime.now(UTC))
    page = nobody.get("/services/consultation")
    assert "Monday 7 December" in page.text
    assert "Monday 14 December" in nobody.get(page.link("3 people")).text
    monday = nobody.get("/services/consultation?date=2026-12-07")
    assert "Monday 7 December" in nobody.get(monday.link("3 people")).text


def test_a_chosen_time_shows_its_price_and_the_way_on(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer()
    page = nobody.get(f"/services/consultation?start={TUESDAY_NINE}")
    assert "Tuesday 8 December 9:00 am until 9:30 am" in page.text
    assert "Total €50.00" in page.text
    assert chosen(page) == [f"/services/consultation?start={TUESDAY_NINE}"]
    assert page.form_with("Continue").fields == [("start", TUESDAY_NINE), ("end", "2026-12-08T08:30Z")]
    assert page.form_with("Continue").buttons["Continue"]["formaction"] == "/book/consultation"


def test_without_a_time_there_is_no_way_on(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer()
    page = nobody.get("/services/consultation")
    assert "Choose a day and a time" in page.text
    assert [given for tag, given in page.tags if given.get("formaction", "").startswith("/book/")] == []
    assert [given for tag, given in page.tags if tag == "a" and given.get("href", "").startswith("/book/")] == []


@pytest.mark.parametrize("start", ["2026-12-08T08:10Z", "2026-12-08T20:00Z"])
def test_a_time_off_the_grid_is_not_offered_but_the_nearest_are(
    nobody: Browser, offer: Callable[..., Service], start: str
) -> None:
    offer()
    page = nobody.get(f"/services/consultation?start={start}")
    assert "This time is not free." in page.text
    assert "cannot be booked. The nearest free times:" in page.text
    assert [text for text, _ in page.links if text.endswith("am Tue 8 Dec")]
    assert not any("Continue" in form.buttons for form in page.forms)


def test_a_full_time_is_struck_and_cannot_be_chosen(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    address = f"/book/consultation?start={TUESDAY_NINE}&end=2026-12-08T08:30Z"
    alice.press(alice.press(alice.get(address), "Check my booking"), "Confirm the booking")
    page = alice.get("/services/consultation?date=2026-12-08")
    assert "time-button is-taken" in page.html
    assert f"start={TUESDAY_NINE}" not in page.html
    assert "5 free" in page.text
    stale = alice.get(f"/services/consultation?start={TUESDAY_NINE}")
    assert "Tuesday 8 December, 9:00 am is taken. The nearest free times:" in stale.text
    assert len([text for text, _ in stale.links if re.search(r"am (Mon 7|Tue 8) Dec$", text)]) == 5
    assert not any("Continue" in form.buttons for form in stale.forms)


def test_seats_left_are_counted(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(type="course", maxParticipants=8)
    page = nobody.get(f"/services/consultation?start={TUESDAY_NINE}&participants=2")
    assert "8 places left." in page.text
    assert "Total €100.00" in page.text


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("table-restaurant?participants=6&start=2026-12-08T18:00Z", "Total €510.00"),
        ("table-restaurant?participants=5&start=2026-12-08T18:00Z", "Total €0.00"),
        ("chambre-double-standard?date=2026-12-11&nights=3", "3 nights"),
        ("chambre-double-standard?date=2026-12-11&nights=3", "Total €360.00"),
        ("court-tennis-exterieur?start=2026-12-12T09:00Z", "Total €40.00"),
        (
            "citadine-electrique?start=2026-12-08T09:00Z&duration=420",
            "From 8 h on, “Tarif journée” costs €80 in all: you pay €105 for 7 h.",
        ),
        ("salle-reunion-premium?start=2026-12-08T09:00Z&duration=300", "Total €230.00"),
        ("livraison-courses-bio?start=2026-12-08T09:00Z&metadata.order_total=50", "Total €0.00"),
        ("livraison-courses-bio?start=2026-12-08T09:00Z&metadata.order_total=49,99", "Total €5.00"),
        ("livraison-courses-bio?start=2026-12-08T09:00Z", "Total €5.00"),
    ],
)
def test_the_price_box_shows_the_prices_of_the_catalogue(nobody: Browser, address: str, words: str) -> None:
    page = nobody.get(f"/services/{address}")
    assert words in page.text


@pytest.mark.usefixtures("catalogue")
def test_an_input_that_is_no_number_is_named_and_kept(nobody: Browser) -> None:
    page = nobody.get("/services/livraison-courses-bio?start=2026-12-08T09:00Z&metadata.order_total=much")
    assert "Give a number." in page.text
    assert 'value="much"' in page.html


def test_everything_chosen_stays_in_every_link(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(type="course", maxParticipants=8)
    page = nobody.get("/services/consultation?participants=3&date=2026-12-08")
    assert "participants=3" in page.link("9:30 am")
    assert "participants=3" in page.link("Later days")
    assert "date=2026-12-08" in page.link("4 people")


def test_a_named_member_is_asked_for_and_stays_chosen(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(requiredStaff=[{"role": "doctor", "count": 1, "specificStaffIds": ["dr-a", "dr-b"]}])
    page = nobody.get("/services/consultation?staffId=dr-b&date=2026-12-08")
    assert "Anyone as soon as possible" in page.text
    assert "staffId=dr-b" in page.link("9:00 am")
    priced = nobody.get(page.link("9:00 am"))
    assert "with dr-b" in priced.text
    assert ("staffId", "dr-b") in priced.form_with("Continue").fields


def test_a_party_out_of_bounds_is_named(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(maxParticipants=4)
    assert "Book for at most 4 people." in nobody.get("/services/consultation?participants=9").text


@pytest.mark.parametrize(
    "query",
    [
        "start=never",
        "start=2026-12-08",
        "date=0000-13-45",
        "date=2099-01-01",
        "date=2001-01-01",
        "participants=-1",
        "participants=1e400",
        "participants=99999999999999999999",
        "staffId=%00",
        "duration=abc",
        "nights=3",
        "start=9999-12-31T23:59Z",
        "date=2026-12-08&date=2026-12-09",
        "month=2026-13",
        "month=2099-12",
        "month=2000-01&date=2026-12-09",
    ],
)
def test_any_address_is_answered_with_the_page(nobody: Browser, offer: Callable[..., Service], query: str) -> None:
    offer()
    assert nobody.get(f"/services/consultation?{query}").status == 200


def test_weeks_lead_forward_to_the_end_of_the_booking_window_and_back(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer(bookingWindow={"minAdvanceHours": 1, "maxAdvanceDays": 10})
    first = nobody.get("/services/consultation")
    assert not any(text == "Earlier days" for text, _ in first.links)
    second = nobody.get(first.link("Later days"))
    assert "Monday 14 December" in second.text
    assert not any(text == "Later days" for text, _ in second.links)
    assert "Monday 7 December" in nobody.get(second.link("Earlier days")).text


@pytest.mark.parametrize(("target", "first"), [("picker", '<div id="picker"'), ("price_box", "<aside id=")])
def test_htmx_gets_the_block_that_it_names(
    nobody: Browser, offer: Callable[..., Service], target: str, first: str
) -> None:
    offer()
    address = f"/services/consultation?start={TUESDAY_NINE}"
    part = nobody.get(address, **{"HX-Request": "true", "HX-Target": target})
    assert part.html.lstrip().startswith(first)
    assert "Total €50.00" in part.text


def test_an_unknown_or_inactive_service_is_not_found(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(isActive=False)
    assert nobody.get("/services/consultation").status == 404
    assert nobody.get("/services/nothing").status == 404


STAFF = [{"role": "doctor", "count": 1, "specificStaffIds": ["dr-a", "dr-b", "dr-c"]}]
ROOMS = [{"id": f"room-{one}", "name": f"Room {one}", "type": "room"} for one in range(3)]


@pytest.mark.parametrize(
    ("changes", "query"),
    [
        ({"requiredStaff": STAFF}, ""),
        ({"requiredStaff": STAFF}, f"?start={TUESDAY_NINE}&staffId=dr-b"),
        ({"requiredStaff": STAFF}, "?date=2026-12-24&month=2027-01"),
        ({"type": "room", "requiredResources": ROOMS}, f"?start={TUESDAY_NINE}&duration=90"),
        ({"type": "room", "duration": 1440, "requiredResources": ROOMS}, "?date=2026-12-10&nights=3"),
        ({"type": "room", "duration": 1440, "requiredResources": ROOMS}, "?date=2026-12-10"),
    ],
)
def test_a_page_takes_five_queries_whatever_it_shows_and_however_much_is_booked(
    alice: Browser, offer: Callable[..., Service], changes: dict[str, object], query: str
) -> None:
    service = offer(**changes)
    counted = []
    for _ in range(2):
        with statements() as found:
            alice.get(f"/services/consultation{query}")
        counted.append(len(found))
        crowd(service)
    assert counted[0] == counted[1] <= 5


def crowd(service: Service) -> None:
    """Take places all through a month, as hundreds of bookings would."""
    places = [
        staff_place("dr-a"),
        capacity_place(service.id),
        *(resource_place(one.id) for one in service.required_resources),
    ]
    first = minute_of(datetime(2026, 12, 8, tzinfo=UTC))
    starts = [first + day * 1440 + hour * 60 for day in range(31) for hour in range(24)]
    rows = [
        {"place": place, "day": one // 1440, "starts": one, "ends": one + 30, "quantity": 1}
        for place in places
        for one in starts
    ]
    with db.engine.begin() as connection:
        connection.execute(insert(AllocationRow), rows)


def test_a_policy_is_told_in_words_with_its_date(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(cancellationPolicy={"cutoffHours": 12, "refundPolicy": "partial", "refundPercentage": 80})
    text = nobody.get(f"/services/consultation?start={TUESDAY_NINE}").text
    assert "At no cost until Mon 7 Dec, 9:00 pm" in text


def test_a_service_is_shown_in_the_readers_language(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(translations={"fr": {"name": "Visite"}})
    assert "Visite" in nobody.get("/services/consultation?lang=fr").text
    assert "Consultation" in nobody.get("/services/consultation?lang=en").text


@pytest.mark.parametrize(("hours", "longest"), [(EVERY_DAY, "180"), ([], "43200")])
def test_no_length_is_offered_that_the_opening_hours_cannot_hold(
    nobody: Browser, offer: Callable[..., Service], hours: list[dict[str, object]], longest: str
) -> None:
    offer(type="room", duration=60, availableSlots=hours)
    page = nobody.get("/services/consultation")
    offered = [given["value"] for tag, given in page.tags if tag == "option"]
    shown = [re.search(r"duration=(\d+)", href) for _, href in page.links]
    assert (offered or [found[1] for found in shown if found])[-1] == longest


# ---------------------------------------------------------------- days, members, parties, zones


def cell(page: Page, day: str) -> dict[str, str]:
    """Return the attributes of a free day of the month."""
    return next(given for tag, given in page.tags if tag == "a" and given.get("aria-label") == f"{day}, free")


def test_a_month_is_a_table_of_free_full_and_closed_days(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(
        availableSlots=[{"dayOfWeek": 2, "startTime": "09:00", "endTime": "10:00"}],
        specialAvailability=[{"date": "2026-12-10", "slots": [{"startTime": "09:00", "endTime": "10:00"}]}],
    )
    page = nobody.get("/services/consultation?date=2026-12-10")
    free = [
        given["aria-label"] for tag, given in page.tags if tag == "a" and given.get("class") == "month-cell is-free"
    ]
    assert free == [
        "Tuesday 8 December, free",
        "Thursday 10 December, free",
        "Tuesday 15 December, free",
        "Tuesday 22 December, free",
        "Tuesday 29 December, free",
    ]
    assert cell(page, "Thursday 10 December")["aria-current"] == "date"
    assert "Can be booked until Wednesday 6 January" in page.text


def test_another_month_is_looked_at_without_losing_the_time_that_is_chosen(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    page = nobody.get(f"/services/consultation?start={TUESDAY_NINE}")
    there = next(given["href"] for _, given in page.tags if given.get("id") == "month-later")
    january = nobody.get(there)
    assert "January 2027" in january.text
    assert "Total €50.00" in january.text
    assert not any(given.get("id") == "month-later" for _, given in january.tags)
    assert nobody.get(cell(january, "Tuesday 5 January 2027")["href"]).text.count("Tuesday 5 January 2027") >= 1


def test_a_half_day_without_times_leads_to_the_first_that_has_some(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    morning, afternoon = ("09:00", "11:00"), ("14:00", "15:00")
    offer(
        availableSlots=[
            {"dayOfWeek": day, "startTime": hours[0], "endTime": hours[1]}
            for day, hours in ((2, morning), (4, morning), (4, afternoon))
        ]
    )
    page = nobody.get("/services/consultation?date=2026-12-08")
    assert "Morning, 4 free" in page.text
    assert "Nothing in the afternoon." in page.text
    assert "evening" not in page.text
    assert "2:00 pm" in nobody.get(page.link("First free afternoon, Thursday 10")).text


def test_each_member_says_on_which_day_he_is_free(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(requiredStaff=STAFF)
    with db.engine.begin() as connection:
        connection.execute(update(StaffRow).where(StaffRow.id == "dr-b").values(name="Dr Anne Bert"))
        connection.execute(update(StaffRow).where(StaffRow.id == "dr-c").values(working_hours=[[4, 540, 600]]))
    page = nobody.get("/services/consultation")
    assert "DA dr-a free today" in page.text
    assert "DB Dr Anne Bert free today" in page.text
    assert "DC dr-c free Thu 10" in page.text


def test_a_member_whom_nobody_knows_counts_as_not_chosen(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(requiredStaff=STAFF)
    assert "9:00 am" in nobody.get("/services/consultation?staffId=dr-nobody&date=2026-12-08").text


def test_a_party_too_large_for_every_table_is_told_what_is_possible(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="table", maxParticipants=8, requiredResources=[{"id": "small", "name": "Small", "type": "table"}])
    with db.engine.begin() as connection:
        connection.execute(update(ResourceRow).where(ResourceRow.id == "small").values(seats=4))
    page = nobody.get("/services/consultation?participants=6")
    assert "There is no place large enough for 6 people. We can take up to 4 people together." in page.text
    assert "day-strip" not in page.html
    assert "day-strip" in nobody.get("/services/consultation?participants=4").html


def test_an_event_that_may_not_take_place_says_how_many_are_missing(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="course", minParticipants=5, maxParticipants=8)
    words = "Not sure to take place yet: 2 more sign-ups are needed besides yours."
    assert words in nobody.get(f"/services/consultation?start={TUESDAY_NINE}&participants=3").text
    assert "Not sure" not in nobody.get(f"/services/consultation?start={TUESDAY_NINE}&participants=5").text


def test_what_is_left_of_several_courts_stands_on_the_times(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(type="rental", duration=60, requiredResources=ROOMS)
    page = nobody.get(f"/services/consultation?start={TUESDAY_NINE}")
    assert "9:00 am 3 free" in page.text
    assert "3 of 3 are left at this time." in page.text
    assert "From 9:00 am it is free until 12:00 pm." in page.text


def test_a_length_that_does_not_fit_at_the_chosen_time_leads_to_another_time(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="rental", duration=60)
    page = nobody.get("/services/consultation?start=2026-12-08T10:00Z")
    longer = page.link("2 h at another time")
    assert "start=" not in longer
    assert "date=2026-12-08" in longer
    assert [text for text, href in nobody.get(longer).links if "start=" in href] == ["9:00 am", "10:00 am"]


def test_a_package_is_not_named_where_the_place_is_not_free_for_so_long(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    tier = {"name": "Half day", "condition": "duration >= 180", "price": 6000}
    offer(type="rental", duration=60, pricingTiers=[tier])
    two_hours = "/services/consultation?duration=120&start="
    assert "“Half day” costs €60 in all" in nobody.get(f"{two_hours}2026-12-08T08:00Z").text
    assert "costs" not in nobody.get(f"{two_hours}2026-12-08T09:00Z").text


def test_the_clock_of_the_viewer_is_told_where_it_shows_another_time(
    nobody: Browser, alice: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    address = f"/services/consultation?start={TUESDAY_NINE}"
    assert "Paris time" in nobody.get(address).text
    assert 'data-viewer-zone="Europe/Paris"' in nobody.get(address).html
    with db.engine.begin() as connection:
        connection.execute(update(UserRow).where(UserRow.id == "alice").values(time_zone="America/New_York"))
    page = alice.get(address)
    assert "9:00 am in Paris is 3:00 am where you are (New York)" in page.text
    assert "data-viewer-zone" not in page.html


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (
            {"type": "physical", "address": "1 rue d'Ulm"},
            "https://www.openstreetmap.org/search?query=1%20rue%20d%27Ulm",
        ),
        (
            {"type": "physical", "address": "Paris", "coordinates": {"lat": 48.5, "lng": 2.25}},
            "https://www.openstreetmap.org/?mlat=48.5&mlon=2.25#map=17/48.5/2.25",
        ),
    ],
)
def test_the_map_is_one_click_away_and_asked_for_nothing_before(
    nobody: Browser, offer: Callable[..., Service], location: dict[str, object], target: str
) -> None:
    offer(location=location)
    given = next(given for _, given in nobody.get("/services/consultation").tags if given.get("class") == "map-link")
    assert given["href"] == target
    assert "noopener" in given["rel"]


def test_a_day_with_very_many_times_shows_the_full_hours_first(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(type="rental", duration=60, availableSlots=[], requiredResources=ROOMS)
    page = nobody.get("/services/consultation?start=2026-12-08T08:15Z")
    head = page.text.split("Times in between")
    assert "Morning, 24 free" in page.text
    assert "9:15 am" in head[1]  # chosen, so shown with the hours of the morning, which follow those of the night
    assert "9:30 am" not in head[1]
