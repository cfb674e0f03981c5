"""Are stretches of time compared, merged and cut to the minute, whatever the clocks do?"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.timerange import (
    days_between,
    edge,
    first_minute_from,
    instant_of,
    local_date,
    merged,
    minute_of,
    slices_by_day,
    without,
)

RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda ends: (min(ends), max(ends))), max_size=8
)
ZONES = ["Europe/Paris", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]


def minutes_in(ranges: list[tuple[int, int]]) -> set[int]:
    return {minute for start, end in ranges for minute in range(start, end)}


@pytest.mark.parametrize(
    ("instant", "inside", "from_then_on"),
    [
        (datetime(1970, 1, 1, 0, 1, tzinfo=UTC), 1, 1),
        (datetime(1970, 1, 1, 0, 1, 30, tzinfo=UTC), 1, 2),
        (datetime(1970, 1, 1, 0, 1, 59, 999_999, tzinfo=UTC), 1, 2),
        (datetime(1969, 12, 31, 23, 59, 30, tzinfo=UTC), -1, 0),
        (datetime(1970, 1, 1, 1, 1, tzinfo=ZoneInfo("Europe/Paris")), 1, 1),
    ],
)
def test_an_instant_lies_in_one_minute_and_the_next_whole_one_begins_at_or_after_it(
    instant: datetime, inside: int, from_then_on: int
) -> None:
    assert (minute_of(instant), first_minute_from(instant)) == (inside, from_then_on)


@given(st.integers(0, 2**32).map(lambda seconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)))
def test_a_minute_stands_for_its_first_instant(instant: datetime) -> None:
    assert instant_of(minute_of(instant)) == instant.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    ("zone", "day", "time", "instant"),
    [
        ("Europe/Paris", "2026-12-08", "09:30", "2026-12-08T08:30"),
        ("Europe/Paris", "2026-12-08", "24:00", "2026-12-08T23:00"),
        # the clocks skip 02:00 to 03:00
        ("Europe/Paris", "2026-03-29", "01:59", "2026-03-29T00:59"),
        ("Europe/Paris", "2026-03-29", "02:00", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-03-29", "02:45", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-03-29", "03:00", "2026-03-29T01:00"),
        # 02:00 to 03:00 comes twice: the first instant at which the clock shows it
        ("Europe/Paris", "2026-10-25", "02:00", "2026-10-25T00:00"),
        ("Europe/Paris", "2026-10-25", "02:45", "2026-10-25T00:45"),
        ("Europe/Paris", "2026-10-25", "03:00", "2026-10-25T02:00"),
        # midnight does not exist
        ("America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T03:00"),
        ("America/Sao_Paulo", "2018-11-03", "24:00", "2018-11-04T03:00"),
        ("Africa/Cairo", "2026-04-24", "00:00", "2026-04-23T22:00"),
        ("Africa/Cairo", "2026-04-24", "00:30", "2026-04-23T22:00"),
        # the hour before midnight comes twice
        ("Africa/Cairo", "2026-10-29", "23:00", "2026-10-29T20:00"),
        ("Africa/Cairo", "2026-10-29", "24:00", "2026-10-29T22:00"),
        # midnight comes twice
        ("America/Havana", "2026-11-01", "00:00", "2026-11-01T04:00"),
        ("America/Havana", "2026-11-01", "01:00", "2026-11-01T06:00"),
        # half an hour is skipped, half an hour comes twice
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:30", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-04-05", "01:30", "2026-04-04T14:30"),
        ("Australia/Lord_Howe", "2026-04-05", "02:00", "2026-04-04T15:30"),
        # a date that does not exist
        ("Pacific/Apia", "2011-12-30", "12:00", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31", "00:00", "2011-12-30T10:00"),
    ],
)
def test_a_wall_time_stands_for_the_first_instant_at_which_the_clock_shows_it_or_later(
    zone: str, day: str, time: str, instant: str
) -> None:
    minutes = int(time[:2]) * 60 + int(time[3:])
    found = instant_of(edge(date.fromisoformat(day), minutes, ZoneInfo(zone)))
    assert found.isoformat() == f"{instant}:00+00:00"


@given(st.sampled_from(ZONES), st.dates(date(2000, 1, 1), date(2100, 12, 30)), st.integers(0, 1439))
def test_a_later_wall_time_of_a_date_never_stands_for_an_earlier_instant(zone: str, day: date, minutes: int) -> None:
    there = ZoneInfo(zone)
    assert edge(day, 0, there) <= edge(day, minutes, there) <= edge(day, minutes + 1, there) <= edge(day, 1440, there)
    assert edge(day, 1440, there) == edge(day + timedelta(days=1), 0, there)


@given(st.sampled_from(ZONES), st.dates(date(2012, 1, 1), date(2100, 12, 30)), st.integers(0, 1439))
def test_the_instant_of_a_wall_time_lies_on_its_date_and_shows_no_earlier_time(
    zone: str, day: date, minutes: int
) -> None:
    local = instant_of(edge(day, minutes, ZoneInfo(zone))).astimezone(ZoneInfo(zone))
    assert local.date() == day == local_date(edge(day, minutes, ZoneInfo(zone)), ZoneInfo(zone))
    assert local.hour * 60 + local.minute >= minutes


def test_days_run_from_the_first_to_the_last_both_included() -> None:
    days = list(days_between(date(2026, 2, 27), date(2026, 3, 1)))
    assert days == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert list(days_between(date(2026, 3, 1), date(2026, 2, 28))) == []


@pytest.mark.parametrize(
    ("ranges", "joined"),
    [
        ([], []),
        ([(5, 9), (1, 3)], [(1, 3), (5, 9)]),
        ([(1, 3), (3, 5)], [(1, 5)]),
        ([(1, 9), (2, 3)], [(1, 9)]),
        ([(4, 4), (7, 8)], [(7, 8)]),
    ],
)
def test_ranges_that_overlap_or_touch_are_one(ranges: list[tuple[int, int]], joined: list[tuple[int, int]]) -> None:
    assert merged(ranges) == joined


@given(RANGES)
def test_merged_ranges_hold_the_same_minutes_in_order_and_apart(ranges: list[tuple[int, int]]) -> None:
    joined = merged(ranges)
    assert minutes_in(joined) == minutes_in(ranges)
    assert all(one[1] < other[0] for one, other in pairwise(joined))
    assert all(start < end for start, end in joined)


@given(RANGES, RANGES)
def test_holes_take_their_minutes_and_no_others(ranges: list[tuple[int, int]], holes: list[tuple[int, int]]) -> None:
    left = without(merged(ranges), holes)
    assert minutes_in(left) == minutes_in(ranges) - minutes_in(holes)
    assert all(start < end for start, end in left)


@given(st.integers(-5000, 5000), st.integers(0, 5000))
def test_a_range_is_split_at_utc_midnights_without_loss(start: int, length: int) -> None:
    parts = list(slices_by_day((start, start + length)))
    assert sum(stop - begin for _, begin, stop in parts) == length
    assert all(day * 1440 <= begin < stop <= (day + 1) * 1440 for day, begin, stop in parts)
