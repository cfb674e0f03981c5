"""Who pays by a link that was handed over, and how is one sent?"""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import N_, LinkOver, NothingToPay
from portal.domain.notifications import Kind
from portal.domain.pay_links import payable_booking
from portal.store import accounts, bookings
from portal.store.db import db
from portal.usecases.access import require_staff
from portal.usecases.audit import note
from portal.usecases.changes import change_booking
from portal.usecases.idempotency import Once
from portal.usecases.messages import tell_customer


def payer_of(token: str, secret: str, now: datetime) -> tuple[str, Account]:
    """Return the booking that a link pays for, and in whose name: whoever holds the link pays for its customer.

    Raises LinkOver for what we did not make, and once the booking's time is over.
    """
    booking_id = payable_booking(token, secret, now)
    booking = bookings.booking_by_id(db.session(), booking_id, None) if booking_id else None
    customer = accounts.account_by_id(db.session(), booking.user_id) if booking else None
    if booking is None or customer is None:
        raise LinkOver(N_("The booking is over, or a part of the link is missing. Ask the team for a new one."))
    return booking.id, customer


def send_pay_link(booking_id: str, caller: Account, now: datetime, once: Once[Booking] | None = None) -> Booking:
    """Write to the customer of a booking that waits to be paid where he can pay without signing in.

    Raises Forbidden, NotFound, NothingToPay, Replay.
    """
    require_staff(caller)

    def change(session: Session, booking: Booking) -> None:
        if not booking.awaits_payment or booking.has_lapsed(now):
            raise NothingToPay
        tell_customer(session, booking, Kind.BOOKING_PAY_LINK, now)
        note(session, booking.id, caller, "pay-link", now)

    return change_booking(booking_id, caller, now, change, once)
