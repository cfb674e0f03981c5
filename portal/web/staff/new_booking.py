"""How does the team book for a caller or a walk-in? One form, which every button sends whole: nothing typed is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.domain.account import Account
from portal.domain.availability import Ask
from portal.domain.booking import Booking
from portal.domain.errors import AmountNotChargeable, BookingError, Conflict, FieldError, Invalid, NotFound
from portal.domain.fields import ANSWERS
from portal.domain.identity import new_id
from portal.domain.pay_links import DEFAULT_HOURS, HOURS
from portal.domain.service import Service
from portal.domain.text import has_controls
from portal.usecases.bookings import create_booking, order_errors
from portal.usecases.catalogue import list_services
from portal.usecases.customers import customer_of_email, get_customer
from portal.usecases.desk_search import find_customers
from portal.usecases.desk_times import DeskDay, Look, look_at, week_from
from portal.usecases.idempotency import Replay
from portal.usecases.slots import PricedSlot
from portal.usecases.staff_choice import members_to_ask_for
from portal.web.context import current_rules, now
from portal.web.errors import message_of, status_of
from portal.web.filters import moment_text
from portal.web.forms import Texts, field_labels, price_inputs
from portal.web.fragments import go_to, render
from portal.web.language import as_read, localised
from portal.web.once import id_of, once_of
from portal.web.session import account
from portal.web.staff.desk_form import SOURCES, DeskForm, as_asked, command_from, read_form
from portal.web.staff.words import SOURCES as SOURCE_WORDS

pages = Blueprint("new_booking", __name__)

PAGE = "staff/new_booking.html"
TIMES = frozenset({"startDate", "endDate", "payUntil"})  # what nothing can be said about without a time
PEOPLE_SHOWN = 50


@dataclass(frozen=True)
class Refusal:
    """Why it was not booked, and the nearest times that are free."""

    error: BookingError
    alternatives: Sequence[PricedSlot] = ()


@pages.get("/bookings/new")
def index() -> Response:
    """Ask what is to be booked, for whom; the address may say some of it."""
    return _page(_read(request.args))


@pages.post("/bookings/new")
def submit() -> Response:
    """Look again at what the form says, or book it."""
    found = _read(request.form)
    if request.form.get("step") == "book":
        return _book(found)
    return _page(found)


def _read(sent: Texts) -> DeskForm:
    """Read the form after its buttons: those that choose a customer, a day, a time."""
    given = MultiDict(sent.items(multi=True))
    if "pick" in given:
        given["customer"] = given["pick"]
        if not given.get("contactPhone"):  # it begins with the number of whoever was chosen
            given.poplist("contactPhone")
    if "day" in given:
        given["date"] = given["day"]
    found = read_form(given, _customer(given.get("customer", "")), account())
    return found if "date" in given or not found.service else _on_first_day(found)


def _on_first_day(found: DeskForm) -> DeskForm:
    """Begin with the first day of the coming week that has a free time."""
    day = next((one.date for one in _week(found) if one.free), found.day)
    given = MultiDict([*found.given.items(multi=True), ("date", day.isoformat())])
    return read_form(given, found.customer, account())


def _customer(customer_id: str) -> Account | None:
    try:
        return None if has_controls(customer_id) else get_customer(customer_id, account())
    except NotFound:
        return None


# ---------------------------------------------------------------- booking


def _book(found: DeskForm) -> Response:
    try:
        booking = _booked(found)
    except Replay as before:
        flash(gettext("This form was sent already: there is one booking, this one."), "info")
        return go_to(url_for("staff.booking.show", booking_id=before.answer))
    except Invalid as error:
        return _page(found, as_asked(error.errors))
    except (Conflict, AmountNotChargeable) as error:
        return _page(found, refusal=Refusal(error, getattr(error, "alternatives", ())))
    flash(_done(booking, found), "ok")
    return go_to(
        url_for("staff.booking.show", booking_id=booking.id, _anchor="pay" if booking.awaits_payment else None)
    )


def _booked(found: DeskForm) -> Booking:
    if found.choice is None:
        raise Invalid(found.errors)
    command, errors = command_from(found)
    if not errors:
        return create_booking(command, account(), current_rules(), now(), once_of(id_of))
    unsaid = {one.field for one in errors} | (TIMES if not found.has_start else frozenset())
    others = order_errors(command, account(), current_rules(), now())
    raise Invalid([*errors, *(one for one in others if one.field not in unsaid)])


def _done(booking: Booking, found: DeskForm) -> str:
    assert found.service is not None
    if booking.awaits_payment and booking.hold_expires_at:
        until = moment_text(booking.hold_expires_at, found.service.zone)
        return str(gettext("Booked. The time is kept until %(when)s: copy the link to pay, or send it.", when=until))
    return str(gettext("Booked. The customer gets the confirmation by e-mail."))


# ---------------------------------------------------------------- the page


def _page(found: DeskForm, errors: Sequence[FieldError] = (), refusal: Refusal | None = None) -> Response:
    service, choice = found.service, found.choice
    context: dict[str, Any] = {
        "desk": found,
        "form": found.given,
        "service": service,
        "customer": found.customer,
        "choice": choice,
        "errors": errors,
        "labels": _labels(service),
        "refusal": message_of(refusal.error) if refusal else None,
        "alternatives": refusal.alternatives if refusal else (),
        "found": _people(found),
        "twin": _twin(errors, found),
        "services": as_read(list_services(current_rules(), active=None)),
        "members": members_to_ask_for(service) if service else (),
        "inputs": price_inputs(service) if service else (),
        "week": _week(found),
        "step": timedelta(days=7),
        "today": now().astimezone(service.zone if service else ZoneInfo(current_rules().time_zone)).date(),
        "people": min(choice.party, PEOPLE_SHOWN) if service and service.participant_details_required and choice else 0,
        "sources": {one.value: str(gettext(SOURCE_WORDS[one])) for one in SOURCES},
        "hours": HOURS,
        "default_hours": DEFAULT_HOURS,
        "key": new_id(),
        **_price(found),
    }
    status = 422 if errors else status_of(refusal.error) if refusal else 200
    return render(PAGE, "desk", "desk_price", "desk_times", status=status, **context)


def _people(found: DeskForm) -> list[Account] | None:
    """Find who is looked for; None where nobody is."""
    text = found.given.get("q", "")
    return None if found.customer or not text.strip() else find_customers(text, account(), current_rules())


def _twin(errors: Sequence[FieldError], found: DeskForm) -> Account | None:
    """Return the customer who has the address of a new one already."""
    if not any(one.code == "email_taken" for one in errors):
        return None
    return customer_of_email(found.given.get("newCustomer.email", ""), account())


def _week(found: DeskForm) -> Sequence[DeskDay]:
    choice = found.choice
    if choice is None:
        return ()
    ask = Ask(choice.party, choice.minutes, choice.staff_id)
    return week_from(choice.service, ask, found.day, account(), current_rules(), now())


def _price(found: DeskForm) -> dict[str, Any]:
    """Say what it would cost, or what stands against it; what is merely missing yet is not said."""
    if found.choice is None or not found.has_start:
        return {"look": None, "no_price": ()}
    command, errors = command_from(found)
    unread = [one for one in errors if one.field not in {"q"}]
    try:
        look: Look | None = None if unread else look_at(command, account(), current_rules(), now())
    except Invalid as error:
        return {"look": None, "no_price": as_asked(error.errors)}
    except AmountNotChargeable as error:
        return {"look": None, "no_price": (FieldError("pay", error.code, error.text, error.params),)}
    return {"look": look, "no_price": as_asked(unread)}


def _labels(service: Service | None) -> dict[str, str]:
    """Return what each field is called, for the summary of errors."""
    own = {f"{ANSWERS}.{one.id}": one.name for one in localised(service).custom_fields} if service else {}
    return {
        **field_labels(PEOPLE_SHOWN if service and service.participant_details_required else 0),
        **own,
        "q": gettext("Customer"),
        "newCustomer.name": gettext("Name"),
        "newCustomer.email": gettext("E-mail address"),
        "service": gettext("Service"),
        "date": gettext("Day"),
        "time": gettext("Time"),
        "length": gettext("Length"),
        "internalNotes": gettext("Notes of the team"),
        "priceOverride.total": gettext("Agreed total"),
        "priceOverride.reason": gettext("Reason"),
        "payHours": gettext("Kept for"),
        "source": gettext("How they came"),
    }
