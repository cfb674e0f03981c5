"""May the customer still cancel, until when, and what comes back? (SPEC §5)

A service's own policy wins; `None` is a service without one: the rules of the house hold, with a full refund.
Staff may cancel at any time and choose none, the policy's amount (`refund_due`) or all.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from portal.domain.money import share
from portal.domain.service import CancellationPolicy, RefundPolicy


class Obstacle(StrEnum):
    """Why a customer cannot cancel."""

    NOT_CANCELLABLE = "not_cancellable"
    CUTOFF_PASSED = "cutoff_passed"
    STARTED = "started"


@dataclass(frozen=True)
class CancellationTerms:
    """What a customer is shown before cancelling; `refund_minor` is what would come back now."""

    allowed: bool
    reason: Obstacle | None
    cutoff: datetime
    refund_minor: int
    refund_percent: Decimal


def cancellation_terms(
    policy: CancellationPolicy | None,
    start: datetime,
    now: datetime,
    *,
    allow_by_rule: bool,
    default_hours: float,
    paid_minor: int = 0,
    refunded_minor: int = 0,
    is_unpaid_hold: bool = False,
) -> CancellationTerms:
    """Say whether a customer may cancel now and what would be refunded.

    `is_unpaid_hold`: the place waits for a payment or an approval; such a hold may be dropped at any time.
    """
    cutoff = cutoff_of(policy, start, default_hours)
    reason = None if is_unpaid_hold else _obstacle(policy, allow_by_rule, start, cutoff, now)
    if reason is not None:
        return CancellationTerms(False, reason, cutoff, 0, Decimal(0))
    refund = refund_due(policy, paid_minor, refunded_minor)
    return CancellationTerms(True, None, cutoff, refund, refund_percent(policy))


def cutoff_of(policy: CancellationPolicy | None, start: datetime, default_hours: float) -> datetime:
    """Return the last instant at which a customer may cancel: hours of elapsed time before the start."""
    own = policy.cutoff_hours if policy else None
    # in UTC: Python would take local hours, which are not elapsed ones across a clock change
    return start.astimezone(UTC) - timedelta(hours=default_hours if own is None else own)


def _obstacle(
    policy: CancellationPolicy | None, allow_by_rule: bool, start: datetime, cutoff: datetime, now: datetime
) -> Obstacle | None:
    if not (policy.allow_cancellation if policy else allow_by_rule):
        return Obstacle.NOT_CANCELLABLE
    if now <= cutoff:
        return None
    return Obstacle.STARTED if now >= start else Obstacle.CUTOFF_PASSED


def can_customer_cancel(
    policy: CancellationPolicy | None,
    start: datetime,
    now: datetime,
    *,
    allow_by_rule: bool,
    default_hours: float,
) -> bool:
    """Tell whether a customer may cancel or reschedule a booking now; exactly at the cutoff he still may."""
    cutoff = cutoff_of(policy, start, default_hours)
    return _obstacle(policy, allow_by_rule, start, cutoff, now) is None


def refund_percent(policy: CancellationPolicy | None) -> Decimal:
    """Return how much of the price a cancellation in time gives back, in percent."""
    if policy is None or policy.refund_policy is RefundPolicy.FULL:
        return Decimal(100)
    if policy.refund_policy is RefundPolicy.NONE:
        return Decimal(0)
    return policy.refund_percentage or Decimal(0)


def refund_due(policy: CancellationPolicy | None, paid_minor: int, refunded_minor: int = 0) -> int:
    """Return the policy's share of what was paid, half-up, but never more than what is left of it.

    Nothing paid (a price due on site) is nothing to refund. Whether there is still time,
    `cancellation_terms` says.
    """
    return min(share(paid_minor, refund_percent(policy)), paid_minor - refunded_minor)
