"""What do the team see of customers at a glance, and how do they look for them?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """Whose accounts are shown: customers that may book, those whose account is closed, or the team."""

    OPEN = "open"
    CLOSED = "closed"
    TEAM = "team"


class CustomerSort(StrEnum):
    """What the list is ordered by; with a minus sign, the highest or latest first."""

    NAME = "name"
    NAME_DOWN = "-name"
    EMAIL = "email"
    EMAIL_DOWN = "-email"
    CREATED = "created"
    CREATED_DOWN = "-created"
    BOOKINGS = "bookings"
    BOOKINGS_DOWN = "-bookings"
    LAST = "last"
    LAST_DOWN = "-last"


@dataclass(frozen=True)
class CustomerSearch:
    """Which accounts to find: by a part of name or address, or by one of some ids (`owners` of a telephone number)."""

    text: str | None = None
    owners: frozenset[str] | None = None
    standing: Standing | None = None
    sort: CustomerSort = CustomerSort.NAME


@dataclass(frozen=True)
class Figures:
    """What somebody's bookings come to.

    `last` and `next` are the starts of visits; `paid` is what came by card less what went back, in minor units by
    currency.
    """

    bookings: int = 0
    last: datetime | None = None
    next: datetime | None = None
    no_shows: int = 0
    paid: Mapping[str, int] = field(default_factory=dict)
