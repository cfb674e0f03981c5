"""Does any order of events lose a cent or sell a place twice? Hypothesis looks for one, on each database.

Customers, staff, the provider and its faults do as they like; promises are checked after every step. In the end all is
brought to rest, and the provider's books have to agree with ours to the cent.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from portal.domain.account import Account
from portal.domain.errors import BookingError
from portal.domain.lifecycle import BookingStatus
from portal.domain.money import Amount
from portal.domain.payments import UNFINISHED, PaymentState, RefundChoice, RefundState
from portal.domain.service import Service
from portal.gateways.payments import IntentStatus, RefundStatus
from portal.store import bookings, payments
from portal.store.db import db
from portal.store.payments import PaymentRow, RefundRow
from portal.usecases.approvals import approve_booking, decline_booking
from portal.usecases.bookings import create_booking, get_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.catalogue import create_service
from portal.usecases.completions import complete_past
from portal.usecases.money import Money
from portal.usecases.orders import CreateBooking
from portal.usecases.payment_events import handle_event
from portal.usecases.payments import ReturnTo, abandon_payment, check_payment, open_intent, open_payment
from portal.usecases.reconciliation import reconcile, release_lapsed
from portal.usecases.refunds import refund_booking, retry_refund
from tests.build import AN_ISSUER, NOW, some_rules
from tests.conftest import empty_database
from tests.databases import EVERY
from tests.invariants import check_invariants
from tests.payments.provider import FakeProvider
from tests.people import EVERYBODY
from tests.portals import new_portal

pytestmark = pytest.mark.deep

EXAMPLES = 80
STEPS = 40
BACK = ReturnTo("https://us.example/ok", "https://us.example/no", "Consultation")
ALICE, BOB, SAM, ADA = EVERYBODY.alice, EVERYBODY.bob, EVERYBODY.sam, EVERYBODY.ada
DAY_AND_NIGHT = [{"dayOfWeek": day, "startTime": "00:00", "endTime": "24:00"} for day in range(7)]
POLICY = {"allowCancellation": True, "cutoffHours": 0, "refundPolicy": "partial", "refundPercentage": 60}
COMMON = {
    "duration": 60,
    "price": 5000,
    "timeZone": "UTC",
    "availableSlots": DAY_AND_NIGHT,
    "bookingWindow": {"minAdvanceHours": 0, "maxAdvanceDays": 60},
    "cancellationPolicy": POLICY,
}
SERVICES: tuple[dict[str, Any], ...] = (
    {"name": "lone"},
    {"name": "asked", "requiresApproval": True},
    {"name": "asked twice", "requiresApproval": True, "capacity": 2},
    {"name": "talk", "type": "event", "maxParticipants": 2},
    {"name": "visit", "requiredStaff": [{"role": "doctor", "count": 1}]},
    {"name": "stock", "requiredResources": [{"id": "beamer", "name": "Beamer", "type": "equipment", "quantity": 2}]},
)
CALLS = ("open_session", "create_intent", "session", "intent", "expire_session", "cancel_intent", "capture", "refund")
HOW = ("pay", "pay", "pay", "pay", "pay", "slow", "odd", "decline")
numbers = st.integers(0, 10_000)
people = st.sampled_from((ALICE, BOB))


class Purse(RuleBasedStateMachine):
    """A house with few places and much coming and going of money."""

    @initialize()
    def open_the_house(self) -> None:
        db.session.remove()
        empty_database()
        self.now = NOW
        self.provider = FakeProvider(NOW)
        rules = some_rules(max_active_bookings=0, max_bookings_per_hour=10**6, takes_payment=True)
        self.money = Money(self.provider, rules, AN_ISSUER)
        self.ids: list[str] = []
        self.services: list[Service] = [create_service(COMMON | one, ADA, rules, NOW) for one in SERVICES]

    # ------------------------------------------------------------ customers

    @rule(wanted=st.lists(st.tuples(numbers, st.integers(0, 1), people, st.booleans()), min_size=1, max_size=4))
    def book(self, wanted: list[tuple[int, int, Account, bool]]) -> None:
        """Most people begin to pay at once."""
        for which, hour, who, pays in wanted:
            start = NOW.replace(hour=12) + timedelta(days=2, hours=hour)
            command = CreateBooking(self.services[which % len(SERVICES)].id, start)
            before = len(self.ids)
            self._try(lambda: self.ids.append(create_booking(command, who, self.money.rules, self.now).id))  # noqa: B023
            if pays and len(self.ids) > before:
                self.begin_to_pay(0, bool(which % 3), False)

    @rule(which=numbers, by_page=st.booleans(), other=st.booleans())
    def begin_to_pay(self, which: int, by_page: bool, other: bool) -> None:
        back = replace(BACK, cancel_url="https://us.example/other") if other else BACK
        if by_page:
            self._on(which, lambda one: open_payment(one, back, SAM, self.money, self.now))
        else:
            self._on(which, lambda one: open_intent(one, "Consultation", SAM, self.money, self.now))

    @rule(payers=st.lists(st.tuples(numbers, st.sampled_from(HOW)), min_size=1, max_size=4))
    def pay(self, payers: list[tuple[int, str]]) -> None:
        """Most of the time the provider tells at once."""
        for which, how in payers:
            before = len(self.provider.events)
            self._pay(which, how)
            for event in self.provider.events[before:] if which % 3 else ():
                self._try(lambda event=event: handle_event(event, self.money, self.now))  # type: ignore[misc]

    def _pay(self, which: int, how: str) -> None:
        pages = [one for one in self.provider.sessions.values() if one.is_open]
        intents = [
            one
            for one in self.provider.intents.values()
            if one.status is IntentStatus.OPEN and not self._on_page(one.id)
        ]
        if pages and (which % 2 or not intents):
            page = pages[which % len(pages)]
            odd = Amount(page.amount.minor - 100, page.amount.currency) if how == "odd" else None
            self.provider.pay(page.id, amount=odd, processing=how == "slow")
        elif intents:
            intent = intents[which % len(intents)].id
            if how == "decline":
                self.provider.decline(intent)
            else:
                self.provider.pay_intent(intent)

    def _on_page(self, intent_id: str) -> bool:
        return any(one.intent and one.intent.id == intent_id for one in self.provider.sessions.values())

    @rule(which=numbers)
    def come_back(self, which: int) -> None:
        self._on(which, lambda one: check_payment(one, SAM, self.money, self.now))

    @rule(which=numbers)
    def give_up(self, which: int) -> None:
        self._on(which, lambda one: abandon_payment(one, SAM, self.money, self.now))

    @rule(which=numbers)
    def look(self, which: int) -> None:
        self._on(which, lambda one: get_booking(one, SAM, self.now))

    @rule(which=numbers, by_staff=st.booleans(), choice=st.sampled_from(RefundChoice))
    def cancel(self, which: int, by_staff: bool, choice: RefundChoice) -> None:
        chosen = choice if by_staff else RefundChoice.POLICY

        def act(one: str) -> None:
            booking = bookings.booking_by_id(db.session(), one, None)
            assert booking is not None
            who = SAM if by_staff else ALICE if booking.user_id == "alice" else BOB
            cancel_booking(one, None, who, self.money.rules, self.now, money=self.money, choice=chosen)

        self._on(which, act)

    # ------------------------------------------------------------ staff

    @rule(which=numbers, agree=st.booleans())
    def answer(self, which: int, agree: bool) -> None:
        waiting = [one for one in self._all() if one.awaits_approval]
        if not waiting:
            return
        chosen = waiting[which % len(waiting)].id
        if agree:
            self._try(lambda: approve_booking(chosen, ADA, self.now, money=self.money))
        else:
            self._try(lambda: decline_booking(chosen, None, ADA, self.now, money=self.money))

    @rule(which=numbers, amount=st.sampled_from([None, 1, 2000, 5000]))
    def refund(self, which: int, amount: int | None) -> None:
        self._on(which, lambda one: refund_booking(one, amount, None, SAM, self.money, self.now))

    @rule(which=numbers)
    def refund_what_failed(self, which: int) -> None:
        db.session.rollback()
        failed = payments.failed_refunds(db.session(), 20)
        if failed:
            self._try(lambda: retry_refund(failed[which % len(failed)].id, SAM, self.money, self.now))

    # ------------------------------------------------------------ the provider

    @rule(which=st.lists(numbers, min_size=1, max_size=4))
    def tell(self, which: list[int]) -> None:
        """Any events, in any order, also again."""
        for one in which:
            if self.provider.events:
                event = self.provider.events[one % len(self.provider.events)]
                self._try(lambda event=event: handle_event(event, self.money, self.now))  # type: ignore[misc]

    @rule(which=numbers, yes=st.booleans())
    def let_the_bank_decide(self, which: int, yes: bool) -> None:
        slow = [one.id for one in self.provider.intents.values() if one.status is IntentStatus.PROCESSING]
        if slow:
            self.provider.decide(slow[which % len(slow)], yes=yes)

    @rule(which=numbers, amount=st.sampled_from([100, 2500]))
    def refund_in_the_dashboard(self, which: int, amount: int) -> None:
        rich = [
            one.id
            for one in self.provider.intents.values()
            if one.amount_received - self.provider.refunded(one.id) >= amount
        ]
        if rich:
            self.provider.refund_in_dashboard(rich[which % len(rich)], amount)

    @rule(which=numbers)
    def let_a_refund_fail(self, which: int) -> None:
        done = [one.id for one in self.provider.refunds.values() if one.status is not RefundStatus.FAILED]
        if done:
            self.provider.fail_refund(done[which % len(done)])

    @rule(which=numbers, lost=st.booleans())
    def dispute(self, which: int, lost: bool) -> None:
        paid = [one.id for one in self.provider.intents.values() if one.status is IntentStatus.SUCCEEDED]
        still = [one.id for one in self.provider.disputes.values() if not one.is_over]
        if still:
            self.provider.close_dispute(still[which % len(still)], lost=lost)
        elif paid:
            self.provider.dispute_payment(paid[which % len(paid)])

    @rule(when=st.sampled_from(["unheard", "unanswered", "broken"]), call=st.sampled_from(CALLS))
    def be_away(self, when: str, call: str) -> None:
        if len(self.provider.faults) < 3:
            self.provider.fail(when, call)

    @rule(slow=st.booleans())
    def be_slow_about_refunds(self, slow: bool) -> None:
        self.provider.refund_status = RefundStatus.PENDING if slow else RefundStatus.SUCCEEDED

    # ------------------------------------------------------------ time and the worker

    @rule(minutes=st.sampled_from([0.5, 3, 3, 20, 36]))
    def time_passes(self, minutes: float) -> None:
        self.now = min(self.now + timedelta(minutes=minutes), NOW + timedelta(days=3))
        self.provider.move_to(self.now)

    @rule()
    def work(self) -> None:
        reconcile(self.money, self.now)
        release_lapsed(self.money, self.now)
        complete_past(self.now)

    # ------------------------------------------------------------ what always holds

    @invariant()
    def every_promise_is_kept(self) -> None:
        db.session.rollback()
        if hasattr(self, "now"):
            check_invariants(self.now)

    def teardown(self) -> None:
        """Let everything come to rest: then the provider's books and ours say the same."""
        if not hasattr(self, "now"):
            return
        self.provider.faults.clear()
        for refund in [one for one in self.provider.refunds.values() if one.status is RefundStatus.PENDING]:
            self.provider.refunds[refund.id] = replace(refund, status=RefundStatus.SUCCEEDED)
        self.provider.refund_status = RefundStatus.SUCCEEDED
        for one in [one.id for one in self.provider.intents.values() if one.status is IntentStatus.PROCESSING]:
            self.provider.decide(one, yes=True)
        for _ in range(4):
            self.now += timedelta(hours=13)
            self.provider.move_to(self.now)
            self.work()
        check_invariants(self.now)
        self._books_agree()

    def _books_agree(self) -> None:
        db.session.rollback()
        rows = list(db.session.scalars(db.select(PaymentRow)))
        assert not [one.status for one in rows if one.status in UNFINISHED - {PaymentState.AUTHORISED}]
        refunds = list(db.session.scalars(db.select(RefundRow)))
        assert not [one.id for one in refunds if one.status == RefundState.PENDING]
        ours = {one.intent_id: (one.amount_captured, one.amount_refunded) for one in rows if one.amount_captured}
        theirs = {
            one.id: (one.amount_received, self.provider.refunded(one.id))
            for one in self.provider.intents.values()
            if one.amount_received
        }
        assert ours == theirs
        assert not [one.id for one in self.provider.sessions.values() if one.is_open]
        db.session.rollback()

    # ------------------------------------------------------------ words

    def _all(self) -> list[Any]:
        db.session.rollback()
        found = bookings.list_bookings(db.session(), status=[BookingStatus.PENDING])
        db.session.rollback()
        return found

    def _on(self, which: int, act: Callable[[str], object]) -> None:
        if self.ids:
            chosen = self.ids[-1 - which % min(len(self.ids), 6)]
            self._try(lambda: act(chosen))

    def _try(self, act: Callable[[], object]) -> None:
        """Act; a refusal is an answer like any other, anything else a bug."""
        with suppress(BookingError):
            act()
        db.session.rollback()


@pytest.mark.parametrize("kind", EVERY)
def test_no_order_of_events_loses_a_cent_or_sells_a_place_twice(kind: str, tmp_path: Path) -> None:
    with new_portal(kind, tmp_path):
        run_state_machine_as_test(
            Purse,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
                database=None,
            ),
        )


def test_the_books_would_show_a_cent_that_is_missing(tmp_path: Path) -> None:
    """The negative control: money that we are never told of is found missing."""
    with new_portal("sqlite", tmp_path):
        machine = Purse()
        machine.open_the_house()
        machine.book([(1, 0, ALICE, True)])
        machine.pay([(1, "pay")])
        intent = next(iter(machine.provider.intents))
        machine.come_back(0)
        machine.provider.intents[intent] = replace(machine.provider.intents[intent], amount_received=5001)
        with pytest.raises(AssertionError):
            machine.teardown()
