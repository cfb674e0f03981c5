"""How do staff keep staff members, their hours and their time off? (SPEC §3)

Each change takes the lock of the member for itself, so that no booking is decided on the old state. A change of hours
leaves the bookings that are there alone: staff decide about each, on pages before it is stored (`usecases/impact.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from portal.domain.account import TEAM, Account
from portal.domain.errors import N_, FieldError, Forbidden, Invalid
from portal.domain.identity import new_id
from portal.domain.rights import Action, may
from portal.domain.rules import Rules
from portal.domain.supply import StaffMember, left_outside, staff_place
from portal.domain.supply_shapes import StaffFields, staff_json
from portal.domain.timerange import instant_of, minute_of
from portal.store import accounts, catalogue
from portal.store import supply as needs
from portal.store.accounts import account_by_id
from portal.store.catalogue import StaffRow, write_bound
from portal.store.db import db, transaction
from portal.store.locks import Locks, lock
from portal.usecases.access import require_staff
from portal.usecases.impact import Agreed, check_agreed
from portal.usecases.needs import SOON, Ahead, bookings_ahead, check_use, in_the_way, refuse_named, refuse_taken
from portal.usecases.shapes import check_unchanged, merged, one, parsed


def list_staff(caller: Account) -> list[StaffMember]:
    """List the staff members by name."""
    require_staff(caller)
    return catalogue.all_staff(db.session())


def get_staff_member(staff_id: str, caller: Account) -> StaffMember:
    """Find a staff member; raise NotFound."""
    require_staff(caller)
    return _member(db.session(), staff_id)


def _member(session: Session, staff_id: str) -> StaffMember:
    found: StaffMember = one(session.get(StaffRow, staff_id, populate_existing=True))
    return found


def create_staff_member(given: Any, caller: Account, rules: Rules) -> StaffMember:
    """Store a new staff member; raise Invalid, or AlreadyExists for an id that is taken.

    Raises Forbidden where he gets an account from somebody who may not change accounts of the team.
    """
    require_staff(caller)
    fields = parsed(StaffFields, given)
    member = fields.value(fields.id or new_id(), rules.time_zone)

    def work(session: Session) -> None:
        refuse_taken(session, StaffRow, member.id)
        _check_account(session, member, None, caller)
        session.execute(insert(StaffRow).values(id=member.id, **_staff_values(member)))

    transaction(work)
    return member


def update_staff_member(
    staff_id: str,
    changes: Any,
    caller: Account,
    rules: Rules,
    now: datetime,
    agreed: Agreed | None = None,
    read: dict[str, Any] | None = None,
) -> StaffMember:
    """Change the given fields of a staff member; bookings outside the new hours stay.

    Raises HitsBookings, with nothing stored, where somebody is asked and did not agree to each booking that the change
    leaves outside; ChangedMeanwhile where he is not as he was `read`; Forbidden where he gets another account from
    somebody who may not change accounts of the team.
    """
    require_staff(caller)

    def work(session: Session) -> StaffMember:
        lock(session, Locks(staff=frozenset({staff_id}), whole=True))
        old = _member(session, staff_id)
        new = merged(StaffFields, staff_json(old), changes).value(staff_id, rules.time_zone)
        check_unchanged(staff_json(old), read)
        _check_account(session, new, old.user_id, caller)
        served = needs.live_bookings_ahead(session, now, needs.with_member(staff_id))
        check_agreed(left_outside(old, new, served), agreed)
        session.execute(update(StaffRow).where(StaffRow.id == staff_id).values(**_staff_values(new)))
        return new

    return transaction(work)


def _check_account(session: Session, member: StaffMember, before: str | None, caller: Account) -> None:
    if member.user_id != before and not may(caller, Action.CHANGE_TEAM):
        raise Forbidden(N_("An admin says with which account a member signs in. Leave it as it is."))
    if member.user_id is not None and account_by_id(session, member.user_id) is None:
        raise Invalid([FieldError("userId", "unknown_account", N_("There is no account with this id."))])


def _staff_values(member: StaffMember) -> dict[str, Any]:
    return {
        "name": member.name,
        "roles": list(member.roles),
        "time_zone": member.time_zone,
        "working_hours": [list(one) for one in member.working_hours],
        "time_off": [[write_bound(one.start), write_bound(one.end)] for one in member.time_off],
        "user_id": member.user_id,
    }


def delete_staff_member(staff_id: str, caller: Account, now: datetime) -> None:
    """Remove a staff member; raise InUse with live bookings ahead, Conflict while a service names him."""
    require_staff(caller)

    def work(session: Session) -> None:
        lock(session, Locks(staff=frozenset({staff_id}), whole=True))
        _member(session, staff_id)
        refuse_named(needs.services_with_member(session, staff_id))
        check_use(session, staff_place(staff_id), 0, now)
        session.execute(delete(StaffRow).where(StaffRow.id == staff_id))

    transaction(work)


# ---------------------------------------------------------------- who he is, and what he has to do


def team_accounts(member: StaffMember | None, caller: Account) -> list[Account]:
    """List the accounts that a member can sign in with: those of the team, and the one that he has."""
    require_staff(caller)
    found = accounts.of_roles(db.session(), TEAM)
    own = account_by_id(db.session(), member.user_id) if member and member.user_id else None
    return found if own is None or own in found else [*found, own]


def member_ahead(staff_id: str, caller: Account, rules: Rules, now: datetime) -> Ahead:
    """Return the next bookings that a member serves."""
    return bookings_ahead(needs.with_member(staff_id), caller, rules, now)


def services_with(staff_id: str, caller: Account) -> list[needs.Naming]:
    """List the services that name a member."""
    require_staff(caller)
    return needs.services_with_member(db.session(), staff_id)


def roles_asked_for(caller: Account) -> list[str]:
    """List the roles that services ask for."""
    require_staff(caller)
    return needs.roles_named(db.session())


def next_starts_of(members: Sequence[StaffMember], caller: Account, now: datetime) -> Mapping[str, datetime]:
    """Return when the next booking of each member starts, those of a month; who has none is left out."""
    require_staff(caller)
    places = {staff_place(one.id): one.id for one in members}
    found = needs.next_starts(db.session(), places, (minute_of(now), minute_of(now + SOON)), now)
    return {places[place]: instant_of(start) for place, start in found.items()}


def stands_against_going(
    staff_id: str, caller: Account, now: datetime, without: frozenset[str] = frozenset()
) -> list[str]:
    """Return the live bookings because of which a member cannot be removed."""
    return in_the_way(staff_place(staff_id), 0, caller, now, without)
