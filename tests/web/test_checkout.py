"""To the payment page and back: what the customer is told is what the provider says."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from portal.domain.service import Service
from portal.usecases.bookings import create_booking, get_booking
from portal.web.context import current_rules
from tests.build import NOW, a_command, paris
from tests.payments.provider import FakeProvider, a_provider
from tests.people import EVERYBODY
from tests.web.page import Browser, Page
from tests.web.test_booking import BOOK, review

PAY = "Pay €50.00"


@pytest.fixture(autouse=True)
def provider(app: Flask) -> Iterator[FakeProvider]:
    """A house that takes payment."""
    extensions, before = app.extensions, dict(app.extensions)
    extensions["payments"] = provider = a_provider(NOW)
    extensions["rules"] = replace(extensions["rules"], takes_payment=True)
    yield provider
    extensions["payments"], extensions["rules"] = before["payments"], before["rules"]


def press_pay(browser: Browser, address: str = BOOK) -> Page:
    """Confirm the last look; what comes is the way to the payment page."""
    return browser.press(review(browser, address), PAY, False)


def session_of(answer: Page) -> str:
    """Read which page of the provider an answer leads to."""
    assert answer.status == 303, answer.text
    return answer.response.headers["Location"].rsplit("/", 1)[1]


def booking_of(browser: Browser) -> str:
    """Return the address's end of the one booking of a person."""
    page = browser.get("/bookings")
    return next(href for _, href in page.links if href.startswith("/bookings/")).rsplit("/", 1)[1]


def came_back(browser: Browser) -> Page:
    return browser.get(f"/booking/success/{booking_of(browser)}")


