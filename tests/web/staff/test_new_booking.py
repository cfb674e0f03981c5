"""Booking for a caller or a walk-in, without scripts: one form, and nothing that was typed is lost."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.booking import Booking
from portal.domain.service import Service
from portal.store import accounts
from portal.store.accounts import UserRow
from portal.store.bookings import BookingRow
from portal.store.db import db
from portal.usecases.customers import ban, create_customer
from portal.usecases.profile import change_profile
from portal.web.context import current_rules
from tests.build import NOW, paris
from tests.payments.provider import FakeProvider, a_provider
from tests.people import EVERYBODY
from tests.web.page import Browser, Page

NEW = "/staff/bookings/new"
Offer = Callable[..., Service]


@pytest.fixture
def provider(app: Flask) -> Iterator[FakeProvider]:
    """A house that takes payment."""
    extensions, before = app.extensions, dict(app.extensions)
    extensions["payments"] = found = a_provider(NOW)
    extensions["rules"] = replace(extensions["rules"], takes_payment=True)
    yield found
    extensions["payments"], extensions["rules"] = before["payments"], before["rules"]


def begun(browser: Browser, service: Service, customer: str = "alice", date: str = "2026-12-08") -> Page:
    """Open the form with a service, a customer and a day."""
    return browser.get(f"{NEW}?customer={customer}&service={service.id}&date={date}")


def stored() -> list[Booking]:
    db.session.rollback()
    return [row.value() for row in db.session.scalars(select(BookingRow).order_by(BookingRow.created_at))]


def wrong(page: Page) -> set[str]:
    """Return which fields the summary leads to."""
    return {href.removeprefix("#") for _, href in page.links if href.startswith("#") and href != "#main"}


# ---------------------------------------------------------------- who


def test_a_customer_is_found_by_name_address_and_telephone(sam: Browser, app: Flask) -> None:
    change_profile(EVERYBODY.bob, "Bob Durand", "01 23 45 67 89", current_rules(), NOW)
    for text, name in (("dura", "Bob Durand"), ("ALICE@", "Alice Martin"), ("01.23.45.67.89", "Bob Durand")):
        page = sam.press(sam.get(NEW), "Find", q=text)
        assert [one for one in page.forms[-1].buttons if name in one]
        assert "Nobody was found" not in page.text
    assert "Nobody was found" in sam.press(sam.get(NEW), "Find", q="+33 9 99 99 99 99").text


def test_a_telephone_is_found_by_an_earlier_booking_too(
    sam: Browser, offer: Offer, book: Callable[..., Booking]
) -> None:
    book(offer(), contact_phone="06 12 34 56 78")
    assert "Alice Martin" in sam.press(sam.get(NEW), "Find", q="+33612345678").text


def test_the_one_who_was_found_is_chosen_by_his_button(sam: Browser) -> None:
    page = sam.press(sam.press(sam.get(NEW), "Find", q="alice"), "Alice Martin alice@example.com")
    assert dict(page.form_with("Somebody else").fields)["customer"] == "alice"
    assert "Find a customer" in sam.press(page, "Somebody else").text


def test_the_telephone_is_that_of_whoever_is_chosen_unless_one_was_typed(
    sam: Browser, app: Flask, offer: Offer
) -> None:
    change_profile(EVERYBODY.bob, "Bob Durand", "01 23 45 67 89", current_rules(), NOW)
    for typed, shown in (("", "+33123456789"), ("06 12 34 56 78", "06 12 34 56 78")):
        page = sam.press(begun(sam, offer(), ""), "Find", q="bob", contactPhone=typed)
        page = sam.press(page, "Bob Durand bob@example.com")
        assert dict(page.form_with("Book").fields)["contactPhone"] == shown


def test_somebody_new_and_the_booking_are_made_together(sam: Browser, offer: Offer) -> None:
    page = begun(sam, offer(), "")
    new = {"newCustomer.name": "Zoé Petit", "newCustomer.email": "zoe@example.com"}
    done = sam.press(page, "Book", fields=new, when="2026-12-08T08:00Z")
    assert "Booked. The customer gets the confirmation by e-mail." in done.text
    assert "Zoé Petit" in done.text
    row = accounts.user_by_email(db.session(), "zoe@example.com")
    assert row
    assert [one.user_id for one in stored()] == [row.id]


def test_an_address_that_is_known_offers_its_customer_with_all_else_kept(sam: Browser, offer: Offer) -> None:
    page = begun(sam, offer(), "")
    new = {"newCustomer.name": "A. Martin", "newCustomer.email": "alice@example.com"}
    page = sam.press(page, "Book", fields=new, when="2026-12-08T08:00Z", notes="On crutches")
    assert (page.status, wrong(page)) == (422, {"newCustomer.email"})
    page = sam.press(page, "Book for Alice Martin")
    fields = dict(page.form_with("Book").fields)
    assert (fields["customer"], fields["notes"], fields["when"]) == ("alice", "On crutches", "2026-12-08T08:00Z")
    assert "Booked." in sam.press(page, "Book").text


def test_nobody_new_is_left_behind_by_a_booking_that_fails(
    sam: Browser, offer: Offer, book: Callable[..., Booking]
) -> None:
    service = offer()
    page = begun(sam, service, "")
    book(service)
    people = db.session.scalar(select(func.count()).select_from(UserRow))
    new = {"newCustomer.name": "Zoé", "newCustomer.email": "zoe@example.com"}
    assert sam.press(page, "Book", fields=new, when="2026-12-08T08:00Z").status == 409
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(UserRow)) == people


# ---------------------------------------------------------------- when


def test_the_week_says_what_is_free_and_a_day_is_chosen_by_its_button(
    sam: Browser, offer: Offer, book: Callable[..., Booking]
) -> None:
    service = offer()
    book(service)
    page = begun(sam, service, date="2026-12-07")
    assert "Tue 8 5 free" in page.text
    page = sam.press(page, next(one for one in page.form_with("Book").buttons if one.startswith("Tue 8")))
    times = [(one["value"], "disabled" in one) for tag, one in page.tags if one.get("name") == "when"]
    assert times[:2] == [("2026-12-08T08:00Z", True), ("2026-12-08T08:30Z", False)]


def test_the_day_of_the_address_outlasts_the_choice_of_the_customer(sam: Browser, offer: Offer) -> None:
    service = offer()
    page = sam.press(sam.get(f"{NEW}?date=2026-12-10"), "Find", q="alice")
    page = sam.press(sam.press(page, "Alice Martin alice@example.com"), "Show", service=service.id)
    fields = dict(page.form_with("Book").fields)
    assert (fields["customer"], fields["date"]) == ("alice", "2026-12-10")


def test_a_day_of_the_address_that_is_none_is_said_once_there_is_a_field_for_it(sam: Browser, offer: Offer) -> None:
    page = sam.press(sam.get(f"{NEW}?date=2026-02-30"), "Find", q="alice")
    assert wrong(page) == set()
    page = sam.press(page, "Show", service=offer().id)
    assert wrong(sam.press(page, "Book", time="09:00")) == {"q", "date"}


def test_for_the_desk_there_is_no_lead_time(sam: Browser, offer: Offer) -> None:
    page = begun(sam, offer(), date="2026-12-07")  # it is 8 h
    assert next(one["value"] for _, one in page.tags if one.get("name") == "when") == "2026-12-07T08:00Z"


def test_a_typed_time_counts_off_the_grid_and_outside_hours(sam: Browser, offer: Offer) -> None:
    page = begun(sam, offer())
    done = sam.press(page, "Book", time="22:07", length="45", when="2026-12-08T08:00Z")
    assert "Booked." in done.text
    (made,) = stored()
    assert (made.start, made.end) == (paris("2026-12-08 22:07"), paris("2026-12-08 22:52"))
    assert made.user_id == "alice"
    assert made.source == "phone"


def test_a_taken_time_is_refused_with_the_nearest_which_a_button_takes(
    sam: Browser, offer: Offer, book: Callable[..., Booking]
) -> None:
    service = offer()
    book(service)
    page = sam.press(begun(sam, service), "Book", time="09:10", notes="Rang twice")
    assert page.status == 409
    assert "This time is not available. Choose another one." in page.text
    page = sam.press(page, "9:30 am Tue 8 Dec")
    fields = dict(page.form_with("Book").fields)
    assert (fields["when"], fields["time"], fields["notes"]) == ("2026-12-08T08:30Z", "", "Rang twice")
    assert "Booked." in sam.press(page, "Book").text
    assert stored()[-1].start == paris("2026-12-08 09:30")


def test_an_hour_that_the_clocks_skip_is_refused_by_name(sam: Browser, offer: Offer) -> None:
    page = sam.press(begun(sam, offer(), date="2027-03-28"), "Book", time="02:30")
    assert (page.status, wrong(page), stored()) == (422, {"time"}, [])
    assert "02:30 does not exist on 2027-03-28" in page.text


def test_an_hour_that_comes_twice_means_its_first_coming(sam: Browser, offer: Offer) -> None:
    sam.press(begun(sam, offer(), date="2026-10-25"), "Book", time="02:30")
    assert [f"{one.start:%H:%M}" for one in stored()] == ["00:30"]


def test_a_stay_is_booked_by_arrival_and_nights(sam: Browser, offer: Offer) -> None:
    room = {"id": "room-1", "name": "Room 1", "type": "room"}
    hotel = offer(type="room", duration=1440, requiredResources=[room], availableSlots=[])
    assert "Booked." in sam.press(begun(sam, hotel), "Book", length="3").text
    (made,) = stored()
    assert (made.start, made.end) == (paris("2026-12-08 15:00"), paris("2026-12-11 11:00"))


def test_a_switched_off_service_is_there_and_says_so(sam: Browser, offer: Offer) -> None:
    service = offer(isActive=False)
    assert "Consultation (switched off)" in sam.get(NEW).text
    assert "Booked." in sam.press(begun(sam, service), "Book", when="2026-12-08T08:00Z").text


# ---------------------------------------------------------------- at which price, paid how


def test_the_price_is_shown_before_anything_is_booked(sam: Browser, offer: Offer) -> None:
    page = sam.press(begun(sam, offer()), "Show the price", when="2026-12-08T08:00Z")
    assert "Free at that time" in page.text
    assert "Total €50.00" in page.text
    assert stored() == []


def test_htmx_gets_the_price_alone(sam: Browser, offer: Offer) -> None:
    page = begun(sam, offer())
    data = page.form_with("Book").sent({"when": "2026-12-08T08:00Z", "step": "price"})
    part = sam.open(NEW, "POST", data, **{"HX-Request": "true", "HX-Target": "desk_price"})
    assert part.html.lstrip().startswith('<div id="desk_price"')
    assert "Total €50.00" in part.text
    assert "<html" not in part.html


def test_htmx_is_sent_on_to_the_booking(sam: Browser, offer: Offer) -> None:
    page = begun(sam, offer())
    data = page.form_with("Book").sent({"when": "2026-12-08T08:00Z", "step": "book"})
    part = sam.open(NEW, "POST", data, **{"HX-Request": "true", "HX-Target": "desk"})
    assert part.response.headers["HX-Redirect"] == f"/staff/bookings/{stored()[0].id}"


AGREED = {"priceOverride.total": "40", "priceOverride.reason": "a regular"}


def test_an_agreed_price_is_told_to_team_and_customer(sam: Browser, alice: Browser, offer: Offer) -> None:
    page = sam.press(begun(sam, offer()), "Show the price", fields=AGREED, when="2026-12-08T08:00Z")
    assert "Agreed with the team a regular −€10.00 Total €40.00" in page.text
    done = sam.press(page, "Book")
    assert "Agreed with the team a regular −€10.00 Total €40.00" in done.text
    assert "Price agreed on, Sam Petit: 50.00 EUR → 40.00 EUR: a regular" in done.text
    assert "Agreed with the team a regular −€10.00" in alice.get(f"/bookings/{stored()[0].id}").text


def test_with_a_link_the_booking_page_shows_it_and_sends_it(
    sam: Browser, nobody: Browser, offer: Offer, provider: FakeProvider
) -> None:
    done = sam.press(begun(sam, offer()), "Book", when="2026-12-08T08:00Z", pay="link", payHours="8")
    assert "The time is kept until" in done.text
    (made,) = stored()
    assert (made.status, made.hold_expires_at) == ("pending", paris("2026-12-07 16:00"))
    link = next(one["value"] for _, one in done.tags if one.get("id") == "pay-link")
    assert "€50.00 to pay" in nobody.get(link.removeprefix("http://localhost:5000")).text or "/pay/" in link
    assert "The link is on its way by e-mail." in sam.press(done, "Send it to alice@example.com").text


def test_too_soon_for_a_link_is_said_at_its_field(sam: Browser, offer: Offer, provider: FakeProvider) -> None:
    page = sam.press(begun(sam, offer(), date="2026-12-07"), "Book", time="08:30", pay="link")
    assert (page.status, wrong(page), stored()) == (422, {"payHours"}, [])


def test_sent_twice_it_is_booked_once(sam: Browser, offer: Offer) -> None:
    page = begun(sam, offer(capacity=5))
    sam.press(page, "Book", when="2026-12-08T08:00Z")
    again = sam.press(page, "Book", when="2026-12-08T08:00Z")
    assert "This form was sent already" in again.text
    assert len(stored()) == 1


# ---------------------------------------------------------------- what is wrong

LONG = "x" * 20_000
BAD: list[tuple[dict[str, Any], set[str]]] = [
    ({"customer": ""}, {"q"}),
    ({"customer": "nobody"}, {"q"}),
    ({"customer": "\x00"}, {"q"}),
    (
        {"customer": "", "newCustomer.name": "\x00", "newCustomer.email": LONG},
        {"newCustomer.name", "newCustomer.email"},
    ),
    ({"service": ""}, {"service"}),
    ({"service": "\x00"}, {"service"}),
    ({"when": ""}, {"time"}),
    ({"when": "tomorrow"}, {"time"}),
    ({"when": "2026-12-09T08:00Z"}, {"time"}),  # not on the day that is shown
    ({"time": "25:00"}, {"time"}),
    ({"date": "2026-02-30"}, {"date", "time"}),
    ({"date": "9999-12-31"}, {"date", "time"}),
    ({"participants": "many"}, {"participants"}),
    ({"participants": "-1"}, {"participants"}),
    ({"participants": "999999"}, {"participants"}),
    ({"length": "0"}, {"length"}),
    ({"length": "1.5"}, {"length"}),
    ({"length": "999999"}, {"length"}),
    ({"staffId": "nobody"}, {"staffId"}),
    ({"notes": "\x00"}, {"notes"}),
    ({"notes": LONG}, {"notes"}),
    ({"internalNotes": LONG}, {"internalNotes"}),
    ({"contactPhone": "12"}, {"contactPhone"}),
    ({"contactEmail": "here"}, {"contactEmail"}),
    ({"source": "web"}, {"source"}),
    ({"customFieldValues.plate": "\x00"}, {"customFieldValues.plate"}),
    ({"customFieldValues.plate": ""}, {"customFieldValues.plate"}),
    ({"priceOverride.total": "-5", "priceOverride.reason": "x"}, {"priceOverride.total"}),
    ({"priceOverride.total": "1,234", "priceOverride.reason": "x"}, {"priceOverride.total"}),
    ({"priceOverride.total": "1000000", "priceOverride.reason": "x"}, {"priceOverride.total"}),
    ({"priceOverride.total": "10"}, {"priceOverride.reason"}),
    ({"priceOverride.reason": "no total"}, {"priceOverride.total"}),
    ({"priceOverride.total": "10", "priceOverride.reason": LONG}, {"priceOverride.reason"}),
    ({"priceOverride.total": "5000", "priceOverride.reason": "an admin's"}, {"priceOverride.total"}),
    ({"pay": "link", "payHours": "1000"}, {"payHours"}),
    ({"pay": "link", "payHours": "x"}, {"payHours"}),
    (
        {"length": "x", "priceOverride.total": "x", "contactPhone": "12"},
        {"length", "priceOverride.total", "contactPhone"},
    ),
]


@pytest.mark.parametrize(("typed", "fields"), BAD, ids=[repr(typed)[:60] for typed, _ in BAD])
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost_or_stored(
    sam: Browser, offer: Offer, provider: FakeProvider, typed: dict[str, Any], fields: set[str]
) -> None:
    plate = {"id": "plate", "name": "Plate", "type": "text", "required": True}
    page = begun(sam, offer(customFields=[plate]))
    filled = {"when": "2026-12-08T08:00Z", "customFieldValues.plate": "AB-123", **typed}
    page = sam.press(page, "Book", fields=filled)
    assert (page.status, wrong(page)) == (422, fields)
    assert stored() == []
    assert fields <= page.ids
    sent = dict(page.form_with("Show").fields)
    kept = {name: text for name, text in typed.items() if name in sent and "\x00" not in text and name != "customer"}
    assert {name: sent[name] for name in kept} == kept


def test_a_closed_account_is_named(sam: Browser, offer: Offer) -> None:
    made = create_customer("zoe@example.com", "Zoé", {}, EVERYBODY.sam, NOW)
    ban(made.id, EVERYBODY.sam, NOW)
    page = sam.press(begun(sam, offer(), made.id), "Book", when="2026-12-08T08:00Z")
    assert "This customer's account is closed: nothing can be booked for them." in page.text


def test_the_form_is_reached_from_the_day_and_the_table(sam: Browser) -> None:
    assert sam.get("/staff/bookings").link("New booking") == NEW
    assert sam.get(sam.get("/staff").link("New booking")).status == 200
