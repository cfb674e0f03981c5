"""What becomes of bookings that a change hits: the question, its answers, and what could not be cancelled."""

from collections.abc import Callable
from typing import Any

from portal.domain.booking import Booking
from portal.domain.lifecycle import BookingStatus
from portal.domain.service import Service
from portal.store.db import db
from portal.usecases.bookings import get_booking
from tests.build import NOW
from tests.people import EVERYBODY
from tests.web.page import Browser, Page
from tests.web.staff.conftest import NINE

Offer, Book = Callable[..., Service], Callable[..., Booking]


def status(booking: Booking) -> BookingStatus:
    db.session.rollback()
    return get_booking(booking.id, EVERYBODY.sam, NOW).status


def cancel_several(browser: Browser, *ids: str, **more: Any) -> Page:
    token = next(value for name, value in browser.get("/staff").forms[-1].fields if name == "csrf_token")
    data = [("csrf_token", token), ("hits.agreed", "\n".join(ids)), *more.items()]
    return browser.open("/staff/bookings/cancel-several", "POST", data)


def test_what_was_left_over_is_cancelled_and_one_goes_on(sam: Browser, offer: Offer, book: Book) -> None:
    booking = book(offer())
    page = cancel_several(sam, booking.id, next="/staff/services")
    assert (page.status, page.response.headers["Location"]) == (303, "/staff/services")
    assert status(booking) is BookingStatus.CANCELLED


def test_nobody_is_led_to_another_house(sam: Browser, offer: Offer, book: Book) -> None:
    page = cancel_several(sam, book(offer()).id, next="//evil.example")
    assert page.response.headers["Location"] == "/staff/bookings"


def test_what_can_not_be_cancelled_is_shown_with_the_reason(sam: Browser, offer: Offer, book: Book, clock: Any) -> None:
    booking = book(offer())
    clock.move_to("2026-12-08T10:00:00+00:00")  # it is over
    token = sam.get(f"/staff/bookings/{booking.id}")
    sam.press(token, "It took place")
    page = cancel_several(sam, booking.id, next="/staff/services")
    assert page.status == 409
    assert "1 booking is not cancelled yet" in page.text
    assert "This booking can no longer be changed in this way: it is completed." in page.text
    assert page.link("Leave them as they are") == "/staff/services"
    assert status(booking) is BookingStatus.COMPLETED


def test_many_are_cancelled_a_few_at_a_time(sam: Browser, offer: Offer, book: Book) -> None:
    service = offer(capacity=30)
    made = [book(service, NINE) for _ in range(26)]
    page = cancel_several(sam, *(one.id for one in made))
    assert "1 booking is not cancelled yet" in page.text
    assert sam.press(page, "Cancel these now").address == "/staff/bookings"
    assert {status(one) for one in made} == {BookingStatus.CANCELLED}
