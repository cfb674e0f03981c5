"""What is done about a payment: every row of the table, and what no row may do."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.lifecycle import BookingStatus
from portal.domain.money import Amount
from portal.domain.payments import (
    LEAST_CHARGE,
    SETTLEMENT,
    BookingFacts,
    MoneyState,
    Payment,
    PaymentKind,
    PaymentState,
    Standing,
    Step,
    Truth,
    Why,
    charge_step,
    decide,
    in_steps,
    is_chargeable,
    matches,
    standing_of,
    status_of_sums,
)

M, S = MoneyState, Standing

# What the provider says, whether it is what was asked for, whether another payment has paid already, how the booking
# stands: what is done, and why.
CASES: list[tuple[MoneyState, bool, bool, Standing, Step, Why | None]] = [
    (M.SUCCEEDED, True, False, S.DUE, Step.CONFIRM, None),
    (M.SUCCEEDED, True, False, S.ASKING, Step.CONFIRM, None),
    (M.SUCCEEDED, True, False, S.AWAITING, Step.CONFIRM, None),
    (M.SUCCEEDED, True, False, S.AGREED, Step.CONFIRM, None),
    (M.SUCCEEDED, True, False, S.KEPT, Step.CONFIRM, None),
    (M.SUCCEEDED, True, False, S.LAPSED, Step.RETAKE, None),
    (M.SUCCEEDED, True, False, S.LOST, Step.REFUND, Why.TOO_LATE),
    (M.SUCCEEDED, True, False, S.DROPPED, Step.REFUND, Why.CANCELLED),
    *[(M.SUCCEEDED, True, True, one, Step.REFUND, Why.PAID_TWICE) for one in S],
    *[(M.SUCCEEDED, False, paid, one, Step.REFUND, Why.MISMATCH) for paid in (True, False) for one in S],
    (M.AUTHORISED, True, False, S.ASKING, Step.ASK_TEAM, None),
    (M.AUTHORISED, True, False, S.AWAITING, Step.WAIT, None),
    (M.AUTHORISED, True, False, S.DUE, Step.CAPTURE, None),
    (M.AUTHORISED, True, False, S.AGREED, Step.CAPTURE, None),
    (M.AUTHORISED, True, False, S.LAPSED, Step.RELEASE, Why.TOO_LATE),
    (M.AUTHORISED, True, False, S.LOST, Step.RELEASE, Why.TOO_LATE),
    (M.AUTHORISED, True, False, S.DROPPED, Step.RELEASE, Why.CANCELLED),
    (M.AUTHORISED, True, False, S.KEPT, Step.RELEASE, Why.CANCELLED),
    *[(M.AUTHORISED, True, True, one, Step.RELEASE, Why.PAID_TWICE) for one in S],
    *[(M.AUTHORISED, False, paid, one, Step.RELEASE, Why.MISMATCH) for paid in (True, False) for one in S],
    *[
        (M.PROCESSING, match, paid, one, Step.WAIT, None)
        for match, paid, one in product((True, False), (True, False), S)
    ],
    *[(M.OPEN, match, True, one, Step.EXPIRE, None) for match, one in product((True, False), S)],
    (M.OPEN, True, False, S.DUE, Step.WAIT, None),
    (M.OPEN, True, False, S.ASKING, Step.WAIT, None),
    *[(M.OPEN, True, False, one, Step.EXPIRE, None) for one in (S.LAPSED, S.LOST, S.DROPPED, S.KEPT)],
    (M.OPEN, True, False, S.AWAITING, Step.DUE_AGAIN, None),
    (M.OPEN, True, False, S.AGREED, Step.DUE_AGAIN, None),
    (M.DEAD, True, False, S.AWAITING, Step.DUE_AGAIN, None),
    (M.DEAD, True, False, S.AGREED, Step.DUE_AGAIN, None),
    *[(M.DEAD, True, False, one, Step.CLOSE, None) for one in (S.DUE, S.ASKING, S.KEPT, S.LAPSED, S.LOST, S.DROPPED)],
    *[(M.DEAD, match, True, one, Step.CLOSE, None) for match, one in product((True, False), S)],
]


@pytest.mark.parametrize(("state", "is_match", "paid", "standing", "step", "why"), CASES)
def test_each_row_of_the_settlement(
    state: MoneyState, is_match: bool, paid: bool, standing: Standing, step: Step, why: Why | None
) -> None:
    decision = decide(state, is_match, paid, standing)
    assert (decision.step, decision.why) == (step, why)


def test_the_table_has_a_row_for_everything_and_no_row_for_nothing() -> None:
    used = {id(_row(*facts)) for facts in product(M, (True, False), (True, False), S)}
    assert used == {id(row) for row in SETTLEMENT}


def _row(state: MoneyState, is_match: bool, paid: bool, standing: Standing) -> Any:
    decision = decide(state, is_match, paid, standing)
    return next(
        row
        for row in SETTLEMENT
        if row[0] is state
        and row[1] in {None, is_match}
        and row[2] in {None, paid}
        and (row[3] is None or standing in row[3])
        and row[4] is decision
    )


@given(st.booleans(), st.booleans(), st.sampled_from(S))
def test_money_that_came_is_used_or_goes_back(is_match: bool, paid: bool, standing: Standing) -> None:
    assert decide(M.SUCCEEDED, is_match, paid, standing).step in {Step.CONFIRM, Step.RETAKE, Step.REFUND}


@given(st.sampled_from(M), st.booleans(), st.booleans(), st.sampled_from(S))
def test_only_money_that_came_and_is_right_confirms(
    state: MoneyState, is_match: bool, paid: bool, standing: Standing
) -> None:
    if decide(state, is_match, paid, standing).step in {Step.CONFIRM, Step.RETAKE}:
        assert (state, is_match, paid) == (M.SUCCEEDED, True, False)


# ---------------------------------------------------------------- how a booking stands

LIVE = BookingFacts(
    status=BookingStatus.PENDING,
    is_live=True,
    approval_needed=False,
    payment_authorised=False,
    lapsed=False,
    has_started=False,
    place_free=True,
)


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ({}, S.DUE),
        ({"approval_needed": True}, S.ASKING),
        ({"approval_needed": True, "payment_authorised": True}, S.AWAITING),
        ({"payment_authorised": True}, S.AGREED),
        ({"is_live": False}, S.LAPSED),
        ({"is_live": False, "place_free": False}, S.LOST),
        ({"is_live": False, "has_started": True}, S.LOST),
        ({"has_started": True}, S.DUE),
        ({"status": BookingStatus.CONFIRMED}, S.KEPT),
        ({"status": BookingStatus.COMPLETED}, S.KEPT),
        ({"status": BookingStatus.NO_SHOW}, S.KEPT),
        ({"status": BookingStatus.CANCELLED, "is_live": False}, S.DROPPED),
        ({"status": BookingStatus.CANCELLED, "is_live": False, "lapsed": True}, S.LAPSED),
        ({"status": BookingStatus.RESCHEDULED, "is_live": False}, S.DROPPED),
        ({"status": BookingStatus.WAITLISTED, "is_live": False}, S.DROPPED),
    ],
)
def test_how_a_booking_stands(change: dict[str, Any], standing: Standing) -> None:
    assert standing_of(replace(LIVE, **change)) is standing


# ---------------------------------------------------------------- is it what was asked for?

PAYMENT = Payment(
    id="p",
    booking_id="b",
    kind=PaymentKind.CHECKOUT,
    amount_minor=5000,
    currency="EUR",
    status=PaymentState.OPEN,
    key="k",
    created_at=datetime(2026, 12, 7, tzinfo=UTC),
    session_id="cs",
)
PAID = Truth(M.SUCCEEDED, Amount(5000, "EUR"), 5000, {"paymentId": "p", "bookingId": "b"}, "cs", "pi")


@pytest.mark.parametrize(
    ("change", "is_match"),
    [
        ({}, True),
        ({"amount": Amount(4999, "EUR")}, False),
        ({"amount": Amount(5000, "USD")}, False),
        ({"received": 4999}, False),
        ({"received": 5001}, False),
        ({"metadata": {"paymentId": "p", "bookingId": "other"}}, False),
        ({"metadata": {"paymentId": "other", "bookingId": "b"}}, False),
        ({"metadata": {}}, False),
        ({"session_id": "other"}, False),
        ({"session_id": None}, False),
        ({"state": M.AUTHORISED, "received": 0}, True),
    ],
)
def test_what_was_paid_is_compared_with_what_was_asked_for(change: dict[str, Any], is_match: bool) -> None:
    assert matches(PAYMENT, replace(PAID, **change)) is is_match


def test_another_intent_is_not_the_payments_own() -> None:
    known = replace(PAYMENT, kind=PaymentKind.INTENT, session_id=None, intent_id="pi")
    assert matches(known, replace(PAID, session_id=None))
    assert not matches(known, replace(PAID, session_id=None, intent_id="other"))


# ---------------------------------------------------------------- amounts


@pytest.mark.parametrize("currency", sorted(LEAST_CHARGE))
def test_the_least_charge_can_be_paid_and_a_unit_less_cannot(currency: str) -> None:
    least = LEAST_CHARGE[currency]
    assert is_chargeable(Amount(least, currency))
    assert not is_chargeable(Amount(least - charge_step(currency), currency))


def test_of_three_decimals_the_last_is_zero() -> None:
    assert is_chargeable(Amount(1230, "KWD"))
    assert not is_chargeable(Amount(1234, "KWD"))
    assert (in_steps(Amount(1234, "KWD"), 5000), in_steps(Amount(1234, "EUR"), 5000)) == (1240, 1234)
    assert in_steps(Amount(4999, "KWD"), 4990) == 4990


@pytest.mark.parametrize(
    ("paid", "refunded", "status"), [(5, 0, "paid"), (5, 4, "partially_refunded"), (5, 5, "refunded")]
)
def test_what_became_of_the_money(paid: int, refunded: int, status: str) -> None:
    assert status_of_sums(paid, refunded) == status
