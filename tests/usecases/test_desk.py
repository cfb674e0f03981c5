"""Bookings that the team make for others: whose they are, when, at which price, and how they are paid."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.domain.account import AccountStatus
from portal.domain.booking import Booking
from portal.domain.errors import Conflict, FieldError, Invalid, SlotUnavailable
from portal.domain.lifecycle import BookingStatus, Source
from portal.domain.price_override import PriceOverride, override_of
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store import accounts, bookings
from portal.store.accounts import UserRow
from portal.store.bookings import BookingRow
from portal.store.db import db, transaction
from portal.usecases.booking_changes import ChangeBooking, quote_party, update_booking
from portal.usecases.bookings import create_booking, get_booking, quote_booking
from portal.usecases.closures import create_closure
from portal.usecases.customers import change_customer
from portal.usecases.desk import Desk, Newcomer, guest_of, welcome
from portal.usecases.holds import lapse_holds
from portal.usecases.idempotency import Once, Replay
from portal.usecases.own_bookings import trail_of
from portal.usecases.team import update_staff_member
from tests.build import NOW, a_command, paris
from tests.people import EVERYBODY

NINE = paris("2026-12-08 09:00")
Offer = Callable[..., Service]
SAM, ADA, ALICE = EVERYBODY.sam, EVERYBODY.ada, EVERYBODY.alice


@pytest.fixture
def online(rules: Rules) -> Rules:
    """The rules of a house that takes payment."""
    return replace(rules, takes_payment=True)


def _for(service: Service, start: datetime = NINE, *, desk: Desk, **more: Any) -> Any:
    return a_command(service, start, source=Source.PHONE, desk=desk, **more)


def _errors(refused: pytest.ExceptionInfo[Invalid]) -> dict[str, str]:
    return {one.field: one.code for one in refused.value.errors}


def _count(table: type[BookingRow] | type[UserRow]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


# ---------------------------------------------------------------- whose it is


def test_a_booking_of_the_desk_is_the_customers_and_reaches_him(offer: Offer, rules: Rules) -> None:
    made = create_booking(_for(offer(), desk=Desk("alice", internal_notes=" Rang twice. ")), SAM, rules, NOW)
    assert (made.user_id, made.contact_email, made.status) == ("alice", "alice@example.com", "confirmed")
    assert made.internal_notes == "Rang twice."
    assert get_booking(made.id, ALICE, NOW).id == made.id
    assert [one.actor_id for one in trail_of(made.id, SAM)] == ["sam"]


def test_the_price_is_that_of_the_customer_not_of_who_books(offer: Offer, rules: Rules) -> None:
    tier = {"name": "Members", "condition": "user.membership === 'gold'", "price": 3000}
    service = offer(pricingTiers=[tier])
    change_customer("bob", SAM, NOW, attributes={"membership": "gold"})
    assert create_booking(_for(service, desk=Desk("bob")), SAM, rules, NOW).total_price == 3000
    assert quote_booking(_for(service, desk=Desk("bob")), SAM, rules, NOW).total == 3000
    assert quote_booking(_for(service, desk=Desk(newcomer=Newcomer("", ""))), SAM, rules, NOW).total == 5000


def test_somebody_new_gets_an_account_together_with_the_booking(offer: Offer, rules: Rules) -> None:
    desk = Desk(newcomer=Newcomer(" Zoé Petit ", "zoe@example.com"))
    made = create_booking(_for(offer(), desk=desk), SAM, rules, NOW)
    row = accounts.user_by_email(db.session(), "ZOE@example.com")
    assert row is not None
    assert (row.name, row.id, row.password_hash, made.contact_email) == (
        "Zoé Petit",
        made.user_id,
        None,
        "zoe@example.com",
    )


def test_nobody_new_is_stored_where_the_booking_fails(offer: Offer, rules: Rules) -> None:
    service = offer()
    create_booking(a_command(service, NINE), ALICE, rules, NOW)
    people = _count(UserRow)
    with pytest.raises(SlotUnavailable) as refused:
        create_booking(_for(service, desk=Desk(newcomer=Newcomer("Zoé", "zoe@example.com"))), SAM, rules, NOW)
    assert refused.value.alternatives
    assert (_count(UserRow), _count(BookingRow)) == (people, 1)


def test_everything_that_is_wrong_is_named_at_once(offer: Offer, online: Rules) -> None:
    desk = Desk(
        newcomer=Newcomer("", "nothing"),
        override=PriceOverride(-1, ""),
        pay_until=NINE + timedelta(days=1),
        internal_notes="\x00",
    )
    with pytest.raises(Invalid) as refused:
        create_booking(_for(offer(), desk=desk, contact_phone="12"), SAM, online, NOW)
    assert _errors(refused) == {
        "newCustomer.name": "blank",
        "newCustomer.email": "email",
        "priceOverride.total": "total_range",
        "priceOverride.reason": "blank",
        "payUntil": "after_start",
        "internalNotes": "too_long",
        "contactPhone": "phone",
    }
    assert _count(BookingRow) == 0


def test_an_address_that_has_an_account_is_refused_by_name(offer: Offer, rules: Rules) -> None:
    with pytest.raises(Invalid) as refused:
        create_booking(_for(offer(), desk=Desk(newcomer=Newcomer("A", "Alice@Example.com"))), SAM, rules, NOW)
    assert _errors(refused) == {"newCustomer.email": "email_taken"}


def test_nothing_is_booked_for_nobody_or_for_a_closed_account(offer: Offer, rules: Rules) -> None:
    service = offer()
    change_customer("bob", SAM, NOW, status=AccountStatus.BANNED)
    for customer, code in (("nobody", "unknown"), ("bob", "closed")):
        with pytest.raises(Invalid) as refused:
            create_booking(_for(service, desk=Desk(customer)), SAM, rules, NOW)
        assert _errors(refused) == {"customerId": code}


def test_a_customer_may_say_none_of_it(offer: Offer, online: Rules) -> None:
    desk = Desk("bob", Newcomer("B", "b@example.com"), PriceOverride(0, "please"), NINE, "mine")
    with pytest.raises(Invalid) as refused:
        create_booking(a_command(offer(), NINE, desk=desk), ALICE, online, NOW)
    fields = {"customerId", "newCustomer", "priceOverride", "payUntil", "internalNotes"}
    assert _errors(refused) == dict.fromkeys(fields, "staff_only")


def test_the_same_form_twice_is_one_booking_and_one_customer(offer: Offer, rules: Rules) -> None:
    once: Once[Booking] = Once("sam", "form:1", "the same", lambda booking: booking.id)
    command = _for(offer(), desk=Desk(newcomer=Newcomer("Zoé", "zoe@example.com")))
    made = create_booking(command, SAM, rules, NOW, once)
    with pytest.raises(Replay) as replay:
        create_booking(command, SAM, rules, NOW, once)
    assert (replay.value.answer, _count(BookingRow)) == (made.id, 1)


# ---------------------------------------------------------------- when


def _length(minutes: int, start: datetime = NINE) -> dict[str, datetime]:
    return {"end": start + timedelta(minutes=minutes)}


@pytest.mark.parametrize("minutes", [1, 29, 45, 14 * 1440])
def test_staff_book_any_length_and_a_rival_finds_all_of_it_taken(offer: Offer, rules: Rules, minutes: int) -> None:
    service = offer()
    made = create_booking(_for(service, desk=Desk("alice"), **_length(minutes)), SAM, rules, NOW)
    assert made.end - made.start == timedelta(minutes=minutes)
    last = made.end - timedelta(minutes=1)
    with pytest.raises(SlotUnavailable):
        create_booking(_for(service, last, desk=Desk("bob")), SAM, rules, NOW)


def test_a_long_booking_sees_what_is_taken_at_its_far_end(offer: Offer, rules: Rules) -> None:
    service = offer()
    far = NINE + timedelta(days=20)
    create_booking(_for(service, far, desk=Desk("alice")), SAM, rules, NOW)
    with pytest.raises(SlotUnavailable):
        create_booking(_for(service, desk=Desk("bob"), **_length(21 * 1440)), SAM, rules, NOW)


@pytest.mark.parametrize("minutes", [0, -5, 367 * 1440])
def test_no_booking_ends_before_it_starts_or_lasts_more_than_a_year(offer: Offer, rules: Rules, minutes: int) -> None:
    with pytest.raises(Invalid) as refused:
        create_booking(_for(offer(), desk=Desk("alice"), **_length(minutes)), SAM, rules, NOW)
    assert "endDate" in _errors(refused)


def test_a_customer_still_books_what_the_service_offers(offer: Offer, rules: Rules) -> None:
    with pytest.raises(Invalid) as refused:
        create_booking(a_command(offer(), NINE, **_length(45)), ALICE, rules, NOW)
    assert _errors(refused) == {"endDate": "length"}


@pytest.mark.parametrize(
    "start", [paris("2026-12-08 22:07"), paris("2026-12-06 09:00"), paris("2027-11-30 09:00")], ids=str
)
def test_staff_book_outside_hours_windows_and_in_the_past(offer: Offer, rules: Rules, start: datetime) -> None:
    made = create_booking(_for(offer(), start, desk=Desk("alice")), SAM, rules, NOW)
    assert (made.start, made.status) == (start, BookingStatus.CONFIRMED)


def test_staff_book_while_the_house_is_closed_but_never_what_is_closed_itself(offer: Offer, rules: Rules) -> None:
    room = {"id": "room-1", "name": "Room 1", "type": "room"}
    service = offer(requiredResources=[room])
    create_closure({"from": "2026-12-08", "to": "2026-12-08"}, ADA, rules, NOW)
    assert create_booking(_for(service, desk=Desk("alice")), SAM, rules, NOW).status == "confirmed"
    shut = {"from": "2026-12-09", "to": "2026-12-09", "target": "resource", "targetId": "room-1"}
    create_closure(shut, ADA, rules, NOW)
    with pytest.raises(SlotUnavailable):
        create_booking(_for(service, paris("2026-12-09 09:00"), desk=Desk("alice")), SAM, rules, NOW)


def test_outside_working_hours_somebody_has_to_be_called_in_by_name(offer: Offer, rules: Rules) -> None:
    service = offer(requiredStaff=[{"role": "doctor", "specificStaffIds": ["dr-a", "dr-b"]}])
    hours = [{"dayOfWeek": 2, "startTime": "09:00", "endTime": "12:00"}]
    for one in ("dr-a", "dr-b"):
        update_staff_member(one, {"workingHours": hours}, SAM, rules, NOW)
    late = paris("2026-12-08 21:00")
    with pytest.raises(SlotUnavailable):
        create_booking(_for(service, late, desk=Desk("alice")), SAM, rules, NOW)
    made = create_booking(_for(service, late, desk=Desk("alice"), staff_id="dr-b"), SAM, rules, NOW)
    assert [one.staff_id for one in made.assigned_staff] == ["dr-b"]
    with pytest.raises(SlotUnavailable):
        create_booking(_for(service, late, desk=Desk("bob"), staff_id="dr-b"), SAM, rules, NOW)


def test_a_switched_off_service_can_still_be_booked_by_staff(offer: Offer, rules: Rules) -> None:
    service = offer(isActive=False)
    assert create_booking(_for(service, desk=Desk("alice")), SAM, rules, NOW).status == "confirmed"


# ---------------------------------------------------------------- at which price


def _at(total: int, reason: str = "a regular", **more: Any) -> Desk:
    return Desk("alice", override=PriceOverride(total, reason), **more)


def test_an_agreed_price_is_kept_with_its_reason_and_in_the_trail(offer: Offer, rules: Rules) -> None:
    made = create_booking(_for(offer(taxRate=20), desk=_at(4000)), SAM, rules, NOW)
    assert (made.total_price, made.tax, override_of(made)) == (4000, 667, PriceOverride(4000, "a regular"))
    assert sum(line["amount"] for line in made.price_lines) == 4000
    notes = [(one.action, one.reason) for one in bookings.audit_trail(db.session(), made.id)]
    assert notes == [("create", None), ("price", "50.00 EUR → 40.00 EUR: a regular")]


def test_a_price_over_approval_over_is_changed_by_an_admin_only(offer: Offer, rules: Rules) -> None:
    strict = replace(rules, approval_over=6000)
    dear, cheap = offer(price=7000), offer()
    for service, total in ((cheap, 6001), (dear, 100)):
        command = _for(service, desk=_at(total))
        with pytest.raises(Invalid) as refused:
            create_booking(command, SAM, strict, NOW)
        assert _errors(refused) == {"priceOverride.total": "admin_only"}
        with pytest.raises(Invalid):
            quote_booking(command, SAM, strict, NOW)
        assert create_booking(command, ADA, strict, NOW).total_price == total
    assert create_booking(_for(cheap, paris("2026-12-08 10:00"), desk=_at(6000)), SAM, strict, NOW).total_price == 6000


def test_an_agreed_total_outlasts_another_party_which_only_staff_may_ask_for(offer: Offer, rules: Rules) -> None:
    service = offer(maxParticipants=8, priceUnit="participant")
    made = create_booking(_for(service, desk=_at(8000), participants=2), SAM, rules, NOW)
    for ask in (
        lambda: update_booking(made.id, ChangeBooking(participants=8), ALICE, rules, NOW),
        lambda: quote_party(made.id, 8, ALICE, rules, NOW),
    ):
        with pytest.raises(Conflict):
            ask()
    assert quote_party(made.id, 3, SAM, rules, NOW).total == 8000
    changed = update_booking(made.id, ChangeBooking(participants=3), SAM, rules, NOW)
    assert (changed.participants, changed.total_price, override_of(changed)) == (3, 8000, override_of(made))
    assert [line["amount"] for line in changed.price_lines] == [15000, -7000]


# ---------------------------------------------------------------- how it is paid


def test_without_a_link_it_is_due_on_site(offer: Offer, online: Rules) -> None:
    made = create_booking(_for(offer(), desk=Desk("alice")), SAM, online, NOW)
    assert (made.status, made.payment_status, made.hold_expires_at) == ("confirmed", None, None)


def test_with_a_link_the_place_is_held_as_long_as_staff_chose_and_then_lapses(offer: Offer, online: Rules) -> None:
    service, until = offer(), NOW + timedelta(hours=8)
    made = create_booking(_for(service, desk=Desk("alice", pay_until=until)), SAM, online, NOW)
    assert (made.status, made.payment_status, made.hold_expires_at) == ("pending", "pending", until)
    with pytest.raises(SlotUnavailable):
        create_booking(a_command(service, NINE), EVERYBODY.bob, online, until - timedelta(minutes=1))
    lapse_holds(until)
    assert get_booking(made.id, SAM, until).status == "cancelled"
    assert create_booking(_for(service, desk=Desk("bob")), SAM, online, until).status == "confirmed"


def test_what_costs_nothing_needs_no_link(offer: Offer, online: Rules) -> None:
    until = NOW + timedelta(hours=8)
    made = create_booking(_for(offer(), desk=_at(0, pay_until=until)), SAM, online, NOW)
    assert (made.status, made.payment_status, made.hold_expires_at) == ("confirmed", None, None)


def test_a_link_needs_a_house_that_takes_payment(offer: Offer, rules: Rules) -> None:
    with pytest.raises(Invalid) as refused:
        create_booking(_for(offer(), desk=Desk("alice", pay_until=NOW + timedelta(hours=2))), SAM, rules, NOW)
    assert _errors(refused) == {"payUntil": "payment_off"}


def test_what_staff_hold_for_a_customer_does_not_count_against_his_own_three(offer: Offer, online: Rules) -> None:
    service = offer(capacity=20)
    for _ in range(4):
        create_booking(_for(service, desk=Desk("alice", pay_until=NOW + timedelta(hours=2))), SAM, online, NOW)
    assert create_booking(a_command(service, NINE), ALICE, online, NOW).awaits_payment


def test_of_two_desks_that_write_down_the_same_person_the_later_hears_of_it(offer: Offer, rules: Rules) -> None:
    newcomer = Desk(newcomer=Newcomer("Zoé", "zoe@example.com"))
    service = offer(capacity=5)
    errors: list[FieldError] = []
    late = guest_of(newcomer, SAM, NOW, errors)  # looked before the other had stored her
    create_booking(_for(service, desk=newcomer), ADA, rules, NOW)
    with pytest.raises(Invalid) as refused:
        transaction(lambda session: welcome(session, late))
    assert (errors, _errors(refused)) == ([], {"newCustomer.email": "email_taken"})
