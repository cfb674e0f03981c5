"""Which accounts do the team look for, and what do their bookings come to?"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from portal.domain.account import TEAM, Account, AccountStatus
from portal.domain.customers import CustomerSearch, Figures, Standing
from portal.domain.lifecycle import BookingStatus
from portal.store.accounts import UserRow, is_like
from portal.store.bookings import BookingRow
from portal.store.names import Alphabetical

_USER, _BOOKING = UserRow, BookingRow
_CAME = (BookingStatus.CONFIRMED, BookingStatus.COMPLETED)


def find(session: Session, search: CustomerSearch, now: datetime, limit: int, offset: int) -> list[Account]:
    """Return a page of what is looked for, in one query."""
    statement = select(_USER).where(*_conditions(search)).order_by(*_order(search, now))
    return [row.account() for row in session.scalars(statement.limit(limit).offset(offset))]


def count(session: Session, search: CustomerSearch) -> int:
    """Count what is looked for."""
    return session.scalar(select(func.count()).select_from(_USER).where(*_conditions(search))) or 0


def figures_of(session: Session, user_ids: Iterable[str], now: datetime) -> dict[str, Figures]:
    """Add up the bookings of some people, in one query; who never booked is left out."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    paid = func.coalesce(_BOOKING.amount_paid, 0) - func.coalesce(_BOOKING.amount_refunded, 0)
    columns = (
        func.count(),
        func.max(case((_has_come(now), _BOOKING.start_date))),
        func.min(case((_is_coming(now), _BOOKING.start_date))),
        func.sum(case((_BOOKING.status == BookingStatus.NO_SHOW, 1), else_=0)),
        func.sum(paid),
    )
    statement = select(_BOOKING.user_id, _BOOKING.currency, *columns).where(_BOOKING.user_id.in_(wanted))
    found: dict[str, Figures] = {}
    for user_id, currency, *values in session.execute(statement.group_by(_BOOKING.user_id, _BOOKING.currency)):
        found[user_id] = _added(found.get(user_id, Figures()), currency or "EUR", values)
    return found


def _added(so_far: Figures, currency: str, values: list[Any]) -> Figures:
    """Join what is known of a person's bookings with those of one more currency."""
    bookings, last, following, no_shows, paid = values
    return Figures(
        so_far.bookings + bookings,
        max((one for one in (so_far.last, last) if one), default=None),
        min((one for one in (so_far.next, following) if one), default=None),
        so_far.no_shows + int(no_shows),
        _with_paid(so_far.paid, currency, int(paid)),
    )


def _with_paid(so_far: Mapping[str, int], currency: str, paid: int) -> dict[str, int]:
    amount = so_far.get(currency, 0) + paid
    return {**so_far, **({currency: amount} if amount else {})}


def _has_come(now: datetime) -> ColumnElement[bool]:
    return and_(_BOOKING.status.in_(_CAME), _BOOKING.start_date <= now)


def _is_coming(now: datetime) -> ColumnElement[bool]:
    """Select what is ahead and holds its place."""
    waits = or_(_BOOKING.hold_expires_at.is_(None), _BOOKING.hold_expires_at > now)
    live = or_(
        _BOOKING.status == BookingStatus.CONFIRMED,
        and_(_BOOKING.status == BookingStatus.PENDING, waits),
    )
    return and_(live, _BOOKING.start_date > now)


def _conditions(search: CustomerSearch) -> list[ColumnElement[bool]]:
    found = [_STANDINGS[search.standing]] if search.standing else []
    if search.owners is not None:
        found.append(_USER.id.in_(sorted(search.owners)))
    elif search.text:
        found.append(or_(is_like(_USER.name, search.text), is_like(_USER.email_normal, search.text)))
    return found


_IS_TEAM = _USER.role.in_(sorted(TEAM))
_STANDINGS: Mapping[Standing, ColumnElement[bool]] = {
    Standing.TEAM: _IS_TEAM,
    Standing.OPEN: and_(_USER.role.not_in(sorted(TEAM)), _USER.status != AccountStatus.BANNED),
    Standing.CLOSED: _USER.status == AccountStatus.BANNED,
}


def _order(search: CustomerSearch, now: datetime) -> list[Any]:
    """Order by a column; people without a value in it come last either way, and equal ones by id."""
    key = search.sort.removeprefix("-")
    column = {
        "name": Alphabetical(_USER.name),
        "email": _USER.email_normal,
        "created": _USER.created_at,
        "bookings": _of_bookings(func.count()),
        "last": _of_bookings(func.max(case((_has_come(now), _BOOKING.start_date)))),
    }[key]
    way = column.desc() if search.sort.startswith("-") else column
    return [column.is_(None), way, _USER.id]


def _of_bookings(value: Any) -> Any:
    return select(value).where(_BOOKING.user_id == _USER.id).correlate(_USER).scalar_subquery()
