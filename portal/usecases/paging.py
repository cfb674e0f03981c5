"""Which rows of a long list are on a page of it?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

PAGE = 50
Row = TypeVar("Row")


@dataclass(frozen=True)
class Paged(Generic[Row]):
    """A page of rows, counted from 1, and how many rows there are in all."""

    rows: Sequence[Row]
    page: int
    count: int

    @property
    def first(self) -> int:
        """The number of the first row."""
        return (self.page - 1) * PAGE + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The number of the last row."""
        return (self.page - 1) * PAGE + len(self.rows)

    @property
    def has_more(self) -> bool:
        return self.last < self.count


def page_within(page: int, count: int) -> int:
    """Return a page that exists: beyond the last it is the last, of nothing the first."""
    return max(1, min(page, -(-count // PAGE)))


def rows_before(page: int) -> int:
    """Return how many rows stand on the pages before."""
    return (page - 1) * PAGE
