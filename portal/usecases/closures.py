"""How do staff keep closures? (SPEC §3, §4)

A closure leaves the bookings that are there alone: staff decide about each. Pages ask before it is stored (`agreed`,
see `usecases/impact.py`); the API's answer says how many it hits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, false, insert, or_, update
from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.errors import N_, FieldError, Invalid
from portal.domain.identity import new_id
from portal.domain.rules import Rules
from portal.domain.schedule import Closure, ClosureTarget, is_closed_on
from portal.domain.supply_shapes import ClosureFields, closure_json
from portal.store import catalogue
from portal.store import supply as needs
from portal.store.catalogue import ClosureRow, ResourceRow, StaffRow, write_bound
from portal.store.db import db, transaction
from portal.store.locks import Locks, lock
from portal.usecases.access import require_staff
from portal.usecases.impact import Agreed, check_agreed
from portal.usecases.shapes import check_unchanged, one, parsed

YEARS_AHEAD = 20  # how far bookings that a yearly closure hits are looked for


@dataclass(frozen=True)
class SavedClosure:
    """A closure, and how many live bookings ahead it hits; dates are taken in the house's zone for that count."""

    closure: Closure
    affected_bookings: int


def list_closures(caller: Account) -> list[Closure]:
    """List the closures in order of time."""
    require_staff(caller)
    return catalogue.all_closures(db.session())


def get_closure(closure_id: str, caller: Account) -> Closure:
    """Find a closure; raise NotFound."""
    require_staff(caller)
    return _closure(db.session(), closure_id)


def _closure(session: Session, closure_id: str) -> Closure:
    found: Closure = one(session.get(ClosureRow, closure_id, populate_existing=True))
    return found


def create_closure(
    given: Any, caller: Account, rules: Rules, now: datetime, agreed: Agreed | None = None
) -> SavedClosure:
    """Close everything or one thing for a while; live bookings inside stay, and are counted.

    Raises HitsBookings, with nothing stored, where somebody is asked about them and did not agree to each.
    """
    require_staff(caller)
    closure = parsed(ClosureFields, given).value(new_id())

    def work(session: Session) -> SavedClosure:
        lock(session, _locks_of(session, closure))
        _check_target(session, closure)
        hit = _hit_by(session, [closure], rules, now)
        check_agreed(hit, agreed)
        _insert(session, closure)
        return SavedClosure(closure, len(hit))

    return transaction(work)


def close_days(
    days: Mapping[date, str], caller: Account, rules: Rules, now: datetime, agreed: Agreed | None = None
) -> int:
    """Close everything on some days, each for its reason; return how many were not closed already.

    All of them or none. Raises HitsBookings, with nothing stored, where somebody is asked about the bookings of all
    these days and did not agree to each.
    """
    require_staff(caller)
    zone = ZoneInfo(rules.time_zone)

    def work(session: Session) -> int:
        lock(session, Locks(services=frozenset(needs.service_ids(session)), whole=True))
        there = catalogue.closures_from(session, min(days, default=now.date()) - timedelta(days=2))
        closures = [
            Closure(day, day, id=new_id(), reason=reason)
            for day, reason in sorted(days.items())
            if not is_closed_on(day, there, zone)
        ]
        check_agreed(_hit_by(session, closures, rules, now), agreed)
        for closure in closures:
            _insert(session, closure)
        return len(closures)

    return transaction(work)


def closure_errors(given: Any) -> Sequence[FieldError]:
    """Name what is wrong with a closure, but for what it closes: whether that is there, saving it says."""
    try:
        parsed(ClosureFields, given)
    except Invalid as error:
        return error.errors
    return ()


def _insert(session: Session, closure: Closure) -> None:
    session.execute(insert(ClosureRow).values(id=closure.id, **_closure_values(closure)))


