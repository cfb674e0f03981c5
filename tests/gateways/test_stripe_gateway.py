"""The contract of the payment gateway: the same tests run on the sandbox and, with STRIPE_TEST_KEY, on Stripe itself.

What only a payer's browser or a fault can do is tested on the sandbox alone, further down.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import pytest
import stripe

from portal.domain.money import Amount
from portal.gateways.payments import (
    Charge,
    CheckoutSession,
    Intent,
    IntentStatus,
    PaymentGateway,
    PaymentRefused,
    PaymentsAway,
    PaymentsBroken,
    ProviderEvent,
    RefundStatus,
)
from portal.gateways.stripe import API_VERSION, StripeGateway
from portal.stripe_sandbox import Sandbox
from tests.sandboxes import KEY, WEBHOOK_SECRET, InProcess, a_sandbox, client_of, running_sandbox

OK, NO = "https://booking.example.org/ok", "https://booking.example.org/no"
T = TypeVar("T")


@dataclass(frozen=True)
class House:
    """A gateway, and the same account as a payer's browser and the dashboard reach it."""

    gateway: PaymentGateway
    outside: stripe.StripeClient
    patience: int  # seconds until what was done can be seen in lists

    def eventually(self, look: Callable[[], T | None]) -> T:
        """Look until something is there."""
        until = time.monotonic() + self.patience
        while (found := look()) is None:
            assert time.monotonic() < until, "it did not come"
            time.sleep(1)
        return found


@pytest.fixture(params=["sandbox", "stripe"])
def house(request: pytest.FixtureRequest) -> House:
    """The sandbox, and Stripe's test mode where a key is given."""
    if request.param == "sandbox":
        sandbox = a_sandbox()
        return House(gateway_to(sandbox), client_of(sandbox)[0], patience=0)
    key = os.environ.get("STRIPE_TEST_KEY", "")
    if not key:
        pytest.skip("STRIPE_TEST_KEY is not set: the gateway was NOT tested against Stripe itself")
    assert "_test_" in key, "STRIPE_TEST_KEY must be a key of the test mode"
    return House(StripeGateway(key), stripe.StripeClient(key, stripe_version=API_VERSION), patience=60)


def gateway_to(sandbox: Sandbox) -> StripeGateway:
    carrier: InProcess = client_of(sandbox)[1]
    return StripeGateway(KEY, WEBHOOK_SECRET, sandbox.settings.base_url, http_client=carrier)


def key() -> str:
    return str(uuid4())


@pytest.fixture
def charge(house: House) -> Charge:
    """50 € for a visit, of a customer who is known."""
    return a_charge(house.gateway)


def a_charge(gateway: PaymentGateway) -> Charge:
    customer = gateway.create_customer("alice@example.com", "Alice Martin", {"userId": "alice"}, key())
    metadata = {"bookingId": key(), "serviceId": "visit", "userId": "alice"}
    return Charge(Amount(5000, "EUR"), "Consultation générale", metadata, customer)


def opened(gateway: PaymentGateway, charge: Charge, under: str | None = None) -> CheckoutSession:
    until = datetime.now(UTC) + timedelta(minutes=31)
    return gateway.open_session(charge, OK, NO, until, "fr", under or key())


def confirmed(house: House, charge: Charge, card: str = "pm_card_visa") -> Intent:
    """Make an intent, and confirm it as a client would that asks for the card itself."""
    intent = house.gateway.create_intent(charge, key())
    house.outside.v1.payment_intents.confirm(intent.id, {"payment_method": card, "return_url": OK})
    return house.gateway.intent(intent.id)


# ---------------------------------------------------------------- customers and pages


def test_the_same_key_makes_one_customer_and_other_values_under_it_are_a_mistake_of_ours(house: House) -> None:
    under = key()
    first = house.gateway.create_customer("alice@example.com", "Alice Martin", {}, under)
    assert house.gateway.create_customer("alice@example.com", "Alice Martin", {}, under) == first
    with pytest.raises(PaymentsBroken):
        house.gateway.create_customer("bob@example.com", "Bob Durand", {}, under)


def test_a_page_stands_as_it_was_asked_for_until_it_is_closed(house: House, charge: Charge) -> None:
    page = opened(house.gateway, charge)
    assert page.url
    assert (page.is_open, page.is_expired, page.intent, page.subscription_id) == (True, False, None, None)
    assert (page.amount, page.metadata) == (charge.amount, charge.metadata)
    assert house.gateway.session(page.id).is_open
    for _ in range(2):  # the second time it is found closed
        closed = house.gateway.expire_session(page.id)
        assert (closed.is_open, closed.is_expired, closed.intent) == (False, True, None)


