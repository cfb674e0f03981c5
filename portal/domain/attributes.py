"""What may the team note about a customer (`membership`, `vip`…), and which prices read it?"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import isfinite
from typing import Any

from portal.domain.conditions import compile_condition
from portal.domain.errors import N_, FieldError
from portal.domain.service import Service
from portal.domain.text import has_controls

MAX_ATTRIBUTE = 255  # characters
MAX_ATTRIBUTES = 50
LARGEST = 2**53  # beyond it JavaScript's numbers are not exact
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
NUMBER = re.compile(r"-?[0-9]{1,16}([.,][0-9]{1,10})?")
READ = "user."  # what a condition writes in front of an attribute


class Kind(StrEnum):
    """What kind of value it is; true and false need no text beside them."""

    TEXT = "text"
    NUMBER = "number"
    YES = "true"
    NO = "false"


def attribute_errors(attributes: Mapping[str, Any]) -> list[FieldError]:
    """Name what is wrong, at `attributes` or `attributes.<name>`."""
    errors = [error for name, value in attributes.items() if (error := _error(name, value))]
    if len(attributes) > MAX_ATTRIBUTES:
        message = N_("Give at most %(limit)s attributes.")
        errors.append(FieldError("attributes", "too_long", message, {"limit": MAX_ATTRIBUTES}))
    return errors


def _error(name: str, value: Any) -> FieldError | None:
    return name_error(name, "attributes") or value_error(value, f"attributes.{name}")


def name_error(name: str, field: str) -> FieldError | None:
    """Say at a field what keeps a text from naming an attribute."""
    if NAME.fullmatch(name):
        return None
    message = N_("Name attributes with letters, digits and _ only, such as membership.")
    return FieldError(field, "attribute_name", message)


def value_error(value: Any, field: str) -> FieldError | None:
    """Say at a field what keeps a value from being an attribute's."""
    if isinstance(value, str) and len(value) <= MAX_ATTRIBUTE and not has_controls(value):
        return None
    if isinstance(value, bool) or (isinstance(value, int | float) and abs(value) <= LARGEST):
        return None
    message = N_("Give text of at most %(limit)s characters, a number, true or false.")
    return FieldError(field, "attribute_value", message, {"limit": MAX_ATTRIBUTE})


def kind_of(value: Any) -> Kind:
    """Return the kind of a value that is kept."""
    if isinstance(value, bool):
        return Kind.YES if value else Kind.NO
    return Kind.NUMBER if isinstance(value, int | float) else Kind.TEXT


def typed_value(kind: Kind, text: str) -> str | float | bool:
    """Return what a text is worth as a kind. Raises ValueError with a message that can be translated."""
    if kind in {Kind.YES, Kind.NO}:
        if text:
            raise ValueError(N_("Leave this empty: yes or no says it all."))
        return kind is Kind.YES
    if not text:
        raise ValueError(N_("Fill this in."))
    if kind is Kind.TEXT:
        return text
    if not NUMBER.fullmatch(text) or not isfinite(number := float(text.replace(",", "."))):
        raise ValueError(N_("Give a number such as 3 or 2.5."))
    return int(text) if text.lstrip("-").isdigit() else number


def attributes_read(services: Iterable[Service]) -> dict[str, tuple[Service, ...]]:
    """Return the attributes that conditions of prices read, by name, each with the services that do."""
    found: dict[str, dict[str, Service]] = {}
    for service in services:
        for tier in service.pricing_tiers:
            for name in compile_condition(tier.condition).appearing:
                if name.startswith(READ):
                    found.setdefault(name.removeprefix(READ), {})[service.id] = service
    return {name: tuple(found[name].values()) for name in sorted(found)}
