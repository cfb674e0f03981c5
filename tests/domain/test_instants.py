"""Which texts are instants and dates, and which are refused?"""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.instants import (
    InstantError,
    local_bound,
    local_instant,
    parse_date,
    parse_instant,
    parse_instant_or_date,
    write_instant,
)

PARIS = ZoneInfo("Europe/Paris")
FIRST = datetime(2000, 1, 1)  # noqa: DTZ001 - Hypothesis adds the zone itself
LAST = datetime(2100, 12, 31, 23, 59)  # noqa: DTZ001
INSTANTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-12-08T09:30Z", utc(2026, 12, 8, 9, 30)),
        ("2026-12-08T09:30:15Z", utc(2026, 12, 8, 9, 30, 15)),
        ("2024-12-20T10:00:00.000Z", utc(2024, 12, 20, 10)),
        ("2026-12-08T09:30:00.5+01:00", utc(2026, 12, 8, 8, 30, 0, 500_000)),
        ("2026-12-08T09:30:00.123456789Z", utc(2026, 12, 8, 9, 30, 0, 123_456)),
        ("2026-12-08T00:30:00+14:00", utc(2026, 12, 7, 10, 30)),
        ("2026-12-08T23:30:00-09:30", utc(2026, 12, 9, 9)),
        ("2026-12-08T09:30:00-00:00", utc(2026, 12, 8, 9, 30)),
        ("2024-02-29T00:00:00Z", utc(2024, 2, 29)),
        ("2000-01-01T00:00Z", utc(2000, 1, 1)),
        ("2100-12-31T23:59:59.999Z", utc(2100, 12, 31, 23, 59, 59, 999_000)),
    ],
)
def test_an_instant_with_its_offset_is_read(text: str, instant: datetime) -> None:
    found = parse_instant(text)
    assert found == instant
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-12-08T09:30:00", "offset_missing"),
        ("2026-12-08T09:30", "offset_missing"),
        ("2026-12-08T09:30:00.000", "offset_missing"),
        ("2026-12-08", "instant_format"),
        ("2026-W01-1T09:30Z", "instant_format"),
        ("2026-342T09:30Z", "instant_format"),
        ("20260101T093000Z", "instant_format"),
        ("2026-12-08 09:30:00Z", "instant_format"),
        ("2026-12-08t09:30:00Z", "instant_format"),
        ("2026-12-08T09:30:00z", "instant_format"),
        ("2026-12-08T24:00:00Z", "instant_format"),
        ("2026-12-08T23:60:00Z", "instant_format"),
        ("2026-12-08T23:59:60Z", "instant_format"),
        ("2026-12-08T09Z", "instant_format"),
        ("2026-12-08T09:30:00,5Z", "instant_format"),
        ("2026-12-08T09:30.5Z", "instant_format"),
        ("2026-12-08T09:30:00.Z", "instant_format"),
        ("2026-12-08T09:30:00.1234567890Z", "instant_format"),
        ("2026-12-08T09:30:00+0100", "instant_format"),
        ("2026-12-08T09:30:00+01", "instant_format"),
        ("2026-12-08T09:30:00+24:00", "instant_format"),
        ("2026-12-08T09:30:00+01:60", "instant_format"),
        ("2026-12-08T09:30:00+01:00:30", "instant_format"),
        ("2026-12-08T09:30:00Z\n", "instant_format"),
        (" 2026-12-08T09:30:00Z", "instant_format"),
        ("٢٠٢٦-12-08T09:30:00Z", "instant_format"),
        ("+002026-12-08T09:30:00Z", "instant_format"),
        ("", "instant_format"),
        ("now", "instant_format"),
        ("1765186200", "instant_format"),
        ("2026-02-30T09:30Z", "no_such_date"),
        ("2026-13-01T09:30Z", "no_such_date"),
        ("0000-01-01T09:30Z", "no_such_date"),
        ("1999-12-31T23:59:59Z", "date_range"),
        ("2000-01-01T00:30:00+01:00", "date_range"),
        ("2100-12-31T23:30:00-01:00", "date_range"),
        ("0001-01-01T00:00:00+14:00", "date_range"),
        ("9999-12-31T23:59:59-14:00", "date_range"),
    ],
)
def test_anything_else_is_no_instant(text: str, code: str) -> None:
    with pytest.raises(InstantError) as caught:
        parse_instant(text)
    assert caught.value.code == code


