"""The sandbox says yes and no where Stripe does. What Stripe itself can be asked is in test_stripe_contract."""

import importlib
import inspect
import pkgutil
import re
import time
from datetime import timedelta
from typing import Any

import pytest
import stripe
import time_machine
from stripe._stripe_service import StripeService

from portal.stripe_sandbox import Sandbox
from portal.stripe_sandbox.decode import decode
from portal.stripe_sandbox.errors import Refusal
from portal.stripe_sandbox.routes import OPERATIONS
from portal.stripe_sandbox.schema import parameters_type
from portal.stripe_sandbox.subscriptions import period_end
from tests.gateways.payments import NO_REDIRECT, a_page, a_payment, a_subscription, an_item
from tests.sandboxes import KEY, InProcess, client_of
from tests.stripe_openapi import check_answer, document


def refused(error: pytest.ExceptionInfo[stripe.StripeError]) -> tuple[str | None, str | None]:
    """Return code and parameter of an error."""
    return error.value.code, getattr(error.value, "param", None)


def kinds(sandbox: Sandbox) -> list[str]:
    """Return the types of all events, oldest first."""
    return [event["type"] for event in sandbox.all("event")]


# ---------------------------------------------------------------- the library's own types


def library_calls() -> dict[tuple[str, str], str]:
    """Find what the installed library calls each path's parameters: read from the code of its services."""
    found = {}
    for module in pkgutil.iter_modules([*stripe.__path__, *(f"{path}/checkout" for path in stripe.__path__)]):
        if module.name.endswith("_service") and module.name != "_stripe_service":
            package = "stripe.checkout" if module.name.startswith("_session_") else "stripe"
            importlib.import_module(f"{package}.{module.name}")
    for service in StripeService.__subclasses__():
        for _, call in inspect.getmembers(service, inspect.isfunction):
            consts = call.__code__.co_consts
            method = next((one for one in consts if one in ("get", "post", "delete")), None)
            path = next((one for one in consts if isinstance(one, str) and one.startswith("/v1/")), None)
            params = re.search(r"\w+Params", str(call.__annotations__.get("params", "")))
            if method and path and params:
                found[method, path] = params[0]
    return found


def test_every_operation_takes_what_the_library_sends() -> None:
    calls = library_calls()
    assert {(one.method, one.path): one.params.split(".")[-1] for one in OPERATIONS} == {
        (one.method, one.path): calls[one.method, one.path] for one in OPERATIONS
    }


def test_what_is_declared_done_exists_in_the_library() -> None:
    from portal.stripe_sandbox.schema import fields_of

    for one in OPERATIONS:
        names = set(fields_of(parameters_type(one.params)))
        assert {path.split(".")[0] for path in one.honours} - {"expand"} <= names, one.path


def test_every_operation_is_in_stripe_s_document() -> None:
    assert {(one.method, one.path) for one in OPERATIONS} == {
        (method, path) for path, methods in document()["paths"].items() for method in methods
    }


def test_the_judge_can_say_no() -> None:
    good = {"id": "re_1", "object": "refund", "amount": 12, "created": 1, "currency": "eur"}
    check_answer("get", "/v1/refunds/re_1", 200, good)
    for wrong in ({"amount": "12"}, {"colour": "mimosa"}, {"charge": 5}, {"id": None}):
        with pytest.raises(AssertionError, match=next(iter(wrong))):
            check_answer("get", "/v1/refunds/re_1", 200, {**good, **wrong})


# ---------------------------------------------------------------- requests


def test_brackets_become_objects_and_lists() -> None:
    given = decode("a[0][b][c]=1&a[1][b][c]=2&d[]=x&d[]=y&e=%C3%A9+f")
    assert given == {"a": {"0": {"b": {"c": "1"}}, "1": {"b": {"c": "2"}}}, "d": {"0": "x", "1": "y"}, "e": "é f"}


@pytest.mark.parametrize("text", ["a[=1", "a]b=1", "a=1&a[b]=2", "a[b]=1&a=2", "a=%ff", "[]=1"])
def test_what_cannot_be_decoded_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        decode(text)


