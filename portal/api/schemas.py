"""What shape do requests have? Only shape: what it means is checked by the rules, in `domain` and `usecases`."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from portal.domain.account import AccountStatus, Role
from portal.domain.errors import N_
from portal.domain.lifecycle import BookingStatus, Source
from portal.domain.payments import RefundChoice
from portal.domain.price_override import PriceOverride
from portal.domain.service import LocalDate, Many, ServiceType
from portal.domain.shape import MAX_INTEGER, Count, FreeJson, Identifier, Line, Prose, Shape, one_of, refusal
from portal.domain.supply_shapes import DateOrInstant, Instant
from portal.usecases.booking_changes import ChangeBooking
from portal.usecases.customers import MAX_REASON as MAX_BAN_REASON
from portal.usecases.desk import Desk
from portal.usecases.orders import CreateBooking

MAX_REASON = 1000


def _object(value: Any) -> Any:
    """Take null where an object may be left out: clients write it so."""
    return {} if value is None else value


Reason = Annotated[Prose, Field(max_length=MAX_REASON)]
AnyObject = Annotated[FreeJson, BeforeValidator(_object)]
Details = Annotated[Many[dict[str, Any]], BeforeValidator(lambda value: [] if value is None else value)]
SourceName = Annotated[Source, one_of(Source)]
StatusName = Annotated[BookingStatus, one_of(BookingStatus)]


# ---------------------------------------------------------------- accounts


class SignUpBody(Shape):
    email: Line
    password: Annotated[str, Field(max_length=10_000)]
    name: Line


class SignInBody(Shape):
    email: Line
    password: Annotated[str, Field(max_length=10_000)]


class CreateCustomerBody(Shape):
    email: Line
    name: Line
    attributes: AnyObject = Field(default_factory=dict)
    contact_phone: Line | None = None
    internal_notes: Prose | None = None


class ChangeCustomerBody(Shape):
    """What is left out stays; `attributes` are replaced as a whole; `banReason` goes with the status banned.

    Null empties `contactPhone` and `internalNotes`. `role` is for admins.
    """

    name: Line | None = None
    attributes: FreeJson | None = None
    contact_phone: Line | None = None
    internal_notes: Prose | None = None
    status: Annotated[AccountStatus, one_of(AccountStatus)] | None = None
    ban_reason: Annotated[str, Field(max_length=MAX_BAN_REASON)] | None = None
    role: Annotated[Role, one_of(Role)] | None = None


# ---------------------------------------------------------------- bookings


class PriceOverrideBody(Shape):
    """A total in minor units, tax included, that the team agreed on instead of the listed one, and why."""

    total: int
    reason: Prose

    def to_value(self) -> PriceOverride:
        """Return what the use-case takes."""
        return PriceOverride(self.total, self.reason)


class QuoteBody(Shape):
    """What may be sent to create; a price needs only the first few.

    `customerId` (whose booking it is), `priceOverride` and `payUntil` are for staff.
    """

    service_id: Identifier
    start_date: DateOrInstant
    end_date: DateOrInstant | None = None
    participants: Count | None = None
    notes: Prose | None = None
    contact_email: Line | None = None
    contact_phone: Line | None = None
    metadata: AnyObject = Field(default_factory=dict)
    custom_field_values: AnyObject = Field(default_factory=dict)
    participant_details: Details = ()
    promo_code: Line | None = None
    staff_id: Identifier | None = None
    recurring_config: FreeJson | None = None
    join_waitlist: bool = False
    source: SourceName = Source.API
    reference_id: Line | None = None
    quoted_total: Annotated[int, Field(ge=0, le=MAX_INTEGER)] | None = None
    customer_id: Identifier | None = None
    price_override: PriceOverrideBody | None = None
    pay_until: Instant | None = None

    def to_command(self) -> CreateBooking:
        """Return what the use-case takes."""
        return CreateBooking(
            service_id=self.service_id,
            start=self.start_date,
            end=self.end_date,
            participants=self.participants,
            notes=self.notes,
            contact_email=self.contact_email,
            contact_phone=self.contact_phone,
            metadata=self.metadata,
            custom_field_values=self.custom_field_values,
            participant_details=self.participant_details,
            promo_code=self.promo_code,
            staff_id=self.staff_id,
            recurring_config=self.recurring_config,
            join_waitlist=self.join_waitlist,
            source=self.source,
            reference_id=self.reference_id,
            quoted_total=self.quoted_total,
            desk=self._desk(),
        )

    def _desk(self) -> Desk | None:
        override = self.price_override.to_value() if self.price_override else None
        desk = Desk(self.customer_id, override=override, pay_until=self.pay_until)
        return desk if desk.given else None


class CreateBookingBody(QuoteBody):
    """A booking as it is asked for; status, price and owner are never a customer's to set.

    `customerId` (whose booking it is), `priceOverride` (agreed on instead of the listed price) and `payUntil` (how long
    the place waits to be paid by card, at most until it begins) are for staff.
    """


class ChangeBookingBody(Shape):
    """What is left out stays; null empties notes and telephone."""

    notes: Prose | None = None
    contact_email: Line = Field(default_factory=str)
    contact_phone: Line | None = None
    participants: Count = Field(default_factory=lambda: 1)
    participant_details: Many[dict[str, Any]] = ()

    def to_command(self) -> ChangeBooking:
        """Return what the use-case takes: only what was given."""
        return ChangeBooking(**{name: getattr(self, name) for name in self.model_fields_set})


class CancelBody(Shape):
    booking_id: Identifier
    reason: Reason | None = None


class CancelBookingBody(CancelBody):
    """`refund` is for staff: what goes back; customers get what the policy says."""

    refund: Annotated[RefundChoice, one_of(RefundChoice)] = RefundChoice.POLICY


class ApproveBody(Shape):
    booking_id: Identifier


class CheckInBody(Shape):
    """Either the booking's id, or the code that the customer shows: his reference, or what his QR code holds."""

    booking_id: Identifier | None = None
    code: Line | None = None


