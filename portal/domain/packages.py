"""Which packages and blocks together cover a duration for the least money?

Any piece may be bought any number of times, and more minutes than needed. The search is exact: a table of the
cheapest cover of every length, in steps of the pieces' greatest common divisor. So that it stays small, the
piece with the lowest rate first takes what no cheapest cover can do without it.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import gcd, lcm


@dataclass(frozen=True, slots=True)
class Piece:
    """Something to buy, any number of times: minutes from 1, a price in minor units from 0."""

    minutes: int
    price: int


@dataclass(frozen=True, slots=True)
class _Item:
    """A piece in steps; `rank` is its place in the caller's list, `opening` what its line costs in a tie."""

    rank: int
    size: int
    price: int
    opening: int = 0


@lru_cache(maxsize=4096)
def cheapest_cover(minutes: int, pieces: tuple[Piece, ...]) -> tuple[int, ...]:
    """Return how many of each piece to buy; there is at least one piece.

    Of equal totals the one with the fewest kinds of pieces wins, then the one whose kinds stand first.
    """
    step = gcd(*(piece.minutes for piece in pieces))
    need = -(-minutes // step)
    sizes = [min(need, piece.minutes // step) for piece in pieces]
    items = _worthwhile([_Item(rank, sizes[rank], piece.price) for rank, piece in enumerate(pieces)])
    counts = [0] * len(pieces)
    best = min(items, key=_rate)
    counts[best.rank] = _indispensable(need, best, items)
    rest = need - counts[best.rank] * best.size
    if rest > 0:
        for rank, count in _cover(rest, _with_openings(items, counts)):
            counts[rank] += count
    return tuple(counts)


def _rate(item: _Item) -> Fraction:
    return Fraction(item.price, item.size)


def _worthwhile(items: Sequence[_Item]) -> list[_Item]:
    """Keep only items longer than every cheaper one: the others could be replaced one by one."""
    kept: list[_Item] = []
    for item in sorted(items, key=lambda item: (item.price, item.rank)):
        if not kept or item.size > kept[-1].size:
            kept.append(item)
    return kept


def _indispensable(need: int, best: _Item, items: Sequence[_Item]) -> int:
    """Return how often every cheapest cover contains the item with the lowest rate."""
    others = [item for item in items if item is not best]
    return max(0, -(-(need - _most_by_others(need, best, others)) // best.size))


def _most_by_others(need: int, best: _Item, others: Sequence[_Item]) -> int:
    """Return a number of steps that the other items do not exceed in any cheapest cover.

    Each loses money against the best rate, and together they lose no more than a cover found at once.
    And as many of one as make a common multiple of both sizes would cost less as best ones.
    """
    losses = [item.price * best.size - item.size * best.price for item in others]
    if not all(losses):
        return need  # at one rate there is nothing to choose between them but the number of lines
    whole, rest = divmod(need, best.size)
    simple = whole * best.price + min(-(-rest // item.size) * item.price for item in (best, *others))
    spare = simple * best.size - need * best.price
    by_loss = max((spare * item.size // loss for item, loss in zip(others, losses, strict=True)), default=0)
    return min(need, by_loss, sum(lcm(item.size, best.size) - item.size for item in others))


def _with_openings(items: Sequence[_Item], counts: Sequence[int]) -> list[_Item]:
    """Scale the prices so that below one minor unit there is room to compare ties.

    Of n items the one at place p opens its line for 2**(n+1) - 2**(n-p): a sum of these grows with the number
    of lines, and among as many lines it is smallest for those that stand first. An open line costs nothing.
    """
    n = len(items)
    ordered = sorted(items, key=lambda item: item.rank)
    return [
        replace(
            item,
            price=item.price * (n << (n + 1)),
            opening=0 if counts[item.rank] else (2 << n) - (1 << (n - place)),
        )
        for place, item in enumerate(ordered)
    ]


def _cover(need: int, items: Sequence[_Item]) -> list[tuple[int, int]]:
    """Return (rank, count) of each item in the cheapest cover of so many steps."""
    never = need * max(item.price for item in items) + sum(item.opening for item in items) + 1
    best, tables = [0] + [never] * need, []
    for item in items:
        best, counts = _allowing(item, best, never)
        tables.append((item, counts))
    found = []
    for item, counts in reversed(tables):
        found.append((item.rank, counts[need]))
        need = max(0, need - counts[need] * item.size)
    return found


def _allowing(item: _Item, best: list[int], never: int) -> tuple[list[int], "array[int]"]:
    """Allow one more item: return the cheapest cover of each length, and how many of the item are in it."""
    using, many = [never], array("I", [0])  # covers that do use the item, and how many it is there
    for need in range(1, len(best)):
        rest = max(0, need - item.size)
        first, again = best[rest] + item.opening, using[rest]
        using.append(min(first, again) + item.price)
        many.append(1 if first <= again else many[rest] + 1)
    counts = array("I", (n if new < old else 0 for n, new, old in zip(many, using, best, strict=True)))
    return list(map(min, best, using)), counts
