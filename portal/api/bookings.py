"""Bookings: create, list, read, change, cancel, approve, decline, check in and out."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import orjson
from flask import Response, request

from portal.api import answers, present
from portal.api.callers import signed_in
from portal.api.operations import Who, answer, operation
from portal.api.payments import payment_for
from portal.api.requests import body, once, query, readable_part
from portal.api.schemas import (
    ApproveBody,
    BookingsQuery,
    CancelBody,
    CancelBookingBody,
    ChangeBookingBody,
    CheckInBody,
    CreateBookingBody,
)
from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.errors import N_, FieldError, Invalid
from portal.domain.timerange import edge, instant_of
from portal.usecases import bookings
from portal.usecases.approvals import approve_booking, decline_booking
from portal.usecases.attendance import check_in, check_out, find_by_code, mark_no_show
from portal.usecases.booking_changes import update_booking
from portal.usecases.bookings import BookingQuery
from portal.usecases.cancellations import cancel_booking
from portal.usecases.catalogue import services_by_id
from portal.usecases.idempotency import Replay
from portal.usecases.orders import CreateBooking
from portal.web.context import check_in_secret, current_money, current_rules, now

Shown = dict[str, Any]


def _as(viewer: Account) -> Callable[[Booking], Shown]:
    return lambda booking: _shown(booking, viewer)


def _shown(booking: Booking, viewer: Account) -> Shown:
    return _all_shown([booking], viewer)[0]


def _all_shown(found: Sequence[Booking], viewer: Account) -> list[Shown]:
    services = services_by_id(sorted({one.service_id for one in found}), current_rules())
    return [present.booking(one, services.get(one.service_id), viewer) for one in found]


def _with_payment(viewer: Account) -> Callable[[Booking], Shown]:
    """Present what was just created; how to pay for it follows, once the booking is stored."""
    return lambda booking: {**_shown(booking, viewer), "payment": None}


@operation(
    "createBooking",
    "POST",
    "/create",
    Who.CUSTOMER,
    body=CreateBookingBody,
    answer=answers.CreatedBooking,
    keyed=True,
)
def create() -> Response:
    """Book a time; everything that is wrong is named at once."""
    who = signed_in()
    write = _with_payment(who)
    command = _order(who)
    try:
        shown = write(bookings.create_booking(command, who, current_rules(), now(), once(who, write)))
    except Replay as replay:
        shown = orjson.loads(replay.answer)
    return answer({**shown, "payment": payment_for(shown, who)})


def _order(who: Account) -> CreateBooking:
    """Read what is to be booked; where its shape is wrong, the rules still say what else is: all errors at once."""
    try:
        return body(CreateBookingBody).to_command()
    except Invalid as refused:
        part = readable_part(CreateBookingBody, refused)
        others = bookings.order_errors(part.to_command(), who, current_rules(), now()) if part else ()
        spoilt = {one.part for one in refused.errors}
        raise Invalid([*refused.errors, *(one for one in others if one.part not in spoilt)]) from None


@operation("getBookings", "GET", "/list", Who.CUSTOMER, query=BookingsQuery, answer=list[answers.Booking])
def get_bookings() -> Response:
    """List bookings in order of their start: one's own, for staff everybody's."""
    asked, who = query(BookingsQuery), signed_in()
    page = bookings.list_bookings(_query(asked), who, current_rules(), now())
    response = answer(_all_shown(page.bookings, who))
    if page.next_after:
        response.headers["Link"] = next_link(page.next_after)
    return response


def next_link(cursor: str) -> str:
    """Return the Link header that names the next page (RFC 8288): the same query from a cursor on."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return f'<{request.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'


def _query(asked: BookingsQuery) -> BookingQuery:
    if asked.date is not None and (asked.start or asked.end):
        raise Invalid([FieldError("date", "not_both", N_("Give either date, or from and to."))])
    after_date = asked.date + timedelta(days=1) if asked.date else None
    return BookingQuery(
        status=asked.status,
        service_id=asked.service_id,
        start=_instant(asked.start or asked.date),
        end=_instant(asked.end or after_date),
        staff_id=asked.staff_id,
        user_id=asked.user_id,
        limit=asked.limit,
        after=asked.cursor,
    )


