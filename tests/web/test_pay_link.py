"""Paying by a link that was handed over, without signing in: only what is to be paid is shown."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine

from portal.domain.booking import Booking
from portal.domain.lifecycle import Source
from portal.domain.pay_links import pay_token
from portal.domain.service import Service
from portal.usecases.bookings import create_booking, get_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.desk import Desk, Newcomer
from portal.usecases.messages import send_due_messages, sent_letters
from portal.usecases.pay_links import send_pay_link
from portal.web.context import current_money, current_rules, now
from portal.web.mails import compose_words, post
from tests.build import NOW, a_command, paris
from tests.conftest import SECRET
from tests.payments.provider import FakeProvider
from tests.people import EVERYBODY
from tests.web.page import Browser
from tests.web.test_checkout import PAY, provider, session_of

__all__ = ["provider"]

NINE = paris("2026-12-10 09:00")


@pytest.fixture
def held(offer: Callable[..., Service], provider: FakeProvider) -> Booking:
    """A booking of somebody without a password, who has eight hours to pay."""
    desk = Desk(newcomer=Newcomer("Zoé Petit", "zoe@example.com"), pay_until=NOW + timedelta(hours=8))
    command = a_command(offer(), NINE, source=Source.PHONE, notes="A secret of hers", desk=desk)
    return create_booking(command, EVERYBODY.sam, current_rules(), NOW)


@pytest.fixture
def link(held: Booking) -> str:
    return f"/pay/{pay_token(held, SECRET)}"


def test_whoever_has_the_link_sees_what_is_to_be_paid_and_nothing_of_the_person(nobody: Browser, link: str) -> None:
    page = nobody.get(link)
    assert "€50.00 to pay" in page.text
    assert "The time is kept for you until 4:00 pm." in page.text
    for private in ("Zoé", "zoe@example.com", "A secret of hers", "Give this time up", "/bookings/"):
        assert private not in page.html
    assert page.response.headers["Cache-Control"] == "private, no-store"
    assert page.response.headers["X-Robots-Tag"] == "noindex"


def test_the_link_leads_to_the_payment_page_and_then_says_that_it_is_paid(
    nobody: Browser, link: str, held: Booking, provider: FakeProvider
) -> None:
    session_id = session_of(nobody.press(nobody.get(link), PAY, False))
    provider.pay(session_id)
    page = nobody.get(link)
    assert "€50.00 paid" in page.text
    assert "The booking is confirmed." in page.text
    assert PAY not in page.html
    assert get_booking(held.id, EVERYBODY.sam, NOW).status == "confirmed"


def test_a_second_click_leads_to_the_same_payment_page(nobody: Browser, link: str) -> None:
    first, second = (session_of(nobody.press(nobody.get(link), PAY, False)) for _ in range(2))
    assert first == second


def test_hours_later_the_link_opens_a_fresh_page(
    nobody: Browser, link: str, clock: time_machine.Traveller, provider: FakeProvider
) -> None:
    first = session_of(nobody.press(nobody.get(link), PAY, False))
    clock.move_to(NOW + timedelta(hours=5))
    provider.move_to(NOW + timedelta(hours=5))
    assert session_of(nobody.press(nobody.get(link), PAY, False)) != first


def test_where_the_provider_is_away_nothing_is_lost(nobody: Browser, link: str, provider: FakeProvider) -> None:
    page = nobody.get(link)
    provider.fail("unheard", "open_session")
    page = nobody.press(page, PAY, False)
    assert (page.status, "The payment page does not answer." in page.text) == (503, True)
    assert "Try again" in page.form_with("Try again").buttons
    assert page.form_with("Try again").action == link


def test_after_its_time_the_place_is_free_and_the_link_says_so(
    nobody: Browser, link: str, clock: time_machine.Traveller
) -> None:
    page = nobody.get(link)
    clock.move_to(NOW + timedelta(hours=8))
    assert "The time to pay is over" in nobody.press(page, PAY).text
    assert "You were not charged." in nobody.get(link).text


def test_a_booking_that_was_called_off_asks_for_nothing(nobody: Browser, link: str, held: Booking) -> None:
    cancel_booking(held.id, None, EVERYBODY.sam, current_rules(), NOW, money=current_money())
    assert "Nothing is to be paid any more." in nobody.get(link).text


@pytest.mark.parametrize("broken", ["/pay/x", "/pay/17.1.AAAAAAAAAAAAAAAAAAAA"])
def test_what_is_no_link_of_ours_is_not_there(nobody: Browser, broken: str) -> None:
    page = nobody.get(broken)
    assert (page.status, "Ask the team for a new one." in page.text) == (404, True)


def test_a_link_of_one_booking_does_not_open_another(nobody: Browser, link: str) -> None:
    token = link.removeprefix("/pay/")
    assert nobody.get(f"/pay/0{token}").status == 404
    assert nobody.get(f"{link[:-1]}{'A' if link[-1] != 'A' else 'B'}").status == 404


def test_the_link_is_over_with_the_booking(nobody: Browser, link: str, clock: time_machine.Traveller) -> None:
    clock.move_to(NINE + timedelta(minutes=30))
    assert nobody.get(link).status == 404


def test_the_mail_holds_the_link_and_tells_until_when(held: Booking, link: str) -> None:
    send_pay_link(held.id, EVERYBODY.sam, NOW)
    assert send_due_messages(post(), now()) == 1
    (letter,) = sent_letters(post())
    mail = compose_words(letter)
    text = "".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    assert mail["To"] == "zoe@example.com"
    assert text.count(link) == 2  # as text and as HTML
    assert "16 h" in text.replace("\u00a0", " ")
