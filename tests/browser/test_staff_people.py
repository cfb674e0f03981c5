"""Customers, requests and services in use, with the keyboard alone and without scripts."""

import json

import pytest
from playwright.sync_api import expect

from portal.domain.lifecycle import BookingStatus
from portal.domain.service import Service
from portal.store.db import db
from portal.usecases.catalogue import get_service
from portal.usecases.customers import get_customer
from portal.web.context import current_rules
from tests.browser.conftest import Demonstration
from tests.browser.hands import WAYS, Open, Way, button, field
from tests.browser.work import booked, fresh, offered, somebody, told
from tests.people import EVERYBODY

pytestmark = pytest.mark.browser


# ---------------------------------------------------------------- customers


@WAYS
def test_a_customer_is_found_gets_attributes_is_shut_out_and_let_in(
    desk: Open, demonstration: Demonstration, way: Way
) -> None:
    lou = demonstration.does(somebody)
    page = desk("/staff/customers", **way.options)
    hands = way(page)
    hands.search("#q", lou.email)
    expect(page.locator("tbody tr")).to_have_count(1)
    hands.press(f"a[href='/staff/customers/{lou.id}']")
    expect(page.locator("h1")).to_have_text(lou.name)
    hands.press(f"a[href='/staff/customers/{lou.id}/edit']")
    hands.type(field("attributes.0.name"), "membership")
    hands.type(field("attributes.0.value"), "gold")
    hands.press("button[name=do][value=add]")
    hands.go_on("visits")
    hands.press("button[name=do][value=add]")
    hands.go_on("colour")
    hands.press("button[value='remove.2']")
    hands.lands_on("[id='attributes.1.name']")
    hands.choose("[id='attributes.1.kind']", "Number")
    hands.type(field("attributes.1.value"), "12")
    hands.press(".form-actions button")
    told(page, f"{lou.name} is saved.")
    hands.press(f"a[href='/staff/customers/{lou.id}/close']")
    hands.type("#banReason", "Never came")
    hands.press(".form-actions button")
    told(page, f"The account of {lou.name} is closed.")
    shut = demonstration.does(lambda: get_customer(lou.id, EVERYBODY.sam))
    assert (shut.attributes, shut.ban_reason) == ({"membership": "gold", "visits": 12}, "Never came")
    hands.press(f"form[action='/staff/customers/{lou.id}/open'] button")
    told(page, f"The account of {lou.name} is open again.")
    assert not demonstration.does(lambda: get_customer(lou.id, EVERYBODY.sam)).is_banned


# ---------------------------------------------------------------- the board of today


@WAYS
def test_the_board_leads_to_requests_which_are_answered(desk: Open, demonstration: Demonstration, way: Way) -> None:
    yes, no = demonstration.does(lambda: booked(2, requiresApproval=True, capacity=2))
    page = desk("/staff", **way.options)
    hands = way(page)
    hands.press(f".cases a[href='/staff/bookings/{yes.id}']")
    hands.press(f"form[action='/staff/bookings/{yes.id}/approve'] button")
    told(page, "The booking is agreed to.")
    hands.press("a[href='/staff']")
    hands.press(f".cases a[href='/staff/bookings/{no.id}']")
    decline = f"form[action='/staff/bookings/{no.id}/decline']"
    hands.press(f".deed:has({decline}) summary")
    hands.type("#decline-reason", "No guide that day")
    hands.press(f"{decline} button")
    told(page, "The booking is declined.")
    states = [demonstration.does(lambda it=it: fresh(it)).status for it in (yes, no)]
    assert states == [BookingStatus.CONFIRMED, BookingStatus.CANCELLED]


# ---------------------------------------------------------------- services


def stored(slug_or_id: str) -> Service:
    db.session.rollback()
    return get_service(slug_or_id, current_rules(), EVERYBODY.sam)


@WAYS
def test_a_service_in_use_is_found_copied_and_stays_when_it_is_to_be_deleted(
    desk: Open, demonstration: Demonstration, way: Way
) -> None:
    (visit,) = demonstration.does(booked)
    tour = demonstration.does(lambda: stored(visit.service_id))
    page = desk("/staff/services", **way.options)
    hands = way(page)
    hands.choose("#state", "Online")
    hands.search("#q", tour.name)
    expect(page.locator(".service-rows li")).to_have_count(1)
    hands.press(f"a[href='/staff/services/{tour.id}']")
    hands.press(f"form[action='/staff/services/{tour.id}/copy'] button")
    told(page, "This is the copy. Customers do not see it yet.")
    copy = page.url.rpartition("/")[2]
    assert not demonstration.does(lambda: stored(copy)).is_active
    hands.press(f"form[action='/staff/services/{copy}/archive'] button")
    told(page, "Customers see it again.")
    assert demonstration.does(lambda: stored(copy)).is_active
    page.goto(f"{demonstration.address}/staff/services/{tour.id}")
    hands.press(f"a[href='/staff/services/{tour.id}/delete']")
    told(page, "1 live booking lies ahead.")
    hands.press(f"form[action='/staff/services/{tour.id}/archive'] button")
    told(page, "Customers no longer see it. Bookings stay.")
    assert not demonstration.does(lambda: stored(tour.id)).is_active
    assert demonstration.does(lambda: fresh(visit)).status is BookingStatus.CONFIRMED


@WAYS
def test_a_change_stands_in_the_history_and_a_service_leaves_as_a_file_and_comes_back(
    desk: Open, demonstration: Demonstration, way: Way
) -> None:
    tour = demonstration.does(offered)
    page = desk(f"/staff/services/{tour.id}", **way.options)
    hands = way(page)
    hands.type(field("duration"), "75")
    hands.press(f".form-actions {button('save')}")
    told(page, f"{tour.name} is saved.")
    hands.press(f"a[href='/staff/services/{tour.id}/history']")
    expect(page.locator(".differences ins").first).to_contain_text("75")
    hands.press(f"a.tap[href='/staff/services/{tour.id}']")
    with page.expect_download() as download:
        hands.press(f"a[href='/staff/services/{tour.id}/export']")
    file = json.loads(download.value.path().read_text("utf-8"))
    hands.press("a.tap[href='/staff/services']")
    hands.press("a[href='/staff/services/import']")
    hands.paste("#content", json.dumps(file | {"duration": 0}))
    hands.press(".form-actions button")
    told(page, "Nothing was imported")
    hands.press(".error-summary a")
    hands.lands_on("#content")
    hands.paste("#content", json.dumps(file | {"duration": 90}))
    hands.press(".form-actions button")
    told(page, "1 service is imported.")
    assert demonstration.does(lambda: stored(tour.id)).duration == 90
