"""How do JSON shapes become values, and a wrong shape a list of field errors?"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from portal.domain.errors import N_, FieldError
from portal.domain.text import ALLOWED_CONTROLS, has_controls, is_blank

MAX_SAFE = 2**53  # JavaScript's limit of whole numbers
OWN = "template"  # where an error of ours carries its message through pydantic
MAX_INTEGER = 2**31 - 1  # the INTEGER column of every database


class Shape(BaseModel):
    """A frozen value with camelCase names in JSON, strict types and no unknown names."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        serialize_by_alias=True,
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
    )


def refusal(code: str, message: str, **params: Any) -> PydanticCustomError:
    """Make the error that a validator raises; the message keeps its `%(name)s` placeholders for translation.

    A check over several fields names the one to mend as `at`, below the place where it is raised.
    """
    return PydanticCustomError(code, message, {**params, OWN: message})


def one_of(kind: type[StrEnum]) -> Any:
    """Take an enum's text as JSON brings it; strict mode alone would ask for the member itself."""

    def member(value: Any) -> Any:
        try:
            return kind(value if isinstance(value, str) else "")
        except ValueError:
            raise refusal("enum", MESSAGES["enum"], expected=", ".join(kind)) from None

    return BeforeValidator(member)


def _line(text: str) -> str:
    if has_controls(text):
        raise refusal("control_character", N_("Remove the invisible control characters."))
    return text


def _prose(text: str) -> str:
    if has_controls(text, ALLOWED_CONTROLS):
        raise refusal("control_character", N_("Remove the invisible control characters."))
    return text


def _no_blank(text: str) -> str:
    if is_blank(text):
        raise refusal("blank", N_("Fill this in."))
    return text


def as_tuple(value: Any) -> Any:
    """Take a list where a tuple is meant: strict mode would not, but JSON has only lists."""
    return tuple(value) if isinstance(value, list) else value


Line = Annotated[str, Field(max_length=255), AfterValidator(_line)]
Name = Annotated[str, Field(max_length=255), AfterValidator(_line), AfterValidator(_no_blank)]
Prose = Annotated[str, Field(max_length=10_000), AfterValidator(_prose)]
Identifier = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_line), AfterValidator(_no_blank)]
Minor = Annotated[int, Field(ge=0, le=99_999_999)]  # Stripe takes at most eight digits
Count = Annotated[int, Field(ge=1, le=100_000)]


def _depth_of(value: Any, limit: int) -> int:
    """Return how deeply JSON is nested, stopping at the limit."""
    if limit == 0 or not isinstance(value, list | dict):
        return 0
    children = value.values() if isinstance(value, dict) else value
    return 1 + max((_depth_of(child, limit - 1) for child in children), default=0)


def _numbers_of(value: Any) -> list[int]:
    """Return the whole numbers in JSON, of which databases and clients keep 53 bits."""
    if isinstance(value, int):
        return [value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [number for child in children for number in _numbers_of(child)]


def _texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for child in value.values() for text in _texts_of(child))]
    if isinstance(value, list):
        return [text for child in value for text in _texts_of(child)]
    return []


def _free_json(value: dict[str, Any]) -> dict[str, Any]:
    if _depth_of(value, 11) > 10:
        raise refusal("too_deep", N_("Nest this at most %(limit)s levels deep."), limit=10)
    texts = _texts_of(value)
    if sum(map(len, texts)) > 20_000 or len(value) > 200:
        raise refusal("too_large", N_("Shorten this: at most %(limit)s characters in all."), limit=20_000)
    if any(abs(number) > MAX_SAFE for number in _numbers_of(value)):
        raise refusal("int_parsing_size", MESSAGES["int_parsing_size"])
    for text in texts:
        _prose(text)
    return value


FreeJson = Annotated[dict[str, Any], AfterValidator(_free_json)]

# pydantic's own error types, in our words; `ctx` names become placeholders
MESSAGES: Mapping[str, str] = {
    "missing": N_("Fill this in."),
    "blank": N_("Fill this in."),
    "extra_forbidden": N_("This name is not known here. Remove it."),
    "string_type": N_("Give text."),
    "string_too_long": N_("Use at most %(max_length)s characters."),
    "string_too_short": N_("Use at least %(min_length)s characters."),
    "string_pattern_mismatch": N_("This is not written as expected."),
    "string_unicode": N_("This text holds characters that cannot be stored."),
    "int_type": N_("Give a whole number."),
    "int_parsing": N_("Give a whole number."),
    "int_from_float": N_("Give a whole number."),
    "int_parsing_size": N_("This number is too large."),
    "float_type": N_("Give a number."),
    "decimal_type": N_("Give a number."),
    "finite_number": N_("Give a number that is not infinite."),
    "bool_type": N_("Give true or false."),
    "bool_parsing": N_("Give true or false."),
    "list_type": N_("Give a list."),
    "tuple_type": N_("Give a list."),
    "dict_type": N_("Give an object."),
    "model_type": N_("Give an object."),
    "model_attributes_type": N_("Give an object."),
    "enum": N_("Choose one of: %(expected)s."),
    "literal_error": N_("Choose one of: %(expected)s."),
    "greater_than": N_("Give more than %(gt)s."),
    "greater_than_equal": N_("Give at least %(ge)s."),
    "less_than": N_("Give less than %(lt)s."),
    "less_than_equal": N_("Give at most %(le)s."),
    "too_long": N_("Give at most %(max_length)s entries."),
    "too_short": N_("Give at least %(min_length)s entries."),
}
FALLBACK = N_("This is not valid here.")


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(to_camel(part) if isinstance(part, str) and "_" in part else str(part) for part in location)


def field_errors(error: ValidationError, prefix: str = "") -> tuple[FieldError, ...]:
    """Turn pydantic's report into our field errors, in its order."""
    return tuple(_field_error(item, prefix) for item in error.errors(include_url=False))


def _field_error(item: Any, prefix: str) -> FieldError:
    params = {key: value for key, value in item.get("ctx", {}).items() if key != "error"}
    code = item["type"]
    if code == "literal_error":  # pydantic quotes the choices and joins them in English
        params["expected"] = ", ".join(re.findall(r"'([^']*)'", params["expected"]))
    if code in {"too_long", "too_short"} and isinstance(item["input"], str):
        code = f"string_{code}"  # a limit behind one of our validators is told as one of a list
    message = MESSAGES.get(code) or params.pop(OWN, None) or FALLBACK
    place = ".".join(part for part in (_path(item["loc"]), params.pop("at", "")) if part)
    return FieldError(prefix + place, code, message, params)
