"""What does a customer show at the door? A code that a telephone of the team reads, and that only we can make."""

from datetime import datetime

import segno
from flask import Flask
from markupsafe import Markup

from portal.domain.booking import Booking
from portal.domain.check_in import token_of
from portal.domain.lifecycle import BookingStatus
from portal.web.context import check_in_secret, now
from portal.web.mails import site_url

INK, PAPER = "#2b1526", "#fff"  # on white in the dark as well: cameras look for dark on light


def register(app: Flask) -> None:
    """Add the filter that draws the code of a booking."""
    app.add_template_filter(ticket_code)


def ticket_code(booking: Booking) -> Markup | None:
    """Draw the QR code of a booking as SVG; None where nobody can come with it: it is not confirmed, or over."""
    if not is_good(booking, now()):
        return None
    drawn = segno.make(code_address(booking), error="m", micro=False).svg_inline(
        dark=INK, light=PAPER, omitsize=True, svgclass=None, lineclass=None
    )
    # drawn by the library from an address of our own: modules and numbers, nothing that anybody wrote
    return Markup(drawn)  # noqa: S704 # nosec B704


def code_address(booking: Booking) -> str:
    """Return the address that a booking's code holds: the team's page of it."""
    return site_url("staff.door.scanned", token=token_of(booking.id, check_in_secret()))


def is_good(booking: Booking, at: datetime) -> bool:
    """Tell whether somebody can still be checked in with a booking's code."""
    return booking.status is BookingStatus.CONFIRMED and booking.check_in is None and at < booking.end