@given(st.text(alphabet="0123456789-+:.TZW ", max_size=30) | st.text(max_size=30))
def test_no_text_raises_anything_but_an_instant_error(text: str) -> None:
    try:
        found = parse_instant_or_date(text)
    except InstantError:
        return
    assert 2000 <= found.year <= 2100


@given(INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_an_instant_is_the_same_in_whatever_offset_it_is_written(moment: datetime, offset: int) -> None:
    local = moment.astimezone(timezone(timedelta(minutes=offset)))
    assert parse_instant(local.isoformat()) == moment


@given(INSTANTS)
def test_a_written_instant_reads_back_to_the_millisecond(moment: datetime) -> None:
    cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert parse_instant(write_instant(moment)) == cut


def test_instants_are_written_as_javascript_does() -> None:
    assert write_instant(utc(2026, 12, 8, 9, 30)) == "2026-12-08T09:30:00.000Z"
    assert write_instant(datetime(2026, 7, 1, 12, tzinfo=PARIS)) == "2026-07-01T10:00:00.000Z"


def test_an_instant_without_a_zone_is_not_written() -> None:
    with pytest.raises(ValueError, match="zone"):
        write_instant(datetime(2026, 12, 8, 9, 30))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["2000-01-01", "2026-12-08", "2100-12-31", "2024-02-29"])
def test_a_plain_date_is_read(text: str) -> None:
    assert parse_date(text).isoformat() == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-W01-1", "date_format"),
        ("20260101", "date_format"),
        ("2026-1-1", "date_format"),
        ("08/12/2026", "date_format"),
        ("2026-12-08T00:00Z", "date_format"),
        ("2026-12-08\n", "date_format"),
        ("٢٠٢٦-12-08", "date_format"),
        ("", "date_format"),
        ("2025-02-29", "no_such_date"),
        ("2026-00-10", "no_such_date"),
        ("1999-12-31", "date_range"),
        ("2101-01-01", "date_range"),
    ],
)
def test_anything_else_is_no_date(text: str, code: str) -> None:
    with pytest.raises(InstantError) as caught:
        parse_date(text)
    assert caught.value.code == code


def test_a_birth_date_may_lie_before_2000_where_the_caller_says_so() -> None:
    assert parse_date("1950-05-01", first_year=1900) == date(1950, 5, 1)
    with pytest.raises(InstantError, match="1900"):
        parse_date("1899-12-31", first_year=1900)


def test_a_date_and_an_instant_are_told_apart() -> None:
    assert parse_instant_or_date("2026-12-08") == date(2026, 12, 8)
    assert parse_instant_or_date("2026-12-08T09:30Z") == utc(2026, 12, 8, 9, 30)
    with pytest.raises(InstantError):
        parse_instant_or_date("2026-12-08T09:30")


def test_an_error_is_told_at_a_field_with_its_values() -> None:
    with pytest.raises(InstantError) as caught:
        parse_date("1999-12-31")
    error = caught.value.at("startDate")
    assert error.field == "startDate"
    assert error.message % error.params == "Give a date between the years 2000 and 2100."


