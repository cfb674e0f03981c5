"""What a house has and when it is shut, run with the keyboard alone and without scripts: resources, team, closures."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from portal.domain.lifecycle import BookingStatus
from portal.domain.schedule import Closure, ClosureTarget
from portal.store.db import db
from portal.usecases.closures import delete_closure, list_closures
from portal.usecases.resources import list_resources
from portal.usecases.team import list_staff
from portal.web.context import now
from tests.browser.conftest import Demonstration
from tests.browser.hands import WAYS, Open, Way, button, field
from tests.browser.work import NUMBERS, booked, fresh, told
from tests.people import EVERYBODY

pytestmark = pytest.mark.browser

SAVE = "#editor .form-actions .btn"
ANSWER = "button[name='hits.do'][value={}]"


# ---------------------------------------------------------------- resources


@WAYS
def test_of_a_resource_there_is_less_once_a_booking_has_made_room(
    desk: Open, demonstration: Demonstration, way: Way
) -> None:
    page = desk("/staff/resources", **way.options)
    hands, name = way(page), f"Kayak {next(NUMBERS)}"
    hands.press("a[href='/staff/resources/new']")
    hands.type(field("name"), name)
    hands.type(field("type"), "equipment")
    hands.type(field("quantity"), "2")
    hands.press(SAVE)
    told(page, f"{name} is saved.")
    kayak = next(one for one in demonstration.does(lambda: list_resources(EVERYBODY.sam)) if one.name == name)
    need = {"id": kayak.id, "name": name, "type": "equipment"}
    one, other = demonstration.does(lambda: booked(2, requiredResources=[need], capacity=2))
    hands.type(field("quantity"), "1")
    hands.press(SAVE)
    told(page, "2 live bookings stand against this")
    hands.press(ANSWER.format("back"))
    expect(page.locator(field("quantity"))).to_have_value("1")
    hands.press(SAVE)
    told(page, "2 live bookings stand against this")
    hands.tick("[name='hits.cancel']")
    hands.press(ANSWER.format("save"))
    told(page, f"{name} is saved.")
    stored = {one.id: one.quantity for one in demonstration.does(lambda: list_resources(EVERYBODY.sam))}
    assert stored[kayak.id] == 1
    states = {demonstration.does(lambda it=it: fresh(it)).status for it in (one, other)}
    assert states == {BookingStatus.CANCELLED, BookingStatus.CONFIRMED}


# ---------------------------------------------------------------- the team


@WAYS
def test_a_member_gets_hours_and_days_off_over_a_live_booking(
    desk: Open, demonstration: Demonstration, way: Way
) -> None:
    page = desk("/staff/team", **way.options)
    hands, name = way(page), f"Odile {next(NUMBERS)}"
    role = f"guide {name}"
    hands.press("a[href='/staff/team/new']")
    hands.type(field("name"), name)
    hands.press(button("add:roles"))
    hands.go_on(role)
    for day in (1, 2):
        hands.press(button(f"open:{day}"))
        expect(page.locator(button(f"close:{day}"))).to_be_visible()
    hands.press(button("close:2"))
    hands.lands_on(button("open:2"))
    hands.type(field("workingHours.0.endTime"), "12:30")
    hands.press(SAVE)
    told(page, f"{name} is saved.")
    odile = next(one for one in demonstration.does(lambda: list_staff(EVERYBODY.sam)) if one.name == name)
    assert (odile.roles, odile.working_hours) == ((role,), ((1, 540, 750),))
    (visit,) = demonstration.does(lambda: booked(requiredStaff=[{"role": role, "count": 1}]))
    day = visit.start.date()
    hands.press(button("add:timeOff"))
    hands.press(button("remove:timeOff.0"))
    hands.lands_on(button("add:timeOff"))
    hands.press(button("add:timeOff"))
    hands.lands_on("[id='timeOff.0.from']")
    hands.day(field("timeOff.0.from"), day)
    hands.day(field("timeOff.0.to"), day + timedelta(days=1))
    hands.press(SAVE)
    told(page, "This hits 1 live booking")
    hands.lands_on("#main")
    hands.press(ANSWER.format("save"))
    told(page, f"{name} is saved.")
    stored = next(one for one in demonstration.does(lambda: list_staff(EVERYBODY.sam)) if one.id == odile.id)
    assert [(one.start, one.end) for one in stored.time_off] == [(day, day + timedelta(days=1))]
    assert demonstration.does(lambda: fresh(visit)).status is BookingStatus.CONFIRMED


# ---------------------------------------------------------------- closures


@pytest.fixture
def closed(demonstration: Demonstration) -> Iterator[Callable[[], list[Closure]]]:
    """Return what was closed in the test, and open it again behind it."""

    def closures() -> list[Closure]:
        db.session.rollback()
        return list_closures(EVERYBODY.sam)

    before = {one.id for one in demonstration.does(closures)}

    def made() -> list[Closure]:
        return sorted((one for one in demonstration.does(closures) if one.id not in before), key=lambda it: it.reason)

    yield made
    for one in made():
        demonstration.does(lambda it=one: delete_closure(it.id, EVERYBODY.sam))


@WAYS
def test_days_are_closed_once_or_every_year_and_opened_again(
    desk: Open, closed: Callable[[], list[Closure]], way: Way
) -> None:
    page = desk("/staff/closures", **way.options)
    hands, first = way(page), date(now().year + 2, 11, 9)
    for last, yearly, reason in ((None, False, "A party"), (first + timedelta(days=4), True, "Big spring clean")):
        hands.press("a[href='/staff/closures/new']")
        hands.choose("#target", "Outdoor tennis court")
        hands.day("#from", first)
        if last:
            hands.day("#to", last)
        if yearly:
            hands.tick("#yearly")
        hands.type("#reason", reason)
        hands.press(".panel .btn-primary")
        told(page, "The closure is saved.")
    party, clean = closed()
    assert (party.start, party.end, party.yearly, party.target) == (first, first, False, ClosureTarget.SERVICE)
    assert (clean.start, clean.end, clean.yearly) == (first, first + timedelta(days=4), True)
    hands.press(f"a[href='/staff/closures/{party.id}']")
    hands.press(f"form[action='/staff/closures/{party.id}/delete'] button")
    told(page, "The closure is gone: it is open again.")
    assert [one.id for one in closed()] == [clean.id]


@WAYS
def test_a_closure_over_a_live_booking_asks_what_becomes_of_it(
    desk: Open, demonstration: Demonstration, closed: Callable[[], list[Closure]], way: Way
) -> None:
    (visit,) = demonstration.does(booked)
    page = desk(f"/staff/closures/new?target=service:{visit.service_id}", **way.options)
    hands = way(page)
    hands.day("#from", visit.start.date())
    hands.press(".panel .btn-primary")
    told(page, "This hits 1 live booking")
    hands.press(ANSWER.format("back"))
    expect(page.locator("#from")).to_have_value(visit.start.date().isoformat())
    assert closed() == []
    hands.press(".panel .btn-primary")
    told(page, "This hits 1 live booking")
    hands.tick("[name='hits.cancel']")
    hands.type("[name='hits.reason']", "Burst pipe")
    hands.press(ANSWER.format("save"))
    told(page, "1 booking is cancelled. The customer is told.")
    assert [one.target_id for one in closed()] == [visit.service_id]
    assert demonstration.does(lambda: fresh(visit)).status is BookingStatus.CANCELLED


@WAYS
def test_public_holidays_of_a_country_are_closed_in_one_go(
    desk: Open, closed: Callable[[], list[Closure]], way: Way
) -> None:
    page = desk("/staff/closures", **way.options)
    hands = way(page)
    hands.press("a[href='/staff/closures/holidays']")
    hands.choose("#country", "Greece")
    years = page.locator("#year input")
    later = years.last.get_attribute("value")
    for one in years.evaluate_all("all => all.filter((it) => it.checked).map((it) => it.value)"):
        hands.tick(f"#year input[value='{one}']")
    hands.tick(f"#year input[value='{later}']")
    hands.press("#show")
    expect(page.locator("#day legend")).to_contain_text("Greece")
    hands.lands_on("#show")
    expect(page.locator("[name=day]").first).to_have_value(re.compile(f"^{later}"))
    days = page.locator("[name=day]")
    hands.tick("[name=day]")
    expect(days.first).not_to_be_checked()
    left = days.count() - 1
    hands.press("#holidays form[method=post] button")
    told(page, f"{left} days are closed.")
    assert len(closed()) == left
    assert {one.target for one in closed()} == {ClosureTarget.ALL}
