"""One booking at the desk: everything about it, and what its state allows."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from portal.domain.booking import Booking
from portal.domain.check_in import token_of
from portal.domain.lifecycle import BookingStatus
from portal.domain.money import Amount
from portal.domain.reference import reference_of
from portal.domain.service import Service
from portal.store import payments
from portal.store.db import db
from portal.usecases.approvals import approve_booking
from portal.usecases.bookings import get_booking
from portal.usecases.payment_events import handle_event
from portal.usecases.payments import ReturnTo, check_payment, open_payment
from portal.web.context import current_money
from tests.build import NOW
from tests.invariants import check_invariants
from tests.payments.provider import FakeProvider, a_provider
from tests.people import EVERYBODY
from tests.web.page import Browser, Page
from tests.web.staff.conftest import NINE

Offer, Book = Callable[..., Service], Callable[..., Booking]
AT_NINE = "2026-12-08T08:05:00+00:00"
FAR = NINE + timedelta(days=9)


def show(browser: Browser, booking: Booking) -> Page:
    return browser.get(f"/staff/bookings/{booking.id}")


def reload(booking: Booking) -> Booking:
    db.session.rollback()
    return get_booking(booking.id, EVERYBODY.sam, NOW)


def buttons(page: Page) -> set[str]:
    """Return the deeds that the page offers."""
    known = {"Agree", "Decline", "Cancel the booking", "Note the arrival", "Note the departure", "It took place"}
    return (known | {"Nobody came", "Give back"}) & {text for form in page.forms for text in form.buttons}


# ---------------------------------------------------------------- what it shows


def test_everything_that_is_known_stands_on_one_page(sam: Browser, offer: Offer, book: Book) -> None:
    service = offer(customFields=[{"id": "symptoms", "name": "Symptoms", "type": "text", "required": True}])
    booking = book(
        service, contact_phone="0123456789", notes="Third\nfloor", custom_field_values={"symptoms": "<b>cough</b>"}
    )
    page = show(sam, booking)
    for text in ("Alice Martin", "Consultation", reference_of(booking.id), "Third floor", "<b>cough</b>", "50.00"):
        assert text in page.text
    assert "Booked, Alice Martin" in page.text


@pytest.mark.parametrize(
    ("moment", "offered"),
    [
        ("2026-12-07T07:00:00+00:00", {"Cancel the booking", "Note the arrival"}),
        (AT_NINE, {"Cancel the booking", "Note the arrival", "It took place", "Nobody came"}),
        ("2026-12-08T09:00:00+00:00", {"Cancel the booking", "It took place", "Nobody came"}),
    ],
)
def test_only_what_the_state_allows_is_offered(
    sam: Browser, offer: Offer, book: Book, clock: time_machine.Traveller, moment: str, offered: set[str]
) -> None:
    booking = book(offer())
    clock.move_to(moment)
    assert buttons(show(sam, booking)) == offered


def test_what_is_not_there_is_not_found(sam: Browser) -> None:
    assert sam.get("/staff/bookings/nothing").status == 404


# ---------------------------------------------------------------- deeds


def test_a_request_is_agreed_to_once_and_the_second_click_is_told_so(sam: Browser, offer: Offer, book: Book) -> None:
    booking = book(offer(requiresApproval=True), FAR)
    before = show(sam, booking)
    assert "The booking is agreed to." in sam.press(before, "Agree").text
    again = sam.press(before, "Agree")
    assert (again.status, "it is confirmed" in again.text) == (409, True)
    assert reload(booking).status is BookingStatus.CONFIRMED


def test_a_request_over_the_limit_is_an_admins(sam: Browser, ada: Browser, offer: Offer, book: Book) -> None:
    booking = book(offer(price=200_000), FAR)
    page = show(sam, booking)
    assert "An admin has to agree to this amount." in page.text
    assert buttons(page) == {"Cancel the booking"}
    assert "The booking is agreed to." in ada.press(show(ada, booking), "Agree").text


def test_a_request_is_declined_with_a_reason_that_the_trail_keeps(sam: Browser, offer: Offer, book: Book) -> None:
    booking = book(offer(requiresApproval=True), FAR)
    page = sam.press(show(sam, booking), "Decline", reason="The room is being painted")
    assert "Declined, Sam Petit: The room is being painted" in page.text
    assert buttons(page) == set()


def test_a_lost_race_is_said_plainly(sam: Browser, offer: Offer, book: Book) -> None:
    booking = book(offer(requiresApproval=True), FAR)
    before = show(sam, booking)
    approve_booking(booking.id, EVERYBODY.ada, NOW)
    page = sam.press(before, "Decline", reason="full")
    assert (page.status, "it is confirmed" in page.text) == (409, True)
    assert reload(booking).status is BookingStatus.CONFIRMED


def test_a_customer_comes_and_leaves(sam: Browser, offer: Offer, book: Book, clock: time_machine.Traveller) -> None:
    booking = book(offer())
    clock.move_to(AT_NINE)
    before = show(sam, booking)
    page = sam.press(before, "Note the arrival")
    assert "Arrived 9:05" in page.text.replace("\u00a0", " ")
    assert "checked in already" in sam.press(before, "Note the arrival").text
    assert "Note the departure" not in buttons(sam.press(page, "Note the departure"))


def test_a_no_show_is_marked_and_corrected(
    sam: Browser, offer: Offer, book: Book, clock: time_machine.Traveller
) -> None:
    booking = book(offer())
    clock.move_to(AT_NINE)
    page = sam.press(show(sam, booking), "Nobody came", reason="rang twice")
    assert "Nobody came, Sam Petit: rang twice" in page.text
    assert reload(booking).status is BookingStatus.NO_SHOW
    sam.press(page, "It took place")
    assert reload(booking).status is BookingStatus.COMPLETED


def test_notes_are_the_teams_own(sam: Browser, alice: Browser, offer: Offer, book: Book) -> None:
    booking = book(offer())
    page = sam.press(show(sam, booking), "Keep the notes", internalNotes="Brings <a dog>\r\nand a cat")
    assert reload(booking).internal_notes == "Brings <a dog>\nand a cat"
    assert "Brings <a dog>" in page.text
    assert "dog" not in alice.get(f"/bookings/{booking.id}").text
    refused = sam.press(page, "Keep the notes", internalNotes="x" * 5001)
    assert (refused.status, "at most 5000 characters" in refused.text, "x" * 5001 in refused.text) == (422, True, True)
    assert reload(booking).internal_notes == "Brings <a dog>\nand a cat"


def test_another_member_takes_over(sam: Browser, offer: Offer, book: Book) -> None:
    booking = book(offer(requiredStaff=[{"role": "doctor", "count": 1, "specificStaffIds": ["dr-a", "dr-b"]}]))
    before = show(sam, booking)
    other = "dr-b" if booking.assigned_staff[0].staff_id == "dr-a" else "dr-a"
    assert "The change is kept." in sam.press(before, "Assign", choice=other).text
    assert sam.press(before, "Assign", choice=other).status == 200  # the second click
    assert [one.staff_id for one in reload(booking).assigned_staff] == [other]
    assert sam.press(before, "Assign", choice="").status == 422


@pytest.mark.parametrize("reason", ["x" * 501, "a\0b"])
def test_a_reason_that_cannot_be_kept_is_refused_and_nothing_done(
    sam: Browser, offer: Offer, book: Book, reason: str
) -> None:
    booking = book(offer())
    page = sam.press(show(sam, booking), "Cancel the booking", reason=reason)
    assert (page.status, "plain text" in page.text) == (422, True)
    assert reload(booking).status is BookingStatus.CONFIRMED


# ---------------------------------------------------------------- money


@pytest.fixture
def provider(app: Flask) -> Iterator[FakeProvider]:
    """The app takes money, by a provider in memory, until the test is over."""
    made = a_provider(NOW)
    before = {name: app.extensions[name] for name in ("payments", "rules")}
    app.extensions |= {"payments": made, "rules": replace(before["rules"], takes_payment=True)}
    yield made
    app.extensions |= before


@pytest.fixture
def paid(provider: FakeProvider, offer: Offer, book: Book) -> Booking:
    """A booking of alice's, 50 € paid; half goes back when it is cancelled."""
    booking = book(
        offer(cancellationPolicy={"allowCancellation": True, "refundPolicy": "partial", "refundPercentage": 50})
    )
    back = ReturnTo("https://us.example/ok", "https://us.example/no", "Consultation", "fr")
    provider.pay(open_payment(booking.id, back, EVERYBODY.alice, current_money(), NOW).session_id)
    return check_payment(booking.id, EVERYBODY.alice, current_money(), NOW).booking


