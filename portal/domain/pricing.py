"""What does a booking cost, line by line?

A service has a price for its unit: each participant, each started block of its duration (a night is one), or
the booking. The first tier whose condition holds replaces that price and, with `per`, the unit.

On a service priced by block, a tier that asks for `duration >= N` is a package instead. It buys `covers`
minutes (N; a whole day for N from 480 to 1439), and the total is the cheapest cover of the duration by matching
packages and the price outside of packages. `per` says what a package's price buys: without it, the package's
minutes, once for everybody; "participant", the same for each participant; "block", one block, that is a lower
rate from N on; "booking", the whole booking, a flat price from N on. The last two have no use for `covers`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from portal.domain.conditions import Condition, compile_condition, package_minutes
from portal.domain.money import tax_in
from portal.domain.packages import Piece, cheapest_cover
from portal.domain.service import DAY, PriceUnit, PricingTier, Service

HALF_DAY = 480  # eight hours are a day's hire
LONGEST = 366 * DAY
MAX_TOTAL = 99_999_999  # minor units: Stripe takes eight digits
DEFAULT_LONGEST = 30 * DAY  # what a customer may choose where the service names no maximum


class LineKind(StrEnum):
    PRICE = "price"
    PACKAGE = "package"
    DISCOUNT = "discount"
    ADJUSTMENT = "adjustment"  # to a total that the team agreed on; its label is the reason


@dataclass(frozen=True, slots=True)
class PriceRequest:
    """What a price depends on besides the service.

    Instants are aware; `booked_at` is when the booking was first made, also after a reschedule.
    `duration_minutes` counts a night as 1440, whatever the clock did. `user` holds the attributes of the
    customer's account, `declared` the booking's metadata.
    Raises ValueError for a party below 1 or a duration outside 1 minute to 366 days.
    """

    party: int
    start: datetime
    end: datetime
    duration_minutes: int
    booked_at: datetime
    now: datetime
    user: Mapping[str, Any]
    declared: Mapping[str, Any]

    def __post_init__(self) -> None:
        if self.party < 1 or not 1 <= self.duration_minutes <= LONGEST:
            raise ValueError("party or duration out of bounds: refuse them before asking for a price")


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One line, quantity x unit price; the label is the name of that tier, or of the service without one."""

    kind: LineKind
    label: str
    quantity: int
    unit_price: int
    amount: int
    tier_index: int | None = None


@dataclass(frozen=True, slots=True)
class NextPackage:
    """A package that a longer booking would get, for less: `total` for `minutes` in all."""

    name: str
    tier_index: int
    minutes: int
    total: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A price in minor units. The lines sum to the total, which includes the tax of `tax_rate` percent."""

    currency: str
    lines: tuple[QuoteLine, ...]
    tax: int
    total: int
    next_package: NextPackage | None = None
    tax_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DeclaredInput:
    """A value that a price depends on and only the customer knows."""

    name: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class _Rate:
    """A price for `minutes`, to be paid `times` over whenever they are bought."""

    kind: LineKind
    label: str
    price: int
    minutes: int
    times: int
    tier_index: int | None = None

    def line(self, count: int) -> QuoteLine:
        quantity = count * self.times
        return QuoteLine(self.kind, self.label, quantity, self.price, quantity * self.price, self.tier_index)


def quote(service: Service, request: PriceRequest) -> Quote:
    """Price a booking; whether its place is free does not matter."""
    lines = _lines(service, request)
    total, rate = _sum(lines), service.tax_rate
    longer = next_package(service, request, total)
    return Quote(service.currency, lines, tax_in(total, rate), total, longer, rate)


def next_package(service: Service, request: PriceRequest, total: int) -> NextPackage | None:
    """Return the nearest package for which a longer booking would cost less than this total.

    Only lengths that a customer can choose count; whether the place is free for so long is not known here.
    """
    for minutes, index in sorted(_longer_packages(service, request.duration_minutes)):
        lines = _lines(service, replace(request, duration_minutes=minutes))
        if _sum(lines) < total and any(line.tier_index == index for line in lines):
            return NextPackage(service.pricing_tiers[index].name, index, minutes, _sum(lines))
    return None


def declared_inputs(service: Service) -> tuple[DeclaredInput, ...]:
    """Return what the service's conditions ask of the customer, in order of appearance."""
    found: dict[str, bool] = {}
    for tier in service.pricing_tiers:
        condition = compile_condition(tier.condition)
        for name in condition.appearing:
            if name in condition.declared_inputs:
                found[name] = found.get(name, False) or name in condition.numeric_inputs
    return tuple(DeclaredInput(name, is_number) for name, is_number in found.items())


def _sum(lines: Sequence[QuoteLine]) -> int:
    return sum(line.amount for line in lines)


