"""When a message is tried again, when it is given up, and what the house can switch off."""

from datetime import datetime, timedelta

import pytest

from portal.domain.notifications import ABOUT_BOOKINGS, Kind, next_try, silent_kinds
from tests.build import NOW


def tries(created_at: datetime) -> list[timedelta]:
    """Return the waits between the attempts of a message that fails each time."""
    waits, now, attempts = [], created_at, 1
    while (later := next_try(created_at, attempts, now)) is not None:
        waits.append(later - now)
        now, attempts = later, attempts + 1
    return waits


def test_a_message_is_tried_ever_more_seldom_and_given_up_after_five_days() -> None:
    waits = tries(NOW)
    assert waits[:6] == [timedelta(minutes=one) for one in (1, 5, 30, 120, 720, 720)]
    assert timedelta(days=4, hours=12) < sum(waits, timedelta()) <= timedelta(days=5)


@pytest.mark.parametrize(
    ("notifications", "confirmations", "silent"),
    [
        (True, True, set()),
        (True, False, {Kind.BOOKING_CONFIRMATION, Kind.BOOKING_APPROVED}),
        (False, True, ABOUT_BOOKINGS),
        (False, False, ABOUT_BOOKINGS),
    ],
)
def test_what_an_account_cannot_do_without_is_always_sent(
    notifications: bool, confirmations: bool, silent: set[Kind]
) -> None:
    assert silent_kinds(notifications=notifications, confirmations=confirmations) == silent
    assert Kind.PASSWORD_RESET not in silent
