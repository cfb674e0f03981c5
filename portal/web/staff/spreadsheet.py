"""How is a list written for a spreadsheet, so that nothing in it is taken for a formula?"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import gettext

from portal.domain.booking import Booking
from portal.domain.booking_search import State
from portal.domain.errors import N_
from portal.domain.money import minor_digits
from portal.domain.reference import reference_of
from portal.domain.service import Service
from portal.web.language import current_language, localised
from portal.web.staff.words import MONEY_STATES, STATES, money_state_of, source_word, state_of

MARK = "\ufeff"  # tells spreadsheets that what follows is UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r")
HEADS = (
    N_("Reference"),
    N_("From"),
    N_("Until"),
    N_("Service"),
    N_("Customer"),
    N_("E-mail address"),
    N_("Telephone"),
    N_("People"),
    N_("State"),
    N_("Payment"),
    N_("Amount"),
    N_("Currency"),
    N_("Paid by card"),
    N_("Given back"),
    N_("Source"),
    N_("With"),
    N_("Resources"),
    N_("Made on"),
)


def safe(cell: str) -> str:
    """Return a cell that no spreadsheet computes: what begins as a formula gets an apostrophe in front."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell


def written_rows(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write rows as CSV; French spreadsheets part cells by a semicolon."""
    yield MARK
    for row in rows:
        line = io.StringIO()
        csv.writer(line, delimiter=";" if current_language() == "fr" else ",").writerow([safe(one) for one in row])
        yield line.getvalue()


def booking_heads() -> list[str]:
    """Return the heads of the columns of bookings."""
    return [str(gettext(one)) for one in HEADS]


def booking_cells(booking: Booking, name: str, service: Service, zone: ZoneInfo, now: datetime) -> list[str]:
    """Return the row of a booking; times are of the house's zone."""
    state = State.CANCELLED if booking.has_lapsed(now) else state_of(booking)
    return [
        reference_of(booking.id),
        _time(booking.start, zone),
        _time(booking.end, zone),
        localised(service).name,
        name,
        booking.contact_email or "",
        booking.contact_phone or "",
        str(booking.participants),
        str(gettext(STATES[state])),
        str(gettext(MONEY_STATES[money_state_of(booking)])),
        _amount(booking.total_price, booking.currency),
        booking.currency,
        _amount(booking.amount_paid, booking.currency),
        _amount(booking.amount_refunded, booking.currency),
        source_word(booking.source),
        ", ".join(one.staff_name for one in booking.assigned_staff),
        ", ".join(one.resource_name for one in booking.assigned_resources),
        _time(booking.created_at, zone),
    ]


def _time(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _amount(minor: int, currency: str) -> str:
    digits = minor_digits(currency)
    text = f"{Decimal(minor).scaleb(-digits):.{digits}f}"
    return text.replace(".", ",") if current_language() == "fr" else text
