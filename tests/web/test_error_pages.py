"""Errors as people see them."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal import create_app
from portal.domain.errors import LimitReached, NotFound, Overloaded, SlotUnavailable, TooManyRequests
from portal.domain.service import Service
from portal.web.error_pages import render_error
from tests.conftest import environ_for
from tests.people import EVERYBODY
from tests.statements import statements
from tests.web.page import Browser
from tests.web.test_booking import BOOK, review


@pytest.mark.parametrize(
    ("address", "method", "status", "words"),
    [
        ("/nowhere", "GET", 404, "This page is not in its place."),
        ("/nowhere", "POST", 404, "This page is not in its place."),
        ("/sign-out", "GET", 405, "This page cannot do that."),
        ("/sign-in", "PUT", 405, "This page cannot do that."),
        ("/sign-in", "POST", 400, "The form may have been open for too long."),
    ],
)
def test_a_refusal_has_a_page_with_a_way_on(
    nobody: Browser, address: str, method: str, status: int, words: str
) -> None:
    page = nobody.open(address, method)
    assert page.status == status
    assert words in page.text
    assert page.link("Find a free time") == "/"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_status_has_words(app: Flask, status: int, language: str) -> None:
    with app.app_context(), app.test_request_context(f"/?lang={language}"):
        response = render_error(status, Exception("secret detail"))
    html = response.get_data(as_text=True)
    assert response.status_code == status
    assert "secret detail" not in html
    assert "empty-state-title" in html


def test_a_refusal_of_ours_says_itself_what_to_do(app: Flask) -> None:
    with app.app_context(), app.test_request_context("/?lang=en"):
        limit = render_error(409, LimitReached(limit=10)).get_data(as_text=True)
        taken = render_error(409, SlotUnavailable()).get_data(as_text=True)
        missing = render_error(404, NotFound()).get_data(as_text=True)
        busy = render_error(503, Overloaded()).get_data(as_text=True)
    assert "You already have 10 bookings ahead" in limit
    assert "This time is not available." in taken
    assert "The address may have changed" in missing
    assert "Possible again in 3 seconds." in busy


def test_htmx_gets_a_note_for_the_place_above_the_content(nobody: Browser) -> None:
    part = nobody.open("/nowhere", **{"HX-Request": "true", "HX-Target": "picker"})
    assert part.status == 404
    assert part.response.headers["HX-Retarget"] == "#problem"
    assert part.html.lstrip().startswith('<div class="note note-bad"')


def test_a_form_that_is_too_large_is_a_413(nobody: Browser) -> None:
    page = nobody.open("/sign-in", "POST", [("email", "x" * 70_000)])
    assert page.status == 413
    assert "That was too much at once." in page.text


def test_a_limit_that_is_reached_is_told(app: Flask, offer: Callable[..., Service]) -> None:
    offer()
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    strict = create_app({"TESTING": True}, environ_for(url, MAX_ACTIVE_BOOKINGS="1"))
    with strict.app_context():
        alice = Browser(strict).sign_in(EVERYBODY.alice)
        alice.press(review(alice), "Confirm the booking")
        refused = alice.press(review(alice, BOOK.replace("T08", "T09")), "Confirm the booking")
    assert refused.status == 409
    assert "You already have a booking ahead" in refused.text


def test_a_fault_of_ours_is_a_500_page_without_details(app: Flask) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    broken = create_app({"PROPAGATE_EXCEPTIONS": False}, environ_for(url))
    broken.add_url_rule("/fault", view_func=lambda: 1 // 0)
    page = Browser(broken).open("/fault")
    assert page.status == 500
    assert "Something failed on our side." in page.text
    assert "ZeroDivisionError" not in page.html


@pytest.mark.parametrize(("seconds", "words"), [(1, "in 1 second."), (45, "in 45 seconds."), (3600, "in 60 minutes.")])
def test_too_much_at_once_says_when_it_is_possible_again(app: Flask, seconds: int, words: str) -> None:
    with app.app_context(), app.test_request_context("/?lang=en"):
        html = render_error(429, TooManyRequests(retry_after=seconds)).get_data(as_text=True)
    assert f"Possible again {words}" in html


def test_the_page_of_a_fault_asks_neither_database_nor_session(app: Flask) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    broken = create_app({"PROPAGATE_EXCEPTIONS": False}, environ_for(url))
    broken.add_url_rule("/fault", view_func=lambda: 1 // 0)
    alice = Browser(broken).sign_in(EVERYBODY.alice)
    with broken.app_context(), statements() as found:
        page = alice.open("/fault")
    assert page.status == 500
    assert found == []
    assert "Set-Cookie" not in page.response.headers
    assert page.link("Try again") == "/fault"
