"""Did somebody else change a thing while its form was open, and what do both changes make together?

The form carries what was read, as JSON, under the name `read`: the use-case compares it under the lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from flask import request
from pydantic import ValidationError

from portal.domain.merging import merge
from portal.domain.service import Service
from portal.domain.shape import Shape
from portal.usecases.catalogue import list_services
from portal.web.context import current_rules
from portal.web.staff.service_labels import Difference


def was_read(shape: type[Shape]) -> dict[str, Any]:
    """Return what the form was filled from; nothing, which no thing is equal to, where that cannot be told."""
    try:
        found: dict[str, Any] = orjson.loads(request.form.get("read", ""))
        shape.model_validate(found)
    except (orjson.JSONDecodeError, ValidationError):
        return {}
    return found


def to_carry(thing: Mapping[str, Any] | None, afresh: bool) -> str:
    """Write what a form is filled from: at first, and `afresh` once its reader was told of something newer."""
    carried = "" if afresh else request.form.get("read", "")
    return carried or (orjson.dumps(thing, option=orjson.OPT_SORT_KEYS).decode() if thing else "")


def services_by_id() -> dict[str, Service]:
    """Return all services, for their names in the reader's language."""
    return {one.id: one for one in list_services(current_rules(), active=None)}


@dataclass(frozen=True)
class Joined:
    """Both changes in one; `others` is what the other changed, with whether it was taken over."""

    values: Mapping[str, Any]
    others: Sequence[tuple[Difference, bool]]


def joined(
    base: Mapping[str, Any], own: Mapping[str, Any], theirs: Mapping[str, Any], told: Sequence[Difference]
) -> Joined:
    """Join what was typed with what somebody else saved since; `told` is how theirs differs from what was read."""
    both = merge(base or theirs, own, theirs)
    return Joined(both.values, [(one, one.name.split(".")[0] in both.taken) for one in told])
