"""What does a request to the API say, read strictly?"""

import hashlib
import re
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from flask import request
from pydantic import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from portal.api.present import written
from portal.domain.account import Account
from portal.domain.errors import N_, FieldError, Invalid, Malformed
from portal.domain.shape import Shape, field_errors
from portal.domain.strict_json import parse_json
from portal.usecases.idempotency import Once

KEY = re.compile(r"[\x21-\x7e]{1,255}")
IGNORED = frozenset({"_"})  # what browsers' libraries add against caches

Form = TypeVar("Form", bound=Shape)
Result = TypeVar("Result")


def json_object() -> dict[str, Any]:
    """Read the body, which has to be a JSON object.

    Raises Malformed; UnsupportedMediaType where it does not say that it is JSON; RequestEntityTooLarge.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    found = parse_json(request.get_data())
    if not isinstance(found, dict):
        raise Malformed(N_("Send a JSON object: { … }."))
    return found


def body(form: type[Form]) -> Form:
    """Read the body as a shape; raise Invalid with everything wrong."""
    return _checked(form, json_object())


def readable_part(form: type[Form], refused: Invalid) -> Form | None:
    """Return the body without what was refused in it; None where too little is left."""
    spoilt = {one.part for one in refused.errors}
    left = {name: value for name, value in json_object().items() if name not in spoilt}
    try:
        return form.model_validate(left)
    except ValidationError:
        return None


def _checked(form: type[Form], given: Mapping[str, Any]) -> Form:
    try:
        return form.model_validate(given)
    except ValidationError as error:
        raise Invalid(field_errors(error)) from None


def query(form: type[Form]) -> Form:
    """Read the query as a shape; a name that is not known, or given twice where one is meant, is refused."""
    repeatable = {field.alias or name for name, field in form.model_fields.items() if _is_list(field.annotation)}
    given: dict[str, Any] = {}
    errors = []
    for name, values in request.args.lists():
        if name in repeatable:
            given[name] = values
        elif len(values) > 1:
            errors.append(FieldError(name, "given_twice", N_("Give this only once.")))
        elif name not in IGNORED:
            given[name] = values[0]
    if errors:
        raise Invalid(errors)
    return _checked(form, given)


def _is_list(annotation: Any) -> bool:
    """Tell whether a field takes several values; `Many[X] | None` does too."""
    if get_origin(annotation) is UnionType:
        return any(_is_list(one) for one in get_args(annotation))
    return get_origin(annotation) is tuple


def once(caller: Account, write: Callable[[Result], Any]) -> Once[Result] | None:
    """Return how this request is answered only once, where it carries an Idempotency-Key.

    `write` presents the answer; its bytes are what a repetition gets. Raises Invalid for a key that cannot be one.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not KEY.fullmatch(key):
        message = N_("Use from 1 to 255 visible ASCII characters.")
        raise Invalid([FieldError("Idempotency-Key", "key_format", message)])
    return Once(caller.id, key, _fingerprint(), lambda result: written(write(result)).decode())


def _fingerprint() -> str:
    """Return what makes two requests the same: method, path whatever the version's spelling, body."""
    path = request.path.replace("/api/v1/", "/api/", 1)
    return hashlib.sha256(b"\n".join((request.method.encode(), path.encode(), request.get_data()))).hexdigest()
