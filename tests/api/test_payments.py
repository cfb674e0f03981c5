"""Paying, refunds and Stripe's events, as programs meet them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.store.bookings import BookingRow
from portal.store.payments import EventRow, RefundRow
from tests.api.conftest import NINE, Client, count, fields, found, problem
from tests.build import NOW
from tests.payments.provider import SIGNATURE, FakeProvider

OK, NO = "http://127.0.0.1:5000/ok", "http://127.0.0.1:5000/no"


@pytest.fixture(autouse=True)
def provider(app: Flask) -> Iterator[FakeProvider]:
    """Payment is on, by a provider in memory."""
    made = FakeProvider(NOW)
    before = {name: app.extensions[name] for name in ("payments", "rules")}
    app.extensions |= {"payments": made, "rules": replace(before["rules"], takes_payment=True)}
    yield made
    app.extensions |= before


@pytest.fixture
def booked(alice: Client, order: dict[str, Any]) -> dict[str, Any]:
    """A booking of alice's that waits to be paid."""
    made: dict[str, Any] = found(alice.post("/create", order))
    return made


@pytest.fixture
def paid(alice: Client, booked: dict[str, Any], provider: FakeProvider) -> dict[str, Any]:
    """The same, paid."""
    provider.pay_intent(booked["payment"]["paymentIntentId"])
    found(alice.get(f"/payment/status?bookingId={booked['id']}"))
    return booked


def test_create_says_how_to_pay(booked: dict[str, Any], provider: FakeProvider) -> None:
    assert (booked["status"], booked["paymentStatus"], booked["amountPaid"]) == ("pending", "pending", 0)
    payment = booked["payment"]
    assert payment["clientSecret"] == f"{payment['paymentIntentId']}_secret"
    assert list(provider.customers) == [payment["customerId"]]


def test_a_repeated_create_is_answered_alike_with_its_payment(alice: Client, order: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "once"}
    answers = [alice.post("/create", order, headers=key).get_json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["payment"]["clientSecret"]


def test_while_stripe_is_away_the_booking_is_kept_and_repeating_says_how_to_pay(
    alice: Client, order: dict[str, Any], provider: FakeProvider
) -> None:
    key = {"Idempotency-Key": "once"}
    provider.fail("unanswered", "create_intent")
    first = found(alice.post("/create", order, headers=key))
    assert (first["payment"], first["status"]) == (None, "pending")
    again = found(alice.post("/create", order, headers=key))
    assert again["payment"]["clientSecret"]
    assert {**again, "payment": None} == first
    assert len(provider.intents) == 1


def test_due_on_site_and_free_of_charge_there_is_nothing_to_pay(
    alice: Client, sam: Client, offer: Callable[..., Any], order: dict[str, Any]
) -> None:
    free = offer(name="Free", price=0)
    made = found(alice.post("/create", order | {"serviceId": free["id"]}))
    assert (made["payment"], made["status"], made["paymentStatus"]) == (None, "confirmed", None)
    by_phone = found(sam.post("/create", order | {"source": "phone"}))
    assert (by_phone["payment"], by_phone["status"]) == (None, "confirmed")


def test_a_total_below_the_least_charge_is_refused_by_name(
    alice: Client, offer: Callable[..., Any], order: dict[str, Any]
) -> None:
    cheap = offer(name="Cheap", price=49)
    for path in ("/quote", "/create"):
        said = problem(alice.post(path, order | {"serviceId": cheap["id"]}), 422, "AMOUNT_NOT_CHARGEABLE")
        assert "€0.49" in said["message"]
        assert "€0.50" in said["message"]


# ---------------------------------------------------------------- payment pages


def test_a_page_is_opened_for_the_booking_and_closes_its_intent(
    alice: Client, booked: dict[str, Any], provider: FakeProvider
) -> None:
    page = found(alice.post("/stripe/checkout", {"bookingId": booked["id"], "successUrl": OK, "cancelUrl": NO}))
    assert page["url"].startswith("https://")
    assert provider.intents[booked["payment"]["paymentIntentId"]].status == "canceled"
    assert provider.charges[page["sessionId"]].description == "Consultation"
    provider.pay(page["sessionId"])
    status = found(alice.get(f"/payment/status?bookingId={booked['id']}"))
    assert status == {
        "bookingId": booked["id"],
        "paymentStatus": "paid",
        "stripe": {"status": "paid", "clientSecret": None},
    }
    problem(
        alice.post("/stripe/checkout", {"bookingId": booked["id"], "successUrl": OK, "cancelUrl": NO}),
        409,
        "ALREADY_PAID",
    )


def test_a_page_asked_for_again_with_its_key_is_the_same(alice: Client, booked: dict[str, Any]) -> None:
    body = {"bookingId": booked["id"], "successUrl": OK, "cancelUrl": NO}
    answers = [alice.post("/stripe/checkout", body, headers={"Idempotency-Key": "k"}).data for _ in range(2)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/ok",
        "//evil.example/ok",
        "http://127.0.0.1:5000@evil.example/",
        "http://user:pass@127.0.0.1:5000/",
        "http:\\\\evil.example",
        "http://127.0.0.1:5001/",
        "javascript:alert(1)",
        "/ok",
        "",
        "http://[",
        "http://127.0.0.1:5000/a b",
        "http://127.0.0.1:99999/",
    ],
)
def test_nobody_is_led_to_another_site(alice: Client, booked: dict[str, Any], url: str) -> None:
    body = {"bookingId": booked["id"], "successUrl": url, "cancelUrl": url}
    assert set(fields(alice.post("/stripe/checkout", body))) == {"successUrl", "cancelUrl"}