# ---------------------------------------------------------------- money


class CheckoutBody(Shape):
    """Addresses of PUBLIC_URL or ALLOWED_ORIGINS, to which the payment page leads back."""

    booking_id: Identifier
    success_url: Line
    cancel_url: Line


class RefundBody(Shape):
    """`amount` is in minor units; left out, everything that is left goes back."""

    booking_id: Identifier
    amount: Annotated[int, Field(ge=1, le=MAX_INTEGER)] | None = None
    reason: Reason | None = None


# ---------------------------------------------------------------- queries: every value arrives as text


def _number(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value):
        return int(value)
    raise refusal("int_parsing", N_("Give a whole number."))


def _truth(value: Any) -> Any:
    if value in {"true", "false"}:
        return value == "true"
    raise refusal("bool_parsing", N_("Give true or false."))


Number = Annotated[Count, BeforeValidator(_number)]
Truth = Annotated[bool, BeforeValidator(_truth)]


class ServicesQuery(Shape):
    active: Truth = True
    category: Annotated[Line, Field(max_length=100)] | None = None
    type: Annotated[ServiceType, one_of(ServiceType)] | None = None
    q: Line | None = None


class SlotsQuery(Shape):
    """`from` and `to` (exclusive): local dates of the service, or instants; at most 92 days apart."""

    start: DateOrInstant = Field(alias="from")
    end: DateOrInstant = Field(alias="to")
    participants: Number | None = None
    duration: Number | None = None
    nights: Annotated[int, Field(ge=1, le=366), BeforeValidator(_number)] | None = None
    staff_id: Identifier | None = None
    include: Literal["full"] | None = None


class NextSlotQuery(Shape):
    service_id: Identifier
    within_hours: Annotated[int, Field(ge=1, le=92 * 24), BeforeValidator(_number)] = 24
    participants: Number | None = None


class BookingsQuery(Shape):
    """Dates are those of the house's time zone; `to` is exclusive; `date` is one whole day."""

    status: Many[StatusName] = ()
    service_id: Identifier | None = None
    start: DateOrInstant | None = Field(None, alias="from")
    end: DateOrInstant | None = Field(None, alias="to")
    staff_id: Identifier | None = None
    user_id: Identifier | None = None
    date: LocalDate | None = None
    limit: Annotated[int, Field(ge=1, le=100), BeforeValidator(_number)] = 100
    cursor: Identifier | None = None


class CustomersQuery(Shape):
    search: Line | None = None
    limit: Annotated[int, Field(ge=1, le=100), BeforeValidator(_number)] = 100
    cursor: Identifier | None = None


class NoQuery(Shape):
    """A call without parameters."""


class PaymentStatusQuery(Shape):
    booking_id: Identifier
