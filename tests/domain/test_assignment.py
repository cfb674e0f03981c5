"""Which resources and people serve a booking? (SPEC §3)"""

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.assignment import Assignment
from portal.domain.availability import Ask, Diary
from portal.domain.service import Service
from portal.domain.supply import Resource, StaffMember, TimeOff, Use
from tests.build import a_service
from tests.domain.diaries import TUESDAY, a_diary, a_member, at, closed, free_times, used

START, END = "10:00", "11:00"


def needing(*needs: dict[str, Any], **changes: Any) -> Service:
    """Return a service of an hour, for parties of up to 8, that needs some resources."""
    given = {"duration": 60, "maxParticipants": 8, "requiredResources": [{"name": one["id"], **one} for one in needs]}
    return a_service(**(given | changes))


def with_staff(*needs: dict[str, Any], **changes: Any) -> Service:
    return a_service(**({"duration": 60, "requiredStaff": list(needs)} | changes))


def assigned(diary: Diary, party: int = 1, **more: Any) -> Assignment | None:
    """Return what a booking of Tuesday, 10 to 11, is given."""
    service, relaxed = diary.service, more.pop("relaxed", False)
    start, end = at(f"{TUESDAY} {START}", service), at(f"{TUESDAY} {END}", service)
    return diary.assign(start, end, Ask(party, 60, **more), relaxed)


def resources_of(diary: Diary, party: int = 1) -> list[tuple[str, int]] | None:
    found = assigned(diary, party)
    return None if found is None else [(one.resource_id, one.quantity) for one in found.resources]


def staff_of(diary: Diary, **more: Any) -> list[tuple[str, str]] | None:
    found = assigned(diary, **more)
    return None if found is None else [(one.staff_id, one.role) for one in found.staff]


def busy(diary_service: Service, place: str, start: str = START, end: str = END, quantity: int = 1) -> Use:
    return used(diary_service, place, f"{TUESDAY} {start}", f"{TUESDAY} {end}", quantity)


# ---------------------------------------------------------------- resources


@pytest.mark.parametrize("kind", ["room", "vehicle", "facility", "table"])
def test_of_interchangeable_resources_a_booking_takes_one(kind: str) -> None:
    service = needing({"id": "b", "type": kind}, {"id": "a", "type": kind})
    assert resources_of(a_diary(service)) == [("a", 1)]
    assert resources_of(a_diary(service, uses=[busy(service, "r:a")])) == [("b", 1)]
    assert resources_of(a_diary(service, uses=[busy(service, "r:a"), busy(service, "r:b")])) is None


def test_of_each_interchangeable_type_a_booking_takes_one() -> None:
    service = needing(
        {"id": "room-1", "type": "room"}, {"id": "van-1", "type": "vehicle"}, {"id": "room-2", "type": "room"}
    )
    assert resources_of(a_diary(service)) == [("room-1", 1), ("van-1", 1)]
    assert resources_of(a_diary(service, uses=[busy(service, "r:van-1")])) is None


@pytest.mark.parametrize("kind", ["equipment", "anything"])
def test_all_other_types_are_needed_all_together_each_in_its_quantity(kind: str) -> None:
    service = needing({"id": "kiln", "type": kind}, {"id": "wheels", "type": kind, "quantity": 8})
    assert resources_of(a_diary(service)) == [("kiln", 1), ("wheels", 8)]
    assert resources_of(a_diary(service, uses=[busy(service, "r:kiln")])) is None
    assert resources_of(a_diary(service, uses=[busy(service, "r:wheels")])) is None


@pytest.mark.parametrize("kind", ["material", "service"])
def test_material_and_services_are_only_listed_unless_they_give_a_quantity(kind: str) -> None:
    assert resources_of(a_diary(needing({"id": "clay", "type": kind}), resources=[])) == []
    counted = needing({"id": "clay", "type": kind, "quantity": 2})
    assert resources_of(a_diary(counted)) == [("clay", 2)]
    assert resources_of(a_diary(counted, uses=[busy(counted, "r:clay")])) is None


def test_selection_all_makes_interchangeable_resources_all_needed() -> None:
    service = needing(
        {"id": "a", "type": "table", "selection": "all"}, {"id": "b", "type": "table", "selection": "all"}
    )
    assert resources_of(a_diary(service)) == [("a", 1), ("b", 1)]
    assert resources_of(a_diary(service, uses=[busy(service, "r:a")])) is None


def test_selection_any_makes_others_interchangeable() -> None:
    service = needing(
        {"id": "a", "type": "equipment", "selection": "any"}, {"id": "b", "type": "equipment", "selection": "any"}
    )
    assert resources_of(a_diary(service)) == [("a", 1)]
    assert resources_of(a_diary(service, uses=[busy(service, "r:a")])) == [("b", 1)]


