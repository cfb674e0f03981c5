"""Whose is a telephone number? Numbers are sealed, so no query can ask: the newest are read and compared."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.store.accounts import UserRow
from portal.store.bookings import BookingRow

LOOKED_THROUGH = 2000  # bookings, and accounts


def owners_of_phone(session: Session, phone: str, most: int) -> list[str]:
    """Return who gave a number (E.164) with one of the newest bookings, or in one of the newest accounts."""
    found: dict[str, None] = {}
    for user_id, number in _numbers(session):
        if number == phone:
            found[user_id] = None
        if len(found) == most:
            break
    return list(found)


def _numbers(session: Session) -> Iterator[tuple[str, str]]:
    given = select(BookingRow.user_id, BookingRow.contact_phone).where(BookingRow.contact_phone.is_not(None))
    for user_id, number in session.execute(given.order_by(BookingRow.created_at.desc()).limit(LOOKED_THROUGH)):
        yield user_id, number or ""
    people = select(UserRow).where(UserRow.booking_preferences.is_not(None))
    for row in session.scalars(people.order_by(UserRow.updated_at.desc()).limit(LOOKED_THROUGH)):
        yield row.id, row.account().contact_phone
