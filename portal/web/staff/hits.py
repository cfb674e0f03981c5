"""What does a page ask when a change hits live bookings, and what becomes of the answer?

A page whose use-case takes `agreed` saves through `asking`, and shows its form again where `goes_back` says so:

    draft = read(request.form)
    if hits.goes_back():
        return _editor(draft)
    try:
        return hits.asking(lambda agreed: create_closure(payload(draft), account(), rules, now(), agreed), _saved)
    except Invalid as error:
        return _editor(draft, errors=error.errors)

`_saved(closure)` flashes what was done and returns the address to go on to. The question is answered to the same
address: everything that was typed is in it as hidden fields, so the page reads its own form as ever; names that begin
with "hits." are ours. A booking that was made since the question is asked about again.

The change is saved first, and only then are bookings cancelled: nobody can take a place that becomes free and is to be
closed, and nothing is cancelled for a change that is not kept. What could not be cancelled is shown, to be tried again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext, ngettext

from portal.domain.errors import BookingError, FieldError, HitsBookings, InUse, Invalid
from portal.domain.text import has_controls
from portal.usecases.impact import Agreed, cancel_all, read_hits
from portal.web.context import current_money, current_rules, now
from portal.web.errors import message_of
from portal.web.fragments import asks_for_fragment, go_to, render
from portal.web.session import account, local_path
from portal.web.staff.reason import typed_reason

pages = Blueprint("hits", __name__)

Saved = TypeVar("Saved")
OWN = "hits."
NOBODY: Agreed = frozenset()
MOST = 1000  # bookings of one question: what a form can carry
NONE_FAILED: Mapping[str, BookingError] = {}
AT_ONCE = 25  # cancelled in one answer, which people wait for


def goes_back() -> bool:
    """Tell whether the answer to the question is to change something first."""
    return request.form.get("hits.do") == "back"


def asking(save: Callable[[Agreed], Saved], saved: Callable[[Saved], str]) -> Response:
    """Save a change that may hit live bookings: ask about them, or do with them what was answered.

    `save` is called with the bookings that were agreed to, `saved` with what it returned. What `save` raises but
    HitsBookings, the page answers.
    """
    ids = shown_ids()
    try:
        reason = typed_reason("hits.reason")
    except Invalid as error:
        return _question(ids, error.errors)
    try:
        done = save(frozenset(ids))
    except HitsBookings as error:
        return _question(error.booking_ids)
    return cancelling(ticked_ids(), reason, saved(done))


def making_room(
    save: Callable[[], Saved], saved: Callable[[Saved], str], in_the_way: Callable[[Agreed], list[str]]
) -> Response:
    """Save a change that cannot be while live bookings stand against it: show them, and cancel what is ticked first.

    `in_the_way` returns the bookings that stand against it, were some of them cancelled. Nothing is cancelled as long
    as that would not be enough.
    """
    try:
        return go_to(saved(save()))
    except InUse:
        against = in_the_way(NOBODY)
    try:
        reason = typed_reason("hits.reason")
    except Invalid as error:
        return _question(against, error.errors, must=True)
    ticked = [one for one in ticked_ids() if one in against]
    left = in_the_way(frozenset(ticked))
    if not ticked or left:
        return _question(against, must=True, left=len(left) if ticked else 0)
    failed = cancel_all(ticked[:AT_ONCE], reason, account(), current_money(), now())
    _say_done(min(len(ticked), AT_ONCE) - len(failed))
    try:
        return go_to(saved(save()))
    except InUse:  # some are left, or somebody booked meanwhile
        return _question(in_the_way(NOBODY), must=True, failed=failed)


def shown_ids() -> list[str]:
    """Return the bookings that the question showed, in its order."""
    return [one for one in request.form.get("hits.agreed", "").splitlines() if one and not has_controls(one)]


def ticked_ids() -> list[str]:
    """Return which of the shown bookings are to be cancelled."""
    shown = shown_ids()
    if request.form.get("hits.all"):
        return shown
    numbers = {one for one in request.form.getlist("hits.cancel") if one.isascii() and one.isdigit()}
    return [one for index, one in enumerate(shown) if str(index) in numbers]


def _question(
    ids: Sequence[str],
    errors: Sequence[FieldError] = (),
    must: bool = False,
    left: int = 0,
    failed: Mapping[str, BookingError] = NONE_FAILED,
) -> Response:
    """Show what the change hits; what was ticked stays so, and what is new since the last question is marked.

    Where they `must` go first, `left` is how many would stand against it without those that are ticked.
    """
    found = read_hits(ids if len(ids) <= MOST else (), account(), current_rules(), now())
    seen = set(shown_ids())
    context: dict[str, Any] = {
        "hits": found,
        "count": len(ids),
        "most": MOST,
        "agreed": "\n".join(one.booking.id for one in found),
        "ticked": set(ticked_ids()),
        "fresh": {one.booking.id for one in found if one.booking.id not in seen} if seen else (),
        "typed": [item for item in request.form.items(multi=True) if is_typed(item[0])],
        "errors": errors,
        "must": must,
        "left": left,
        "why": {one: message_of(error) for one, error in failed.items()},
    }
    return _page("staff/hits.html", 422 if errors else 409, context)


def is_typed(name: str) -> bool:
    """Tell whether a field belongs to the page that asks, and goes with the question as it is."""
    return name != "csrf_token" and not name.startswith(OWN)


def _page(template: str, status: int, context: Mapping[str, Any]) -> Response:
    response = render(template, status=status, **context)
    if asks_for_fragment():  # the page's form asked for a part of itself, and gets a page instead
        response.headers.update({"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML"})
    return response


# ---------------------------------------------------------------- cancelling what is ticked


@pages.post("/bookings/cancel-several")
def cancel_several() -> Response:
    """Cancel what an earlier answer could not."""
    onwards = local_path(request.form.get("next")) or url_for("staff.bookings.index")
    try:
        reason = typed_reason("hits.reason")
    except Invalid:
        reason = None  # it was read before it was put into this form
    return cancelling(shown_ids(), reason, onwards)


def cancelling(ids: Sequence[str], reason: str | None, onwards: str) -> Response:
    """Cancel bookings with all the money back, then go on; what is left over is shown."""
    now_due, later = list(ids[:AT_ONCE]), list(ids[AT_ONCE:])
    failed = cancel_all(now_due, reason, account(), current_money(), now())
    _say_done(len(now_due) - len(failed))
    if not failed and not later:
        return go_to(onwards)
    return _left_over(failed, later, reason, onwards)


def _say_done(count: int) -> None:
    if count:
        said = ngettext("%(num)s booking is cancelled. The customer is told.", "%(num)s bookings are cancelled.", count)
        flash(said, "ok")


def _left_over(failed: Mapping[str, BookingError], later: Sequence[str], reason: str | None, onwards: str) -> Response:
    found = read_hits([*failed, *later], account(), current_rules(), now())
    context: dict[str, Any] = {
        "hits": found,
        "agreed": "\n".join(one.booking.id for one in found),
        "why": {one: message_of(error) for one, error in failed.items()},
        "waits": str(gettext("Not yet done: many are cancelled a few at a time.")),
        "reason": reason or "",
        "onwards": onwards,
    }
    return _page("staff/hits_left.html", 409, context)