@pytest.mark.parametrize(
    ("party", "table"), [(1, "two"), (2, "two"), (3, "four"), (4, "four"), (5, "six"), (6, "six"), (7, None)]
)
def test_with_seats_given_the_smallest_that_fits_is_taken(party: int, table: str | None) -> None:
    service = needing(*({"id": one, "type": "table"} for one in ("six", "four", "two")))
    tables = [Resource(name, name, "table", 1, seats) for name, seats in (("six", 6), ("four", 4), ("two", 2))]
    assert resources_of(a_diary(service, resources=tables), party) == ([(table, 1)] if table else None)


def test_a_larger_table_serves_when_the_smallest_is_taken() -> None:
    service = needing({"id": "four", "type": "table"}, {"id": "two", "type": "table"})
    tables = [Resource("four", "four", "table", 1, 4), Resource("two", "two", "table", 1, 2)]
    diary = a_diary(service, resources=tables, uses=[busy(service, "r:two")])
    assert resources_of(diary, 2) == [("four", 1)]


def test_one_without_seats_takes_any_party_and_comes_last() -> None:
    service = needing({"id": "any", "type": "table"}, {"id": "two", "type": "table"})
    tables = [Resource("any", "any", "table"), Resource("two", "two", "table", 1, 2)]
    assert resources_of(a_diary(service, resources=tables), 2) == [("two", 1)]
    assert resources_of(a_diary(service, resources=tables), 8) == [("any", 1)]


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], [("lamp", 2)]),
        ([(START, END, 1)], [("lamp", 2)]),
        ([(START, END, 2)], None),
        # what counts is the sum in use at each instant
        ([("09:00", "10:30", 1), ("10:30", "12:00", 1)], [("lamp", 2)]),
        ([("09:00", "10:31", 1), ("10:30", "12:00", 1)], None),
        ([("09:00", "10:00", 3), ("11:00", "12:00", 3)], [("lamp", 2)]),
    ],
)
def test_units_in_use_never_pass_the_stock_at_any_instant(
    taken: list[tuple[str, str, int]], expected: list[tuple[str, int]] | None
) -> None:
    service = needing({"id": "lamp", "type": "equipment", "quantity": 2})
    uses = [busy(service, "r:lamp", *one) for one in taken]
    diary = a_diary(service, resources=[Resource("lamp", "lamp", "equipment", 3)], uses=uses)
    assert resources_of(diary) == expected


def test_a_pooled_resource_of_several_units_serves_several_bookings() -> None:
    service = needing({"id": "bikes", "type": "vehicle"})
    stock = [Resource("bikes", "Bikes", "vehicle", 3)]
    assert resources_of(a_diary(service, resources=stock, uses=[busy(service, "r:bikes", quantity=2)])) == [
        ("bikes", 1)
    ]
    assert resources_of(a_diary(service, resources=stock, uses=[busy(service, "r:bikes", quantity=3)])) is None


def test_a_closed_resource_is_not_taken_but_the_service_stays_open() -> None:
    service = needing({"id": "a", "type": "room"}, {"id": "b", "type": "room"})
    shut = closed(date(2026, 12, 8), date(2026, 12, 8), "resource", "a")
    assert resources_of(a_diary(service, closures=[shut])) == [("b", 1)]
    noon = closed(datetime(2026, 12, 8, 9, 30, tzinfo=UTC), datetime(2026, 12, 8, 9, 31, tzinfo=UTC), "resource", "a")
    assert resources_of(a_diary(service, closures=[noon])) == [("b", 1)]  # 10:30 in Paris


def test_a_needed_resource_that_is_closed_leaves_no_slot() -> None:
    service = needing({"id": "kiln", "type": "equipment"})
    shut = closed(datetime(2026, 12, 8, 9, tzinfo=UTC), datetime(2026, 12, 8, 10, tzinfo=UTC), "resource", "kiln")
    assert free_times(a_diary(service, closures=[shut])) == ["09:00", "11:00"]


def test_a_resource_is_shared_by_all_services() -> None:
    cars = {"id": "car", "type": "vehicle"}
    one, other = needing(cars), needing(cars, id="other", slug="other")
    taken = busy(one, "r:car")
    assert resources_of(a_diary(other, uses=[taken])) is None


def test_the_names_are_kept_on_the_assignment() -> None:
    service = needing({"id": "kiln", "name": "Four", "type": "equipment"})
    found = assigned(a_diary(service))
    assert found is not None
    assert [one.resource_name for one in found.resources] == ["Four"]