# ---------------------------------------------------------------- which rates there are


def _lines(service: Service, request: PriceRequest) -> tuple[QuoteLine, ...]:
    plain, packages = _rates(service, request)
    if not packages:
        return (plain.line(-(-request.duration_minutes // plain.minutes)),)
    rates = [*packages, plain]
    pieces = tuple(Piece(rate.minutes, rate.price * rate.times) for rate in rates)
    counts = cheapest_cover(request.duration_minutes, pieces)
    bought = [(rate, count) for rate, count in zip(rates, counts, strict=True) if count]
    bought.sort(key=lambda item: (item[0] is plain, -item[0].minutes))
    return tuple(rate.line(count) for rate, count in bought)


def _rates(service: Service, request: PriceRequest) -> tuple[_Rate, list[_Rate]]:
    """Return the price outside of packages, and the packages that this booking may have."""
    plain, packages = None, []
    for index, tier in _matching(service, request):
        if _least_minutes(service, tier):
            packages.append(_package(service, request, tier, index))
        elif plain is None:
            minutes, times = _bought(tier.per or service.unit, service, request)
            plain = _Rate(LineKind.PRICE, tier.name, tier.price, minutes, times, index)
    if plain is None:
        plain = _Rate(LineKind.PRICE, service.name, service.price, *_bought(service.unit, service, request))
    return plain, packages


def _bought(unit: PriceUnit, service: Service, request: PriceRequest) -> tuple[int, int]:
    """Return for how many minutes a price of that unit lasts, and how often it is due for them."""
    match unit:
        case PriceUnit.PARTICIPANT:
            return request.duration_minutes, request.party
        case PriceUnit.BOOKING:
            return request.duration_minutes, 1
    return service.duration, 1


def _package(service: Service, request: PriceRequest, tier: PricingTier, index: int) -> _Rate:
    least = package_minutes(compile_condition(tier.condition)) or 0
    minutes, times = tier.covers or (DAY if HALF_DAY <= least < DAY else least), 1
    if tier.per is PriceUnit.PARTICIPANT:
        times = request.party
    elif tier.per is not None:
        minutes, times = _bought(tier.per, service, request)
    return _Rate(LineKind.PACKAGE, tier.name, tier.price, minutes, times, index)


def _least_minutes(service: Service, tier: PricingTier) -> int | None:
    """Return the length from which a tier is a package, None where it is none."""
    if service.unit is not PriceUnit.BLOCK:
        return None
    return package_minutes(compile_condition(tier.condition))


def _longer_packages(service: Service, minutes: int) -> Iterator[tuple[int, int]]:
    """Yield (minutes, tier index) of the packages that begin beyond that length and can be chosen."""
    if not (service.is_variable or service.is_by_night):
        return
    step = DAY if service.is_by_night else service.interval
    for index, tier in enumerate(service.pricing_tiers):
        least = _least_minutes(service, tier)
        if least is None or least <= minutes:
            continue
        chosen = service.duration + max(0, -(-(least - service.duration) // step)) * step
        if chosen <= (service.max_duration or DEFAULT_LONGEST):
            yield chosen, index


# ---------------------------------------------------------------- what conditions see


def _matching(service: Service, request: PriceRequest) -> list[tuple[int, PricingTier]]:
    """Return the tiers whose condition holds, each with its index."""
    if not service.pricing_tiers:
        return []
    conditions = [compile_condition(tier.condition) for tier in service.pricing_tiers]
    env = _environment(service.zone, request, conditions)
    return [(index, tier) for index, tier in enumerate(service.pricing_tiers) if conditions[index].holds(env)]


def _environment(zone: ZoneInfo, request: PriceRequest, conditions: Sequence[Condition]) -> dict[str, Any]:
    """Name what is known; nothing that the customer declares can take the place of anything else."""
    declared = {name for condition in conditions for name in condition.declared_inputs}
    return {
        **{name: request.declared[name] for name in declared if name in request.declared},
        **{f"user.{name}": value for name, value in request.user.items()},
        **_built_in(zone, request),
    }


def _built_in(zone: ZoneInfo, request: PriceRequest) -> dict[str, int]:
    """Return the value of every built-in name; dates are day numbers in the service's zone."""
    start = request.start.astimezone(zone)
    event_date, booking_date = start.toordinal(), request.booked_at.astimezone(zone).toordinal()
    return {
        "participants": request.party,
        "group_size": request.party,
        "duration": request.duration_minutes,
        "dayOfWeek": start.isoweekday(),
        "hour": start.hour,
        "month": start.month,
        "booking_date": booking_date,
        "event_date": event_date,
        "today": request.now.astimezone(zone).toordinal(),
        "advance_days": event_date - booking_date,
    }