def test_the_same_key_opens_one_page(house: House, charge: Charge) -> None:
    until, under = datetime.now(UTC) + timedelta(minutes=31), key()
    first, second = (house.gateway.open_session(charge, OK, NO, until, "fr", under) for _ in range(2))
    assert first.id == second.id


def test_a_page_for_a_customer_who_is_gone_is_refused_so_that_a_new_one_can_be_made(
    house: House, charge: Charge
) -> None:
    with pytest.raises(PaymentRefused) as refused:
        opened(house.gateway, replace(charge, customer_id="cus_nobody"))
    assert refused.value.code == "resource_missing"


def test_less_than_the_least_amount_is_refused(house: House, charge: Charge) -> None:
    with pytest.raises(PaymentRefused) as refused:
        house.gateway.create_intent(replace(charge, amount=Amount(49, "EUR")), key())
    assert refused.value.code == "amount_too_small"


def test_yen_have_no_decimals(house: House, charge: Charge) -> None:
    page = opened(house.gateway, replace(charge, amount=Amount(5000, "JPY")))
    assert page.amount == Amount(5000, "JPY")


def test_what_is_not_there_is_refused_by_name(house: House) -> None:
    asked: list[Callable[[], object]] = [
        lambda: house.gateway.session("cs_test_nothing"),
        lambda: house.gateway.expire_session("cs_test_nothing"),
        lambda: house.gateway.intent("pi_nothing"),
        lambda: house.gateway.cancel_intent("pi_nothing"),
        lambda: house.gateway.capture("pi_nothing", 100, key()),
        lambda: house.gateway.refund("pi_nothing", 100, "r", key()),
        lambda: house.gateway.refund_by_id("re_nothing"),
        lambda: house.gateway.dispute("du_nothing"),
        lambda: house.gateway.subscription("sub_nothing"),
        lambda: house.gateway.cancel_subscription("sub_nothing"),
        lambda: house.gateway.subscription_invoice("in_nothing"),
    ]
    for ask in asked:
        with pytest.raises(PaymentRefused) as refused:
            ask()
        assert refused.value.code == "resource_missing"


# ---------------------------------------------------------------- intents


def test_an_intent_is_open_then_paid_and_then_past_being_cancelled(house: House, charge: Charge) -> None:
    intent = house.gateway.create_intent(charge, key())
    assert (intent.status, intent.amount, intent.amount_received) == (IntentStatus.OPEN, charge.amount, 0)
    assert intent.client_secret
    paid = confirmed(house, charge)
    assert (paid.status, paid.amount, paid.amount_received) == (IntentStatus.SUCCEEDED, charge.amount, 5000)
    assert paid.metadata == charge.metadata
    assert paid.charge_id
    assert paid.failure is None
    assert house.gateway.cancel_intent(paid.id).status is IntentStatus.SUCCEEDED


def test_a_declined_card_leaves_the_intent_open_and_says_why(house: House, charge: Charge) -> None:
    intent = house.gateway.create_intent(charge, key())
    with pytest.raises(stripe.CardError):
        house.outside.v1.payment_intents.confirm(
            intent.id,
            {"payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds", "return_url": OK},
        )
    failed = house.gateway.intent(intent.id)
    assert (failed.status, failed.failure) == (IntentStatus.OPEN, "insufficient_funds")


def test_an_open_intent_is_cancelled_once_and_for_all(house: House, charge: Charge) -> None:
    intent = house.gateway.create_intent(charge, key())
    assert house.gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED
    assert house.gateway.cancel_intent(intent.id).status is IntentStatus.CANCELED


def test_held_money_is_taken_once(house: House, charge: Charge) -> None:
    held = confirmed(house, replace(charge, hold_only=True))
    assert (held.status, held.amount_received) == (IntentStatus.AUTHORISED, 0)
    with pytest.raises(PaymentRefused) as more:
        house.gateway.capture(held.id, 5001, key())
    assert more.value.code == "amount_too_large"
    under = key()
    for _ in range(2):
        taken = house.gateway.capture(held.id, 5000, under)
        assert (taken.status, taken.amount_received) == (IntentStatus.SUCCEEDED, 5000)
    with pytest.raises(PaymentRefused) as again:
        house.gateway.capture(held.id, 5000, key())
    assert again.value.code == "payment_intent_unexpected_state"