# ---------------------------------------------------------------- staff


def test_a_booking_takes_as_many_free_members_of_the_role_as_it_needs() -> None:
    service = with_staff({"role": "nurse", "count": 2})
    nurses = [a_member(one, "nurse") for one in ("a", "b", "c")]
    assert staff_of(a_diary(service, staff=nurses)) == [("a", "nurse"), ("b", "nurse")]
    two_free = a_diary(service, staff=nurses, uses=[busy(service, "s:a")])
    assert staff_of(two_free) == [("b", "nurse"), ("c", "nurse")]
    one_free = a_diary(service, staff=nurses, uses=[busy(service, "s:a"), busy(service, "s:c")])
    assert staff_of(one_free) is None


def test_only_the_named_members_serve_where_some_are_named() -> None:
    service = with_staff({"role": "doctor", "specificStaffIds": ["b", "c"]})
    doctors = [a_member(one, "doctor") for one in ("a", "b", "c")]
    assert staff_of(a_diary(service, staff=doctors)) == [("b", "doctor")]
    assert staff_of(a_diary(service, staff=doctors, uses=[busy(service, "s:b"), busy(service, "s:c")])) is None


def test_the_customer_may_choose_who() -> None:
    service = with_staff({"role": "doctor"})
    doctors = [a_member(one, "doctor") for one in ("a", "b")]
    assert staff_of(a_diary(service, staff=doctors), staff_id="b") == [("b", "doctor")]
    assert staff_of(a_diary(service, staff=doctors, uses=[busy(service, "s:b")]), staff_id="b") is None
    assert staff_of(a_diary(service, staff=doctors), staff_id="nobody") is None
    assert free_times(a_diary(service, staff=doctors, uses=[busy(service, "s:b")]), staff_id="b") == ["09:00", "11:00"]


def test_the_chosen_one_takes_the_place_that_only_he_can() -> None:
    service = with_staff({"role": "nurse"}, {"role": "doctor"})
    staff = [a_member("a", "nurse", "doctor"), a_member("b", "nurse")]
    assert staff_of(a_diary(service, staff=staff), staff_id="a") == [("b", "nurse"), ("a", "doctor")]
    assert staff_of(a_diary(service, staff=staff), staff_id="b") == [("b", "nurse"), ("a", "doctor")]


# Tuesday the 8th lies in the week from Monday the 7th to Sunday the 13th.
@pytest.mark.parametrize(
    ("work", "expected"),
    [
        ([], "a"),
        ([("a", "2026-12-08 08:00", "2026-12-08 08:30")], "b"),
        ([("a", "2026-12-08 08:00", "2026-12-08 08:30"), ("b", "2026-12-08 15:00", "2026-12-08 15:20")], "b"),
        ([("a", "2026-12-08 08:00", "2026-12-08 08:20"), ("b", "2026-12-08 15:00", "2026-12-08 15:30")], "a"),
        # the day is equal: the week decides, from Monday to Sunday
        ([("a", "2026-12-07 08:00", "2026-12-07 08:30")], "b"),
        ([("a", "2026-12-13 22:00", "2026-12-13 23:00")], "b"),
        # the day comes before the week
        ([("a", "2026-12-08 08:00", "2026-12-08 08:30"), ("b", "2026-12-09 08:00", "2026-12-09 18:00")], "b"),
        # other weeks do not count
        ([("a", "2026-12-06 08:00", "2026-12-06 18:00")], "a"),
        ([("a", "2026-12-14 00:00", "2026-12-14 18:00")], "a"),
        # of work past midnight only the minutes of the day count
        ([("a", "2026-12-07 20:00", "2026-12-08 00:10"), ("b", "2026-12-08 15:00", "2026-12-08 15:20")], "a"),
    ],
)
def test_anyone_is_who_has_the_fewest_minutes_that_day_then_that_week_then_by_id(
    work: list[tuple[str, str, str]], expected: str
) -> None:
    service = with_staff({"role": "doctor"})
    staff = [a_member(one, "doctor") for one in ("b", "a")]
    uses = [used(service, f"s:{who}", start, end) for who, start, end in work]
    assert staff_of(a_diary(service, staff=staff, uses=uses)) == [(expected, "doctor")]


def test_the_day_of_the_fewest_minutes_is_the_services_local_day() -> None:
    service = with_staff({"role": "doctor"}, timeZone="Asia/Tokyo")
    staff = [a_member(one, "doctor") for one in ("a", "b")]
    uses = [
        used(service, "s:a", "2026-12-07 23:30", "2026-12-07 23:50"),  # the UTC day is the same, the local one is not
        used(service, "s:b", "2026-12-08 00:10", "2026-12-08 00:20"),
    ]
    assert staff_of(a_diary(service, staff=staff, uses=uses)) == [("a", "doctor")]


