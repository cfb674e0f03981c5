"""Is this what Stripe would answer? Judged by Stripe's own OpenAPI document, cut down to what the sandbox does."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

FILE = Path(__file__).with_name("data") / "stripe-openapi.json"

# Newer than the document, which is two months older than the library's version of the API: none so far.
NEWER: frozenset[str] = frozenset()


@cache
def document() -> dict[str, Any]:
    """Read the document."""
    whole: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return whole


@cache
def _schemas() -> dict[str, Any]:
    return {name: _as_json_schema(schema) for name, schema in document()["components"]["schemas"].items()}


def _as_json_schema(schema: Any) -> Any:
    """Translate OpenAPI 3.0: `nullable`; and let no field pass that the document does not know."""
    if isinstance(schema, list):
        return [_as_json_schema(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _as_json_schema(each) for name, each in schema.items() if name != "nullable"}
    if isinstance(plain.get("properties"), dict) and "additionalProperties" not in plain and "type" in plain:
        plain["additionalProperties"] = False
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({**json.loads(schema), "components": {"schemas": _schemas()}})


def check_answer(method: str, path: str, status: int, body: Any) -> None:
    """Raise AssertionError where an answer is not of the shape that the document gives."""
    if status >= 400:
        _check({"$ref": "#/components/schemas/error"}, body, f"{method} {path} {status}")
        return
    template = next((each for each in document()["paths"] if _fits(each, path, method)), None)
    assert template, f"{method} {path} is not in the document"
    answer = document()["paths"][template][method]["responses"]["200"]["content"]["application/json"]["schema"]
    _check(_as_json_schema(answer), body, f"{method} {template}")


def check_object(thing: dict[str, Any]) -> None:
    """Judge one object by what it says it is."""
    name = f"deleted_{thing['object']}" if thing.get("deleted") else thing["object"]
    _check({"$ref": f"#/components/schemas/{name}"}, thing, name)


def _fits(template: str, path: str, method: str) -> bool:
    return bool(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)) and method in document()["paths"][template]


def _check(schema: dict[str, Any], body: Any, what: str) -> None:
    worst = best_match(_validator(json.dumps(schema)).iter_errors(body))
    if worst is not None:
        raise AssertionError(
            f"{what}: at {'.'.join(map(str, worst.absolute_path)) or 'the top'}: {worst.message[:400]}"
        )
