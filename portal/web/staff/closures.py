"""When is something closed, how do the team say so, and how do they take over public holidays?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.datastructures import MultiDict

from portal.domain.errors import ChangedMeanwhile, FieldError, Invalid
from portal.domain.instants import InstantError, parse_date
from portal.domain.schedule import Closure, ClosureTarget
from portal.domain.text import alphabetical
from portal.domain.timerange import instant_of
from portal.usecases.catalogue import list_services
from portal.usecases.closures import (
    SavedClosure,
    create_closure,
    delete_closure,
    get_closure,
    list_closures,
    update_closure,
)
from portal.usecases.impact import Agreed
from portal.usecases.public_holidays import (
    Calendar,
    close_holidays,
    countries,
    holidays_ahead,
    regions_of,
    years_offered,
)
from portal.usecases.resources import list_resources
from portal.usecases.team import list_staff
from portal.web.context import current_rules, now
from portal.web.errors import message_of
from portal.web.forms import Texts, whole
from portal.web.fragments import go_to, render
from portal.web.language import as_read, current_language
from portal.web.session import account
from portal.web.staff import hits
from portal.web.staff.closure_form import EVERYTHING, placed, read, read_before, target_of, with_others, written

pages = Blueprint("closures", __name__, url_prefix="/closures")

PAST = 100  # of what is over, so many are shown


# ---------------------------------------------------------------- the list


@dataclass(frozen=True)
class Shown:
    """A closure, what it closes by name, and the time that it closes next; of one that is over, closed last."""

    closure: Closure
    what: str
    next: Closure
    is_over: bool


@pages.get("")
def index() -> Response:
    """List the closures, what is ahead first."""
    rows = list(_rows())
    ahead = sorted((one for one in rows if not one.is_over), key=_begins)
    past = sorted((one for one in rows if one.is_over), key=_begins, reverse=True)
    context: dict[str, Any] = {"ahead": ahead, "past": past[:PAST], "zone": _zone()}
    return render("staff/closures/index.html", **context)


def _rows() -> Iterator[Shown]:
    names = _names()
    zone, moment = _zone(), now()
    for closure in list_closures(account()):
        around = list(closure.in_years(moment.year - 1, moment.year + 4)) or [closure]
        coming = [one for one in around if instant_of(one.range_in(zone)[1]) > moment]
        what = names.get(target_of(closure)) or closure.target_id or ""
        yield Shown(closure, what, (coming or around[-1:])[0], not coming and not closure.yearly)


def _begins(one: Shown) -> int:
    return one.next.range_in(_zone())[0]


def _zone() -> ZoneInfo:
    return ZoneInfo(current_rules().time_zone)


def _names() -> dict[str, str]:
    """Name what can be closed, by the values of the form's choice."""
    return {EVERYTHING: gettext("Everything")} | {
        value: name for options in _targets().values() for value, name in options.items()
    }


def _targets() -> dict[str, dict[str, str]]:
    """Return what can be closed beside everything, by group."""
    services = as_read(list_services(current_rules(), active=None))
    return {
        gettext("Services"): {f"{ClosureTarget.SERVICE}:{one.id}": one.name for one in services},
        gettext("Resources"): {f"{ClosureTarget.RESOURCE}:{one.id}": one.name for one in list_resources(account())},
        gettext("Team"): {f"{ClosureTarget.STAFF}:{one.id}": one.name for one in list_staff(account())},
    }


# ---------------------------------------------------------------- one closure


@pages.get("/new")
def new() -> Response:
    """Begin a closure."""
    given = {name: request.args[name] for name in ("target", "from", "to") if name in request.args}
    return _form(MultiDict(given), None)


@pages.post("/new")
def create() -> Response:
    """Close something, once its live bookings were decided about."""
    return _save(None)


@pages.get("/<closure_id>")
def edit(closure_id: str) -> Response:
    """Show a closure as a form."""
    found = get_closure(closure_id, account())
    return _form(MultiDict(written(found, _zone())), found)


@pages.post("/<closure_id>")
def change(closure_id: str) -> Response:
    """Change a closure, once the live bookings that it did not hit before were decided about."""
    return _save(get_closure(closure_id, account()))


