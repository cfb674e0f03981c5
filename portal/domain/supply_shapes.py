"""What shape do resources, staff members and closures have in JSON, and what makes them impossible?"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from portal.domain.errors import N_
from portal.domain.instants import InstantError, parse_instant, parse_instant_or_date, write_instant
from portal.domain.schedule import Closure, ClosureTarget, WeeklyHours
from portal.domain.service import Many, OpeningHours, ZoneName
from portal.domain.shape import Count, Identifier, Line, Name, Shape, one_of, refusal
from portal.domain.supply import Resource, StaffMember, TimeOff

Bound = date | datetime


def _read_by(parse: Callable[[str], Bound]) -> BeforeValidator:
    """Return a validator that reads text and says what is wrong with it."""

    def read(value: Any) -> Bound:
        if not isinstance(value, str):
            raise refusal("string_type", N_("Give text."))
        try:
            return parse(value)
        except InstantError as error:
            raise refusal(error.code, error.message, **error.params) from None

    return BeforeValidator(read)


def write_bound(bound: Bound) -> str:
    """Write a date or an instant as the API does."""
    return write_instant(bound) if isinstance(bound, datetime) else bound.isoformat()


DateOrInstant = Annotated[
    datetime | date, _read_by(parse_instant_or_date), PlainSerializer(write_bound, return_type=str)
]
Instant = Annotated[datetime, _read_by(parse_instant)]


class Stretch(Shape):
    """From one local date to another, both included, or from one instant to another."""

    start: DateOrInstant = Field(alias="from")
    end: DateOrInstant = Field(alias="to")

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if isinstance(self.start, datetime) != isinstance(self.end, datetime):
            raise refusal("mixed_bounds", N_("Give two dates, or two times with an offset."), at="to")
        by_time = isinstance(self.start, datetime)
        if self.end < self.start or (by_time and self.end == self.start):
            raise refusal("end_before_start", N_("Let the period end after it starts."), at="to")
        for name, bound in (("from", self.start), ("to", self.end)):
            if isinstance(bound, datetime) and (bound.second or bound.microsecond):
                raise refusal("whole_minutes", N_("Give whole minutes."), at=name)
        return self


class ResourceFields(Shape):
    """What staff set on a resource; without an id it gets one."""

    id: Identifier | None = None
    name: Name
    type: Annotated[Name, Field(max_length=50)]
    quantity: Count = 1
    seats: Count | None = None

    def value(self, own_id: str) -> Resource:
        return Resource(own_id, self.name, self.type, self.quantity, self.seats)


class StaffFields(Shape):
    """What staff set on a staff member; no working hours means always."""

    id: Identifier | None = None
    name: Name
    roles: Many[Annotated[Name, Field(max_length=100)]] = ()
    working_hours: Many[OpeningHours] = ()
    time_off: Many[Stretch] = ()
    time_zone: ZoneName | None = None
    user_id: Identifier | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if len(set(self.roles)) < len(self.roles):
            raise refusal("role_repeated", N_("Give each role once."), at="roles")
        if _overlap(self.week):
            raise refusal("hours_overlap", N_("Give working hours that do not overlap."), at="workingHours")
        return self

    @property
    def week(self) -> WeeklyHours:
        """The working hours in order: (day of week from Sunday, start, end) in minutes."""
        return tuple(sorted((one.weekday, *one.minutes) for one in self.working_hours))

    def value(self, own_id: str, time_zone: str) -> StaffMember:
        return StaffMember(
            id=own_id,
            name=self.name,
            roles=self.roles,
            time_zone=self.time_zone or time_zone,
            working_hours=self.week,
            time_off=tuple(TimeOff(one.start, one.end) for one in self.time_off),
            user_id=self.user_id,
        )


def _overlap(week: Sequence[tuple[int, int, int]]) -> bool:
    return any(a[0] == b[0] and b[1] < a[2] for a, b in pairwise(week))


class ClosureFields(Stretch):
    """What staff set on a closure: for everything, or for one thing of which the id is given."""

    target: Annotated[ClosureTarget, one_of(ClosureTarget)] = ClosureTarget.ALL
    target_id: Identifier | None = None
    reason: Line = ""
    yearly: bool = Field(False, description="From date to date, in every year from the first on.")

    @model_validator(mode="after")
    def _fits_into_a_year(self) -> Self:
        if not self.yearly:
            return self
        if isinstance(self.start, datetime):
            raise refusal(
                "yearly_dates", N_("A closure of every year goes from date to date, without times."), at="yearly"
            )
        start, end = self.start, self.end
        if (end.year, end.month, end.day) >= (start.year + 1, start.month, start.day):
            raise refusal("yearly_too_long", N_("Let a closure of every year be shorter than a year."), at="to")
        return self

    @model_validator(mode="after")
    def _names_its_target(self) -> Self:
        if self.target is ClosureTarget.ALL and self.target_id is not None:
            raise refusal(
                "target_not_needed", N_("A closure of everything has no targetId. Leave it out."), at="targetId"
            )
        if self.target is not ClosureTarget.ALL and self.target_id is None:
            raise refusal("target_missing", N_("Say what is closed: give targetId too."), at="targetId")
        return self

    def value(self, own_id: str) -> Closure:
        return Closure(self.start, self.end, self.target, self.target_id, own_id, self.reason, self.yearly)


def time_text(minutes: int) -> str:
    """Write minutes since midnight as HH:MM; 1440 is 24:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def resource_json(resource: Resource) -> dict[str, Any]:
    """Write a resource in the API's form."""
    return {
        "id": resource.id,
        "name": resource.name,
        "type": resource.type,
        "quantity": resource.quantity,
        "seats": resource.seats,
    }


def staff_json(member: StaffMember) -> dict[str, Any]:
    """Write a staff member in the API's form."""
    return {
        "id": member.id,
        "name": member.name,
        "roles": list(member.roles),
        "workingHours": [
            {"dayOfWeek": day, "startTime": time_text(start), "endTime": time_text(end)}
            for day, start, end in member.working_hours
        ],
        "timeOff": [{"from": write_bound(one.start), "to": write_bound(one.end)} for one in member.time_off],
        "timeZone": member.time_zone,
        "userId": member.user_id,
    }


def closure_json(closure: Closure) -> dict[str, Any]:
    """Write a closure in the API's form."""
    return {
        "id": closure.id,
        "from": write_bound(closure.start),
        "to": write_bound(closure.end),
        "target": str(closure.target),
        "targetId": closure.target_id,
        "reason": closure.reason,
        "yearly": closure.yearly,
    }
