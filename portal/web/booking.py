"""How is a chosen time booked: questions, a last look, and the booking itself?

The choice stands in the address, the answers in the form; each step sends both on, so that nothing is typed twice.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, request, url_for
from flask_babel import gettext

from portal.domain.booking import Booking
from portal.domain.errors import (
    AlreadyBooked,
    AmountNotChargeable,
    BookingError,
    FieldError,
    Invalid,
    LimitReached,
    PriceChanged,
    SlotUnavailable,
    TooManyBookings,
)
from portal.domain.fields import ANSWERS, check_declared
from portal.domain.pricing import Quote, declared_inputs
from portal.usecases.bookings import alternatives, create_booking
from portal.usecases.catalogue import get_service
from portal.usecases.idempotency import Replay
from portal.usecases.orders import Order, check_order
from portal.usecases.other_times import missed
from portal.usecases.own_bookings import bookings_at, refuse_twin
from portal.usecases.slots import PricedSlot
from portal.usecases.staff_choice import staff_to_choose_from
from portal.web.checkout import to_payment
from portal.web.context import current_rules, now
from portal.web.errors import message_of, status_of
from portal.web.filters import page_url
from portal.web.forms import Choice, amount, choice_of, command_of, field_labels, note_errors, price_inputs, whole
from portal.web.fragments import render
from portal.web.language import localised
from portal.web.once import id_of, once_of
from portal.web.picker import order_of, quote_of, terms_of_choice
from portal.web.session import account, must_sign_in

pages = Blueprint("booking", __name__)
pages.before_request(must_sign_in)

OWN_INPUTS = frozenset({"csrf_token", "step", "key", "total", "known"})  # not answers


@pages.get("/book/<slug>")
def form(slug: str) -> Response:
    """Ask the service's questions."""
    choice = _choice(slug)
    return _form(choice) if _is_priced(choice) else _back(choice)


@pages.post("/book/<slug>")
def submit(slug: str) -> Response:
    """Take one step: back to the questions, on to the last look, or book."""
    choice = _choice(slug)
    step = STEPS.get(request.form.get("step", ""), _review)
    return step(choice) if _is_priced(choice) else _back(choice)


def _choice(slug: str) -> Choice:
    return choice_of(get_service(slug, current_rules(), account()), request.args)


def _is_priced(choice: Choice) -> bool:
    """Tell whether there is a time, and whether what the price depends on can be read."""
    return choice.start is not None and not check_declared(declared_inputs(choice.service), choice.declared)


def _back(choice: Choice) -> Response:
    """Without a time, or with something that has no price, the service's page says what is missing."""
    return _see(page_url("services.show", choice.query(), slug=choice.service.slug))


def _see(address: str) -> Response:
    return make_response(redirect(address, 303))


# ---------------------------------------------------------------- the steps


def _form(choice: Choice, errors: Sequence[FieldError] = ()) -> Response:
    try:
        price = quote_of(choice, account())
    except Invalid:
        return _back(choice)
    lost = _lost(choice, order_of(choice, account()))
    context = {
        "errors": errors,
        "labels": _labels(choice),
        "links": _links(choice),
        "is_lost": lost is not None,
        "alternatives": _with_choices(choice, lost or ()),
    }
    return _page("book/form.html", choice, price, 422 if errors else 200, **context)


def _lost(choice: Choice, order: Order) -> Sequence[PricedSlot] | None:
    """Return other times where the chosen one cannot be booked; one that is the caller's own is told as his."""
    assert choice.start is not None
    if bookings_at(choice.service.id, choice.start, account(), now()):
        return None
    return missed(order, account(), current_rules(), now())


def _review(choice: Choice) -> Response:
    try:
        order = _checked(choice)
    except Invalid as error:
        return _form(choice, error.errors)
    price, lost = order.price(now()), _lost(choice, order)
    if lost is not None:
        return _last_look(choice, price, SlotUnavailable(lost), lost)
    return _last_look(choice, price)


def _times(choice: Choice) -> Response:
    """Offer the nearest free times in place, so that another one costs no answer."""
    try:
        order = _checked(choice)
    except Invalid as error:
        return _form(choice, error.errors)
    price = order.price(now())
    others = alternatives(order, current_rules(), now())
    others = [one for one in others if one.slot.starts_at != choice.start]
    return _last_look(choice, price, alternatives=others, is_moving=True)