@pytest.mark.parametrize(
    ("day", "time", "fold", "instant"),
    [
        (date(2026, 12, 8), "09:30", 0, utc(2026, 12, 8, 8, 30)),
        (date(2026, 7, 1), "00:00", 0, utc(2026, 6, 30, 22)),
        (date(2026, 3, 29), "01:59", 0, utc(2026, 3, 29, 0, 59)),
        (date(2026, 3, 29), "03:00", 0, utc(2026, 3, 29, 1)),
        (date(2026, 10, 25), "02:30", 0, utc(2026, 10, 25, 0, 30)),
        (date(2026, 10, 25), "02:30", 1, utc(2026, 10, 25, 1, 30)),
        (date(2026, 10, 25), "03:00", 0, utc(2026, 10, 25, 2)),
        (date(2026, 12, 8), "09:30", 1, utc(2026, 12, 8, 8, 30)),
    ],
)
def test_a_local_time_is_one_instant(day: date, time: str, fold: int, instant: datetime) -> None:
    assert local_instant(day, time, PARIS, fold) == instant


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize(
    ("day", "time", "zone"),
    [
        (date(2026, 3, 29), "02:00", "Europe/Paris"),
        (date(2026, 3, 29), "02:59", "Europe/Paris"),
        (date(2018, 11, 4), "00:30", "America/Sao_Paulo"),
        (date(2011, 12, 30), "12:00", "Pacific/Apia"),
    ],
)
def test_a_local_time_that_the_clocks_skip_is_refused_by_name(day: date, time: str, zone: str, fold: int) -> None:
    with pytest.raises(InstantError, match=f"{time} does not exist on {day} in {zone}") as caught:
        local_instant(day, time, ZoneInfo(zone), fold)
    assert caught.value.code == "no_such_time"


@pytest.mark.parametrize("time", ["24:00", "9:30", "09:60", "09:30:00", "noon", "٠٩:30", ""])
def test_a_time_that_is_not_of_the_clock_is_refused(time: str) -> None:
    with pytest.raises(InstantError) as caught:
        local_instant(date(2026, 12, 8), time, PARIS)
    assert caught.value.code == "time_format"


@pytest.mark.parametrize("day", [date.min, date(1999, 12, 31), date.max])
def test_a_local_time_of_a_far_date_is_refused(day: date) -> None:
    with pytest.raises(InstantError) as caught:
        local_instant(day, "12:00", PARIS)
    assert caught.value.code == "date_range"


@pytest.mark.parametrize(
    ("day", "time", "begins", "ends"),
    [
        (date(2026, 10, 25), "01:59", utc(2026, 10, 24, 23, 59), utc(2026, 10, 24, 23, 59)),
        (date(2026, 10, 25), "02:00", utc(2026, 10, 25, 0), utc(2026, 10, 25, 1)),
        (date(2026, 10, 25), "02:30", utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)),
        (date(2026, 10, 25), "03:00", utc(2026, 10, 25, 2), utc(2026, 10, 25, 2)),
        (date(2026, 12, 8), "02:30", utc(2026, 12, 8, 1, 30), utc(2026, 12, 8, 1, 30)),
    ],
)
def test_of_a_time_that_comes_twice_the_first_begins_a_closure_and_the_second_ends_it(
    day: date, time: str, begins: datetime, ends: datetime
) -> None:
    assert local_bound(day, time, PARIS, is_end=False) == begins
    assert local_bound(day, time, PARIS, is_end=True) == ends


@pytest.mark.parametrize("is_end", [False, True])
def test_a_closure_neither_begins_nor_ends_at_a_time_that_the_clocks_skip(is_end: bool) -> None:
    with pytest.raises(InstantError, match="02:30 does not exist"):
        local_bound(date(2027, 3, 28), "02:30", PARIS, is_end=is_end)


@given(INSTANTS, st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]))
def test_every_instant_is_found_again_from_what_the_clocks_show(moment: datetime, name: str) -> None:
    minute = moment.replace(second=0, microsecond=0)
    local = minute.astimezone(ZoneInfo(name))
    if local.year > 2100 or local.year < 2000:
        return
    assert local_instant(local.date(), f"{local:%H:%M}", ZoneInfo(name), local.fold) == minute
