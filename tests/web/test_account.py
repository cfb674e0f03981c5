"""Signing up, in and out, and what a person says about himself."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from portal.domain.account import Role
from portal.domain.service import Service
from portal.store.accounts import user_by_email
from portal.store.db import db
from portal.usecases.accounts import create_user, load_account
from portal.usecases.customers import ban
from tests.build import NOW
from tests.people import EVERYBODY, PASSWORD
from tests.web.page import Browser, Page

EMAIL = "camille@example.com"


@pytest.fixture
def camille(app: Flask) -> Browser:
    """A browser that is not signed in, of a person who has an account with a password."""
    with app.app_context():
        create_user(EMAIL, "Camille Laurent", Role.CUSTOMER, PASSWORD, NOW)
    return Browser(app)


def sign_in(browser: Browser, password: str = PASSWORD, address: str = "/sign-in", email: str = EMAIL) -> Page:
    return browser.press(browser.get(address), "Sign in", email=email, password=password)


def test_a_new_person_is_signed_in_at_once(nobody: Browser) -> None:
    fields = {"name": "Camille Laurent", "email": EMAIL, "password": "a few plain words"}
    page = nobody.press(nobody.get("/sign-up"), "Create the account", fields=fields)
    assert page.address == "/"
    assert "Camille Laurent" in page.text


def test_what_is_wrong_with_a_sign_up_is_named_at_its_field_and_the_password_is_not_sent_back(
    nobody: Browser,
) -> None:
    fields = {"name": " ", "email": "camille@", "password": "short"}
    page = nobody.press(nobody.get("/sign-up"), "Create the account", fields=fields)
    assert page.status == 422
    assert {"name-error", "email-error", "password-error"} <= page.ids
    assert "short" not in page.html
    assert "Your name: Fill this in." in page.text
    assert ("email", "camille@") in page.form_with("Create the account").fields


def test_an_address_has_one_account_in_any_spelling(camille: Browser) -> None:
    fields = {"name": "C", "email": "CAMILLE@example.com", "password": "a few plain words"}
    page = camille.press(camille.get("/sign-up"), "Create the account", fields=fields)
    assert page.status == 422
    assert "There is an account with this e-mail address already." in page.text


def test_signing_in_leads_back_to_where_the_person_was(camille: Browser) -> None:
    assert sign_in(camille, address="/sign-in?next=/account").address == "/account"


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "https:evil", "/%09/evil"]
)
def test_signing_in_never_leads_to_another_site(camille: Browser, target: str) -> None:
    assert sign_in(camille, address=f"/sign-in?next={target}").address == "/"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(camille: Browser) -> None:
    wrong = sign_in(camille, "not the password")
    unknown = sign_in(camille, email="nobody@example.com")
    words = "This e-mail address and password do not match."
    assert [wrong.status, unknown.status] == [422, 422]
    assert words in wrong.text
    assert words in unknown.text


def test_htmx_gets_the_form_with_its_message_and_after_success_the_address(camille: Browser) -> None:
    form = camille.get("/sign-in").form_with("Sign in")
    part = {"HX-Request": "true", "HX-Target": "sign_in"}
    wrong = camille.open("/sign-in", "POST", form.sent({"email": EMAIL, "password": "wrong"}), **part)
    assert wrong.status == 422
    assert wrong.html.lstrip().startswith('<section id="sign_in"')
    right = camille.open("/sign-in", "POST", form.sent({"email": EMAIL, "password": PASSWORD}), **part)
    assert right.response.headers["HX-Redirect"] == "/"


def test_a_banned_person_is_told_and_an_open_session_ends(camille: Browser, app: Flask) -> None:
    sign_in(camille)
    with app.app_context():
        row = user_by_email(db.session(), EMAIL)
        assert row is not None
        ban(row.id, EVERYBODY.ada, NOW)
    assert camille.get("/account").address.startswith("/sign-in")
    assert "This account is closed." in sign_in(camille).text


def test_signing_out_is_a_form_and_ends_the_session(camille: Browser) -> None:
    page = sign_in(camille)
    assert camille.open("/sign-out").status == 405
    camille.press(page, "Sign out")
    assert camille.get("/account").address.startswith("/sign-in")


def test_name_and_telephone_can_be_changed_and_the_booking_form_begins_with_the_number(
    alice: Browser, offer: Callable[..., Service]
) -> None:
    page = alice.press(alice.get("/account"), "Save", name="Alice Dupont", phone="01 23 45 67 89")
    assert "Your account is up to date." in page.text
    assert ("phone", "+33123456789") in page.form_with("Save").fields
    form = alice.get(f"/book/{offer().slug}?start=2026-12-11T08:00:00Z&participants=1").form_with("Check my booking")
    assert ("contactPhone", "+33123456789") in form.fields
    emptied = alice.press(page, "Save", phone="")
    assert ("phone", "") in emptied.form_with("Save").fields


def test_the_number_can_be_read_only_with_the_key(alice: Browser) -> None:
    alice.press(alice.get("/account"), "Save", phone="01 23 45 67 89")
    stored = db.session.execute(text("SELECT booking_preferences FROM \"user\" WHERE id = 'alice'")).scalar_one()
    assert "23456789" not in stored


def test_what_is_wrong_in_the_profile_is_named_at_its_field_and_nothing_typed_is_lost(alice: Browser) -> None:
    page = alice.press(alice.get("/account"), "Save", name=" ", phone="12")
    assert page.status == 422
    assert {"name-error", "phone-error"} <= page.ids
    assert ("phone", "12") in page.form_with("Save").fields


def test_language_and_time_zone_can_be_changed(alice: Browser) -> None:
    page = alice.get("/account/preferences")
    assert ("timeZone", "Europe/Paris") in page.form_with("Save").fields
    changed = alice.press(page, "Save", locale="fr", timeZone="America/Montreal")
    assert "Votre compte est à jour." in changed.text
    assert ("timeZone", "America/Montreal") in changed.form_with("Enregistrer").fields
    found = load_account("alice")
    assert found is not None
    assert (found.locale, found.time_zone) == ("fr", "America/Montreal")


@pytest.mark.parametrize(("field", "value"), [("locale", "de"), ("timeZone", "Mars/Olympus"), ("timeZone", "")])
def test_only_what_the_lists_offer_is_taken(alice: Browser, field: str, value: str) -> None:
    page = alice.press(alice.get("/account/preferences"), "Save", **{field: value})
    assert page.status == 422
    assert f"{field}-error" in page.ids


def test_cities_are_called_as_the_reader_calls_them(alice: Browser) -> None:
    assert "Londres" in alice.get("/account/preferences?lang=fr").text
    assert "London" in alice.get("/account/preferences?lang=en").text


def test_a_new_account_keeps_the_language_it_was_made_in(nobody: Browser) -> None:
    fields = {"name": "Camille", "email": EMAIL, "password": "a few plain words"}
    nobody.press(nobody.get("/sign-up?lang=fr"), "Créer le compte", fields=fields)
    row = user_by_email(db.session(), EMAIL)
    assert row is not None
    assert row.locale == "fr"


def test_who_comes_from_a_booking_is_told_that_it_goes_on(nobody: Browser, offer: Callable[..., Service]) -> None:
    page = nobody.get(f"/book/{offer().slug}?start=2026-12-11T08:00:00Z&participants=1")
    assert page.address.startswith("/sign-in")
    assert "at the time you chose" in page.text


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(camille: Browser) -> None:
    form = camille.get("/sign-in").form_with("Sign in")
    page = camille.open("/sign-in", "POST", form.sent({"email": EMAIL, "password": PASSWORD}))
    cookie = next(one for one in page.response.headers.getlist("Set-Cookie") if one.startswith("session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
