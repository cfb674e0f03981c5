"""How is what happened to a booking told to its customer, and what cancelling does to the money?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext

from portal.domain.booking import Booking, TrailEntry
from portal.domain.cancellation import CancellationTerms
from portal.domain.errors import N_
from portal.web.filters import money

OWN_WORDS: Mapping[str, str] = {
    "create": N_("You booked."),
    "update": N_("You changed the details."),
    "cancel": N_("You cancelled."),
}
WORDS: Mapping[str, str] = {
    "create": N_("The team booked for you."),
    "update": N_("The team changed the details."),
    "cancel": N_("The team cancelled."),
    "approve": N_("The team agreed: the booking is confirmed."),
    "decline": N_("The team could not agree."),
    "lapse": N_("The team did not answer in time: the time is free again."),
    "pay": N_("Your payment arrived: the booking is confirmed."),
    "authorise": N_("Your card was checked: the team was asked."),
    "due-again": N_("Your card could not be charged: nothing was taken."),
    "expire": N_("Nothing was paid in time: the time is free again."),
    "refund": N_("Money went back to you."),
    "complete": N_("The booking took place."),
    "check-in": N_("You arrived."),
    "check-out": N_("You left."),
    "no-show": N_("Nobody came."),
}


def trail_words(trail: Sequence[TrailEntry], booking: Booking) -> list[tuple[TrailEntry, str]]:
    """Say what the customer may know of a trail; what is only the portal's business is left out."""
    words = [(one, (OWN_WORDS if one.actor_id == booking.user_id else WORDS).get(one.action)) for one in trail]
    return [(one, str(gettext(text))) for one, text in words if text]


# ---------------------------------------------------------------- the money of a cancellation


@dataclass(frozen=True)
class CancellationMoney:
    """What is asked before a booking is cancelled: question, amounts (the last is what remains), both buttons."""

    question: str
    lines: tuple[tuple[str, int], ...]
    note: str
    verb: str
    refusal: str


def money_of(booking: Booking, terms: CancellationTerms) -> CancellationMoney:
    """Lay out what cancelling does to the money."""
    if booking.amount_paid > booking.amount_refunded:
        return _paid(booking, terms)
    question, verb, refusal = map(str, _unpaid_words(booking))
    return CancellationMoney(question, tuple(_due_lines(booking)), str(_unpaid_note(booking)), verb, refusal)


def _unpaid_words(booking: Booking) -> tuple[str, str, str]:
    if booking.awaits_payment:
        return gettext("Give this time up?"), gettext("Give the time up"), gettext("Keep it")
    if booking.awaits_approval:
        return gettext("Take this request back?"), gettext("Take the request back"), gettext("Keep the request")
    return gettext("Cancel this booking?"), gettext("Cancel at no cost"), gettext("Keep the booking")


def _unpaid_note(booking: Booking) -> str:
    if booking.payment_authorised:
        return str(gettext("Nothing has been charged, and what is held on your card is released."))
    return str(gettext("Nothing has been paid, so nothing is to be given back, and nothing is charged."))


def _due_lines(booking: Booking) -> Iterator[tuple[str, int]]:
    """Yield what was to be paid on site; of what was free of charge, nothing."""
    if booking.total_price and booking.payment_status is None:
        yield str(gettext("To pay on site")), booking.total_price
        yield str(gettext("Dropped")), -booking.total_price
        yield str(gettext("Left to pay")), 0


def _paid(booking: Booking, terms: CancellationTerms) -> CancellationMoney:
    paid, before, back = booking.amount_paid, booking.amount_refunded, terms.refund_minor
    amounts = [(gettext("Paid"), paid)]
    amounts += [(gettext("Given back before"), -before)] if before else []
    amounts += [(_kept(terms), back + before - paid), (gettext("You get back"), back)]
    if back:
        note = gettext("It goes back the way it was paid, within five to ten days.")
        verb = gettext("Cancel and get %(amount)s back", amount=money(back, booking.currency))
    else:
        note, verb = gettext("What you paid is not given back."), gettext("Cancel without a refund")
    lines = tuple((str(label), amount) for label, amount in amounts)
    question, refusal = gettext("Cancel this booking?"), gettext("Keep the booking")
    return CancellationMoney(str(question), lines, str(note), str(verb), str(refusal))


def _kept(terms: CancellationTerms) -> str:
    """Name what is kept back, with its share where the policy has one."""
    kept = f"{(100 - terms.refund_percent).normalize():f}"
    return str(
        gettext("Kept back (%(share)s %%)", share=kept) if 0 < terms.refund_percent < 100 else gettext("Kept back")
    )
