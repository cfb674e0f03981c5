"""Accounts by the API: sign up, sign in, sign out, who am I?"""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask import session as flask_session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select, update

from portal.domain.account import AccountStatus
from portal.store.accounts import TokenRow, UserRow
from portal.store.db import db
from portal.usecases import accounts, passwords
from portal.usecases.sessions import begin_session
from tests.api.conftest import NINE, Client, count, fields, found, problem
from tests.people import EVERYBODY, PASSWORD

CLAIRE = {"email": "Claire@Example.com ", "password": PASSWORD, "name": " Claire Roux "}
SIGN_UP, SIGN_IN = "/api/auth/sign-up/email", "/api/auth/sign-in/email"
SIGN_OUT, SESSION = "/api/auth/sign-out", "/api/auth/get-session"


def test_a_new_account_works_at_once(nobody: Client, order: dict[str, str]) -> None:
    made = found(nobody.post(SIGN_UP, CLAIRE))
    assert made["user"] == {
        "id": made["user"]["id"],
        "email": "Claire@Example.com",
        "name": "Claire Roux",
        "role": "customer",
        "locale": None,
        "timeZone": None,
    }
    booking = found(Client(nobody.http, made["token"]).post("/create", order))
    assert booking["userId"] == made["user"]["id"]
    assert booking["contactEmail"] == "Claire@Example.com"
    assert booking["startDate"] == NINE


def test_signing_in_gives_a_token_whatever_the_spelling_of_the_address(nobody: Client) -> None:
    nobody.post(SIGN_UP, CLAIRE)
    signed = found(nobody.post(SIGN_IN, {"email": "claire@EXAMPLE.com", "password": PASSWORD}))
    assert found(Client(nobody.http, signed["token"]).get(SESSION)) == {"user": signed["user"]}


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(nobody: Client) -> None:
    nobody.post(SIGN_UP, CLAIRE)
    wrong = nobody.post(SIGN_IN, {"email": "claire@example.com", "password": "not the right one"})
    unknown = nobody.post(SIGN_IN, {"email": "nobody@example.com", "password": "not the right one"})
    problem(wrong, 401, "SIGN_IN_FAILED")
    assert wrong.data == unknown.data


