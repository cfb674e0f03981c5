"""What a booking is called."""

import re

import pytest

from portal.domain.identity import new_id
from portal.domain.reference import ending_of, reference_of

ID = "019af7e2-2b5c-7a31-9c0e-5d1f27c5b6d5"


def test_a_reference_is_short_and_has_no_letter_that_is_taken_for_another() -> None:
    for _ in range(200):
        assert re.fullmatch(r"CRN-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}", reference_of(new_id()))


def test_a_reference_never_changes() -> None:
    assert reference_of(ID) == "CRN-KWBD-PN"


def test_two_bookings_of_the_same_moment_are_called_differently() -> None:
    assert len({reference_of(new_id()) for _ in range(500)}) == 500


def test_the_end_of_the_id_can_be_read_from_a_reference() -> None:
    for _ in range(200):
        booking_id = new_id()
        ending = ending_of(reference_of(booking_id))
        assert ending
        assert booking_id.endswith(ending)


@pytest.mark.parametrize("typed", ["crn-kwbd-pn", "CRN KWBD PN", "kwbdpn", " CRN–KWBD–PN "])
def test_a_reference_is_understood_as_people_type_it(typed: str) -> None:
    assert ending_of(typed) == ID[-7:]


@pytest.mark.parametrize("typed", ["", "CRN", "CRN-XN", "CRN-7RBD-PU", "Camille"])
def test_what_is_no_reference_has_no_ending(typed: str) -> None:
    assert ending_of(typed) is None


def test_an_adopted_booking_is_called_by_its_own_id() -> None:
    assert reference_of("order 1") == "order 1"
