"""Does any input that the document allows, or nearly allows, get anything but a clear answer?"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask

from portal.usecases.accounts import issue_token
from portal.usecases.service_import import load_services
from portal.web.context import current_rules
from tests.build import catalogue_json
from tests.databases import EVERY
from tests.invariants import check_invariants
from tests.people import EVERYBODY
from tests.portals import new_portal

pytestmark = pytest.mark.deep

ROLES = ("nobody", "alice", "sam", "ada")
EXAMPLES = 15  # of each operation, for each role and database


@pytest.fixture(scope="module", params=EVERY)
def portal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A portal with the 20 services, on a database of each kind."""
    with new_portal(request.param, tmp_path_factory.mktemp("fuzzing")) as app:
        load_services(catalogue_json(), EVERYBODY.ada, current_rules(), datetime.now(UTC))
        yield app


@pytest.mark.parametrize("role", ROLES)
def test_no_input_of_any_role_fails_nor_breaks_what_must_hold(portal: Flask, role: str) -> None:
    headers = _headers(role)
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", portal)
    for result in document.get_all_operations():
        _fuzz(result.ok(), headers)
    check_invariants(datetime.now(UTC))


def _headers(role: str) -> dict[str, str]:
    if role == "nobody":
        return {}
    return {"Authorization": f"Bearer {issue_token(getattr(EVERYBODY, role).id, datetime.now(UTC))}"}


def _fuzz(operation: Any, headers: dict[str, str]) -> None:
    """Call one operation with generated input; its own tests say what is right, here nothing may fail."""
    if operation.path.endswith("/sign-out"):
        return  # it would end the role's own token

    @hypothesis.given(case=operation.as_strategy())
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def call(case: Any) -> None:
        response = case.call(headers={**(case.headers or {}), **headers})
        assert response.status_code < 500, (operation.label, response.status_code, response.text[:500])
        if response.status_code >= 400:
            assert response.headers["content-type"][0].startswith("application/problem+json"), operation.label

    call()
