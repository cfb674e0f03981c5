"""What do answers look like? For the OpenAPI document; tests hold what `present` writes against it."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from portal.domain.account import AccountStatus, Role
from portal.domain.lifecycle import BookingStatus, PaymentStatus, Source
from portal.domain.payments import RefundState
from portal.domain.pricing import LineKind
from portal.domain.schedule import ClosureTarget
from portal.domain.service import CancellationPolicy, ServiceFields


class Answer(BaseModel):
    """A JSON object of an answer: camelCase names, and none that is not written here."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class Done(Answer):
    success: bool


class User(Answer):
    id: str
    email: str
    name: str
    role: Role
    locale: str | None
    time_zone: str | None


class Whoami(Answer):
    user: User


class Session(Answer):
    token: str
    user: User


class Customer(User):
    """An account as staff see it; `internalNotes` are never shown to the customer."""

    contact_phone: str | None
    internal_notes: str | None
    status: AccountStatus
    attributes: dict[str, str | bool | int | float]
    banned_at: datetime | None
    ban_reason: str | None


class Service(ServiceFields):
    """A service with everything that was decided when it was saved; `location.virtualLink` is for staff only."""

    model_config = ConfigDict(strict=False)

    id: str
    slug: str
    currency: str
    time_zone: str
    version: int
    created_at: datetime | None
    updated_at: datetime | None


class Slot(Answer):
    """A free time; `seatsLeft` (events, courses) or `unitsLeft` (bookings that still fit), null where unbounded."""

    start_date: datetime
    end_date: datetime
    seats_left: int | None = None
    units_left: int | None = None
    price_from: int
    max_end_date: datetime | None = Field(None, description="The latest end, where the customer chooses the length.")
    full: Literal[True] | None = Field(None, description="There is no room for the party.")


class QuoteLine(Answer):
    kind: LineKind
    label: str
    quantity: int
    unit_price: int
    amount: int


class PriceOverride(Answer):
    total: int
    reason: str


class NextPackage(Answer):
    name: str
    minutes: int
    total: int


class Quote(Answer):
    """A price in minor units; the lines sum to the total, which includes the tax."""

    currency: str
    lines: list[QuoteLine]
    tax: int
    total: int
    next_package: NextPackage | None


class AssignedResource(Answer):
    resource_id: str
    resource_name: str
    quantity: int


class AssignedStaff(Answer):
    staff_id: str
    staff_name: str
    role: str


class Booking(Answer):
    """A booking; `internalNotes`, `unfilledRoles` and `approvalByAdmin` are for staff only."""

    id: str
    service_id: str
    user_id: str
    parent_booking_id: str | None
    start_date: datetime
    end_date: datetime
    status: BookingStatus
    participants: int
    participant_details: list[dict[str, Any]]
    total_price: int
    currency: str
    discounts: list[dict[str, Any]]
    payment_status: PaymentStatus | None
    payment_method: str | None
    notes: str | None
    contact_email: str | None
    contact_phone: str | None
    reference_id: str | None
    assigned_resources: list[AssignedResource]
    assigned_staff: list[AssignedStaff]
    virtual_link: str | None = Field(description="The room online, once the booking is confirmed.")
    check_in: datetime | None
    check_out: datetime | None
    custom_field_values: dict[str, Any]
    recurring_config: dict[str, Any] | None
    waitlist_info: dict[str, Any] | None
    source: Source | None
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    rating: int | None
    feedback: str | None
    referral_source: str | None
    price_lines: list[QuoteLine] = Field(
        description="They sum to the total; the line of kind `adjustment` is the difference to an agreed price."
    )
    price_override: PriceOverride | None = Field(
        description="What the team agreed on instead of the listed price: the total, and why; null where they did not."
    )
    tax: int
    hold_expires_at: datetime | None = Field(
        description="Until when the place waits, for a payment or the team's answer."
    )
    pay_until: datetime | None = Field(
        description="Until when it can be paid; then the place is free again. Null unless the booking waits to be paid."
    )
    cancellation_policy: CancellationPolicy | None
    approval_needed: bool = Field(
        description="Staff have to agree first; once something is authorised, they are asked."
    )
    payment_authorised: bool = Field(description="The money is held on the card until staff have answered.")
    amount_paid: int = Field(description="What was paid by card, minor units.")
    amount_refunded: int = Field(description="What of it went back or is on its way.")
    internal_notes: str | None = None
    unfilled_roles: list[str] | None = None
    approval_by_admin: bool | None = None


class Payment(Answer):
    """What a client gives to Stripe's own elements to ask for the card."""

    client_secret: str
    payment_intent_id: str
    customer_id: str


class CreatedBooking(Booking):
    payment: Payment | None = Field(
        description="How to pay; null where nothing is due by card. Where it is due, and Stripe does not answer, it is "
        "null too: repeat the request with its Idempotency-Key, or open a payment page."
    )


class Checkout(Answer):
    session_id: str
    url: str


class StripeStatus(Answer):
    status: str = Field(description="due, failed, processing, authorised, paid, over or back")
    client_secret: str | None


class PaymentState(Answer):
    booking_id: str
    payment_status: PaymentStatus | None
    stripe: StripeStatus | None = Field(description="Null where nothing was ever due by card.")


class Refund(Answer):
    refund_id: str
    amount: int
    status: RefundState


class Received(Answer):
    received: Literal[True]


class Resource(Answer):
    id: str
    name: str
    type: str
    quantity: int
    seats: int | None


class WorkingHours(Answer):
    day_of_week: int
    start_time: str
    end_time: str


class TimeOff(Answer):
    start: date | datetime = Field(alias="from")
    end: date | datetime = Field(alias="to")


class StaffMember(Answer):
    id: str
    name: str
    roles: list[str]
    working_hours: list[WorkingHours]
    time_off: list[TimeOff]
    time_zone: str
    user_id: str | None


class Closure(TimeOff):
    id: str
    target: ClosureTarget
    yearly: bool
    target_id: str | None
    reason: str


class SavedClosure(Closure):
    affected_bookings: int = Field(description="Live bookings ahead that it hits; they stay, staff decide about each.")


class FieldProblem(Answer):
    field: str
    code: str
    message: str


class Problem(Answer):
    """What every failure looks like (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    message: str
    errors: list[FieldProblem] | None = None
    alternatives: list[Slot] | None = Field(None, description="With SLOT_UNAVAILABLE: the nearest free times.")
    quote: Quote | None = Field(None, description="With PRICE_CHANGED: the price as it is now.")
