"""What does a condition ask that staff wrote for a price, and can it be asked at all?

The language is the small part of JavaScript that prices need: numbers, text, `true` and `false`, names,
`== === != !== < <= > >=`, `&& || !`, `+ - * /`, parentheses. It is parsed, never executed, and differs from
JavaScript where JavaScript surprises:

- Nothing is coerced: `==` is `===`, an order between two kinds is false.
- A missing value equals nothing, so `null` and `undefined` are no words here; `!name` asks for a missing one.
- Numbers are exact: 0.1 + 0.2 is 0.3.
- `a < b < c`, which would compare a truth with a number, is refused.

Names are built in, or `user.<attribute>`, or else declared inputs, which the customer fills in. A dot after
anything but `user` is refused, for nothing else has attributes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import ceil
from typing import Any, Final, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

from portal.domain.condition_tree import (
    Arithmetic,
    Both,
    Comparison,
    Either,
    Environment,
    Literal,
    Name,
    Node,
    Opposite,
    Value,
    is_number,
)
from portal.domain.errors import N_
from portal.domain.text import ALLOWED_CONTROLS, has_controls

MAX_LENGTH = 500
MAX_DEPTH = 50

BUILT_IN: Final = frozenset(
    {
        "participants",
        "group_size",
        "duration",
        "dayOfWeek",
        "hour",
        "month",
        "booking_date",
        "event_date",
        "today",
        "advance_days",
    }
)
RESERVED: Final = frozenset({"user", "undefined", "null", "NaN", "Infinity"})

GRAMMAR = r"""
    ?start: either
    ?either: both ("||" both)*
    ?both: equality ("&&" equality)*
    ?equality: order (EQUALITY order)*
    ?order: sum (ORDER sum)?
    ?sum: product ((PLUS | MINUS) product)*
    ?product: unary ((TIMES | OVER) unary)*
    ?unary: "!" unary -> opposite
          | "-" unary -> negative
          | atom
    ?atom: NUMBER -> number
         | TEXT -> text
         | NAME -> name
         | "(" either ")"
    EQUALITY: /[=!]==?/
    ORDER: /[<>]=?/
    PLUS: "+"
    MINUS: "-"
    TIMES: "*"
    OVER: "/"
    NUMBER: /[0-9]+(\.[0-9]*)?|\.[0-9]+/
    TEXT: /'([^'\\]|\\['"\\])*'|"([^"\\]|\\['"\\])*"/
    NAME: /([^\W\d]|\$)[\w$]*(\.([^\W\d]|\$)[\w$]*)*/
    %ignore /[ \t\r\n\u00a0\u202f]+/
"""


class ConditionError(ValueError):
    """The condition cannot be used; its text says why, `template` and `params` say it in other languages."""

    def __init__(self, template: str, **params: Any) -> None:
        self.template = template
        self.params = params
        super().__init__(template % params if params else template)


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Make a node of each rule; lark calls it while it parses, so deep nesting costs no recursion."""

    def either(self, *operands: Node) -> Node:
        return Either(operands)

    def both(self, *operands: Node) -> Node:
        return Both(operands)

    def equality(self, left: Node, *rest: Any) -> Node:
        for sign, right in zip(rest[::2], rest[1::2], strict=True):
            left = Comparison(str(sign), (left, right))
        return left

    def order(self, left: Node, sign: Token, right: Node) -> Node:
        return Comparison(str(sign), (left, right))

    def sum(self, *parts: Any) -> Node:
        return Arithmetic(tuple(str(sign) for sign in parts[1::2]), parts[::2])

    product = sum

    def opposite(self, operand: Node) -> Node:
        return Opposite((operand,))

    def negative(self, operand: Node) -> Node:
        return Arithmetic(("-",), (Literal(0), operand))

    def number(self, token: Token) -> Node:
        found = Fraction(str(token))
        return Literal(found.numerator if found.denominator == 1 else found)

    def text(self, token: Token) -> Node:
        return Literal(re.sub(r"\\(.)", r"\1", token[1:-1]))

    def name(self, token: Token) -> Node:
        text = str(token)
        if text in {"true", "false"}:
            return Literal(text == "true")
        if not _may_be_asked(text):
            raise ConditionError(
                N_("“%(name)s” at character %(position)s is no name that a condition can use."),
                name=text,
                position=(token.start_pos or 0) + 1,
            )
        return Name(text)


_PARSER: Final = Lark(GRAMMAR, parser="lalr", lexer="basic", transformer=_Builder())


def _may_be_asked(name: str) -> bool:
    """Tell whether a name stands for something: only `user` has attributes, and they have none."""
    owner, *attributes = name.split(".")
    return len(attributes) == 1 and owner == "user" if attributes else name not in RESERVED


def _parsed(text: str) -> Node:
    if len(text) > MAX_LENGTH:
        raise ConditionError(N_("It is longer than %(limit)s characters."), limit=MAX_LENGTH)
    if not text.strip():
        raise ConditionError(N_("It is empty."))
    if has_controls(text, ALLOWED_CONTROLS):
        raise ConditionError(N_("It contains invisible control characters."))
    try:
        return cast(Node, _PARSER.parse(text))
    except UnexpectedInput as error:
        raise _complaint(error) from None


def _complaint(error: UnexpectedInput) -> ConditionError:
    position = (error.pos_in_stream or 0) + 1
    if isinstance(error, UnexpectedToken):
        return _unexpected(error.token, position)
    found = error.char if isinstance(error, UnexpectedCharacters) else ""
    if found in {"'", '"'}:
        return ConditionError(N_("The text that begins at character %(position)s never ends."), position=position)
    if found == "=":
        return ConditionError(N_("Write == instead of = at character %(position)s."), position=position)
    return ConditionError(N_("“%(found)s” at character %(position)s cannot be read."), found=found, position=position)


def _unexpected(token: Token, position: int) -> ConditionError:
    if token.type == "$END":
        return ConditionError(N_("It ends too early: something is missing at the end."))
    return ConditionError(
        N_("“%(found)s” is not expected at character %(position)s."), found=str(token), position=position
    )


def _check_depth(root: Node) -> None:
    level, depth = [root], 0
    while level:
        level, depth = [child for node in level for child in node.children], depth + 1
        if depth > MAX_DEPTH:
            raise ConditionError(N_("It is nested more than %(limit)s levels deep."), limit=MAX_DEPTH)


# ---------------------------------------------------------------- what the tree says about itself


def _nodes(node: Node) -> Iterator[Node]:
    """Yield the node and all below it, in the order of the text."""
    yield node
    for child in node.children:
        yield from _nodes(child)


def _is_declared(name: str) -> bool:
    return name not in BUILT_IN and not name.startswith("user.")


def _sources(node: Node) -> frozenset[str]:
    """Return the declared inputs whose value may become the node's own value."""
    if isinstance(node, Name):
        return frozenset({node.text} if _is_declared(node.text) else ())
    if isinstance(node, Both | Either):
        return frozenset().union(*map(_sources, node.children))
    return frozenset()


def _gives_number(node: Node, numeric: frozenset[str]) -> bool:
    match node:
        case Literal(content):
            return is_number(content)
        case Name(text):
            return text in BUILT_IN or text in numeric
        case Both(children) | Either(children):
            return any(_gives_number(child, numeric) for child in children)
    return isinstance(node, Arithmetic)


def _numeric(root: Node) -> frozenset[str]:
    """Return the declared inputs that only make sense as numbers; one may follow from another."""
    found: frozenset[str] = frozenset()
    while True:
        more = found
        for node in _nodes(root):
            with_number = isinstance(node, Comparison) and any(_gives_number(one, more) for one in node.children)
            if with_number or isinstance(node, Arithmetic):
                more = more.union(*map(_sources, node.children))
        if more == found:
            return found
        found = more


def _conjuncts(node: Node) -> Iterator[Node]:
    if isinstance(node, Both):
        for child in node.children:
            yield from _conjuncts(child)
    else:
        yield node


def _least_duration(node: Node) -> int | None:
    """Return N of `duration >= N` or `N <= duration`, in whole minutes from 1."""
    match node:
        case Comparison(">=", (Name("duration"), Literal(least))):
            pass
        case Comparison("<=", (Literal(least), Name("duration"))):
            pass
        case _:
            return None
    return ceil(least) if is_number(least) and least > 0 else None


# ---------------------------------------------------------------- the whole


@dataclass(frozen=True, eq=False)
class Condition:
    """A condition that can be asked; `appearing` has its names in the order of the text, each once."""

    root: Node
    appearing: tuple[str, ...]
    numeric_inputs: frozenset[str]
    least_minutes: int | None

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(self.appearing)

    @cached_property
    def declared_inputs(self) -> frozenset[str]:
        """Names that the customer fills in."""
        return frozenset(filter(_is_declared, self.appearing))

    def evaluate(self, env: Environment) -> Value:
        """Work the condition out; names that the environment lacks are missing. Never raises."""
        return self.root.value(env)

    def holds(self, env: Environment) -> bool:
        """Tell whether the condition is true by itself, as `if` would see it."""
        return bool(self.evaluate(env))


@lru_cache(maxsize=4096)
def compile_condition(text: str) -> Condition:
    """Read a condition; raise ConditionError where it cannot be used."""
    root = _parsed(text)
    _check_depth(root)
    names = dict.fromkeys(node.text for node in _nodes(root) if isinstance(node, Name))
    least = [minutes for node in _conjuncts(root) if (minutes := _least_duration(node))]
    return Condition(root, tuple(names), _numeric(root), max(least, default=None))


def package_minutes(condition: Condition) -> int | None:
    """Return N of the `duration >= N` (`N <= duration`) that makes a tier a package.

    It stands alone or between top-level `&&`; N is a number above 0, rounded up; of several the largest counts.
    """
    return condition.least_minutes