def test_held_money_is_let_go(house: House, charge: Charge) -> None:
    held = confirmed(house, replace(charge, hold_only=True))
    assert house.gateway.cancel_intent(held.id).status is IntentStatus.CANCELED


# ---------------------------------------------------------------- refunds


def test_a_refund_is_made_once_under_its_key_and_found_again(house: House, charge: Charge) -> None:
    paid, under = confirmed(house, charge), key()
    first, second = (house.gateway.refund(paid.id, 2000, "r1", under) for _ in range(2))
    assert first.id == second.id
    assert (first.amount, first.intent_id, first.refund_id) == (Amount(2000, "EUR"), paid.id, "r1")
    assert house.gateway.refund_by_id(first.id).status is RefundStatus.SUCCEEDED
    assert [one.id for one in house.gateway.refunds_of(paid.id)] == [first.id]


def test_no_more_than_was_paid_goes_back(house: House, charge: Charge) -> None:
    paid = confirmed(house, charge)
    house.gateway.refund(paid.id, 2000, "r1", key())
    with pytest.raises(PaymentRefused) as too_much:
        house.gateway.refund(paid.id, 3001, "r2", key())
    assert too_much.value.code == "amount_too_large"
    house.gateway.refund(paid.id, 3000, "r3", key())
    with pytest.raises(PaymentRefused) as nothing_left:
        house.gateway.refund(paid.id, 1, "r4", key())
    assert nothing_left.value.code == "charge_already_refunded"
    assert [one.refund_id for one in house.gateway.refunds_of(paid.id)] == ["r3", "r1"]


def test_a_refund_made_in_the_dashboard_is_listed_and_is_nobodys_row(house: House, charge: Charge) -> None:
    paid = confirmed(house, charge)
    house.outside.v1.refunds.create({"payment_intent": paid.id, "amount": 700})
    assert [(one.amount.minor, one.refund_id) for one in house.gateway.refunds_of(paid.id)] == [(700, None)]


def test_what_was_never_paid_is_not_refunded(house: House, charge: Charge) -> None:
    intent = house.gateway.create_intent(charge, key())
    with pytest.raises(PaymentRefused):
        house.gateway.refund(intent.id, 100, "r1", key())
    assert house.gateway.refunds_of(intent.id) == []


# ---------------------------------------------------------------- disputes and events


def test_a_dispute_says_which_payment_it_is_about(house: House, charge: Charge) -> None:
    paid = confirmed(house, charge, "pm_card_createDispute")
    listed = lambda: house.outside.v1.disputes.list({"payment_intent": paid.id}).data  # noqa: E731
    found = house.eventually(lambda: next(iter(listed()), None))
    dispute = house.gateway.dispute(found.id)
    assert (dispute.intent_id, dispute.amount) == (paid.id, charge.amount)
    assert (dispute.is_over, dispute.is_lost) == (False, False)


def test_events_are_listed_from_an_instant_on_the_oldest_first(house: House, charge: Charge) -> None:
    since = datetime.now(UTC) - timedelta(seconds=5)
    paid = confirmed(house, charge)
    house.gateway.refund(paid.id, 100, "r1", key())

    def both() -> list[ProviderEvent] | None:
        ours = [one for one in house.gateway.events_since(since) if one.intent_id == paid.id]
        return ours if {"payment_intent.succeeded", "refund.created"} <= {one.type for one in ours} else None

    ours = house.eventually(both)
    succeeded = next(one for one in ours if one.type == "payment_intent.succeeded")
    assert (succeeded.object_id, succeeded.metadata) == (paid.id, charge.metadata)
    refunded = next(one for one in ours if one.type == "refund.created")
    assert refunded.metadata == {"refundId": "r1"}
    assert [one.created for one in ours] == sorted(one.created for one in ours)
    assert ours.index(succeeded) < ours.index(refunded)
    assert all(one.created >= since.replace(microsecond=0) for one in ours)


# ---------------------------------------------------------------- on the sandbox: what a payer does


@pytest.fixture
def sandbox() -> Sandbox:
    return a_sandbox()


@pytest.fixture
def gateway(sandbox: Sandbox) -> StripeGateway:
    return gateway_to(sandbox)


