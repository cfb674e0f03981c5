"""Free times and prices."""

from flask import Response

from portal.api import answers, present
from portal.api.callers import caller, signed_in
from portal.api.operations import Who, answer, operation
from portal.api.requests import body, query
from portal.api.schemas import NextSlotQuery, QuoteBody, SlotsQuery
from portal.usecases.bookings import quote_booking
from portal.usecases.catalogue import get_service
from portal.usecases.slots import SlotQuery, find_slots, next_slot
from portal.web.context import current_rules, now


@operation(
    "getSlots",
    "GET",
    "/services/<service_id>/slots",
    Who.ANYONE,
    query=SlotsQuery,
    answer=list[answers.Slot],
)
def get_slots(service_id: str) -> Response:
    """List the times of a service that can be booked; with include=full also the full ones."""
    asked = query(SlotsQuery)
    who, rules = caller(), current_rules()
    wanted = SlotQuery(
        asked.start,
        asked.end,
        asked.participants,
        asked.duration,
        asked.nights,
        asked.staff_id,
        with_full=asked.include == "full",
    )
    service = get_service(service_id, rules, who)
    found = find_slots(service, wanted, rules, now(), who.attributes if who else None)
    return answer([present.slot(one) for one in found])


@operation("getNextSlot", "GET", "/slots/next", Who.CUSTOMER, query=NextSlotQuery, answer=answers.Slot)
def get_next_slot() -> Response:
    """Find the first free time within some hours; for staff the lead time is waived."""
    asked = query(NextSlotQuery)
    rules = current_rules()
    found = next_slot(asked.service_id, asked.within_hours, asked.participants, signed_in(), rules, now())
    return answer(present.slot(found))


@operation("quoteBooking", "POST", "/quote", Who.ANYONE, body=QuoteBody, answer=answers.Quote)
def quote() -> Response:
    """Say what a booking would cost; it takes nothing, and with a token it is that customer's price."""
    command = body(QuoteBody).to_command()
    return answer(present.quote(quote_booking(command, caller(), current_rules(), now())))
