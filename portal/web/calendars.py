"""How does a booking read in somebody's calendar and on a map?"""

from collections.abc import Iterator
from urllib.parse import quote

from flask import url_for
from flask_babel import gettext

from portal.domain.booking import Booking
from portal.domain.calendar import CalendarEntry
from portal.domain.lifecycle import BookingStatus
from portal.domain.reference import reference_of
from portal.domain.service import Location, Service
from portal.web.context import settings
from portal.web.language import localised

STATUS = {BookingStatus.PENDING: "TENTATIVE", BookingStatus.WAITLISTED: "TENTATIVE"}
GONE = frozenset({BookingStatus.CANCELLED, BookingStatus.RESCHEDULED})
MAP = "https://www.openstreetmap.org"


def entry_of(booking: Booking, service: Service, changes: int = 0) -> CalendarEntry:
    """Return a booking for a calendar, in the reader's language; `changes` counts what happened to it since."""
    address = settings().public_url.rstrip("/") + url_for("bookings.show", booking_id=booking.id)
    place = service.location
    return CalendarEntry(
        uid=f"{booking.id}@creneau",
        summary=localised(service).name,
        start=booking.start,
        end=booking.end,
        zone=service.zone,
        changed_at=booking.updated_at,
        sequence=changes,
        status="CANCELLED" if booking.status in GONE else STATUS.get(booking.status, "CONFIRMED"),
        location=place_text(place) or booking.room_online(service) or "",
        description="\n".join(_description(booking, service, address)),
        url=address,
        point=(place.coordinates.lat, place.coordinates.lng) if place and place.coordinates else None,
    )


def _description(booking: Booking, service: Service, address: str) -> Iterator[str]:
    yield str(gettext("Reference: %(reference)s", reference=reference_of(booking.id)))
    if booking.assigned_staff:
        yield str(gettext("With: %(names)s", names=", ".join(one.staff_name for one in booking.assigned_staff)))
    if room := booking.room_online(service):
        yield str(gettext("Online room: %(link)s", link=room))
    yield str(gettext("Details and cancellation: %(link)s", link=address))


def place_text(place: Location | None) -> str:
    """Write where it is on one line; nothing of what is only online."""
    if place is None or place.type == "virtual":
        return ""
    return ", ".join(part for part in (place.address, place.room) if part)


def map_link(place: Location | None) -> str | None:
    """Return where a map shows the place; None for what is online or has no address."""
    if place is None or place.type == "virtual":
        return None
    if point := place.coordinates:
        return f"{MAP}/?mlat={point.lat}&mlon={point.lng}#map=17/{point.lat}/{point.lng}"
    return f"{MAP}/search?query={quote(place.address)}" if place.address else None