def test_each_choice_says_what_goes_back_before_it_is_made(sam: Browser, paid: Booking) -> None:
    page = show(sam, paid)
    for words in ("Nothing: €0.00", "By the policy: €25.00", "Everything: €50.00"):
        assert words in page.text


@pytest.mark.parametrize(("choice", "back"), [("none", 0), ("policy", 2500), ("full", 5000)])
def test_cancelling_gives_back_what_was_chosen(sam: Browser, paid: Booking, choice: str, back: int) -> None:
    before = show(sam, paid)
    page = sam.press(before, "Cancel the booking", refund=choice, reason="The doctor is ill")
    assert "Cancelled, Sam Petit: The doctor is ill" in page.text
    again = sam.press(before, "Cancel the booking", refund="full")
    assert (again.status, "already cancelled" in again.text) == (409, True)
    assert (reload(paid).status, reload(paid).amount_refunded) == (BookingStatus.CANCELLED, back)
    check_invariants(NOW)


def test_a_choice_that_is_none_is_refused(sam: Browser, paid: Booking) -> None:
    assert sam.press(show(sam, paid), "Cancel the booking", refund="double").status == 422
    assert reload(paid).amount_refunded == 0


def test_part_goes_back_once_however_often_the_form_is_sent(sam: Browser, paid: Booking) -> None:
    before = show(sam, paid)
    for _ in range(2):
        page = sam.press(before, "Give back", amount="12.50", reason="Late start")
        assert page.status == 200
    assert reload(paid).amount_refunded == 1250
    assert "Late start" in page.text
    sam.press(page, "Give back", amount="")
    assert reload(paid).amount_refunded == 5000
    assert "Give back" not in buttons(show(sam, paid))
    check_invariants(NOW)


