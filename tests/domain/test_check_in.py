"""What the QR code of a ticket holds."""

import pytest

from portal.domain.check_in import booking_of, token_of
from portal.domain.identity import new_id

SECRET = "a secret of the tests"


def test_a_token_leads_back_to_its_booking_also_of_an_adopted_one() -> None:
    for booking_id in (new_id(), "order.2024.17", "17"):
        assert booking_of(token_of(booking_id, SECRET), SECRET) == booking_id


@pytest.mark.parametrize("token", ["", ".", "17", "17.", ".abc", "17.AAAAAAAAAAAAAAAA", "17.é\ud800"])
def test_what_we_did_not_seal_is_nobodys(token: str) -> None:
    assert booking_of(token, SECRET) is None


def test_a_seal_fits_one_booking_and_one_portal() -> None:
    seal = token_of("17", SECRET).partition(".")[2]
    assert booking_of(f"18.{seal}", SECRET) is None
    assert booking_of(f"17.{seal}", "the secret of another portal") is None
