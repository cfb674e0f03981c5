"""What every page says to the browser."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal import create_app
from portal.domain.service import Service
from tests.conftest import environ_for
from tests.web.page import Browser, Page

PAGES = ["/", "/services/consultation", "/sign-in", "/sign-up", "/bookings", "/account", "/nowhere"]
PAGES += ["/account/preferences", "/account/security", "/account/email", "/forgotten-password", "/dev/mailbox"]


@pytest.mark.parametrize("address", PAGES)
def test_no_page_has_a_script_or_style_of_its_own(alice: Browser, offer: Callable[..., Service], address: str) -> None:
    offer()
    page = alice.get(address)
    policy = page.response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    for tag, given in page.tags:
        assert tag != "style"
        assert tag != "script" or given["src"].startswith("/static/")
        assert not [name for name in given if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("address", PAGES)
def test_no_page_asks_another_host_for_anything(alice: Browser, offer: Callable[..., Service], address: str) -> None:
    offer()
    page = alice.get(address)
    asked = [
        given.get(name, "")
        for tag, given in page.tags
        if tag in {"script", "link", "img", "form"}
        for name in ("src", "href", "action")
    ]
    assert not [one for one in asked if "//" in one]


@pytest.mark.parametrize("address", ["/", "/static/app.js", "/nowhere", "/healthz"])
def test_other_sites_are_kept_out(nobody: Browser, address: str) -> None:
    headers = nobody.open(address).response.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_https_is_kept_where_the_portal_is_reached_by_it(app: Flask) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    secure = create_app({"TESTING": True}, environ_for(url, PUBLIC_URL="https://booking.example.org"))
    response = secure.test_client().get("/?lang=en")
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")
    assert all("Secure" in cookie for cookie in response.headers.getlist("Set-Cookie"))


def every_field(page: Page) -> list[dict[str, str]]:
    kinds = {"input", "select", "textarea"}
    return [
        given for tag, given in page.tags if tag in kinds and given.get("type") not in {"hidden", "radio", "checkbox"}
    ]


@pytest.mark.parametrize("address", PAGES)
def test_every_field_has_a_label(alice: Browser, offer: Callable[..., Service], address: str) -> None:
    offer(type="course")
    page = alice.get(address)
    labelled = {given.get("for") for tag, given in page.tags if tag == "label"}
    assert {given["id"] for given in every_field(page)} <= labelled


@pytest.mark.parametrize("address", PAGES)
def test_every_htmx_link_and_form_works_without_htmx_too(
    alice: Browser, offer: Callable[..., Service], address: str
) -> None:
    offer(type="course")
    for tag, given in alice.get(address).tags:
        plain = given.get("href") if tag == "a" else given.get("action")
        for name in ("hx-get", "hx-post"):
            assert name not in given or given[name] == plain
        assert "hx-post" not in given or (tag, given["method"]) == ("form", "post")
