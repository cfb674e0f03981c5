"""Which slots can be booked, and how many more bookings or people fit? (SPEC §3 and §4)"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.domain.availability import Ask, Diary, ask_errors, booking_window, default_length, end_of, nearest
from portal.domain.supply import Resource, Use
from portal.domain.timerange import instant_of
from tests.build import NOW, PARIS, a_service, paris, some_rules
from tests.domain.diaries import TUESDAY, a_diary, a_member, at, closed, free_times, shown, slots_on, times, used

NIGHTS = {"type": "room", "duration": 1440, "availableSlots": []}
COURTS = [{"id": f"court-{number}", "name": f"Court {number}", "type": "facility"} for number in (1, 2, 3)]
HOUR = {"duration": 60}
TABLES = [{"id": one, "name": one, "type": "table"} for one in ("two", "six")]


def on_tuesday(service: Any, place: str, start: str, end: str, quantity: int = 1) -> Use:
    return used(service, place, f"{TUESDAY} {start}", f"{TUESDAY} {end}", quantity)


def lefts(diary: Any, **ask: Any) -> list[int | None]:
    return [slot.left for slot in slots_on(diary, **ask)]


# ---------------------------------------------------------------- booking window


def first_and_last(now: datetime, own: dict[str, Any] | None, **rules: Any) -> tuple[str, str]:
    """Return the first minute and the last date in which a booking may start, as Paris shows them."""
    service = a_service(**({"bookingWindow": own} if own is not None else {}))
    first, end = booking_window(service, some_rules(**rules), now)
    last = instant_of(end - 1).astimezone(PARIS)
    assert (last + timedelta(minutes=1)).strftime("%H:%M") == "00:00"
    return instant_of(first).astimezone(PARIS).strftime("%Y-%m-%d %H:%M"), last.date().isoformat()


@pytest.mark.parametrize(
    ("own", "rules", "expected"),
    [
        (None, {}, ("2026-12-07 09:00", "2027-01-06")),
        ({}, {}, ("2026-12-07 09:00", "2027-01-06")),
        (None, {"min_advance_minutes": 0, "max_advance_days": 0}, ("2026-12-07 08:00", "2026-12-07")),
        ({"minAdvanceHours": 2}, {}, ("2026-12-07 10:00", "2027-01-06")),
        ({"minAdvanceHours": 0}, {}, ("2026-12-07 08:00", "2027-01-06")),
        ({"minAdvanceHours": 1.5}, {}, ("2026-12-07 09:30", "2027-01-06")),
        ({"maxAdvanceDays": 7}, {}, ("2026-12-07 09:00", "2026-12-14")),
        ({"maxAdvanceDays": 0}, {}, ("2026-12-07 09:00", "2026-12-07")),
        ({"minAdvanceHours": 168, "maxAdvanceDays": 90}, {}, ("2026-12-14 08:00", "2027-03-07")),
    ],
)
def test_each_half_of_the_booking_window_falls_back_by_itself(
    own: dict[str, Any] | None, rules: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert first_and_last(NOW, own, **rules) == expected


def test_the_lead_time_ends_at_a_whole_minute_and_is_elapsed_time() -> None:
    assert first_and_last(NOW + timedelta(seconds=1), None)[0] == "2026-12-07 09:01"
    evening = datetime(2026, 3, 28, 19, tzinfo=UTC)  # 20:00 in Paris, the night of 23 hours
    assert first_and_last(evening, {"minAdvanceHours": 24})[0] == "2026-03-29 21:00"


def test_today_is_the_local_date_of_the_service() -> None:
    late = datetime(2026, 12, 7, 23, 30, tzinfo=UTC)  # already the 8th in Paris
    assert first_and_last(late, {"maxAdvanceDays": 1})[1] == "2026-12-09"


# ---------------------------------------------------------------- parties and lengths


@pytest.mark.parametrize(
    ("changes", "party", "code"),
    [
        ({}, 1, None),
        ({}, 2, "party_too_large"),
        ({"type": "custom"}, 2, "party_too_large"),
        ({"maxParticipants": 3}, 3, None),
        ({"maxParticipants": 3}, 4, "party_too_large"),
        ({"minParticipants": 2, "maxParticipants": 3}, 1, "party_too_small"),
        ({}, 0, "party_too_small"),
        ({}, -1, "party_too_small"),
        ({"type": "table"}, 1000, None),
        ({"type": "room"}, 1000, None),
        ({"type": "rental"}, 1000, None),
        ({"type": "event"}, 1000, None),
        ({"type": "event", "maxParticipants": 15}, 16, "party_too_large"),
        # of an event, minParticipants counts all bookings together
        ({"type": "event", "minParticipants": 6, "maxParticipants": 15}, 1, None),
        ({"type": "course", "minParticipants": 6, "maxParticipants": 15}, 0, "party_too_small"),
    ],
)
def test_a_party_is_bounded(changes: dict[str, Any], party: int, code: str | None) -> None:
    service = a_service(**changes)
    errors = ask_errors(service, party, default_length(service))
    assert [(one.field, one.code) for one in errors] == ([("participants", code)] if code else [])


def test_a_wrong_party_and_a_wrong_length_are_told_together() -> None:
    errors = ask_errors(a_service(), 7, 31)
    assert [(one.field, one.message % one.params) for one in errors] == [
        ("participants", "Book for one person only."),
        ("endDate", "This service lasts 30 minutes."),
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (NIGHTS, "Stay from 1 to 30 nights, by check-in and check-out date."),
        (
            {"type": "rental", "duration": 60, "slotInterval": 30, "maxDuration": 180},
            "from 60 to 180 minutes, in steps of 30",
        ),
    ],
)
def test_a_wrong_length_says_which_ones_there_are(changes: dict[str, Any], words: str) -> None:
    [error] = ask_errors(a_service(**changes), 1, 1)
    assert words in error.message % error.params


@pytest.mark.parametrize(
    ("changes", "start", "length", "end"),
    [
        ({}, "2026-12-08 09:00", 30, "2026-12-08 09:30"),
        (NIGHTS, "2026-12-08 15:00", 1440, "2026-12-09 11:00"),
        (NIGHTS, "2026-03-27 15:00", 4320, "2026-03-30 11:00"),
        (NIGHTS | {"checkOutTime": "10:00"}, "2026-12-08 15:00", 2880, "2026-12-10 10:00"),
    ],
)
def test_a_start_and_a_length_make_an_end(changes: dict[str, Any], start: str, length: int, end: str) -> None:
    service = a_service(**changes)
    assert end_of(service, at(start, service), length) == at(end, service)


def test_one_duration_is_meant_where_no_length_is_given_or_one_night() -> None:
    assert default_length(a_service(duration=45)) == 45
    assert default_length(a_service(**NIGHTS)) == 1440


# ---------------------------------------------------------------- side by side


def test_without_resources_staff_or_capacity_one_runs_at_a_time() -> None:
    service = a_service(**HOUR)
    assert lefts(a_diary(service)) == [1, 1, 1]
    taken = on_tuesday(service, "c:consultation", "10:00", "11:00")
    assert lefts(a_diary(service, uses=[taken])) == [1, 0, 1]


def test_capacity_says_how_many_run_side_by_side() -> None:
    service = a_service(**HOUR, capacity=3)
    taken = [on_tuesday(service, "c:consultation", "10:00", "11:00")] * 2
    assert lefts(a_diary(service, uses=taken)) == [3, 1, 3]
    assert lefts(a_diary(service, uses=[*taken, taken[0]])) == [3, 0, 3]


def test_free_resources_say_how_many_run_side_by_side_and_capacity_is_a_ceiling() -> None:
    service = a_service(**HOUR, requiredResources=COURTS)
    assert lefts(a_diary(service)) == [3, 3, 3]
    assert lefts(a_diary(a_service(**HOUR, requiredResources=COURTS, capacity=2))) == [2, 2, 2]
    assert lefts(a_diary(a_service(**HOUR, requiredResources=COURTS, capacity=9))) == [3, 3, 3]


def test_free_staff_say_how_many_run_side_by_side() -> None:
    service = a_service(**HOUR, requiredStaff=[{"role": "doctor"}])
    doctors = [a_member("a", "doctor"), a_member("b", "doctor"), a_member("c", "nurse")]
    assert lefts(a_diary(service, staff=doctors)) == [2, 2, 2]
    busy = on_tuesday(service, "s:a", "10:30", "11:30")
    assert lefts(a_diary(service, staff=doctors, uses=[busy])) == [2, 1, 1]


def test_things_that_are_only_listed_bound_nothing_and_one_runs_at_a_time() -> None:
    listed = [{"id": "clay", "name": "Clay", "type": "material"}, {"id": "wifi", "name": "Wifi", "type": "service"}]
    service = a_service(**HOUR, requiredResources=listed)
    assert lefts(a_diary(service, resources=[])) == [1, 1, 1]


def test_a_role_that_nobody_has_blocks_nothing_and_one_runs_at_a_time() -> None:
    service = a_service(**HOUR, requiredStaff=[{"role": "doctor"}])
    assert lefts(a_diary(service)) == [1, 1, 1]


def test_a_booking_that_ends_when_another_starts_is_no_conflict() -> None:
    service = a_service(**HOUR)
    taken = on_tuesday(service, "c:consultation", "08:00", "10:00")
    assert free_times(a_diary(service, uses=[taken])) == ["10:00", "11:00"]


def test_one_minute_in_common_is_a_conflict() -> None:
    service = a_service(**HOUR)
    taken = on_tuesday(service, "c:consultation", "08:00", "09:01")
    assert free_times(a_diary(service, uses=[taken])) == ["10:00", "11:00"]


def test_full_slots_are_there_with_nothing_left() -> None:
    service = a_service(**HOUR)
    diary = a_diary(service, uses=[on_tuesday(service, "c:consultation", "10:00", "11:00")])
    assert [(slot.left, slot.is_full, diary.has_room(slot, 1)) for slot in slots_on(diary)] == [
        (1, False, True),
        (0, True, False),
        (1, False, True),
    ]


def test_a_full_night_inside_the_stay_refuses_it() -> None:
    room = [{"id": "room-1", "name": "Room 1", "type": "room"}]
    service = a_service(**NIGHTS, requiredResources=room)
    taken = used(service, "r:room-1", "2026-12-10 15:00", "2026-12-11 11:00")
    diary = a_diary(service, uses=[taken])
    free = [slot.starts_at.day for slot in slots_on(diary, days=4, length=2880) if slot.left]
    assert free == [8, 11]  # 9 and 10 need the night of the 10th


def test_a_stay_of_many_nights_keeps_one_room() -> None:
    rooms = [{"id": f"room-{number}", "name": "Room", "type": "room"} for number in (1, 2)]
    service = a_service(**NIGHTS, requiredResources=rooms)
    taken = [
        used(service, "r:room-1", "2026-12-08 15:00", "2026-12-09 11:00"),
        used(service, "r:room-2", "2026-12-09 15:00", "2026-12-10 11:00"),
    ]
    diary = a_diary(service, uses=taken)
    assert lefts(diary) == [1]
    assert lefts(diary, length=2880) == [0]


# ---------------------------------------------------------------- buffers


@pytest.mark.parametrize(
    ("before", "after", "free"),
    [
        (0, 0, ["09:00", "11:00"]),
        (1, 0, ["09:00"]),
        (0, 1, ["11:00"]),
        (0, 60, ["11:00"]),
        (61, 0, ["09:00"]),
        (1, 1, []),
    ],
)
def test_a_buffer_is_never_over_another_booking(before: int, after: int, free: list[str]) -> None:
    service = a_service(**HOUR, bufferBefore=before, bufferAfter=after)
    taken = on_tuesday(service, "c:consultation", "10:00", "11:00")
    assert free_times(a_diary(service, uses=[taken])) == free


def test_a_booking_is_never_over_the_buffers_of_another() -> None:
    service = a_service(**HOUR)
    with_its_buffers = on_tuesday(service, "c:consultation", "09:55", "11:05")
    assert free_times(a_diary(service, uses=[with_its_buffers])) == []


def test_two_buffers_do_not_overlap_either() -> None:
    service = a_service(**HOUR, slotInterval=10, bufferAfter=10, bufferBefore=10)
    taken = on_tuesday(service, "c:consultation", "09:50", "11:10")  # 10 to 11 with buffers
    assert free_times(a_diary(service, uses=[taken])) == []
    early = on_tuesday(service, "c:consultation", "08:50", "10:10")  # 9 to 10 with buffers
    assert free_times(a_diary(service, uses=[early])) == ["10:20", "10:30", "10:40", "10:50", "11:00"]


def test_a_buffer_may_lie_outside_opening_hours() -> None:
    service = a_service(**HOUR, bufferBefore=45, bufferAfter=45)
    assert free_times(a_diary(service)) == ["09:00", "10:00", "11:00"]


def test_buffers_keep_resources_and_staff_busy_too() -> None:
    service = a_service(
        **HOUR,
        bufferAfter=15,
        requiredResources=[{"id": "laser", "name": "Laser", "type": "equipment"}],
        requiredStaff=[{"role": "doctor"}],
    )
    staff = [a_member("a", "doctor")]
    laser, doctor = on_tuesday(service, "r:laser", "10:10", "10:20"), on_tuesday(service, "s:a", "11:10", "11:20")
    assert free_times(a_diary(service, staff=staff, uses=[laser])) == ["11:00"]
    assert free_times(a_diary(service, staff=staff, uses=[doctor])) == ["09:00"]


# ---------------------------------------------------------------- choosing the length


def test_the_latest_end_is_before_the_next_booking_and_its_buffer() -> None:
    service = a_service(type="room", duration=30, slotInterval=30, bufferAfter=15)
    taken = on_tuesday(service, "c:consultation", "11:00", "12:00")
    diary = a_diary(service, uses=[taken])
    found = {time: slot.max_end for time, slot in zip(times(diary), slots_on(diary), strict=True) if slot.left}
    assert found == {time: at(f"{TUESDAY} 10:30", service) for time in ("09:00", "09:30", "10:00")}


def test_a_full_slot_has_no_latest_end() -> None:
    service = a_service(type="room", duration=60)
    diary = a_diary(service, uses=[on_tuesday(service, "c:consultation", "09:00", "10:00")])
    assert [slot.max_end is None for slot in slots_on(diary)] == [True, False, False]


def test_one_car_of_the_pool_has_to_be_free_to_the_latest_end() -> None:
    cars = [{"id": f"car-{number}", "name": "Car", "type": "vehicle"} for number in (1, 2)]
    service = a_service(type="rental", duration=60, requiredResources=cars)
    taken = [on_tuesday(service, "r:car-1", "11:00", "12:00"), on_tuesday(service, "r:car-2", "10:00", "11:00")]
    diary = a_diary(service, uses=taken)
    assert [(slot.left, slot.max_end) for slot in slots_on(diary)] == [
        (2, at(f"{TUESDAY} 11:00", service)),
        (1, at(f"{TUESDAY} 11:00", service)),
        (1, at(f"{TUESDAY} 12:00", service)),
    ]


def test_the_latest_end_needs_the_guide_too() -> None:
    service = a_service(type="rental", duration=60, requiredStaff=[{"role": "guide"}])
    guide = a_member("g", "guide", working_hours=((2, 540, 660),))
    assert [(slot.left, slot.max_end) for slot in slots_on(a_diary(service, staff=[guide]))] == [
        (1, at(f"{TUESDAY} 11:00", service)),
        (1, at(f"{TUESDAY} 11:00", service)),
        (0, None),
    ]


# ---------------------------------------------------------------- occurrences of events and courses

YOGA = {"type": "course", "duration": 60, "maxParticipants": 15, "id": "yoga", "slug": "yoga"}
MATS = [{"id": "mats", "name": "Mats", "type": "equipment", "quantity": 15}]


def class_at(service: Any, start: str, end: str, seats: int) -> list[Use]:
    """Return what an occurrence takes: its seats, its capacity unit, its mats."""
    return [
        on_tuesday(service, "o:yoga", start, end, seats),
        on_tuesday(service, "c:yoga", start, end),
        on_tuesday(service, "r:mats", start, end, 15),
    ]


def test_bookings_share_an_occurrence_that_takes_its_resources_once() -> None:
    service = a_service(**YOGA, requiredResources=MATS)
    diary = a_diary(service, uses=class_at(service, "10:00", "11:00", 4))
    assert lefts(diary) == [15, 11, 15]


def test_a_party_fits_while_there_are_seats() -> None:
    service = a_service(**YOGA)
    diary = a_diary(service, uses=class_at(service, "10:00", "11:00", 12))
    slot = slots_on(diary)[1]
    assert (slot.left, diary.has_room(slot, 3), diary.has_room(slot, 4)) == (3, True, False)


def test_a_full_occurrence_has_no_seats() -> None:
    service = a_service(**YOGA)
    assert lefts(a_diary(service, uses=class_at(service, "10:00", "11:00", 15))) == [15, 0, 15]


def test_without_a_maximum_seats_are_unbounded() -> None:
    service = a_service(**YOGA | {"maxParticipants": None})
    diary = a_diary(service, uses=class_at(service, "10:00", "11:00", 400))
    assert lefts(diary) == [None, None, None]
    assert all(diary.has_room(slot, 10_000) for slot in slots_on(diary))


def test_an_occurrence_does_not_start_where_its_resources_are_taken_by_others() -> None:
    service = a_service(**YOGA, requiredResources=MATS)
    diary = a_diary(service, uses=[on_tuesday(service, "r:mats", "10:30", "10:40", 1)])
    assert lefts(diary) == [15, 0, 15]


@pytest.mark.parametrize(("capacity", "expected"), [(None, [0, 11, 0]), (1, [0, 11, 0]), (2, [15, 11, 15])])
def test_occurrences_overlap_only_up_to_capacity(capacity: int | None, expected: list[int]) -> None:
    service = a_service(**YOGA, slotInterval=30, **({"capacity": capacity} if capacity else {}))
    diary = a_diary(service, uses=class_at(service, "10:00", "11:00", 4))
    around = [slot.left for slot in slots_on(diary) if slot.start % 1440 in (510, 540, 570)]  # 9:30, 10:00, 10:30
    assert around == expected


def test_a_joined_occurrence_takes_nothing_more() -> None:
    service = a_service(**YOGA, requiredResources=MATS)
    diary = a_diary(service, uses=class_at(service, "10:00", "11:00", 4))
    start, end = at(f"{TUESDAY} 10:00", service), at(f"{TUESDAY} 11:00", service)
    joined = diary.assign(start, end, Ask(11, 60))
    assert joined is not None
    assert (joined.resources, joined.staff, joined.capacity_units) == ((), (), None)
    assert diary.assign(start, end, Ask(12, 60)) is None


def test_the_first_booking_of_an_occurrence_takes_what_it_needs() -> None:
    service = a_service(**YOGA, requiredResources=MATS, requiredStaff=[{"role": "teacher"}])
    diary = a_diary(service, staff=[a_member("t", "teacher")])
    first = diary.assign(at(f"{TUESDAY} 10:00", service), at(f"{TUESDAY} 11:00", service), Ask(2, 60))
    assert first is not None
    assert [(one.resource_id, one.quantity) for one in first.resources] == [("mats", 15)]
    assert [(one.staff_id, one.role) for one in first.staff] == [("t", "teacher")]
    assert first.capacity_units == 1
    assert diary.assign(at(f"{TUESDAY} 10:00", service), at(f"{TUESDAY} 11:00", service), Ask(16, 60)) is None


def test_an_event_without_hours_offers_starts_until_it_has_an_occurrence_that_day() -> None:
    service = a_service(**YOGA | {"availableSlots": []}, slotInterval=240)
    diary = a_diary(service, uses=class_at(service, "10:00", "11:00", 4))
    assert times(a_diary(service)) == ["08:00", "12:00", "16:00"]
    assert [(slot.start, slot.left) for slot in slots_on(diary)] == [(at(f"{TUESDAY} 10:00", service), 11)]
    assert times(diary, "2026-12-09") == ["08:00", "12:00", "16:00"]


def test_an_event_without_hours_offers_nothing_more_on_a_day_whose_occurrence_is_full() -> None:
    service = a_service(**YOGA | {"availableSlots": []})
    diary = a_diary(service, uses=class_at(service, "10:00", "11:00", 15))
    assert free_times(diary) == []
    assert lefts(diary) == [0]


def test_an_event_with_hours_keeps_all_its_starts_beside_an_occurrence() -> None:
    service = a_service(**YOGA)
    assert times(a_diary(service, uses=class_at(service, "10:00", "11:00", 15))) == ["09:00", "10:00", "11:00"]


# ---------------------------------------------------------------- on the grid, and near it


@pytest.mark.parametrize(
    ("changes", "start", "end", "expected"),
    [
        ({}, "09:30", "10:00", True),
        ({}, "09:15", "09:45", False),
        ({}, "09:30", "10:30", False),
        ({}, "08:30", "09:00", False),
        ({}, "12:00", "12:30", False),
        ({}, "10:00", "09:30", False),
        ({"type": "room", "duration": 60}, "09:00", "11:00", True),
        ({"type": "room", "duration": 60}, "11:00", "13:00", False),
        ({"type": "room", "duration": 60}, "09:00", "10:30", False),
    ],
)
def test_a_time_is_on_the_grid_or_not(changes: dict[str, Any], start: str, end: str, expected: bool) -> None:
    service = a_service(**changes)
    found = a_diary(service).is_on_grid(at(f"{TUESDAY} {start}", service), at(f"{TUESDAY} {end}", service))
    assert found is expected


def test_a_stay_is_on_the_grid_by_its_check_in_and_check_out() -> None:
    diary = a_diary(a_service(**NIGHTS))
    service = diary.service
    assert diary.is_on_grid(at("2026-12-08 15:00", service), at("2026-12-11 11:00", service))
    assert not diary.is_on_grid(at("2026-12-08 15:00", service), at("2026-12-11 12:00", service))
    assert not diary.is_on_grid(at("2026-12-08 15:00", service), at("2027-01-08 11:00", service))


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", TUESDAY])
def test_every_slot_that_is_shown_is_on_the_grid(day: str) -> None:
    service = a_service(type="rental", duration=60, slotInterval=45, availableSlots=[], maxDuration=600,
                        requiredResources=[{"id": "van", "name": "Van", "type": "vehicle"}])  # fmt: skip
    diary = a_diary(service, day=day)
    for slot in slots_on(diary, day):
        assert diary.is_on_grid(slot.start, slot.end)
        assert slot.max_end is not None
        assert diary.is_on_grid(slot.start, slot.max_end)


def test_alternatives_are_the_nearest_slots_in_order_of_time() -> None:
    service = a_service(**HOUR, slotInterval=30)
    slots = slots_on(a_diary(service))
    near = nearest(slots, at(f"{TUESDAY} 10:00", service), most=3)
    assert [slot.start for slot in near] == [at(f"{TUESDAY} {time}", service) for time in ("09:30", "10:00", "10:30")]
    assert nearest([], 0) == []


def test_staff_may_take_a_time_off_the_grid_but_never_a_taken_resource() -> None:
    service = a_service(**HOUR, requiredResources=[{"id": "laser", "name": "Laser", "type": "equipment"}])
    diary = a_diary(service, uses=[on_tuesday(service, "r:laser", "22:00", "23:00")])
    night, late = at(f"{TUESDAY} 21:00", service), at(f"{TUESDAY} 22:30", service)
    assert diary.assign(night, night + 60, Ask(1, 60), relaxed=True) is not None
    assert diary.assign(late, late + 60, Ask(1, 60), relaxed=True) is None


def test_a_service_whose_resource_is_gone_has_nothing_left() -> None:
    service = a_service(**HOUR, requiredResources=[{"id": "laser", "name": "Laser", "type": "equipment"}])
    assert lefts(a_diary(service, resources=[])) == [0, 0, 0]
    assert lefts(a_diary(service, resources=[Resource("laser", "Laser", "equipment", 2)])) == [2, 2, 2]


@pytest.mark.parametrize(
    ("before", "after", "start", "end"),
    [
        (0, 0, "09:00", "10:30"),
        (0, 1, "09:00", "10:00"),
        (0, 30, "09:00", "10:00"),
        (0, 31, "09:00", "09:30"),
        # from 10:50 on the lamp is free: a start at 11:00 has ten minutes before it
        (10, 0, "11:00", "12:00"),
        (11, 0, "11:00", None),
    ],
)
def test_the_latest_end_leaves_room_for_buffers_around_what_is_taken_of_a_stock(
    before: int, after: int, start: str, end: str | None
) -> None:
    lamp = {"id": "lamp", "name": "Lamp", "type": "equipment", "quantity": 2}
    service = a_service(
        type="room", duration=30, slotInterval=30, bufferBefore=before, bufferAfter=after, requiredResources=[lamp]
    )
    taken = [
        on_tuesday(service, "r:lamp", "08:00", "12:00"),  # one of three all the time: two are left
        on_tuesday(service, "r:lamp", "10:30", "10:50"),
        on_tuesday(service, "r:lamp", "12:00", "12:30", 3),
    ]
    diary = a_diary(service, resources=[Resource("lamp", "Lamp", "equipment", 3)], uses=taken)
    found = {time: slot.max_end for time, slot in zip(times(diary), slots_on(diary), strict=True)}
    assert found[start] == (at(f"{TUESDAY} {end}", service) if end else None)


def test_the_latest_end_is_before_the_resource_closes() -> None:
    van = [{"id": "van", "name": "Van", "type": "vehicle"}]
    service = a_service(type="rental", duration=60, slotInterval=30, requiredResources=van)
    shut = closed(paris("2026-12-08 10:40"), paris("2026-12-08 11:00"), "resource", "van")
    diary = a_diary(service, closures=[shut])
    found = {time: slot.max_end for time, slot in zip(times(diary), slots_on(diary), strict=True)}
    assert found["09:00"] == at(f"{TUESDAY} 10:30", service)
    assert found["10:00"] is None
    assert found["11:00"] == at(f"{TUESDAY} 12:00", service)


# ---------------------------------------------------------------- days, and the first free times


def whole_week(diary: Diary) -> tuple[int, int]:
    return at("2026-12-07 00:00", diary.service), at("2026-12-14 00:00", diary.service)


def test_a_day_is_free_full_or_not_there_at_all() -> None:
    service = a_service(availableSlots=[{"dayOfWeek": day, "startTime": "09:00", "endTime": "10:00"} for day in (2, 3)])
    diary = a_diary(service, uses=[used(service, "c:consultation", "2026-12-08 09:00", "2026-12-08 10:00")])
    assert diary.days(Ask(1, 30), whole_week(diary)) == {date(2026, 12, 8): False, date(2026, 12, 9): True}


def test_only_wanted_starts_count_for_a_day() -> None:
    diary = a_diary(a_service())
    late = at("2026-12-13 11:00", diary.service)
    assert list(diary.days(Ask(1, 30), whole_week(diary), lambda start: start >= late)) == [date(2026, 12, 13)]


def test_free_slots_come_one_by_one_and_leave_out_the_full_ones() -> None:
    service = a_service()
    diary = a_diary(service, uses=[used(service, "c:consultation", "2026-12-07 09:00", "2026-12-07 10:00")])
    found = diary.free(Ask(1, 30), whole_week(diary))
    assert [shown(diary, next(found)) for _ in range(2)] == ["10:00", "10:30"]


def test_the_units_of_a_pool_are_those_that_take_the_party() -> None:
    service = a_service(type="table", maxParticipants=8, requiredResources=TABLES)
    tables = [Resource("two", "two", "table", 3, seats=2), Resource("six", "six", "table", 1, seats=6)]
    diary = a_diary(service, resources=tables)
    assert [diary.units(party) for party in (2, 6, 8)] == [4, 1, 0]
    assert a_diary(a_service(requiredStaff=[{"role": "doctor"}]), staff=[a_member("dr-a", "doctor")]).units(1) is None