def _save(found: Closure | None) -> Response:
    form, who, rules = request.form, account(), current_rules()
    if hits.goes_back():
        return _form(form, found)
    given, errors = read(form, _zone())

    def save(agreed: Agreed) -> SavedClosure:
        if found is None:
            return create_closure(given, who, rules, now(), agreed)
        return update_closure(found.id, given, who, rules, now(), agreed, read_before(form))

    try:
        if errors:
            raise Invalid(with_others(given, errors))
        return hits.asking(save, _saved)
    except Invalid as error:
        return _form(form, found, placed(error.errors), 422)
    except ChangedMeanwhile as error:
        return _changed(get_closure(str(found and found.id), who), message_of(error))


def _saved(_closure: SavedClosure) -> str:
    flash(gettext("The closure is saved."), "ok")
    return url_for("staff.closures.index")


def _changed(found: Closure, refusal: str) -> Response:
    """Show what was typed beside what stands there now; saved once more, what was typed counts."""
    given = MultiDict({**request.form.to_dict(), "read": written(found, _zone())["read"]})
    return _form(given, found, status=409, refusal=refusal, theirs=found)


def _form(
    given: Texts, found: Closure | None, errors: Sequence[FieldError] = (), status: int = 200, **more: Any
) -> Response:
    context: dict[str, Any] = {
        "closure": found,
        "form": given,
        "errors": errors,
        "targets": _targets(),
        "names": _names(),
        "zone": _zone(),
        "labels": {
            "target": gettext("What is closed"),
            "from": gettext("First day"),
            "to": gettext("Last day"),
            "fromTime": gettext("Start time"),
            "toTime": gettext("End time"),
            "yearly": gettext("Every year"),
            "reason": gettext("Reason"),
        },
    }
    return render("staff/closures/edit.html", status=status, **context, **more)


@pages.post("/<closure_id>/delete")
def delete(closure_id: str) -> Response:
    """Open again what a closure closed."""
    delete_closure(closure_id, account())
    flash(gettext("The closure is gone: it is open again."), "ok")
    return go_to(url_for("staff.closures.index"))


# ---------------------------------------------------------------- public holidays


@pages.get("/holidays")
def holidays() -> Response:
    """List the public holidays of a country, to be closed in one go."""
    return _holidays(request.args, None)


@pages.post("/holidays")
def close_several() -> Response:
    """Close everything on the days that are ticked, once their live bookings were decided about."""
    form, who, rules = request.form, account(), current_rules()
    chosen = [one for one in map(_day, form.getlist("day")) if one]
    if hits.goes_back():
        return _holidays(form, chosen)
    try:
        asked = _calendar(form)
        return hits.asking(lambda agreed: close_holidays(asked, chosen, who, rules, now(), agreed), _closed)
    except Invalid as error:
        return _holidays(form, chosen, error.errors)


def _closed(count: int) -> str:
    said = ngettext("%(num)s day is closed.", "%(num)s days are closed.", count)
    flash(said if count else gettext("All of these days were closed already."), "ok")
    return url_for("staff.closures.index")


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except InstantError:
        return None


def _calendar(given: Texts) -> Calendar:
    """Read whose holidays are asked for; at first those of the house's country, this year and the next."""
    country = given.get("country") or current_rules().region
    region = given.get("region") or None
    years = tuple(year for one in given.getlist("year") if (year := whole(one)))
    was = given.get("was")  # the country that the list was of when it was looked at before
    if was is not None and was != country:
        region = None  # the part of another country, from before this one was chosen
    if len(years) < len(given.getlist("year")) or (was is not None and not years):
        return Calendar(country, region, (), current_language())
    return Calendar(country, region, years or _first_years(), current_language())


def _first_years() -> tuple[int, ...]:
    return tuple(years_offered(current_rules(), now())[:2])


def _by_words(choices: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(choices, key=lambda one: alphabetical(one[0]))


def _holidays(given: Texts, chosen: Sequence[date] | None, errors: Sequence[FieldError] = ()) -> Response:
    asked, found = _calendar(given), []
    try:
        found = holidays_ahead(asked, account(), current_rules(), now())
    except Invalid as error:
        errors = error.errors
    names = Locale(current_language()).territories
    context: dict[str, Any] = {
        "asked": asked,
        "found": found,
        "chosen": chosen,
        "errors": errors,
        "countries": _by_words((names.get(one, one), one) for one in countries()),
        "regions": _by_words((name, code) for code, name in regions_of(asked.country).items()),
        "years": years_offered(current_rules(), now()),
        "labels": {
            "country": gettext("Country"),
            "region": gettext("Part of the country"),
            "year": gettext("Years"),
            "day": gettext("Days"),
        },
    }
    return render("staff/closures/holidays.html", "holidays", status=422 if errors else 200, **context)
