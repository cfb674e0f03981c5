"""From an empty database to the first booking: what a new house shows to its admin, its team and its customers."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import delete

from portal.cli import create_user_command
from portal.domain.booking import Booking
from portal.domain.service import Service
from portal.store.accounts import UserRow
from portal.store.db import db
from portal.usecases.catalogue import list_services
from portal.web.context import current_rules
from portal.web.staff.beginnings import BEGINNINGS
from tests.people import PASSWORD
from tests.web.page import Browser, Page
from tests.web.staff.test_service_editor import Editor

SET_UP = "step of 5 is done", "steps of 5 are done"


def steps(page: Page) -> dict[str, str]:
    """Return how each step stands: its words after the title."""
    marks = {"Done": "done", "Left out": "left out"}
    parts = page.html.split('<li class="panel')[1:]
    return {
        part.split('id="')[1].split('"')[0]: next(
            (said for mark, said in marks.items() if f"> {mark}</span>" in part), ""
        )
        for part in parts
    }


# ---------------------------------------------------------------- how the first admin comes to be


def test_a_new_portal_says_how_its_admin_is_made_and_makes_none_by_itself(app: Flask, nobody: Browser) -> None:
    db.session.execute(delete(UserRow))
    db.session.commit()
    page = nobody.get("/")
    assert "nobody runs it yet" in page.text
    assert "portal create-user" in page.text
    nobody.get("/staff/welcome")
    signed_up = nobody.press(
        nobody.get("/sign-up"), "Create the account", name="Eve", email="eve@example.com", password=PASSWORD
    )
    assert "Eve" in signed_up.text
    assert nobody.get("/staff/welcome").status == 403


def test_who_is_made_admin_at_the_terminal_is_told_where_to_begin(app: Flask, nobody: Browser) -> None:
    arguments = ["eve@example.com", "--name", "Eve", "--role", "admin", "--password", PASSWORD]
    said = app.test_cli_runner().invoke(create_user_command, arguments, obj=ScriptInfo(create_app=lambda: app))
    assert "/staff/welcome" in said.output, said
    page = nobody.press(
        nobody.get("/sign-in?next=/staff/welcome"), "Sign in", email="eve@example.com", password=PASSWORD
    )
    assert (page.address, page.status) == ("/staff/welcome", 200)


def test_customers_of_an_empty_house_are_told_to_come_back(nobody: Browser, alice: Browser) -> None:
    for browser in (nobody, alice):
        text = browser.get("/").text
        assert "Come back in a little while" in text
        assert "create-user" not in text


def test_the_team_is_led_from_the_empty_catalogue_and_from_the_day_to_the_steps(ada: Browser) -> None:
    assert ada.get(ada.get("/").link("Open your house")).address == "/staff/welcome"
    assert "0 steps of 5 are done." in ada.get("/staff").text


# ---------------------------------------------------------------- the steps


def test_steps_tick_themselves_off_from_what_is_there_and_are_gone_when_done(
    ada: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    assert set(steps(ada.get("/staff/welcome")).values()) == {""}
    service = offer(requiredResources=[{"id": "room-1", "name": "Room 1", "type": "room"}])
    there = steps(ada.get("/staff/welcome"))
    assert there == {"house": "", "hours": "", "supply": "done", "service": "done", "trial": ""}
    assert "2 steps of 5 are done. Next: Say who you are." in ada.get("/staff").text
    book(service)
    assert not any(words in ada.get("/staff").text for words in SET_UP)
    assert "your house takes bookings" in ada.get("/staff/welcome").text


def test_a_step_is_left_out_and_taken_up_again(ada: Browser, sam: Browser) -> None:
    page = ada.press(ada.get("/staff/welcome"), "These are right")
    assert steps(page)["house"] == "left out"
    assert "Next: Say when you are open." in ada.get("/staff").text
    assert steps(sam.get("/staff/welcome"))["house"] == ""
    page = ada.press(page, "Take it up again: Say who you are")
    assert steps(page)["house"] == ""


def test_who_leaves_out_everything_is_led_no_more(ada: Browser) -> None:
    page = ada.get("/staff/welcome")
    for step in ("house", "hours", "supply", "service", "trial"):
        form = next(one for one in page.forms if one.action == f"/staff/welcome/{step}")
        ada.open(form.action, "POST", form.fields)
    assert not any(words in ada.get("/staff").text for words in SET_UP)
    assert ada.open("/staff/welcome/nothing", "POST", page.forms[-1].fields).status == 404


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_every_beginning_becomes_a_service_once_it_has_a_price(app: Flask, ada: Browser, kind: str) -> None:
    editor = Editor(ada, ada.get(f"/staff/services/new?kind={kind}"))
    page = editor.type(price="30").press("save").page
    assert "is saved." in page.text
    assert page.status == 200
    assert len(list_services(current_rules())) == 1


def test_an_unknown_kind_begins_as_a_blank_form(ada: Browser) -> None:
    assert ada.get("/staff/services/new?kind=x").status == 200
