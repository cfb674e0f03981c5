"""Which steps may a booking take, and when does it hold its place?"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.lifecycle import (
    HOLD_STATUSES,
    LIVE_STATUSES,
    TRANSITIONS,
    BookingStatus,
    PaymentStatus,
    Source,
    can_move,
    is_live,
)

NOW = datetime(2026, 12, 8, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)

STEPS = {
    "pending": "confirmed cancelled rescheduled",
    "confirmed": "cancelled completed no-show rescheduled",
    "waitlisted": "pending confirmed cancelled",
    "completed": "no-show",
    "no-show": "completed",
    "cancelled": "confirmed",
    "rescheduled": "",
}


@pytest.mark.parametrize("old", BookingStatus)
@pytest.mark.parametrize("new", BookingStatus)
def test_only_the_steps_of_the_table_are_taken(old: BookingStatus, new: BookingStatus) -> None:
    assert can_move(old, new) is (new.value in STEPS[old.value].split())


def test_every_status_has_its_row() -> None:
    assert set(TRANSITIONS) == set(BookingStatus)


def test_no_status_leads_to_itself() -> None:
    assert not [status for status, following in TRANSITIONS.items() if status in following]


def test_the_words_are_those_of_the_api() -> None:
    assert set(BookingStatus) == set(STEPS)
    assert set(PaymentStatus) == {"pending", "paid", "failed", "refunded", "partially_refunded"}
    assert set(Source) == {"web", "mobile", "api", "admin", "phone", "walk-in", "emergency"}


@pytest.mark.parametrize(
    ("status", "hold_expires_at", "live"),
    [
        ("pending", None, True),
        ("pending", NOW + SECOND, True),
        ("pending", NOW, False),
        ("pending", NOW - SECOND, False),
        ("confirmed", None, True),
        ("confirmed", NOW - SECOND, True),
        ("completed", None, True),
        ("no-show", None, True),
        ("cancelled", None, False),
        ("cancelled", NOW + SECOND, False),
        ("rescheduled", NOW + SECOND, False),
        ("waitlisted", None, False),
        ("waitlisted", NOW + SECOND, True),
        ("waitlisted", NOW, False),
    ],
)
def test_a_booking_holds_its_place(status: str, hold_expires_at: datetime | None, live: bool) -> None:
    assert is_live(BookingStatus(status), hold_expires_at, NOW) is live


@given(st.sampled_from(BookingStatus), st.none() | st.datetimes(timezones=st.just(UTC)))
def test_only_a_hold_depends_on_the_clock(status: BookingStatus, hold_expires_at: datetime | None) -> None:
    if status not in HOLD_STATUSES:
        assert is_live(status, hold_expires_at, NOW) is (status in LIVE_STATUSES)


@given(st.sampled_from(sorted(HOLD_STATUSES)), st.datetimes(timezones=st.just(UTC)))
def test_a_lapsed_hold_never_comes_alive_again(status: BookingStatus, end: datetime) -> None:
    assert is_live(status, end, NOW) >= is_live(status, end, NOW + SECOND)
