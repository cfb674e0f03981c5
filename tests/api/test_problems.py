"""Everything that fails under /api is a problem, whatever failed."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from portal.domain import errors
from portal.domain.errors import BookingError
from portal.store.db import db
from portal.web.errors import status_of
from tests.api.conftest import Client, problem


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nothing", "/api/booking", "/api/v2/booking/list", "/api/booking/services/"]
)
def test_an_unknown_address_is_not_found(nobody: Client, path: str) -> None:
    problem(nobody.get(path), 404, "NOT_FOUND")


def test_a_method_that_an_address_does_not_take_is_named_with_those_it_does(nobody: Client) -> None:
    response = nobody.delete("/api/auth/sign-out")
    problem(response, 405, "METHOD_NOT_ALLOWED")
    assert response.headers["Allow"] == "OPTIONS, POST"


def test_a_failure_of_ours_tells_nothing_of_its_insides(app: Flask, client: FlaskClient) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        with app.test_request_context("/api/booking/services"):
            response = app.make_response(app.handle_exception(RuntimeError("secret of the house")))
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = None
    said = problem(response, 500, "INTERNAL_ERROR")  # type: ignore[arg-type]
    assert "secret" not in str(said)
    assert "RuntimeError" not in str(said)


def test_a_busy_database_is_503_with_a_time_to_wait(nobody: Client) -> None:
    """The database refuses the first statement as SQLite does when its writer takes too long."""

    def refuse(*_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    event.listen(db.engine, "before_cursor_execute", refuse)
    try:
        response = nobody.get("/services")
    finally:
        event.remove(db.engine, "before_cursor_execute", refuse)
    problem(response, 503, "OVERLOADED")
    assert response.headers["Retry-After"] == "3"
    assert nobody.get("/services").status_code == 200


def test_every_refusal_has_a_status_and_a_code_of_its_own() -> None:
    refusals = [
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, BookingError) and one is not BookingError
    ]
    assert len({one.code for one in refusals}) == len(refusals)
    assert {status_of(one.__new__(one)) for one in refusals} == {400, 401, 403, 404, 409, 422, 429, 503}


def test_an_error_that_is_none_of_ours_is_500() -> None:
    assert status_of(ValueError()) == 500


def test_answers_of_one_person_are_not_kept_by_caches(alice: Client) -> None:
    assert alice.get("/list").headers["Cache-Control"] == "no-store"


def test_a_doubled_slash_is_another_address_not_a_redirect(nobody: Client) -> None:
    problem(nobody.call("GET", "/api/booking//services"), 404, "NOT_FOUND")
