"""Nights: arrival and departure chosen in one calendar, by links alone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from portal.domain.service import Service
from portal.usecases.bookings import create_booking
from portal.usecases.closures import create_closure
from portal.web.context import current_rules
from tests.build import a_command
from tests.people import EVERYBODY
from tests.web.page import Browser, Page

ROOMS = [{"id": f"room-{one}", "name": f"Room {one}", "type": "room"} for one in range(2)]
FRIDAY = date(2026, 12, 11)


@pytest.fixture
def hotel(offer: Callable[..., Service]) -> Service:
    """Two rooms, open every night, ninety days ahead."""
    window = {"minAdvanceHours": 24, "maxAdvanceDays": 90}
    return offer(
        type="room",
        duration=1440,
        price=12000,
        maxParticipants=2,
        availableSlots=[],
        requiredResources=ROOMS,
        bookingWindow=window,
    )


def stay(service: Service, arrival: date, nights: int, rooms: int = 1) -> None:
    for _ in range(rooms):
        command = a_command(service, arrival, end=arrival + timedelta(days=nights))
        create_booking(command, EVERYBODY.alice, current_rules(), datetime.now(UTC))


def click(page: Page, label: str) -> str:
    """Return where a day of the calendar leads, by its beginning as a screen reader says it."""
    return next(
        given["href"] for tag, given in page.tags if tag == "a" and given.get("aria-label", "").startswith(label)
    )


def can_go_on(page: Page) -> bool:
    return 'formaction="/book/' in page.html


def labels(page: Page) -> list[str]:
    return [given["aria-label"] for tag, given in page.tags if tag == "a" and "aria-label" in given]


@pytest.mark.usefixtures("hotel")
def test_two_clicks_choose_arrival_and_departure(nobody: Browser) -> None:
    page = nobody.get("/services/consultation")
    assert "Choose the day you arrive" in page.text
    assert "December 2026" in page.text
    assert "January 2027" in page.text
    arrived = nobody.get(click(page, "Arrive on Friday 11 December, €120"))
    assert "Choose the day you leave" in arrived.text
    assert not can_go_on(arrived)
    page = nobody.get(click(arrived, "Leave on Monday 14 December"))
    assert "Fri 11 Dec Departure, until 11:00 am Mon 14 Dec 3 nights" in page.text
    assert "3 × €120.00" in page.text
    assert "Total €360.00" in page.text
    assert "2 rooms of 2 are left for these nights." in page.text
    assert ("end", "2026-12-14T10:00Z") in page.form_with("Continue").fields
    classes = [given.get("class") for tag, given in page.tags if tag == "td"]
    assert [one for one in classes if one] == ["is-arrival", "is-between", "is-between", "is-departure"]


@pytest.mark.usefixtures("hotel")
def test_a_third_click_begins_anew_and_clear_forgets_all(nobody: Browser) -> None:
    page = nobody.get("/services/consultation?date=2026-12-11&nights=3")
    again = nobody.get(click(page, "Arrive on Wednesday 16 December"))
    assert "Wed 16 Dec Departure, until 11:00 am Then choose a day" in again.text
    cleared = nobody.get(again.link("Clear"))
    assert "Choose the day you arrive" in cleared.text


@pytest.mark.usefixtures("hotel")
def test_an_earlier_day_than_the_arrival_becomes_the_arrival(nobody: Browser) -> None:
    page = nobody.get("/services/consultation?date=2026-12-11")
    assert "Arrive on Wednesday 9 December, €120" in labels(page)
    assert "Leave on Saturday 12 December" in labels(page)


@pytest.mark.usefixtures("hotel")
def test_a_start_alone_is_a_stay_of_one_night(nobody: Browser) -> None:
    page = nobody.get("/services/consultation?start=2026-12-11T14:00Z")
    assert "Total €120.00" in page.text


def test_a_full_night_is_no_arrival_but_a_departure(nobody: Browser, hotel: Service) -> None:
    stay(hotel, FRIDAY, 1, rooms=2)
    page = nobody.get("/services/consultation?date=2026-12-09")
    assert "Leave on Friday 11 December" in labels(page)
    free = nobody.get("/services/consultation?month=2026-12")
    assert not any("11 December" in one for one in labels(free))
    assert "11 , full" in free.text


def test_a_stay_across_a_full_night_is_refused_by_its_name_and_offered_shorter(nobody: Browser, hotel: Service) -> None:
    stay(hotel, FRIDAY, 1, rooms=2)
    page = nobody.get("/services/consultation?date=2026-12-09")
    refused = nobody.get(click(page, "Leave on Monday 14 December"))
    assert "No room is free in the night of Friday 11 December. What is possible:" in refused.text
    assert not can_go_on(refused)
    assert "Total €240.00" in nobody.get(refused.link("Wed 9 Dec 2 nights")).text


def test_a_stay_across_a_closure_is_refused_by_its_night(nobody: Browser, hotel: Service) -> None:
    given = {"from": "2026-12-12", "to": "2026-12-12"}
    create_closure(given, EVERYBODY.ada, current_rules(), datetime.now(UTC))
    text = nobody.get("/services/consultation?date=2026-12-11&nights=4").text
    assert "The house is closed in the night of Friday 11 December. And in 1 other night." in text


def test_a_whole_month_can_be_stayed_and_no_night_more(nobody: Browser, hotel: Service) -> None:
    assert "Total €3,600.00" in nobody.get(f"/services/{hotel.slug}?date=2026-12-11&nights=30").text
    too_long = nobody.get(f"/services/{hotel.slug}?date=2026-12-11&nights=31")
    assert "Stay from 1 to 30 nights, by check-in and check-out date." in too_long.text


def test_prices_of_nights_follow_their_tiers(nobody: Browser, offer: Callable[..., Service]) -> None:
    weekend = {"name": "Weekend", "condition": "dayOfWeek >= 5", "price": 15000}
    offer(type="room", duration=1440, price=12000, availableSlots=[], pricingTiers=[weekend])
    shown = labels(nobody.get("/services/consultation"))
    assert "Arrive on Thursday 10 December, €120" in shown
    assert "Arrive on Friday 11 December, €150" in shown


@pytest.mark.usefixtures("hotel")
def test_months_lead_on_as_far_as_can_be_booked(nobody: Browser) -> None:
    page = nobody.get("/services/consultation?date=2026-12-11&nights=2")
    later = next(given["href"] for _, given in page.tags if given.get("id") == "month-later")
    january = nobody.get(later)
    assert "Total €240.00" in january.text
    assert "February 2027" in january.text
    assert "month=2026-12" in next(given["href"] for _, given in january.tags if given.get("id") == "month-earlier")


@pytest.mark.usefixtures("hotel")
@pytest.mark.parametrize(
    "query", ["date=2001-01-01&nights=2", "date=2099-01-01", "nights=999999", "nights=2", "month=x"]
)
def test_any_stay_that_cannot_be_is_answered_with_the_page(nobody: Browser, query: str) -> None:
    page = nobody.get(f"/services/consultation?{query}")
    assert page.status == 200
    assert not can_go_on(page)
