"""The code on a ticket: at the door it leads to the booking, and it is shown as long as it is good."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine

from portal.domain.booking import Booking
from portal.domain.service import Service
from portal.usecases.attendance import check_in
from portal.usecases.bookings import create_booking
from portal.usecases.cancellations import cancel_booking
from portal.web.context import current_rules
from portal.web.tickets import code_address
from tests.build import NOW, a_command, paris
from tests.people import EVERYBODY
from tests.web.page import Browser

NINE = paris("2026-12-08 09:00")
Offer = Callable[..., Service]
LABEL = 'role="img" aria-label="QR code of the booking"><svg'


@pytest.fixture
def booking(offer: Offer) -> Booking:
    return create_booking(a_command(offer(), NINE), EVERYBODY.alice, current_rules(), NOW)


def test_the_ticket_and_the_booking_show_the_code(alice: Browser, booking: Booking) -> None:
    for page in (f"/booking/success/{booking.id}", f"/bookings/{booking.id}"):
        shown = alice.get(page)
        assert (shown.status, LABEL in shown.html) == (200, True)
        assert "Show it when you arrive." in shown.text


def test_what_the_code_holds_leads_the_team_to_the_booking(sam: Browser, booking: Booking) -> None:
    with sam.app.test_request_context():
        address = code_address(booking)
    assert address.startswith(sam.app.extensions["settings"].public_url)
    page = sam.get(urlsplit(address).path)
    assert (page.status, page.address) == (200, f"/staff/bookings/{booking.id}")


def test_a_code_that_somebody_changed_leads_nowhere(sam: Browser, booking: Booking) -> None:
    with sam.app.test_request_context():
        path = urlsplit(code_address(booking)).path
    wrong = path[:-1] + ("A" if path[-1] != "A" else "B")
    assert sam.get(wrong).status == 422


def test_a_request_that_waits_for_an_answer_has_no_code_yet(alice: Browser, offer: Offer) -> None:
    service = offer(requiresApproval=True)
    waiting = create_booking(a_command(service, NINE), EVERYBODY.alice, current_rules(), NOW)
    assert LABEL not in alice.get(f"/bookings/{waiting.id}").html


def test_a_code_is_gone_when_it_was_used_and_when_nobody_can_come_with_it(
    alice: Browser, booking: Booking, offer: Offer
) -> None:
    called_off = create_booking(a_command(offer(), NINE), EVERYBODY.alice, current_rules(), NOW)
    cancel_booking(called_off.id, None, EVERYBODY.alice, current_rules(), NOW)
    assert LABEL not in alice.get(f"/bookings/{called_off.id}").html
    with time_machine.travel(booking.start - timedelta(minutes=5), tick=False):
        assert LABEL in alice.get(f"/bookings/{booking.id}").html
        check_in(booking.id, EVERYBODY.sam, booking.start - timedelta(minutes=5))
        assert LABEL not in alice.get(f"/bookings/{booking.id}").html