def test_while_stripe_is_away_the_caller_is_told_to_come_back(
    alice: Client, booked: dict[str, Any], provider: FakeProvider
) -> None:
    provider.fail("unheard", times=3)
    body = {"bookingId": booked["id"], "successUrl": OK, "cancelUrl": NO}
    response = alice.post("/stripe/checkout", body)
    said = problem(response, 503, "PAYMENT_UNAVAILABLE")
    assert "not charged" in said["message"]
    assert response.headers["Retry-After"] == "30"
    status = found(alice.get(f"/payment/status?bookingId={booked['id']}"))
    assert (status["paymentStatus"], status["stripe"]["clientSecret"]) == ("pending", None)


def test_an_open_intents_secret_is_said_again(alice: Client, booked: dict[str, Any]) -> None:
    status = found(alice.get(f"/payment/status?bookingId={booked['id']}"))
    assert status["stripe"] == {"status": "due", "clientSecret": booked["payment"]["clientSecret"]}


def test_another_persons_payment_is_not_found(bob: Client, booked: dict[str, Any]) -> None:
    body = {"bookingId": booked["id"], "successUrl": OK, "cancelUrl": NO}
    problem(bob.post("/stripe/checkout", body), 404, "NOT_FOUND")
    problem(bob.get(f"/payment/status?bookingId={booked['id']}"), 404, "NOT_FOUND")


def test_three_unpaid_bookings_are_the_most(alice: Client, order: dict[str, Any], booked: dict[str, Any]) -> None:
    for minute in ("08:30", "09:00"):
        found(alice.post("/create", order | {"startDate": f"2026-12-08T{minute}:00Z"}))
    problem(alice.post("/create", order | {"startDate": "2026-12-08T09:30:00Z"}), 409, "TOO_MANY_HOLDS")


# ---------------------------------------------------------------- giving back


def test_staff_refund_a_part_once_by_key(sam: Client, paid: dict[str, Any]) -> None:
    body = {"bookingId": paid["id"], "amount": 2000, "reason": "noise"}
    answers = [sam.post("/refund", body, headers={"Idempotency-Key": "r"}).data for _ in range(2)]
    assert answers[0] == answers[1]
    assert count(RefundRow) == 1
    shown = found(sam.get(f"/{paid['id']}"))
    assert (shown["status"], shown["paymentStatus"]) == ("confirmed", "partially_refunded")
    assert (shown["amountPaid"], shown["amountRefunded"]) == (5000, 2000)
    said = problem(sam.post("/refund", {"bookingId": paid["id"], "amount": 3001}), 409, "REFUND_TOO_LARGE")
    assert "€30.00" in said["message"]
    assert found(sam.post("/refund", {"bookingId": paid["id"]}))["amount"] == 3000


@pytest.mark.parametrize("amount", [0, -1, 1.5, "5", True, 2**63])
def test_an_amount_that_is_none_is_refused(sam: Client, paid: dict[str, Any], amount: Any) -> None:
    assert "amount" in fields(sam.post("/refund", {"bookingId": paid["id"], "amount": amount}))


def test_cancelling_gives_back_and_staff_choose(alice: Client, sam: Client, paid: dict[str, Any]) -> None:
    problem(alice.post("/cancel", {"bookingId": paid["id"], "refund": "full"}), 403, "FORBIDDEN")
    assert "refund" in fields(sam.post("/cancel", {"bookingId": paid["id"], "refund": "some"}))
    cancelled = found(sam.post("/cancel", {"bookingId": paid["id"], "refund": "none"}))
    assert (cancelled["status"], cancelled["amountRefunded"]) == ("cancelled", 0)


def test_a_cancel_repeated_with_its_key_is_answered_alike(alice: Client, paid: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "c"}
    with time_machine.travel(datetime(2026, 12, 7, 7, 30, tzinfo=UTC), tick=False):
        answers = [alice.post("/cancel", {"bookingId": paid["id"]}, headers=key) for _ in range(2)]
    assert answers[0].status_code == 200
    assert answers[0].data == answers[1].data
    assert answers[0].get_json()["amountRefunded"] == 5000


