"""Queries about a house that is being set up."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.domain.account import AccountStatus, Role
from portal.domain.setup import Found
from portal.store.accounts import UserRow
from portal.store.bookings import BookingRow
from portal.store.catalogue import ClosureRow, ResourceRow, ServiceRow, StaffRow


def what_is_there(session: Session, has_name: bool) -> Found:
    """Look for what a house needs, in one query."""
    statement = select(
        exists(select(ClosureRow.id)),
        exists(select(ResourceRow.id)) | exists(select(StaffRow.id)),
        exists(select(ServiceRow.id).where(ServiceRow.is_active.is_(True))),
        exists(select(BookingRow.id)),
    )
    return Found(has_name, *(bool(one) for one in session.execute(statement).one()))


def has_admin(session: Session) -> bool:
    """Tell whether anybody can run the house."""
    is_admin = (UserRow.role == Role.ADMIN) & (UserRow.status == AccountStatus.ACTIVE)
    return bool(session.scalar(select(exists(select(UserRow.id).where(is_admin)))))
