"""What is a booking, as a value?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.domain.assignment import AssignedResource, AssignedStaff
from portal.domain.lifecycle import BookingStatus, PaymentStatus, is_live
from portal.domain.service import CancellationPolicy, Service

ROOM_OPEN = frozenset({BookingStatus.CONFIRMED, BookingStatus.COMPLETED})


@dataclass(frozen=True)
class Booking:
    """A booking as it stands.

    `price_lines`, `tax`, `total_price` and `cancellation_policy` are what was agreed at its creation: later edits of
    the service do not change them. `amount_paid` and `amount_refunded` are what came and went back through the
    provider. `approval_latest` bounds the time that staff have; `lapsed_at` tells that its hold ended in vain.
    """

    id: str
    service_id: str
    user_id: str
    start: datetime
    end: datetime
    status: BookingStatus
    participants: int
    total_price: int
    currency: str
    created_at: datetime
    updated_at: datetime
    parent_booking_id: str | None = None
    participant_details: tuple[Mapping[str, Any], ...] = ()
    discounts: tuple[Mapping[str, Any], ...] = ()
    payment_status: PaymentStatus | None = None
    payment_method: str | None = None
    notes: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    reference_id: str | None = None
    assigned_resources: tuple[AssignedResource, ...] = ()
    assigned_staff: tuple[AssignedStaff, ...] = ()
    check_in: datetime | None = None
    check_out: datetime | None = None
    custom_field_values: Mapping[str, Any] | None = None
    recurring_config: Mapping[str, Any] | None = None
    waitlist_info: Mapping[str, Any] | None = None
    source: str | None = None
    internal_notes: str | None = None
    metadata: Mapping[str, Any] | None = None
    rating: int | None = None
    feedback: str | None = None
    referral_source: str | None = None
    price_lines: tuple[Mapping[str, Any], ...] = ()
    tax: int = 0
    hold_expires_at: datetime | None = None
    approval_by_admin: bool = False
    occurrence_id: str | None = None
    unfilled_roles: tuple[str, ...] = ()
    cancellation_policy: CancellationPolicy | None = None
    approval_needed: bool = False
    approval_latest: datetime | None = None
    payment_authorised: bool = False
    amount_paid: int = 0
    amount_refunded: int = 0
    lapsed_at: datetime | None = None

    @property
    def awaits_approval(self) -> bool:
        """Tell whether staff have to approve: pending, and nothing to be paid first, or what is to be is authorised."""
        is_covered = self.payment_status is None or (self.payment_authorised and self.approval_needed)
        return self.status is BookingStatus.PENDING and is_covered

    @property
    def awaits_payment(self) -> bool:
        """Tell whether the customer has to pay (or to authorise what is paid once staff agree)."""
        is_due = self.payment_status is not None and not self.payment_authorised
        return self.status is BookingStatus.PENDING and is_due

    def room_online(self, service: Service) -> str | None:
        """Return the link to the service's room online, once the booking is confirmed: what was due is paid then."""
        return service.location.virtual_link if service.location and self.status in ROOM_OPEN else None

    def is_live(self, now: datetime) -> bool:
        """Tell whether the booking holds its place."""
        return is_live(self.status, self.hold_expires_at, now)

    def has_lapsed(self, now: datetime) -> bool:
        """Tell whether the booking waits for something in vain: its hold is over, its status not yet."""
        return self.status is BookingStatus.PENDING and not self.is_live(now)


class Section(StrEnum):
    """Where a booking stands in its customer's list: still to come, called off, or over."""

    AHEAD = "ahead"
    PAST = "past"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class TrailEntry:
    """One thing that happened to a booking; nobody's (None) is the portal's own doing."""

    at: datetime
    action: str
    actor_id: str | None
