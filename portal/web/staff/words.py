"""How do the team's pages call what they sort by?"""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import gettext

from portal.domain.booking import Booking
from portal.domain.booking_search import MoneyState, State
from portal.domain.errors import N_
from portal.domain.lifecycle import BookingStatus, Source
from portal.domain.payments import PaymentState, RefundState, Why
from portal.usecases.booking_file import Step

STATES: Mapping[State, str] = {
    State.TO_APPROVE: N_("To approve"),
    State.TO_PAY: N_("To pay"),
    State.CONFIRMED: N_("Confirmed"),
    State.COMPLETED: N_("Completed"),
    State.NO_SHOW: N_("No-show"),
    State.CANCELLED: N_("Cancelled"),
    State.RESCHEDULED: N_("Moved"),
    State.WAITLISTED: N_("On the waitlist"),
}
STATE_ICONS: Mapping[State, str] = {
    State.TO_APPROVE: "hourglass",
    State.TO_PAY: "timer",
    State.CONFIRMED: "check",
    State.COMPLETED: "check-check",
    State.NO_SHOW: "user-x",
    State.CANCELLED: "x",
    State.RESCHEDULED: "calendar-sync",
    State.WAITLISTED: "list-ordered",
}
MONEY_STATES: Mapping[MoneyState, str] = {
    MoneyState.ON_SITE: N_("On site, or free"),
    MoneyState.PENDING: N_("To pay"),
    MoneyState.AUTHORISED: N_("Held on the card"),
    MoneyState.PAID: N_("Paid"),
    MoneyState.FAILED: N_("Payment failed"),
    MoneyState.PARTIALLY_REFUNDED: N_("Given back in part"),
    MoneyState.REFUNDED: N_("Given back"),
    MoneyState.DISPUTED: N_("Disputed"),
    MoneyState.FLAGGED: N_("Not as it should be"),
}
MONEY_ICONS: Mapping[MoneyState, str] = {
    MoneyState.ON_SITE: "wallet",
    MoneyState.PENDING: "circle-dashed",
    MoneyState.AUTHORISED: "shield-check",
    MoneyState.PAID: "circle-check",
    MoneyState.FAILED: "circle-x",
    MoneyState.PARTIALLY_REFUNDED: "undo-2",
    MoneyState.REFUNDED: "undo-2",
    MoneyState.DISPUTED: "scale",
    MoneyState.FLAGGED: "triangle-alert",
}
SOURCES: Mapping[str, str] = {
    Source.WEB: N_("Site"),
    Source.MOBILE: N_("Mobile"),
    Source.API: N_("API"),
    Source.ADMIN: N_("Team"),
    Source.PHONE: N_("Telephone"),
    Source.WALK_IN: N_("On site"),
    Source.EMERGENCY: N_("Emergency"),
}