def test_a_page_that_was_paid_is_found_paid_even_by_who_wants_to_close_it(
    sandbox: Sandbox, gateway: StripeGateway
) -> None:
    charge = a_charge(gateway)
    page = opened(gateway, charge)
    sandbox.pay(page.id)
    for found in (gateway.session(page.id), gateway.expire_session(page.id)):
        assert (found.is_open, found.is_expired) == (False, False)
        assert found.intent
        assert (found.intent.status, found.intent.amount_received) == (IntentStatus.SUCCEEDED, 5000)
        assert found.intent.metadata == charge.metadata


def test_a_page_for_an_authorisation_holds_the_money_and_its_intent_can_be_released(
    sandbox: Sandbox, gateway: StripeGateway
) -> None:
    page = opened(gateway, replace(a_charge(gateway), hold_only=True))
    sandbox.pay(page.id)
    held = gateway.session(page.id).intent
    assert held
    assert held.status is IntentStatus.AUTHORISED
    assert gateway.cancel_intent(held.id).status is IntentStatus.CANCELED


def test_the_intent_of_an_open_page_is_not_cancelled_but_found_open(sandbox: Sandbox, gateway: StripeGateway) -> None:
    page = opened(gateway, a_charge(gateway))
    sandbox.pay(page.id, "decline")
    declined = gateway.session(page.id)
    assert declined.is_open
    assert declined.intent
    assert declined.intent.failure
    assert gateway.cancel_intent(declined.intent.id).status is IntentStatus.OPEN


@pytest.mark.parametrize(("arrives", "then"), [(True, IntentStatus.SUCCEEDED), (False, IntentStatus.OPEN)])
def test_money_that_takes_days_is_on_its_way_until_it_arrives_or_does_not(
    sandbox: Sandbox, gateway: StripeGateway, arrives: bool, then: IntentStatus
) -> None:
    page = opened(gateway, replace(a_charge(gateway), cards_only=False))
    sandbox.pay(page.id, "async")
    on_its_way = gateway.session(page.id)
    assert on_its_way.intent
    assert (on_its_way.is_open, on_its_way.intent.status) == (False, IntentStatus.PROCESSING)
    sandbox.settle(page.id, arrives)
    assert gateway.intent(on_its_way.intent.id).status is then


def test_a_refund_that_fails_later_is_found_failed_with_its_reason(sandbox: Sandbox, gateway: StripeGateway) -> None:
    page = opened(gateway, a_charge(gateway))
    sandbox.pay(page.id)
    paid = gateway.session(page.id).intent
    assert paid
    refund = gateway.refund(paid.id, 5000, "r1", key())
    sandbox.fail_refund(refund.id, "lost_or_stolen_card")
    failed = gateway.refund_by_id(refund.id)
    assert (failed.status, failed.failure) == (RefundStatus.FAILED, "lost_or_stolen_card")


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_a_dispute_ends_won_or_lost(sandbox: Sandbox, gateway: StripeGateway, outcome: str) -> None:
    page = opened(gateway, a_charge(gateway))
    sandbox.pay(page.id)
    paid = gateway.session(page.id).intent
    assert paid
    assert paid.charge_id
    opened_dispute = sandbox.dispute(paid.charge_id)
    sandbox.close_dispute(opened_dispute["id"], outcome)  # type: ignore[arg-type]
    dispute = gateway.dispute(opened_dispute["id"])
    assert (dispute.is_over, dispute.is_lost) == (True, outcome == "lost")


def test_a_series_is_paid_period_by_period_and_ended_once(sandbox: Sandbox, gateway: StripeGateway) -> None:
    charge = a_charge(gateway)
    page = gateway.create_subscription(charge, "week", 1, OK, NO, key())
    sandbox.pay(page.id)
    paid = gateway.session(page.id)
    assert paid.subscription_id
    series = gateway.subscription(paid.subscription_id)
    assert (series.status, series.metadata) == ("active", charge.metadata)
    (told,) = (one for one in delivered(sandbox, gateway) if one.type == "invoice.payment_succeeded")
    assert (told.subscription_id, told.metadata) == (series.id, charge.metadata)
    invoice = gateway.subscription_invoice(told.object_id)
    assert (invoice.subscription_id, invoice.is_paid, invoice.amount) == (series.id, True, charge.amount)
    assert invoice.intent_id
    assert gateway.intent(invoice.intent_id).status is IntentStatus.SUCCEEDED
    for _ in range(2):
        assert gateway.cancel_subscription(series.id).status == "canceled"


