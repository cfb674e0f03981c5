"""How do bookings that another program made come to hold their places?

Their rows were adopted with the tables, but nothing says yet what they take: until then it could be sold again.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.domain.availability import Ask
from portal.domain.booking import Booking
from portal.domain.errors import SlotUnavailable
from portal.domain.rules import Rules
from portal.domain.schedule import length_of
from portal.domain.timerange import minute_of
from portal.store import bookings, catalogue
from portal.store.db import db, transaction
from portal.store.locks import lock
from portal.usecases import places
from portal.usecases.audit import note
from portal.usecases.catalogue import load_service
from portal.usecases.diary import locks_of, read_diary


def adopt_bookings(rules: Rules, now: datetime) -> tuple[int, list[str]]:
    """Let every live booking ahead that holds nothing take its place, the oldest first.

    Returns how many did, and the ids of those whose place is not there: they stay as they are, for staff to settle.
    """
    taken, refused = 0, []
    for booking in bookings.placeless_bookings(db.session(), now):
        try:
            _adopt(booking, rules, now)
            taken += 1
        except SlotUnavailable:
            refused.append(booking.id)
    return taken, refused


def _adopt(booking: Booking, rules: Rules, now: datetime) -> None:
    service = load_service(db.session(), booking.service_id, rules)
    staff = catalogue.resources_and_staff(db.session(), (), bool(service.required_staff))[1]
    time = minute_of(booking.start), minute_of(booking.end)
    wanted = locks_of(service, staff, time, booking.user_id)

    def work(session: Session) -> None:
        lock(session, wanted)
        diary = read_diary(session, service, (time[0], time[0] + 1), rules, now).diary
        ask = Ask(booking.participants, length_of(service, *time) or time[1] - time[0])
        place = places.take(session, diary, time, ask, booking.hold_expires_at, relaxed=True)
        bookings.change_booking(
            session,
            booking.id,
            assigned_resources=place.assigned_resources,
            assigned_staff=place.assigned_staff,
            unfilled_roles=place.unfilled_roles,
            occurrence_id=place.occurrence_id,
        )
        places.keep(session, place, booking.id)
        note(session, booking.id, None, "adopt", now)

    transaction(work)
