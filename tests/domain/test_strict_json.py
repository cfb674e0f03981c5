"""What of a request body is read, and what is refused before anybody looks at its fields?"""

import contextlib
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Malformed
from portal.domain.strict_json import MAX_DEPTH, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def objects(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"null", None),
        (b" [1, 2.5, true] ", [1, 2.5, True]),
        ('{"é": "日本"}'.encode(), {"é": "日本"}),
        (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        (b"1e-400", 0.0),
        (b"9223372036854775808", 2**63),
        (b'"[[[[{{{{ \\" [[["', '[[[[{{{{ " [[['),
    ],
)
def test_ordinary_json_is_read(raw: bytes, value: object) -> None:
    assert parse_json(raw) == value


@given(JSON)
def test_whatever_python_writes_is_read_back(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary() | st.text(alphabet='[]{}",:\\ u0123eE.-+truefalsnNI').map(str.encode))
def test_no_bytes_raise_anything_but_malformed(raw: bytes) -> None:
    with contextlib.suppress(Malformed):
        parse_json(raw)


@pytest.mark.parametrize("raw", [b"NaN", b"Infinity", b'{"a": -Infinity}', b"1e400", b"-1e400", b"[1.5e999]"])
def test_what_is_no_finite_number_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_json(raw)


@pytest.mark.parametrize("raw", [b'{"a": 1, "a": 2}', b'[{"x": {"\\u0061": 1, "a": 2}}]'])
def test_a_name_given_twice_is_refused_and_named(raw: bytes) -> None:
    with pytest.raises(Malformed, match="name a more than once"):
        parse_json(raw)


def test_a_repeated_name_that_cannot_be_encoded_is_named_safely() -> None:
    with pytest.raises(Malformed) as caught:
        parse_json(b'{"\\ud800": 1, "\\ud800": 2}')
    assert str(caught.value).encode()


@pytest.mark.parametrize("raw", [b"", b" ", b"{", b'{"a"}', b"[1,]", b"'a'", b"[1] 2", b'"a\nb"', b'"a\\', b"01"])
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed, match="not valid JSON"):
        parse_json(raw)


@pytest.mark.parametrize("raw", [b"\xff\xfe[\x00]\x00", b'"\xed\xa0\x80"', b'"\xc3"'])
def test_what_is_not_utf_8_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        parse_json(raw)


def test_a_byte_order_mark_is_refused() -> None:
    with pytest.raises(Malformed):
        parse_json(b"\xef\xbb\xbf[]")


def test_a_null_character_and_a_lone_surrogate_are_left_to_their_field() -> None:
    assert parse_json(b'["\\u0000", "\\ud800"]') == ["\x00", "\ud800"]


@pytest.mark.parametrize("write", [nested, objects])
def test_fifty_levels_are_read_and_fifty_one_are_not(write: Callable[[int], bytes]) -> None:
    assert parse_json(write(MAX_DEPTH)) is not None
    with pytest.raises(Malformed, match="50 levels"):
        parse_json(write(MAX_DEPTH + 1))


def test_many_neighbours_are_not_depth() -> None:
    assert parse_json(b"[" + b"[]," * 1000 + b"[]]") == [[]] * 1001


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 100_000, b'"' + b"\\" * 100_001, b'["' * 50_000])
def test_hostile_bodies_are_refused_quickly(raw: bytes) -> None:
    began = time.perf_counter()
    with pytest.raises(Malformed):
        parse_json(raw)
    assert time.perf_counter() - began < 1


def test_a_long_integer_is_left_to_its_field() -> None:
    assert parse_json(b"1" + b"0" * 400) == 10**400


@pytest.mark.parametrize("sign", [b"", b"-"])
def test_an_integer_longer_than_python_reads_is_refused(sign: bytes) -> None:
    with pytest.raises(Malformed, match="too many digits"):
        parse_json(sign + b"1" * 60_000)