# ---------------------------------------------------------------- Stripe's events


def deliver(nobody: Client, body: bytes, signature: str | None = SIGNATURE) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Stripe-Signature": signature} if signature else {})
    return nobody.call("POST", "/stripe/webhook", data=body, headers=headers)


def last_event(provider: FakeProvider) -> bytes:
    return f'{{"id": "{provider.events[-1].id}"}}'.encode()


def test_a_signed_event_is_received_and_confirms(
    nobody: Client, alice: Client, booked: dict[str, Any], provider: FakeProvider
) -> None:
    provider.pay_intent(booked["payment"]["paymentIntentId"])
    for _ in range(2):
        assert found(deliver(nobody, last_event(provider))) == {"received": True}
    assert found(alice.get(f"/{booked['id']}"))["status"] == "confirmed"
    assert count(EventRow) == 1


@pytest.mark.parametrize("signature", ["forged", "", None])
def test_an_event_without_its_signature_is_refused(
    nobody: Client, booked: dict[str, Any], provider: FakeProvider, signature: str | None
) -> None:
    provider.pay_intent(booked["payment"]["paymentIntentId"])
    problem(deliver(nobody, last_event(provider), signature), 400, "BAD_SIGNATURE")
    assert count(EventRow) == 0


def test_an_old_event_is_refused(nobody: Client, booked: dict[str, Any], provider: FakeProvider) -> None:
    provider.pay_intent(booked["payment"]["paymentIntentId"])
    with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
        problem(deliver(nobody, last_event(provider)), 400, "BAD_SIGNATURE")


def test_an_event_may_be_larger_than_other_requests_but_not_endless(nobody: Client, provider: FakeProvider) -> None:
    padding = b" " * (200 * 1024)
    problem(deliver(nobody, padding, "forged"), 400, "BAD_SIGNATURE")
    problem(deliver(nobody, b" " * (256 * 1024 + 1)), 413, "TOO_LARGE")


def test_an_event_that_cannot_be_handled_now_is_answered_with_a_failure(
    nobody: Client, alice: Client, booked: dict[str, Any], provider: FakeProvider
) -> None:
    provider.pay_intent(booked["payment"]["paymentIntentId"])
    provider.fail("unheard", "intent")
    problem(deliver(nobody, last_event(provider)), 503, "PAYMENT_UNAVAILABLE")
    assert found(deliver(nobody, last_event(provider))) == {"received": True}
    assert found(alice.get(f"/{booked['id']}"))["status"] == "confirmed"


def test_the_hold_is_said(booked: dict[str, Any]) -> None:
    assert booked["holdExpiresAt"] == booked["payUntil"] == "2026-12-07T07:35:00.000Z"
    assert booked["startDate"] == NINE


def test_until_when_it_can_be_paid_is_said_only_while_it_waits_to_be_paid(
    alice: Client, paid: dict[str, Any], offer: Callable[..., Any], order: dict[str, Any]
) -> None:
    assert found(alice.get(f"/{paid['id']}"))["payUntil"] is None
    asked = offer(name="On request", price=0, requiresApproval=True)
    waiting = found(alice.post("/create", order | {"serviceId": asked["id"]}))
    assert waiting["holdExpiresAt"] is not None
    assert waiting["payUntil"] is None


# ---------------------------------------------------------------- until a time that the team say

BY_NOON = "2026-12-07T12:00:00.000Z"


def test_the_team_say_until_when_a_customer_can_pay(sam: Client, alice: Client, order: dict[str, Any]) -> None:
    given = order | {"source": "phone", "customerId": "alice", "payUntil": BY_NOON}
    made = found(sam.post("/create", given))
    assert (made["status"], made["payUntil"]) == ("pending", BY_NOON)
    assert made["payment"]["clientSecret"]
    (listed,) = found(alice.get("/list"))
    assert (listed["id"], listed["payUntil"]) == (made["id"], BY_NOON)


@pytest.mark.parametrize(
    ("until", "code"),
    [
        ("2026-12-07T07:10:00Z", "too_short"),
        ("2026-12-09T08:00:00Z", "after_start"),
        ("2026-12-07", "instant_format"),
        ("2026-12-07T12:00:00", "offset_missing"),
        (12, "string_type"),
    ],
)
def test_a_time_until_which_nobody_can_pay_is_refused_at_its_field(
    sam: Client, order: dict[str, Any], until: Any, code: str
) -> None:
    assert fields(sam.post("/create", order | {"payUntil": until})) == {"payUntil": code}
    assert count(BookingRow) == 0


def test_customers_do_not_say_how_long_a_place_waits_for_their_money(alice: Client, order: dict[str, Any]) -> None:
    assert fields(alice.post("/create", order | {"payUntil": BY_NOON})) == {"payUntil": "staff_only"}
    assert count(BookingRow) == 0
