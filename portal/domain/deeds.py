"""What can the team do with a booking as it stands? The pages offer this and no more; use-cases check it again."""

from datetime import datetime
from enum import StrEnum

from portal.domain.booking import Booking
from portal.domain.lifecycle import BookingStatus, can_move


class Deed(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"
    CANCEL = "cancel"
    CHECK_IN = "check-in"
    CHECK_OUT = "check-out"
    NO_SHOW = "no-show"
    COMPLETE = "complete"
    ASSIGN = "assign"
    PAY_LINK = "pay-link"


def deeds_of(booking: Booking, now: datetime) -> frozenset[Deed]:
    """Return what the state of a booking allows."""
    has_begun, is_over = booking.start <= now, booking.end <= now
    is_live, has_come = booking.is_live(now), booking.check_in is not None
    can_cancel = can_move(booking.status, BookingStatus.CANCELLED) and not booking.has_lapsed(now)
    is_confirmed = booking.status is BookingStatus.CONFIRMED
    took_place = booking.status in {BookingStatus.CONFIRMED, BookingStatus.COMPLETED}
    allowed = {
        Deed.APPROVE: booking.awaits_approval and is_live,
        Deed.DECLINE: booking.awaits_approval and is_live,
        Deed.CANCEL: can_cancel,
        Deed.CHECK_IN: is_confirmed and not has_come and not is_over,
        Deed.CHECK_OUT: took_place and has_come and booking.check_out is None,
        Deed.NO_SHOW: can_move(booking.status, BookingStatus.NO_SHOW) and has_begun and not has_come,
        Deed.COMPLETE: can_move(booking.status, BookingStatus.COMPLETED) and has_begun,
        Deed.ASSIGN: is_live and not is_over,
        Deed.PAY_LINK: booking.awaits_payment and is_live and not is_over,
    }
    return frozenset(deed for deed, is_allowed in allowed.items() if is_allowed)