def _confirm(choice: Choice) -> Response:
    try:
        return _after(_booked(choice))
    except Replay as before:
        flash(gettext("You had confirmed this already: there is one booking, this one."), "info")
        return _see(url_for("checkout.success", booking_id=before.answer))
    except Invalid as error:
        return _form(choice, error.errors)
    except PriceChanged as error:
        return _last_look(choice, error.quote, error)
    except SlotUnavailable as error:
        return _last_look(choice, quote_of(choice, account()), error, error.alternatives)
    except (AlreadyBooked, LimitReached, TooManyBookings, AmountNotChargeable) as error:
        return _last_look(choice, quote_of(choice, account()), error)


def _after(booking: Booking) -> Response:
    """Lead to the payment page where something is to be paid first, else to the ticket."""
    return to_payment(booking) if booking.awaits_payment else _see(url_for("checkout.success", booking_id=booking.id))


def _booked(choice: Choice) -> Booking:
    _checked(choice)
    command = command_of(choice, request.form, amount(request.form.get("total")))
    assert choice.start is not None
    known, once = whole(request.form.get("known")) or 0, once_of(id_of)
    refuse_twin(choice.service.id, choice.start, known, account(), now(), once)
    return create_booking(command, account(), current_rules(), now(), once)


STEPS: Mapping[str, Callable[[Choice], Response]] = {
    "details": _form,
    "review": _review,
    "times": _times,
    "confirm": _confirm,
}


def _checked(choice: Choice) -> Order:
    """Check everything at once, also the shape of the free text."""
    command = command_of(choice, request.form)
    errors = list(note_errors(command.notes))
    try:
        order = check_order(command, choice.service, account(), current_rules(), now())
    except Invalid as error:
        errors += error.errors
    if errors:
        raise Invalid(errors)
    return order


# ---------------------------------------------------------------- what the pages show


def _last_look(
    choice: Choice,
    price: Quote,
    error: BookingError | None = None,
    alternatives: Sequence[PricedSlot] = (),
    is_moving: bool = False,
) -> Response:
    assert choice.start is not None
    context = {
        "error": error,
        "message": message_of(error) if error else None,
        "is_taken": isinstance(error, SlotUnavailable),
        "is_dearer": isinstance(error, PriceChanged),
        "is_moving": is_moving,
        "alternatives": _with_choices(choice, alternatives),
        "twins": bookings_at(choice.service.id, choice.start, account(), now()),
        "old_total": amount(request.form.get("total")),
        "order": command_of(choice, request.form),
        "key": secrets.token_urlsafe(18),
    }
    return _page("book/review.html", choice, price, status_of(error) if error else 200, **context)


def _with_choices(choice: Choice, others: Sequence[PricedSlot]) -> list[tuple[PricedSlot, Choice]]:
    """Return other times, each with the choice of it."""
    return [(one, choice.at(start=at)) for one in others if (at := one.slot.starts_at) != choice.start]


def _page(page: str, choice: Choice, price: Quote, status: int, **context: Any) -> Response:
    shared = {
        "service": choice.service,
        "choice": choice,
        "price": price,
        "terms": terms_of_choice(choice, price),
        "staff": staff_to_choose_from(choice.service) if choice.staff_id else (),
        "inputs": price_inputs(choice.service),
        "hold_minutes": current_rules().hold_minutes,
        "needs_approval": choice.service.requires_approval or current_rules().require_approval,
        "form": request.form,
        "carried": _carried(),
        "here": page_url("booking.form", choice.order_query(), slug=choice.service.slug),
    }
    return render(page, status=status, **shared, **context)


def _carried() -> list[tuple[str, str]]:
    """Return the answers as hidden inputs send them on."""
    return [item for item in request.form.items(multi=True) if item[0] not in OWN_INPUTS]


def _labels(choice: Choice) -> dict[str, str]:
    """Return what each field is called, for the summary of errors."""
    own = {f"{ANSWERS}.{one.id}": one.name for one in localised(choice.service).custom_fields}
    people = choice.party if choice.service.participant_details_required else 0
    return field_labels(people) | own


def _links(choice: Choice) -> dict[str, str]:
    """Return where a field is corrected that is not on the form: on the service's page."""
    address = page_url("services.show", choice.query(), slug=choice.service.slug)
    names = ["participants", "startDate", "endDate", "staffId", *(one.field for one in price_inputs(choice.service))]
    return dict.fromkeys(names, address)
