"""The team's pages about closures: what is closed, by forms alone; and public holidays in one go."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.domain.booking import Booking
from portal.domain.schedule import Closure
from portal.domain.service import Service
from portal.store.db import db
from portal.usecases.closures import create_closure, list_closures
from portal.web.context import current_rules
from tests.build import NOW, paris
from tests.people import EVERYBODY
from tests.web.page import Browser, Page

SAM = EVERYBODY.sam
NEW = "/staff/closures/new"
HOLIDAYS = "/staff/closures/holidays"


def stored() -> list[Closure]:
    """Return the closures as they stand now, not as the test saw them before."""
    db.session.rollback()
    return list_closures(SAM)


def close(**given: Any) -> Closure:
    return create_closure(given, SAM, current_rules(), NOW).closure


def filled(browser: Browser, **fields: str) -> Page:
    return browser.press(browser.get(NEW), "Close it", fields=fields)


# ---------------------------------------------------------------- one closure


@pytest.mark.parametrize(
    ("fields", "start", "end"),
    [
        ({"from": "2026-12-24"}, "2026-12-24", "2026-12-24"),
        ({"from": "2026-12-24", "to": "2027-01-02"}, "2026-12-24", "2027-01-02"),
        (
            {"from": "2026-12-24", "fromTime": "14:00", "toTime": "18:30"},
            "2026-12-24 13:00:00+00:00",
            "2026-12-24 17:30:00+00:00",
        ),
        (
            {"from": "2026-12-24", "to": "2026-12-26", "fromTime": "14:00", "toTime": "08:00"},
            "2026-12-24 13:00:00+00:00",
            "2026-12-26 07:00:00+00:00",
        ),
        (  # the clocks show 2:30 twice
            {"from": "2027-10-31", "fromTime": "02:30", "toTime": "02:30"},
            "2027-10-31 00:30:00+00:00",
            "2027-10-31 01:30:00+00:00",
        ),
    ],
)
def test_a_day_days_or_times_are_closed(sam: Browser, fields: dict[str, str], start: str, end: str) -> None:
    page = filled(sam, **fields, reason="Inventaire")
    assert (page.status, page.address) == (200, "/staff/closures")
    assert "The closure is saved." in page.text
    assert [(str(one.start), str(one.end), one.reason) for one in stored()] == [(start, end, "Inventaire")]


@pytest.mark.parametrize(
    ("start", "end"),
    [("2027-10-31T01:30:00Z", "2027-10-31T04:00:00Z"), ("2027-10-30T22:00:00Z", "2027-10-31T00:30:00Z")],
)
def test_a_closure_keeps_which_of_two_times_it_means_when_only_its_reason_changes(
    sam: Browser, start: str, end: str
) -> None:
    before = close(**{"from": start, "to": end})
    page = sam.press(sam.get(f"/staff/closures/{before.id}"), "Save", reason="Inventaire")
    assert page.status == 200
    assert [(one.start, one.end, one.reason) for one in stored()] == [(before.start, before.end, "Inventaire")]


def test_a_closure_is_for_everything_or_one_thing_by_name(sam: Browser, offer: Callable[..., Service]) -> None:
    service = offer(name="Yoga")
    page = filled(sam, **{"from": "2026-12-24", "target": f"service:{service.id}"})
    assert "Yoga" in page.text
    assert [one.target_id for one in stored()] == [service.id]


def test_every_year_is_one_tick(sam: Browser) -> None:
    page = filled(sam, **{"from": "2026-12-25", "yearly": "true"})
    assert "Every year" in page.text
    assert [one.yearly for one in stored()] == [True]
    form = dict(sam.get(page.link("Friday 25 December")).form_with("Save").fields)
    assert (form["from"], form["yearly"]) == ("2026-12-25", "true")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "from"),
        ({"from": "tomorrow"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "2026-12-24", "to": "2026-12-23"}, "to"),
        ({"from": "2026-12-24", "to": "\0"}, "to"),
        ({"from": "2026-12-24", "fromTime": "10:00"}, "toTime"),
        ({"from": "2026-12-24", "toTime": "10:00"}, "fromTime"),
        ({"from": "2026-12-24", "fromTime": "25:00", "toTime": "10:00"}, "fromTime"),
        ({"from": "2026-12-24", "fromTime": "10:00", "toTime": "10:00"}, "to"),
        ({"from": "2027-03-28", "fromTime": "02:30", "toTime": "10:00"}, "fromTime"),
        ({"from": "2026-12-24", "fromTime": "10:00", "toTime": "12:00", "yearly": "true"}, "yearly"),
        ({"from": "2026-12-24", "to": "2027-12-24", "yearly": "true"}, "to"),
        ({"from": "2026-12-24", "reason": "x" * 256}, "reason"),
        ({"from": "2026-12-24", "reason": "a\0b"}, "reason"),
        ({"from": "2026-12-24", "target": "service:nothing"}, "target"),
        ({"from": "2026-12-24", "target": "service"}, "target"),
        ({"from": "2026-12-24", "target": "moon:x"}, "target"),
        ({"from": "2026-12-24", "target": f"staff:{'x' * 300}"}, "target"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_kept(sam: Browser, fields: dict[str, str], wrong: str) -> None:
    page = filled(sam, **fields)
    assert page.status == 422
    assert f"#{wrong}" in [href for _, href in page.links]
    assert f"{wrong}-error" in page.ids
    assert stored() == []
    typed = dict(page.form_with("Close it").fields)
    for name, value in fields.items():
        if "\0" not in value:
            assert typed[name] == value


def test_everything_wrong_is_told_at_once(sam: Browser) -> None:
    page = filled(sam, **{"from": "2026-12-24", "to": "2026-12-23", "fromTime": "10:00", "reason": "x" * 256})
    assert {"#toTime", "#reason"} <= {href for _, href in page.links}


def test_a_closure_is_edited_and_removed(sam: Browser) -> None:
    made = close(**{"from": "2026-12-24", "to": "2026-12-26"})
    page = sam.get(f"/staff/closures/{made.id}")
    sam.press(page, "Save", to="2026-12-27")
    assert [str(one.end) for one in stored()] == ["2026-12-27"]
    gone = sam.press(sam.get(f"/staff/closures/{made.id}"), "Remove this closure")
    assert "it is open again" in gone.text
    assert stored() == []
    assert sam.get(f"/staff/closures/{made.id}").status == 404


def test_times_are_written_and_read_in_the_houses_zone(sam: Browser) -> None:
    made = close(**{"from": "2026-12-24T13:00:00Z", "to": "2026-12-24T17:30:00Z"})
    page = sam.get(f"/staff/closures/{made.id}")
    form = dict(page.form_with("Save").fields)
    assert (form["from"], form["fromTime"], form["to"], form["toTime"]) == (
        "2026-12-24",
        "14:00",
        "2026-12-24",
        "18:30",
    )
    sam.press(page, "Save")
    assert stored() == [made]


def test_the_second_of_two_who_edit_sees_what_the_first_did(sam: Browser) -> None:
    made = close(**{"from": "2026-12-24", "to": "2026-12-26"})
    first, second = sam.get(f"/staff/closures/{made.id}"), sam.get(f"/staff/closures/{made.id}")
    sam.press(first, "Save", to="2026-12-27")
    told = sam.press(second, "Save", reason="Noël")
    assert (told.status, "27 December" in told.text) == (409, True)
    assert [str(one.end) for one in stored()] == ["2026-12-27"]
    sam.press(told, "Save")
    assert [(str(one.end), one.reason) for one in stored()] == [("2026-12-26", "Noël")]


@pytest.mark.parametrize("read", ["", "no json", "[]", '{"id": 1}', "\0"])
def test_a_form_that_lost_what_it_was_read_of_changes_nothing(sam: Browser, read: str) -> None:
    made = close(**{"from": "2026-12-24", "to": "2026-12-26"})
    told = sam.press(sam.get(f"/staff/closures/{made.id}"), "Save", read=read, to="2026-12-30")
    assert told.status == 409
    assert stored() == [made]


def test_what_is_ahead_comes_first_and_what_is_over_is_folded(sam: Browser) -> None:
    close(**{"from": "2026-11-01", "to": "2026-11-02", "reason": "Over"})
    close(**{"from": "2027-02-01", "to": "2027-02-02", "reason": "Later"})
    close(**{"from": "2020-12-25", "to": "2020-12-25", "reason": "Yearly", "yearly": True})
    text = sam.get("/staff/closures").text
    assert text.index("Yearly") < text.index("Later") < text.index("1 is over") < text.index("Over ")
    assert "Friday 25 December Yearly" in text


# ---------------------------------------------------------------- live bookings


def test_live_bookings_are_asked_about_before_anything_is_stored(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    book(offer())
    asked = filled(sam, **{"from": "2026-12-08"})
    assert (asked.status, "Alice Martin" in asked.text, stored()) == (409, True, [])
    back = sam.press(asked, "Go back and change")
    assert (back.status, dict(back.form_with("Close it").fields)["from"]) == (200, "2026-12-08")
    assert "The closure is saved." in sam.press(asked, "Save").text
    assert len(stored()) == 1


# ---------------------------------------------------------------- public holidays


def test_the_houses_country_comes_first_and_ticked_days_are_closed(sam: Browser) -> None:
    close(**{"from": "2020-12-25", "to": "2020-12-25", "yearly": True})
    page = sam.get(HOLIDAYS)
    form = page.form_with("Close the ticked days")
    days = [value for name, value in form.fields if name == "day"]
    assert "2027-01-01" in days
    assert "2026-12-25" not in days
    assert "closed already" in page.text
    done = sam.press(page, "Close the ticked days", day=["2027-01-01", "2027-05-01"])
    assert "2 days are closed." in done.text
    assert [str(one.start) for one in stored()][1:] == ["2027-01-01", "2027-05-01"]


def test_another_country_and_a_part_of_it_are_chosen_without_scripts(sam: Browser) -> None:
    page = sam.press(sam.get(HOLIDAYS), "Show the days", country="DE", year=["2027"])
    assert "Epiphany" not in page.text
    part = sam.press(page, "Show the days", region="BY")
    assert "Epiphany" in part.text
    back = sam.press(part, "Show the days", country="FR")
    assert (back.status, "New Year" in back.text) == (200, True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("country=XX", "country"),
        ("country=FR&region=XX", "region"),
        ("country=FR&year=1999", "year"),
        ("country=FR&year=many", "year"),
        ("was=FR&country=FR", "year"),
        ("country=a%00b", "country"),
    ],
)
def test_what_is_not_offered_is_said_at_its_field(sam: Browser, query: str, field: str) -> None:
    page = sam.get(f"{HOLIDAYS}?{query}")
    assert page.status == 422
    assert f"#{field}" in [href for _, href in page.links]
    assert field in page.ids


@pytest.mark.parametrize("days", [[], ["2027-01-02"], ["never"]])
def test_days_that_are_no_holidays_are_refused(sam: Browser, days: list[str]) -> None:
    page = sam.press(sam.get(HOLIDAYS), "Close the ticked days", day=days)
    assert (page.status, "#day" in [href for _, href in page.links]) == (422, True)
    assert stored() == []


def test_one_question_is_asked_for_all_the_days(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    service = offer()
    book(service, paris("2026-12-25 09:00"))
    book(service, paris("2027-01-01 09:00"), by=EVERYBODY.bob)
    asked = sam.press(sam.get(HOLIDAYS), "Close the ticked days")
    assert (asked.status, stored()) == (409, [])
    assert "Alice Martin" in asked.text
    assert "Bob Durand" in asked.text
    back = sam.press(asked, "Go back and change")
    assert len([one for one in back.form_with("Close the ticked days").fields if one[0] == "day"]) > 10
    assert "days are closed." in sam.press(asked, "Save").text
    assert len(stored()) > 10