def test_the_last_look_says_that_one_pays_now_and_for_how_long_the_time_is_kept(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    page = review(alice)
    assert PAY in page.form_with(PAY).buttons
    assert "The time is kept for you for 35 minutes." in page.text
    assert "on site" not in page.text


def test_what_comes_back_of_a_payment_is_shown_before_it_is_made(
    nobody: Browser, offer: Callable[..., Service]
) -> None:
    offer(cancellationPolicy={"cutoffHours": 12, "refundPolicy": "partial", "refundPercentage": 80})
    text = nobody.get("/services/consultation?start=2026-12-08T08:00Z").text
    assert "€40 given back (80%) until Mon 7 Dec, 9:00 pm €0 afterwards" in text


def test_paying_leads_to_the_payment_page_and_back_to_the_ticket(
    alice: Browser, offer: Callable[..., Service], provider: FakeProvider
) -> None:
    offer()
    session_id = session_of(press_pay(alice))
    provider.pay(session_id)
    page = came_back(alice)
    assert "You are booked, Alice." in page.text
    assert "€50.00 paid" in page.text


def test_the_form_may_lead_to_the_payment_page_and_nowhere_else(app: Flask, alice: Browser) -> None:
    given = app.extensions["settings"]
    app.extensions["settings"] = replace(given, stripe_secret_key="sk_test_1", stripe_api_base=None)
    try:
        policy = alice.get("/").response.headers["Content-Security-Policy"]
    finally:
        app.extensions["settings"] = given
    assert "form-action 'self' https://checkout.stripe.com;" in policy
    assert "form-action 'self';" in alice.get("/").response.headers["Content-Security-Policy"]


def test_the_return_address_alone_proves_nothing(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    press_pay(alice)
    page = came_back(alice)
    assert "€50.00 to pay" in page.text
    assert "You have not been charged." in page.text
    assert "You are booked" not in page.text


def test_who_leaves_the_payment_page_hears_how_long_the_time_is_kept_and_pays_on_the_same_page(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    offer()
    session_id = session_of(press_pay(alice))
    page = alice.get(f"/booking/cancel/{booking_of(alice)}")
    assert "The time is kept for you until 8:35 am." in page.text
    assert session_of(alice.press(page, PAY, False)) == session_id


def test_a_refused_card_keeps_the_time_and_another_one_pays(
    alice: Browser, offer: Callable[..., Service], provider: FakeProvider
) -> None:
    offer()
    session_id = session_of(press_pay(alice))
    provider.decline_page(session_id)
    page = came_back(alice)
    assert "Your bank refused the card." in page.text
    assert "until 8:35 am" in page.text
    provider.pay(session_of(alice.press(page, "Try again", False)))
    assert "You are booked" in came_back(alice).text


def test_while_the_bank_decides_the_page_asks_again_by_itself_and_says_so(
    alice: Browser, sam: Browser, offer: Callable[..., Service], provider: FakeProvider
) -> None:
    offer()
    intent_id = provider.pay(session_of(press_pay(alice)), processing=True)
    page = came_back(alice)
    assert "We are checking the payment." in page.text
    assert 'hx-trigger="every 3s"' in page.html
    htmx = {"HX-Request": "true", "HX-Target": "payment_state"}
    address = f"/booking/success/{booking_of(alice)}"
    again = alice.open(address, **htmx)
    assert again.html.lstrip().startswith("<div")
    assert "We are checking the payment." in again.text
    for where in ("/bookings", f"/bookings/{booking_of(alice)}"):
        page = alice.get(where)
        assert "Payment in progress" in page.text
        assert not any("Pay " in button for form in page.forms for button in form.buttons), where
        assert page.link("See the payment") == address
    for where in ("/staff/bookings", f"/staff/bookings/{booking_of(alice)}"):
        assert "Payment in progress The bank is deciding" in sam.get(where).text
    assert "Payment in progress The bank is deciding" in sam.get(f"/staff/customers/{EVERYBODY.alice.id}").text
    day = get_booking(booking_of(alice), EVERYBODY.alice, datetime.now(UTC)).start.date()
    assert "Payment in progress" in sam.get(f"/staff?day={day}").text
    provider.decide(intent_id, yes=True)
    assert alice.open(address, **htmx).response.headers["HX-Redirect"] == address
    assert "You are booked" in came_back(alice).text


def test_a_provider_that_does_not_answer_is_no_failure_and_charges_nothing(
    alice: Browser, offer: Callable[..., Service], provider: FakeProvider
) -> None:
    offer()
    provider.fail("unheard", "open_session")
    page = press_pay(alice)
    assert page.status == 503
    assert "The payment page does not answer. You were not charged." in page.text
    assert session_of(alice.press(page, "Try again", False))


def test_who_comes_back_while_the_provider_does_not_answer_is_told_that_nothing_is_lost(
    alice: Browser, offer: Callable[..., Service], provider: FakeProvider
) -> None:
    offer()
    provider.pay(session_of(press_pay(alice)))
    provider.fail("unheard", "session")
    page = came_back(alice)
    assert "If you have paid, nothing is lost" in page.text
    assert "You are booked" in came_back(alice).text


def test_a_time_that_nobody_paid_for_is_over_and_can_be_booked_again(
    alice: Browser, bob: Browser, offer: Callable[..., Service], clock: time_machine.Traveller
) -> None:
    offer()
    press_pay(alice)
    address = f"/booking/success/{booking_of(alice)}"
    clock.shift(timedelta(minutes=36))
    page = alice.get(address)
    assert "The time to pay is over." in page.text
    assert "You were not charged." in page.text
    assert page.link("Book again").startswith("/services/consultation")
    assert press_pay(bob).status == 303


def test_money_that_comes_too_late_for_a_place_that_is_gone_goes_back_and_the_page_says_so(
    alice: Browser,
    bob: Browser,
    offer: Callable[..., Service],
    provider: FakeProvider,
    clock: time_machine.Traveller,
) -> None:
    offer()
    session_id, address = session_of(press_pay(alice)), f"/booking/success/{booking_of(alice)}"
    clock.shift(timedelta(minutes=36))
    press_pay(bob)
    provider.pay(session_id)
    page = alice.get(address)
    assert "You get €50.00 back." in page.text
    assert "the place had gone to somebody else" in page.text


def test_my_bookings_offer_to_pay_or_to_give_the_time_up(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    session_id = session_of(press_pay(alice))
    page = alice.get("/bookings")
    assert "To pay before 8:35 am" in page.text
    assert session_of(alice.press(page, "Pay €50.00, Consultation", False)) == session_id
    ask = alice.get(page.link("Give up"))
    assert "Give this time up?" in ask.text
    alice.press(ask, "Give the time up")
    assert "Not paid" in alice.get("/bookings?show=cancelled").text


def test_a_paid_booking_is_cancelled_with_what_the_policy_gives_back(
    alice: Browser, offer: Callable[..., Service], provider: FakeProvider
) -> None:
    offer(cancellationPolicy={"allowCancellation": True, "refundPolicy": "partial", "refundPercentage": 80})
    book_on_10 = BOOK.replace("-08T", "-10T")
    provider.pay(session_of(press_pay(alice, book_on_10)))
    assert "You are booked" in came_back(alice).text
    ask = alice.get(f"/bookings/{booking_of(alice)}/cancel")
    assert "Kept back (20 %) −€10.00 You get back €40.00" in ask.text
    assert "The booking is cancelled. You get €40.00 back." in alice.press(ask, "Cancel and get €40.00 back").text
    page = alice.get("/bookings?show=cancelled")
    assert "Given back in part, €40.00" in page.text


def test_who_gives_up_a_time_that_was_paid_a_moment_ago_is_asked_again_with_the_money_in_sight(
    alice: Browser, offer: Callable[..., Service], provider: FakeProvider
) -> None:
    offer()
    session_id = session_of(press_pay(alice, BOOK.replace("-08T", "-10T")))
    ask = alice.get(f"/bookings/{booking_of(alice)}/cancel")
    provider.pay(session_id)
    again = alice.press(ask, "Give the time up")
    assert "Cancel this booking?" in again.text
    assert "You get back €50.00" in again.text
    assert booking_of(alice)


def test_an_approval_authorises_first_and_charges_nothing_meanwhile(
    alice: Browser, offer: Callable[..., Service], provider: FakeProvider
) -> None:
    offer(requiresApproval=True)
    last_look = review(alice)
    assert "charged only once the team agrees" in last_look.text
    provider.pay(session_of(alice.press(last_look, "Authorise €50.00", False)))
    page = came_back(alice)
    assert "Your request has been sent, Alice." in page.text
    assert "€50.00 held, not charged" in page.text
    ask = alice.get(f"/bookings/{booking_of(alice)}/cancel")
    assert "what is held on your card is released" in ask.text


def test_an_amount_too_small_for_a_card_is_said_in_place(alice: Browser, offer: Callable[..., Service]) -> None:
    offer(price=20)
    page = alice.press(review(alice), "Pay €0.20", False)
    assert page.status == 422
    assert "€0.20 cannot be paid by card: the least is €0.50." in page.text


def test_three_times_that_wait_to_be_paid_are_enough(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    for day in ("08", "09", "10"):
        assert press_pay(alice, BOOK.replace("-08T", f"-{day}T")).status == 303
    page = press_pay(alice, BOOK.replace("-08T", "-11T"))
    assert page.status == 409
    assert "Pay one or drop one first." in page.text


def test_a_double_click_on_pay_books_once_and_leads_to_one_page(alice: Browser, offer: Callable[..., Service]) -> None:
    offer()
    page = review(alice)
    first = session_of(alice.press(page, PAY, False))
    second = alice.press(page, PAY, False)
    assert second.response.headers["Location"].startswith("/booking/success/")
    assert session_of(alice.press(alice.get(second.response.headers["Location"]), PAY, False)) == first


def test_what_is_paid_already_is_not_paid_again(
    alice: Browser, offer: Callable[..., Service], provider: FakeProvider
) -> None:
    offer()
    session_id = session_of(press_pay(alice))
    page = came_back(alice)
    provider.pay(session_id)
    assert "You are booked" in alice.press(page, PAY).text


def test_nobody_pays_for_anothers_booking(alice: Browser, bob: Browser, offer: Callable[..., Service]) -> None:
    service = offer()
    booking = create_booking(a_command(service, paris("2026-12-10 09:00")), EVERYBODY.alice, current_rules(), NOW)
    assert bob.get(f"/booking/success/{booking.id}").status == 404
    assert bob.get(f"/booking/cancel/{booking.id}").status == 404
