"""Which rules of the house hold where a service says nothing?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from portal.domain.schedule import WeeklyHours
from portal.domain.timerange import edge, local_date


@dataclass(frozen=True)
class Rules:
    """The global rules; a service's own values win."""

    time_zone: str
    currency: str
    region: str
    business_hours: WeeklyHours
    min_advance_minutes: int = 60
    max_advance_days: int = 30
    allow_cancellation: bool = True
    cancellation_deadline_hours: int = 24
    require_approval: bool = False
    approval_hours: int = 48
    hold_minutes: int = 35
    max_active_bookings: int = 10
    max_bookings_per_hour: int = 10
    approval_over: int = 100_000
    business_hours_only: bool = False
    takes_payment: bool = False  # else every price is due on site

    def may_start(self, start: int, zone: ZoneInfo, user: Mapping[str, Any]) -> bool:
        """Tell whether a customer may start at a minute: with BUSINESS_HOURS_ONLY, outside them only with `vip`."""
        return not self.business_hours_only or bool(user.get("vip")) or self._is_in_business_hours(start, zone)

    def _is_in_business_hours(self, start: int, zone: ZoneInfo) -> bool:
        day = local_date(start, zone)
        return any(
            edge(day, opens, zone) <= start < edge(day, closes, zone)
            for weekday, opens, closes in self.business_hours
            if weekday == day.isoweekday() % 7
        )