def test_an_unknown_address_is_hashed_for_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of an answer must not tell who has an account: one hash is computed in each case."""
    seen = []
    verify = passwords.HASHER.verify
    monkeypatch.setattr(passwords.HASHER, "verify", lambda typed, stored: seen.append(stored) or verify(typed, stored))
    with pytest.raises(accounts.SignInFailed):
        accounts.check_credentials("nobody@example.com", "whatever it is")
    assert len(seen) == 1
    assert seen[0].startswith("$argon2")


def test_an_account_without_a_password_cannot_be_signed_in_to(nobody: Client) -> None:
    problem(nobody.post(SIGN_IN, {"email": "alice@example.com", "password": ""}), 401, "SIGN_IN_FAILED")


def test_a_decomposed_accent_is_the_same_password(nobody: Client) -> None:
    nobody.post(SIGN_UP, CLAIRE | {"password": "cafe\u0301 cre\u0300me 12"})
    found(nobody.post(SIGN_IN, {"email": "claire@example.com", "password": "caf\u00e9 cr\u00e8me 12"}))


def test_one_address_has_one_account(nobody: Client) -> None:
    nobody.post(SIGN_UP, CLAIRE)
    assert fields(nobody.post(SIGN_UP, CLAIRE | {"email": "CLAIRE@example.com"})) == {"email": "email_taken"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"password": "123456789"}, {"password": "password_too_short"}),
        ({"password": "x" * 201}, {"password": "password_too_long"}),
        ({"password": "tab\tin the middle"}, {"password": "control_character"}),
        ({"email": "claire"}, {"email": "email"}),
        ({"email": "c" * 256}, {"email": "string_too_long"}),
        ({"name": "   "}, {"name": "blank"}),
        ({"name": "\u200b\u2060\u3164"}, {"name": "blank"}),
        ({"name": "x" * 256}, {"name": "string_too_long"}),
        ({"role": "admin"}, {"role": "extra_forbidden"}),
        (
            {"email": "", "password": "short", "name": ""},
            {"email": "email", "password": "password_too_short", "name": "blank"},
        ),
    ],
)
def test_what_is_wrong_with_a_sign_up_is_named_at_its_field(
    nobody: Client, change: dict[str, str], expected: dict[str, str]
) -> None:
    before = count(UserRow)
    assert fields(nobody.post(SIGN_UP, CLAIRE | change)) == expected
    assert count(UserRow) == before


def test_the_message_names_the_limit_of_the_password(nobody: Client) -> None:
    said = problem(nobody.post(SIGN_UP, CLAIRE | {"password": "short"}), 422, "INVALID")
    assert said["errors"][0]["message"] == "Use at least 10 characters."


def test_a_token_ends_with_the_sign_out(alice: Client) -> None:
    assert found(alice.post(SIGN_OUT)) == {"success": True}
    problem(alice.get(SESSION), 401, "UNAUTHENTICATED")


def test_a_token_lasts_thirty_days(alice: Client, clock: time_machine.Traveller) -> None:
    clock.shift(timedelta(days=30, seconds=-1))
    found(alice.get(SESSION))
    clock.shift(timedelta(seconds=1))
    problem(alice.get(SESSION), 401, "UNAUTHENTICATED")


def test_only_the_hash_of_a_token_is_stored(alice: Client) -> None:
    stored = db.session.scalars(select(TokenRow.token_hash)).all()
    assert len(stored) == 1
    assert stored[0] != alice.token
    assert len(stored[0]) == 64


@pytest.mark.parametrize("header", ["Bearer", "Bearer wrong", "Basic YTpi", "", "Bearer \u00e9"])
def test_a_header_that_is_no_good_token_is_refused_even_where_none_is_needed(nobody: Client, header: str) -> None:
    response = nobody.get("/services/consultation", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_banned_person_can_neither_sign_in_nor_use_a_token(nobody: Client, alice: Client) -> None:
    made = found(nobody.post(SIGN_UP, CLAIRE))
    db.session.execute(update(UserRow).values(status=AccountStatus.BANNED))
    db.session.commit()
    problem(nobody.post(SIGN_IN, {"email": "claire@example.com", "password": PASSWORD}), 403, "ACCOUNT_BANNED")
    problem(Client(nobody.http, made["token"]).get("/list"), 403, "ACCOUNT_BANNED")
    problem(
        nobody.post(SIGN_IN, {"email": "claire@example.com", "password": "not the right one"}),
        401,
        "SIGN_IN_FAILED",
    )


def test_the_command_line_makes_an_admin(app: Flask) -> None:
    made = accounts.create_user("eve@example.com", "Eve", accounts.Role.ADMIN, PASSWORD, datetime.now(UTC))
    assert accounts.check_credentials("eve@example.com", PASSWORD).is_admin
    assert accounts.load_account(made.id) == made
    assert accounts.load_account("nobody") is None


# ---------------------------------------------------------------- the browser's session


def _signed_in_browser(nobody: Client) -> Client:
    with nobody.http.session_transaction() as session:
        session["_user_id"] = begin_session(EVERYBODY.alice.id, "A browser", datetime.now(UTC))
        session["_fresh"] = True
    return nobody


def test_the_browsers_cookie_reads(nobody: Client) -> None:
    browser = _signed_in_browser(nobody)
    assert found(browser.get(SESSION))["user"]["id"] == "alice"


def test_the_browsers_cookie_writes_only_with_the_csrf_header(nobody: Client, order: dict[str, str]) -> None:
    browser = _signed_in_browser(nobody)
    problem(browser.post("/create", order), 403, "FORBIDDEN")
    problem(browser.post("/create", order, headers={"X-CSRFToken": "made up"}), 403, "FORBIDDEN")
    assert found(browser.get("/list")) == []
    found(browser.post("/create", order, headers={"X-CSRFToken": _csrf_token(browser)}))


def _csrf_token(browser: Client) -> str:
    """Make the token that the pages of this browser's session carry."""
    with browser.http.session_transaction() as session, browser.http.application.test_request_context():
        token: str = generate_csrf()
        session["csrf_token"] = flask_session["csrf_token"]
        return token


def test_the_browser_signs_out_by_the_api_too(nobody: Client) -> None:
    browser = _signed_in_browser(nobody)
    found(browser.post(SIGN_OUT, headers={"X-CSRFToken": _csrf_token(browser)}))
    problem(browser.get(SESSION), 401, "UNAUTHENTICATED")
