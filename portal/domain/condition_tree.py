"""What is a condition worth, given what is known of a booking?

The tree that `conditions` makes of a text, one class per kind of node. A missing value, arithmetic on what is no
number and a division by zero are UNDEFINED: unequal to everything (itself too), false in an order and by itself.
Numbers are whole or fractions, so that no digit is lost.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, Final, Protocol, TypeGuard, cast

MAX_EXPONENT = 400  # a Decimal may claim more digits than fit into memory; no float comes near


class Undefined:
    """The kind of UNDEFINED."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined()

Number = int | Fraction
Value = Number | str | bool | Undefined
Environment = Mapping[str, Any]

_KINDS: Final[Mapping[type, str]] = {int: "number", Fraction: "number", str: "text", bool: "truth"}
_ORDERS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def known(raw: object) -> Value:
    """Return what a condition sees of a value from JSON: lists, objects, null and infinities are missing."""
    if type(raw) in _KINDS:
        return cast(Value, raw)
    if isinstance(raw, str):  # such as a StrEnum
        return str(raw)
    if isinstance(raw, float):  # as it was written: 0.1 is a tenth
        return Fraction(str(raw)) if isfinite(raw) else UNDEFINED
    if isinstance(raw, Decimal):
        return Fraction(raw) if raw.is_finite() and abs(raw.adjusted()) <= MAX_EXPONENT else UNDEFINED
    return UNDEFINED


class Node(Protocol):
    @property
    def children(self) -> tuple["Node", ...]: ...

    def value(self, env: Environment) -> Value: ...


@dataclass(frozen=True, slots=True)
class Literal:
    content: Value
    children: tuple[Node, ...] = ()

    def value(self, env: Environment) -> Value:
        return self.content


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    children: tuple[Node, ...] = ()

    def value(self, env: Environment) -> Value:
        return known(env.get(self.text))


@dataclass(frozen=True, slots=True)
class Opposite:
    children: tuple[Node]

    def value(self, env: Environment) -> Value:
        return not self.children[0].value(env)


@dataclass(frozen=True, slots=True)
class Both:
    """JavaScript's `&&`: the first operand that is false by itself, else the last one."""

    children: tuple[Node, ...]

    def value(self, env: Environment) -> Value:
        found: Value = UNDEFINED
        for child in self.children:
            found = child.value(env)
            if not found:
                break
        return found


@dataclass(frozen=True, slots=True)
class Either:
    """JavaScript's `||`: the first operand that is true by itself, else the last one."""

    children: tuple[Node, ...]

    def value(self, env: Environment) -> Value:
        found: Value = UNDEFINED
        for child in self.children:
            found = child.value(env)
            if found:
                break
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str
    children: tuple[Node, Node]

    def value(self, env: Environment) -> Value:
        left, right = self.children[0].value(env), self.children[1].value(env)
        kind = _KINDS.get(type(left))
        alike = kind is not None and kind == _KINDS.get(type(right))
        order = _ORDERS.get(self.operator)
        if order is not None:
            return alike and order(left, right)
        return (alike and left == right) == (self.operator[0] == "=")


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Operands with the signs between them, worked off from the left."""

    signs: tuple[str, ...]
    children: tuple[Node, ...]

    def value(self, env: Environment) -> Value:
        found = self.children[0].value(env)
        for sign, child in zip(self.signs, self.children[1:], strict=True):
            found = _reckoned(found, sign, child.value(env))
        return found


def is_number(value: Value) -> TypeGuard[Number]:
    return _KINDS.get(type(value)) == "number"


def _reckoned(left: Value, sign: str, right: Value) -> Value:
    if not (is_number(left) and is_number(right)) or (sign == "/" and right == 0):
        return UNDEFINED
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    return Fraction(left) / right
