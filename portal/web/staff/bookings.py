"""Which bookings are there? The table, its filters and its export; what is looked for stands in the address."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, stream_with_context
from werkzeug.datastructures import MultiDict

from portal.domain.booking_search import MoneyState, Search, Sort, State
from portal.domain.errors import N_, FieldError
from portal.domain.instants import InstantError, parse_date
from portal.domain.text import has_controls
from portal.domain.timerange import edge, instant_of
from portal.usecases.booking_search import export_bookings, nothing_found, search_bookings
from portal.web.context import current_rules, now
from portal.web.forms import whole
from portal.web.fragments import render
from portal.web.language import as_read
from portal.web.session import account
from portal.web.staff.spreadsheet import booking_cells, booking_heads, written_rows

pages = Blueprint("bookings", __name__)

Kind = TypeVar("Kind", State, MoneyState)
MAX_TEXT = 200
FILTERS = ("q", "from", "to", "state", "money", "service", "staff", "sort")


@pages.get("/bookings")
def index() -> Response:
    """Show the table; without a word about dates it begins today."""
    given = _given()
    asked = read_search(given)
    page = whole(given.get("page")) or 1
    if asked.errors:
        found = nothing_found(account(), current_rules())
    else:
        found = search_bookings(asked.search, page, account(), current_rules(), now())
    context: dict[str, Any] = {
        "given": given,
        "services": {one.id: one.name for one in as_read(found.services.values())},
        "members": {one.id: one.name for one in found.staff},
        "errors": asked.errors,
        "query": lambda **changes: kept(given, **changes).to_dict(flat=False),
        "sort": asked.search.sort,
    }
    status = 422 if asked.errors else 200
    return render("staff/bookings.html", "bookings_table", status=status, found=found, **context)


@pages.get("/bookings.csv")
def export() -> Response:
    """Send everything that the table's filters find as a file for a spreadsheet."""
    asked = read_search(_given())
    if asked.errors:
        return Response(status=422)
    moment, rules = now(), current_rules()
    zone = ZoneInfo(rules.time_zone)
    rows = export_bookings(asked.search, account(), rules, moment)

    def lines() -> Iterator[list[str]]:
        yield booking_heads()
        for booking, name, service in rows:
            yield booking_cells(booking, name, service, zone, moment)

    response = Response(stream_with_context(written_rows(lines())), mimetype="text/csv")
    response.headers.set(
        "Content-Disposition", "attachment", filename=f"bookings-{moment.astimezone(zone):%Y-%m-%d}.csv"
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _given() -> MultiDict[str, str]:
    """Return what the address says; one that says nothing of dates means from today on."""
    given = MultiDict(request.args.items(multi=True))
    if "from" not in given and "to" not in given:
        given["from"] = now().astimezone(ZoneInfo(current_rules().time_zone)).date().isoformat()
    return given


def kept(given: MultiDict[str, str], **changes: str) -> MultiDict[str, str]:
    """Return the filters for another address: of the next page, of the export, in another order."""
    found: MultiDict[str, str] = MultiDict(
        (name, value) for name in FILTERS if name not in changes for value in given.getlist(name)
    )
    for name, value in changes.items():
        found[name] = value
    return found


@dataclass(frozen=True)
class Asked:
    """What is looked for, and what of it cannot be read."""

    search: Search
    errors: tuple[FieldError, ...] = ()


def read_search(given: MultiDict[str, str]) -> Asked:
    """Read filters from an address; dates are the house's, both included."""
    errors: list[FieldError] = []
    first, last = (_date(given, name, errors) for name in ("from", "to"))
    if first and last and last < first:
        errors.append(FieldError("to", "order", N_("This date is before the first one.")))
    search = Search(
        states=_chosen(given, "state", {one.value: one for one in State}, errors),
        money=_chosen(given, "money", {one.value: one for one in MoneyState}, errors),
        service_id=given.get("service") or None,
        staff_id=given.get("staff") or None,
        text=_text(given, errors),
        sort=next((one for one in Sort if one == given.get("sort")), Sort.START),
    )
    start, end = _midnight(first), _midnight(last + timedelta(days=1) if last else None)
    return Asked(replace(search, start=start, end=end), tuple(errors))


def _date(given: MultiDict[str, str], name: str, errors: list[FieldError]) -> date | None:
    text = given.get(name, "").strip()
    try:
        return parse_date(text) if text else None
    except InstantError as error:
        errors.append(error.at(name))
        return None


def _midnight(day: date | None) -> datetime | None:
    return instant_of(edge(day, 0, ZoneInfo(current_rules().time_zone))) if day else None


def _chosen(
    given: MultiDict[str, str], name: str, known: Mapping[str, Kind], errors: list[FieldError]
) -> tuple[Kind, ...]:
    values: Sequence[str] = [one for one in given.getlist(name) if one]
    if any(one not in known for one in values):
        errors.append(FieldError(name, "enum", N_("Choose one from the list.")))
    return tuple(known[one] for one in dict.fromkeys(values) if one in known)


def _text(given: MultiDict[str, str], errors: list[FieldError]) -> str | None:
    text = given.get("q", "").strip()
    if len(text) > MAX_TEXT or has_controls(text):
        errors.append(FieldError("q", "too_long", N_("Look for a shorter text.")))
        return None
    return text or None