EUR = {"amount": 500, "currency": "eur"}


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"currency": "eur"}, "parameter_missing", "amount"),
        ({**EUR, "amount": "12.5"}, "parameter_invalid_integer", "amount"),
        ({**EUR, "amount": 0}, "parameter_invalid_integer", "amount"),
        ({**EUR, "amount": -100}, "parameter_invalid_integer", "amount"),
        ({**EUR, "amount": 49}, "amount_too_small", "amount"),
        ({"amount": 29, "currency": "gbp"}, "amount_too_small", "amount"),
        ({"amount": 49, "currency": "jpy"}, "amount_too_small", "amount"),
        ({**EUR, "amount": 10**8}, "amount_too_large", "amount"),
        ({"amount": 5001, "currency": "kwd"}, "parameter_invalid_integer", "amount"),
        ({**EUR, "currency": "zzz"}, None, "currency"),
        ({**EUR, "currency": ""}, "parameter_invalid_empty", "currency"),
        ({**EUR, "customer": "cus_none"}, "resource_missing", "customer"),
        ({**EUR, "payment_method": "pm_none"}, "resource_missing", "payment_method"),
        ({**EUR, "capture_method": "soon"}, None, "capture_method"),
        ({**EUR, "confirm": "perhaps"}, None, "confirm"),
        ({**EUR, "shipping": {"name": "A", "address": {"line1": "x"}}}, "sandbox_unsupported", "shipping"),
        ({**EUR, "metadata": {"a": {"b": "c"}}}, None, "metadata[a]"),
        ({**EUR, "metadata": "all"}, None, "metadata"),
        ({**EUR, "statement_descriptor_suffix": "12345"}, None, "statement_descriptor_suffix"),
    ],
)
def test_a_bad_parameter_is_named(
    client: stripe.StripeClient, asked: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.payment_intents.create(asked)  # type: ignore[arg-type]
    assert refused(error) == (code, param)


@pytest.mark.parametrize(
    ("amount", "currency"), [(50, "eur"), (30, "gbp"), (50, "jpy"), (5000, "kwd"), (99_999_999, "usd")]
)
def test_what_can_just_be_charged_is_taken(client: stripe.StripeClient, amount: int, currency: str) -> None:
    intent = client.v1.payment_intents.create({"amount": amount, "currency": currency})
    assert (intent.amount, intent.currency) == (amount, currency)


def test_a_parameter_inside_a_list_is_named_with_its_place(client: stripe.StripeClient) -> None:
    wrong = an_item()
    wrong["price_data"]["product_data"]["colour"] = "mimosa"
    with pytest.raises(stripe.InvalidRequestError) as error:
        a_page(client, line_items=[an_item(), wrong])
    assert refused(error) == ("parameter_unknown", "line_items[1][price_data][product_data][colour]")


def test_an_unknown_path_is_stripe_s_error(carrier: InProcess, sandbox: Sandbox) -> None:
    body, status, _ = carrier.request("get", "http://127.0.0.1:12111/v1/dragons", {"Authorization": f"Bearer {KEY}"})
    assert status == 404
    assert b"Unrecognized request URL (GET: /v1/dragons)" in body


def test_another_version_of_the_api_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="2026-10-28"):
        client.v1.customers.list({}, {"stripe_version": "2020-08-27"})


def test_a_live_key_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.AuthenticationError, match="sk_test_sandbox_"):
        client.v1.customers.list({}, {"api_key": "sk_live_0000000000000000"})


# ---------------------------------------------------------------- idempotency


