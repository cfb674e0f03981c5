"""How far a stay can reach, and which nights refuse it."""

from datetime import date

from portal.domain.service import Service
from portal.domain.stays import blocked_nights, most_nights_from
from tests.build import a_service
from tests.domain.diaries import a_diary, closed, used

ROOMS = [{"id": one, "name": one, "type": "room"} for one in ("red", "blue")]
MONDAY, TUESDAY, WEDNESDAY = date(2026, 12, 7), date(2026, 12, 8), date(2026, 12, 9)


def hotel(**changes: object) -> Service:
    return a_service(type="room", duration=1440, availableSlots=[], requiredResources=ROOMS, **changes)


def taken(service: Service, room: str, start: str, end: str) -> object:
    return used(service, f"r:{room}", f"{start} 15:00", f"{end} 11:00")


def test_without_bookings_a_stay_reaches_as_far_as_the_service_allows() -> None:
    assert most_nights_from(a_diary(hotel()), 1, MONDAY) == 30
    assert most_nights_from(a_diary(hotel(maxDuration=5 * 1440)), 1, MONDAY) == 5


def test_a_stay_ends_before_the_first_night_on_which_both_rooms_are_taken() -> None:
    service = hotel()
    both = [taken(service, room, "2026-12-09", "2026-12-11") for room in ("red", "blue")]
    diary = a_diary(service, uses=both)
    assert most_nights_from(diary, 1, MONDAY) == 2
    assert most_nights_from(diary, 1, WEDNESDAY) == 0
    assert [one.night for one in blocked_nights(diary, 1, MONDAY, 5)] == [WEDNESDAY, date(2026, 12, 10)]


def test_nights_may_all_be_free_and_no_room_be_free_for_all_of_them() -> None:
    service = hotel()
    uses = [taken(service, "red", "2026-12-07", "2026-12-08"), taken(service, "blue", "2026-12-08", "2026-12-09")]
    diary = a_diary(service, uses=uses)
    assert most_nights_from(diary, 1, MONDAY) == 1
    assert blocked_nights(diary, 1, MONDAY, 2) == []


def test_a_closure_blocks_the_nights_that_it_touches() -> None:
    diary = a_diary(hotel(), closures=[closed(TUESDAY, TUESDAY)])
    found = blocked_nights(diary, 1, MONDAY, 3)
    assert [(one.night, one.is_closed) for one in found] == [(MONDAY, True), (TUESDAY, True)]
    assert most_nights_from(diary, 1, MONDAY) == 0
