"""When is a service open, and where do its starts lie? (SPEC §4, 1, 2 and 5)"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.domain.availability import Ask
from portal.domain.schedule import Closure, is_bookable_length, length_of, longest, nights_between, stay_range
from portal.domain.service import Service
from portal.domain.supply import Use
from tests.build import EVERY_DAY, a_service, some_rules
from tests.domain.diaries import TUESDAY, a_diary, at, closed, shown, slots_on, times

NIGHTS = {"type": "room", "duration": 1440, "availableSlots": []}
ALWAYS = [{"dayOfWeek": day, "startTime": "00:00", "endTime": "24:00"} for day in range(7)]
VAN = {"requiredResources": [{"id": "van", "name": "Van", "type": "vehicle"}]}
SHUT = {"startTime": "00:00", "endTime": "24:00", "available": False}


def hours(*windows: str, days: Any = range(7)) -> list[dict[str, Any]]:
    """Return weekly hours from "09:00-12:00"."""
    return [{"dayOfWeek": day, "startTime": one[:5], "endTime": one[6:]} for day in days for one in windows]


def special(day: str, *slots: str | dict[str, Any]) -> dict[str, Any]:
    """Return a special date; "-09:00-10:00" is not available."""
    return {"date": day, "slots": [one if isinstance(one, dict) else _special_slot(one) for one in slots]}


def _special_slot(text: str) -> dict[str, Any]:
    if text.startswith("-"):
        return {"startTime": text[1:6], "endTime": text[7:], "available": False}
    return {"startTime": text[:5], "endTime": text[6:]}


def on(service: Service, day: str = TUESDAY, **more: Any) -> list[str]:
    return times(a_diary(service, day=day, **more), day)


# ---------------------------------------------------------------- closures of every year


def yearly(start: str, end: str) -> Closure:
    return Closure(date.fromisoformat(start), date.fromisoformat(end), yearly=True)


@pytest.mark.parametrize(
    ("closure", "years", "found"),
    [
        (yearly("2026-12-25", "2026-12-25"), (2025, 2027), ["2026-12-25 2026-12-25", "2027-12-25 2027-12-25"]),
        (yearly("2026-12-30", "2027-01-02"), (2026, 2027), ["2026-12-30 2027-01-02", "2027-12-30 2028-01-02"]),
        (yearly("2024-02-29", "2024-02-29"), (2024, 2028), ["2024-02-29 2024-02-29", "2028-02-29 2028-02-29"]),
        (yearly("2024-02-29", "2024-03-02"), (2025, 2025), ["2025-03-01 2025-03-02"]),
        (yearly("2024-02-27", "2024-02-29"), (2025, 2025), ["2025-02-27 2025-02-28"]),
        (yearly("2026-02-28", "2026-02-28"), (2028, 2028), ["2028-02-28 2028-02-28"]),
        (yearly("2023-12-31", "2024-02-29"), (2024, 2024), ["2024-12-31 2025-02-28"]),
        (yearly("2026-12-25", "2026-12-25"), (2020, 2025), []),
    ],
)
def test_a_yearly_closure_comes_again_on_its_dates(closure: Closure, years: tuple[int, int], found: list[str]) -> None:
    laid_out = list(closure.in_years(*years))
    assert [f"{one.start} {one.end}" for one in laid_out] == found
    assert not any(one.yearly for one in laid_out)


def test_a_yearly_closure_stops_at_the_last_year_that_has_dates() -> None:
    assert [one.start.year for one in yearly("2026-12-30", "2027-01-02").in_years(9998, 10_500)] == [9998]


@pytest.mark.parametrize("day", ["2026-12-08", "2027-12-08", "2031-12-08"])
def test_christmas_of_every_year_leaves_no_slots_from_its_first_on(day: str) -> None:
    service = a_service(duration=60)
    assert on(service, day, closures=[yearly("2026-12-08", "2026-12-08")]) == []
    assert on(service, "2025-12-08", closures=[yearly("2026-12-08", "2026-12-08")]) != []


def test_a_stay_into_the_new_year_is_refused_by_a_closure_that_began_in_the_old() -> None:
    service = a_service(**NIGHTS)
    shut = [yearly("2020-12-24", "2021-01-02")]
    assert on(service, "2027-01-01", closures=shut) == []
    assert on(service, "2027-01-03", closures=shut) == ["15:00"]


# ---------------------------------------------------------------- weekly hours


def test_a_service_is_open_in_the_hours_of_the_weekday() -> None:
    service = a_service(duration=60, availableSlots=hours("09:00-11:00", "14:00-15:00", days=[2]))
    assert on(service) == ["09:00", "10:00", "14:00"]
    assert on(service, "2026-12-09") == []


@pytest.mark.parametrize("sunday", [0, 7])
def test_sunday_is_day_0_and_day_7(sunday: int) -> None:
    service = a_service(duration=60, availableSlots=hours("09:00-10:00", days=[sunday]))
    assert on(service, "2026-12-13") == ["09:00"]
    assert on(service, "2026-12-12") == on(service, "2026-12-14") == []


def test_hours_past_midnight_are_two_entries_that_join() -> None:
    service = a_service(
        duration=90,
        availableSlots=[*hours("22:00-24:00", days=[2]), *hours("00:00-02:00", days=[3])],
    )
    assert on(service) == ["22:00", "23:30"]
    assert on(service, "2026-12-09") == []  # 01:00 would end at 02:30


def test_windows_that_overlap_or_touch_are_one() -> None:
    service = a_service(duration=60, availableSlots=hours("09:00-10:30", "10:00-11:00", "11:00-12:30"))
    assert on(service) == ["09:00", "10:00", "11:00"]


# ---------------------------------------------------------------- special dates


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        (["14:00-16:00"], ["14:00", "15:00"]),
        (["14:00-15:00", "17:00-18:00"], ["14:00", "17:00"]),
        (["-10:00-11:00"], ["09:00", "11:00"]),
        (["-09:00-11:30"], []),
        ([SHUT], []),
        (["14:00-17:00", "-15:00-16:00"], ["14:00", "16:00"]),
        (["14:00-15:00", "-14:00-15:00"], []),
        ([{"startTime": "14:00", "endTime": "15:00", "available": True}], ["14:00"]),
    ],
    ids=["replaces", "replaces by two", "cut out", "rest too short", "all day", "both", "nothing left", "available"],
)
def test_a_special_date_replaces_or_cuts_the_weekly_hours(slots: list[Any], expected: list[str]) -> None:
    service = a_service(duration=60, specialAvailability=[special(TUESDAY, *slots)])
    assert on(service) == expected
    assert on(service, "2026-12-09") == ["09:00", "10:00", "11:00"]


def test_a_special_date_opens_a_day_that_is_closed_every_week() -> None:
    service = a_service(
        duration=60,
        availableSlots=hours("09:00-10:00", days=[1]),
        specialAvailability=[special(TUESDAY, "20:00-21:00")],
    )
    assert on(service) == ["20:00"]


@pytest.mark.parametrize("kind", ["event", "course"])
def test_with_special_dates_only_an_event_is_open_on_those_alone(kind: str) -> None:
    service = a_service(
        type=kind, duration=60, availableSlots=[], specialAvailability=[special(TUESDAY, "20:00-21:00")]
    )
    assert on(service) == ["20:00"]
    assert on(service, "2026-12-09") == []


@pytest.mark.parametrize("kind", ["event", "course"])
def test_a_special_date_of_an_event_that_only_cuts_leaves_nothing(kind: str) -> None:
    service = a_service(
        type=kind, duration=60, availableSlots=[], specialAvailability=[special(TUESDAY, "-20:00-21:00")]
    )
    assert on(service) == []


@pytest.mark.parametrize("kind", ["appointment", "table", "custom"])
def test_with_special_dates_only_every_other_type_keeps_business_hours(kind: str) -> None:
    service = a_service(
        type=kind,
        duration=240,
        slotInterval=240,
        availableSlots=[],
        specialAvailability=[special(TUESDAY, "20:00-24:00"), special("2026-12-09", "-08:00-12:00")],
    )
    assert on(service) == ["20:00"]
    assert on(service, "2026-12-09") == ["12:00", "16:00"]
    assert on(service, "2026-12-10") == ["08:00", "12:00", "16:00"]


# ---------------------------------------------------------------- no hours at all


@pytest.mark.parametrize("kind", ["appointment", "table", "custom", "event", "course", "rental"])
def test_without_hours_a_service_is_open_in_business_hours(kind: str) -> None:
    service = a_service(type=kind, duration=240, slotInterval=240, availableSlots=[])
    assert on(service) == ["08:00", "12:00", "16:00"]
    assert on(service, "2026-12-13") == []


@pytest.mark.parametrize(
    "more",
    [
        {"type": "room"},
        {"type": "rental", **VAN},
        {"type": "rental", "requiredResources": [{"id": "hall", "name": "Hall", "type": "room"}]},
    ],
)
def test_without_hours_rooms_and_rentals_from_a_pool_are_open_at_any_time(more: dict[str, Any]) -> None:
    service = a_service(duration=480, slotInterval=480, availableSlots=[], **more)
    assert on(service) == on(service, "2026-12-13") == ["00:00", "08:00", "16:00"]


@pytest.mark.parametrize(
    "need",
    [
        {"id": "bike", "name": "Bike", "type": "equipment"},
        {"id": "court", "name": "Court", "type": "facility"},
        {"id": "van", "name": "Van", "type": "vehicle", "selection": "all"},
    ],
)
def test_a_rental_of_anything_else_keeps_business_hours(need: dict[str, Any]) -> None:
    service = a_service(type="rental", duration=480, slotInterval=480, availableSlots=[], requiredResources=[need])
    assert on(service) == ["08:00"]


def test_own_hours_bound_a_room_and_a_rental_too() -> None:
    assert on(a_service(type="room", duration=60)) == ["09:00", "10:00", "11:00"]
    assert on(a_service(type="rental", duration=60, **VAN)) == ["09:00", "10:00", "11:00"]


# ---------------------------------------------------------------- closures


@pytest.mark.parametrize(
    ("closure", "expected"),
    [
        (closed(date(2026, 12, 8), date(2026, 12, 8)), []),
        (closed(date(2026, 12, 1), date(2026, 12, 8)), []),
        (closed(date(2026, 12, 8), date(2026, 12, 31)), []),
        (closed(date(2026, 12, 7), date(2026, 12, 7)), ["09:00", "10:00", "11:00"]),
        (closed(date(2026, 12, 9), date(2026, 12, 9)), ["09:00", "10:00", "11:00"]),
        (closed(datetime(2026, 12, 8, 9, tzinfo=UTC), datetime(2026, 12, 8, 10, tzinfo=UTC)), ["09:00", "11:00"]),
        (closed(datetime(2026, 12, 8, 8, tzinfo=UTC), datetime(2026, 12, 8, 8, 20, tzinfo=UTC)), ["09:20", "10:20"]),
        (closed(date(2026, 12, 8), date(2026, 12, 8), "service", "consultation"), []),
        (closed(date(2026, 12, 8), date(2026, 12, 8), "service", "another"), ["09:00", "10:00", "11:00"]),
        (closed(date(2026, 12, 8), date(2026, 12, 8), "resource", "consultation"), ["09:00", "10:00", "11:00"]),
        (closed(date(2026, 12, 8), date(2026, 12, 8), "staff", "consultation"), ["09:00", "10:00", "11:00"]),
    ],
)
def test_a_closure_cuts_the_hours_and_the_grid_begins_anew_after_it(closure: Any, expected: list[str]) -> None:
    assert on(a_service(duration=60), closures=[closure]) == expected


def test_a_closure_cuts_what_a_special_date_opens() -> None:
    service = a_service(duration=60, specialAvailability=[special(TUESDAY, "14:00-16:00")])
    assert on(service, closures=[closed(date(2026, 12, 8), date(2026, 12, 8))]) == []


def test_dates_of_a_closure_are_those_of_the_service() -> None:
    tokyo = a_service(duration=720, timeZone="Asia/Tokyo", availableSlots=ALWAYS)
    shut = closed(date(2026, 12, 8), date(2026, 12, 8))
    assert on(tokyo, closures=[shut]) == []
    assert on(tokyo, "2026-12-07", closures=[shut]) == on(tokyo, "2026-12-09", closures=[shut]) == ["00:00", "12:00"]


def test_a_closure_takes_the_days_of_an_event_that_already_has_an_occurrence() -> None:
    event = a_service(type="event", duration=60, availableSlots=[], maxParticipants=5)
    held = Use("o:consultation", at("2026-12-08 10:00", event), at("2026-12-08 11:00", event), 1)
    assert on(event, uses=[held]) == ["10:00"]
    assert on(event, uses=[held], closures=[closed(date(2026, 12, 8), date(2026, 12, 8))]) == []


# ---------------------------------------------------------------- clocks that change


@pytest.mark.parametrize(
    ("zone", "day", "window", "expected"),
    [
        (
            "Europe/Paris",
            "2026-03-29",
            "00:00-05:00",
            ["00:00", "00:30", "01:00", "01:30", "03:00", "03:30", "04:00", "04:30"],
        ),
        (
            "Europe/Paris",
            "2026-10-25",
            "01:00-04:00",
            ["01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30"],
        ),
        ("Europe/Paris", "2026-03-29", "02:15-04:00", ["03:00", "03:30"]),
        ("Europe/Paris", "2026-03-29", "01:00-02:30", ["01:00", "01:30"]),
        ("Europe/Paris", "2026-03-29", "02:00-03:00", []),
        ("Europe/Paris", "2026-10-25", "02:30-03:00", ["02:30", "02:00", "02:30"]),
        ("Europe/Paris", "2026-10-25", "01:30-02:30", ["01:30", "02:00"]),
        ("America/Sao_Paulo", "2018-11-04", "00:00-02:00", ["01:00", "01:30"]),
        ("Africa/Cairo", "2026-04-24", "00:30-02:00", ["01:00", "01:30"]),
        ("Africa/Cairo", "2026-10-29", "22:30-24:00", ["22:30", "23:00", "23:30", "23:00", "23:30"]),
        ("Australia/Lord_Howe", "2026-10-04", "01:30-03:30", ["01:30", "02:30", "03:00"]),
        ("Australia/Lord_Howe", "2026-04-05", "01:00-02:30", ["01:00", "01:30", "01:30", "02:00"]),
    ],
)
def test_a_window_across_a_clock_change_neither_loses_nor_doubles_an_hour(
    zone: str, day: str, window: str, expected: list[str]
) -> None:
    service = a_service(timeZone=zone, availableSlots=hours(window))
    assert on(service, day) == expected


def test_the_starts_of_a_doubled_hour_are_two_instants() -> None:
    service = a_service(availableSlots=hours("02:00-03:00"))
    slots = slots_on(a_diary(service, day="2026-10-25"), "2026-10-25")
    assert [slot.starts_at.strftime("%H:%M") for slot in slots] == ["00:00", "00:30", "01:00", "01:30"]


def test_hours_that_a_clock_change_does_not_touch_stay_on_the_wall() -> None:
    service = a_service(duration=60)
    for day in ("2026-03-28", "2026-03-29", "2026-03-30", "2026-10-25"):
        assert on(service, day) == ["09:00", "10:00", "11:00"]


# ---------------------------------------------------------------- merging, and pieces of a week


def test_a_start_at_midnight_follows_the_grid_of_the_evening_before() -> None:
    windows = [*hours("22:00-24:00", days=[2]), *hours("00:00-03:00", days=[3])]
    service = a_service(duration=50, availableSlots=windows)
    assert on(service) == ["22:00", "22:50", "23:40"]
    assert on(service, "2026-12-09") == ["00:30", "01:20", "02:10"]


def test_a_piece_open_for_a_week_begins_anew_each_local_midnight() -> None:
    service = a_service(duration=600, availableSlots=ALWAYS)
    expected = ["00:00", "10:00", "20:00"]
    assert [on(service, day) for day in (TUESDAY, "2026-12-09", "2026-12-10")] == [expected] * 3


def test_a_piece_open_for_less_than_a_week_keeps_its_grid_to_the_end() -> None:
    shut = [closed(date(2026, 12, 7), date(2026, 12, 7)), closed(date(2026, 12, 14), date(2026, 12, 14))]
    service = a_service(duration=600, availableSlots=ALWAYS)
    assert on(service, closures=shut) == ["00:00", "10:00", "20:00"]
    assert on(service, "2026-12-09", closures=shut) == ["06:00", "16:00"]


def test_exactly_a_week_is_a_week() -> None:
    shut = [closed(date(2026, 12, 7), date(2026, 12, 7)), closed(date(2026, 12, 15), date(2026, 12, 15))]
    service = a_service(duration=600, availableSlots=ALWAYS)
    assert on(service, "2026-12-09", closures=shut) == ["00:00", "10:00", "20:00"]
    assert on(service, "2026-12-14", closures=shut) == ["00:00", "10:00"]  # 20:00 would reach into the closure


def test_a_long_piece_that_opens_in_the_afternoon_has_the_grid_of_its_opening_until_midnight() -> None:
    shut = closed(datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 8, 12, 7, tzinfo=UTC))  # 13:07 in Paris
    service = a_service(duration=60, slotInterval=240, availableSlots=ALWAYS)
    assert on(service, closures=[shut]) == ["13:07", "17:07", "21:07"]
    assert on(service, "2026-12-09", closures=[shut])[:2] == ["00:00", "04:00"]


def test_a_day_of_a_long_piece_has_25_hours_when_the_clocks_go_back() -> None:
    service = a_service(type="room", duration=60, slotInterval=60, availableSlots=[])
    assert len(on(service, "2026-10-25")) == 25
    assert len(on(service, "2026-03-29")) == 23
    assert on(service, "2026-10-26")[:2] == ["00:00", "01:00"]


# ---------------------------------------------------------------- intervals and lengths


@pytest.mark.parametrize(
    ("changes", "interval"),
    [
        ({"type": "table", "duration": 90}, 30),
        ({"type": "table", "duration": 90, "availableSlots": []}, 30),
        ({"type": "appointment", "duration": 40}, 40),
        ({"type": "appointment", "duration": 40, "availableSlots": []}, 15),
        ({"type": "room", "duration": 45, "availableSlots": []}, 15),
        (
            {
                "type": "event",
                "duration": 45,
                "availableSlots": [],
                "specialAvailability": [special(TUESDAY, "09:00-12:00")],
            },
            45,
        ),
        ({"type": "table", "duration": 90, "slotInterval": 45}, 45),
        ({"type": "appointment", "duration": 40, "slotInterval": 10}, 10),
    ],
)
def test_starts_lie_every_interval(changes: dict[str, Any], interval: int) -> None:
    service = a_service(**changes)
    first, second = slots_on(a_diary(service))[:2]
    assert second.start - first.start == interval


def test_starts_lie_only_where_the_whole_duration_fits() -> None:
    service = a_service(type="table", duration=120, availableSlots=hours("12:00-14:30"))
    assert on(service) == ["12:00", "12:30"]


def test_a_service_longer_than_its_hours_has_no_start() -> None:
    assert on(a_service(duration=181)) == []


@pytest.mark.parametrize(
    ("changes", "bookable", "refused"),
    [
        ({"type": "appointment", "duration": 30}, [30], [15, 60]),
        ({"type": "table", "duration": 90}, [90], [60, 120]),
        ({"type": "rental", "duration": 60, "slotInterval": 30}, [60, 90, 120, 43200], [30, 70, 43230]),
        ({"type": "rental", "duration": 60, "slotInterval": 30, "maxDuration": 130}, [60, 90, 120], [130, 150]),
        ({"type": "room", "duration": 60, "slotInterval": 15}, [60, 75, 240], [45, 61]),
        ({"type": "room", "duration": 2880}, [2880], [1440, 4320]),
        (NIGHTS, [1440, 2880, 43200], [720, 1500, 43200 + 1440]),
        (NIGHTS | {"maxDuration": 7200}, [1440, 7200], [8640]),
    ],
)
def test_lengths_are_one_duration_or_steps_of_the_interval_or_nights(
    changes: dict[str, Any], bookable: list[int], refused: list[int]
) -> None:
    service = a_service(**changes)
    assert [length for length in bookable if not is_bookable_length(service, length)] == []
    assert [length for length in refused if is_bookable_length(service, length)] == []


def test_the_longest_rental_is_the_window() -> None:
    service = a_service(type="rental", duration=60, slotInterval=30, **VAN)
    diary = a_diary(service)
    ends = {shown(diary, slot): slot.max_end for slot in slots_on(diary)}
    assert list(ends) == ["09:00", "09:30", "10:00", "10:30", "11:00"]
    assert set(ends.values()) == {at("2026-12-08 12:00", service)}


def test_the_longest_rental_is_30_days_where_any_time_is_open() -> None:
    service = a_service(type="rental", duration=60, slotInterval=60, availableSlots=[], **VAN)
    first = slots_on(a_diary(service))[0]
    assert first.max_end is not None
    assert first.max_end - first.start == 30 * 1440 == longest(service)


def test_the_latest_end_is_a_whole_number_of_intervals_after_the_shortest() -> None:
    service = a_service(type="room", duration=50, slotInterval=45, maxDuration=170)
    assert [slot.max_end - slot.start for slot in slots_on(a_diary(service)) if slot.max_end] == [140, 95, 50]


def test_a_length_asked_for_is_the_length_of_every_slot() -> None:
    service = a_service(type="room", duration=60, slotInterval=30)
    slots = slots_on(a_diary(service), length=120)
    assert [slot.end - slot.start for slot in slots] == [120, 120, 120]
    assert on_times(service, 120) == ["09:00", "09:30", "10:00"]


def on_times(service: Service, length: int) -> list[str]:
    return times(a_diary(service), length=length)


def test_only_types_of_variable_length_say_a_latest_end() -> None:
    assert {slot.max_end for slot in slots_on(a_diary(a_service()))} == {None}
    assert {slot.max_end for slot in slots_on(a_diary(a_service(**NIGHTS)))} == {None}


# ---------------------------------------------------------------- nights


def stays(service: Service, day: str = TUESDAY, days: int = 1, nights: int = 1, **more: Any) -> list[tuple[str, str]]:
    slots = slots_on(a_diary(service, day=day, **more), day, days, length=nights * 1440)
    zone = service.zone
    return [
        (one.starts_at.astimezone(zone).strftime("%d %H:%M"), one.ends_at.astimezone(zone).strftime("%d %H:%M"))
        for one in slots
    ]


def test_a_stay_runs_from_check_in_to_check_out_one_slot_a_date() -> None:
    assert stays(a_service(**NIGHTS), days=2) == [("08 15:00", "09 11:00"), ("09 15:00", "10 11:00")]
    assert stays(a_service(**NIGHTS), nights=3) == [("08 15:00", "11 11:00")]


def test_check_in_and_check_out_are_the_services_own() -> None:
    service = a_service(**NIGHTS, checkInTime="18:00", checkOutTime="09:30")
    assert stays(service) == [("08 18:00", "09 09:30")]


@pytest.mark.parametrize(("day", "hours_asleep"), [("2026-03-28", 19), ("2026-10-24", 21), ("2026-12-08", 20)])
def test_a_night_is_a_calendar_night_across_a_clock_change(day: str, hours_asleep: int) -> None:
    service = a_service(**NIGHTS)
    [slot] = slots_on(a_diary(service, day=day), day)
    assert (slot.end - slot.start) == hours_asleep * 60
    assert length_of(service, slot.start, slot.end) == 1440


def test_a_check_in_on_a_date_that_the_clocks_skip_is_not_offered() -> None:
    service = a_service(**NIGHTS, timeZone="Pacific/Apia")
    assert [start for start, _ in stays(service, "2011-12-29", 3)] == ["29 15:00", "31 15:00"]


def test_hours_say_the_check_in_days() -> None:
    service = a_service(**NIGHTS | {"availableSlots": hours("15:00-20:00", days=[5, 6])})
    assert [start for start, _ in stays(service, "2026-12-07", 7)] == ["11 15:00", "12 15:00"]
    assert stays(service, "2026-12-11", nights=4) == [("11 15:00", "15 11:00")]


def test_a_special_date_can_close_or_open_a_check_in_day() -> None:
    service = a_service(
        **NIGHTS | {"availableSlots": hours("15:00-20:00", days=[2])},
        specialAvailability=[special(TUESDAY, SHUT), special("2026-12-09", "15:00-16:00")],
    )
    assert [start for start, _ in stays(service, days=2)] == ["09 15:00"]


@pytest.mark.parametrize(
    ("closure", "open_days"),
    [
        (closed(date(2026, 12, 10), date(2026, 12, 10)), ["11 15:00"]),
        (
            closed(datetime(2026, 12, 10, 12, tzinfo=UTC), datetime(2026, 12, 10, 13, tzinfo=UTC)),
            ["08 15:00", "10 15:00", "11 15:00"],
        ),
        (
            closed(date(2026, 12, 10), date(2026, 12, 10), "service", "other"),
            ["08 15:00", "09 15:00", "10 15:00", "11 15:00"],
        ),
    ],
)
def test_a_closure_inside_the_stay_refuses_it(closure: Any, open_days: list[str]) -> None:
    assert [start for start, _ in stays(a_service(**NIGHTS), days=4, nights=2, closures=[closure])] == open_days


@pytest.mark.parametrize(
    ("start", "end", "nights"),
    [
        ("2026-12-08 15:00", "2026-12-09 11:00", 1),
        ("2026-12-08 15:00", "2026-12-18 11:00", 10),
        ("2026-12-08 15:00", "2026-12-08 18:00", None),
        ("2026-12-08 14:00", "2026-12-09 11:00", None),
        ("2026-12-08 15:00", "2026-12-09 12:00", None),
        ("2026-03-28 15:00", "2026-03-30 11:00", 2),
    ],
)
def test_a_stay_off_the_check_in_and_check_out_times_has_no_nights(start: str, end: str, nights: int | None) -> None:
    service = a_service(**NIGHTS)
    assert nights_between(service, at(start, service), at(end, service)) == nights


def test_a_stay_of_dates_has_the_times_of_the_service() -> None:
    service = a_service(**NIGHTS)
    start, end = stay_range(service, date(2026, 12, 8), 2)
    assert (start, end) == (at("2026-12-08 15:00", service), at("2026-12-10 11:00", service))


# ---------------------------------------------------------------- the window looked at


def test_starts_lie_from_the_beginning_of_the_window_to_before_its_end() -> None:
    service = a_service()
    diary = a_diary(service)
    window = at("2026-12-08 09:30", service), at("2026-12-08 10:30", service)
    assert [shown(diary, slot) for slot in diary.slots(Ask(1, 30), window)] == ["09:30", "10:00"]
    window = at("2026-12-08 09:31", service), at("2026-12-08 10:31", service)
    assert [shown(diary, slot) for slot in diary.slots(Ask(1, 30), window)] == ["10:00", "10:30"]


def test_where_the_window_begins_does_not_move_the_grid() -> None:
    service = a_service(duration=70, slotInterval=35, availableSlots=ALWAYS)
    whole = slots_on(a_diary(service), days=3)
    single = [slot for number in range(3) for slot in slots_on(a_diary(service), _day(number))]
    assert whole == single


def _day(number: int) -> str:
    return (date.fromisoformat(TUESDAY) + timedelta(days=number)).isoformat()


def test_slots_are_in_order_of_time_and_each_once() -> None:
    service = a_service(availableSlots=[*EVERY_DAY, *hours("09:15-11:00")])
    starts = [slot.start for slot in slots_on(a_diary(service), days=7)]
    assert starts == sorted(set(starts))


def test_business_hours_are_those_of_the_house() -> None:
    service = a_service(duration=60, slotInterval=60, availableSlots=[])
    assert on(service, rules=some_rules(business_hours=((2, 600, 720),))) == ["10:00", "11:00"]
    assert on(service, "2026-12-09", rules=some_rules(business_hours=((2, 600, 720),))) == []