def update_closure(
    closure_id: str,
    changes: Any,
    caller: Account,
    rules: Rules,
    now: datetime,
    agreed: Agreed | None = None,
    read: dict[str, Any] | None = None,
) -> SavedClosure:
    """Change the given fields of a closure.

    Raises HitsBookings, with nothing stored, where somebody is asked and did not agree to each booking that it did not
    hit before; ChangedMeanwhile where it is not as it was `read`, or changes while its lock is waited for.
    """
    require_staff(caller)

    def work(session: Session) -> SavedClosure:
        before = _closure(session, closure_id)
        check_unchanged(closure_json(before), read)
        old = {name: value for name, value in closure_json(before).items() if name != "id"}
        closure = parsed(ClosureFields, old | _without_id(changes, closure_id)).value(closure_id)
        lock(session, _joined(_locks_of(session, before), _locks_of(session, closure)))
        check_unchanged(closure_json(_closure(session, closure_id)), closure_json(before))
        _check_target(session, closure)
        hit = _hit_by(session, [closure], rules, now)
        check_agreed(hit - _hit_by(session, [before], rules, now), agreed)
        session.execute(update(ClosureRow).where(ClosureRow.id == closure_id).values(**_closure_values(closure)))
        return SavedClosure(closure, len(hit))

    return transaction(work)


def _without_id(changes: Any, own_id: str) -> dict[str, Any]:
    if not isinstance(changes, dict):
        raise Invalid([FieldError("", "model_type", N_("Give an object."))])
    return {name: value for name, value in changes.items() if (name, value) != ("id", own_id)}


def _joined(one: Locks, other: Locks) -> Locks:
    """Return the locks of both, so that two changes of one closure wait for each other whatever it is for."""
    return Locks(
        resources=one.resources | other.resources,
        staff=one.staff | other.staff,
        services=one.services | other.services,
        whole=True,
    )


def _locks_of(session: Session, closure: Closure) -> Locks:
    if closure.target is ClosureTarget.ALL:
        return Locks(services=frozenset(needs.service_ids(session)), whole=True)
    ids = frozenset({closure.target_id or ""})
    kinds = {ClosureTarget.SERVICE: "services", ClosureTarget.RESOURCE: "resources", ClosureTarget.STAFF: "staff"}
    return Locks(**{kinds[closure.target]: ids}, whole=True)  # type: ignore[arg-type]


def _check_target(session: Session, closure: Closure) -> None:
    if closure.target is ClosureTarget.ALL:
        return
    tables = {
        ClosureTarget.SERVICE: catalogue.ServiceRow,
        ClosureTarget.RESOURCE: ResourceRow,
        ClosureTarget.STAFF: StaffRow,
    }
    if session.get(tables[closure.target], closure.target_id) is None:
        raise Invalid([FieldError("targetId", "unknown_target", N_("There is nothing with this id."))])


def _hit_by(session: Session, closures: Sequence[Closure], rules: Rules, now: datetime) -> frozenset[str]:
    """Find the live bookings ahead that closures of one and the same thing hit, in one query."""
    if not closures:
        return frozenset()
    closure = closures[0]
    selections = {
        ClosureTarget.SERVICE: needs.of_service,
        ClosureTarget.RESOURCE: needs.with_resource,
        ClosureTarget.STAFF: needs.with_member,
    }
    select = selections.get(closure.target)
    conditions = [select(closure.target_id or "")] if select else []
    zone, years = ZoneInfo(rules.time_zone), (now.year - 1, now.year + YEARS_AHEAD)
    ranges = [one.range_in(zone) for each in closures for one in each.in_years(*years)]
    inside = or_(false(), *(needs.overlapping(one) for one in ranges))
    return frozenset(needs.live_bookings_ahead(session, now, inside, *conditions))


def _closure_values(closure: Closure) -> dict[str, Any]:
    return {
        "starts": write_bound(closure.start),
        "ends": write_bound(closure.end),
        "target": closure.target,
        "target_id": closure.target_id,
        "reason": closure.reason,
        "yearly": closure.yearly,
    }


def delete_closure(closure_id: str, caller: Account) -> None:
    """Remove a closure: what it closed is open again."""
    require_staff(caller)

    def work(session: Session) -> None:
        _closure(session, closure_id)
        session.execute(delete(ClosureRow).where(ClosureRow.id == closure_id))

    transaction(work)
