"""How are a resource and a staff member written in their forms, and what does a form say as the API's JSON?

The forms are the JSON with flat names, as in the editor of services. One thing stands elsewhere: times of a time off
are typed as a clock shows them where the member works, beside the days; without times the days are off as a whole.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from portal.domain.errors import FieldError
from portal.domain.instants import InstantError, local_bound, parse_date, parse_instant_or_date, write_instant
from portal.domain.schedule import closed_range
from portal.domain.service import is_zone
from portal.domain.timerange import instant_of
from portal.web.staff.draft import Draft, Kind, Row, Rows, Style, Text, TextRows, Whole, draft_from, flat_of
from portal.web.staff.rows import Table

RESOURCE = Row({"name": Text(), "type": Text(), "quantity": Whole(), "seats": Whole()})
_OFF: Mapping[str, Kind] = {"from": Text(), "fromTime": Text(), "to": Text(), "toTime": Text()}
MEMBER = Row(
    {
        "name": Text(),
        "roles": TextRows(),
        "workingHours": Rows(Row({"dayOfWeek": Whole(), "startTime": Text(), "endTime": Text()})),
        "timeOff": Rows(Row(_OFF)),
        "timeZone": Text(),
        "userId": Text(),
    }
)
MEMBER_ROWS = Table(week="workingHours", new={"roles": "", "timeOff": {}}, first={"roles": "", "timeOff": "from"})
BLANK: Mapping[str, Any] = {"name": "", "type": "", "quantity": 1, "roles": [], "workingHours": [], "timeOff": []}
UNREADABLE = "?"
Form = MultiDict[str, str]


def read(kind: Kind, form: Form) -> Draft:
    """Read a form."""
    found: Draft = draft_from(kind, form, Style())
    return found


def write(kind: Kind, draft: Draft) -> Form:
    """Return the form as it would be sent."""
    return flat_of(kind, draft, Style())


def payload(kind: Row, draft: Draft) -> dict[str, Any]:
    """Return a draft as the API's JSON, with every field of the form: what is blank goes back to its default."""
    return {name: draft.get(name, BLANK.get(name)) for name in kind.parts}


# ---------------------------------------------------------------- time off


def draft_of_member(given: Mapping[str, Any]) -> Draft:
    """Return a member in the API's form as a draft: instants become days and times of his clock."""
    zone = ZoneInfo(given["timeZone"])
    draft = {name: value for name, value in given.items() if name in MEMBER.parts and value is not None}
    return {**draft, "timeOff": [_typed(one, zone) for one in given["timeOff"]]}


def _typed(off: Mapping[str, str], zone: ZoneInfo) -> Draft:
    start, end = (parse_instant_or_date(off[name]) for name in ("from", "to"))
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return {"from": off["from"], "to": off["to"]}
    (first, opens), (last, closes) = (_local(one, zone) for one in (start, end))
    return {"from": first, "fromTime": opens, "to": last, "toTime": closes}


def _local(moment: datetime, zone: ZoneInfo) -> tuple[str, str]:
    local = moment.astimezone(zone)
    return local.date().isoformat(), f"{local:%H:%M}"


def cleaned(draft: Draft) -> Draft:
    """Leave out what was left blank: a role without a name, a time off without anything."""
    found = {**draft, "roles": [one for one in draft.get("roles") or () if one]}
    return {**found, "timeOff": [one for one in draft.get("timeOff") or () if one]}


def member_payload(
    draft: Draft, house_zone: str, before: Mapping[str, Any] = MappingProxyType({})
) -> tuple[dict[str, Any], list[FieldError]]:
    """Return a draft as the API's JSON, and what is wrong with days and times of times off.

    Those that still stand in it as the form was filled from (`before`) stay as they are: a time may mean two instants.
    """
    name = draft.get("timeZone") or house_zone
    zone = ZoneInfo(name if is_zone(name) else house_zone)
    errors: list[FieldError] = []
    known = {tuple(_typed(one, zone).items()): one for one in before.get("timeOff") or ()}
    off = [
        known.get(tuple(row.items())) or _stored(row, f"timeOff.{index}", zone, errors)
        for index, row in enumerate(draft.get("timeOff") or ())
    ]
    return {**payload(MEMBER, draft), "timeOff": off, "timeZone": name}, errors


def _stored(row: Draft, name: str, zone: ZoneInfo, errors: list[FieldError]) -> Draft:
    """Return a time off as the API takes it; of what cannot be read, something that it refuses as well."""
    has_times = bool(row.get("fromTime") or row.get("toTime"))
    bounds = [bound for bound in ("from", "to") if bound in row]
    days = {bound: _day(row[bound], f"{name}.{bound}", errors) for bound in bounds}
    if not has_times:
        return {bound: UNREADABLE if day is None else day.isoformat() for bound, day in days.items()}
    return {bound: _moment(row, bound, day, f"{name}.{bound}Time", zone, errors) for bound, day in days.items()}


def _day(text: str, name: str, errors: list[FieldError]) -> date | None:
    try:
        return parse_date(text)
    except InstantError as error:
        errors.append(error.at(name))
        return None


def _moment(row: Draft, bound: str, day: date | None, name: str, zone: ZoneInfo, errors: list[FieldError]) -> str:
    """Return a day and a time as an instant; a first day without a time begins, a last one ends with the day."""
    time = row.get(f"{bound}Time")
    if day is None:
        return UNREADABLE
    if not time:
        return write_instant(instant_of(closed_range(day, day, zone)[bound == "to"]))
    try:
        return write_instant(local_bound(day, time, zone, is_end=bound == "to"))
    except InstantError as error:
        errors.append(error.at(name))
        return UNREADABLE


def told_by_clock(errors: Sequence[FieldError], by_clock: Sequence[FieldError]) -> list[FieldError]:
    """Say of a day or a time that cannot be read what is wrong with it as it was typed, at its input."""
    days = {one.field.removesuffix("Time") for one in by_clock}
    return [*(_in_row(one) for one in errors if one.field not in days), *by_clock]


def _in_row(error: FieldError) -> FieldError:
    """Say what is wrong with hours of a day at the input of it where one would mend it."""
    is_row = error.field.startswith(f"{MEMBER_ROWS.week}.") and error.field.count(".") == 1
    return FieldError(f"{error.field}.endTime", error.code, error.message, error.params) if is_row else error
