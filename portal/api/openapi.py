"""What can the API do? The OpenAPI 3.1 document, made from the declared operations, and a page to browse it."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Response, render_template, send_from_directory
from pydantic import TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from werkzeug.exceptions import NotFound as NoSuchFile

from portal.api import answers, present
from portal.api.operations import BOOKING, OPERATIONS, Operation, Who
from portal.domain import errors
from portal.domain.errors import BookingError
from portal.domain.shape import Shape
from portal.web.errors import status_of

REF = "#/components/schemas/{model}"
ASSETS = {
    "swagger-ui.css": "css",
    "swagger-ui-bundle.js": "js",
    "swagger-ui-standalone-preset.js": "js",
}
LIST_WORDS = {"maxLength": "maxItems", "minLength": "minItems"}  # pydantic's slip behind our own validators
CACHED = "public, max-age=86400"
# The page's program draws itself with style attributes, and nothing of the portal is on this page.
DOCS_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


# ---------------------------------------------------------------- the document


@cache
def document() -> dict[str, Any]:
    """Return the whole document."""
    schemas = _Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS.values():
        path = one.prefixes[0] + re.sub(r"<(\w+)>", lambda found: f"{{{to_camel(found[1])}}}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _described(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Créneau",
            "version": "1",
            "description": "Booking of appointments, rooms, tables, courses, events and rentals. "
            f"The same calls are found under {BOOKING[1]}.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({one.tag for one in OPERATIONS.values()})],
        "paths": tidy(paths),
        "components": {
            "schemas": {name: {"title": name, **tidy(schema)} for name, schema in schemas.found.items()},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def tidy(node: Any) -> Any:
    """Drop the titles that pydantic makes of field names, and count the items of lists by their own words."""
    if isinstance(node, list):
        return [tidy(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {name: tidy(value) for name, value in node.items() if name != "title" or not isinstance(value, str)}
    if kept.get("type") == "array":
        return {LIST_WORDS.get(name, name): value for name, value in kept.items()}
    return kept


class _Schemas:
    """The schemas of the document by name, collected while its operations are described."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def of(self, kind: Any, mode: JsonSchemaMode) -> dict[str, Any]:
        """Return the schema of a type; what it refers to is kept."""
        schema = TypeAdapter(kind).json_schema(ref_template=REF, mode=mode, schema_generator=_Generator)
        self.found |= schema.pop("$defs", {})
        if isinstance(kind, type) and "title" in schema:
            self.found[kind.__name__] = schema
            return {"$ref": REF.format(model=kind.__name__)}
        return schema


class _Generator(GenerateJsonSchema):
    """pydantic's generator, but without warnings about defaults that are no JSON: they are our own tuples."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 - as pydantic has it


def _described(one: Operation, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "parameters": [*_path_parameters(one), *_query_parameters(one, schemas), *_headers(one)],
        "responses": _responses(one, schemas),
    }
    if one.who is not Who.ANYONE:
        described["security"] = [{"bearer": []}]
    if one.who is Who.STAFF:
        described["description"] = "For staff."
    if one.body is not None:
        described["requestBody"] = {"required": True, "content": _json(_body_schema(one, one.body, schemas))}
    return described


def _body_schema(one: Operation, form: type[Shape], schemas: _Schemas) -> dict[str, Any]:
    """Describe the body; a PUT changes the given fields, so that none is required."""
    schema = schemas.of(form, "validation")
    if one.method != "PUT" or "required" not in schemas.found[form.__name__]:
        return schema
    name = f"{form.__name__}Changes"
    schemas.found[name] = {k: v for k, v in schemas.found[form.__name__].items() if k != "required"}
    return {"$ref": REF.format(model=name)}


def _path_parameters(one: Operation) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"<(\w+)>", one.path):
        yield {"name": to_camel(name), "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query_parameters(one: Operation, schemas: _Schemas) -> Iterator[dict[str, Any]]:
    if one.query is None:
        return
    shape = TypeAdapter(one.query).json_schema(ref_template=REF, mode="validation", schema_generator=_Generator)
    schemas.found |= shape.get("$defs", {})
    required = shape.get("required", ())
    for name, schema in shape["properties"].items():
        yield {"name": name, "in": "query", "required": name in required, "schema": _without_null(schema)}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Describe a value of a query: it may be left out, but there is no null in an address."""
    plain = {name: value for name, value in schema.items() if name not in {"title", "default", "anyOf"}}
    if schema.get("default") is not None:
        plain["default"] = schema["default"]
    choices = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    return plain | (choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {})


def _headers(one: Operation) -> Iterator[dict[str, Any]]:
    if one.keyed:
        schema = {"type": "string", "pattern": "^[!-~]{1,255}$"}
        text = "Repeating the request with the same key gives the same answer, and does nothing twice."
        yield {"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema, "description": text}


def _responses(one: Operation, schemas: _Schemas) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": schemas.of(answers.Problem, "serialization")}}
    failed = {"description": "What stands against it", "content": problem}
    if one.answer is None:
        return {"204": {"description": "Done"}, "default": failed}
    content = _json(schemas.of(one.answer, "serialization"))
    return {"200": {"description": "Done", "content": content}, "default": failed}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


# ---------------------------------------------------------------- where it is read


def show_document() -> Response:
    """Answer with the document."""
    return Response(present.written(document()), mimetype="application/json", headers={"Cache-Control": "no-cache"})


def show_docs() -> Response:
    """Show the page on which the calls can be browsed and tried."""
    page = render_template("api/docs.html", problems=sorted(_problems()))
    return Response(page, headers={"Content-Security-Policy": DOCS_POLICY})


def _problems() -> Iterator[tuple[str, int, str]]:
    """Yield code, status and meaning of each refusal there is."""
    for one in vars(errors).values():
        if isinstance(one, type) and issubclass(one, BookingError) and one is not BookingError:
            yield one.code, status_of(one.__new__(one)), (one.__doc__ or "").strip().split("\n")[0]


def send_asset(name: str) -> Response:
    """Send one file of the page's program; it comes with a package, so that no outside host is asked."""
    if name not in ASSETS:
        raise NoSuchFile
    response = send_from_directory(_assets_folder() / ASSETS[name], name)
    response.headers["Cache-Control"] = CACHED
    return response


@cache
def _assets_folder() -> Path:
    package = find_spec("flask_openapi3_swagger")
    assert package is not None, "the package is in requirements/base.in"
    assert package.origin is not None
    return Path(package.origin).parent / "templates" / "swagger"
