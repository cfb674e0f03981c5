"""For how long can something be taken that the customer chooses the length of?"""

from dataclasses import dataclass

from portal.domain.availability import Slot
from portal.domain.conditions import compile_condition, package_minutes
from portal.domain.rules import Rules
from portal.domain.schedule import is_bookable_length, is_open_any_time, longest
from portal.domain.service import DAY, Service, minutes_of
from portal.web.forms import Choice

FINE_UP_TO, HOURLY_UP_TO = 4 * 60, DAY  # lengths are offered in steps, then hours, then days
MOST_BUTTONS = 8
DAYS = (DAY, 7 * DAY, 2 * DAY)  # as wanted first


@dataclass(frozen=True)
class Length:
    """A length in minutes; `choice` keeps the chosen time only where it is free for so long."""

    minutes: int
    fits: bool
    is_chosen: bool
    choice: Choice


@dataclass(frozen=True)
class Lengths:
    """The usual lengths, as buttons, and all of them where those are too many for buttons."""

    usual: tuple[Length, ...]
    all: tuple[Length, ...]
    fields: tuple[tuple[str, str], ...]  # what a form that sends a length keeps of the choice


def lengths_of(choice: Choice, rules: Rules, slot: Slot | None) -> Lengths | None:
    """Lay out the lengths to choose from; `slot` is the chosen time. None where the service has one length."""
    service = choice.service
    offered = lengths(service, rules, choice.minutes)
    if len(offered) < 2:
        return None
    most = slot.max_end - slot.start if slot and slot.max_end else None
    found = {minutes: _length(choice, minutes, most) for minutes in offered}
    usual = offered if len(offered) <= MOST_BUTTONS else _usual(service, offered, choice.minutes)
    everything = () if len(offered) <= MOST_BUTTONS else tuple(found.values())
    kept = tuple((name, str(value)) for name, value in choice.query().items() if value and name != "duration")
    return Lengths(tuple(found[one] for one in usual), everything, kept)


def _length(choice: Choice, minutes: int, most: int | None) -> Length:
    fits = most is None or minutes <= most
    kept = choice if fits else choice.at(start=None, day=choice.local_day)
    return Length(minutes, fits, minutes == choice.minutes, kept.at(length=minutes))


def _usual(service: Service, offered: list[int], chosen: int) -> list[int]:
    """Keep the chosen length, those from which a package is cheaper, a few durations, and whole days."""
    packages = [package_minutes(compile_condition(tier.condition)) for tier in service.pricing_tiers]
    durations = range(service.duration, 5 * service.duration, service.duration)
    wanted = dict.fromkeys([chosen, *filter(None, packages), *durations, *DAYS])
    return sorted([one for one in wanted if one in offered][:MOST_BUTTONS])


def lengths(service: Service, rules: Rules, chosen: int) -> list[int]:
    """List lengths to choose from, in minutes: fine steps first, then hours, then days; the chosen one among them."""
    if not service.is_variable:
        return []
    most = min(longest(service), _longest_opening(service, rules))
    offered = [
        one
        for one in range(service.duration, most + 1, service.interval)
        if one <= FINE_UP_TO or (one <= HOURLY_UP_TO and one % 60 == 0) or one % DAY == 0
    ]
    chosen_too = [chosen] if chosen not in offered and is_bookable_length(service, chosen) else []
    return sorted([*offered, *chosen_too])


def _longest_opening(service: Service, rules: Rules) -> int:
    if not service.available_slots and is_open_any_time(service):
        return longest(service)
    own = [(minutes_of(one.start_time), minutes_of(one.end_time)) for one in service.available_slots]
    own += [one.minutes for special in service.special_availability for one in special.slots if one.available]
    hours = own or [(start, end) for _, start, end in rules.business_hours]
    return max(end - start for start, end in hours)
