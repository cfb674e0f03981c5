"""What would customers see of a service that is not stored yet: its times, its price?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.domain.account import Account
from portal.domain.availability import end_of
from portal.domain.pricing import Quote, quote
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.domain.supply import Resource, StaffMember, Supply
from portal.domain.timerange import Range, instant_of, minute_of
from portal.usecases.access import require_staff
from portal.usecases.diary import Reading, read_diary
from portal.usecases.slots import PricedSlot, SlotQuery, ask_of, find_slots, price_request

DAYS = 7


@dataclass(frozen=True)
class Trial:
    """A booking to try the service with; what is None falls back to its smallest party, one duration, one night."""

    participants: int | None = None
    length: int | None = None
    user: Mapping[str, Any] | None = None
    declared: Mapping[str, Any] | None = None

    def query(self, first: date) -> SlotQuery:
        """Return the question for a week of slots."""
        return SlotQuery(first, first + timedelta(days=DAYS), self.participants, duration=self.length)


def preview_slots(
    service: Service, first: date, trial: Trial, caller: Account, rules: Rules, now: datetime
) -> list[PricedSlot]:
    """Return the slots of a week from a local date on; raise Invalid for a party or length that is never taken.

    What the service names for the first time counts as there and free.
    """
    require_staff(caller)
    query = trial.query(first)
    ask_of(service, query)
    return find_slots(service, query, rules, now, trial.user, read=_read)


def preview_price(service: Service, start: datetime, trial: Trial, caller: Account, now: datetime) -> Quote:
    """Price a trial at a time; raise Invalid for a party or length that is never taken."""
    require_staff(caller)
    ask = ask_of(service, SlotQuery(start, start, trial.participants, duration=trial.length))
    end = instant_of(end_of(service, minute_of(start), ask.length))
    request = price_request(start, end, ask, now, now, trial.user or {}, trial.declared or {})
    return quote(service, request)


def _read(session: Session, service: Service, window: Range, rules: Rules, now: datetime) -> Reading:
    found = read_diary(session, service, window, rules, now)
    return replace(found, diary=replace(found.diary, supply=_with_named(found.diary.supply, service)))


def _with_named(supply: Supply, service: Service) -> Supply:
    """Add what saving the service would create."""
    resources = {one.id: Resource(one.id, one.name, one.type, one.quantity or 1) for one in service.required_resources}
    staff = {one.id: one for one in _members(service)}
    return replace(supply, resources={**resources, **supply.resources}, staff={**staff, **supply.staff})


def _members(service: Service) -> Iterator[StaffMember]:
    for need in service.required_staff:
        for one in need.specific_staff_ids or ():
            yield StaffMember(one, one, (need.role,), service.time_zone)
