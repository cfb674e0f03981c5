"""The password, where one is signed in, the tokens of programs, and another e-mail address."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from limits import parse
from sqlalchemy import func, select

from portal.domain.account import Account, Role
from portal.store.accounts import SessionRow
from portal.store.db import db
from portal.usecases.accounts import create_user, issue_token, load_account
from portal.web.devices import device_name
from tests.build import NOW
from tests.people import EVERYBODY, PASSWORD
from tests.statements import statements
from tests.web.page import Browser, Page
from tests.web.test_mailbox import link_of, subjects

NEW = "another few plain words"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.fixture
def camille(app: Flask) -> Account:
    """Somebody with a password."""
    return create_user("camille@example.com", "Camille Laurent", Role.CUSTOMER, PASSWORD, NOW)


def browser_of(app: Flask, account: Account, agent: str = FIREFOX) -> Browser:
    """Sign somebody in through the form, with a browser that says its name."""
    browser = Browser(app)
    browser.headers["User-Agent"] = agent
    page = browser.press(browser.get("/sign-in"), "Sign in", email=account.email, password=PASSWORD)
    assert page.address == "/"
    return browser


def change(browser: Browser, current: str = PASSWORD, password: str = NEW) -> Page:
    page = browser.get("/account/security")
    return browser.press(page, "Change the password", current=current, password=password)


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/account").address == "/account"


# ---------------------------------------------------------------- the password


def test_another_password_ends_every_other_session_and_token(app: Flask, camille: Account) -> None:
    here, there = browser_of(app, camille), browser_of(app, camille, IPHONE)
    token = issue_token(camille.id, NOW)
    assert "Your password is changed." in change(here).text
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    answer = app.test_client().get("/api/auth/get-session", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


def test_the_new_password_signs_in_and_the_old_one_does_not(app: Flask, camille: Account) -> None:
    change(browser_of(app, camille))
    other = Browser(app)
    for password, status in ((PASSWORD, 422), (NEW, 200)):
        page = other.press(other.get("/sign-in"), "Sign in", email=camille.email, password=password)
        assert page.status == status


@pytest.mark.parametrize(
    ("current", "password", "field"), [("wrong", NEW, "current"), (PASSWORD, "short", "password"), ("", "", "current")]
)
def test_what_is_wrong_is_named_and_nothing_is_changed(
    app: Flask, camille: Account, current: str, password: str, field: str
) -> None:
    here, there = browser_of(app, camille), browser_of(app, camille)
    page = change(here, current, password)
    assert page.status == 422
    assert f"{field}-error" in page.ids
    assert is_signed_in(there)


def test_guessing_the_current_password_is_limited_as_at_the_sign_in(
    app: Flask, camille: Account, monkeypatch: pytest.MonkeyPatch
) -> None:

    limits = app.extensions["signin_limits"]
    monkeypatch.setitem(
        app.extensions, "signin_limits", type(limits)(parse("3 per hour"), *list(vars(limits).values())[1:])
    )
    browser = browser_of(app, camille)
    page = browser.get("/account/security")
    found = [browser.press(page, "Change the password", current="wrong", password=NEW) for _ in range(4)]
    assert [one.status for one in found] == [422, 422, 422, 429]
    assert "Wait 60 minutes" in found[-1].text


# ---------------------------------------------------------------- sessions


def test_the_browsers_are_listed_in_words_and_this_one_is_marked(app: Flask, camille: Account) -> None:
    here = browser_of(app, camille)
    browser_of(app, camille, IPHONE)
    page = here.get("/account/security")
    assert "Firefox on Linux This device, in use now" in page.text
    assert "Safari on iPhone Last used Monday 7 December" in page.text


def test_one_browser_can_be_signed_out_from_another(app: Flask, camille: Account) -> None:
    here, phone, tablet = (browser_of(app, camille, agent) for agent in (FIREFOX, IPHONE, "iPad Safari"))
    page = here.press(here.get("/account/security"), "Sign out there, Safari on iPhone")
    assert "That device is signed out." in page.text
    assert [is_signed_in(one) for one in (here, phone, tablet)] == [True, False, True]


def test_all_others_can_be_signed_out_at_once(app: Flask, camille: Account) -> None:
    here, phone, tablet = (browser_of(app, camille) for _ in range(3))
    here.press(here.get("/account/security"), "Sign out everywhere else")
    assert [is_signed_in(one) for one in (here, phone, tablet)] == [True, False, False]


def test_bob_cannot_end_camilles_session(app: Flask, camille: Account, bob: Browser) -> None:
    here = browser_of(app, camille)
    [session_id] = db.session.scalars(select(SessionRow.secret_hash).where(SessionRow.user_id == camille.id))
    token = dict(bob.get("/").form_with("Sign out").fields)["csrf_token"]
    bob.open("/account/security/sessions", "POST", [("session", session_id), ("csrf_token", token)])
    assert is_signed_in(here)


def test_a_cookie_kept_from_before_the_sign_out_opens_nothing(app: Flask, camille: Account) -> None:
    browser = browser_of(app, camille)
    cookie = browser.http.get_cookie("session")
    assert cookie is not None
    browser.press(browser.get("/account"), "Sign out")
    browser.http.set_cookie("session", cookie.value)
    assert not is_signed_in(browser)


def test_a_session_lasts_thirty_days_and_is_then_forgotten(
    app: Flask, alice: Browser, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=29, hours=23))
    assert is_signed_in(alice)
    clock.shift(timedelta(hours=2))
    assert not is_signed_in(alice)
    alice.sign_in(EVERYBODY.alice)
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(SessionRow)) == 1


def test_a_page_costs_one_query_for_who_is_signed_in_and_a_write_only_every_few_minutes(
    alice: Browser, clock: time_machine.Traveller
) -> None:
    counts = []
    for minutes in (0, 1, 3, 2, 1):
        clock.shift(timedelta(minutes=minutes))
        with statements() as run:
            alice.open("/account")
        counts.append(len(run))
    assert counts == [1, 1, 1, 2, 1]


def test_a_session_is_known_only_by_its_hash(alice: Browser) -> None:
    with alice.http.session_transaction() as session:
        secret = session["_user_id"]
    stored = db.session.scalars(select(SessionRow.secret_hash)).all()
    assert secret not in stored


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.0", "A browser that does not say its name"),
        ("", "A browser that does not say its name"),
    ],
)
def test_a_browser_is_named(app: Flask, agent: str, words: str) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert device_name(agent) == words


# ---------------------------------------------------------------- tokens of programs


def test_a_programs_token_can_be_revoked(app: Flask, alice: Browser, bob: Browser) -> None:
    token = issue_token("alice", NOW)
    assert "Tokens of programs" not in bob.get("/account/security").text
    page = alice.get("/account/security")
    alice.press(page, next(name for form in page.forms for name in form.buttons if name.startswith("Revoke")))
    answer = app.test_client().get("/api/auth/get-session", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


# ---------------------------------------------------------------- another address


def ask(browser: Browser, email: str, current: str = PASSWORD) -> Page:
    return browser.press(browser.get("/account/email"), "Send the link", email=email, current=current)


def test_a_new_address_is_the_accounts_once_its_link_is_confirmed(
    app: Flask, camille: Account, clock: time_machine.Traveller
) -> None:
    browser = browser_of(app, camille)
    assert "new@example.org" in ask(browser, "new@example.org").text
    assert "camille@example.com" in browser.get("/account").text
    link = link_of(browser, "Confirm your new e-mail address")
    clock.shift(timedelta(minutes=1))
    page = browser.press(browser.get(link), "Confirm this address")
    assert "Your account now has the address new@example.org." in page.text
    assert subjects(browser)[0] == ("Your account has a new e-mail address", "camille@example.com")
    assert browser.get(link).status == 404
    again = Browser(app)
    assert again.press(again.get("/sign-in"), "Sign in", email="new@example.org", password=PASSWORD).status == 200


def test_an_address_that_is_taken_gets_the_same_answer_and_no_link(app: Flask, camille: Account) -> None:
    browser = browser_of(app, camille)
    free, taken = (ask(browser, email).text for email in ("zoe@example.com", "ALICE@example.com"))
    assert free.replace("zoe@example.com", "X") == taken.replace("ALICE@example.com", "X")
    assert [address for _, address in subjects(browser)] == ["zoe@example.com"]


def test_of_two_who_want_one_address_the_second_finds_his_link_over(app: Flask, camille: Account) -> None:
    browser = browser_of(app, camille)
    ask(browser, "wanted@example.org")
    link = link_of(browser, "Confirm your new e-mail address")
    create_user("Wanted@example.org", "Quick", Role.CUSTOMER, PASSWORD, NOW)
    assert browser.press(browser.get(link), "Confirm this address").status == 404
    found = load_account(camille.id)
    assert found is not None
    assert found.email == "camille@example.com"


def test_only_the_last_link_works_and_only_for_a_day(
    app: Flask, camille: Account, clock: time_machine.Traveller
) -> None:
    browser = browser_of(app, camille)
    ask(browser, "one@example.org")
    first = link_of(browser, "Confirm your new e-mail address")
    clock.shift(timedelta(minutes=1))
    ask(browser, "two@example.org")
    second = link_of(browser, "Confirm your new e-mail address")
    assert [browser.get(link).status for link in (first, second)] == [404, 200]
    clock.shift(timedelta(hours=24))
    assert browser.get(second).status == 404


@pytest.mark.parametrize(
    ("email", "current", "field"),
    [("new@example.org", "wrong", "current"), ("new@", PASSWORD, "email"), ("CAMILLE@example.com", PASSWORD, "email")],
)
def test_what_is_wrong_with_a_change_of_address_is_named(
    app: Flask, camille: Account, email: str, current: str, field: str
) -> None:
    page = ask(browser_of(app, camille), email, current)
    assert page.status == 422
    assert f"{field}-error" in page.ids
