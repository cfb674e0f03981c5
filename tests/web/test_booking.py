"""From the questions to the confirmation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from portal.domain.reference import reference_of
from portal.domain.service import Service
from portal.usecases.catalogue import update_service
from portal.web.context import current_rules
from tests.build import NOW
from tests.people import EVERYBODY
from tests.web.page import Browser, Page

NINE = "start=2026-12-08T08:00Z&end=2026-12-08T08:30Z"
BOOK = f"/book/consultation?{NINE}"
QUESTIONS = [
    {"id": "symptoms", "name": "Symptoms", "type": "text", "required": True},
    {"id": "urgency", "name": "Urgency", "type": "select", "required": True, "options": ["Low", "High"]},
    {"id": "subjects", "name": "Subjects", "type": "multiselect", "options": ["Algebra", "Geometry"]},
    {"id": "weight", "name": "Weight", "type": "number"},
    {"id": "consent", "name": "Consent", "type": "checkbox", "required": True},
    {"id": "birth", "name": "Birth date", "type": "date"},
    {"id": "call", "name": "Number to call", "type": "phone"},
    {"id": "mail", "name": "Second address", "type": "email"},
    {"id": "licence", "name": "Licence", "type": "text", "validation": "^[0-9]{12}$"},
]
ANSWERS: dict[str, Any] = {
    "customFieldValues.symptoms": "Cough\nand <b>fever</b>",
    "customFieldValues.urgency": "High",
    "customFieldValues.subjects": ["Algebra", "Geometry"],
    "customFieldValues.weight": "12,5",
    "customFieldValues.consent": "true",
    "customFieldValues.birth": "1980-05-17",
    "customFieldValues.call": "01 23 45 67 89",
    "customFieldValues.mail": "second@example.com",
    "customFieldValues.licence": "123456789012",
}


def review(browser: Browser, address: str = BOOK, **fields: Any) -> Page:
    return browser.press(browser.get(address), "Check my booking", fields=fields)


def hidden(page: Page) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in page.form_with("Confirm the booking").fields:
        found.setdefault(name, []).append(value)
    return found


def bookings_of(browser: Browser) -> int:
    return browser.get("/bookings").html.count('class="booking-row"')


def test_who_is_not_signed_in_signs_in_first_and_comes_back_with_the_choice(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    page = nobody.get(BOOK)
    assert page.address.startswith("/sign-in?next=/book/consultation")
    signed_up = nobody.get(page.link("New here"))
    fields = {"name": "Camille", "email": "camille@example.com", "password": "a few plain words"}
    form = nobody.press(signed_up, "Create the account", fields=fields)
    assert urlsplit(form.address).path == "/book/consultation"
    assert parse_qs(urlsplit(form.address).query) == parse_qs(NINE)


def test_a_booking_takes_form_review_and_confirmation(alice: Browser, offer: Callable[..., Service]) -> None:
    offer(customFields=QUESTIONS)
    look = review(alice, **ANSWERS, notes="Second floor")
    for words in (
        "Is everything right?",
        "Tuesday 8 December 9:00 am until 9:30 am",
        "Cough and <b>fever</b>",
        "Algebra, Geometry",
        "12.5",
        "17 May 1980",
        "Second floor",
        "Total €50.00",
    ):
        assert words in look.text
    done = alice.press(look, "Confirm the booking")
    assert urlsplit(done.address).path.startswith("/booking/success/")
    assert "You are booked, Alice." in done.text
    assert "€50.00, to pay on site" in done.text
    assert bookings_of(alice) == 1


def test_all_errors_are_shown_at_once_each_at_its_field_and_everything_typed_is_kept(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(customFields=QUESTIONS)
    typed = ANSWERS | {
        "customFieldValues.symptoms": "",
        "customFieldValues.weight": "heavy",
        "customFieldValues.licence": "12",
        "contactPhone": "0123",
        "contactEmail": "alice@",
        "notes": "Kept as it is",
    }
    page = review(alice, **typed)
    wrong = ["customFieldValues.symptoms", "customFieldValues.weight", "customFieldValues.licence"]
    assert page.status == 422
    for name in [*wrong, "contactPhone", "contactEmail"]:
        assert f"#{name}" in [href for _, href in page.links]
        assert name in page.ids
        assert f"{name}-error" in page.ids
    assert "Five answers need your attention" in page.text
    sent = page.form_with("Check my booking").fields
    for name in ("customFieldValues.weight", "customFieldValues.licence", "contactPhone", "contactEmail", "notes"):
        assert (name, typed[name]) in sent
    assert ("customFieldValues.subjects", "Geometry") in sent
    assert ("customFieldValues.urgency", "High") in sent
    assert bookings_of(alice) == 0


@pytest.mark.parametrize("text", ["a\x00b", "a\x1bb", "x" * 10_001])
def test_a_message_that_cannot_be_stored_is_refused_at_its_field(
    alice: Browser, offer: Callable[..., Service], text: str
) -> None:
    offer()
    page = review(alice, notes=text)
    assert page.status == 422
    assert "notes-error" in page.ids


@pytest.mark.parametrize("field", [*ANSWERS, "contactEmail", "notes"])
def test_each_answer_leads_back_to_its_own_field_with_all_answers_kept(
    alice: Browser, offer: Callable[..., Service], field: str
) -> None:
    offer(customFields=QUESTIONS)
    look = review(alice, **ANSWERS, notes="Second floor")
    targets = {
        given["formaction"].partition("#")[2]: text
        for text, given in look.form_with("Your details").buttons.items()
        if "formaction" in given
    }
    form = alice.press(look, targets[field])
    assert form.status == 200
    assert field in form.ids
    sent = form.form_with("Check my booking").fields
    for name, given in ANSWERS.items():
        for one in given if isinstance(given, list) else [given]:
            assert (name, " ".join(one.split())) in [(key, " ".join(value.split())) for key, value in sent]


def test_a_double_click_books_once_and_shows_the_same_confirmation(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="course", maxParticipants=8)
    look = review(alice)
    first = alice.press(look, "Confirm the booking")
    second = alice.press(look, "Confirm the booking")
    assert first.address == second.address
    assert "there is one booking, this one" in second.text
    assert bookings_of(alice) == 1


def test_two_tabs_make_one_booking_and_the_second_says_so_before_it_makes_another(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="course", maxParticipants=8)
    one, other = review(alice), review(alice)
    alice.press(one, "Confirm the booking")
    told = alice.press(other, "Confirm the booking")
    assert told.status == 409
    assert "You have already booked this time." in told.text
    assert told.link("See my booking CRN-").startswith("/bookings/")
    assert bookings_of(alice) == 1
    alice.press(told, "Confirm the booking")
    assert bookings_of(alice) == 2


def test_a_second_tab_for_a_time_that_exists_once_hears_who_took_it(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    one, other = review(alice), review(alice)
    alice.press(one, "Confirm the booking")
    told = alice.press(other, "Confirm the booking")
    assert "You have already booked this time." in told.text
    assert "somebody else" not in told.text


def test_another_ones_booking_of_the_same_time_is_nobodys_business(
    alice: Browser, bob: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="course", maxParticipants=8)
    alice.press(review(alice), "Confirm the booking")
    look = review(bob)
    assert "already booked" not in look.text
    assert "You are booked, Bob." in bob.press(look, "Confirm the booking").text


def test_another_time_is_chosen_on_the_last_look_without_losing_an_answer(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(customFields=QUESTIONS)
    look = review(alice, **ANSWERS, notes="Second floor")
    times = alice.press(look, "Change the time")
    assert "9:00 am Tue 8 Dec" not in times.form_with("Keep Tuesday 8 December, 9:00 am").buttons
    again = alice.press(times, "10:00 am Tue 8 Dec")
    assert "Tuesday 8 December 10:00 am" in again.text
    assert {**hidden(again), "key": [], "csrf_token": []} == {**hidden(look), "key": [], "csrf_token": []}
    kept = alice.press(times, "Keep Tuesday 8 December, 9:00 am")
    assert "Tuesday 8 December 9:00 am" in kept.text


def test_who_has_too_many_bookings_ahead_is_told_so_in_place(
    app: Flask, monkeypatch: pytest.MonkeyPatch, alice: Browser, offer: Callable[..., Service]
) -> None:
    monkeypatch.setitem(app.extensions, "rules", replace(current_rules(), max_active_bookings=1))
    offer(customFields=QUESTIONS)
    look = review(alice, BOOK.replace("T08", "T09"), **ANSWERS)
    alice.press(review(alice, **ANSWERS), "Confirm the booking")
    refused = alice.press(look, "Confirm the booking")
    assert refused.status == 409
    assert "You already have a booking ahead" in refused.text
    assert hidden(refused)["customFieldValues.weight"] == ["12,5"]


def test_two_bookings_of_one_time_are_two_where_the_person_wants_two(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="course", maxParticipants=8)
    for _ in range(2):
        alice.press(review(alice), "Confirm the booking")
    assert bookings_of(alice) == 2


def test_a_time_taken_meanwhile_is_a_409_with_alternatives_that_keep_the_answers(
    alice: Browser, bob: Browser, offer: Callable[..., Service]
) -> None:
    offer(customFields=QUESTIONS)
    look = review(alice, **ANSWERS)
    bob.press(review(bob, **ANSWERS), "Confirm the booking")
    taken = alice.press(look, "Confirm the booking")
    assert taken.status == 409
    assert "This time has just been taken." in taken.text
    again = alice.press(taken, "9:30 am Tue 8 Dec")
    assert "Tuesday 8 December 9:30 am" in again.text
    assert {**hidden(again), "key": [], "csrf_token": []} == {**hidden(look), "key": [], "csrf_token": []}
    assert "You are booked" in alice.press(again, "Confirm the booking").text


@pytest.mark.parametrize(
    "start",
    ["2026-12-08T08:00Z", "2026-12-08T15:00Z", "2026-12-08T08:07Z", "2026-12-06T08:00Z", "2027-03-08T08:00Z"],
    ids=["taken", "closed", "off the grid", "past", "too far"],
)
def test_a_time_that_cannot_be_booked_says_so_at_once_and_keeps_what_is_typed(
    alice: Browser, bob: Browser, offer: Callable[..., Service], start: str
) -> None:
    offer(customFields=QUESTIONS[:1])
    bob.press(review(bob, **{"customFieldValues.symptoms": "Cold"}), "Confirm the booking")
    page = alice.get(f"/book/consultation?start={start}")
    assert page.status == 200
    assert "cannot be booked: it is taken, closed, over or too far ahead." in page.text
    assert not any("Check my booking" in form.buttons for form in page.forms)
    assert page.link("See all times").startswith("/services/consultation?date=")
    others = [button for form in page.forms for button in form.buttons if "Dec" in button or "Jan" in button]
    if start < "2027":
        form = {"customFieldValues.symptoms": "Cough"}
        chosen = alice.press(page, others[0], fields=form)
        assert "cannot be booked" not in chosen.text
        assert dict(chosen.form_with("Check my booking").fields)["customFieldValues.symptoms"] == "Cough"
        assert "Is everything right?" in alice.press(chosen, "Check my booking").text


def test_a_time_that_goes_while_the_questions_are_answered_is_told_before_anything_is_confirmed(
    alice: Browser, bob: Browser, offer: Callable[..., Service]
) -> None:
    offer(customFields=QUESTIONS[:1])
    form = alice.get(BOOK)
    bob.press(review(bob, **{"customFieldValues.symptoms": "Cold"}), "Confirm the booking")
    look = alice.press(form, "Check my booking", fields={"customFieldValues.symptoms": "Cough"})
    assert (look.status, "This time has just been taken." in look.text) == (409, True)
    again = alice.press(look, "9:30 am Tue 8 Dec")
    assert "Cough" in again.text
    assert "Confirm the booking" in again.form_with("Confirm the booking").buttons


def test_a_price_that_changed_is_shown_before_anything_is_booked(alice: Browser, offer: Callable[..., Service]) -> None:
    service = offer()
    look = review(alice)
    update_service(service.id, {"price": 6000}, EVERYBODY.ada, current_rules(), NOW)
    again = alice.press(look, "Confirm the booking")
    assert again.status == 409
    assert "The total goes from €50.00 to €60.00." in again.text
    assert bookings_of(alice) == 0
    assert "€60.00, to pay on site" in alice.press(again, "Confirm the booking").text


def test_approval_is_asked_for_where_the_service_wants_it(alice: Browser, offer: Callable[..., Service]) -> None:
    offer(requiresApproval=True)
    done = alice.press(review(alice), "Ask for this booking")
    assert "Your request has been sent, Alice." in done.text
    assert "Approval asked for" in done.text


def test_the_ticket_says_when_where_and_under_which_reference(alice: Browser, offer: Callable[..., Service]) -> None:
    offer(location={"type": "physical", "address": "12 rue <X>, Paris", "room": "2A"})
    done = alice.press(review(alice), "Confirm the booking")
    booking_id = done.address.rsplit("/", 1)[1]
    assert f"Reference {reference_of(booking_id)}" in done.text
    assert "12 rue <X>, Paris, 2A" in done.text
    assert done.link("See on a map") == "https://www.openstreetmap.org/search?query=12%20rue%20%3CX%3E%2C%20Paris"
    assert done.link("Google").startswith("https://calendar.google.com/calendar/render?action=TEMPLATE")
    assert done.link("Outlook").startswith("https://outlook.live.com/")
    assert done.link("File .ics") == f"/bookings/{booking_id}/calendar.ics"
    outside = [given for tag, given in done.tags if tag == "a" and given["href"].startswith("https://")]
    assert [given["rel"] for given in outside] == ["noopener noreferrer"] * 3
    assert "Cancel online until Monday 7 December, 9:00 am: it costs nothing." in done.text


def test_a_room_online_is_shown_to_who_booked_once_it_is_certain(alice: Browser, offer: Callable[..., Service]) -> None:
    link = "https://meet.example.com/x?y=1"
    offer(location={"type": "virtual", "virtualLink": link})
    assert not any(link in alice.get(address).html for address in ("/", "/services/consultation"))
    look = review(alice)
    assert link not in look.html
    assert alice.press(look, "Confirm the booking").link("Join online") == link


def test_a_room_online_stays_closed_while_approval_is_asked_for(alice: Browser, offer: Callable[..., Service]) -> None:
    link = "https://meet.example.com/room"
    offer(location={"type": "virtual", "virtualLink": link}, requiresApproval=True)
    done = alice.press(review(alice), "Ask for this booking")
    assert link not in [href for _, href in done.links]
    assert "The link is shown once the booking is confirmed." in done.text


def test_somebody_else_signs_in_and_comes_back_to_the_same_choice(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    page = alice.press(alice.get(BOOK), "Somebody else?")
    assert urlsplit(page.address).path == "/sign-in"
    assert parse_qs(urlsplit(page.address).query)["next"][0].startswith("/book/consultation?start=2026-12-08")


def test_what_people_type_is_shown_as_typed_on_every_page(alice: Browser, offer: Callable[..., Service]) -> None:
    nasty = "<script>alert(1)</script> {{ 7*7 }} %s &amp; \"'"
    offer(customFields=QUESTIONS[:1])
    look = review(alice, **{"customFieldValues.symptoms": nasty}, notes=nasty)
    done = alice.press(look, "Confirm the booking")
    booking_id = done.address.rsplit("/", 1)[1]
    for page in (look, alice.get(f"/bookings/{booking_id}"), alice.get(f"/bookings/{booking_id}/edit")):
        assert nasty in page.text
        assert "<script>alert" not in page.html


def test_another_ones_confirmation_is_not_found(alice: Browser, bob: Browser, offer: Callable[..., Service]) -> None:
    offer()
    done = alice.press(review(alice), "Confirm the booking")
    assert bob.get(done.address).status == 404


def test_participants_are_asked_for_by_name_where_the_service_needs_it(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer(type="course", maxParticipants=8, participantDetailsRequired=True)
    address = f"{BOOK}&participants=2"
    missing = review(alice, address, **{"participantDetails.0.name": "Ann"})
    assert missing.status == 422
    people = {"participantDetails.0.name": "Ann", "participantDetails.1.name": "Ben", "participantDetails.1.age": "9"}
    look = review(alice, address, **people)
    assert "Ben, 9" in look.text
    assert "You are booked" in alice.press(look, "Confirm the booking").text


@pytest.mark.usefixtures("catalogue")
def test_a_declared_value_of_the_order_makes_the_price(alice: Browser) -> None:
    address = "/book/livraison-courses-bio?start=2026-12-08T09:00Z&end=2026-12-08T09:30Z&metadata.order_total=50"
    answers = {"customFieldValues.delivery_address": "1 rue X", "customFieldValues.phone_number": "0123456789"}
    look = review(alice, address, **answers)
    assert "Value of your order 50 €" in look.text
    done = alice.press(look, "Confirm the booking")
    assert "Free of charge" in done.text


@pytest.mark.usefixtures("catalogue")
def test_nights_are_booked_by_their_dates(alice: Browser) -> None:
    page = alice.get("/services/chambre-double-standard?date=2026-12-11&nights=3&participants=2")
    form = alice.press(page, "Continue")
    answers = {"customFieldValues.checkin_time": "18 h", "customFieldValues.bed_type": "Lit double"}
    done = alice.press(alice.press(form, "Check my booking", fields=answers), "Confirm the booking")
    assert "from Friday 11 December to Monday 14 December 3 nights" in done.text
    assert "€360.00, to pay on site" in done.text


@pytest.mark.parametrize(
    "query", ["", "?start=never&end=x", "?start=2026-12-08T08:00Z&end=2026-12-08T07:00Z&participants=9"]
)
def test_a_choice_that_cannot_be_booked_leads_back_to_the_service(
    alice: Browser, offer: Callable[..., Service], query: str
) -> None:
    offer(maxParticipants=2)
    page = alice.get(f"/book/consultation{query}")
    assert page.status == 200
    assert urlsplit(page.address).path == "/services/consultation"


def test_a_form_without_its_token_is_refused(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    page = alice.open(BOOK, "POST", [("step", "confirm"), ("total", "5000"), ("key", "k")])
    assert page.status == 400
    assert bookings_of(alice) == 0


def test_options_are_shown_in_the_readers_language_and_stored_as_they_are(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    question = [
        {"id": "urgency", "name": "Urgence", "type": "select", "required": True, "options": ["Faible", "Forte"]}
    ]
    english = {"customFields": {"urgency": {"name": "Urgency", "options": ["Low", "High"]}}}
    offer(customFields=question, translations={"en": english})
    look = review(alice, **{"customFieldValues.urgency": "Forte"})
    assert "Urgency High" in look.text
    assert hidden(look)["customFieldValues.urgency"] == ["Forte"]


@pytest.mark.usefixtures("catalogue")
def test_an_answer_in_the_wrong_form_is_named_without_the_pattern_of_the_machine(alice: Browser) -> None:
    address = "/book/citadine-electrique?start=2026-12-08T09:00Z&end=2026-12-08T10:00Z"
    page = review(alice, address, **{"customFieldValues.license_number": "12 AB"})
    assert "This is not written as expected." in page.text
    assert "[0-9]" not in page.text


@pytest.mark.usefixtures("catalogue")
def test_a_declared_value_that_is_no_number_is_named_before_anything_is_asked(alice: Browser) -> None:
    page = alice.get("/services/livraison-courses-bio?start=2026-12-08T09:00Z")
    back = alice.press(page, "Continue", fields={"metadata.order_total": "60 euros"})
    assert urlsplit(back.address).path == "/services/livraison-courses-bio"
    assert "Give a number." in back.text
    assert 'value="60 euros"' in back.html
