"""How do staff see, write and remove staff members, their hours and their time off?"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext

from portal.domain.errors import BookingError, ChangedMeanwhile, Conflict, FieldError, Invalid
from portal.domain.rights import Action, may
from portal.domain.schedule import closed_range
from portal.domain.supply import StaffMember, TimeOff
from portal.domain.supply_shapes import StaffFields, staff_json
from portal.domain.text import alphabetical
from portal.domain.timerange import minute_of
from portal.usecases.team import (
    create_staff_member,
    delete_staff_member,
    get_staff_member,
    list_staff,
    member_ahead,
    next_starts_of,
    roles_asked_for,
    services_with,
    stands_against_going,
    team_accounts,
    update_staff_member,
)
from portal.web.context import current_rules, now
from portal.web.errors import message_of
from portal.web.filters import short_day
from portal.web.fragments import go_to, render
from portal.web.language import current_language
from portal.web.session import account
from portal.web.staff import hits
from portal.web.staff.draft import Draft
from portal.web.staff.edits import joined, services_by_id, to_carry, was_read
from portal.web.staff.rows import act, is_action, week_of
from portal.web.staff.service_filters import labels_of
from portal.web.staff.service_labels import Difference, differing, label_of
from portal.web.staff.supply_form import (
    MEMBER,
    MEMBER_ROWS,
    cleaned,
    draft_of_member,
    member_payload,
    read,
    told_by_clock,
    write,
)
from portal.web.staff.words import desk_time
from portal.web.zones import zones_by_region

pages = Blueprint("team", __name__, url_prefix="/team")


@pages.get("")
def index() -> Response:
    """List staff members, by search and role, with their week and what they have next."""
    every = list_staff(account())
    found = [one for one in every if _fits(one)]
    shown: dict[str, Any] = {
        "members": found,
        "total": len(every),
        "roles": {one: one for one in sorted({role for one in every for role in one.roles}, key=alphabetical)},
        "starts": next_starts_of(found, account(), now()),
        "off": {one.id: _next_off(one) for one in found},
        "zones": {one.id: ZoneInfo(one.time_zone) for one in found},
    }
    return render("staff/team/index.html", "results", **shown)


def _fits(one: StaffMember) -> bool:
    text, role = request.args.get("q", "").strip().casefold(), request.args.get("role", "")
    words = " ".join((one.name, one.id, *one.roles)).casefold()
    return text in words and (not role or role in one.roles)


def _next_off(member: StaffMember) -> str:
    """Write the time off that a member has now, or next; nothing where there is none."""
    zone, minute = ZoneInfo(member.time_zone), minute_of(now())
    spans = ((closed_range(one.start, one.end, zone), one) for one in member.time_off)
    ahead = [(span, one) for span, one in spans if span[1] > minute]
    return _off_words(min(ahead, key=lambda found: found[0])[1], zone) if ahead else ""


def _off_words(off: TimeOff, zone: ZoneInfo) -> str:
    """Write a time off: days, or times of the member's clock."""
    if not isinstance(off.start, datetime) or not isinstance(off.end, datetime):
        days = dict.fromkeys((off.start, off.end))
        return " – ".join(short_day(one) for one in days)
    first, last = (short_day(one, zone) for one in (off.start, off.end))
    until = desk_time(off.end, zone) if first == last else f"{last}, {desk_time(off.end, zone)}"
    return f"{first}, {desk_time(off.start, zone)} – {until}"


# ---------------------------------------------------------------- the form


@pages.get("/new")
def new() -> Response:
    """Begin a staff member."""
    return _editor({"timeZone": current_rules().time_zone, "roles": [""]}, None)


@pages.post("/new")
def create() -> Response:
    """Take what a button of a new member's form asks for."""
    return _take(None)


@pages.get("/<staff_id>")
def edit(staff_id: str) -> Response:
    """Show a staff member in his form."""
    member = get_staff_member(staff_id, account())
    return _editor(draft_of_member(staff_json(member)), member)


@pages.post("/<staff_id>")
def change(staff_id: str) -> Response:
    """Take what a button of the form asks for; bookings that a change leaves outside are asked about."""
    return _take(get_staff_member(staff_id, account()))


