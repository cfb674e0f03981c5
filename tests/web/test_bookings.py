"""My bookings, and cancelling one."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

import icalendar
import pytest
import time_machine
from flask import Flask

from portal.domain.cancellation import CancellationTerms
from portal.domain.lifecycle import PaymentStatus
from portal.domain.reference import reference_of
from portal.domain.service import Service
from portal.usecases.approvals import approve_booking, decline_booking
from portal.usecases.bookings import create_booking
from portal.usecases.catalogue import update_service
from portal.web.booking_words import money_of
from portal.web.context import current_rules
from tests.build import NOW, a_command, paris
from tests.people import EVERYBODY
from tests.web.page import Browser, Page
from tests.web.test_booking import BOOK, review


def book(browser: Browser, day: str = "08") -> Page:
    address = f"/book/consultation?start=2026-12-{day}T08:00Z&end=2026-12-{day}T08:30Z"
    return browser.press(review(browser, address), "Confirm the booking")


def address_of(done: Page) -> str:
    return f"/bookings/{done.address.rsplit('/', 1)[1]}"


def test_nothing_booked_yet_is_said_with_a_way_on(alice: Browser) -> None:
    page = alice.get("/bookings")
    assert "Nothing is planned." in page.text
    assert page.link("Find a free time") == "/"


def test_each_booking_stands_under_one_tab_and_each_tab_says_how_many(
    alice: Browser, offer: Callable[..., Service], clock: time_machine.Traveller
) -> None:
    offer()
    book(alice, "08")
    book(alice, "10")
    alice.press(alice.get(f"{address_of(book(alice, '11'))}/cancel"), "Cancel at no cost")
    clock.move_to("2026-12-09T12:00:00+00:00")
    ahead, past, gone = (alice.get(f"/bookings?show={name}").text for name in ("ahead", "past", "cancelled"))
    for text in (ahead, past, gone):
        assert "Ahead (1) Past (1) Called off (1)" in text
    assert [day in ahead for day in ("8 December", "10 December", "11 December")] == [False, True, False]
    assert [day in past for day in ("8 December", "10 December", "11 December")] == [True, False, False]
    assert [day in gone for day in ("8 December", "10 December", "11 December")] == [False, False, True]


def test_twenty_stand_on_a_page_with_a_way_to_the_others(
    app: Flask, monkeypatch: pytest.MonkeyPatch, alice: Browser, offer: Callable[..., Service]
) -> None:
    monkeypatch.setitem(
        app.extensions, "rules", replace(current_rules(), max_active_bookings=0, max_bookings_per_hour=0)
    )
    service = offer(type="course", maxParticipants=80)
    for day in range(8, 29):
        create_booking(a_command(service, paris(f"2026-12-{day:02} 09:00")), EVERYBODY.alice, current_rules(), NOW)
    first = alice.get("/bookings")
    assert first.html.count('class="booking-row"') == 20
    second = alice.get(first.link("Later"))
    assert "Monday 28 December" in second.text
    assert second.html.count('class="booking-row"') == 1
    assert second.link("Sooner") == "/bookings"


@pytest.mark.parametrize("query", ["?page=0", "?page=-1", "?page=x", "?page=999999", "?show=everything", "?page=9"])
def test_a_page_that_is_not_there_is_no_error(alice: Browser, query: str) -> None:
    assert alice.get(f"/bookings{query}").status == 200


def test_a_request_that_lapsed_stands_with_the_cancelled(
    alice: Browser, offer: Callable[..., Service], clock: time_machine.Traveller
) -> None:
    offer(requiresApproval=True)
    done = alice.press(review(alice, BOOK.replace("-08T", "-10T")), "Ask for this booking")
    assert "Approval asked for" in alice.get("/bookings").text
    clock.move_to("2026-12-10T07:30:00+00:00")
    page = alice.get("/bookings?show=cancelled")
    assert "Called off (1)" in page.text
    assert "Approval asked for" not in page.text
    assert "The team did not answer in time: the time is free again." in alice.get(address_of(done)).text


def test_a_past_booking_can_be_booked_again(
    alice: Browser, offer: Callable[..., Service], clock: time_machine.Traveller
) -> None:
    offer(type="course", maxParticipants=8)
    alice.press(review(alice, f"{BOOK}&participants=3"), "Confirm the booking")
    clock.move_to("2026-12-09T12:00:00+00:00")
    assert alice.get("/bookings?show=past").link("Book again") == "/services/consultation?participants=3"


def test_only_ones_own_bookings_are_listed_and_shown(
    alice: Browser, bob: Browser, sam: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    address = address_of(book(alice))
    for other in (bob, sam):
        assert "Nothing is planned." in other.get("/bookings").text
    assert bob.get(address).status == 404
    assert bob.get(f"{address}/cancel").status == 404
    assert alice.get(address).status == 200


def test_the_terms_are_shown_before_a_booking_is_cancelled(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    address = address_of(book(alice, "10"))
    ask = alice.get(alice.get(address).link("Cancel this booking"))
    assert "To pay on site €50.00 Dropped −€50.00 Left to pay €0.00" in ask.text
    assert "Nothing has been paid, so nothing is to be given back" in ask.text
    done = alice.press(ask, "Cancel at no cost", reason="Ill")
    assert done.address == "/bookings"
    assert "The booking is cancelled." in done.text
    assert "Cancelled" in alice.get(address).text


def test_what_is_cancelled_is_not_to_be_paid_any_more(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    address = address_of(book(alice, "10"))
    assert "to pay on site" in alice.get(address).text
    alice.press(alice.get(f"{address}/cancel"), "Cancel at no cost")
    assert "to pay on site" not in alice.get(address).text
    assert "to pay on site" not in alice.get("/bookings").text


def test_a_cancelled_time_is_free_again(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    done = book(alice, "10")
    assert "5 free" in alice.get("/services/consultation?date=2026-12-10").text
    alice.press(alice.get(f"{address_of(done)}/cancel"), "Cancel at no cost")
    assert "is-taken" not in alice.get("/services/consultation?date=2026-12-10").html


def test_after_the_cutoff_the_page_says_until_when_it_could_be_cancelled(
    alice: Browser, offer: Callable[..., Service], clock: time_machine.Traveller
) -> None:
    offer()
    address = address_of(book(alice, "10"))
    open_page = alice.get(f"{address}/cancel")
    clock.move_to("2026-12-09T08:30:00+00:00")
    late = alice.get(f"{address}/cancel")
    assert "Until Wednesday 9 December, 9:00 am this could be cancelled online." in late.text
    assert not any("Cancel at no cost" in form.buttons for form in late.forms)
    refused = alice.press(open_page, "Cancel at no cost")
    assert refused.status == 409
    assert "It is too late" in refused.text


def test_a_service_that_cannot_be_cancelled_says_so(alice: Browser, offer: Callable[..., Service]) -> None:
    offer(cancellationPolicy={"allowCancellation": False})
    ask = alice.get(f"{address_of(book(alice))}/cancel")
    assert "This cannot be cancelled online." in ask.text


def test_cancelling_twice_changes_nothing_and_says_so(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    ask = alice.get(f"{address_of(book(alice, '10'))}/cancel")
    alice.press(ask, "Cancel at no cost")
    again = alice.press(ask, "Cancel at no cost")
    assert again.status == 409
    assert "already cancelled" in again.text


@pytest.mark.parametrize(
    "address",
    [
        "/bookings",
        "/bookings/x",
        "/bookings/x/cancel",
        "/bookings/x/edit",
        "/bookings/x/calendar.ics",
        "/booking/success/x",
    ],
)
def test_without_an_account_these_pages_lead_to_the_sign_in(nobody: Browser, address: str) -> None:
    assert nobody.get(address).address == f"/sign-in?next={address}"


def test_a_later_price_or_name_does_not_change_what_was_agreed(alice: Browser, offer: Callable[..., Service]) -> None:
    offer(pricingTiers=[{"name": "Morning", "condition": "hour < 12", "price": 4000}])
    page = alice.get(address_of(book(alice)))
    assert "Morning €40.00 Total €40.00" in page.text


def test_who_signed_out_in_another_tab_is_asked_to_sign_in_and_comes_back(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    asked = alice.get(f"{address_of(book(alice, '10'))}/cancel")
    alice.press(alice.get("/"), "Sign out")
    page = alice.press(asked, "Cancel at no cost")
    assert urlsplit(page.address).path == "/sign-in"
    assert page.address.endswith("/cancel")


# ---------------------------------------------------------------- cancelling, with the question in place


def test_the_question_comes_alone_as_a_dialog_for_htmx(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    address = address_of(book(alice, "10"))
    headers = {"HX-Request": "true", "HX-Target": "cancel_dialog"}
    part = alice.get(f"{address}/cancel", **headers)
    assert part.html.strip().startswith("<dialog")
    assert part.tags[0][1]["id"] == "cancel_dialog"
    assert "open" not in part.tags[0][1]
    assert "Cancel this booking?" in part.text
    assert "The booking is cancelled." in alice.press(part, "Cancel at no cost").text


def test_whom_to_call_is_said_where_the_page_cannot_help(
    app: Flask, monkeypatch: pytest.MonkeyPatch, alice: Browser, offer: Callable[..., Service]
) -> None:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], business_phone="+33123456789"))
    offer(cancellationPolicy={"allowCancellation": False})
    ask = alice.get(f"{address_of(book(alice))}/cancel")
    assert ask.link("1 23 45 67 89") == "tel:+33123456789"


@pytest.mark.parametrize(
    ("back", "lines", "verb"),
    [
        (4000, [("Paid", 5000), ("Kept back (20 %)", -1000), ("You get back", 4000)], "Cancel and get €40.00 back"),
        (0, [("Paid", 5000), ("Kept back", -5000), ("You get back", 0)], "Cancel without a refund"),
    ],
)
def test_what_was_paid_and_what_comes_back_stand_as_lines_and_on_the_button(
    app: Flask, offer: Callable[..., Service], back: int, lines: list[tuple[str, int]], verb: str
) -> None:
    service = offer()
    booking = create_booking(a_command(service, paris("2026-12-10 09:00")), EVERYBODY.alice, current_rules(), NOW)
    terms = CancellationTerms(True, None, booking.start, back, Decimal(back) / 50)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        money = money_of(replace(booking, payment_status=PaymentStatus.PAID, amount_paid=5000), terms)
    assert (list(money.lines), money.verb) == (lines, verb)


def test_a_request_is_taken_back_at_any_time(alice: Browser, offer: Callable[..., Service]) -> None:
    offer(requiresApproval=True)
    done = alice.press(review(alice), "Ask for this booking")
    alice.press(alice.get(f"{address_of(done)}/cancel"), "Take the request back")
    assert "Cancelled" in alice.get(address_of(done)).text


# ---------------------------------------------------------------- what happened


def test_the_trail_is_told_in_words_without_what_is_only_the_teams_business(
    app: Flask, alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(requiresApproval=True)
    asked = [alice.press(review(alice, BOOK.replace("-08T", f"-{day}T")), "Ask for this booking") for day in (10, 11)]
    ids = [page.address.rsplit("/", 1)[1] for page in asked]
    with app.app_context():
        approve_booking(ids[0], EVERYBODY.sam, NOW)
        decline_booking(ids[1], "he never pays", EVERYBODY.sam, NOW)
    agreed, refused = (alice.get(address_of(page)).text for page in asked)
    assert "You booked." in agreed
    assert "The team agreed: the booking is confirmed." in agreed
    assert "The team could not agree." in refused
    assert "he never pays" not in refused


# ---------------------------------------------------------------- changing what was told


def test_contact_and_message_are_changed_and_nothing_else(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    address = address_of(book(alice, "10"))
    form = alice.get(alice.get(address).link("Change my details"))
    changes = {"contactEmail": "camille@example.com", "contactPhone": "01 23 45 67 89", "notes": "Third floor"}
    done = alice.press(form, "Save", fields=changes)
    assert done.address == address
    assert "camille@example.com +33 1 23 45 67 89" in done.text
    assert "Third floor" in done.text
    assert "You changed the details." in done.text
    again = alice.get(f"{address}/edit").form_with("Save").fields
    assert ("notes", "Third floor") in again


def test_what_is_wrong_with_a_change_is_said_at_its_field_and_kept(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="course", maxParticipants=8)
    address = address_of(book(alice, "10"))
    wrong = {"contactEmail": "camille@", "contactPhone": "12", "participants": "40"}
    page = alice.press(alice.get(f"{address}/edit"), "Save", fields=wrong)
    assert page.status == 422
    kept = page.form_with("Save").fields
    for name, value in wrong.items():
        assert (name, value) in kept
    assert "participants-error" in page.ids


def test_another_number_of_people_shows_its_price_before_it_is_changed(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="course", maxParticipants=8)
    address = address_of(book(alice, "10"))
    asked = alice.press(alice.get(f"{address}/edit"), "Save", participants="3")
    assert "The total goes from €50.00 to €150.00." in asked.text
    assert "€50.00, to pay on site" in alice.get(address).text
    done = alice.press(asked, "Save")
    assert "€150.00, to pay on site" in done.text
    assert "3 people" in done.text


def test_a_price_that_changed_since_it_was_shown_is_shown_again(alice: Browser, offer: Callable[..., Service]) -> None:
    service = offer(type="course", maxParticipants=8)
    asked = alice.press(alice.get(f"{address_of(book(alice, '10'))}/edit"), "Save", participants="3")
    update_service(service.id, {"price": 6000}, EVERYBODY.ada, current_rules(), NOW)
    assert "The total goes from €50.00 to €180.00." in alice.press(asked, "Save").text


def test_more_people_than_there_is_room_for_is_said_in_place(alice: Browser, offer: Callable[..., Service]) -> None:
    service = offer(type="course", maxParticipants=4)
    address = address_of(book(alice, "10"))
    create_booking(a_command(service, paris("2026-12-10 09:00"), participants=3), EVERYBODY.bob, current_rules(), NOW)
    form = alice.get(f"{address}/edit")
    refused = alice.press(alice.press(form, "Save", participants="2"), "Save")
    assert refused.status == 409
    assert "not available" in refused.text
    assert ("participants", "2") in refused.form_with("Save").fields


def test_people_are_named_anew_where_the_service_needs_their_names(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="course", maxParticipants=8, participantDetailsRequired=True)
    done = alice.press(review(alice, BOOK, **{"participantDetails.0.name": "Ann"}), "Confirm the booking")
    form = alice.get(f"{address_of(done)}/edit")
    assert ("participantDetails.0.name", "Ann") in form.form_with("Save").fields
    changed = alice.press(form, "Save", fields={"participantDetails.0.name": "Ben", "participantDetails.0.age": "9"})
    assert "Participant 1 Ben, 9" in changed.text


def test_what_is_over_or_cancelled_is_not_changed_any_more(
    alice: Browser, offer: Callable[..., Service], clock: time_machine.Traveller
) -> None:
    offer()
    address = address_of(book(alice, "08"))
    form = alice.get(f"{address}/edit")
    clock.move_to("2026-12-09T12:00:00+00:00")
    assert alice.get(f"{address}/edit").address == address
    assert "Change my details" not in alice.get(address).text
    assert alice.press(form, "Save", notes="late").address == address
    assert "late" not in alice.get(address).text


# ---------------------------------------------------------------- the calendar file


def events(browser: Browser, address: str) -> list[icalendar.Event]:
    page = browser.open(f"{address}/calendar.ics")
    assert page.response.mimetype == "text/calendar"
    return icalendar.Calendar.from_ical(page.response.get_data()).events  # type: ignore[union-attr]


def test_the_calendar_file_says_what_when_where_and_keeps_its_uid_as_the_booking_changes(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(location={"type": "physical", "address": "12 rue X; Paris", "coordinates": {"lat": 48.85, "lng": 2.35}})
    done = book(alice, "10")
    address = address_of(done)
    (before,) = events(alice, address)
    assert before["dtstart"].dt == paris("2026-12-10 09:00")
    assert before["location"] == "12 rue X; Paris"
    assert reference_of(address.rsplit("/", 1)[1]) in before["description"]
    assert (before["status"], before["sequence"]) == ("CONFIRMED", 0)
    alice.press(alice.get(f"{address}/edit"), "Save", notes="Third floor")
    alice.press(alice.get(f"{address}/cancel"), "Cancel at no cost")
    (after,) = events(alice, address)
    assert after["uid"] == before["uid"]
    assert (after["status"], after["sequence"]) == ("CANCELLED", 2)


def test_a_request_is_tentative_in_the_calendar(alice: Browser, offer: Callable[..., Service]) -> None:
    offer(requiresApproval=True, location={"type": "virtual", "virtualLink": "https://meet.example.com/r"})
    done = alice.press(review(alice), "Ask for this booking")
    (event,) = events(alice, address_of(done))
    assert event["status"] == "TENTATIVE"
    assert "meet.example.com" not in str(event)
    approve_booking(address_of(done).rsplit("/", 1)[1], EVERYBODY.sam, NOW)
    (event,) = events(alice, address_of(done))
    assert event["location"] == "https://meet.example.com/r"


@pytest.mark.usefixtures("catalogue")
def test_nights_are_written_with_their_hours(app: Flask, alice: Browser) -> None:
    page = alice.get("/services/chambre-double-standard?date=2026-12-11&nights=3&participants=2")
    answers = {"customFieldValues.checkin_time": "18 h", "customFieldValues.bed_type": "Lit double"}
    look = alice.press(alice.press(page, "Continue"), "Check my booking", fields=answers)
    (event,) = events(alice, address_of(alice.press(look, "Confirm the booking")))
    assert (event["dtstart"].dt, event["dtend"].dt) == (paris("2026-12-11 15:00"), paris("2026-12-14 11:00"))
