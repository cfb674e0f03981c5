"""Which price do the team agree on instead of the one that the rules give, and how is that kept?

The total is said, and one more line makes up the difference: the lines of a booking always sum to its total. The line
also keeps the reason, so that booking, invoice and trail tell the same.
"""

from dataclasses import dataclass, replace

from portal.domain.booking import Booking
from portal.domain.errors import N_, FieldError
from portal.domain.money import Amount, tax_in
from portal.domain.pricing import MAX_TOTAL, LineKind, Quote, QuoteLine
from portal.domain.text import has_controls, is_blank

MAX_REASON = 200  # characters: it is a line of the invoice
TOTAL, REASON = "priceOverride.total", "priceOverride.reason"


@dataclass(frozen=True)
class PriceOverride:
    """A total in minor units, tax included, and why it was agreed on."""

    total: int
    reason: str


def override_errors(agreed: PriceOverride, currency: str) -> list[FieldError]:
    """Name what is wrong with an agreed price: its bounds, and that a reason is missing or cannot be one."""
    errors = []
    if not 0 <= agreed.total <= MAX_TOTAL:
        message = N_("Give a total from %(least)s to %(most)s.")
        bounds = {"least": Amount(0, currency), "most": Amount(MAX_TOTAL, currency)}
        errors.append(FieldError(TOTAL, "total_range", message, bounds))
    if is_blank(agreed.reason):
        errors.append(FieldError(REASON, "blank", N_("Say why another price was agreed on.")))
    elif len(agreed.reason.strip()) > MAX_REASON or has_controls(agreed.reason):
        message = N_("Write at most %(limit)s characters of plain text, on one line.")
        errors.append(FieldError(REASON, "too_long", message, {"limit": MAX_REASON}))
    return errors


def with_override(price: Quote, agreed: PriceOverride) -> Quote:
    """Return a quote at the agreed total, with the line that makes up the difference; its tax is that of the total."""
    difference = agreed.total - price.total
    line = QuoteLine(LineKind.ADJUSTMENT, agreed.reason.strip(), 1, difference, difference)
    lines, tax = (*price.lines, line), tax_in(agreed.total, price.tax_rate)
    return replace(price, lines=lines, tax=tax, total=agreed.total, next_package=None)


def listed_total(price: Quote) -> int:
    """Return what the rules alone would ask."""
    return sum(line.amount for line in price.lines if line.kind is not LineKind.ADJUSTMENT)


def override_of(booking: Booking) -> PriceOverride | None:
    """Return the price that the team agreed on for a booking; None where the rules made it."""
    for line in booking.price_lines:
        if line.get("kind") == LineKind.ADJUSTMENT:
            return PriceOverride(booking.total_price, str(line["label"]))
    return None