def _take(member: StaffMember | None) -> Response:
    draft, button = read(MEMBER, request.form), request.form.get("do", "save")
    if is_action(button):
        draft, focus = act(MEMBER_ROWS, button, draft, request.form)
        return _editor(draft, member, focus=focus)
    if hits.goes_back():
        return _editor(draft, member)
    draft = cleaned(draft)
    given, errors = member_payload(draft, current_rules().time_zone, was_read(StaffFields))
    if not may(account(), Action.CHANGE_TEAM):
        given["userId"] = member.user_id if member else None
    try:
        return _save(given, member)
    except Invalid as error:
        return _editor(draft, member, told_by_clock(error.errors, errors))
    except ChangedMeanwhile as error:
        assert member is not None
        return _both(given, get_staff_member(member.id, account()), error)


def _save(given: dict[str, Any], member: StaffMember | None) -> Response:
    who, rules = account(), current_rules()
    if member is None:
        return go_to(_saved(create_staff_member(given, who, rules)))
    return hits.asking(
        lambda agreed: update_staff_member(member.id, given, who, rules, now(), agreed, was_read(StaffFields)), _saved
    )


def _saved(member: StaffMember) -> str:
    flash(gettext("%(name)s is saved.", name=member.name), "ok")
    return url_for("staff.team.edit", staff_id=member.id)


def _both(given: dict[str, Any], member: StaffMember, error: BookingError) -> Response:
    """Join what somebody else saved in the meantime with what was typed, and say what came of it."""
    theirs = staff_json(member)
    base = was_read(StaffFields)
    both = joined(base, given, theirs, _differences(base or given, theirs))
    context: dict[str, Any] = {
        "told": gettext("Somebody saved this while you were writing"),
        "others": both.others,
        "refusal": message_of(error),
    }
    return _editor(draft_of_member(both.values), member, status=409, **context)


def _differences(before: Any, after: Any) -> list[Difference]:
    old, new = (write(MEMBER, draft_of_member(one)) for one in (before, after))
    shown = [one for one in differing(old, new) if one.before or one.after]
    return shown if may(account(), Action.CHANGE_TEAM) else [one for one in shown if one.name != "userId"]


def _editor(
    draft: Draft,
    member: StaffMember | None,
    errors: Sequence[FieldError] = (),
    focus: str | None = None,
    status: int | None = None,
    **more: Any,
) -> Response:
    form = write(MEMBER, draft)
    form.update({name: text for name, text in request.form.items() if name in {"copyFrom", "copyTo"}})
    who = account()
    shown: dict[str, Any] = {
        "member": member,
        "draft": draft,
        "form": form,
        "read": to_carry(staff_json(member) if member else None, afresh=status == 409),
        "errors": errors,
        "focus": focus,
        "labels": labels_of(errors, MEMBER_ROWS, draft),
        "label_of": label_of,
        "week": week_of(draft.get(MEMBER_ROWS.week)),
        "zones": zones_by_region(current_language()),
        "roles": roles_asked_for(who),
        "accounts": team_accounts(member, who),
        "may_link": may(who, Action.CHANGE_TEAM),
        "names": services_by_id(),
        "services": services_with(member.id, who) if member else (),
        "ahead": member_ahead(member.id, who, current_rules(), now()) if member else None,
    }
    status = status or (422 if errors else 200)
    return render("staff/team/edit.html", "editor", status=status, **shown, **more)


# ---------------------------------------------------------------- removing


@pages.get("/<staff_id>/delete")
def delete(staff_id: str) -> Response:
    """Say what needs a member before he is removed."""
    return _delete_page(get_staff_member(staff_id, account()))


@pages.post("/<staff_id>/delete")
def delete_submit(staff_id: str) -> Response:
    """Remove a member whom no service names, once no live booking needs him."""
    member = get_staff_member(staff_id, account())
    if hits.goes_back():
        return go_to(url_for("staff.team.edit", staff_id=staff_id))
    try:
        return hits.making_room(
            lambda: delete_staff_member(staff_id, account(), now()),
            lambda _: _gone(member),
            lambda without: stands_against_going(staff_id, account(), now(), without),
        )
    except Conflict as error:
        return _delete_page(member, error)


def _gone(member: StaffMember) -> str:
    flash(gettext("%(name)s is removed.", name=member.name), "ok")
    return url_for("staff.team.index")


def _delete_page(member: StaffMember, error: BookingError | None = None) -> Response:
    context: dict[str, Any] = {
        "name": member.name,
        "names": services_by_id(),
        "services": services_with(member.id, account()),
        "ahead": member_ahead(member.id, account(), current_rules(), now()),
        "refusal": message_of(error) if error else None,
        "back": url_for("staff.team.edit", staff_id=member.id),
        "action": url_for("staff.team.delete_submit", staff_id=member.id),
    }
    return render("staff/supply_delete.html", status=409 if error else 200, **context)
