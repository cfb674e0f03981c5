"""What is a service: its shape in JSON, its defaults, and what makes it impossible?

One definition serves the API, the stored JSON columns and the rules; values are frozen.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from portal.domain.conditions import ConditionError, compile_condition, package_minutes
from portal.domain.errors import N_
from portal.domain.money import is_currency
from portal.domain.patterns import MAX_PATTERN, PatternError, compile_pattern
from portal.domain.shape import (
    Count,
    FreeJson,
    Identifier,
    Line,
    Minor,
    Name,
    Prose,
    Shape,
    as_tuple,
    one_of,
    refusal,
)

DAY = 1440  # minutes
MAX_MINUTES = 31 * DAY
MAX_TIERS = 20  # the cheapest cover by many odd packages takes seconds
TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_ZONES = frozenset(available_timezones())
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class ServiceType(StrEnum):
    APPOINTMENT = "appointment"
    EVENT = "event"
    COURSE = "course"
    RENTAL = "rental"
    ROOM = "room"
    TABLE = "table"
    CUSTOM = "custom"


class PriceUnit(StrEnum):
    PARTICIPANT = "participant"
    BLOCK = "block"
    BOOKING = "booking"


class FieldType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    EMAIL = "email"
    PHONE = "phone"
    SELECT = "select"
    MULTISELECT = "multiselect"
    CHECKBOX = "checkbox"
    DATE = "date"


class Selection(StrEnum):
    ANY = "any"
    ALL = "all"


class Interval(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class RefundPolicy(StrEnum):
    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


SHARED_TYPES = frozenset({ServiceType.EVENT, ServiceType.COURSE})
POOL_RESOURCE_TYPES = frozenset({"room", "vehicle", "facility", "table"})
LISTED_RESOURCE_TYPES = frozenset({"material", "service"})
DEFAULT_UNITS = {
    ServiceType.EVENT: PriceUnit.PARTICIPANT,
    ServiceType.COURSE: PriceUnit.PARTICIPANT,
    ServiceType.TABLE: PriceUnit.PARTICIPANT,
    ServiceType.RENTAL: PriceUnit.BLOCK,
    ServiceType.ROOM: PriceUnit.BLOCK,
    ServiceType.APPOINTMENT: PriceUnit.BOOKING,
    ServiceType.CUSTOM: PriceUnit.BOOKING,
}


def minutes_of(time: str) -> int:
    """Return the minutes since midnight of "HH:MM"; 24:00 is 1440."""
    return int(time[:2]) * 60 + int(time[3:])


def _time(text: str) -> str:
    if not TIME.fullmatch(text):
        raise refusal("time", N_("Write the time as HH:MM, from 00:00 to 24:00."))
    return text


def _time_of_day(text: str) -> str:
    if not TIME.fullmatch(text) or text == "24:00":
        raise refusal("time_of_day", N_("Write the time as HH:MM, from 00:00 to 23:59."))
    return text


def _date(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        found = date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) else None
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2100:
        raise refusal("date", N_("Write the date as YYYY-MM-DD, between 2000 and 2100."))
    return found


def is_zone(name: str) -> bool:
    """Tell whether there is a time zone of this name."""
    return name in _ZONES


def _zone(name: str) -> str:
    if not is_zone(name):
        raise refusal("time_zone", N_("Give a time zone's name such as Europe/Paris."))
    return name


def _currency(code: str) -> str:
    if not is_currency(code):
        raise refusal("currency", N_("Give a currency's three letters, such as EUR."))
    return code


def _condition(text: str) -> str:
    try:
        compile_condition(text)
    except ConditionError as error:
        raise refusal("condition", error.template, **error.params) from None
    return text


def _pattern(text: str) -> str:
    try:
        compile_pattern(text)
    except PatternError:
        raise refusal(
            "pattern", N_("This pattern cannot be used. Look-around and back-references are not supported.")
        ) from None
    return text


WallTime = Annotated[str, AfterValidator(_time)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
LocalDate = Annotated[date, BeforeValidator(_date)]
ZoneName = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Minutes = Annotated[int, Field(ge=1, le=MAX_MINUTES)]


def _whole_or_float(value: Any) -> Any:
    """JSON writes 2 and 2.0 for one number; a boolean is neither."""
    plain = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
    return float(value) if plain else value


def _percent(value: Any) -> Any:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return Decimal(str(value)) if plain else value


Hours = Annotated[float, BeforeValidator(_whole_or_float), Field(ge=0, le=24 * 366)]
Percent = Annotated[
    Decimal,
    BeforeValidator(_percent),
    Field(ge=0, le=100),
    PlainSerializer(lambda value: float(value) if value % 1 else int(value)),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 100}),
]
T = TypeVar("T")
Many = Annotated[tuple[T, ...], BeforeValidator(as_tuple), Field(max_length=500)]


Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class TimeRange(Shape):
    start_time: WallTime
    end_time: WallTime

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if minutes_of(self.end_time) <= minutes_of(self.start_time):
            raise refusal(
                "end_before_start",
                N_("End after the start. Hours past midnight are two entries: until 24:00, and from 00:00."),
            )
        return self

    @property
    def minutes(self) -> tuple[int, int]:
        """Start and end in minutes since midnight."""
        return minutes_of(self.start_time), minutes_of(self.end_time)


class OpeningHours(TimeRange):
    """Weekly hours; days count from Sunday, 0 to 6, and 7 is Sunday too."""

    day_of_week: Annotated[int, Field(ge=0, le=7)]

    @property
    def weekday(self) -> int:
        return self.day_of_week % 7


class SpecialSlot(TimeRange):
    available: bool = True


class SpecialDate(Shape):
    date: LocalDate
    slots: Annotated[tuple[SpecialSlot, ...], BeforeValidator(as_tuple), Field(min_length=1, max_length=50)]


class BookingWindow(Shape):
    """Lead time and horizon; what is None falls back to the global rule."""

    min_advance_hours: Hours | None = None
    max_advance_days: Annotated[int, Field(ge=0, le=1830)] | None = None


class CancellationPolicy(Shape):
    allow_cancellation: bool = True
    cutoff_hours: Hours | None = None
    refund_policy: Annotated[RefundPolicy, one_of(RefundPolicy)] = RefundPolicy.FULL
    refund_percentage: Percent | None = None

    @model_validator(mode="after")
    def _partial_has_percentage(self) -> Self:
        if self.refund_policy is RefundPolicy.PARTIAL and self.refund_percentage is None:
            raise refusal("percentage_missing", N_("A partial refund needs refundPercentage, from 0 to 100."))
        return self


class Recurring(Shape):
    enabled: bool = False
    intervals: Many[Annotated[Interval, one_of(Interval)]] = ()
    max_occurrences: Annotated[int, Field(ge=1, le=366)] | None = None


class ResourceRequirement(Shape):
    id: Identifier
    name: Name
    type: Annotated[Name, Field(max_length=50)]
    quantity: Count | None = None
    selection: Annotated[Selection, one_of(Selection)] | None = None

    @property
    def is_pooled(self) -> bool:
        """Tell whether the requirement is one choice among those of its type."""
        if self.selection is not None:
            return self.selection is Selection.ANY
        return self.type in POOL_RESOURCE_TYPES

    @property
    def is_only_listed(self) -> bool:
        """Tell whether the requirement is information and takes nothing."""
        return self.type in LISTED_RESOURCE_TYPES and self.quantity is None and self.selection is None

    @property
    def units(self) -> int:
        """How many units a booking takes: all of `quantity`, but one where any one of a pool will do."""
        return 1 if self.is_pooled else self.quantity or 1


class StaffRequirement(Shape):
    role: Annotated[Name, Field(max_length=100)]
    count: Annotated[int, Field(ge=1, le=100)] = 1
    specific_staff_ids: Many[Identifier] | None = None


class Coordinates(Shape):
    lat: Annotated[float, BeforeValidator(_whole_or_float), Field(ge=-90, le=90)]
    lng: Annotated[float, BeforeValidator(_whole_or_float), Field(ge=-180, le=180)]


class Location(Shape):
    type: Literal["physical", "virtual", "hybrid"]
    address: Line | None = None
    room: Line | None = None
    virtual_link: Annotated[Line, Field(max_length=2000)] | None = None
    coordinates: Coordinates | None = None

    @model_validator(mode="after")
    def _link_is_a_web_address(self) -> Self:
        if self.virtual_link and not re.match(r"https?://[^\s/]+", self.virtual_link):
            raise refusal("link", N_("Give the link as an address that begins with https://."))
        return self


class PricingTier(Shape):
    """A price under a condition; `covers` and `per` are explained in `pricing`."""

    name: Name
    condition: Annotated[str, Field(max_length=500), AfterValidator(_condition)]
    price: Minor
    description: Prose | None = None
    per: Annotated[PriceUnit, one_of(PriceUnit)] | None = None
    covers: Annotated[int, Field(ge=1, le=366 * DAY)] | None = None


class CustomField(Shape):
    id: Annotated[Identifier, Field(max_length=100)]
    name: Name
    type: Annotated[FieldType, one_of(FieldType)]
    required: bool = False
    options: Many[Name] | None = None
    validation: Annotated[str, Field(max_length=MAX_PATTERN), AfterValidator(_pattern)] | None = None

    @model_validator(mode="after")
    def _choice_has_options(self) -> Self:
        if self.type in {FieldType.SELECT, FieldType.MULTISELECT} and not self.options:
            raise refusal("options_missing", N_("Give at least one option to choose from."))
        if self.options and len(set(self.options)) < len(self.options):
            raise refusal("options_repeated", N_("Give each option only once."))
        return self


class FieldTranslation(Shape):
    name: Name | None = None
    options: Many[Name] | None = None


class TierTranslation(Shape):
    name: Name | None = None
    description: Prose | None = None


class Translation(Shape):
    name: Name | None = None
    description: Prose | None = None
    custom_fields: dict[Identifier, FieldTranslation] = Field(default_factory=dict)
    pricing_tiers: Many[TierTranslation] = ()


def _repeated(values: Sequence[Any]) -> bool:
    return len(set(values)) < len(values)


class ServiceFields(Shape):
    """What staff set on a service; everything else has a default."""

    name: Name
    duration: Minutes
    price: Minor
    type: Annotated[ServiceType, one_of(ServiceType)] = ServiceType.APPOINTMENT
    slug: Annotated[str, Field(min_length=1, max_length=100, pattern=SLUG)] | None = None
    description: Prose | None = None
    currency: Currency | None = None
    min_participants: Count | None = None
    max_participants: Count | None = None
    category: Annotated[Line, Field(max_length=100)] | None = None
    booking_window: BookingWindow | None = None
    cancellation_policy: CancellationPolicy | None = None
    recurring: Recurring | None = None
    available_slots: Many[OpeningHours] = ()
    special_availability: Many[SpecialDate] = ()
    required_resources: Many[ResourceRequirement] = ()
    required_staff: Many[StaffRequirement] = ()
    location: Location | None = None
    pricing_tiers: Annotated[Many[PricingTier], Field(max_length=MAX_TIERS)] = ()
    custom_fields: Many[CustomField] = ()
    is_active: bool = True
    metadata: FreeJson = Field(default_factory=dict)
    time_zone: ZoneName | None = None
    capacity: Count | None = None
    slot_interval: Annotated[int, Field(ge=5, le=DAY)] | None = None
    max_duration: Annotated[int, Field(ge=1, le=366 * DAY)] | None = None
    buffer_before: Annotated[int, Field(ge=0, le=DAY)] = 0
    buffer_after: Annotated[int, Field(ge=0, le=DAY)] = 0
    check_in_time: TimeOfDay = "15:00"
    check_out_time: TimeOfDay = "11:00"
    requires_approval: bool = False
    price_unit: Annotated[PriceUnit, one_of(PriceUnit)] | None = None
    tax_rate: Percent | None = None
    participant_details_required: bool = False
    translations: dict[Language, Translation] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        errors = [*self._number_errors(), *self._list_errors(), *self._package_errors()]
        if errors:
            raise errors[0]
        return self

    def _number_errors(self) -> list[PydanticCustomError]:
        errors = []
        if self.min_participants and self.max_participants and self.min_participants > self.max_participants:
            errors.append(
                refusal("party_bounds", N_("minParticipants cannot be above maxParticipants."), at="minParticipants")
            )
        if self.max_duration is not None and self.max_duration < self.duration:
            errors.append(refusal("max_duration", N_("maxDuration cannot be below duration."), at="maxDuration"))
        return errors

    def _list_errors(self) -> list[PydanticCustomError]:
        dates = [one.date for one in self.special_availability]
        fields, resources = [one.id for one in self.custom_fields], [one.id for one in self.required_resources]
        rules: list[tuple[list[Any], str, str, str]] = [
            (dates, "specialAvailability", "date_repeated", N_("Give each date once.")),
            (fields, "customFields", "id_repeated", N_("Give each field its own id.")),
            (resources, "requiredResources", "id_repeated", N_("Name each resource once.")),
        ]
        return [refusal(code, message, at=field) for values, field, code, message in rules if _repeated(values)]

    def _package_errors(self) -> list[PydanticCustomError]:
        message = N_("The tier %(tier)s cannot cover less than the length its condition asks for.")
        return [
            refusal("covers", message, tier=tier.name, at=f"pricingTiers.{index}.covers")
            for index, tier in enumerate(self.pricing_tiers)
            if tier.covers and tier.covers < (_bought(tier) or 0)
        ]


def _bought(tier: PricingTier) -> int | None:
    return package_minutes(compile_condition(tier.condition))


class Service(ServiceFields):
    """A service as it is stored and shown."""

    id: Identifier
    slug: str
    currency: str
    time_zone: str
    version: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def is_shared(self) -> bool:
        """Tell whether bookings share one occurrence (event, course)."""
        return self.type in SHARED_TYPES

    @property
    def is_by_night(self) -> bool:
        return self.type is ServiceType.ROOM and self.duration == DAY

    @property
    def is_variable(self) -> bool:
        """Tell whether the customer chooses the length in steps of the slot interval."""
        return self.type is ServiceType.RENTAL or (self.type is ServiceType.ROOM and self.duration < DAY)

    @property
    def has_own_hours(self) -> bool:
        return bool(self.available_slots or self.special_availability)

    @property
    def unit(self) -> PriceUnit:
        return self.price_unit or DEFAULT_UNITS[self.type]

    @property
    def pools(self) -> dict[str, list[ResourceRequirement]]:
        """Interchangeable requirements by type: a booking takes one of each type."""
        found: dict[str, list[ResourceRequirement]] = {}
        for requirement in self.required_resources:
            if requirement.is_pooled:
                found.setdefault(requirement.type, []).append(requirement)
        return found

    @property
    def fixed_resources(self) -> list[ResourceRequirement]:
        """Requirements that a booking takes all together."""
        return [one for one in self.required_resources if not one.is_pooled and not one.is_only_listed]

    @property
    def min_party(self) -> int:
        """The smallest party of one booking; of an event or course, minParticipants counts all bookings."""
        return 1 if self.is_shared else self.min_participants or 1

    @property
    def max_party(self) -> int | None:
        """The largest party of one booking, None where unbounded."""
        single = self.type in {ServiceType.APPOINTMENT, ServiceType.CUSTOM}
        return self.max_participants or (max(1, self.min_party) if single else None)

    @property
    def interval(self) -> int:
        """Minutes between two starts."""
        if self.slot_interval is not None:
            return self.slot_interval
        if self.type is ServiceType.TABLE:
            return 30
        return self.duration if self.has_own_hours else 15

    @property
    def units_at_once(self) -> int | None:
        """How many bookings (of a shared type: occurrences) may run side by side; None: as many as fit."""
        if self.capacity is not None:
            return self.capacity
        if self.is_shared:
            return 1
        return None if self.pools or self.fixed_resources or self.required_staff else 1
