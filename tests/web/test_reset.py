"""A forgotten password is replaced by a link that works once."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from portal.domain.account import Account, Role
from portal.usecases.accounts import create_user, issue_token
from portal.usecases.customers import ban
from tests.build import NOW
from tests.people import EVERYBODY, PASSWORD
from tests.web.page import Browser, Page
from tests.web.test_mailbox import link_of, subjects

NEW = "another few plain words"


@pytest.fixture
def camille(app: Flask) -> Account:
    """Somebody with a password."""
    return create_user("camille@example.com", "Camille Laurent", Role.CUSTOMER, PASSWORD, NOW)


def ask(browser: Browser, email: str = "camille@example.com") -> Page:
    return browser.press(browser.get("/forgotten-password"), "Send the link", email=email)


def choose(browser: Browser, link: str, password: str = NEW) -> Page:
    return browser.press(browser.get(link), "Save the password", password=password)


def sign_in(browser: Browser, password: str) -> Page:
    return browser.press(browser.get("/sign-in"), "Sign in", email="camille@example.com", password=password)


def test_the_link_sets_a_password_that_signs_in(nobody: Browser, camille: Account) -> None:
    ask(nobody)
    page = choose(nobody, link_of(nobody, "Choose a new password"))
    assert page.address == "/sign-in"
    assert "Your new password is set." in page.text
    assert sign_in(nobody, PASSWORD).status == 422
    assert sign_in(nobody, NEW).address == "/"


def test_every_session_and_token_ends_with_a_reset(app: Flask, camille: Account) -> None:
    before, browser = Browser(app), Browser(app)
    sign_in(before, PASSWORD)
    token = issue_token(camille.id, NOW)
    ask(browser)
    choose(browser, link_of(browser, "Choose a new password"))
    assert before.get("/account").address.startswith("/sign-in")
    answer = app.test_client().get("/api/auth/get-session", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_a_link_works_once(app: Flask, nobody: Browser, camille: Account) -> None:
    ask(nobody)
    link = link_of(nobody, "Choose a new password")
    rival = Browser(app)
    form = rival.get(link)
    choose(nobody, link)
    again = nobody.get(link)
    assert again.status == 404
    assert "This link no longer works." in again.text
    assert "Nothing was changed." in rival.press(form, "Save the password", password="quite another one").text
    assert sign_in(nobody, NEW).address == "/"


def test_a_link_works_for_sixty_minutes(nobody: Browser, camille: Account, clock: time_machine.Traveller) -> None:
    ask(nobody)
    link = link_of(nobody, "Choose a new password")
    clock.shift(timedelta(minutes=60, seconds=-1))
    assert nobody.get(link).status == 200
    clock.shift(timedelta(seconds=1))
    assert nobody.get(link).status == 404


def test_an_unknown_address_gets_the_same_answer(nobody: Browser, camille: Account) -> None:
    known, unknown = (ask(nobody, email).text for email in ("camille@example.com", "nobody@example.com"))
    assert known.replace("camille", "X") == unknown.replace("nobody", "X")
    assert [address for _, address in subjects(nobody)] == ["camille@example.com"]


def test_a_closed_account_gets_no_link(app: Flask, nobody: Browser, camille: Account) -> None:
    ban(camille.id, EVERYBODY.ada, NOW)
    ask(nobody)
    assert subjects(nobody) == []


def test_nobody_fills_anothers_mailbox(nobody: Browser, camille: Account, clock: time_machine.Traveller) -> None:
    for _ in range(3):
        ask(nobody)
    assert len(subjects(nobody)) == 1
    clock.shift(timedelta(minutes=1))
    ask(nobody)
    assert len(subjects(nobody)) == 2


def test_a_password_that_is_too_short_is_named_and_the_link_still_works(nobody: Browser, camille: Account) -> None:
    ask(nobody)
    link = link_of(nobody, "Choose a new password")
    page = choose(nobody, link, "short")
    assert page.status == 422
    assert "password-error" in page.ids
    assert choose(nobody, link).address == "/sign-in"


@pytest.mark.parametrize("email", ["", "camille", "camille@", "a@b@c", "x" * 300 + "@example.com"])
def test_what_is_no_address_is_said_to_be_none(nobody: Browser, email: str) -> None:
    page = ask(nobody, email)
    assert page.status == 422
    assert "email-error" in page.ids


def test_links_begin_with_the_public_address_whatever_host_was_asked(
    app: Flask, nobody: Browser, camille: Account
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        nobody.open("/forgotten-password", "POST", [("email", camille.email)], Host="evil.example")
    finally:
        app.config["WTF_CSRF_ENABLED"] = True
    mail = nobody.open(nobody.get("/dev/mailbox").link("Choose a new password") + "/html")
    assert "http://127.0.0.1:5000/new-password/" in mail.html
    assert "evil" not in mail.html
