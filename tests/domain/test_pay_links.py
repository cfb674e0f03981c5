"""Links that pay for a booking, and how long a place waits for the money."""

from datetime import datetime, timedelta

import pytest

from portal.domain.booking import Booking
from portal.domain.check_in import token_of
from portal.domain.lifecycle import BookingStatus
from portal.domain.pay_links import pay_token, pay_until, payable_booking, until_errors
from tests.build import NOW, paris

SECRET = "a secret of the tests"
START, END = paris("2026-12-08 09:00"), paris("2026-12-08 10:00")


def a_booking(booking_id: str) -> Booking:
    return Booking(booking_id, "s", "u", START, END, BookingStatus.PENDING, 1, 100, "EUR", NOW, NOW)


@pytest.mark.parametrize("booking_id", ["0197-abc", "order.2024.17", "17"])
def test_a_link_leads_to_its_booking_until_that_has_ended(booking_id: str) -> None:
    token = pay_token(a_booking(booking_id), SECRET)
    assert payable_booking(token, SECRET, END - timedelta(seconds=1)) == booking_id
    assert payable_booking(token, SECRET, END) is None


@pytest.mark.parametrize("token", ["", "17", "17.1.", "17.99999999.AAAA", "..", "17.é.x", "17.1.\ud800", "x" * 5000])
def test_what_we_did_not_seal_pays_for_nothing(token: str) -> None:
    assert payable_booking(token, SECRET, NOW) is None


def test_neither_the_booking_nor_the_end_of_a_link_can_be_changed() -> None:
    booking_id, end, seal = pay_token(a_booking("17"), SECRET).split(".")
    assert payable_booking(f"18.{end}.{seal}", SECRET, NOW) is None
    assert payable_booking(f"{booking_id}.{int(end) + 1}.{seal}", SECRET, NOW) is None
    assert payable_booking(f"{booking_id}.{end}.{seal}", "the secret of another portal", NOW) is None


def test_the_code_of_a_ticket_pays_for_nothing() -> None:
    assert payable_booking(token_of("17.99999999", SECRET), SECRET, NOW) is None


def test_a_place_is_kept_for_the_hours_that_were_chosen_but_never_beyond_its_start() -> None:
    assert pay_until(2, START, NOW) == NOW + timedelta(hours=2)
    assert pay_until(168, START, NOW) == START


@pytest.mark.parametrize(
    ("until", "now", "codes"),
    [
        (START, NOW, []),
        (NOW + timedelta(minutes=35), NOW, []),
        (NOW + timedelta(minutes=34), NOW, ["too_short"]),
        (NOW - timedelta(days=1), NOW, ["too_short"]),
        (START + timedelta(minutes=1), NOW, ["after_start"]),
        (START, START - timedelta(minutes=35), []),
        (START, START - timedelta(minutes=34), ["too_soon"]),
        (START, START + timedelta(days=1), ["too_soon"]),
    ],
)
def test_there_is_time_to_pay_and_it_ends_before_the_booking_begins(
    until: datetime, now: datetime, codes: list[str]
) -> None:
    assert [one.code for one in until_errors(until, START, now)] == codes
