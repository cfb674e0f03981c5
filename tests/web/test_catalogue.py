"""The catalogue: what there is, and when it is next free."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from portal.domain.service import Service
from portal.usecases.bookings import create_booking
from portal.web.context import current_rules
from tests.build import a_command, paris
from tests.people import EVERYBODY
from tests.statements import statements
from tests.web.page import Browser, Page


def at(weekday: int, start: str, end: str) -> list[dict[str, object]]:
    """Hours on one day of the week."""
    return [{"dayOfWeek": weekday, "startTime": start, "endTime": end}]


def cards(html: str) -> int:
    return html.count('<article class="service-card')


def times(page: Page) -> list[str]:
    """The times on the cards, as they are seen."""
    return [text.partition(" ,")[0].partition(",")[0] for text, href in page.links if "start=" in href]


@pytest.mark.usefixtures("catalogue")
def test_every_service_has_a_card_with_its_next_free_times(nobody: Browser) -> None:
    page = nobody.get("/")
    assert page.status == 200
    assert cards(page.html) == 9
    everything = nobody.get(page.link("Show 11 more services"))
    assert cards(everything.html) == 20
    assert "Court de Tennis Extérieur" in everything.text


def test_a_free_time_leads_straight_to_booking_it_where_nothing_is_left_to_choose(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    page = alice.get("/")
    assert page.link("9:30 am") == "/book/consultation?start=2026-12-07T08:30Z&end=2026-12-07T09:00Z"
    assert "€50.00" in alice.get(page.link("9:30 am")).text


def test_a_free_time_leads_to_the_service_with_that_time_chosen_where_more_is_to_choose(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="table", maxParticipants=4, priceUnit="booking")
    page = nobody.get("/")
    assert page.link("9:30 am") == "/services/consultation?start=2026-12-07T08:30Z"
    chosen = nobody.get(page.link("9:30 am"))
    assert "Total €50.00" in chosen.text
    assert "Continue" in chosen.form_with("Continue").buttons
    assert nobody.get("/?for=2").link("9:30 am").endswith("&participants=2")


def test_who_says_for_how_many_and_from_when_sees_only_what_fits(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    offer(name="Table", type="table", maxParticipants=4, category="restaurant")
    page = nobody.get("/?from=2026-12-09&for=3")
    assert cards(page.html) == 1
    assert page.link("9:00 am") == "/book/table?start=2026-12-09T08:00Z&end=2026-12-09T08:30Z&participants=3"
    assert page.link("Other times") == "/services/table?date=2026-12-09&participants=3"
    assert page.link("Restaurant") == "/?category=restaurant&from=2026-12-09&for=3"


@pytest.mark.parametrize(
    "query", ["from=2020-01-01&for=1", "from=tomorrow&for=many", "from=2026-12-07&for=99", "for=-2"]
)
def test_what_cannot_be_read_or_holds_anyway_is_passed_over(
    nobody: Browser, offer: Callable[..., Service], query: str
) -> None:
    offer()
    page = nobody.get(f"/?{query}")
    assert cards(page.html) == 1
    assert page.link("All") == "/"


def test_the_address_bar_shows_only_what_was_looked_for(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer()
    part = nobody.get("/?q=consult&from=2026-12-07&for=&category=", **{"HX-Request": "true", "HX-Target": "results"})
    assert part.response.headers["HX-Push-Url"] == "/?q=consult"


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({}, "Free this morning Mon 7 Dec"),
        ({"availableSlots": at(1, "12:00", "13:00")}, "Free at noon"),
        ({"availableSlots": at(1, "14:00", "15:00")}, "Free this afternoon"),
        ({"availableSlots": at(1, "19:00", "20:00")}, "Free this evening"),
        ({"availableSlots": at(2, "09:00", "11:00")}, "Free tomorrow Tue 8 Dec"),
        ({"availableSlots": at(4, "09:00", "11:00")}, "Free on Thursday Thu 10 Dec"),
        ({"bookingWindow": {"minAdvanceHours": 240, "maxAdvanceDays": 20}}, "Free on 17 Dec Thu 17 Dec"),
        ({"type": "event", "maxParticipants": 4}, "Today at 9:00 am"),
        ({"type": "event", "availableSlots": at(4, "19:00", "20:00")}, "On Thursday at 7:00 pm"),
        ({"type": "room", "duration": 1440, "availableSlots": []}, "Free tonight night of 7 Dec to 8 Dec"),
    ],
)
def test_a_card_says_when_as_people_do(
    nobody: Browser, offer: Callable[..., Service], changes: dict[str, object], headline: str
) -> None:
    offer(**changes)
    assert headline in nobody.get("/").text


def test_an_event_counts_its_seats(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(type="event", maxParticipants=4, availableSlots=at(1, "09:00", "09:30"))
    assert [text for text, href in nobody.get("/").links if "start=" in href][:2] == [
        "Mon 7, Monday 7 December at 9:00 am 4 places",
        "Mon 14, Monday 14 December at 9:00 am 4 places",
    ]


def test_nights_have_one_button(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(type="room", duration=1440, availableSlots=[])
    page = nobody.get("/")
    assert len(times(page)) == 1
    assert page.link("Choose my dates").startswith("/services/consultation?start=2026-12-07T14:00Z")


def test_a_service_that_is_full_for_days_says_until_when(nobody: Browser, offer: Callable[..., Service]) -> None:
    service = offer(availableSlots=at(1, "10:00", "10:30"))
    create_booking(a_command(service, paris("2026-12-07 10:00")), EVERYBODY.alice, current_rules(), datetime.now(UTC))
    assert "Full until 13 Dec Mon 14 Dec" in nobody.get("/").text


def test_a_service_without_any_free_time_leads_to_its_calendar(nobody: Browser, offer: Callable[..., Service]) -> None:
    service = offer(availableSlots=at(1, "10:00", "10:30"), bookingWindow={"minAdvanceHours": 0, "maxAdvanceDays": 3})
    create_booking(a_command(service, paris("2026-12-07 10:00")), EVERYBODY.alice, current_rules(), datetime.now(UTC))
    page = nobody.get("/")
    assert "Full for now" in page.text
    assert page.link("Look at the calendar") == "/services/consultation"
    assert "Nothing free from 9 Dec" in nobody.get("/?from=2026-12-09").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pricingTiers": [{"name": "Monday", "condition": "dayOfWeek === 1", "price": 9000}]}, "from €50"),
        ({"pricingTiers": [{"name": "Early", "condition": "advance_days > 30", "price": 4000}]}, "from €40"),
        ({"pricingTiers": [{"name": "Member", "condition": "user.vip === true", "price": 2000}]}, "from €50"),
        (
            {"type": "rental", "pricingTiers": [{"name": "Two", "condition": "duration >= 60", "price": 100}]},
            "from €50",
        ),
    ],
)
def test_a_card_says_the_least_that_anybody_pays_on_any_day(
    nobody: Browser, offer: Callable[..., Service], changes: dict[str, object], words: str
) -> None:
    offer(**changes)
    assert words in nobody.get("/").text


def test_a_card_shows_at_most_three_times_and_only_free_ones(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer()
    page = nobody.get("/")
    assert times(page) == ["9:00 am", "9:30 am", "10:00 am"]


def test_the_search_finds_words_of_the_name_or_says_that_nothing_matches(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    assert cards(nobody.get("/?q=consult").html) == 1
    nothing = nobody.get("/?q=zebra")
    assert cards(nothing.html) == 0
    assert "Nothing for “zebra”" in nothing.text
    assert nothing.link("Show everything") == "/"


def test_a_category_narrows_the_list_and_keeps_the_search(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(category="medical")
    offer(name="Consultation of maps", category="sport")
    page = nobody.get("/?q=consult")
    assert page.link("Health") == "/?q=consult&category=medical"
    assert cards(nobody.get(page.link("Health")).html) == 1


def test_htmx_gets_the_results_alone(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer()
    part = nobody.get("/?q=consult", **{"HX-Request": "true", "HX-Target": "results"})
    assert part.html.lstrip().startswith('<div id="results"')
    assert "HX-Request" in part.response.vary


def test_a_service_without_a_free_time_says_so(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(bookingWindow={"minAdvanceHours": 8000, "maxAdvanceDays": 1})
    assert "No times for now" in nobody.get("/").text


@pytest.mark.usefixtures("catalogue")
def test_the_catalogue_takes_four_queries_however_many_services(nobody: Browser) -> None:
    with statements() as found:
        nobody.get("/")
    assert len(found) <= 4


@pytest.mark.parametrize("search", ["%00", "%ED%A0%80", "a" * 5000, "%25_%2F", "<script>"])
def test_any_search_is_answered(nobody: Browser, offer: Callable[..., Service], search: str) -> None:
    offer()
    page = nobody.get(f"/?q={search}")
    assert page.status == 200
    assert ("script", {}) not in page.tags


def test_inactive_services_are_not_shown(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(isActive=False)
    assert cards(nobody.get("/").html) == 0


def test_a_price_with_tiers_begins_with_from(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer(pricingTiers=[{"name": "Evening", "condition": "hour >= 18", "price": 7000}])
    assert "from €50" in nobody.get("/").text


def test_a_plain_price_stands_alone(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer()
    assert "from €50" not in nobody.get("/").text
    assert "€50" in nobody.get("/").text
