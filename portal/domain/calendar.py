"""How is a booking written into somebody's calendar: as a file, or as the address that adds it to one on the web?

Pure: the words come ready, in the reader's language. The rules of a time zone are written by ourselves, because
icalendar 7.3 lets the summer time begin an hour late.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import icalendar

PRODUCER = "-//Creneau//Creneau//EN"
GOOGLE = "https://calendar.google.com/calendar/render"
OUTLOOK = "https://outlook.live.com/calendar/0/deeplink/compose"
A_YEAR = timedelta(days=366)


@dataclass(frozen=True)
class CalendarEntry:
    """One booking for a calendar; `status` is CONFIRMED, TENTATIVE or CANCELLED, `sequence` counts its changes."""

    uid: str
    summary: str
    start: datetime
    end: datetime
    zone: ZoneInfo
    changed_at: datetime
    sequence: int
    status: str
    location: str = ""
    description: str = ""
    url: str = ""
    point: tuple[float, float] | None = None


def calendar_file(entry: CalendarEntry) -> bytes:
    """Return an .ics file with one event and the rules of its time zone."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", PRODUCER)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add_component(_zone(entry))
    calendar.add_component(_event(entry))
    return bytes(calendar.to_ical())


def _event(entry: CalendarEntry) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", entry.uid)
    event.add("summary", entry.summary)
    event.add("dtstart", entry.start.astimezone(entry.zone))
    event.add("dtend", entry.end.astimezone(entry.zone))
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("sequence", entry.sequence)
    event.add("status", entry.status)
    for name, text in (("location", entry.location), ("description", entry.description), ("url", entry.url)):
        if text:
            event.add(name, text)
    if entry.point:
        event.add("geo", entry.point)
    return event


# ---------------------------------------------------------------- the zone


def _zone(entry: CalendarEntry) -> icalendar.Timezone:
    """Return the offsets of the zone from a year before the booking until a year after it."""
    zone = icalendar.Timezone()
    zone.add("tzid", entry.zone.key)
    first = entry.start.astimezone(UTC) - A_YEAR
    zone.add_component(_offset(first, first, entry.zone))
    for before, after in _changes(first, entry.end.astimezone(UTC) + A_YEAR, entry.zone):
        zone.add_component(_offset(before, after, entry.zone))
    return zone


def _offset(before: datetime, after: datetime, zone: ZoneInfo) -> icalendar.Component:
    """Return the offset that holds from an instant on; its clock time is that of the offset before (RFC 5545)."""
    old, new = before.astimezone(zone), after.astimezone(zone)
    found = icalendar.TimezoneDaylight() if new.dst() else icalendar.TimezoneStandard()
    found.add("dtstart", (after + (old.utcoffset() or timedelta())).replace(tzinfo=None))
    found.add("tzoffsetfrom", old.utcoffset())
    found.add("tzoffsetto", new.utcoffset())
    found.add("tzname", new.tzname())
    return found


def _changes(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield the last minute before each change of offset, and the first after it."""
    day = first
    while day < last:
        following = day + timedelta(days=1)
        if _at(day, zone) != _at(following, zone):
            yield _change(day, following, zone)
        day = following


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Find the change between two instants, to the minute."""
    while after - before > timedelta(minutes=1):
        middle = (before + (after - before) / 2).replace(second=0, microsecond=0)
        if _at(middle, zone) == _at(before, zone):
            before = middle
        else:
            after = middle
    return before, after


def _at(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


# ---------------------------------------------------------------- calendars on the web


def google_link(entry: CalendarEntry) -> str:
    """Return the address at which Google offers to add the event."""
    times = "/".join(one.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") for one in (entry.start, entry.end))
    query = {
        "action": "TEMPLATE",
        "text": entry.summary,
        "dates": times,
        "ctz": entry.zone.key,
        "location": entry.location,
        "details": entry.description,
    }
    return f"{GOOGLE}?{urlencode(query)}"


def outlook_link(entry: CalendarEntry) -> str:
    """Return the address at which Outlook offers to add the event."""
    query = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": entry.summary,
        "startdt": entry.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "enddt": entry.end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "location": entry.location,
        "body": entry.description,
    }
    return f"{OUTLOOK}?{urlencode(query)}"
