"""What there is to book with: written, searched, made fewer, removed, with live bookings in between."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.domain.booking import Booking
from portal.domain.errors import NotFound
from portal.domain.lifecycle import BookingStatus
from portal.domain.service import Service
from portal.domain.supply import Resource
from portal.store.db import db
from portal.usecases.bookings import get_booking
from portal.usecases.catalogue import update_service
from portal.usecases.resources import create_resource, get_resource, list_resources, update_resource
from portal.web.context import current_rules
from tests.build import NOW
from tests.invariants import check_invariants
from tests.people import EVERYBODY
from tests.web.page import Browser, Page

Offer, Book = Callable[..., Service], Callable[..., Booking]
NEED = {"id": "beamer", "name": "Beamer", "type": "equipment"}


@pytest.fixture
def service(offer: Offer) -> Service:
    """A consultation that takes one of three beamers."""
    create_resource(NEED | {"quantity": 3}, EVERYBODY.ada)
    return offer(requiredResources=[NEED])


def beamer() -> Resource:
    db.session.rollback()
    return get_resource("beamer", EVERYBODY.sam)


def status(booking: Booking) -> BookingStatus:
    db.session.rollback()
    return get_booking(booking.id, EVERYBODY.sam, NOW).status


def save(browser: Browser, **typed: Any) -> Page:
    return browser.press(browser.get("/staff/resources/beamer"), "Save", **typed)


# ---------------------------------------------------------------- the list


def test_the_list_says_what_uses_each_resource_and_when(sam: Browser, service: Service, book: Book) -> None:
    create_resource({"name": "Room 4", "type": "room", "seats": 12}, EVERYBODY.ada)
    book(service)
    page = sam.get("/staff/resources")
    assert "2 resources" in page.text
    assert "Room, up to 12 people" in page.text
    assert "3, all free now next: Tue 8 Dec, 09:00" in page.text
    assert "no service names it" in page.text
    assert page.link("Consultation") == f"/staff/services/{service.id}"


def test_what_is_in_use_now_is_counted(sam: Browser, service: Service, book: Book, clock: Any) -> None:
    book(service)
    clock.move_to("2026-12-08T08:10:00+00:00")
    assert "1 of 3 in use now" in sam.get("/staff/resources").text


def test_a_course_counts_once_whoever_comes(sam: Browser, offer: Offer, book: Book) -> None:
    create_resource(NEED, EVERYBODY.ada)
    course = offer(type="course", maxParticipants=8, requiredResources=[NEED])
    book(course), book(course, by=EVERYBODY.bob)
    page = sam.get("/staff/resources")
    assert "1, free now next: Tue 8 Dec, 09:00" in page.text


@pytest.mark.parametrize(
    ("query", "shown"),
    [("q=BEAM", ["Beamer"]), ("type=room", ["Room 4"]), ("q=room&type=equipment", []), ("q=%00%ED%A0%80", [])],
)
def test_search_and_type_narrow_the_list(sam: Browser, service: Service, query: str, shown: list[str]) -> None:
    create_resource({"name": "Room 4", "type": "room"}, EVERYBODY.ada)
    page = sam.get(f"/staff/resources?{query}")
    assert page.status == 200
    assert [name for name in ("Beamer", "Room 4") if name in [text for text, _ in page.links]] == shown
    assert shown or "No resource is like that." in page.text


def test_an_empty_house_is_told_what_to_do(sam: Browser) -> None:
    page = sam.get("/staff/resources")
    assert "There is no resource yet." in page.text
    assert page.link("Enter a resource") == "/staff/resources/new"


# ---------------------------------------------------------------- the form


def test_a_resource_is_written_and_changed(sam: Browser) -> None:
    page = sam.press(sam.get("/staff/resources/new"), "Save", name="Court 1", type="facility", quantity="2", seats="4")
    assert "Court 1 is saved." in page.text
    made = list_resources(EVERYBODY.sam)[0]
    assert (made.name, made.type, made.quantity, made.seats) == ("Court 1", "facility", 2, 4)
    sam.press(page, "Save", name="Court A", seats="")
    db.session.rollback()
    assert (get_resource(made.id, EVERYBODY.sam).name, get_resource(made.id, EVERYBODY.sam).seats) == ("Court A", None)


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"name": ""}, "name", "Fill this in."),
        ({"name": "x" * 256}, "name", "255"),
        ({"name": "Cour\x00t"}, "name", "characters"),
        ({"type": " "}, "type", "Fill this in."),
        ({"type": "x" * 51}, "type", "50"),
        ({"quantity": "0"}, "quantity", "1"),
        ({"quantity": "many"}, "quantity", "number"),
        ({"quantity": "1,5"}, "quantity", "number"),
        ({"quantity": "999999999"}, "quantity", "100"),
        ({"seats": "-1"}, "seats", "1"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_stored(
    sam: Browser, typed: dict[str, str], field: str, message: str
) -> None:
    given = {"name": "Court 1", "type": "facility", "quantity": "2"} | typed
    page = sam.press(sam.get("/staff/resources/new"), "Save", **given)
    assert page.status == 422
    assert f"#{field}" in [href for _, href in page.links]
    error = page.html.split(f'id="{field}-error"', 1)[1].split("</p>")[0]
    assert message in error, error
    assert dict(page.form_with("Save").fields)["name"] == given["name"].strip()
    assert list_resources(EVERYBODY.sam) == []


def test_fewer_than_a_service_takes_is_refused_at_the_field(sam: Browser, service: Service) -> None:
    update_service(service.id, {"requiredResources": [NEED | {"quantity": 2}]}, EVERYBODY.ada, current_rules(), NOW)
    page = save(sam, quantity="1")
    assert page.status == 422
    assert "The service Consultation needs 2 of this. Change the service first." in page.text


def test_who_saves_second_is_told_what_changed_and_overwrites_nothing(sam: Browser, service: Service) -> None:
    page = sam.get("/staff/resources/beamer")
    update_resource("beamer", {"quantity": 5, "name": "Projector"}, EVERYBODY.ada, NOW)
    page = sam.press(page, "Save", name="Big beamer", seats="9")
    assert page.status == 409
    assert "Somebody saved this while you were writing" in page.text
    assert "How many there are: 3 5 taken over into your form" in page.text
    assert "you changed this part too: yours stands in the form" in page.text
    assert beamer().name == "Projector"
    sam.press(page, "Save")
    assert (beamer().name, beamer().quantity, beamer().seats) == ("Big beamer", 5, 9)


@pytest.mark.parametrize("read", ["", "{", "[1]", '{"id": 5}'])
def test_a_form_that_does_not_say_what_was_read_is_looked_at_again(sam: Browser, service: Service, read: str) -> None:
    page = sam.press(sam.get("/staff/resources/beamer"), "Save", name="Other", fields={"read": read})
    assert (page.status, beamer().name) == (409, "Beamer")
    sam.press(page, "Save")
    assert beamer().name == "Other"


def test_a_resource_that_is_not_there_is_not_found(sam: Browser) -> None:
    assert sam.get("/staff/resources/nothing").status == 404


# ---------------------------------------------------------------- fewer than are booked


def test_fewer_than_live_bookings_use_shows_these_and_stores_nothing(
    sam: Browser, service: Service, book: Book
) -> None:
    first, second = book(service), book(service, by=EVERYBODY.bob)
    page = save(sam, quantity="1", name="Old beamer")
    assert page.status == 409
    assert "2 live bookings stand against this" in page.text
    for one in (first, second):
        assert f"/staff/bookings/{one.id}" in [href for _, href in page.links]
    assert (beamer().quantity, beamer().name) == (3, "Beamer")


def test_it_goes_down_once_enough_is_cancelled(sam: Browser, service: Service, book: Book) -> None:
    made = [book(service, by=one) for one in (EVERYBODY.alice, EVERYBODY.bob)]
    page = save(sam, quantity="1", name="Old beamer")
    shown = dict(page.form_with("Save").fields)["hits.agreed"].splitlines()
    page = sam.press(page, "Save", fields={"hits.cancel": "0", "hits.reason": "Broken"})
    assert "1 booking is cancelled. The customer is told." in page.text
    assert (beamer().quantity, beamer().name) == (1, "Old beamer")
    assert {one.id: status(one) for one in made} == {
        shown[0]: BookingStatus.CANCELLED,
        shown[1]: BookingStatus.CONFIRMED,
    }
    check_invariants(NOW)


def test_too_few_ticks_cancel_nothing_and_say_how_many_are_left(sam: Browser, service: Service, book: Book) -> None:
    made = [book(service, by=one) for one in (EVERYBODY.alice, EVERYBODY.bob, EVERYBODY.ada)]
    page = sam.press(save(sam, quantity="1"), "Save", fields={"hits.cancel": "0"})
    assert page.status == 409
    assert "without those you ticked, 2 bookings still stand against it" in page.text
    assert {status(one) for one in made} == {BookingStatus.CONFIRMED}
    assert sam.press(page, "Save", fields={"hits.cancel": ["0", "1"]}).status == 200
    assert beamer().quantity == 1


def test_a_course_lets_go_of_it_with_the_last_who_comes(sam: Browser, offer: Offer, book: Book) -> None:
    create_resource(NEED | {"quantity": 2}, EVERYBODY.ada)
    course = offer(type="course", maxParticipants=8, requiredResources=[NEED | {"quantity": 1}])
    other = offer(name="Other", requiredResources=[NEED])
    book(course), book(course, by=EVERYBODY.bob), book(other, by=EVERYBODY.ada)
    page = save(sam, quantity="1")
    assert "3 live bookings stand against this" in page.text
    ids = dict(page.form_with("Save").fields)["hits.agreed"].splitlines()
    of_course = [str(n) for n, one in enumerate(ids) if get_booking(one, EVERYBODY.sam, NOW).service_id == course.id]
    assert "2 bookings still stand" in sam.press(page, "Save", fields={"hits.cancel": of_course[:1]}).text
    sam.press(page, "Save", fields={"hits.cancel": of_course})
    assert beamer().quantity == 1


def test_going_back_keeps_what_was_typed(sam: Browser, service: Service, book: Book) -> None:
    book(service), book(service, by=EVERYBODY.bob)
    page = sam.press(save(sam, quantity="1", name="Kept"), "Go back and change")
    assert page.status == 200
    assert {"name": "Kept", "quantity": "1"}.items() <= dict(page.form_with("Save").fields).items()
    assert beamer().quantity == 3


def test_a_long_reason_cancels_nothing(sam: Browser, service: Service, book: Book) -> None:
    made = [book(service, by=one) for one in (EVERYBODY.alice, EVERYBODY.bob)]
    page = sam.press(save(sam, quantity="1"), "Save", fields={"hits.cancel": "0", "hits.reason": "x" * 501})
    assert page.status == 422
    assert "Write at most 500 characters of plain text." in page.text
    assert {status(one) for one in made} == {BookingStatus.CONFIRMED}
    assert ("hits.cancel", "0") in page.form_with("Save").fields


# ---------------------------------------------------------------- removing


def test_what_a_service_names_stays_and_says_which(sam: Browser, service: Service, book: Book) -> None:
    booking = book(service)
    page = sam.get("/staff/resources/beamer/delete")
    assert "1 service names it." in page.text
    assert page.link("Consultation") == f"/staff/services/{service.id}"
    refused = sam.open("/staff/resources/beamer/delete", "POST", page.forms[-1].fields)
    assert refused.status == 409
    assert "These services name it: Consultation. Change them first." in refused.text
    assert (beamer().name, status(booking)) == ("Beamer", BookingStatus.CONFIRMED)


def test_what_bookings_need_goes_once_they_are_cancelled(sam: Browser, service: Service, book: Book) -> None:
    booking = book(service)
    update_service(service.id, {"requiredResources": []}, EVERYBODY.ada, current_rules(), NOW)
    page = sam.press(sam.get("/staff/resources/beamer/delete"), "See these bookings")
    assert "1 live booking stands against this" in page.text
    assert sam.press(page, "Go back and change").address == "/staff/resources/beamer"
    assert "Beamer is removed." in sam.press(page, "Save", fields={"hits.cancel": "0"}).text
    assert status(booking) is BookingStatus.CANCELLED
    with pytest.raises(NotFound):
        beamer()


def test_what_nothing_uses_is_removed(sam: Browser) -> None:
    create_resource(NEED, EVERYBODY.ada)
    page = sam.press(sam.get("/staff/resources/beamer/delete"), "Delete for good")
    assert page.address == "/staff/resources"
    assert list_resources(EVERYBODY.sam) == []
