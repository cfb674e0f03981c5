"""Who may open which page of the team: every page, by every kind of person. A page that is not listed here fails.

The people: nobody (not signed in), alice (a customer), sam (staff), ada (admin). Who may is read from the table of
rights; of a page that somebody may open, the status is written here. Writes are sent empty.
"""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.domain.account import Account
from portal.domain.rights import Action, may
from portal.domain.service import Service
from portal.usecases.bookings import create_booking
from portal.usecases.closures import create_closure
from portal.usecases.resources import create_resource
from portal.usecases.team import create_staff_member
from portal.web.context import current_rules
from tests.build import NOW, a_command, paris
from tests.people import EVERYBODY
from tests.web.page import Browser

CHRISTMAS = {"from": "2026-12-25", "to": "2026-12-25"}
PEOPLE: dict[str, Account | None] = {
    "nobody": None,
    "alice": EVERYBODY.alice,
    "sam": EVERYBODY.sam,
    "ada": EVERYBODY.ada,
}

PAGES: dict[tuple[str, str], tuple[Action, int]] = {
    ("GET", "/staff"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/welcome"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/welcome/<step>"): (Action.RUN_HOUSE, 303),
    ("GET", "/staff/services"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/services/new"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/services/new"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/services/<service_id>"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/services/<service_id>"): (Action.RUN_HOUSE, 409),
    ("POST", "/staff/services/<service_id>/copy"): (Action.RUN_HOUSE, 303),
    ("POST", "/staff/services/<service_id>/archive"): (Action.RUN_HOUSE, 303),
    ("GET", "/staff/services/<service_id>/delete"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/services/<service_id>/delete"): (Action.RUN_HOUSE, 409),
    ("GET", "/staff/services/<service_id>/history"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/services/<service_id>/export"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/services/export"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/services/import"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/services/import"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/resources"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/resources/new"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/resources/new"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/resources/<resource_id>"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/resources/<resource_id>"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/resources/<resource_id>/delete"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/resources/<resource_id>/delete"): (Action.RUN_HOUSE, 303),
    ("GET", "/staff/team"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/team/new"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/team/new"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/team/<staff_id>"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/team/<staff_id>"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/team/<staff_id>/delete"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/team/<staff_id>/delete"): (Action.RUN_HOUSE, 303),
    ("GET", "/staff/bookings"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/bookings.csv"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/bookings/cancel-several"): (Action.RUN_HOUSE, 303),
    ("GET", "/staff/bookings/new"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/bookings/new"): (Action.RUN_HOUSE, 200),  # it only looks; "book" is a step of it
    ("GET", "/staff/bookings/<booking_id>"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/bookings/<booking_id>/approve"): (Action.RUN_HOUSE, 409),  # it is confirmed already
    ("POST", "/staff/bookings/<booking_id>/decline"): (Action.RUN_HOUSE, 409),
    ("POST", "/staff/bookings/<booking_id>/cancel"): (Action.RUN_HOUSE, 303),
    ("POST", "/staff/bookings/<booking_id>/refund"): (Action.RUN_HOUSE, 409),  # nothing was paid
    ("POST", "/staff/bookings/<booking_id>/pay-link"): (Action.RUN_HOUSE, 409),  # nothing is to be paid
    ("POST", "/staff/bookings/<booking_id>/refunds/<refund_id>/retry"): (Action.RUN_HOUSE, 404),
    ("POST", "/staff/bookings/<booking_id>/payments/<payment_id>/seen"): (Action.RUN_HOUSE, 404),
    ("POST", "/staff/bookings/<booking_id>/assign"): (Action.RUN_HOUSE, 422),
    ("POST", "/staff/bookings/<booking_id>/check-in"): (Action.RUN_HOUSE, 303),
    ("POST", "/staff/bookings/<booking_id>/check-out"): (Action.RUN_HOUSE, 409),
    ("POST", "/staff/bookings/<booking_id>/no-show"): (Action.RUN_HOUSE, 409),  # it has not begun
    ("POST", "/staff/bookings/<booking_id>/complete"): (Action.RUN_HOUSE, 409),
    ("POST", "/staff/bookings/<booking_id>/notes"): (Action.RUN_HOUSE, 303),
    ("GET", "/staff/closures"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/closures/new"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/closures/new"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/closures/<closure_id>"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/closures/<closure_id>"): (Action.RUN_HOUSE, 422),
    ("POST", "/staff/closures/<closure_id>/delete"): (Action.RUN_HOUSE, 303),
    ("GET", "/staff/closures/holidays"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/closures/holidays"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/customers"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/customers/new"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/customers/new"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/customers/<customer_id>"): (Action.RUN_HOUSE, 200),
    ("GET", "/staff/customers/<customer_id>/edit"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/customers/<customer_id>/edit"): (Action.RUN_HOUSE, 422),
    ("POST", "/staff/customers/<customer_id>/role"): (Action.CHANGE_TEAM, 422),
    ("GET", "/staff/customers/<customer_id>/close"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/customers/<customer_id>/close"): (Action.RUN_HOUSE, 409),  # without what was read
    ("POST", "/staff/customers/<customer_id>/open"): (Action.RUN_HOUSE, 303),
    ("GET", "/staff/customers/<customer_id>/delete"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/customers/<customer_id>/delete"): (Action.RUN_HOUSE, 303),
    ("GET", "/staff/check-in"): (Action.RUN_HOUSE, 200),
    ("POST", "/staff/check-in"): (Action.RUN_HOUSE, 422),
    ("GET", "/staff/check-in/<token>"): (Action.RUN_HOUSE, 422),
}


@pytest.fixture
def things(offer: Callable[..., Service]) -> dict[str, str]:
    """One of each thing that an address can name; the booking is alice's."""
    booking = create_booking(a_command(offer(), paris("2026-12-10 09:00")), EVERYBODY.alice, current_rules(), NOW)
    return {
        "<booking_id>": booking.id,
        "<service_id>": booking.service_id,
        "<step>": "hours",
        "<customer_id>": EVERYBODY.bob.id,
        "<closure_id>": create_closure(CHRISTMAS, EVERYBODY.sam, current_rules(), NOW).closure.id,
        **_supply(),
    }


def _supply() -> dict[str, str]:
    resource = create_resource({"name": "Kiln", "type": "equipment"}, EVERYBODY.ada)
    member = create_staff_member({"name": "Nora"}, EVERYBODY.ada, current_rules())
    return {"<resource_id>": resource.id, "<staff_id>": member.id}


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(("method", "path"), PAGES, ids=lambda part: part)
def test_the_right_people_see_a_page_of_the_team(
    app: Flask, things: dict[str, str], method: str, path: str, person: str
) -> None:
    account = PEOPLE[person]
    browser = Browser(app).sign_in(account) if account else Browser(app)
    app.config["WTF_CSRF_ENABLED"] = False
    address = path
    for name, value in things.items():
        address = address.replace(name, value)
    try:
        page = browser.open(address, method)
    finally:
        app.config["WTF_CSRF_ENABLED"] = True
    action, status = PAGES[method, path]
    expected = 303 if account is None else status if may(account, action) else 403
    assert page.status == expected, page.text


def test_every_page_of_the_team_is_in_the_matrix(app: Flask) -> None:
    routes = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/staff")
    }
    assert routes == PAGES.keys()


def test_who_is_not_signed_in_comes_back_after_signing_in(nobody: Browser) -> None:
    page = nobody.open("/staff?day=tomorrow")
    assert page.response.headers["Location"] == "/sign-in?next=/staff?day%3Dtomorrow"


def test_a_customer_is_told_that_this_is_not_open_to_him(alice: Browser) -> None:
    page = alice.get("/staff")
    assert (page.status, "This is not open to your account." in page.text) == (403, True)
    assert "Team area" not in alice.get("/").text


def test_the_team_finds_its_pages_in_the_menu_of_the_account(sam: Browser) -> None:
    assert sam.get(sam.get("/").link("Team area")).status == 200
