"""What the portal relies on in Stripe: asked of the sandbox, and with STRIPE_TEST_KEY also of Stripe's test mode.

STRIPE_TEST_KEY=sk_test_… .venv/bin/pytest tests/gateways/test_stripe_contract.py -n 0
"""

import os
import time
import uuid
from collections.abc import Iterator

import pytest
import stripe

from portal.stripe_sandbox.events import API_VERSION
from tests.gateways.payments import NO_REDIRECT, a_page, a_payment, a_subscription, an_item
from tests.sandboxes import a_sandbox, client_of

REAL_KEY = os.environ.get("STRIPE_TEST_KEY", "")


@pytest.fixture(params=["sandbox", "stripe"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[stripe.StripeClient]:
    """The library, once with the sandbox and once with Stripe itself."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    if request.param == "sandbox":
        yield client_of(a_sandbox())[0]
        return
    if not REAL_KEY.startswith(("sk_test_", "rk_test_")):
        pytest.skip("STRIPE_TEST_KEY is not set: Stripe itself was not asked, only the sandbox")
    yield stripe.StripeClient(REAL_KEY, stripe_version=API_VERSION, max_network_retries=2)


def test_a_page_is_open_unpaid_and_has_no_intent_yet(client: stripe.StripeClient) -> None:
    page = a_page(client, client_reference_id="b-1", metadata={"bookingId": "b-1"})

    assert (page.status, page.payment_status, page.payment_intent) == ("open", "unpaid", None)
    assert (page.amount_total, page.currency, page.client_reference_id) == (2500, "eur", "b-1")
    assert page.metadata["bookingId"] == "b-1"
    assert page.url.startswith("http")


def test_an_open_page_can_be_expired_once(client: stripe.StripeClient) -> None:
    page = a_page(client)

    assert client.v1.checkout.sessions.expire(page.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError, match="expired"):
        client.v1.checkout.sessions.expire(page.id)


@pytest.mark.parametrize("seconds", [29 * 60, 25 * 3600])
def test_a_page_lives_from_half_an_hour_to_a_day(client: stripe.StripeClient, seconds: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        a_page(client, expires_at=int(time.time()) + seconds)
    assert error.value.param == "expires_at"

    assert a_page(client, expires_at=int(time.time()) + 31 * 60).status == "open"


@pytest.mark.parametrize(
    ("name", "value"), [("payment_method_types", ["card"]), ("ui_mode", "hosted"), ("colour", "mimosa")]
)
def test_a_parameter_that_is_gone_or_never_was_is_refused(
    client: stripe.StripeClient, name: str, value: object
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        a_page(client, **{name: value})
    assert (error.value.param or "").startswith(name)


def test_a_total_under_the_minimum_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        a_page(client, line_items=[an_item(49)])
    assert error.value.code == "amount_too_small"


def test_the_same_key_gives_the_same_answer_and_other_parameters_are_an_error(client: stripe.StripeClient) -> None:
    key = {"idempotency_key": str(uuid.uuid4())}
    asked = {"amount": 2500, "currency": "eur", "automatic_payment_methods": NO_REDIRECT}

    first = client.v1.payment_intents.create(asked, key)  # type: ignore[arg-type]
    again = client.v1.payment_intents.create(asked, key)  # type: ignore[arg-type]
    assert first.id == again.id
    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.create({**asked, "amount": 2600}, key)  # type: ignore[arg-type,typeddict-item]


def test_a_declined_card_says_why_and_the_intent_can_be_paid_again(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as error:
        a_payment(client, "pm_card_visa_chargeDeclinedInsufficientFunds")
    assert error.value.code == "card_declined"
    assert error.value.error is not None
    assert error.value.error.decline_code == "insufficient_funds"

    intent = error.value.error.payment_intent.id
    assert client.v1.payment_intents.retrieve(intent).status == "requires_payment_method"
    assert client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_an_authorised_payment_is_captured_once_or_released(client: stripe.StripeClient) -> None:
    kept = a_payment(client, capture_method="manual")
    assert (kept.status, kept.amount_capturable, kept.amount_received) == ("requires_capture", 2500, 0)
    taken = client.v1.payment_intents.capture(kept.id, {"amount_to_capture": 2000})
    assert (taken.status, taken.amount_received) == ("succeeded", 2000)
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.payment_intents.capture(kept.id)
    assert error.value.code == "payment_intent_unexpected_state"

    released = a_payment(client, capture_method="manual")
    assert client.v1.payment_intents.cancel(released.id).status == "canceled"


def test_a_paid_intent_cannot_be_cancelled(client: stripe.StripeClient) -> None:
    paid = a_payment(client)
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.payment_intents.cancel(paid.id)
    assert error.value.code == "payment_intent_unexpected_state"


def test_refunds_never_pass_what_was_paid(client: stripe.StripeClient) -> None:
    paid = a_payment(client)
    part = client.v1.refunds.create({"payment_intent": paid.id, "amount": 1000})
    assert (part.amount, part.status) == (1000, "succeeded")
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 1501})

    assert client.v1.refunds.create({"payment_intent": paid.id}).amount == 1500
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert error.value.code == "charge_already_refunded"
    listed = client.v1.refunds.list({"payment_intent": paid.id})
    assert sorted(refund.amount for refund in listed.data) == [1000, 1500]


def test_what_is_not_there_is_named(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.payment_intents.retrieve("pi_nothing")
    assert (error.value.code, error.value.http_status) == ("resource_missing", 404)


def test_a_wrong_key_opens_nothing(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.AuthenticationError):
        client.v1.customers.list({}, {"api_key": "sk_test_wrong_000000000000"})


def test_the_charge_comes_along_when_it_is_asked_for(client: stripe.StripeClient) -> None:
    paid = client.v1.payment_intents.retrieve(a_payment(client).id, {"expand": ["latest_charge"]})
    charge = paid.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.amount, charge.captured, charge.payment_intent) == (2500, True, paid.id)


def test_a_subscription_s_invoice_names_it_and_its_payment(client: stripe.StripeClient) -> None:
    subscription = a_subscription(client, metadata={"bookingId": "b-1"}, expand=["latest_invoice.payments"])
    invoice = subscription.latest_invoice

    assert subscription.status == "active"
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.parent.subscription_details.metadata["bookingId"] == "b-1"
    intent = client.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)
    assert intent.status == "succeeded"
    assert "bookingId" not in intent.metadata
    item = subscription["items"].data[0]
    assert item.current_period_end - item.current_period_start >= 28 * 86_400
    assert client.v1.subscriptions.cancel(subscription.id).status == "canceled"
