"""Are the slots of any service those that a search minute by minute finds?"""

from calendar import isleap
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from portal.domain.availability import Ask, Diary, reach
from portal.domain.schedule import Closure, ClosureTarget
from portal.domain.service import Service
from portal.domain.supply import Resource, StaffMember, Supply, TimeOff, Use
from portal.domain.timerange import minute_of
from tests.build import a_service, some_rules
from tests.domain.brute_force import Taken, World, origin_of

# Clocks that change, by an hour or a half, at night or at midnight; a date that does not exist; days like any other.
SCENES = [
    ("Europe/Paris", date(2026, 12, 8)),
    ("Europe/Paris", date(2026, 3, 29)),
    ("Europe/Paris", date(2026, 10, 25)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Havana", date(2026, 11, 1)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2026, 12, 8)),
    ("Europe/Paris", date(2026, 12, 31)),
    ("Europe/Paris", date(2027, 2, 28)),
    ("Europe/Paris", date(2028, 2, 29)),
]
BEFORE, AFTER = 16, 42  # days laid out around a scene: a week to see how a piece begins, a month for the longest rental
TYPES = ["appointment", "event", "course", "rental", "room", "table", "custom"]
RESOURCE_TYPES = ["room", "table", "vehicle", "equipment", "material"]
WALLS = ["00:00", "00:30", "01:00", "01:40", "02:00", "02:15", "03:00", "08:00", "11:00", "18:00", "23:20", "24:00"]
ALWAYS = [{"dayOfWeek": day, "startTime": "00:00", "endTime": "24:00"} for day in range(7)]


@st.composite
def hours(draw: st.DrawFn) -> dict[str, Any]:
    first, last = sorted(draw(st.lists(st.sampled_from(range(len(WALLS))), min_size=2, max_size=2, unique=True)))
    return {"startTime": WALLS[first], "endTime": WALLS[last]}


@st.composite
def weekly(draw: st.DrawFn) -> list[dict[str, Any]]:
    """None, always, the same every day, or some hours on some days."""
    match draw(st.integers(0, 3)):
        case 0:
            return []
        case 1:
            return ALWAYS
        case 2:
            daily = draw(st.lists(hours(), min_size=1, max_size=2))
            return [{"dayOfWeek": day, **one} for day in range(1, 8) for one in daily]
    days = draw(st.lists(st.tuples(st.integers(0, 7), hours()), min_size=3, max_size=9))
    return [{"dayOfWeek": day, **one} for day, one in days]


@st.composite
def specials(draw: st.DrawFn, day: date) -> list[dict[str, Any]]:
    offsets = draw(st.lists(st.integers(-1, 2), max_size=3, unique=True))
    slot = st.builds(lambda one, available: {**one, **available}, hours(), st.sampled_from([{}, {"available": False}]))
    return [
        {
            "date": (day + timedelta(days=offset)).isoformat(),
            "slots": draw(st.lists(slot, min_size=1, max_size=3)),
        }
        for offset in offsets
    ]


@st.composite
def needs(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for number in range(draw(st.integers(0, 4))):
        need: dict[str, Any] = {"id": f"r{number}", "name": "it", "type": draw(st.sampled_from(RESOURCE_TYPES))}
        if draw(st.booleans()):
            need["quantity"] = draw(st.integers(1, 2))
        if draw(st.integers(0, 4)) == 0:
            need["selection"] = draw(st.sampled_from(["any", "all"]))
        found.append(need)
    return found


@st.composite
def services(draw: st.DrawFn, zone: str, day: date) -> Service:
    kind = draw(st.sampled_from(TYPES))
    duration = draw(st.sampled_from([20, 30, 45, 60, 90, 180, 1440] if kind != "room" else [60, 1440]))
    longer: dict[str, Any] = {"maxDuration": duration * 3} if kind in ("rental", "room") else {}
    optional: dict[str, Any] = {
        "capacity": draw(st.sampled_from([None, None, 1, 2, 3])),
        "slotInterval": draw(st.sampled_from([None, None, 15, 40, 60, 300])),
        "maxParticipants": draw(st.sampled_from([None, 4, 6])),
        "bufferBefore": draw(st.sampled_from([None, None, 10, 60])),
        "bufferAfter": draw(st.sampled_from([None, None, 15, 30])),
    }
    if duration >= 180 and draw(st.integers(0, 3)) == 0:
        longer, optional["slotInterval"] = {}, max(300, duration)
    roles = st.builds(
        lambda role, count, named: {"role": role, "count": count, **({"specificStaffIds": named} if named else {})},
        st.sampled_from(["doctor", "doctor", "nurse", "nobody"]),
        st.sampled_from([1, 1, 1, 2]),
        st.sampled_from([[], [], [], ["s0"], ["s0", "s1"], ["s1", "s2"]]),
    )
    return a_service(
        type=kind,
        duration=duration,
        timeZone=zone,
        availableSlots=draw(weekly()),
        specialAvailability=draw(st.one_of(st.just([]), specials(day))),
        requiredResources=draw(st.one_of(st.just([]), needs())),
        requiredStaff=draw(st.one_of(st.just([]), st.lists(roles, min_size=1, max_size=2))),
        **longer,
        **{name: value for name, value in optional.items() if value is not None},
    )


@st.composite
def stretches(draw: st.DrawFn, day: date) -> tuple[date, date] | tuple[datetime, datetime]:
    """Two dates, or two instants."""
    if draw(st.booleans()):
        first = day + timedelta(days=draw(st.integers(-2, 3)))
        return first, first + timedelta(days=draw(st.integers(0, 2)))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=draw(st.integers(-3000, 4000)))
    return start, start + timedelta(minutes=draw(st.integers(1, 900)))


@st.composite
def members(draw: st.DrawFn, zone: str, day: date) -> list[StaffMember]:
    found = []
    for number in range(draw(st.sampled_from([3, 2, 1]))):
        worked = draw(st.one_of(st.just([]), weekly()))
        found.append(
            StaffMember(
                id=f"s{number}",
                name=f"s{number}",
                roles=draw(st.sampled_from([("doctor", "nurse"), ("doctor",), ("nurse",)])),
                time_zone=draw(st.sampled_from([zone, zone, "Asia/Kathmandu"])),
                working_hours=tuple(
                    (one["dayOfWeek"] % 7, minutes(one["startTime"]), minutes(one["endTime"])) for one in worked
                ),
                time_off=tuple(TimeOff(*draw(stretches(day))) for _ in range(draw(st.sampled_from([0, 0, 1])))),
            )
        )
    return found


def minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


@st.composite
def closures(draw: st.DrawFn, service: Service, day: date) -> Closure:
    target, which = draw(
        st.sampled_from(
            [("all", None), ("service", service.id), ("service", "other"), ("resource", "r0"), ("staff", "s0")]
        )
    )
    start, end = draw(stretches(day))
    if isinstance(start, datetime) or not draw(st.booleans()):
        return Closure(start, end, ClosureTarget(target), which)
    start, end = draw(years_before(start, end))
    return Closure(start, end, ClosureTarget(target), which, yearly=True)


@st.composite
def years_before(draw: st.DrawFn, start: date, end: date) -> tuple[date, date]:
    """The same dates some years before or after; 28 February becomes the 29th where there is one."""
    years, wide = draw(st.sampled_from([0, 1, 2, 3, -1])), draw(st.sampled_from([0, 0, 0, 200]))
    first, last = (_moved(one, years) for one in (start, end + timedelta(days=wide)))
    return first, max(first, last)


def _moved(day: date, years: int) -> date:
    year = day.year - years
    leaps = (day.month, day.day) in {(2, 28), (2, 29)} and isleap(year)
    return date(year, 2, 29) if leaps else date(year, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, Ask, int, int]:
    """A world, what is asked for, and the minutes between which starts are looked for."""
    zone, day = draw(st.sampled_from(SCENES))
    service = draw(services(zone, day))
    first = BEFORE * 1440 + draw(st.integers(-1500, 600))
    stop = first + draw(st.sampled_from([1440, 2880, 600, 1]))
    stock = [
        Resource(
            one.id,
            one.name,
            one.type,
            (one.quantity or 1) + draw(st.integers(0, 2)),
            draw(st.sampled_from([None, 2, 4])),
        )
        for one in service.required_resources
    ]
    world = World(
        service=service,
        resources=stock,
        staff=draw(members(zone, day)),
        closures=draw(st.one_of(st.just([]), st.lists(closures(service, day), min_size=1, max_size=2))),
        taken=(),
        business_hours=[(weekday, 480, 1200) for weekday in range(7 if draw(st.booleans()) else 6)],
        origin=origin_of(day, BEFORE),
        days=BEFORE + AFTER,
    )
    ask = draw(asks(service))
    grid = sorted(set(world.times(ask.length, first, stop)))
    taken = draw(st.lists(uses(service, grid, first), max_size=6))
    return World(**{**vars_of(world), "taken": taken}), ask, first, stop


def vars_of(world: World) -> dict[str, Any]:
    return {name: getattr(world, name) for name in World.__dataclass_fields__}


@st.composite
def uses(draw: st.DrawFn, service: Service, grid: list[tuple[int, int, int]], first: int) -> Taken:
    """Something taken, as often as not just before, at or after a slot."""
    if grid and draw(st.booleans()):
        start, end, _ = draw(st.sampled_from(grid))
        shift = draw(st.sampled_from([0, 0, 0, 15, -15, end - start, start - end]))
        start, end = start + shift, end + shift
    else:
        start = first + draw(st.integers(-600, 3000))
        end = start + draw(st.integers(1, 600))
    kinds = ["r:r0", "r:r1", "r:r2", "s:s0", "s:s1", "capacity"]
    if service.is_shared:
        kinds += ["seats", "seats", "seats"]
    place = draw(st.sampled_from(kinds))
    return Taken(place, start, end, 1 if place.startswith("s:") else draw(st.integers(1, 3)))


@st.composite
def asks(draw: st.DrawFn, service: Service) -> Ask:
    length = service.duration
    if service.type in ("rental", "room"):
        step = 1440 if length == 1440 and service.type == "room" else World.interval.fget(_only(service))  # type: ignore[attr-defined]
        length = min(length + step * draw(st.integers(0, 2)), max(length, service.max_duration or length))
        length -= (length - service.duration) % step
    return Ask(
        draw(st.sampled_from([1, 2, 3])), length, draw(st.sampled_from([None, None, None, None, None, "s0", "s1"]))
    )


def _only(service: Service) -> World:
    return World(service, (), (), (), (), (), datetime(2026, 1, 1, tzinfo=UTC), 0)


def diary_of(world: World, first: int, stop: int) -> Diary:
    """Return the same world as the product sees it, with everything that a reading would bring."""
    base, service = minute_of(world.origin), world.service
    names = {"capacity": f"c:{service.id}", "seats": f"o:{service.id}"}
    near, far = reach(service, (base + first, base + stop))
    supply = Supply(
        (near - timedelta(days=2), far + timedelta(days=2)),
        {one.id: one for one in world.resources},
        {one.id: one for one in world.staff},
        tuple(world.closures),
        tuple(
            Use(names.get(one.place, one.place), base + one.start, base + one.end, one.quantity) for one in world.taken
        ),
    )
    return Diary(service, supply, some_rules(business_hours=tuple(world.business_hours)))


def check(drawn: tuple[World, Ask, int, int]) -> None:
    world, ask, first, stop = drawn
    base = minute_of(world.origin)
    note(f"{world.service.model_dump(mode='json', exclude_defaults=True)}\n{ask} from {first} to {stop}")
    note("\n".join(f"{name}: {getattr(world, name)}" for name in ("resources", "staff", "closures", "taken")))
    slots = diary_of(world, first, stop).slots(ask, (base + first, base + stop))
    found = [(one.start - base, one.end - base, one.left, one.max_end and one.max_end - base) for one in slots]
    assert found == world.slots(ask.length, ask.party, ask.staff_id, first, stop)


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@given(worlds())
@settings(max_examples=100, suppress_health_check=SLOW)
def test_slots_are_those_that_a_search_minute_by_minute_finds(drawn: tuple[World, Ask, int, int]) -> None:
    check(drawn)


@pytest.mark.deep
@given(worlds())
@settings(max_examples=2000, suppress_health_check=SLOW)
def test_slots_of_two_thousand_worlds_are_those_that_a_search_finds(drawn: tuple[World, Ask, int, int]) -> None:
    check(drawn)
