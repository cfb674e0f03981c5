"""A booking in a calendar, read back as calendars read it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import icalendar
import pytest

from portal.domain.calendar import CalendarEntry, calendar_file, google_link, outlook_link
from tests.build import PARIS, paris


def an_entry(**changes: Any) -> CalendarEntry:
    given: dict[str, Any] = {
        "uid": "b1@creneau",
        "summary": "Consultation",
        "start": paris("2026-12-08 10:30"),
        "end": paris("2026-12-08 11:00"),
        "zone": PARIS,
        "changed_at": datetime(2026, 12, 7, 7, 0, tzinfo=UTC),
        "sequence": 0,
        "status": "CONFIRMED",
    }
    return CalendarEntry(**(given | changes))


def read(entry: CalendarEntry) -> icalendar.Calendar:
    return icalendar.Calendar.from_ical(calendar_file(entry))  # type: ignore[return-value]


def test_an_event_is_read_back_as_it_was_written() -> None:
    words = {
        "location": "12; rue X, Paris",
        "description": "Référence : CRN-7KQ4-2M\nPayer sur place",
        "url": "https://x.fr/b",
    }
    calendar = read(an_entry(**words, sequence=2, point=(48.85, 2.35)))
    event = calendar.events[0]
    assert (event["uid"], event["summary"], event["sequence"], event["status"]) == (
        "b1@creneau",
        "Consultation",
        2,
        "CONFIRMED",
    )
    assert {name: str(event[name]) for name in words} == words
    assert "method" not in calendar
    assert not icalendar.Calendar.from_ical(calendar_file(an_entry())).errors


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-10-23 15:00", "2026-10-26 11:00"),  # nights over the end of summer time
        ("2027-03-27 15:00", "2027-03-29 11:00"),  # and over its beginning
        ("2026-10-25 02:30", "2026-10-25 03:30"),  # from the hour that comes twice
        ("2027-03-28 01:30", "2027-03-28 03:30"),
    ],
)
def test_times_around_a_change_of_clocks_stay_the_same_instants(start: str, end: str) -> None:
    event = read(an_entry(start=paris(start), end=paris(end))).events[0]
    assert event["dtstart"].dt.tzinfo.key == "Europe/Paris"
    assert (event["dtstart"].dt.astimezone(UTC), event["dtend"].dt.astimezone(UTC)) == (paris(start), paris(end))


@pytest.mark.parametrize("name", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_the_zone_of_the_file_has_the_offsets_of_the_real_one(name: str) -> None:
    zone = ZoneInfo(name)
    start = datetime(2026, 12, 8, 9, 30, tzinfo=UTC)
    rules = read(an_entry(start=start, end=start + timedelta(hours=1), zone=zone)).walk("VTIMEZONE")[0]
    onsets = sorted((one["dtstart"].dt - one["tzoffsetfrom"].td, one["tzoffsetto"].td) for one in rules.subcomponents)
    for hours in range(-8000, 8000):
        instant = start + timedelta(hours=hours)
        offset = [to for onset, to in onsets if onset <= instant.replace(tzinfo=None)][-1]
        assert instant.astimezone(zone).utcoffset() == offset, instant


def test_a_calendar_on_the_web_is_given_the_instants_and_all_words() -> None:
    entry = an_entry(summary="Thé & café?", location="12, rue X", description="Réf. #1\nOui")
    google, outlook = (parse_qs(urlsplit(link(entry)).query) for link in (google_link, outlook_link))
    assert google["dates"] == ["20261208T093000Z/20261208T100000Z"]
    assert (google["text"], google["details"], google["location"]) == (["Thé & café?"], ["Réf. #1\nOui"], ["12, rue X"])
    assert (outlook["startdt"], outlook["enddt"]) == (["2026-12-08T09:30:00Z"], ["2026-12-08T10:00:00Z"])
    assert (outlook["subject"], outlook["body"]) == (["Thé & café?"], ["Réf. #1\nOui"])