def delivered(sandbox: Sandbox, gateway: StripeGateway) -> list[ProviderEvent]:
    """Deliver what waits, and read it as the portal does."""
    read: list[ProviderEvent] = []

    def send(_url: str, body: bytes, headers: object) -> int:
        signature = dict(headers)["Stripe-Signature"]  # type: ignore[call-overload]
        read.append(gateway.read_event(body, signature, datetime.now(UTC)))
        return 200

    sandbox.deliver(send)
    return read


def test_what_is_delivered_says_the_same_as_what_is_listed(sandbox: Sandbox, gateway: StripeGateway) -> None:
    since = datetime.now(UTC) - timedelta(seconds=5)
    page = opened(gateway, a_charge(gateway))
    sandbox.pay(page.id)
    told = {one.id: one for one in delivered(sandbox, gateway)}
    listed = gateway.events_since(since)
    assert {one.type for one in listed} >= {"checkout.session.completed", "payment_intent.succeeded"}
    assert [told[one.id] for one in listed] == listed


# ---------------------------------------------------------------- on the sandbox: what goes wrong


@pytest.fixture
def paid(sandbox: Sandbox, gateway: StripeGateway) -> Intent:
    """A payment of 50 €."""
    page = opened(gateway, a_charge(gateway))
    sandbox.pay(page.id)
    found = gateway.session(page.id).intent
    assert found
    return found


def test_an_answer_that_is_lost_after_the_deed_is_asked_for_again_under_the_same_key(
    sandbox: Sandbox, gateway: StripeGateway, paid: Intent
) -> None:
    sandbox.fault("timeout")
    gateway.refund(paid.id, 5000, "r1", key())
    assert len(gateway.refunds_of(paid.id)) == 1


def test_after_all_answers_were_lost_the_same_key_finds_what_was_done(
    sandbox: Sandbox, gateway: StripeGateway, paid: Intent
) -> None:
    under = key()
    sandbox.fault("timeout", 3)
    with pytest.raises(PaymentsAway) as away:
        gateway.refund(paid.id, 5000, "r1", under)
    assert not away.value.is_kept
    (done,) = gateway.refunds_of(paid.id)
    assert gateway.refund(paid.id, 5000, "r1", under).id == done.id
    assert len(gateway.refunds_of(paid.id)) == 1


def test_a_kept_failure_is_repeated_under_its_key_and_a_fresh_key_goes_through(
    sandbox: Sandbox, gateway: StripeGateway, paid: Intent
) -> None:
    under = key()
    sandbox.fault("500")
    for _ in range(2):
        with pytest.raises(PaymentsAway) as away:
            gateway.refund(paid.id, 5000, "r1", under)
        assert away.value.is_kept
    assert gateway.refunds_of(paid.id) == []
    assert gateway.refund(paid.id, 5000, "r1", key()).status is RefundStatus.SUCCEEDED


def test_too_many_calls_are_away_and_nothing_is_kept(sandbox: Sandbox, gateway: StripeGateway, paid: Intent) -> None:
    under = key()
    sandbox.fault("429")
    with pytest.raises(PaymentsAway) as away:
        gateway.refund(paid.id, 5000, "r1", under)
    assert not away.value.is_kept
    assert gateway.refund(paid.id, 5000, "r1", under).status is RefundStatus.SUCCEEDED


def test_over_a_real_connection_that_breaks_the_deed_is_done_once() -> None:
    with running_sandbox() as sandbox:
        gateway = StripeGateway(KEY, WEBHOOK_SECRET, sandbox.settings.base_url)
        page = opened(gateway, a_charge(gateway))
        sandbox.pay(page.id)
        paid = gateway.session(page.id).intent
        assert paid
        sandbox.fault("timeout")
        gateway.refund(paid.id, 5000, "r1", key())
        assert len(gateway.refunds_of(paid.id)) == 1


def test_a_wrong_key_is_a_mistake_of_ours(sandbox: Sandbox) -> None:
    carrier = client_of(sandbox)[1]
    gateway = StripeGateway("sk_test_of_somebody", None, sandbox.settings.base_url, http_client=carrier)
    with pytest.raises(PaymentsBroken):
        gateway.intent("pi_1")
