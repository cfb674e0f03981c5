"""The day at a glance, and what waits for the team."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from portal.domain.booking import Booking
from portal.domain.service import Service
from portal.usecases.cancellations import cancel_booking
from portal.web.context import current_rules
from tests.build import NOW
from tests.people import EVERYBODY
from tests.statements import statements
from tests.web.page import Browser
from tests.web.staff.conftest import NINE

AT_NINE = "2026-12-08T08:12:00+00:00"


def test_an_empty_day_says_so(sam: Browser) -> None:
    page = sam.get("/staff")
    assert "Nobody is expected today." in page.text
    assert "Nothing waits for the team." in page.text


def test_who_comes_stands_in_order_and_what_was_cancelled_does_not(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking], clock: time_machine.Traveller
) -> None:
    service = offer()
    book(service, NINE + timedelta(minutes=30), by=EVERYBODY.bob)
    book(service)
    gone = book(service, NINE + timedelta(hours=1), by=EVERYBODY.sam)
    cancel_booking(gone.id, None, EVERYBODY.sam, current_rules(), NOW)
    clock.move_to(AT_NINE)
    page = sam.get("/staff")
    assert page.text.index("09:00 Alice Martin") < page.text.index("09:30 Bob Durand")
    assert "10:00" not in page.text
    assert "12 min late" in page.text


def test_a_customer_is_checked_in_and_out_from_the_board(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking], clock: time_machine.Traveller
) -> None:
    book(offer())
    clock.move_to(AT_NINE)
    page = sam.press(sam.get("/staff"), "Arrived: Alice Martin")
    assert (page.address, "Arrived 09:12" in page.text) == ("/staff", True)
    clock.move_to("2026-12-08T08:30:00+00:00")
    page = sam.press(page, "Left: Alice Martin")
    assert (page.address, "Left 09:30" in page.text) == ("/staff", True)


def test_other_days_can_be_looked_at_and_what_is_no_day_is_today(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    book(offer())
    assert "Alice Martin" in sam.get("/staff?day=2026-12-08").text
    assert "Monday 7 December" in sam.get("/staff?day=2026-02-30").text
    assert "Alice Martin" not in sam.get("/staff?day=someday").text


def test_requests_and_what_lacks_somebody_and_thin_dates_wait_for_the_team(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    book(offer(name="Salle", requiresApproval=True), NINE + timedelta(days=3))
    book(offer(name="Examen", requiredStaff=[{"role": "supervisor", "count": 1}]), by=EVERYBODY.bob)
    book(offer(name="Poterie", type="course", minParticipants=3, maxParticipants=8), participants=2)
    page = sam.get("/staff")
    assert "1 request to answer" in page.text
    assert "1 booking lacks somebody" in page.text
    assert "Poterie: 2 of 3" in page.text
    assert "Alice Martin" in sam.get(page.link("Tuesday 8 December")).text


@pytest.mark.parametrize("count", [1, 4])
def test_the_board_takes_as_many_queries_for_many_as_for_few(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking], count: int
) -> None:
    service = offer()
    for index in range(count):
        book(service, NINE + timedelta(minutes=30 * index))
    with statements() as run:
        sam.get("/staff?day=2026-12-08")
    assert len(run) <= 12, run