STEPS: Mapping[str, str] = {
    "create": N_("Booked"),
    "update": N_("Details changed"),
    "cancel": N_("Cancelled"),
    "approve": N_("Agreed to"),
    "decline": N_("Declined"),
    "lapse": N_("Not answered in time"),
    "pay": N_("Paid"),
    "authorise": N_("Card checked: the amount is held"),
    "due-again": N_("The card could not be charged: to pay again"),
    "expire": N_("Not paid in time"),
    "refund": N_("Money given back"),
    "price": N_("Price agreed on"),
    "pay-link": N_("Link to pay sent"),
    "complete": N_("Completed"),
    "check-in": N_("Arrived"),
    "check-out": N_("Left"),
    "no-show": N_("Nobody came"),
    "assign": N_("Assigned"),
    "notes": N_("Notes of the team changed"),
    "adopt": N_("Taken over with its database"),
    "dispute": N_("The bank told of a dispute"),
    "flag": N_("A payment is not as it should be"),
    "flag-seen": N_("Seen: a payment that was not as it should be"),
    "refund-failed": N_("Money did not arrive"),
}
REASONS: Mapping[str, str] = {
    "hold lapsed": N_("the time is free again"),
    Why.POLICY: N_("by the policy"),
    Why.STAFF: N_("by the team"),
    Why.TOO_LATE: N_("paid too late, and the place was gone"),
    Why.CANCELLED: N_("paid for what was cancelled"),
    Why.PAID_TWICE: N_("paid twice"),
    Why.MISMATCH: N_("not what was asked for"),
    Why.DECLINED: N_("the team did not agree"),
    Why.ELSEWHERE: N_("made in Stripe's dashboard"),
}
PAYMENTS: Mapping[PaymentState, str] = {
    PaymentState.OPENING: N_("Payment page asked for"),
    PaymentState.OPEN: N_("Payment page open"),
    PaymentState.PROCESSING: N_("The bank is deciding"),
    PaymentState.AUTHORISED: N_("Held on the card"),
    PaymentState.CAPTURING: N_("Being charged"),
    PaymentState.RELEASING: N_("Being released"),
    PaymentState.SUCCEEDED: N_("Paid"),
    PaymentState.CLOSED: N_("Came to nothing"),
}
REFUNDS: Mapping[RefundState, str] = {
    RefundState.PENDING: N_("On its way back"),
    RefundState.SUCCEEDED: N_("Given back"),
    RefundState.FAILED: N_("Did not arrive"),
}


def reason_words(reason: str) -> str:
    """Say why something happened: what the portal notes is translated, what a person typed stays as it is."""
    known = REASONS.get(reason)
    return str(gettext(known)) if known else reason


def step_words(step: Step) -> str:
    """Say what happened to a booking; what has no words is told by its own name."""
    known = STEPS.get(step.action)
    return str(gettext(known)) if known else step.action


def state_of(booking: Booking) -> State:
    """Return how a booking stands; one whose hold is over is told by its list, which lets it lapse first."""
    if booking.status is not BookingStatus.PENDING:
        return State(booking.status.value)
    return State.TO_PAY if booking.awaits_payment else State.TO_APPROVE


def money_state_of(booking: Booking) -> MoneyState:
    """Return how the money of a booking stands."""
    if booking.payment_authorised and booking.status is BookingStatus.PENDING:
        return MoneyState.AUTHORISED
    return MoneyState(booking.payment_status.value) if booking.payment_status else MoneyState.ON_SITE


def source_word(source: str | None) -> str:
    """Say from where a booking came; an adopted one may have come from anywhere."""
    known = SOURCES.get(source or "")
    return str(gettext(known)) if known else source or ""


def desk_time(moment: datetime, zone: ZoneInfo) -> str:
    """Write a time of day for a column: 09:30, in every language."""
    return f"{moment.astimezone(zone):%H:%M}"


def iso_date(moment: datetime, zone: ZoneInfo) -> str:
    """Write the date that clocks of a zone show at an instant."""
    return moment.astimezone(zone).date().isoformat()


def iso_day(moment: datetime) -> str:
    """Write a local time's date as addresses take it."""
    return moment.date().isoformat()


def register(app: Flask) -> None:
    """Make the words known to the templates."""
    app.jinja_env.tests["timed"] = lambda bound: isinstance(bound, datetime)
    app.jinja_env.globals["state_words"] = STATES
    app.jinja_env.globals["state_icons"] = STATE_ICONS
    app.jinja_env.globals["money_words"] = MONEY_STATES
    app.jinja_env.globals["money_icons"] = MONEY_ICONS
    app.jinja_env.filters["desk_time"] = desk_time
    app.jinja_env.filters["iso_day"] = iso_day
    app.jinja_env.filters["iso_date"] = iso_date
    app.jinja_env.globals["payment_words"] = PAYMENTS
    app.jinja_env.globals["refund_words"] = REFUNDS
    app.jinja_env.filters.update(
        state=state_of, money_state=money_state_of, source_word=source_word, trail_reason=reason_words
    )
