"""How is what is given for a resource, a staff member or a closure checked, and joined with what is there?"""

from typing import Any, TypeVar

from pydantic import ValidationError

from portal.domain.errors import N_, ChangedMeanwhile, FieldError, Invalid, NotFound
from portal.domain.shape import Shape, field_errors

Form = TypeVar("Form", bound=Shape)


def parsed(form: type[Form], given: Any) -> Form:
    """Check something whole; raise Invalid with everything that is wrong."""
    try:
        return form.model_validate(given)
    except ValidationError as error:
        raise Invalid(field_errors(error)) from None


def merged(form: type[Form], old: dict[str, Any], changes: Any) -> Form:
    """Check a change of some fields; the id is what everything else refers to, and stays."""
    if not isinstance(changes, dict):
        raise Invalid([FieldError("", "model_type", N_("Give an object."))])
    if changes.get("id", old["id"]) != old["id"]:
        raise Invalid([FieldError("id", "id_fixed", N_("An id cannot be changed. Leave it out."))])
    return parsed(form, old | changes)


def one(row: Any) -> Any:
    """Return the value of a row; raise NotFound where there is none."""
    if row is None:
        raise NotFound
    return row.value()


def check_unchanged(old: dict[str, Any], read: Any) -> None:
    """Raise ChangedMeanwhile where something is not as it was read before it was changed; None asks nothing."""
    if read is not None and read != old:
        raise ChangedMeanwhile
