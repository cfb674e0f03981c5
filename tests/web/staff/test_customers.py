"""The team's pages about customers: found, read, edited, closed, removed; by forms alone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.service import Service
from portal.store.db import db
from portal.usecases.customers import Particulars, ban, change_customer, get_customer
from tests.build import NOW
from tests.people import EVERYBODY
from tests.web.page import Browser, Page
from tests.web.staff.conftest import NINE

ALICE, SAM, ADA = EVERYBODY.alice, EVERYBODY.sam, EVERYBODY.ada
MEMBER = {"name": "Member", "price": 4000, "condition": 'user.membership == "gold"'}
ROW = "attributes.0"


def stored(who: str) -> Account:
    """Return an account as it stands now, not as the test saw it before."""
    db.session.rollback()
    return get_customer(who, SAM)


def names(page: Page) -> list[str]:
    """Return whom the table shows."""
    return [one for one in ("Alice Martin", "Bob Durand", "Sam Petit") if one in page.text.split("Clear")[-1]]


# ---------------------------------------------------------------- the list


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["Alice Martin", "Bob Durand", "Sam Petit"]),
        ("?q=MARTIN", ["Alice Martin"]),
        ("?q=bob%40example", ["Bob Durand"]),
        ("?q=0612345678", []),
        ("?state=team", ["Sam Petit"]),
        ("?state=open&sort=-name", ["Alice Martin", "Bob Durand"]),
        ("?state=closed", []),
        ("?page=9", ["Alice Martin", "Bob Durand", "Sam Petit"]),
    ],
)
def test_the_address_says_who_is_shown(sam: Browser, query: str, shown: list[str]) -> None:
    page = sam.get(f"/staff/customers{query}")
    assert (page.status, names(page)) == (200, shown)


@pytest.mark.parametrize("query", ["q=a%00b", f"q={'x' * 201}", "state=happy", "q=%ed%a0%80"])
def test_a_search_that_makes_no_sense_is_said_at_its_field(sam: Browser, query: str) -> None:
    page = sam.get(f"/staff/customers?{query}")
    if query.endswith("%80"):  # what is no UTF-8 is read as its stand-in
        assert page.status == 200
        return
    field = query[0] if query.startswith("q") else "state"
    assert page.status == 422
    assert f"#{field}" in [href for _, href in page.links]


def test_the_list_tells_visits_and_leads_to_each(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    book(offer())
    page = sam.get("/staff/customers?q=alice")
    assert "Next visit Tue 8 Dec" in page.text
    assert page.link("Alice Martin") == "/staff/customers/alice"


def test_htmx_gets_the_table_alone(sam: Browser) -> None:
    page = sam.open("/staff/customers?q=bob", **{"HX-Request": "true", "HX-Target": "customers_table"})
    assert page.tags[0][0] == "div"
    assert "Bob Durand" in page.text


def test_nobody_found_offers_everybody(sam: Browser) -> None:
    page = sam.get("/staff/customers?q=zebra")
    assert "Nobody is called so." in page.text
    assert names(sam.get(page.link("Show all"))) == ["Alice Martin", "Bob Durand", "Sam Petit"]


# ---------------------------------------------------------------- one customer


def test_the_page_shows_bookings_and_bookings_lead_back(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    booking = book(offer())
    page = sam.get("/staff/customers/alice")
    assert "alice@example.com" in page.text
    there = sam.get(page.link("Tue 8 Dec"))
    assert there.address == f"/staff/bookings/{booking.id}"
    assert there.link("Alice Martin") == "/staff/customers/alice"
    assert sam.get("/staff/bookings").link("Alice Martin") == "/staff/customers/alice"


def test_the_page_says_which_prices_read_which_attributes(sam: Browser, offer: Callable[..., Service]) -> None:
    offer(pricingTiers=[MEMBER])
    assert "Prices also read: membership." in sam.get("/staff/customers/alice").text
    change_customer("alice", SAM, NOW, attributes={"membership": "gold"})
    assert "read by the prices of Consultation" in sam.get("/staff/customers/alice").text


def test_many_bookings_come_in_pages(sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking]) -> None:
    service = offer()
    for number in range(51):
        book(service, NINE + timedelta(days=number // 6, minutes=30 * (number % 6)), by=ALICE)
    page = sam.get("/staff/customers/alice")
    assert "1 to 50 of 51" in page.text
    assert "51 to 51 of 51" in sam.get(page.link("Next")).text


def test_an_account_of_the_team_is_only_looked_at(sam: Browser, ada: Browser) -> None:
    for who in ("ada", "sam"):
        page = sam.get(f"/staff/customers/{who}")
        assert not [text for text, _ in page.links if text in {"Edit", "Close the account", "Delete the account"}]
        assert sam.open(f"/staff/customers/{who}/edit").status == 200
        assert "not change it" in sam.get(f"/staff/customers/{who}/edit").text
    assert ada.get("/staff/customers/sam").link("Close the account") == "/staff/customers/sam/close"


def test_who_is_not_there_is_not_found(sam: Browser) -> None:
    assert sam.get("/staff/customers/nobody").status == 404
    assert sam.get("/staff/customers/nobody/edit").status == 404
    assert sam.get("/staff/customers/nobody/close").status == 404
    assert sam.get("/staff/customers/nobody/delete").status == 404


# ---------------------------------------------------------------- making and editing


def test_somebody_who_calls_gets_an_account(sam: Browser) -> None:
    page = sam.get("/staff/customers/new")
    fields = {f"{ROW}.name": "membership", f"{ROW}.kind": "text", f"{ROW}.value": "gold"}
    made = sam.press(page, "Make the account", email="claire@example.com", name="Claire Roux", fields=fields)
    assert (made.status, "Claire Roux is saved." in made.text, "membership gold" in made.text) == (200, True, True)


def test_an_address_that_has_an_account_leads_to_it(sam: Browser) -> None:
    page = sam.get("/staff/customers/new")
    refused = sam.press(page, "Make the account", email="BOB@example.com", name="Bob")
    assert refused.status == 422
    assert "#email" in [href for _, href in refused.links]
    assert refused.link("Bob Durand") == "/staff/customers/bob"


def test_rows_are_added_and_removed_without_scripts(sam: Browser) -> None:
    page = sam.get("/staff/customers/alice/edit")
    more = sam.press(page, "Add an attribute", fields={f"{ROW}.name": "vip", f"{ROW}.kind": "true"})
    assert "attributes.1.name" in more.ids
    fields = {"attributes.1.name": "visits", "attributes.1.kind": "number", "attributes.1.value": "3"}
    sam.press(more, "Save", fields=fields)
    assert dict(stored("alice").attributes) == {"vip": True, "visits": 3}
    less = sam.press(sam.get("/staff/customers/alice/edit"), "Remove attribute 1")
    sam.press(less, "Save")
    assert dict(stored("alice").attributes) == {"visits": 3}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"contactPhone": "12"}, "contactPhone"),
        ({"contactPhone": "call me"}, "contactPhone"),
        ({"internalNotes": "x" * 5001}, "internalNotes"),
        ({"internalNotes": "a\0b"}, "internalNotes"),
        ({f"{ROW}.name": "not a name", f"{ROW}.value": "1"}, f"{ROW}.name"),
        ({f"{ROW}.name": "é", f"{ROW}.value": "1"}, f"{ROW}.name"),
        ({f"{ROW}.name": "", f"{ROW}.value": "gold"}, f"{ROW}.name"),
        ({f"{ROW}.name": "vip", f"{ROW}.value": ""}, f"{ROW}.value"),
        ({f"{ROW}.name": "vip", f"{ROW}.value": "x" * 256}, f"{ROW}.value"),
        ({f"{ROW}.name": "vip", f"{ROW}.value": "a\0b"}, f"{ROW}.value"),
        ({f"{ROW}.name": "vip", f"{ROW}.kind": "number", f"{ROW}.value": "three"}, f"{ROW}.value"),
        ({f"{ROW}.name": "vip", f"{ROW}.kind": "number", f"{ROW}.value": "9" * 16}, f"{ROW}.value"),
        ({f"{ROW}.name": "vip", f"{ROW}.kind": "true", f"{ROW}.value": "yes"}, f"{ROW}.value"),
        ({f"{ROW}.name": "vip", f"{ROW}.kind": "moon", f"{ROW}.value": "1"}, f"{ROW}.kind"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_kept(sam: Browser, fields: dict[str, str], wrong: str) -> None:
    page = sam.get("/staff/customers/alice/edit")
    refused = sam.press(page, "Save", fields=fields)
    assert refused.status == 422
    assert f"#{wrong}" in [href for _, href in refused.links]
    assert f"{wrong}-error" in refused.ids
    kept = stored("alice")
    assert (kept.name, dict(kept.attributes)) == ("Alice Martin", {})
    typed = dict(refused.form_with("Save").fields)
    for name, value in fields.items():
        if not name.endswith("kind") and "\0" not in value:
            assert typed[name] == value


@pytest.mark.parametrize("button", ["Save", "Make the account"])
def test_telephone_and_notes_are_kept_for_the_team_and_notes_from_the_customer(
    sam: Browser, alice: Browser, offer: Callable[..., Service], button: str
) -> None:
    address = "/staff/customers/alice/edit" if button == "Save" else "/staff/customers/new"
    new = {} if button == "Save" else {"email": "zoe@example.com", "name": "Zoé"}
    typed = {"contactPhone": "01 23 45 67 89", "internalNotes": "Rings <b>twice</b>\r\nthen leaves"}
    page = sam.press(sam.get(address), button, fields=typed | new)
    assert "Rings <b>twice</b> then leaves" in page.text
    assert page.status == 200
    kept = stored(page.address.rpartition("/")[2])
    assert (kept.contact_phone, kept.internal_notes) == ("+33123456789", "Rings <b>twice</b>\nthen leaves")
    desk = sam.get(f"/staff/bookings/new?customer={kept.id}&service={offer().id}")
    assert "Rings <b>twice</b>" in desk.text
    assert dict(desk.form_with("Book").fields)["contactPhone"] == "+33123456789"
    own = alice.get("/account").html
    assert ("+33123456789" in own, "twice" in own) == (button == "Save", False)


def test_telephone_and_notes_that_are_emptied_are_forgotten(sam: Browser) -> None:
    change_customer("alice", SAM, NOW, more=Particulars("+33123456789", "Comes late"))
    sam.press(sam.get("/staff/customers/alice/edit"), "Save", contactPhone="", internalNotes=" ")
    kept = stored("alice")
    assert (kept.contact_phone, kept.internal_notes, dict(kept.preferences)) == ("", None, {})


def test_an_attribute_is_given_once(sam: Browser) -> None:
    change_customer("alice", SAM, NOW, attributes={"vip": True})
    more = sam.press(sam.get("/staff/customers/alice/edit"), "Add an attribute")
    refused = sam.press(more, "Save", fields={"attributes.1.name": "vip", "attributes.1.value": "x"})
    assert (refused.status, "attributes.1.name-error" in refused.ids) == (422, True)


def test_too_many_attributes_are_told(sam: Browser) -> None:
    page = sam.get("/staff/customers/alice/edit")
    fields = {f"attributes.{n}.{part}": f"a{n}" for n in range(51) for part in ("name", "value")}
    kinds = {f"attributes.{n}.kind": "text" for n in range(51)}
    refused = sam.press(page, "Save", fields=fields | kinds)
    assert (refused.status, "at most 50" in refused.text) == (422, True)


def test_everything_wrong_with_a_new_account_is_told_at_once(sam: Browser) -> None:
    page = sam.get("/staff/customers/new")
    refused = sam.press(
        page, "Make the account", fields={f"{ROW}.name": "a name", f"{ROW}.value": "x", "contactPhone": "1"}
    )
    links = [href for _, href in refused.links]
    assert {"#email", "#name", "#contactPhone", f"#{ROW}.name"} <= set(links)


def test_the_second_of_two_who_edit_sees_what_the_first_did(sam: Browser, ada: Browser) -> None:
    first, second = sam.get("/staff/customers/alice/edit"), ada.get("/staff/customers/alice/edit")
    sam.press(first, "Save", name="Alice Martin-Roux", contactPhone="01 23 45 67 89", internalNotes="Comes late")
    told = ada.press(second, "Save", fields={f"{ROW}.name": "vip", f"{ROW}.kind": "true"})
    assert told.status == 409
    for theirs in ("Alice Martin-Roux", "Telephone: +33 1 23 45 67 89", "Notes of the team: Comes late"):
        assert theirs in told.text
    assert stored("alice").name == "Alice Martin-Roux"
    ada.press(told, "Save")
    kept = stored("alice")
    assert (kept.name, dict(kept.attributes)) == ("Alice Martin", {"vip": True})


def test_an_admin_takes_somebody_into_the_team(sam: Browser, ada: Browser) -> None:
    page = ada.get("/staff/customers/bob")
    assert "Save the role" not in sam.get("/staff/customers/bob").text
    wrong = ada.press(page, "Save the role", role="king")
    assert (wrong.status, "#role" in [href for _, href in wrong.links]) == (422, True)
    assert ada.press(page, "Save the role", role="staff").status == 200
    assert stored("bob").is_staff
    told = ada.press(page, "Save the role", role="admin")
    assert (told.status, stored("bob").is_admin) == (409, False)


# ---------------------------------------------------------------- closing, opening, removing


def test_an_account_is_closed_with_its_reason_after_what_lies_ahead_was_shown(
    sam: Browser, alice: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    booking = book(offer())
    asked = sam.get(sam.get("/staff/customers/alice").link("Close the account"))
    assert "1 booking lies ahead and stays as it is." in asked.text
    assert f"/staff/bookings/{booking.id}" in [href for _, href in asked.links]
    closed = sam.press(asked, "Close the account", banReason="Broke a racket")
    assert "Broke a racket" in closed.text
    assert alice.open("/bookings").status == 303  # to sign in
    opened = sam.press(closed, "Open the account again")
    assert "Broke a racket" not in opened.text


@pytest.mark.parametrize("reason", ["x" * 501, "a\0b"])
def test_a_reason_that_cannot_be_kept_is_asked_for_again(sam: Browser, reason: str) -> None:
    refused = sam.press(sam.get("/staff/customers/alice/close"), "Close the account", banReason=reason)
    assert refused.status == 422
    assert "#banReason" in [href for _, href in refused.links]
    assert not stored("alice").is_banned


def test_who_closes_what_another_closed_is_told(sam: Browser) -> None:
    asked = sam.get("/staff/customers/alice/close")
    ban("alice", ADA, NOW, "Ada's reason")
    told = sam.press(asked, "Close the account", banReason="Sam's reason")
    assert (told.status, "Ada&#39;s reason" in told.html) == (409, True)
    assert stored("alice").ban_reason == "Ada's reason"


def test_who_never_booked_is_removed_and_who_did_is_closed_instead(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    asked = sam.get("/staff/customers/bob/delete")
    book(offer(), by=EVERYBODY.bob)
    refused = sam.press(asked, "Delete for good")
    assert (refused.status, "has a booking" in refused.text) == (409, True)
    assert refused.link("Close it instead") == "/staff/customers/bob/close"
    gone = sam.press(sam.get("/staff/customers/alice/delete"), "Delete for good")
    assert "The account is gone." in gone.text
    assert sam.get("/staff/customers/alice").status == 404
