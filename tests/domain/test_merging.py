"""Two changes of one thing become one, and nobody's is lost unsaid."""

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.merging import merge

THINGS = st.fixed_dictionaries({name: st.integers(0, 2) for name in "abc"})


def test_what_only_the_other_changed_is_taken_and_what_both_did_is_disputed() -> None:
    base = {"price": 1, "name": "a", "hours": 1, "room": 1}
    found = merge(base, {**base, "name": "b", "room": 2}, {**base, "name": "c", "price": 2, "room": 2})
    assert found.values == {"price": 2, "name": "b", "hours": 1, "room": 2}
    assert (found.taken, found.disputed) == (("price",), ("name",))


@given(THINGS, THINGS, THINGS)
def test_every_change_is_kept_taken_or_disputed(
    base: dict[str, int], own: dict[str, int], other: dict[str, int]
) -> None:
    found = merge(base, own, other)
    for name in base:
        if own[name] != base[name]:
            assert found.values[name] == own[name]
        else:
            assert found.values[name] == other[name]
        is_lost = other[name] != base[name] and found.values[name] != other[name]
        assert is_lost == (name in found.disputed)
