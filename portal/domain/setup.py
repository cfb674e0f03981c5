"""What is left to do before a house takes its first booking?"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What opens a house, in order."""

    HOUSE = "house"
    HOURS = "hours"
    SUPPLY = "supply"
    SERVICE = "service"
    TRIAL = "trial"


@dataclass(frozen=True)
class Found:
    """What is really there."""

    has_name: bool
    has_closures: bool
    has_supply: bool  # a resource or a staff member
    has_service: bool  # one that customers see
    has_booking: bool

    @property
    def done(self) -> frozenset[Step]:
        """Return the steps that what is there shows as done."""
        shown: Mapping[Step, bool] = {
            Step.HOUSE: self.has_name,
            Step.HOURS: self.has_closures,
            Step.SUPPLY: self.has_supply,
            Step.SERVICE: self.has_service,
            Step.TRIAL: self.has_booking,
        }
        return frozenset(step for step, is_shown in shown.items() if is_shown)


@dataclass(frozen=True)
class Setup:
    """How far a house is; `skipped` are the steps that somebody of the team left out."""

    done: frozenset[Step]
    skipped: frozenset[Step] = frozenset()

    @property
    def next(self) -> Step | None:
        """Return the step that comes next, None where nothing is left."""
        return next((one for one in Step if one not in self.done | self.skipped), None)

    @property
    def is_over(self) -> bool:
        """Tell whether nobody has to be led any more: nothing is left, or what customers see was booked already."""
        return self.next is None or self.done >= {Step.SERVICE, Step.TRIAL}


def setup_of(found: Found, skipped: Collection[str] = ()) -> Setup:
    """Return how far a house is; what is done is no longer left out."""
    done = found.done
    return Setup(done, frozenset(one for one in Step if one in skipped) - done)