def member_of(hours: Any = (), off: Any = (), zone: str = "Europe/Paris") -> StaffMember:
    return a_member("a", "doctor", working_hours=hours, time_off=off, time_zone=zone)


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        (member_of(), ["09:00", "10:00", "11:00"]),
        (member_of(hours=((2, 600, 660),)), ["10:00"]),
        (member_of(hours=((2, 599, 659),)), []),
        (member_of(hours=((2, 540, 600), (2, 600, 720))), ["09:00", "10:00", "11:00"]),
        (member_of(hours=((3, 0, 1440),)), []),
        (member_of(off=(TimeOff(date(2026, 12, 8), date(2026, 12, 8)),)), []),
        (member_of(off=(TimeOff(date(2026, 12, 1), date(2026, 12, 7)),)), ["09:00", "10:00", "11:00"]),
        (
            member_of(off=(TimeOff(datetime(2026, 12, 8, 9, 59, tzinfo=UTC), datetime(2026, 12, 8, 11, tzinfo=UTC)),)),
            ["09:00"],
        ),
        (member_of(hours=((2, 540, 600),), zone="Europe/London"), ["10:00"]),
        (member_of(off=(TimeOff(date(2026, 12, 8), date(2026, 12, 8)),), zone="Pacific/Auckland"), ["12:00"]),
    ],
    ids=["always", "one hour", "a minute short", "two that touch", "another day", "day off", "until the day before",
         "off from 10:59", "hours of his zone", "a day off in his zone"],
)  # fmt: skip
def test_members_serve_in_their_working_hours_only(member: StaffMember, expected: list[str]) -> None:
    hours = [{"dayOfWeek": 2, "startTime": "09:00", "endTime": "13:00"}]
    own = hours if "12:00" in expected else [{**hours[0], "endTime": "12:00"}]
    service = with_staff({"role": "doctor"}, availableSlots=own)
    assert free_times(a_diary(service, staff=[member])) == expected


def test_the_booking_lies_in_working_hours_its_buffers_need_not() -> None:
    service = with_staff({"role": "doctor"}, bufferBefore=60, bufferAfter=60)
    member = a_member("a", "doctor", working_hours=((2, 600, 660),))
    assert free_times(a_diary(service, staff=[member])) == ["10:00"]


def test_working_hours_past_midnight_join() -> None:
    night = [
        {"dayOfWeek": 2, "startTime": "23:30", "endTime": "24:00"},
        {"dayOfWeek": 3, "startTime": "00:00", "endTime": "00:30"},
    ]
    service = with_staff({"role": "doctor"}, availableSlots=night)
    member = a_member("a", "doctor", working_hours=((2, 1380, 1440), (3, 0, 60)))
    assert free_times(a_diary(service, staff=[member])) == ["23:30"]


def test_a_closure_of_a_member_takes_only_him_away() -> None:
    service = with_staff({"role": "doctor"})
    doctors = [a_member(one, "doctor") for one in ("a", "b")]
    shut = closed(date(2026, 12, 8), date(2026, 12, 8), "staff", "a")
    assert staff_of(a_diary(service, staff=doctors, closures=[shut])) == [("b", "doctor")]
    assert staff_of(a_diary(service, staff=doctors[:1], closures=[shut])) is None


def test_dates_of_a_closure_of_a_member_are_those_of_his_zone() -> None:
    service = with_staff(
        {"role": "doctor"}, availableSlots=[{"dayOfWeek": 2, "startTime": "09:00", "endTime": "14:00"}]
    )
    far = a_member("a", "doctor", time_zone="Pacific/Auckland")  # noon in Paris is midnight there
    shut = closed(date(2026, 12, 8), date(2026, 12, 8), "staff", "a")
    assert free_times(a_diary(service, staff=[far], closures=[shut])) == ["12:00", "13:00"]


def test_one_person_fills_one_place() -> None:
    service = with_staff({"role": "examiner"}, {"role": "supervisor"})
    both = a_member("a", "examiner", "supervisor")
    assert staff_of(a_diary(service, staff=[both])) is None
    assert staff_of(a_diary(service, staff=[both, a_member("b", "supervisor")])) == [
        ("a", "examiner"),
        ("b", "supervisor"),
    ]
    assert staff_of(a_diary(service, staff=[both, a_member("b", "examiner")])) == [
        ("b", "examiner"),
        ("a", "supervisor"),
    ]


