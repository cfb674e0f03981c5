"""What has a customer booked, and how does he look at it, change it, cancel it, keep it in his calendar?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, make_response, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.domain.booking import Booking, Section
from portal.domain.calendar import calendar_file
from portal.domain.errors import N_, BookingError, Conflict, FieldError, Invalid, PaidMeanwhile
from portal.domain.fields import PARTICIPANTS
from portal.domain.lifecycle import BookingStatus
from portal.domain.price_override import override_of
from portal.domain.pricing import Quote
from portal.domain.service import Service
from portal.usecases.booking_changes import ChangeBooking, quote_party, update_booking
from portal.usecases.bookings import get_booking
from portal.usecases.cancellations import cancel_booking, terms_of
from portal.usecases.catalogue import services_by_id
from portal.usecases.invoices import invoices_of_booking
from portal.usecases.own_bookings import is_processing, list_own, trail_of
from portal.web.booking_words import money_of, trail_words
from portal.web.calendars import entry_of, map_link
from portal.web.context import current_money, current_rules, now, settings
from portal.web.errors import message_of
from portal.web.filters import money
from portal.web.forms import Texts, amount, field_labels, note_errors, participants_from_form, typed_text, whole
from portal.web.fragments import asks_for_fragment, go_to, render
from portal.web.session import account, must_sign_in

pages = Blueprint("bookings", __name__)
pages.before_request(must_sign_in)

AHEAD = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED, BookingStatus.WAITLISTED})
CHANGEABLE = frozenset({BookingStatus.PENDING, BookingStatus.CONFIRMED})
SECTIONS: Mapping[str, Section] = {one.value: one for one in Section}
MAX_REASON = 500
MAX_PAGE = 10_000
MAX_PEOPLE = 100  # whose details one page asks for


@pages.get("/bookings")
def index() -> Response:
    """List one section of what the caller has booked."""
    section = SECTIONS.get(request.args.get("show", ""), Section.AHEAD)
    page = min(whole(request.args.get("page")) or 1, MAX_PAGE)
    own = list_own(section, page, account(), current_rules(), now())
    return render("bookings/index.html", own=own, earlier=_page(section, page - 1), later=_page(section, page + 1))


def _page(section: Section, page: int) -> dict[str, Any]:
    return {"show": None if section is Section.AHEAD else section.value, "page": page if page > 1 else None}


@pages.get("/bookings/<booking_id>")
def show(booking_id: str) -> Response:
    """Show everything about one booking."""
    booking, service = _found(booking_id)
    context: dict[str, Any] = {
        "trail": trail_words(trail_of(booking_id, account()), booking),
        "entry": entry_of(booking, service),
        "map": map_link(service.location),
        "can_change": _can_change(booking),
        "invoices": invoices_of_booking(booking.id, account()),
        "is_processing": is_processing(booking),
    }
    return render("bookings/show.html", **_terms(booking, service), **context)


@pages.get("/bookings/<booking_id>/calendar.ics")
def calendar(booking_id: str) -> Response:
    """Send a booking as a calendar file."""
    booking, service = _found(booking_id)
    changes = max(0, len(trail_of(booking_id, account())) - 1)
    response = make_response(calendar_file(entry_of(booking, service, changes)))
    response.mimetype = "text/calendar"
    name = f"{service.slug}-{booking.start.astimezone(service.zone):%Y-%m-%d}.ics"
    response.headers.set("Content-Disposition", "inline", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@pages.get("/bookings/<booking_id>/cancel")
def cancel(booking_id: str) -> Response:
    """Say what cancelling means, before it is done."""
    booking, service = _found(booking_id)
    context = _terms(booking, service)
    team: dict[str, Any] = {"team_phone": settings().business_phone, "team_email": settings().business_email}
    asked = money_of(booking, context["terms"])
    return render(
        "bookings/cancel.html", "cancel_dialog", **context, **team, money=asked, in_dialog=asks_for_fragment()
    )


@pages.post("/bookings/<booking_id>/cancel")
def cancel_submit(booking_id: str) -> Response:
    """Cancel a booking and free its place."""
    reason = "".join(char for char in request.form.get("reason", "") if char.isprintable()).strip()[:MAX_REASON]
    before = get_booking(booking_id, account(), now()).amount_refunded
    try:
        after = cancel_booking(booking_id, reason or None, account(), current_rules(), now(), money=current_money())
    except PaidMeanwhile as error:  # the question is another one now
        flash(message_of(error), "warn")
        return go_to(url_for("bookings.cancel", booking_id=booking_id))
    flash(_cancelled(after.amount_refunded - before, after.currency), "ok")
    return go_to(url_for("bookings.index"))


def _cancelled(back: int, currency: str) -> str:
    if back:
        return str(gettext("The booking is cancelled. You get %(amount)s back.", amount=money(back, currency)))
    return str(gettext("The booking is cancelled. Nothing more is to be done."))


@pages.get("/bookings/<booking_id>/edit")
def edit(booking_id: str) -> Response:
    """Ask what is to be told differently."""
    booking, service = _found(booking_id)
    return _edit_form(booking, service, _typed(booking)) if _can_change(booking) else go_to(_address(booking))


@pages.post("/bookings/<booking_id>/edit")
def change(booking_id: str) -> Response:
    """Change contact, message, people; another price is shown before it is agreed to."""
    booking, service = _found(booking_id)
    if not _can_change(booking):
        return go_to(_address(booking))
    try:
        price = _change(booking, service, request.form)
    except Invalid as error:
        return _edit_form(booking, service, request.form, error.errors)
    except Conflict as error:
        return _edit_form(booking, service, request.form, refusal=error)
    if price:
        return _edit_form(booking, service, request.form, price=price)
    flash(gettext("Your booking is up to date."), "ok")
    return go_to(_address(booking))


def _found(booking_id: str) -> tuple[Booking, Service]:
    booking = get_booking(booking_id, account(), now())
    return booking, services_by_id([booking.service_id], current_rules())[booking.service_id]


def _terms(booking: Booking, service: Service) -> dict[str, Any]:
    terms = terms_of(booking, current_rules(), now())
    return {"booking": booking, "service": service, "terms": terms, "is_ahead": _is_ahead(booking)}


def _is_ahead(booking: Booking) -> bool:
    return booking.status in AHEAD and booking.end > now()


def _address(booking: Booking) -> str:
    return url_for("bookings.show", booking_id=booking.id)


# ---------------------------------------------------------------- changing what was told


def _can_change(booking: Booking) -> bool:
    return _is_ahead(booking) and booking.status in CHANGEABLE


def _change(booking: Booking, service: Service, form: Texts) -> Quote | None:
    """Make the change, or return the price that has to be agreed to first.

    Raises Invalid with all errors, Conflict.
    """
    command = _command(booking, service, form)
    if isinstance(command.participants, int) and command.participants != booking.participants:
        price = quote_party(booking.id, command.participants, account(), current_rules(), now())
        if price.total not in {booking.total_price, amount(form.get("total"))}:
            return price
    update_booking(booking.id, command, account(), current_rules(), now())
    return None


def _command(booking: Booking, service: Service, form: Texts) -> ChangeBooking:
    command = ChangeBooking(
        notes=typed_text(form, "notes"),
        contact_email=form.get("contactEmail", ""),
        contact_phone=typed_text(form, "contactPhone"),
    )
    party, errors = whole(form.get("participants")), list(note_errors(typed_text(form, "notes")))
    if _has_party(booking, service):
        if party is None:
            errors.append(FieldError("participants", "whole", N_("Give the number of people.")))
        command = replace(command, participants=party or booking.participants)
    if _has_people(booking, service):
        details = participants_from_form(form, party or booking.participants)
        command = replace(command, participant_details=details)
    if errors:
        raise Invalid(errors)
    return command


def _has_party(booking: Booking, service: Service) -> bool:
    """Tell whether another number of people can be asked for."""
    terms = terms_of(booking, current_rules(), now())
    in_time = now() <= terms.cutoff or booking.status is BookingStatus.PENDING or account().is_staff
    is_open = booking.payment_status is None and (account().is_staff or override_of(booking) is None)
    return in_time and is_open and service.min_party != service.max_party


def _has_people(booking: Booking, service: Service) -> bool:
    return service.participant_details_required or bool(booking.participant_details)


def _typed(booking: Booking) -> Texts:
    """Return what was told so far, as the form would send it."""
    people = [
        (f"{PARTICIPANTS}.{index}.{name}", str(value))
        for index, person in enumerate(booking.participant_details)
        for name, value in person.items()
    ]
    return MultiDict(people)


def _edit_form(
    booking: Booking,
    service: Service,
    form: Texts,
    errors: Sequence[FieldError] = (),
    refusal: BookingError | None = None,
    price: Quote | None = None,
) -> Response:
    party = min(whole(form.get("participants")) or booking.participants, service.max_party or MAX_PEOPLE, MAX_PEOPLE)
    context: dict[str, Any] = {
        "errors": errors,
        "refusal": message_of(refusal) if refusal else None,
        "price": price,
        "form": form,
        "party": party,
        "has_people": _has_people(booking, service),
        "can_change_party": _has_party(booking, service),
        "labels": field_labels(party),
    }
    status = 422 if errors else 409 if refusal else 200
    return render("bookings/edit.html", status=status, **_terms(booking, service), **context)