def test_a_replay_is_marked_and_does_nothing(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    first = client.v1.customers.create({"name": "Alice"}, {"idempotency_key": "k"})
    again = client.v1.customers.create({"name": "Alice"}, {"idempotency_key": "k"})
    assert first.id == again.id
    assert len(sandbox.all("customer")) == 1
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def test_a_key_is_forgotten_after_a_day(client: stripe.StripeClient, stopped: time_machine.Traveller) -> None:
    first = client.v1.customers.create({}, {"idempotency_key": "k"})
    stopped.shift(timedelta(hours=23, minutes=59))
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id == first.id
    stopped.shift(timedelta(minutes=2))
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id != first.id


def test_a_key_is_for_one_path(client: stripe.StripeClient) -> None:
    client.v1.customers.create({}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.products.create({"name": "Yoga"}, {"idempotency_key": "k"})


def test_a_declined_card_is_declined_again_with_the_same_key(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.create(
                {
                    "amount": 500, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa_chargeDeclined",
                    "automatic_payment_methods": NO_REDIRECT,
                },
                {"idempotency_key": "k"},
            )  # fmt: skip
    assert len(sandbox.all("charge")) == 1


def test_a_request_that_was_not_understood_leaves_its_key_unused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.create({"colour": "mimosa"}, {"idempotency_key": "k"})  # type: ignore[typeddict-unknown-key]
    assert client.v1.customers.create({"name": "Alice"}, {"idempotency_key": "k"}).name == "Alice"


# ---------------------------------------------------------------- faults of the API


def test_a_lost_answer_was_done_all_the_same_and_the_key_finds_it(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    paid = a_payment(client)
    sandbox.fault("timeout")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.refunds.create({"payment_intent": paid.id}, {"idempotency_key": "r"})
    refund = client.v1.refunds.create({"payment_intent": paid.id}, {"idempotency_key": "r"})
    assert [one["id"] for one in sandbox.all("refund")] == [refund.id]


def test_the_library_s_own_retries_get_over_a_lost_answer(sandbox: Sandbox) -> None:
    client, _ = client_of(sandbox, retries=2)
    sandbox.fault("timeout", 2)
    assert client.v1.customers.create({"name": "Alice"}).name == "Alice"
    assert len(sandbox.all("customer")) == 1


def test_who_cannot_be_reached_did_nothing(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault("unreachable")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.customers.create({}, {"idempotency_key": "k"})
    assert sandbox.all("customer") == []
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id


def test_a_500_is_kept_with_its_key(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault("500")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.customers.create({}, {"idempotency_key": "k"})
    assert client.v1.customers.create({}, {"idempotency_key": "k2"}).id


def test_a_429_is_not_kept(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault("429", 2)
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            client.v1.customers.create({}, {"idempotency_key": "k"})
    assert client.v1.customers.create({}, {"idempotency_key": "k"}).id


# ---------------------------------------------------------------- payment pages


def test_paying_makes_the_intent_with_its_own_metadata_only(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = a_page(client, metadata={"on": "page"}, payment_intent_data={"metadata": {"on": "intent"}})
    sandbox.pay(page.id)

    paid = client.v1.checkout.sessions.retrieve(page.id, {"expand": ["payment_intent"]})
    intent = paid.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (paid.status, paid.payment_status, intent.status) == ("complete", "paid", "succeeded")
    assert (paid.metadata or {})["on"] == "page"
    assert intent.metadata["on"] == "intent"
    assert kinds(sandbox)[-4:] == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed",
    ]  # fmt: skip


def test_a_declined_card_leaves_the_page_open_for_another(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = a_page(client)
    failed = sandbox.pay(page.id, "decline")
    assert (failed["status"], failed["payment_status"]) == ("open", "unpaid")
    assert "payment_intent.payment_failed" in kinds(sandbox)
    paid = sandbox.pay(page.id)
    assert (paid["status"], paid["payment_intent"]) == ("complete", failed["payment_intent"])


@pytest.mark.parametrize(("answer", "status"), [("pay", "complete"), ("decline", "open")])
def test_3_d_secure_waits_for_the_bank(client: stripe.StripeClient, sandbox: Sandbox, answer: Any, status: str) -> None:
    page = a_page(client)
    waiting = sandbox.pay(page.id, "3ds")
    assert waiting["status"] == "open"
    assert sandbox.get(waiting["payment_intent"])["status"] == "requires_action"
    assert sandbox.pay(page.id, answer)["status"] == status


@pytest.mark.parametrize(("arrives", "status", "event"), [(True, "paid", "succeeded"), (False, "unpaid", "failed")])
def test_money_that_arrives_later_completes_the_page_first(
    client: stripe.StripeClient, sandbox: Sandbox, arrives: bool, status: str, event: str
) -> None:
    page = a_page(client)
    waiting = sandbox.pay(page.id, "async")
    assert (waiting["status"], waiting["payment_status"]) == ("complete", "unpaid")
    assert sandbox.get(waiting["payment_intent"])["status"] == "processing"
    assert sandbox.settle(page.id, arrives)["payment_status"] == status
    assert kinds(sandbox)[-1] == f"checkout.session.async_payment_{event}"


def test_a_page_for_cards_only_takes_no_money_that_arrives_later(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = a_page(client, allowed_payment_method_types=["card"])
    with pytest.raises(Refusal):
        sandbox.pay(page.id, "async")


def test_manual_capture_is_unpaid_until_captured(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = a_page(client, payment_intent_data={"capture_method": "manual"})
    held = sandbox.pay(page.id)
    assert (held["status"], held["payment_status"]) == ("complete", "unpaid")
    client.v1.payment_intents.capture(held["payment_intent"])
    assert client.v1.checkout.sessions.retrieve(page.id).payment_status == "paid"


def test_the_intent_of_an_open_page_cannot_be_cancelled_and_goes_with_the_page(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    page = sandbox.pay(a_page(client).id, "decline")
    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session"):
        client.v1.payment_intents.cancel(page["payment_intent"])
    client.v1.checkout.sessions.expire(page["id"])
    assert sandbox.get(page["payment_intent"])["status"] == "canceled"


def test_what_a_page_authorised_can_be_released(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = sandbox.pay(a_page(client, payment_intent_data={"capture_method": "manual"}).id)
    assert client.v1.payment_intents.cancel(page["payment_intent"]).status == "canceled"


def test_a_page_expires_by_the_clock_and_takes_no_more_money(
    client: stripe.StripeClient, sandbox: Sandbox, stopped: time_machine.Traveller
) -> None:
    page = a_page(client, expires_at=int(time.time()) + 31 * 60)
    stopped.shift(timedelta(minutes=30, seconds=59))
    assert client.v1.checkout.sessions.retrieve(page.id).status == "open"
    stopped.shift(timedelta(seconds=1))
    assert client.v1.checkout.sessions.retrieve(page.id).status == "expired"
    assert kinds(sandbox)[-1] == "checkout.session.expired"
    with pytest.raises(Refusal):
        sandbox.pay(page.id)


def test_advancing_ages_what_is_there_and_nothing_that_comes_later(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    old = a_page(client, expires_at=int(time.time()) + 31 * 60)
    sandbox.advance(timedelta(minutes=31))
    new = a_page(client, expires_at=int(time.time()) + 31 * 60)
    assert [sandbox.get(one.id)["status"] for one in (old, new)] == ["expired", "open"]
    assert new.created == int(time.time())


def test_a_paid_page_does_not_expire(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = a_page(client)
    sandbox.pay(page.id)
    sandbox.advance(timedelta(days=2))
    assert client.v1.checkout.sessions.retrieve(page.id).status == "complete"


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"success_url": "paid.html"}, "success_url"),
        ({"cancel_url": "javascript:alert(1)"}, "cancel_url"),
        ({"customer": "cus_none"}, "customer"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"line_items": [{"quantity": 1}]}, "line_items[0][price]"),
        ({"line_items": [an_item(quantity=0)]}, "line_items[0][quantity]"),
        ({"line_items": [an_item(), an_item(currency="usd")]}, "line_items"),
        ({"line_items": [an_item(-5)]}, "line_items[0][price_data][unit_amount]"),
        ({"subscription_data": {"metadata": {"a": "b"}}}, "subscription_data"),
        ({"mode": "later"}, "mode"),
        (
            {"payment_intent_data": {"statement_descriptor_suffix": "A" * 23}},
            "payment_intent_data[statement_descriptor_suffix]",
        ),
    ],
)
def test_a_page_that_makes_no_sense_is_refused(client: stripe.StripeClient, more: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        a_page(client, **more)
    assert error.value.param == param


def test_a_free_page_needs_no_payment(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = sandbox.pay(a_page(client, line_items=[an_item(0)]).id)
    assert (page["payment_status"], page["payment_intent"]) == ("no_payment_required", None)


def test_the_lines_of_a_page_can_be_listed_and_expanded(client: stripe.StripeClient) -> None:
    page = a_page(client, line_items=[an_item(1000), an_item(500, quantity=3)])
    listed = client.v1.checkout.sessions.line_items.list(page.id)
    expanded = client.v1.checkout.sessions.retrieve(page.id, {"expand": ["line_items"]})
    assert [line.amount_total for line in listed.data] == [1000, 1500]
    assert expanded.line_items is not None
    assert [line.amount_total for line in expanded.line_items.data] == [1000, 1500]
    assert page.amount_total == 2500


# ---------------------------------------------------------------- intents


def test_an_intent_that_may_redirect_needs_an_address_to_return_to(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert error.value.param == "return_url"
    back = {"payment_method": "pm_card_visa", "return_url": "https://portal.example.org/"}
    assert client.v1.payment_intents.confirm(intent.id, back).status == "succeeded"  # type: ignore[arg-type]


def test_an_intent_goes_through_its_states(client: stripe.StripeClient) -> None:
    intents = client.v1.payment_intents
    intent = intents.create({"amount": 500, "currency": "eur", "allowed_payment_method_types": ["card"]})
    assert intent.status == "requires_payment_method"
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        intents.confirm(intent.id)
    assert (
        intents.update(intent.id, {"payment_method": "pm_card_visa", "amount": 700}).status == "requires_confirmation"
    )
    paid = intents.confirm(intent.id)
    assert (paid.status, paid.amount_received) == ("succeeded", 700)
    for change in (lambda: intents.confirm(intent.id), lambda: intents.update(intent.id, {"amount": 800})):
        with pytest.raises(stripe.InvalidRequestError) as error:
            change()
        assert error.value.code == "payment_intent_unexpected_state"
    assert intents.update(intent.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"


@pytest.mark.parametrize("passed", [True, False])
def test_a_card_that_needs_its_payer_waits_for_him(client: stripe.StripeClient, sandbox: Sandbox, passed: bool) -> None:
    waiting = a_payment(client, "pm_card_threeDSecure2Required", return_url="https://portal.example.org/")
    assert waiting.status == "requires_action"
    assert waiting.next_action.redirect_to_url.url.startswith("http://127.0.0.1:12111/c/authenticate/")
    ended = sandbox.authenticate(waiting.id, passed)
    assert ended["status"] == ("succeeded" if passed else "requires_payment_method")


def test_a_payer_who_is_not_there_cannot_be_asked(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as error:
        a_payment(client, "pm_card_authenticationRequired", off_session=True)
    assert error.value.code == "authentication_required"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_chargeDeclined", "card_declined"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
    ],
)
def test_each_magic_card_fails_in_its_own_way(client: stripe.StripeClient, card: str, code: str) -> None:
    with pytest.raises(stripe.CardError) as error:
        a_payment(client, card)
    assert (error.value.code, error.value.http_status) == (code, 402)


def test_what_is_authorised_and_never_captured_is_released(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = a_payment(client, capture_method="manual")
    sandbox.advance(timedelta(days=7))
    assert client.v1.payment_intents.retrieve(held.id).status == "canceled"
    assert kinds(sandbox)[-1] == "payment_intent.canceled"


def test_more_than_authorised_cannot_be_captured(client: stripe.StripeClient) -> None:
    held = a_payment(client, capture_method="manual")
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.payment_intents.capture(held.id, {"amount_to_capture": 2501})
    assert error.value.param == "amount_to_capture"


def test_a_card_of_another_customer_is_refused(client: stripe.StripeClient) -> None:
    alice, bob = (client.v1.customers.create({"name": name}) for name in ("Alice", "Bob"))
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": alice.id})
    with pytest.raises(stripe.InvalidRequestError) as error:
        a_payment(client, card.id, customer=bob.id)
    assert error.value.param == "payment_method"
    assert a_payment(client, card.id, customer=alice.id).status == "succeeded"


# ---------------------------------------------------------------- refunds and disputes


def test_a_refund_can_fail_after_it_succeeded_and_the_money_is_there_again(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    paid = a_payment(client)
    refund = client.v1.refunds.create({"payment_intent": paid.id})
    failed = sandbox.fail_refund(refund.id)
    assert (failed["status"], failed["failure_reason"]) == ("failed", "expired_or_canceled_card")
    assert kinds(sandbox)[-3:] == ["refund.updated", "charge.refund.updated", "refund.failed"]
    charge = client.v1.charges.retrieve(paid.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert client.v1.refunds.create({"payment_intent": paid.id}).amount == 2500


def test_the_card_whose_refunds_fail_does_so_by_itself(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    refund = client.v1.refunds.create({"payment_intent": a_payment(client, "pm_card_refundFail").id})
    assert refund.status == "succeeded"
    sandbox.advance(timedelta(seconds=5))
    assert client.v1.refunds.retrieve(refund.id).status == "failed"


def test_a_refund_that_is_pending_succeeds_later(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    refund = client.v1.refunds.create({"payment_intent": a_payment(client, "pm_card_pendingRefund").id})
    assert refund.status == "pending"
    assert sandbox.succeed_refund(refund.id)["status"] == "succeeded"
    assert kinds(sandbox)[-2] == "refund.updated"


def test_what_was_never_paid_cannot_be_refunded(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
    held = a_payment(client, capture_method="manual")
    for given in ({"payment_intent": intent.id}, {"payment_intent": held.id}, {}):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.refunds.create(given)  # type: ignore[arg-type]


def test_a_partial_capture_bounds_the_refunds(client: stripe.StripeClient) -> None:
    held = a_payment(client, capture_method="manual")
    client.v1.payment_intents.capture(held.id, {"amount_to_capture": 1500})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": held.id, "amount": 1501})
    assert client.v1.refunds.create({"payment_intent": held.id}).amount == 1500


def test_a_refund_in_the_dashboard_is_told_by_event(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    charge = a_payment(client).latest_charge
    sandbox.refund(charge, 700)
    event = next(one for one in sandbox.all("event") if one["type"] == "refund.created")
    assert event["data"]["object"]["amount"] == 700
    assert event["request"]["idempotency_key"] is None


def test_a_disputed_charge_cannot_be_refunded_until_it_is_won(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    paid = a_payment(client)
    dispute = sandbox.dispute(paid.latest_charge)
    assert dispute["is_charge_refundable"] is False
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert error.value.code == "charge_disputed"
    sandbox.close_dispute(dispute["id"], "won")
    assert kinds(sandbox)[-2:] == ["charge.dispute.funds_reinstated", "charge.dispute.closed"]
    assert client.v1.refunds.create({"payment_intent": paid.id}).amount == 2500


def test_a_dispute_takes_evidence_and_can_be_accepted_once(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    dispute = sandbox.dispute(a_payment(client).latest_charge)
    answered = client.v1.disputes.update(dispute["id"], {"evidence": {"customer_name": "Alice"}})
    assert (answered.status, answered.evidence.customer_name) == ("under_review", "Alice")
    assert client.v1.disputes.close(dispute["id"]).status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.disputes.close(dispute["id"])


def test_the_card_that_disputes_does_so(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    paid = a_payment(client, "pm_card_createDispute")
    assert [one["charge"] for one in sandbox.all("dispute")] == [paid.latest_charge]


# ---------------------------------------------------------------- subscriptions


def test_each_month_makes_an_invoice_that_is_paid(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    subscription = a_subscription(client)
    sandbox.advance(timedelta(days=63))
    invoices = client.v1.invoices.list({"subscription": subscription.id}).data
    assert [(one.status, one.billing_reason) for one in reversed(invoices)] == [
        ("paid", "subscription_create"), ("paid", "subscription_cycle"), ("paid", "subscription_cycle"),
    ]  # fmt: skip
    lines = [one.lines.data[0].period for one in reversed(invoices)]
    assert [period.end for period in lines[:-1]] == [period.start for period in lines[1:]]


def test_a_month_that_fails_can_be_paid_again(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    subscription = a_subscription(client)
    sandbox.break_card(subscription.default_payment_method)
    sandbox.advance(timedelta(days=31))
    late = client.v1.subscriptions.retrieve(subscription.id)
    assert late.status == "past_due"
    assert "invoice.payment_failed" in kinds(sandbox)
    assert isinstance(late.latest_invoice, str)

    with pytest.raises(stripe.CardError):
        client.v1.invoices.pay(late.latest_invoice)
    assert client.v1.invoices.pay(late.latest_invoice, {"payment_method": "pm_card_visa"}).status == "paid"
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.pay(late.latest_invoice)


def test_an_open_invoice_can_be_voided(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    subscription = a_subscription(client, payment_behavior="default_incomplete")
    assert subscription.status == "incomplete"
    assert client.v1.invoices.void_invoice(subscription.latest_invoice).status == "void"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.invoices.pay(subscription.latest_invoice)


def test_a_subscription_begins_when_its_first_invoice_is_paid(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    subscription = a_subscription(client, payment_behavior="default_incomplete", expand=["latest_invoice"])
    payments = client.v1.invoice_payments.list({"invoice": subscription.latest_invoice.id}).data
    intent = payments[0].payment.payment_intent
    assert isinstance(intent, str)
    client.v1.payment_intents.confirm(intent, {"payment_method": "pm_card_visa"})
    assert client.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert client.v1.invoice_payments.retrieve(payments[0].id).status == "paid"


def test_the_card_of_the_first_payment_can_be_kept_for_the_next(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    customer, product = client.v1.customers.create({}), client.v1.products.create({"name": "Yoga"})
    weekly: Any = {"currency": "eur", "product": product.id, "unit_amount": 900, "recurring": {"interval": "week"}}
    subscription = client.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price_data": weekly}],
            "payment_behavior": "default_incomplete",
            "payment_settings": {"save_default_payment_method": "on_subscription"},
        }
    )
    assert isinstance(subscription.latest_invoice, str)
    payment = client.v1.invoice_payments.list({"invoice": subscription.latest_invoice}).data[0].payment
    assert isinstance(payment.payment_intent, str)
    client.v1.payment_intents.confirm(payment.payment_intent, {"payment_method": "pm_card_visa"})
    sandbox.advance(timedelta(days=7))
    invoices = client.v1.invoices.list({"subscription": subscription.id}).data
    assert [(one.status, one.total) for one in invoices] == [("paid", 900), ("paid", 900)]


def test_a_subscription_ends_now_or_with_its_period(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    now, later = a_subscription(client), a_subscription(client)
    assert client.v1.subscriptions.cancel(now.id).status == "canceled"
    assert kinds(sandbox)[-1] == "customer.subscription.deleted"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.subscriptions.cancel(now.id)

    client.v1.subscriptions.update(later.id, {"cancel_at_period_end": True})
    assert client.v1.subscriptions.retrieve(later.id).status == "active"
    sandbox.advance(timedelta(days=31))
    assert client.v1.subscriptions.retrieve(later.id).status == "canceled"
    assert len(client.v1.invoices.list({"subscription": later.id}).data) == 1


def test_a_page_can_begin_a_subscription(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    item = an_item(1000)
    item["price_data"]["recurring"] = {"interval": "week"}
    page = a_page(client, mode="subscription", line_items=[item], subscription_data={"metadata": {"bookingId": "b-1"}})
    failed = sandbox.pay(page.id, "decline")
    assert failed["status"] == "open"
    paid = sandbox.pay(page.id)
    assert (paid["payment_status"], paid["payment_intent"]) == ("paid", None)
    subscription = client.v1.subscriptions.retrieve(paid["subscription"], {"expand": ["latest_invoice"]})
    assert (subscription.status, subscription.metadata["bookingId"]) == ("active", "b-1")
    with pytest.raises(stripe.InvalidRequestError) as error:
        a_page(client, line_items=[item])
    assert error.value.param == "mode"


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        ("2027-01-31", "month", 1, "2027-02-28"),
        ("2027-02-28", "month", 1, "2027-03-31"),
        ("2027-11-30", "month", 3, "2028-02-29"),
        ("2027-12-31", "year", 1, "2028-12-31"),
        ("2027-12-31", "week", 2, "2028-01-14"),
        ("2028-02-28", "day", 1, "2028-02-29"),
    ],
)
def test_months_end_on_the_anchor_s_day_or_their_last(start: str, interval: str, count: int, end: str) -> None:
    from datetime import UTC, datetime

    def stamp(day: str) -> int:
        return int(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC).timestamp())

    recurring = {"interval": interval, "interval_count": count}
    anchor = stamp("2027-01-31") if start == "2027-02-28" else stamp(start)
    assert period_end(stamp(start), anchor, recurring) == stamp(end)


# ---------------------------------------------------------------- the rest of the catalogue


def test_customers_are_kept_changed_found_and_deleted(client: stripe.StripeClient) -> None:
    alice = client.v1.customers.create({"email": "alice@example.com", "metadata": {"a": "1", "b": "2"}})
    client.v1.customers.create({"email": "bob@example.com"})
    changed = client.v1.customers.update(alice.id, {"name": "Alice", "metadata": {"a": "", "c": "3"}})
    assert (changed.name, changed.to_dict()["metadata"]) == ("Alice", {"b": "2", "c": "3"})
    assert [one.id for one in client.v1.customers.list({"email": "alice@example.com"}).data] == [alice.id]
    client.v1.customers.delete(alice.id)
    assert client.v1.customers.retrieve(alice.id).to_dict()["deleted"] is True
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.update(alice.id, {"name": "A"})
    with pytest.raises(stripe.InvalidRequestError):
        a_page(client, customer=alice.id)


def test_cards_come_from_tokens_and_never_from_numbers(client: stripe.StripeClient) -> None:
    card = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    assert card.card is not None
    assert card.card.last4 == "4242"
    with pytest.raises(stripe.StripeError, match="unsafe"):
        client.v1.payment_methods.create(
            {"type": "card", "card": {"number": "4242424242424242", "exp_month": 1, "exp_year": 2030, "cvc": "123"}}
        )
    customer = client.v1.customers.create({})
    client.v1.payment_methods.attach(card.id, {"customer": customer.id})
    assert [one.id for one in client.v1.customers.payment_methods.list(customer.id).data] == [card.id]
    assert client.v1.payment_methods.detach(card.id).customer is None


def test_products_and_prices(client: stripe.StripeClient) -> None:
    product = client.v1.products.create({"name": "Court"})
    price = client.v1.prices.create({"product": product.id, "currency": "eur", "unit_amount": 1200})
    assert client.v1.products.update(product.id, {"name": "Court 1"}).name == "Court 1"
    assert a_page(client, line_items=[{"price": price.id, "quantity": 2}]).amount_total == 2400
    client.v1.prices.update(price.id, {"active": False})
    assert [one.id for one in client.v1.prices.list({"active": True}).data] == []
    with pytest.raises(stripe.InvalidRequestError, match="inactive"):
        a_page(client, line_items=[{"price": price.id, "quantity": 2}])


def test_a_card_can_be_kept_without_a_payment(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({})
    setup = client.v1.setup_intents.create({"customer": customer.id})
    with pytest.raises(stripe.CardError):
        client.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_chargeDeclined"})
    kept = client.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa"})
    assert kept.status == "succeeded"
    assert isinstance(kept.payment_method, str)
    assert client.v1.payment_methods.retrieve(kept.payment_method).customer == customer.id
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.setup_intents.cancel(setup.id)


# ---------------------------------------------------------------- lists and expand


def test_pages_of_a_list_have_everything_once(client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create({"name": str(number)}).id for number in range(7)]
    listed = [one.id for one in client.v1.customers.list({"limit": 3}).auto_paging_iter()]
    assert listed == made[::-1]
    before = client.v1.customers.list({"limit": 2, "ending_before": made[0]})
    assert [one.id for one in before.data] == [made[2], made[1]]


@pytest.mark.parametrize("more", [{"limit": 0}, {"limit": 101}, {"starting_after": "cus_none"}])
def test_a_page_that_does_not_exist_is_refused(client: stripe.StripeClient, more: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        client.v1.customers.list(more)
    assert error.value.param == next(iter(more))


def test_events_are_found_by_time_and_type(client: stripe.StripeClient, stopped: time_machine.Traveller) -> None:
    a_payment(client)
    stopped.shift(timedelta(minutes=5))
    since = int(time.time())
    a_payment(client)
    found = client.v1.events.list({"created": {"gte": since}, "types": ["payment_intent.succeeded", "charge.failed"]})
    assert [event.type for event in found.data] == ["payment_intent.succeeded"]
    assert found.data[0].created == since
    assert client.v1.events.retrieve(found.data[0].id).data.object["amount"] == 2500


def test_an_event_keeps_the_object_as_it_was(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = a_page(client)
    sandbox.pay(page.id, "decline")
    sandbox.pay(page.id)
    failed = next(one for one in sandbox.all("event") if one["type"] == "payment_intent.payment_failed")
    assert failed["data"]["object"]["status"] == "requires_payment_method"


def test_expand_goes_through_lists_and_refuses_what_is_no_object(client: stripe.StripeClient) -> None:
    paid = a_payment(client)
    listed = client.v1.payment_intents.list({"expand": ["data.latest_charge.balance_transaction"]})
    charge = listed.data[0].latest_charge
    assert isinstance(charge, stripe.Charge)
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    for path in ("amount", "dragons", "latest_charge.payment_intent.latest_charge.payment_intent.latest_charge"):
        with pytest.raises(stripe.InvalidRequestError) as error:
            client.v1.payment_intents.retrieve(paid.id, {"expand": [path]})
        assert error.value.param == "expand[0]"


def test_the_answer_is_a_copy(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    page = a_page(client)
    sandbox.get(page.id)["status"] = "mine"
    assert sandbox.get(page.id)["status"] == "open"