def _instant(bound: datetime | date | None) -> datetime | None:
    """Return when a local date of the house begins; an instant is one already."""
    if bound is None or isinstance(bound, datetime):
        return bound
    return instant_of(edge(bound, 0, ZoneInfo(current_rules().time_zone)))


@operation("getBooking", "GET", "/<booking_id>", Who.CUSTOMER, answer=answers.Booking)
def get_booking(booking_id: str) -> Response:
    """Read a booking."""
    who = signed_in()
    return answer(_shown(bookings.get_booking(booking_id, who, now()), who))


@operation(
    "updateBooking",
    "PUT",
    "/<booking_id>",
    Who.CUSTOMER,
    body=ChangeBookingBody,
    answer=answers.Booking,
    keyed=True,
)
def update(booking_id: str) -> Response:
    """Change notes, contact or participants; another number of people is priced anew."""
    who = signed_in()
    command = body(ChangeBookingBody).to_command()
    changed = update_booking(booking_id, command, who, current_rules(), now(), once(who, _as(who)))
    return answer(_shown(changed, who))


@operation(
    "cancelBooking",
    "POST",
    "/cancel",
    Who.CUSTOMER,
    body=CancelBookingBody,
    answer=answers.Booking,
    keyed=True,
)
def cancel() -> Response:
    """Cancel a booking: customers until the cutoff, staff at any time; what is due goes back."""
    who, given = signed_in(), body(CancelBookingBody)
    cancelled = cancel_booking(
        given.booking_id,
        given.reason,
        who,
        current_rules(),
        now(),
        once(who, _as(who)),
        money=current_money(),
        choice=given.refund,
    )
    return answer(_shown(cancelled, who))


@operation(
    "approveBooking",
    "POST",
    "/approve",
    Who.STAFF,
    body=ApproveBody,
    answer=answers.Booking,
    keyed=True,
)
def approve() -> Response:
    """Agree to a booking that waits for approval."""
    who, given = signed_in(), body(ApproveBody)
    approved = approve_booking(given.booking_id, who, now(), once(who, _as(who)), money=current_money())
    return answer(_shown(approved, who))


@operation(
    "declineBooking",
    "POST",
    "/decline",
    Who.STAFF,
    body=CancelBody,
    answer=answers.Booking,
    keyed=True,
)
def decline() -> Response:
    """Refuse a booking that waits for approval."""
    who, given = signed_in(), body(CancelBody)
    kept, used = once(who, _as(who)), current_money()
    declined = decline_booking(given.booking_id, given.reason, who, now(), kept, money=used)
    return answer(_shown(declined, who))


@operation(
    "checkInBooking",
    "POST",
    "/check-in",
    Who.STAFF,
    body=CheckInBody,
    answer=answers.Booking,
    keyed=True,
)
def check_in_booking() -> Response:
    """Note that the customer has come; once."""
    who, given = signed_in(), body(CheckInBody)
    if (given.booking_id is None) == (given.code is None):
        raise Invalid([FieldError("bookingId", "one_of", N_("Give either bookingId or code."))])
    booking_id = given.booking_id or find_by_code(given.code or "", check_in_secret(), who)
    return answer(_shown(check_in(booking_id, who, now(), once(who, _as(who))), who))


@operation(
    "checkOutBooking",
    "POST",
    "/check-out",
    Who.STAFF,
    body=ApproveBody,
    answer=answers.Booking,
    keyed=True,
)
def check_out_booking() -> Response:
    """Note that the customer has left; once, and only after he came."""
    who, given = signed_in(), body(ApproveBody)
    return answer(_shown(check_out(given.booking_id, who, now(), once(who, _as(who))), who))


@operation(
    "markNoShow",
    "POST",
    "/no-show",
    Who.STAFF,
    body=CancelBody,
    answer=answers.Booking,
    keyed=True,
)
def mark_booking_no_show() -> Response:
    """Note that nobody came, once the booking has begun."""
    who, given = signed_in(), body(CancelBody)
    marked = mark_no_show(given.booking_id, given.reason, who, now(), once(who, _as(who)))
    return answer(_shown(marked, who))