@pytest.mark.parametrize("amount", ["0", "-5", "12.345", "much", "1e3", "99999999999"])
def test_an_amount_that_is_none_is_refused_at_its_place_and_kept(sam: Browser, paid: Booking, amount: str) -> None:
    page = sam.press(show(sam, paid), "Give back", amount=amount, reason="Late start")
    assert (page.status, "#amount" in [href for _, href in page.links]) == (422, True)
    assert {("amount", amount), ("reason", "Late start")} <= set(page.form_with("Give back").fields)
    assert reload(paid).amount_refunded == 0


def test_more_than_was_paid_is_refused(sam: Browser, paid: Booking) -> None:
    page = sam.press(show(sam, paid), "Give back", amount="50,01")
    assert (page.status, "At most €50.00 can still be given back." in page.text) == (409, True)


def test_what_did_not_arrive_is_given_back_once_more_once(
    sam: Browser, paid: Booking, provider: FakeProvider, clock: time_machine.Traveller
) -> None:
    sam.press(show(sam, paid), "Give back", amount="20")
    db.session.rollback()
    (refund,) = payments.refunds_of(db.session(), paid.id)
    provider.fail_refund(refund.provider_id or "")
    handle_event(provider.told("refund.failed"), current_money(), NOW)
    assert "Money did not arrive" in sam.get("/staff").text
    before = show(sam, paid)
    clock.shift(60)
    sam.press(before, "Give back once more")
    again = sam.press(before, "Give back once more")
    assert (again.status, "went back since" in again.text) == (409, True)
    assert reload(paid).amount_refunded == 2000
    assert "Money did not arrive" not in sam.get("/staff").text
    check_invariants(NOW)


def test_a_dispute_is_shown_and_blocks_refunds(sam: Browser, paid: Booking, provider: FakeProvider) -> None:
    (payment,) = payments.payments_of(db.session(), paid.id)
    provider.dispute_payment(payment.intent_id or "")
    handle_event(provider.told("charge.dispute.created"), current_money(), NOW)
    page = show(sam, paid)
    assert "Disputed" in page.text
    assert "Give back" not in buttons(page)
    assert "Disputed" in sam.get("/staff").text
    assert "Alice Martin" in sam.get("/staff/bookings?money=disputed").text


def test_a_payment_that_is_not_as_it_should_be_waits_until_somebody_has_seen_it(
    sam: Browser, provider: FakeProvider, offer: Offer, book: Book
) -> None:
    booking = book(offer())
    back = ReturnTo("https://us.example/ok", "https://us.example/no", "Consultation", "fr")
    page_id = open_payment(booking.id, back, EVERYBODY.alice, current_money(), NOW).session_id
    provider.pay(page_id, amount=Amount(4999, "EUR"))
    handle_event(provider.told("checkout.session.completed"), current_money(), NOW)
    assert "A payment is not as it should be" in sam.get("/staff").text
    before = show(sam, booking)
    for _ in range(2):  # the second click of two
        page = sam.press(before, "I have seen this")
        assert "It is noted." in page.text
    assert "Seen: a payment that was not as it should be, Sam Petit" in page.text
    assert not [one for one in page.forms if "I have seen this" in one.buttons]
    assert "A payment is not as it should be" not in sam.get("/staff").text
    assert "Alice Martin" in sam.get("/staff/bookings?money=flagged").text
    check_invariants(NOW)


# ---------------------------------------------------------------- at the door


def test_a_code_leads_to_its_booking_and_checks_nobody_in_by_itself(
    app: Flask, sam: Browser, offer: Offer, book: Book
) -> None:
    booking = book(offer())
    page = sam.press(sam.get("/staff/check-in"), "Show the booking", code=reference_of(booking.id).lower())
    assert page.address == f"/staff/bookings/{booking.id}"
    token = token_of(booking.id, app.config["SECRET_KEY"])
    assert sam.get(f"/staff/check-in/{token}").address == page.address
    assert reload(booking).check_in is None


@pytest.mark.parametrize("code", ["", "CRN-0000-00", "nothing.AAAA"])
def test_a_code_that_nothing_has_is_said_and_kept(sam: Browser, code: str) -> None:
    page = sam.press(sam.get("/staff/check-in"), "Show the booking", code=code)
    assert (page.status, "No booking has this code." in page.text) == (422, True)
    assert ("code", code) in page.form_with("Show the booking").fields
