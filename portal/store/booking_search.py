"""Which bookings do the team look for? Queries of the table, of its totals, and of its export."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select, type_coerce
from sqlalchemy.orm import Session

from portal.domain.booking import Booking
from portal.domain.booking_search import MoneyState, Search, State
from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.domain.reference import ending_of
from portal.store.accounts import UserRow, is_like
from portal.store.bookings import BookingRow, served_by
from portal.store.payments import PaymentRow
from portal.store.types import LongText

_ROW = BookingRow
Found = tuple[Booking, str]  # with its customer's name


def find(session: Session, search: Search, now: datetime, limit: int, offset: int = 0) -> list[Found]:
    """Return a page of what is looked for, with the customers' names, in one query."""
    statement = _ordered(search, now).limit(limit).offset(offset).execution_options(populate_existing=True)
    return [(row.value(), name) for row, name in session.execute(statement)]


def find_all(session: Session, search: Search, now: datetime, at_once: int = 500) -> Iterator[Found]:
    """Yield everything that is looked for, read as it is needed: it may be more than memory should hold."""
    statement = _ordered(search, now).execution_options(yield_per=at_once)
    for row, name in session.execute(statement):
        yield row.value(), name
        session.expunge(row)


def totals(session: Session, search: Search, now: datetime) -> tuple[int, dict[str, int]]:
    """Count what is looked for and add up its prices by currency, in one query."""
    statement = select(_ROW.currency, func.count(), func.sum(_ROW.total_price)).where(*_conditions(search, now))
    rows = session.execute(statement.group_by(_ROW.currency)).all()
    return sum(count for _, count, _ in rows), {currency or "EUR": int(total) for currency, _, total in rows}


def unassigned(session: Session, now: datetime, limit: int) -> list[Found]:
    """Return the live bookings ahead that lack somebody, the next one first; several of one date are one."""
    lacks = type_coerce(_ROW.unfilled_roles, LongText)
    waits = or_(_ROW.status == BookingStatus.CONFIRMED, _is_waiting(now))
    statement = select(_ROW, UserRow.name).join(UserRow, UserRow.id == _ROW.user_id)
    statement = statement.where(_ROW.unfilled_roles.is_not(None), lacks.not_in(("[]", "null")), waits)
    ordered = statement.where(_ROW.end_date > now).order_by(_ROW.start_date, _ROW.id).limit(limit)
    found: dict[str, Found] = {}
    for row, name in session.execute(ordered.execution_options(populate_existing=True)):
        found.setdefault(row.occurrence_id or row.id, (row.value(), name))
    return list(found.values())


def customers_of(session: Session, booking_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of the customers of some bookings, by the bookings' ids."""
    wanted = sorted(set(booking_ids))
    if not wanted:
        return {}
    statement = select(_ROW.id, UserRow.name).join(UserRow, UserRow.id == _ROW.user_id).where(_ROW.id.in_(wanted))
    return {row.id: row.name for row in session.execute(statement)}


def find_by_id(session: Session, booking_ids: Iterable[str]) -> list[Found]:
    """Return some bookings with the customers' names, the next one first."""
    wanted = sorted(set(booking_ids))
    if not wanted:
        return []
    statement = select(_ROW, UserRow.name).join(UserRow, UserRow.id == _ROW.user_id).where(_ROW.id.in_(wanted))
    ordered = statement.order_by(_ROW.start_date, _ROW.id).execution_options(populate_existing=True)
    return [(row.value(), name) for row, name in session.execute(ordered)]


def _ordered(search: Search, now: datetime) -> Select[BookingRow, str]:
    statement = select(_ROW, UserRow.name).join(UserRow, UserRow.id == _ROW.user_id).where(*_conditions(search, now))
    columns = {"start": _ROW.start_date, "created": _ROW.created_at, "amount": _ROW.total_price}
    column = columns[search.sort.removeprefix("-")]
    if search.sort.startswith("-"):
        return statement.order_by(column.desc(), _ROW.id.desc())
    return statement.order_by(column, _ROW.id)


def _conditions(search: Search, now: datetime) -> list[ColumnElement[bool]]:
    found = [
        or_(*(_states(now)[one] for one in search.states)) if search.states else None,
        or_(*(_money()[one] for one in search.money)) if search.money else None,
        _ROW.service_id == search.service_id if search.service_id else None,
        _ROW.id.in_(served_by(search.staff_id)) if search.staff_id else None,
        _ROW.user_id == search.user_id if search.user_id else None,
        _ROW.start_date >= search.start if search.start else None,
        _ROW.start_date < search.end if search.end else None,
        _matches(search.text) if search.text else None,
    ]
    return [one for one in found if one is not None]


def _states(now: datetime) -> Mapping[State, ColumnElement[bool]]:
    """Return the condition of each state; a hold that is over counts as cancelled, whatever its status still says."""
    waits = _is_waiting(now)
    lapsed = and_(_ROW.status == BookingStatus.PENDING, not_(waits))
    is_due = and_(_ROW.payment_status.is_not(None), _ROW.payment_authorised.is_not(True))
    plain = {State(one.value): _ROW.status == one for one in BookingStatus if one is not BookingStatus.PENDING}
    return {
        **plain,
        State.CANCELLED: or_(_ROW.status == BookingStatus.CANCELLED, lapsed),
        State.TO_PAY: and_(waits, is_due),
        State.TO_APPROVE: and_(waits, not_(is_due)),
    }


def _is_waiting(now: datetime) -> ColumnElement[bool]:
    holds = or_(_ROW.hold_expires_at.is_(None), _ROW.hold_expires_at > now)
    return and_(_ROW.status == BookingStatus.PENDING, holds)


def _money() -> Mapping[MoneyState, ColumnElement[bool]]:
    status = _ROW.payment_status
    of_it = PaymentRow.booking_id == _ROW.id
    return {
        **{MoneyState(one.value): status == one for one in PaymentStatus},
        MoneyState.ON_SITE: status.is_(None),
        MoneyState.PENDING: and_(status == PaymentStatus.PENDING, _ROW.payment_authorised.is_not(True)),
        MoneyState.AUTHORISED: _ROW.payment_authorised.is_(True),
        MoneyState.DISPUTED: exists().where(of_it, PaymentRow.is_disputed.is_(True)),
        MoneyState.FLAGGED: exists().where(of_it, PaymentRow.flag.is_not(None)),
    }


def _matches(text: str) -> ColumnElement[bool]:
    """Select by name or address of the customer, by the client's own number, by id or reference."""
    people = select(UserRow.id).where(or_(is_like(UserRow.name, text), is_like(UserRow.email_normal, text)))
    ways = [
        _ROW.user_id.in_(people),
        is_like(_ROW.contact_email, text),
        is_like(_ROW.reference_id, text),
        _ROW.id == text,
    ]
    ending = ending_of(text)
    return or_(*ways, _ROW.id.like(f"%{ending}")) if ending else or_(*ways)
