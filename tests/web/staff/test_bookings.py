"""The table of bookings: what is looked for stands in the address; and its export."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal.domain.booking import Booking
from portal.domain.reference import reference_of
from portal.domain.service import Service
from portal.store.accounts import change_user
from portal.store.bookings import BookingRow
from portal.store.db import transaction
from tests.people import EVERYBODY
from tests.statements import statements
from tests.web.page import Browser, Page
from tests.web.staff.conftest import NINE

HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def two(offer: Callable[..., Service], book: Callable[..., Booking]) -> list[Booking]:
    """Alice's tomorrow at nine, and a request of bob's nine days later."""
    request = offer(name="Atelier", requiresApproval=True)
    return [book(offer()), book(request, NINE + timedelta(days=9), by=EVERYBODY.bob)]


def names(page: Page) -> list[str]:
    """Return whose bookings the table shows."""
    return [one for one in ("Alice Martin", "Bob Durand") if one in page.text]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Alice Martin", "Bob Durand"]),
        ("?state=to-approve", ["Bob Durand"]),
        ("?state=confirmed&state=to-approve", ["Alice Martin", "Bob Durand"]),
        ("?money=paid", []),
        ("?q=durand", ["Bob Durand"]),
        ("?from=2026-12-09", ["Bob Durand"]),
        ("?from=&to=2026-12-08", ["Alice Martin"]),
        ("?from=2026-12-08&to=2026-12-08", ["Alice Martin"]),
        ("?sort=-amount&page=7", ["Alice Martin", "Bob Durand"]),
    ],
)
def test_the_address_says_what_is_shown(sam: Browser, two: list[Booking], query: str, found: list[str]) -> None:
    assert two
    page = sam.get(f"/staff/bookings{query}")
    assert (page.status, names(page)) == (200, found)


def test_a_reference_finds_its_booking_and_leads_to_it(sam: Browser, two: list[Booking]) -> None:
    page = sam.get(f"/staff/bookings?q={reference_of(two[1].id)}&from=")
    assert names(page) == ["Bob Durand"]
    assert f"/staff/bookings/{two[1].id}" in [href for _, href in page.links]


def test_service_and_member_can_be_asked_for(sam: Browser, two: list[Booking]) -> None:
    assert names(sam.get(f"/staff/bookings?service={two[0].service_id}")) == ["Alice Martin"]
    assert names(sam.get("/staff/bookings?staff=nobody")) == []


def test_what_was_asked_for_stays_chosen_and_goes_along(sam: Browser, two: list[Booking]) -> None:
    assert two
    page = sam.get("/staff/bookings?state=confirmed&q=alice&from=2026-12-01")
    form = page.form_with("Show")
    kept = [("q", "alice"), ("from", "2026-12-01"), ("state", "confirmed")]
    assert set(kept) <= set(form.fields)
    assert page.link("CSV") == "/staff/bookings.csv?q=alice&from=2026-12-01&state=confirmed"
    assert "sort=-start" in page.link("When")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-02-30", "from"),
        ("from=tomorrow", "from"),
        ("from=2026-12-08&to=2026-12-07", "to"),
        ("state=happy", "state"),
        ("money=much", "money"),
        (f"q={'x' * 201}", "q"),
        ("q=a%00b", "q"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_place_and_kept(
    sam: Browser, two: list[Booking], query: str, field: str
) -> None:
    assert two
    page = sam.get(f"/staff/bookings?{query}")
    assert (page.status, names(page)) == (422, [])
    assert f"#{field}" in [href for _, href in page.links]
    assert field in page.ids
    assert sam.open(f"/staff/bookings.csv?{query}").status == 422


def test_htmx_gets_the_table_alone(sam: Browser, two: list[Booking]) -> None:
    assert two
    headers = {"HX-Request": "true", "HX-Target": "bookings_table"}
    page = sam.open("/staff/bookings", **headers)
    assert names(page) == ["Alice Martin", "Bob Durand"]
    assert page.tags[0][0] == "div"


def test_nothing_found_offers_everything(sam: Browser, two: list[Booking]) -> None:
    assert two
    page = sam.get("/staff/bookings?q=zebra")
    assert "No booking fits." in page.text
    assert names(sam.get(page.link("Show all bookings"))) == ["Alice Martin", "Bob Durand"]


def test_more_bookings_take_no_more_queries(
    sam: Browser, offer: Callable[..., Service], book: Callable[..., Booking]
) -> None:
    service = offer()

    def count() -> int:
        with statements() as run:
            sam.get("/staff/bookings?from=")
        return len(run)

    book(service)
    few = count()
    for index in range(1, 6):
        book(service, NINE + index * HALF_HOUR)
    assert count() == few <= 6


# ---------------------------------------------------------------- the export


def rows_of(page: Page, delimiter: str = ",") -> list[list[str]]:
    assert page.response.mimetype == "text/csv"
    text = page.response.get_data(as_text=True)
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter))


def test_what_was_called_off_unpaid_is_not_asked_for_any_more(sam: Browser, two: list[Booking]) -> None:
    gone = update(BookingRow).where(BookingRow.id == two[0].id).values(status="cancelled", payment_status="pending")
    transaction(lambda session: session.execute(gone))
    row = sam.get("/staff/bookings?state=cancelled").text.partition("Made on")[2]
    assert "Cancelled Not paid €50.00" in row


def test_the_export_holds_what_the_table_finds(sam: Browser, two: list[Booking]) -> None:
    head, *rows = rows_of(sam.open("/staff/bookings.csv?state=to-approve"))
    (row,) = (dict(zip(head, one, strict=True)) for one in rows)
    assert row["Reference"] == reference_of(two[1].id)
    assert (row["From"], row["Customer"], row["State"]) == ("2026-12-17 09:00", "Bob Durand", "To approve")
    assert (row["Amount"], row["Currency"]) == ("50.00", "EUR")


def test_french_spreadsheets_get_semicolons_and_commas(app: Flask, two: list[Booking]) -> None:
    assert two
    claire = Browser(app, "fr").sign_in(EVERYBODY.sam)
    head, *rows = rows_of(claire.open("/staff/bookings.csv"), ";")
    assert ("Client" in head, "50,00" in rows[0]) == (True, True)


@pytest.mark.parametrize("name", ["=1+1", "+33 1", "-2", "@SUM(A1)", " =1", '=HYPERLINK("x")', "\t=1"])
def test_nothing_that_a_person_typed_is_computed_by_a_spreadsheet(sam: Browser, two: list[Booking], name: str) -> None:
    assert two
    transaction(lambda session: change_user(session, "alice", name=name))
    _, first, _ = rows_of(sam.open("/staff/bookings.csv"))
    assert first[4] == f"'{name}"


def test_the_export_is_kept_by_nobody(sam: Browser, two: list[Any]) -> None:
    assert two
    headers = sam.open("/staff/bookings.csv").response.headers
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Content-Disposition"] == "attachment; filename=bookings-2026-12-07.csv"