def test_who_can_do_everything_gives_way_to_who_can_do_less() -> None:
    service = with_staff({"role": "x"}, {"role": "y"}, {"role": "z"})
    staff = [a_member("a", "x", "y", "z"), a_member("b", "x", "y"), a_member("c", "x")]
    assert staff_of(a_diary(service, staff=staff)) == [("c", "x"), ("b", "y"), ("a", "z")]


def test_how_many_run_side_by_side_counts_whole_crews() -> None:
    service = with_staff({"role": "x"}, {"role": "y"})
    staff = [a_member("a", "x", "y"), a_member("b", "x", "y"), a_member("c", "x"), a_member("d", "x")]
    diary = a_diary(service, staff=staff)
    start = at(f"{TUESDAY} 10:00", service)
    [slot] = diary.slots(Ask(1, 60), (start, start + 1))
    assert slot.left == 2
    [slot] = a_diary(service, staff=staff[1:]).slots(Ask(1, 60), (start, start + 1))
    assert slot.left == 1


def test_a_role_that_nobody_has_yet_is_left_to_assign() -> None:
    service = with_staff({"role": "doctor"}, {"role": "assistant"})
    found = assigned(a_diary(service, staff=[a_member("a", "doctor")]))
    assert found is not None
    assert [(one.staff_id, one.role) for one in found.staff] == [("a", "doctor")]
    assert found.unfilled_roles == ("assistant",)


def test_somebody_who_has_no_such_role_cannot_be_chosen() -> None:
    service = with_staff({"role": "assistant"})
    assert free_times(a_diary(service, staff=[a_member("a", "doctor")])) == ["09:00", "10:00", "11:00"]
    assert free_times(a_diary(service, staff=[a_member("a", "doctor")]), staff_id="a") == []
    assert free_times(a_diary(a_service()), staff_id="a") == []


def test_a_member_is_shared_by_all_services() -> None:
    service = with_staff({"role": "doctor"}, id="other", slug="other")
    taken = busy(service, "s:a", "10:30", "10:45")
    assert staff_of(a_diary(service, staff=[a_member("a", "doctor")], uses=[taken])) is None


def test_staff_may_call_a_chosen_member_in_but_not_when_he_is_taken() -> None:
    service = with_staff({"role": "doctor"})
    resting = a_member("a", "doctor", working_hours=((5, 540, 600),))
    diary = a_diary(service, staff=[resting])
    assert staff_of(diary, staff_id="a") is None
    assert staff_of(diary, staff_id="a", relaxed=True) == [("a", "doctor")]
    assert staff_of(a_diary(service, staff=[resting], uses=[busy(service, "s:a")]), staff_id="a", relaxed=True) is None


def test_names_of_people_are_kept_on_the_assignment() -> None:
    service = with_staff({"role": "doctor"})
    found = assigned(a_diary(service, staff=[a_member("a", "doctor", name="Dr Martin")]))
    assert found is not None
    assert [one.staff_name for one in found.staff] == ["Dr Martin"]


def test_what_runs_side_by_side_by_capacity_takes_a_unit_of_it() -> None:
    found = assigned(a_diary(a_service(duration=60)))
    assert found is not None
    assert found.capacity_units == 1
    found = assigned(a_diary(needing({"id": "a", "type": "room"})))
    assert found is not None
    assert found.capacity_units is None


def test_who_has_the_fewest_minutes_serves_even_where_another_place_was_open_to_him() -> None:
    service = with_staff({"role": "x"}, {"role": "y"})
    staff = [a_member("a", "x", "y"), a_member("b", "y"), a_member("d", "x")]
    assert staff_of(a_diary(service, staff=staff)) == [("a", "x"), ("b", "y")]


@given(
    st.lists(st.sets(st.sampled_from("xyz")), min_size=1, max_size=5),
    st.lists(st.sampled_from("xyz"), min_size=1, max_size=3),
)
def test_of_all_crews_the_one_of_the_first_in_order_serves(roles: list[set[str]], needed: list[str]) -> None:
    staff = [a_member("abcde"[at], *sorted(one)) for at, one in enumerate(roles)]
    wanted = [role for role in needed if any(role in one.roles for one in staff)]
    crews = [
        sorted(one.id for one in people)
        for people in permutations(staff, len(wanted))
        if all(role in one.roles for one, role in zip(people, wanted, strict=True))
    ]
    found = staff_of(a_diary(with_staff(*({"role": role} for role in needed)), staff=staff))
    assert (found and sorted(who for who, _ in found)) == (min(crews) if crews else None)
    assert all(role in next(one for one in staff if one.id == who).roles for who, role in found or ())
