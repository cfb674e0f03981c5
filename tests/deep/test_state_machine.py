"""Does any order of events break a promise about places? Hypothesis looks for one, on each database.

Time is told, not taken: it only moves when the machine says so.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from portal.domain.account import Account
from portal.domain.errors import BookingError
from portal.domain.lifecycle import BookingStatus
from portal.domain.service import Service
from portal.store import bookings
from portal.store.db import db
from portal.usecases.approvals import approve_booking, decline_booking
from portal.usecases.booking_changes import ChangeBooking, update_booking
from portal.usecases.bookings import create_booking, get_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.catalogue import create_service, services_by_id, update_service
from portal.usecases.closures import create_closure, delete_closure, list_closures
from portal.usecases.holds import lapse_holds
from portal.usecases.orders import CreateBooking
from portal.usecases.resources import create_resource, delete_resource, update_resource
from portal.usecases.team import create_staff_member
from portal.web.context import current_rules
from tests.build import NOW
from tests.conftest import empty_database
from tests.databases import EVERY
from tests.invariants import check_invariants
from tests.people import EVERYBODY
from tests.portals import free_slots, new_portal

pytestmark = pytest.mark.deep

EXAMPLES = 50
STEPS = 25
DAY_AND_NIGHT = [{"dayOfWeek": day, "startTime": "00:00", "endTime": "24:00"} for day in range(7)]
PEOPLE = (EVERYBODY.sam, EVERYBODY.alice, EVERYBODY.bob)
COMMON = {
    "price": 1000,
    "timeZone": "UTC",
    "availableSlots": DAY_AND_NIGHT,
    "bookingWindow": {"minAdvanceHours": 0, "maxAdvanceDays": 60},
    "cancellationPolicy": {"allowCancellation": True, "cutoffHours": 0},
}
BEAMER = {"id": "beamer", "name": "Beamer", "type": "equipment"}
TABLES = [{"id": f"table-{seats}", "name": f"Table {seats}", "type": "table"} for seats in (2, 4, 6)]
DOCTOR = {"role": "doctor", "count": 1}
SERVICES: list[dict[str, Any]] = [
    {"name": "lone", "duration": 60},
    {"name": "double", "duration": 60, "capacity": 2, "bufferAfter": 30},
    {"name": "consultation", "duration": 30, "requiredStaff": [DOCTOR], "requiresApproval": True},
    {"name": "visit", "duration": 60, "requiredStaff": [DOCTOR], "requiredResources": [BEAMER], "bufferBefore": 15},
    {"name": "stock", "duration": 60, "requiredResources": [BEAMER], "requiresApproval": True},
    {"name": "course", "type": "course", "duration": 120, "maxParticipants": 5, "requiredResources": [BEAMER]},
    {
        "name": "talk",
        "type": "event",
        "duration": 60,
        "maxParticipants": 4,
        "requiredResources": [BEAMER],
        "requiresApproval": True,
    },
    {
        "name": "table",
        "type": "table",
        "duration": 90,
        "requiredResources": TABLES,
        "maxParticipants": 6,
        "requiresApproval": True,
    },
    {"name": "large table", "type": "table", "duration": 60, "requiredResources": TABLES[1:], "maxParticipants": 6},
    {
        "name": "hotel",
        "type": "room",
        "duration": 1440,
        "availableSlots": [],
        "requiresApproval": True,
        "maxParticipants": 2,
        "requiredResources": [{"id": f"room-{one}", "name": "Room", "type": "room"} for one in (1, 2)],
    },
]
numbers = st.integers(0, 10_000)
bookers = st.sampled_from((EVERYBODY.alice, EVERYBODY.bob, EVERYBODY.alice, EVERYBODY.bob, EVERYBODY.sam))
some_time = st.tuples(numbers, st.integers(1, 4), numbers, bookers)


class Bookings(RuleBasedStateMachine):
    """A small house, two days of it: things are scarce, so that everything is in the way of everything."""

    now: datetime
    services: list[Service]
    ids: list[str]

    @initialize(
        offered=st.lists(st.integers(0, len(SERVICES) - 1), min_size=2, max_size=4, unique=True),
        wanted=st.lists(some_time, min_size=4, max_size=16),
    )
    def open_the_house(self, offered: list[int], wanted: list[tuple[int, int, int, Account]]) -> None:
        db.session.remove()
        empty_database()
        self.now, self.ids = NOW, []
        create_resource(BEAMER | {"quantity": 3}, EVERYBODY.ada)
        for table, seats in zip(TABLES, (2, 4, 6), strict=True):
            create_resource(table | {"quantity": 1, "seats": seats}, EVERYBODY.ada)
        for name in ("Ann", "Ben"):
            create_staff_member({"id": name, "name": name, "roles": ["doctor"]}, EVERYBODY.ada, current_rules())
        given = [SERVICES[one] for one in offered]
        self.services = [create_service(COMMON | one, EVERYBODY.ada, current_rules(), self.now) for one in given]

        self.book_some_times_of(wanted)

    # ------------------------------------------------------------ customers

    @rule(wanted=st.lists(st.tuples(numbers, numbers, bookers), min_size=1, max_size=5))
    def book_times_that_are_offered(self, wanted: list[tuple[int, int, Account]]) -> None:
        """What the slots offer can be had by whoever asks next (no underselling)."""
        for which, slot, who in wanted:
            service = self._service(which)
            slots = free_slots(service, self.now, days=2)
            if slots:
                chosen = slots[slot % min(len(slots), 6)].slot
                self._book(service, chosen.starts_at, chosen.ends_at, service.min_party, who)

    @rule(wanted=st.lists(some_time, min_size=1, max_size=6))
    def book_some_times(self, wanted: list[tuple[int, int, int, Account]]) -> None:
        self.book_some_times_of(wanted)

    def book_some_times_of(self, wanted: list[tuple[int, int, int, Account]]) -> None:
        for which, hour, party, who in wanted:
            service = self._service(which)
            start = NOW.replace(hour=0) + timedelta(hours=7 + hour)
            if service.is_by_night:
                start = NOW.replace(hour=15) + timedelta(days=1 + hour % 2)
            people = service.min_party + party % (service.max_party or 3)
            self._try(lambda: self._book(service, start, None, people, who))  # noqa: B023 - called at once

    def _book(self, service: Service, start: datetime, end: datetime | None, party: int, who: Account) -> None:
        command = CreateBooking(service.id, start, end, participants=party)
        self.ids.append(create_booking(command, who, current_rules(), self.now).id)

    @precondition(lambda self: self.ids)
    @rule(which=st.lists(numbers, min_size=1, max_size=4), who=st.sampled_from(PEOPLE))
    def cancel(self, which: list[int], who: Account) -> None:
        for one in which:
            self._try(lambda: cancel_booking(self._id(one), "why not", who, current_rules(), self.now))  # noqa: B023

    @precondition(lambda self: self.ids)
    @rule(which=numbers, party=st.integers(1, 6), who=st.sampled_from(PEOPLE))
    def come_with_more_or_fewer(self, which: int, party: int, who: Account) -> None:
        change = ChangeBooking(participants=party)
        self._try(lambda: update_booking(self._id(which), change, who, current_rules(), self.now))

    # ------------------------------------------------------------ staff

    @rule(which=numbers)
    def approve(self, which: int) -> None:
        if waiting := self._waiting():
            self._try(lambda: approve_booking(waiting[which % len(waiting)], EVERYBODY.ada, self.now))

    @rule(which=numbers)
    def decline(self, which: int) -> None:
        if waiting := self._waiting():
            self._try(lambda: decline_booking(waiting[which % len(waiting)], None, EVERYBODY.sam, self.now))

    @rule(
        which=numbers,
        change=st.sampled_from(
            [
                {"price": 2000},
                {"bufferAfter": 15},
                {"bufferAfter": 0, "bufferBefore": 0},
                {"maxParticipants": 3},
                {"maxParticipants": 6},
                {"duration": 60},
                {"requiresApproval": True},
                {"requiresApproval": False},
                {"requiredResources": [BEAMER]},
                {"requiredStaff": [DOCTOR]},
                {"requiredStaff": []},
            ]
        ),
    )
    def edit_a_service(self, which: int, change: dict[str, Any]) -> None:
        service = self._service(which)
        if service.is_by_night:
            change = {"price": 2000}
        if change.get("requiredStaff") == [] and not service.required_resources:
            return  # it would be left with one place, whatever runs now
        self._try(lambda: update_service(service.id, change, EVERYBODY.ada, current_rules(), self.now))

    @rule(
        which=st.sampled_from(["beamer", "table-2", "table-4", "table-6", "room-1"]),
        quantity=st.sampled_from([1, 1, 2, 3, 4]),
    )
    def change_a_stock(self, which: str, quantity: int) -> None:
        """A stock shrinks to what is in use and no further; the invariant says whether that was judged right."""
        self._try(lambda: update_resource(which, {"quantity": quantity}, EVERYBODY.sam, self.now))

    @rule(which=st.sampled_from(["beamer", "room-2"]))
    def remove_a_resource_that_is_named(self, which: str) -> None:
        named = any(one.id == which for service in self._all() for one in service.required_resources)
        if named:
            with pytest.raises(BookingError):
                delete_resource(which, EVERYBODY.sam, self.now)

    @rule(which=numbers, hour=st.integers(0, 40), kind=st.sampled_from(["all", "service", "resource", "staff"]))
    def close(self, which: int, hour: int, kind: str) -> None:
        start = NOW.replace(hour=0) + timedelta(hours=hour)
        times = {"from": _written(start), "to": _written(start + timedelta(hours=3))}
        target = {"service": self._service(which).id, "resource": "beamer", "staff": "Ann"}.get(kind)
        given = times | {"target": kind} | ({"targetId": target} if target else {})
        create_closure(given, EVERYBODY.sam, current_rules(), self.now)

    @rule()
    def open_again(self) -> None:
        for closure in list_closures(EVERYBODY.sam):
            delete_closure(closure.id, EVERYBODY.sam)

    # ------------------------------------------------------------ time

    @rule(hours=st.sampled_from([0.001, 0.5, 1, 3, 12]))
    def time_passes(self, hours: float) -> None:
        self.now = min(self.now + timedelta(hours=hours), NOW + timedelta(days=3))

    @rule(which=numbers, early=st.booleans(), lapse=st.booleans())
    def wait_for_the_end_of_a_hold(self, which: int, early: bool, lapse: bool) -> None:
        waiting = self._waiting()
        booking = bookings.booking_by_id(db.session(), waiting[which % len(waiting)], None) if waiting else None
        db.session.rollback()
        if booking and booking.hold_expires_at and booking.hold_expires_at > self.now:
            self.now = booking.hold_expires_at - timedelta(microseconds=1 if early else 0)
            if lapse:
                lapse_holds(self.now)

    @rule()
    def let_holds_lapse(self) -> None:
        lapse_holds(self.now)

    @precondition(lambda self: self.ids)
    @rule(which=numbers)
    def look(self, which: int) -> None:
        found = get_booking(self._id(which), EVERYBODY.sam, self.now)
        assert not found.has_lapsed(self.now)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def every_promise_is_kept(self) -> None:
        db.session.rollback()
        if hasattr(self, "now"):
            check_invariants(self.now)

    def _service(self, which: int) -> Service:
        return self._all()[which % len(self.services)]

    def _all(self) -> list[Service]:
        found = services_by_id([one.id for one in self.services], current_rules())
        return [found[one.id] for one in self.services]

    def _id(self, which: int) -> str:
        return self.ids[-1 - which % min(len(self.ids), 8)]

    def _waiting(self) -> list[str]:
        found = bookings.list_bookings(db.session(), status=[BookingStatus.PENDING])
        db.session.rollback()
        return [one.id for one in found]

    def _try(self, act: Callable[[], Any]) -> None:
        """Act; a refusal is an answer like any other, anything else a bug."""
        try:
            act()
        except BookingError:
            db.session.rollback()


def _written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("kind", EVERY)
def test_no_order_of_events_breaks_a_promise_about_places(kind: str, tmp_path: Path) -> None:
    with new_portal(kind, tmp_path):
        run_state_machine_as_test(
            Bookings,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )
