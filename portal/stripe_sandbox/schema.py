"""Which parameters does an operation take? Asked of the types of the installed Stripe library."""

import re
import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from types import SimpleNamespace, UnionType
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

import stripe
from stripe._request_options import RequestOptions
from stripe._stripe_object import UntypedStripeObject
from typing_extensions import is_typeddict

from portal.stripe_sandbox.errors import Json, Refusal, Unread, missing

_OPTIONS = frozenset(RequestOptions.__annotations__)  # of the call, such as api_key; never sent as parameters


def parameters_type(name: str) -> type:
    """Find a type of the library, such as `checkout.SessionCreateParams`."""
    place: Any = stripe.params
    for part in name.split("."):
        place = getattr(place, part)
    return place  # type: ignore[no-any-return]


@cache
def fields_of(kind: Any) -> Mapping[str, Any]:
    """Return the types of a TypedDict's own fields."""
    own = {key: value for key, value in kind.__annotations__.items() if key not in _OPTIONS}
    return get_type_hints(SimpleNamespace(__annotations__=own), vars(sys.modules[kind.__module__]), {}, True)


def read(kind: type, given: Json) -> Json:
    """Turn decoded text into the values that the type asks for; raises Refusal at the first that does not fit."""
    return _object(kind, given, "")


def _object(kind: Any, given: Any, where: str) -> Json:
    if not isinstance(given, dict):
        raise Unread("Invalid object", param=where)
    types = fields_of(kind)
    for name in given:
        if name not in types:
            path = _inside(where, name)
            message = f"Received unknown parameter: {path}"
            raise Unread(message, code="parameter_unknown", param=path)
    for name in sorted(kind.__required_keys__ - _OPTIONS - set(given)):
        raise missing(_inside(where, name))
    return {name: _value(types[name], value, _inside(where, name)) for name, value in given.items()}


def _inside(where: str, name: str) -> str:
    return f"{where}[{name}]" if where else name


def _value(kind: Any, given: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (NotRequired, Required):
        return _value(get_args(kind)[0], given, where)
    if origin in (Union, UnionType):
        return _one_of(get_args(kind), given, where)
    if origin is Literal:
        return _word(get_args(kind), given, where)
    if origin is list:
        return _list(get_args(kind)[0], given, where)
    if origin is dict:
        return _mapping(get_args(kind)[1], given, where)
    if is_typeddict(kind):
        return _object(kind, given, where)
    return _scalar(kind, given, where)


def _one_of(kinds: tuple[Any, ...], given: Any, where: str) -> Any:
    words = tuple(word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind))
    others = [kind for kind in kinds if get_origin(kind) not in (Literal, UntypedStripeObject)]
    if given == "" and "" in words:
        return ""
    if isinstance(given, dict):
        return _value(next((kind for kind in others if _holds_parts(kind, given)), others[0]), given, where)
    plain = [kind for kind in others if not _holds_parts(kind, {})]
    if words and set(words) != {""} and set(plain) <= {str}:
        return _word(words, given, where)  # "one of these, or any text" is for words of the future
    return _first_that_fits([*plain, *([Literal[words]] if words else [])] or others, given, where)


def _holds_parts(kind: Any, given: Json) -> bool:
    if get_origin(kind) is list:
        return all(key.isdigit() for key in given)
    return get_origin(kind) is dict or is_typeddict(kind)


def _first_that_fits(kinds: list[Any], given: Any, where: str) -> Any:
    kinds = sorted(kinds, key=lambda kind: kind is str)  # text fits everything: asked last
    for kind in kinds[:-1]:
        try:
            return _value(kind, given, where)
        except Refusal:
            continue
    return _value(kinds[-1], given, where)


def _word(words: tuple[Any, ...], given: Any, where: str) -> Any:
    if given not in words:
        *some, last = sorted(str(word) for word in words if word != "") or [""]
        choices = f"{', '.join(some)} or {last}" if some else last
        raise Unread(f"Invalid {where}: must be one of {choices}", param=where)
    return given


def _list(kind: Any, given: Any, where: str) -> list[Any]:
    if not isinstance(given, dict) or not all(key.isdigit() for key in given):
        raise Unread("Invalid array", param=where)
    return [_value(kind, given[key], f"{where}[{key}]") for key in sorted(given, key=int)]


def _mapping(kind: Any, given: Any, where: str) -> Json:
    if not isinstance(given, dict):
        raise Unread("Invalid object", param=where)
    return {
        key: _text(value, f"{where}[{key}]", may_be_empty=True) if kind is str else _value(kind, value, where)
        for key, value in given.items()
    }


def _scalar(kind: Any, given: Any, where: str) -> Any:
    text = _text(given, where, may_be_empty=False)
    if kind is int:
        return _integer(text, where)
    if kind is float:
        return float(_decimal(text, where))
    if kind is bool:
        return _boolean(text, where)
    return _decimal(text, where) if kind is Decimal else text


def _text(given: Any, where: str, *, may_be_empty: bool) -> str:
    if not isinstance(given, str):
        raise Unread("Invalid string", param=where)
    if not given and not may_be_empty:
        message = f"You passed an empty string for '{where}'. It cannot be unset; leave it out or give a value."
        raise Unread(message, code="parameter_invalid_empty", param=where)
    return given


def _integer(text: str, where: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise Unread(f"Invalid integer: {text}", code="parameter_invalid_integer", param=where)
    return int(text)


def _boolean(text: str, where: str) -> bool:
    if text not in ("true", "false"):
        raise Unread(f"Invalid boolean: {text}", param=where)
    return text == "true"


def _decimal(text: str, where: str) -> str:
    try:
        is_number = Decimal(text).is_finite()
    except InvalidOperation:
        is_number = False
    if not is_number:
        raise Unread(f"Invalid decimal: {text}", param=where)
    return text
