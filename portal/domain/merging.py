"""Two people changed one thing, from the same beginning: what do both changes make together?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Merge:
    """Both changes in one; `taken` are the names that only the other changed, `disputed` those that both did.

    Of what is disputed, our own stands in `values`.
    """

    values: Mapping[str, Any]
    taken: tuple[str, ...]
    disputed: tuple[str, ...]


def merge(base: Mapping[str, Any], own: Mapping[str, Any], other: Mapping[str, Any]) -> Merge:
    """Join two changes of one thing, name by name; both changing a name alike is no dispute."""
    changed = [name for name in other if other[name] != base.get(name) and other[name] != own.get(name)]
    taken = tuple(name for name in changed if own.get(name) == base.get(name))
    disputed = tuple(name for name in changed if name not in taken)
    return Merge({**own, **{name: other[name] for name in taken}}, taken, disputed)
