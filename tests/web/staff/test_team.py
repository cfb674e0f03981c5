"""Who serves bookings and when: roles, hours, time off, and the bookings that a change leaves outside."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.domain.booking import Booking
from portal.domain.lifecycle import BookingStatus
from portal.domain.service import Service
from portal.domain.supply import StaffMember
from portal.domain.supply_shapes import staff_json
from portal.store.db import db
from portal.usecases.bookings import get_booking
from portal.usecases.team import create_staff_member, get_staff_member, list_staff, update_staff_member
from portal.web.context import current_rules
from portal.web.staff import hits
from tests.build import EVERY_DAY, NOW, paris
from tests.people import EVERYBODY
from tests.web.page import Browser, Page

Offer, Book = Callable[..., Service], Callable[..., Booking]
NORA: dict[str, Any] = {"id": "nora", "name": "Nora", "roles": ["doctor"], "workingHours": EVERY_DAY}
TEN = paris("2026-12-08 10:00")
OFF = {"timeOff.0.from": "2026-12-08", "timeOff.0.to": "2026-12-08"}


@pytest.fixture
def service(offer: Offer) -> Service:
    """A consultation that Nora gives; she works every day from 9 to 12."""
    create_staff_member(NORA, EVERYBODY.ada, current_rules())
    return offer(requiredStaff=[{"role": "doctor", "count": 1}])


def nora() -> StaffMember:
    db.session.rollback()
    return get_staff_member("nora", EVERYBODY.sam)


def status(booking: Booking) -> BookingStatus:
    db.session.rollback()
    return get_booking(booking.id, EVERYBODY.sam, NOW).status


def show(browser: Browser) -> Page:
    return browser.get("/staff/team/nora")


def press(browser: Browser, page: Page, do: str, **typed: str) -> Page:
    """Press the button of the form that sends this."""
    form = next(one for one in page.forms if one.id == "editor")
    fields = {name.replace("__", "."): text for name, text in typed.items()}
    assert do == "save" or do in [given.get("value") for tag, given in page.tags if tag == "button"], do
    return browser._follow(browser.open(form.action, "POST", [*form.sent(fields), ("do", do)]))


def fields(page: Page) -> dict[str, str]:
    return dict(next(one for one in page.forms if one.id == "editor").fields)


# ---------------------------------------------------------------- the list


def test_the_list_says_who_works_when_and_what_comes_next(sam: Browser, service: Service, book: Book) -> None:
    create_staff_member({"name": "Otto"}, EVERYBODY.ada, current_rules())
    update_staff_member(
        "nora", {"timeOff": [{"from": "2026-12-24", "to": "2026-12-31"}]}, EVERYBODY.ada, current_rules(), NOW
    )
    book(service)
    text = sam.get("/staff/team").text
    assert "2 members" in text
    assert "Nora doctor Monday – Sunday: 9:00 am – 12:00 pm next: Tue 8 Dec, 09:00 off: Thu 24 Dec – Thu 31 Dec" in text
    assert "Otto no role yet No hours: always nothing in the next month" in text


def test_the_list_is_in_the_order_of_the_alphabet(sam: Browser, service: Service) -> None:
    for name in ("Zoé", "Étienne", "emma"):
        create_staff_member({"name": name}, EVERYBODY.ada, current_rules())
    names = [
        text for text, href in sam.get("/staff/team").links if href.startswith("/staff/team/") and "new" not in href
    ]
    assert names == ["emma", "Étienne", "Nora", "Zoé"]


@pytest.mark.parametrize(("query", "count"), [("q=NOR", 1), ("role=doctor", 1), ("q=nora&role=cook", 0), ("q=%00", 0)])
def test_search_and_role_narrow_the_list(sam: Browser, service: Service, query: str, count: int) -> None:
    page = sam.get(f"/staff/team?{query}")
    assert (page.status, "/staff/team/nora" in [href for _, href in page.links]) == (200, bool(count))


def test_where_there_is_nobody_one_is_told_what_to_do(sam: Browser) -> None:
    assert sam.get("/staff/team").link("Enter somebody") == "/staff/team/new"


# ---------------------------------------------------------------- the form


def test_a_member_is_written_with_buttons_alone(sam: Browser) -> None:
    page = press(sam, sam.get("/staff/team/new"), "add:roles", name="Nora", roles__0="doctor")
    page = press(sam, page, "open:1", roles__1="dentist")
    page = press(sam, page, "copy:week", copyFrom="1", copyTo="weekdays", workingHours__0__endTime="12:30")
    page = press(sam, page, "close:3")
    page = press(sam, page, "add:timeOff")
    typed = {"timeOff__0__from": "2026-12-24", "timeOff__0__to": "2026-12-31", "timeZone": "Europe/Rome"}
    page = press(sam, page, "add:timeOff", **typed)
    instants = {"timeOff__1__from": "2027-01-04", "timeOff__1__fromTime": "14:00", "timeOff__1__to": "2027-01-04"}
    page = press(sam, page, "save", **instants, timeOff__1__toTime="16:30")
    assert "Nora is saved." in page.text
    made = staff_json(list_staff(EVERYBODY.sam)[0])
    days = [1, 2, 4, 5]
    assert made == {
        "id": made["id"],
        "name": "Nora",
        "roles": ["doctor", "dentist"],
        "workingHours": [{"dayOfWeek": day, "startTime": "09:00", "endTime": "12:30"} for day in days],
        "timeOff": [
            {"from": "2026-12-24", "to": "2026-12-31"},
            {"from": "2027-01-04T13:00:00.000Z", "to": "2027-01-04T15:30:00.000Z"},
        ],
        "timeZone": "Europe/Rome",
        "userId": None,
    }
    assert {"timeOff.1.fromTime": "14:00", "timeOff.1.toTime": "16:30"}.items() <= fields(page).items()
    assert staff_json(nora_of(press(sam, page, "save"))) == made


def nora_of(page: Page) -> StaffMember:
    db.session.rollback()
    return get_staff_member(page.address.rpartition("/")[2], EVERYBODY.sam)


def test_one_time_alone_lasts_from_the_start_or_to_the_end_of_the_day(sam: Browser, service: Service) -> None:
    page = press(sam, show(sam), "add:timeOff")
    days = {"timeOff__0__from": "2026-12-24", "timeOff__0__to": "2026-12-24"}
    press(sam, page, "save", **days, timeOff__0__fromTime="14:00")
    off = staff_json(nora())["timeOff"]
    assert off == [{"from": "2026-12-24T13:00:00.000Z", "to": "2026-12-24T23:00:00.000Z"}]


def test_of_a_time_that_comes_twice_a_time_off_begins_at_the_first_and_ends_at_the_second(
    sam: Browser, service: Service
) -> None:
    page = press(sam, show(sam), "add:timeOff")
    twice = {"timeOff__0__from": "2027-10-31", "timeOff__0__to": "2027-10-31", "timeOff__0__fromTime": "02:30"}
    press(sam, page, "save", **twice, timeOff__0__toTime="02:30")
    assert staff_json(nora())["timeOff"] == [{"from": "2027-10-31T00:30:00.000Z", "to": "2027-10-31T01:30:00.000Z"}]


def test_a_time_off_that_is_left_as_it_stands_keeps_which_of_two_times_it_means(sam: Browser, service: Service) -> None:
    off = [{"from": "2027-10-31T01:30:00.000Z", "to": "2027-10-31T04:00:00.000Z"}]
    update_staff_member("nora", {"timeOff": off}, EVERYBODY.ada, current_rules(), NOW)
    press(sam, show(sam), "save", name="Nora B.")
    assert (nora().name, staff_json(nora())["timeOff"]) == ("Nora B.", off)


def test_no_hours_are_said_plainly_to_mean_always(sam: Browser, service: Service) -> None:
    assert "No working hours means always" not in show(sam).text
    update_staff_member("nora", {"workingHours": []}, EVERYBODY.ada, current_rules(), NOW)
    assert "No working hours means always" in show(sam).text


def test_what_is_left_blank_is_left_out(sam: Browser, service: Service) -> None:
    page = press(sam, press(sam, show(sam), "add:roles"), "add:timeOff")
    press(sam, page, "save")
    assert (nora().roles, nora().time_off) == (("doctor",), ())


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"name": " "}, "name", "Fill this in."),
        ({"name": "x" * 256}, "name", "255"),
        ({"name": "No\x00ra"}, "name", "characters"),
        ({"roles.0": "x" * 101}, "roles.0", "100"),
        ({"roles.1": "doctor"}, "roles", "Give each role once."),
        ({"workingHours.0.startTime": "9h"}, "workingHours.0.startTime", "HH:MM"),
        ({"workingHours.0.endTime": "08:00"}, "workingHours.0.endTime", "after"),
        ({"workingHours.0.dayOfWeek": "2"}, "workingHours", "do not overlap"),
        (OFF | {"timeOff.0.from": "tomorrow"}, "timeOff.0.from", "YYYY-MM-DD"),
        (OFF | {"timeOff.0.to": "2026-12-07"}, "timeOff.0.to", "after it starts"),
        ({"timeOff.0.from": "2026-12-08"}, "timeOff.0.to", "Fill this in."),
        (OFF | {"timeOff.0.fromTime": "2 o'clock"}, "timeOff.0.fromTime", "HH:MM"),
        (OFF | {"timeOff.0.toTime": "09:30Z"}, "timeOff.0.toTime", "HH:MM"),
        (
            {"timeOff.0.from": "2027-03-28", "timeOff.0.to": "2027-03-28", "timeOff.0.fromTime": "02:30"},
            "timeOff.0.fromTime",
            "the clocks go forward",
        ),
        (OFF | {"timeOff.0.fromTime": "10:00", "timeOff.0.toTime": "09:00"}, "timeOff.0.to", "after it starts"),
        ({"timeZone": "../../etc"}, "timeZone", "time zone"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_stored(
    sam: Browser, service: Service, typed: dict[str, str], field: str, message: str
) -> None:
    before = nora()
    form = next(one for one in show(sam).forms if one.id == "editor")
    page = sam.open(form.action, "POST", [*form.sent(typed), ("do", "save")])
    assert page.status == 422, page.text
    assert [f"#{field}"] == [href for text, href in page.links if href.startswith("#") and href != "#main"]
    assert message in page.html.split(f'id="{field}-error"', 1)[1].split("</p>")[0]
    assert field in page.ids
    assert {name: text.strip() for name, text in typed.items()}.items() <= fields(page).items()
    assert nora() == before


def test_hours_are_called_by_their_day_in_the_summary(sam: Browser, service: Service) -> None:
    day = int(fields(show(sam))["workingHours.0.dayOfWeek"])
    page = press(sam, show(sam), "save", workingHours__0__endTime="08:00")
    assert f"{['Sunday', 'Monday'][day]}, Until: End after the start." in page.text


@pytest.mark.parametrize(
    "do", ["open:9", "copy", "remove:roles.x", "remove:timeOff.²", "add:secrets", "up:roles.0", "x"]
)
def test_a_button_that_nobody_offers_breaks_nothing(sam: Browser, service: Service, do: str) -> None:
    form = next(one for one in show(sam).forms if one.id == "editor")
    page = sam.open(form.action, "POST", [*form.sent({}), ("do", do)])
    assert page.status in {200, 303}
    assert staff_json(nora()) == NORA | {
        "timeOff": [],
        "timeZone": "Europe/Paris",
        "userId": None,
        "workingHours": staff_json(nora())["workingHours"],
    }


# ---------------------------------------------------------------- two people, and who he is


def test_who_saves_second_is_told_what_changed_and_overwrites_nothing(sam: Browser, service: Service) -> None:
    page = show(sam)
    other = {"roles": ["doctor", "dentist"], "name": "Nora B."}
    update_staff_member("nora", other, EVERYBODY.ada, current_rules(), NOW)
    page = press(sam, page, "open:1")  # a button between does not make it forget what was read
    page = press(
        sam, page, "save", name="Dr Nora", workingHours__1__startTime="14:00", workingHours__1__endTime="15:00"
    )
    assert page.status == 409
    assert "Somebody saved this while you were writing" in page.text
    assert "Roles 2: blank dentist taken over into your form" in page.text
    assert "Name: Nora Nora B. you changed this part too: yours stands in the form" in page.text
    assert nora().name == "Nora B."
    press(sam, page, "save")
    assert (nora().name, nora().roles, len(nora().working_hours)) == ("Dr Nora", ("doctor", "dentist"), 8)


@pytest.mark.parametrize("read", ["", "[]", '{"id": 5}', '{"name": "x", "timeZone": "Nowhere"}'])
def test_a_form_that_does_not_say_what_was_read_is_looked_at_again(sam: Browser, service: Service, read: str) -> None:
    page = press(sam, show(sam), "save", name="Other", read=read)
    assert (page.status, nora().name) == (409, "Nora")
    press(sam, page, "save")
    assert nora().name == "Other"


def test_an_admin_says_with_which_account_a_member_signs_in(ada: Browser, service: Service) -> None:
    page = show(ada)
    shown = [given["value"] for tag, given in page.tags if tag == "option" and given.get("value") in vars(EVERYBODY)]
    assert shown == ["ada", "sam"]  # accounts of the team, by address
    assert "sam@example.com, Sam Petit" in page.text
    press(ada, page, "save", userId="sam")
    assert nora().user_id == "sam"
    page = press(ada, show(ada), "save", userId="nobody")
    assert (page.status, "There is no account with this id." in page.text) == (422, True)


def test_staff_see_the_account_and_cannot_change_it(sam: Browser, service: Service) -> None:
    update_staff_member("nora", {"userId": "sam"}, EVERYBODY.ada, current_rules(), NOW)
    page = show(sam)
    assert "Account: sam@example.com" in page.text
    assert "userId" not in page.ids
    press(sam, page, "save", userId="ada", name="Nora B.")
    assert (nora().user_id, nora().name) == ("sam", "Nora B.")
    press(sam, sam.get("/staff/team/new"), "save", name="Otto", userId="ada")
    db.session.rollback()
    assert [one.user_id for one in list_staff(EVERYBODY.sam)] == ["sam", None]


# ---------------------------------------------------------------- bookings that a change leaves outside


def shorten(browser: Browser, **more: str) -> Page:
    """Let Nora come at ten on Tuesdays, when she has a booking at nine."""
    page = show(browser)
    row = next(name for name, text in fields(page).items() if name.endswith("dayOfWeek") and text == "2")
    return press(browser, page, "save", **{row.replace("dayOfWeek", "startTime"): "10:00"}, **more)


def test_shorter_hours_ask_about_the_bookings_outside_and_store_nothing(
    sam: Browser, service: Service, book: Book
) -> None:
    booking = book(service)
    book(service, TEN)
    before = nora()
    page = shorten(sam)
    assert page.status == 409
    assert "This hits 1 live booking" in page.text
    assert "Alice Martin" in page.text
    assert f"/staff/bookings/{booking.id}" in [href for _, href in page.links]
    assert nora() == before


def test_what_is_not_ticked_stays_and_the_change_is_stored(sam: Browser, service: Service, book: Book) -> None:
    booking = book(service)
    page = sam.press(shorten(sam, name="Nora B."), "Save")
    assert "Nora B. is saved." in page.text
    assert (nora().working_hours[2], status(booking)) == ((2, 600, 720), BookingStatus.CONFIRMED)


def test_what_is_ticked_is_cancelled(sam: Browser, service: Service, book: Book) -> None:
    booking, other = book(service), book(service, paris("2026-12-08 09:30"), EVERYBODY.bob)
    page = sam.press(shorten(sam), "Save", fields={"hits.cancel": "0", "hits.reason": "Ill"})
    assert "1 booking is cancelled. The customer is told." in page.text
    assert "Nora is saved." in page.text
    assert (status(booking), status(other)) == (BookingStatus.CANCELLED, BookingStatus.CONFIRMED)


def test_all_can_be_cancelled_at_once(sam: Browser, service: Service, book: Book) -> None:
    made = [book(service), book(service, paris("2026-12-08 09:30"), EVERYBODY.bob)]
    sam.press(shorten(sam), "Save", fields={"hits.all": "true"})
    assert {status(one) for one in made} == {BookingStatus.CANCELLED}


def test_a_booking_made_between_question_and_answer_is_asked_about_again(
    sam: Browser, service: Service, book: Book
) -> None:
    first = book(service)
    page = shorten(sam)
    second = book(service, paris("2026-12-08 09:30"), EVERYBODY.bob)
    page = sam.press(page, "Save", fields={"hits.cancel": "0"})
    assert page.status == 409
    assert "This hits 2 live bookings" in page.text
    assert page.text.count("Made in the meantime") == 1
    assert (status(first), nora().working_hours[2]) == (BookingStatus.CONFIRMED, (2, 540, 720))
    assert [value for name, value in page.form_with("Save").fields if name == "hits.cancel"] == ["0"]
    sam.press(page, "Save")
    assert (status(first), status(second)) == (BookingStatus.CANCELLED, BookingStatus.CONFIRMED)
    assert nora().working_hours[2] == (2, 600, 720)


def test_going_back_keeps_everything_typed(sam: Browser, service: Service, book: Book) -> None:
    book(service)
    page = sam.press(shorten(sam, name="Nora <B>"), "Go back and change")
    assert page.status == 200
    assert fields(page)["name"] == "Nora <B>"
    assert "10:00" in fields(page).values()
    assert nora().working_hours[2] == (2, 540, 720)


def test_a_reason_that_is_too_long_saves_and_cancels_nothing(sam: Browser, service: Service, book: Book) -> None:
    booking = book(service)
    page = sam.press(shorten(sam), "Save", fields={"hits.cancel": "0", "hits.reason": "x" * 501})
    assert page.status == 422
    assert "Write at most 500 characters of plain text." in page.text
    assert (status(booking), nora().working_hours[2]) == (BookingStatus.CONFIRMED, (2, 540, 720))
    assert sam.press(page, "Save", fields={"hits.reason": "short"}).status == 200
    assert status(booking) is BookingStatus.CANCELLED


def test_an_answer_that_nobody_was_shown_cancels_nothing(sam: Browser, service: Service, book: Book) -> None:
    booking = book(service)
    page = press(sam, show(sam), "save", **{"hits.cancel": "²", "hits.all": "", "hits.agreed": f"{booking.id}\x00"})
    assert page.status == 200
    assert status(booking) is BookingStatus.CONFIRMED


def test_the_question_comes_whole_where_scripts_asked_for_a_part(sam: Browser, service: Service, book: Book) -> None:
    book(service)
    form = next(one for one in show(sam).forms if one.id == "editor")
    typed = {name: "10:00" for name, _ in form.fields if name.endswith("startTime")}
    headers = {"HX-Request": "true", "HX-Target": "editor"}
    page = sam.open(form.action, "POST", [*form.sent(typed), ("do", "save")], **headers)
    assert (page.status, page.response.headers["HX-Retarget"]) == (409, "#main")
    assert "main" in page.ids


def test_many_are_cancelled_a_few_at_a_time_once_the_change_is_kept(
    sam: Browser, service: Service, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [book(service), book(service, paris("2026-12-08 09:30"), EVERYBODY.bob)]
    monkeypatch.setattr(hits, "AT_ONCE", 1)
    page = sam.press(shorten(sam), "Save", fields={"hits.all": "true"})
    assert page.status == 409
    assert "Your change is kept." in page.text
    assert "1 booking is not cancelled yet" in page.text
    assert nora().working_hours[2] == (2, 600, 720)
    assert sam.press(page, "Cancel these now").address == "/staff/team/nora"
    assert {status(one) for one in made} == {BookingStatus.CANCELLED}


def test_more_than_a_page_can_ask_about_is_saved_in_parts(
    sam: Browser, service: Service, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(service), book(service, paris("2026-12-08 09:30"), EVERYBODY.bob)
    monkeypatch.setattr(hits, "MOST", 1)
    page = shorten(sam)
    assert "More than 1 bookings cannot be decided about at once. Choose a shorter time" in page.text
    assert "Save" not in [text for form in page.forms for text in form.buttons]
    assert sam.press(page, "Go back and change").status == 200
    assert nora().working_hours[2] == (2, 540, 720)


# ---------------------------------------------------------------- removing


def test_a_member_goes_once_his_bookings_are_cancelled(sam: Browser, service: Service, book: Book) -> None:
    booking = book(service)
    page = sam.press(sam.get("/staff/team/nora/delete"), "See these bookings")
    assert "1 live booking stands against this" in page.text
    assert "Nora is removed." in sam.press(page, "Save", fields={"hits.cancel": "0"}).text
    assert (status(booking), list_staff(EVERYBODY.sam)) == (BookingStatus.CANCELLED, [])


def test_a_member_whom_a_service_names_stays(sam: Browser, offer: Offer) -> None:
    create_staff_member(NORA, EVERYBODY.ada, current_rules())
    made = offer(requiredStaff=[{"role": "doctor", "count": 1, "specificStaffIds": ["nora"]}])
    page = sam.get("/staff/team/nora/delete")
    assert page.link("Consultation") == f"/staff/services/{made.id}"
    refused = sam.open("/staff/team/nora/delete", "POST", page.forms[-1].fields)
    assert (refused.status, nora().name) == (409, "Nora")
