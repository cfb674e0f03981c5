"""Until when may a customer cancel, and what comes back?"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.cancellation import (
    CancellationTerms,
    Obstacle,
    can_customer_cancel,
    cancellation_terms,
    cutoff_of,
    refund_due,
    refund_percent,
)
from portal.domain.service import CancellationPolicy

START = datetime(2026, 12, 8, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
RULES: dict[str, Any] = {"allow_by_rule": True, "default_hours": 24}


def policy(**fields: Any) -> CancellationPolicy:
    return CancellationPolicy.model_validate(fields)


PARTIAL = policy(cutoffHours=48, refundPolicy="partial", refundPercentage=90)
PERCENTAGES = st.integers(0, 100).map(lambda percent: policy(refundPolicy="partial", refundPercentage=percent))
POLICIES = PERCENTAGES | st.sampled_from(
    [None, policy(), policy(refundPolicy="none"), policy(allowCancellation=False), PARTIAL]
)


@pytest.mark.parametrize(
    ("own", "default_hours", "hours"),
    [
        (policy(cutoffHours=48), 24, 48),
        (policy(cutoffHours=0), 24, 0),
        (policy(cutoffHours=1.5), 24, 1.5),
        (policy(), 12, 12),
        (None, 24, 24),
    ],
)
def test_the_cutoff_lies_the_policys_hours_before_the_start_else_the_rules(
    own: CancellationPolicy | None, default_hours: float, hours: float
) -> None:
    assert cutoff_of(own, START, default_hours) == START - timedelta(hours=hours)


def test_the_cutoff_counts_elapsed_hours_across_a_clock_change() -> None:
    start = datetime(2026, 3, 29, 12, tzinfo=ZoneInfo("Europe/Paris"))
    assert cutoff_of(policy(cutoffHours=24), start, 1) == datetime(2026, 3, 28, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("own", "now", "reason"),
    [
        (policy(cutoffHours=24), START - 24 * HOUR - SECOND, None),
        (policy(cutoffHours=24), START - 24 * HOUR, None),
        (policy(cutoffHours=24), START - 24 * HOUR + SECOND, "cutoff_passed"),
        (policy(cutoffHours=24), START - SECOND, "cutoff_passed"),
        (policy(cutoffHours=24), START, "started"),
        (policy(cutoffHours=24), START + HOUR, "started"),
        (policy(cutoffHours=0), START, None),
        (policy(cutoffHours=0), START + SECOND, "started"),
        (policy(allowCancellation=False), START - 1000 * HOUR, "not_cancellable"),
        (None, START - 24 * HOUR, None),
        (None, START - 23 * HOUR, "cutoff_passed"),
    ],
)
def test_a_customer_may_cancel_until_the_cutoff(
    own: CancellationPolicy | None, now: datetime, reason: str | None
) -> None:
    terms = cancellation_terms(own, START, now, paid_minor=1000, **RULES)
    assert terms.reason == reason
    assert terms.allowed is can_customer_cancel(own, START, now, **RULES) is (reason is None)


@pytest.mark.parametrize(
    ("own", "allow_by_rule", "allowed"),
    [
        (None, True, True),
        (None, False, False),
        (policy(), False, True),
        (policy(allowCancellation=False), True, False),
    ],
)
def test_a_services_own_policy_wins_over_the_rule(
    own: CancellationPolicy | None, allow_by_rule: bool, allowed: bool
) -> None:
    now = START - 1000 * HOUR
    assert can_customer_cancel(own, START, now, allow_by_rule=allow_by_rule, default_hours=24) is allowed


@pytest.mark.parametrize(
    ("own", "paid", "refunded", "due"),
    [
        (None, 12_000, 0, 12_000),
        (policy(refundPolicy="full"), 12_000, 0, 12_000),
        (policy(refundPolicy="none"), 12_000, 0, 0),
        (PARTIAL, 12_000, 0, 10_800),
        (policy(refundPolicy="partial", refundPercentage=75), 3, 0, 2),  # 2.25
        (policy(refundPolicy="partial", refundPercentage=50), 1, 0, 1),  # 0.5 goes up
        (policy(refundPolicy="partial", refundPercentage=50), 5, 0, 3),  # 2.5 goes up, not to even
        (policy(refundPolicy="partial", refundPercentage=33.3), 1000, 0, 333),
        (policy(refundPolicy="partial", refundPercentage=0), 1000, 0, 0),
        (policy(refundPolicy="partial", refundPercentage=100), 1000, 0, 1000),
        (policy(refundPolicy="full", refundPercentage=10), 1000, 0, 1000),
        (PARTIAL, 10_000, 4_000, 6_000),
        (PARTIAL, 10_000, 500, 9_000),
        (None, 10_000, 10_000, 0),
        (PARTIAL, 0, 0, 0),
    ],
)
def test_the_refund_is_the_policys_share_and_never_more_than_is_left(
    own: CancellationPolicy | None, paid: int, refunded: int, due: int
) -> None:
    assert refund_due(own, paid, refunded) == due


def test_the_terms_say_all_that_the_page_shows_before_the_customer_confirms() -> None:
    now = START - 72 * HOUR
    assert cancellation_terms(PARTIAL, START, now, paid_minor=12_000, **RULES) == CancellationTerms(
        allowed=True,
        reason=None,
        cutoff=START - 48 * HOUR,
        refund_minor=10_800,
        refund_percent=Decimal(90),
    )


def test_after_the_cutoff_nothing_comes_back() -> None:
    terms = cancellation_terms(PARTIAL, START, START - HOUR, paid_minor=12_000, **RULES)
    assert (terms.allowed, terms.refund_minor, terms.refund_percent) == (False, 0, 0)


def test_a_price_due_on_site_leaves_nothing_to_refund() -> None:
    terms = cancellation_terms(None, START, START - 72 * HOUR, **RULES)
    assert (terms.allowed, terms.refund_minor) == (True, 0)


@pytest.mark.parametrize("own", [policy(allowCancellation=False), policy(cutoffHours=48), None])
def test_an_unpaid_hold_may_be_dropped_at_any_time(own: CancellationPolicy | None) -> None:
    terms = cancellation_terms(own, START, START + HOUR, is_unpaid_hold=True, **RULES)
    assert (terms.allowed, terms.reason, terms.refund_minor) == (True, None, 0)


@given(POLICIES, st.integers(0, 10**8), st.integers(0, 10**8))
def test_a_refund_is_never_negative_nor_above_what_is_left(
    own: CancellationPolicy | None, paid: int, refunded: int
) -> None:
    refunded = min(paid, refunded)
    assert 0 <= refund_due(own, paid, refunded) <= paid - refunded


@given(POLICIES, st.integers(0, 10**8))
def test_a_refund_is_the_exact_share_but_for_half_a_unit(own: CancellationPolicy | None, paid: int) -> None:
    exact = paid * refund_percent(own) / 100
    assert -Decimal("0.5") < refund_due(own, paid) - exact <= Decimal("0.5")


@given(POLICIES, st.timedeltas(-timedelta(days=60), timedelta(days=60)), st.timedeltas(timedelta(), 60 * HOUR))
def test_who_is_too_late_stays_too_late(own: CancellationPolicy | None, offset: timedelta, later: timedelta) -> None:
    early = cancellation_terms(own, START, START + offset, paid_minor=100, **RULES)
    late = cancellation_terms(own, START, START + offset + later, paid_minor=100, **RULES)
    assert early.allowed >= late.allowed
    assert (late.reason in set(Obstacle)) is not late.allowed
