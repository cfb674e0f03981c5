"""Is the cover the cheapest one, whatever the pieces are?"""

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.packages import Piece, cheapest_cover

HOUR, DAY, WEEK = 60, 1440, 10080


def pieces_of(least: int, longest: int, most: int) -> st.SearchStrategy[tuple[Piece, ...]]:
    piece = st.builds(Piece, st.integers(least, longest), st.integers(0, 30))
    return st.lists(piece, min_size=1, max_size=most).map(tuple)


def worth(counts: Sequence[int], pieces: Sequence[Piece]) -> tuple[int, int, list[int]]:
    """What is compared: the price, then how many kinds, then which."""
    kinds = [rank for rank, count in enumerate(counts) if count]
    price = sum(count * piece.price for count, piece in zip(counts, pieces, strict=True))
    return price, len(kinds), kinds


def covered(counts: Sequence[int], pieces: Sequence[Piece]) -> int:
    return sum(count * piece.minutes for count, piece in zip(counts, pieces, strict=True))


def tried_out(minutes: int, pieces: Sequence[Piece]) -> tuple[int, int, list[int]]:
    """Look at every combination there is."""
    ranges = [range(-(-minutes // piece.minutes) + 1) for piece in pieces]
    return min(worth(counts, pieces) for counts in product(*ranges) if covered(counts, pieces) >= minutes)


def least_price(minutes: int, pieces: Sequence[Piece]) -> int:
    """The textbook table: the last piece of a cover, and the cheapest cover of the rest."""
    table = [0]
    for need in range(1, minutes + 1):
        table.append(min(piece.price + table[max(0, need - piece.minutes)] for piece in pieces))
    return table[minutes]


@given(st.integers(1, 24), pieces_of(1, 12, 3))
def test_no_combination_is_cheaper_or_has_fewer_or_earlier_lines(minutes: int, pieces: tuple[Piece, ...]) -> None:
    counts = cheapest_cover(minutes, pieces)
    assert covered(counts, pieces) >= minutes
    assert worth(counts, pieces) == tried_out(minutes, pieces)


@given(st.integers(1, 1500), pieces_of(1, 60, 6))
def test_long_durations_cost_what_a_full_table_says(minutes: int, pieces: tuple[Piece, ...]) -> None:
    counts = cheapest_cover(minutes, pieces)
    assert covered(counts, pieces) >= minutes
    assert worth(counts, pieces)[0] == least_price(minutes, pieces)


@given(st.integers(1, 400), pieces_of(1, 60, 5), st.integers(1, 7))
def test_the_unit_of_time_does_not_matter(minutes: int, pieces: tuple[Piece, ...], factor: int) -> None:
    longer = tuple(Piece(piece.minutes * factor, piece.price) for piece in pieces)
    assert cheapest_cover(minutes * factor, longer) == cheapest_cover(minutes, pieces)


@pytest.mark.parametrize(
    ("minutes", "pieces", "counts"),
    [
        (1, [Piece(HOUR, 1500)], (1,)),
        (61, [Piece(HOUR, 1500)], (2,)),
        (366 * DAY, [Piece(1, 3)], (366 * DAY,)),
        # as dear one way as the other: one line rather than two, the first tier rather than the second
        (3 * HOUR, [Piece(2 * HOUR, 20), Piece(HOUR, 10)], (0, 3)),
        (2 * HOUR, [Piece(2 * HOUR, 20), Piece(HOUR, 10)], (1, 0)),
        (2 * HOUR, [Piece(HOUR, 10), Piece(2 * HOUR, 20)], (2, 0)),
        (9, [Piece(9, 5), Piece(10, 5)], (1, 0)),
        (9, [Piece(10, 5), Piece(9, 5)], (1, 0)),
        # for nothing
        (5 * DAY, [Piece(DAY, 0), Piece(HOUR, 1500)], (5, 0)),
        (5 * DAY, [Piece(DAY, 100), Piece(HOUR, 0)], (0, 120)),
        # more than needed
        (HOUR, [Piece(WEEK, 10), Piece(HOUR, 11)], (1, 0)),
    ],
)
def test_a_cover_is_predictable(minutes: int, pieces: list[Piece], counts: tuple[int, ...]) -> None:
    assert cheapest_cover(minutes, tuple(pieces)) == counts


@pytest.mark.parametrize("block", [1, 7, 60])
def test_a_year_to_the_minute_is_covered_without_a_table_of_a_year(block: int) -> None:
    pieces = (Piece(DAY + 1, 8000), Piece(WEEK + 1, 35000), Piece(block, 25 * block))
    assert cheapest_cover(366 * DAY - 1, pieces) == (2, 52, 0)
