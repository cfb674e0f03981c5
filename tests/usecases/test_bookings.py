"""Making a booking, and everything that stands against it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from portal.domain.account import AccountStatus
from portal.domain.booking import Booking
from portal.domain.errors import (
    Banned,
    Invalid,
    KeyReused,
    LimitReached,
    NotFound,
    PriceChanged,
    SlotUnavailable,
    TooManyBookings,
)
from portal.domain.lifecycle import BookingStatus
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.bookings import AllocationRow, AuditRow, BookingRow, audit_trail
from portal.store.db import db
from portal.usecases.bookings import BookingQuery, create_booking, get_booking, list_bookings, quote_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.catalogue import update_service
from portal.usecases.idempotency import Once, Replay
from tests.build import NOW, a_command, paris, some_rules
from tests.people import EVERYBODY, People
from tests.statements import statements

Offer = Callable[..., Service]
Book = Callable[..., Booking]
NINE = paris("2026-12-08 09:00")


def count(table: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_free_time_is_confirmed_with_its_price_and_a_line_in_the_trail(offer: Offer, book: Book) -> None:
    booking = book(offer(), NINE)
    assert (booking.status, booking.total_price, booking.payment_status) == (BookingStatus.CONFIRMED, 5000, None)
    assert [line["amount"] for line in booking.price_lines] == [5000]
    trail = audit_trail(db.session(), booking.id)
    assert [(line.actor_id, line.action, line.to_status) for line in trail] == [("alice", "create", "confirmed")]


def test_the_second_taker_of_a_time_is_told_the_nearest_others(offer: Offer, book: Book, people: People) -> None:
    service = offer()
    book(service, NINE)
    with pytest.raises(SlotUnavailable) as refused:
        book(service, NINE, by=people.bob)
    starts = [one.slot.starts_at for one in refused.value.alternatives]
    assert len(starts) == 5
    assert starts == sorted(starts)
    assert NINE not in starts
    assert paris("2026-12-08 09:30") in starts


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("2026-12-08 09:10", id="off the grid"),
        pytest.param("2026-12-08 13:00", id="outside the hours"),
        pytest.param("2026-12-07 08:30", id="too soon"),
        pytest.param("2027-02-08 09:00", id="too far ahead"),
        pytest.param("2020-12-08 09:00", id="long past"),
    ],
)
def test_a_customer_books_only_what_is_offered(offer: Offer, book: Book, start: str) -> None:
    with pytest.raises(SlotUnavailable):
        book(offer(), paris(start))
    assert count(BookingRow) == count(AllocationRow) == 0


def test_staff_book_off_the_grid_and_outside_hours_but_never_what_is_taken(
    offer: Offer, book: Book, people: People
) -> None:
    service = offer()
    late = paris("2026-12-08 21:10")
    assert book(service, late, by=people.sam).status is BookingStatus.CONFIRMED
    with pytest.raises(SlotUnavailable):
        book(service, late + timedelta(minutes=20), by=people.sam)


def test_every_error_is_named_at_once(offer: Offer, book: Book) -> None:
    fields = [
        {"id": "symptoms", "name": "Symptoms", "type": "text", "required": True},
        {"id": "urgency", "name": "Urgency", "type": "select", "required": True, "options": ["low", "high"]},
    ]
    with pytest.raises(Invalid) as refused:
        book(
            offer(customFields=fields),
            NINE,
            participants=3,
            custom_field_values={"urgency": "none", "colour": "red"},
            contact_phone="12",
            contact_email="nobody",
        )
    assert {error.field for error in refused.value.errors} == {
        "participants",
        "customFieldValues.symptoms",
        "customFieldValues.urgency",
        "customFieldValues.colour",
        "contactPhone",
        "contactEmail",
    }
    assert count(BookingRow) == 0


def test_answers_may_come_in_the_metadata_and_the_rest_of_it_is_kept(offer: Offer, book: Book) -> None:
    fields = [{"id": "symptoms", "name": "Symptoms", "type": "text", "required": True}]
    booking = book(offer(customFields=fields), NINE, metadata={"symptoms": "cough", "campaign": "spring"})
    assert (booking.custom_field_values, booking.metadata) == ({"symptoms": "cough"}, {"campaign": "spring"})


def test_telephone_answers_and_participants_are_not_readable_in_the_database(offer: Offer, book: Book) -> None:
    fields = [{"id": "symptoms", "name": "Symptoms", "type": "text", "required": True}]
    booking = book(
        offer(customFields=fields),
        NINE,
        contact_phone="0123456789",
        custom_field_values={"symptoms": "cough"},
        participant_details=({"name": "Zoé"},),
    )
    assert booking.contact_phone == "+33123456789"
    with db.engine.connect() as connection:
        row = connection.exec_driver_sql(
            "SELECT contact_phone, custom_field_values, participant_details FROM booking"
        ).one()
    for stored, plain in zip(row, ("+33123456789", "cough", "Zoé"), strict=True):
        assert stored.startswith("v1:")
        assert plain not in stored


def test_what_is_switched_off_or_unknown_is_not_found(offer: Offer, book: Book, rules: Rules) -> None:
    service = offer(isActive=False)
    with pytest.raises(NotFound):
        book(service, NINE)
    with pytest.raises(NotFound):
        create_booking(replace(a_command(service, NINE), service_id="nothing"), EVERYBODY.alice, rules, NOW)


def test_a_banned_customer_cannot_book(offer: Offer, book: Book, people: People) -> None:
    with pytest.raises(Banned):
        book(offer(), NINE, by=replace(people.bob, status=AccountStatus.BANNED))


def test_a_price_that_no_longer_holds_is_refused_with_the_new_one(offer: Offer, book: Book) -> None:
    service = offer()
    with pytest.raises(PriceChanged) as refused:
        book(service, NINE, quoted_total=4000)
    assert refused.value.quote.total == 5000
    assert book(service, NINE, quoted_total=5000).total_price == 5000


def test_later_edits_of_the_service_change_neither_price_nor_policy(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer(cancellationPolicy={"cutoffHours": 2})
    booking = book(service, NINE)
    changes = {"price": 9000, "cancellationPolicy": {"allowCancellation": False}}
    update_service(service.id, changes, people.sam, rules, NOW)
    kept = get_booking(booking.id, people.alice, NOW)
    assert (kept.total_price, kept.cancellation_policy) == (5000, booking.cancellation_policy)
    assert cancel_booking(booking.id, None, people.alice, rules, NOW).status is BookingStatus.CANCELLED


def test_the_limit_of_bookings_ahead_counts_neither_cancelled_nor_staffs_own(
    offer: Offer, book: Book, people: People
) -> None:
    service, limited = offer(), some_rules(max_active_bookings=2)
    first = book(service, NINE, rules=limited)
    book(service, paris("2026-12-08 09:30"), rules=limited)
    with pytest.raises(LimitReached):
        book(service, paris("2026-12-08 10:00"), rules=limited)
    cancel_booking(first.id, None, people.alice, limited, NOW)
    book(service, paris("2026-12-08 10:00"), rules=limited)
    for half_hour in range(3):
        book(service, paris("2026-12-09 09:00") + timedelta(minutes=30 * half_hour), by=people.sam, rules=limited)


def test_too_many_bookings_within_an_hour_are_told_to_wait(offer: Offer, book: Book) -> None:
    service, limited = offer(), some_rules(max_active_bookings=0, max_bookings_per_hour=2)
    book(service, NINE, rules=limited)
    book(service, paris("2026-12-08 09:30"), rules=limited)
    with pytest.raises(TooManyBookings):
        book(service, paris("2026-12-08 10:00"), rules=limited)
    later = NOW + timedelta(minutes=61)
    book(service, paris("2026-12-08 10:00"), rules=limited, now=later)


def test_with_business_hours_only_vips_alone_may_book_outside(offer: Offer, book: Book, people: People) -> None:
    service = offer(availableSlots=[{"dayOfWeek": 2, "startTime": "20:00", "endTime": "22:00"}])
    strict, evening = some_rules(business_hours_only=True), paris("2026-12-08 20:30")
    with pytest.raises(SlotUnavailable):
        book(service, evening, rules=strict)
    book(service, evening, by=replace(people.bob, attributes={"vip": True}), rules=strict)


def test_an_occurrence_sells_each_seat_once_and_takes_its_mats_once(offer: Offer, book: Book, people: People) -> None:
    service = offer(
        type="event",
        duration=60,
        maxParticipants=5,
        requiredResources=[{"id": "mats", "name": "Mats", "type": "equipment", "quantity": 15}],
    )
    book(service, NINE, participants=3)
    with pytest.raises(SlotUnavailable):
        book(service, NINE, by=people.bob, participants=3)
    assert book(service, NINE, by=people.bob, participants=2).assigned_resources[0].quantity == 15
    mats = select(func.sum(AllocationRow.quantity)).where(AllocationRow.place == "r:mats")
    assert db.session.scalar(mats) == 15


def test_an_occurrence_without_bookings_frees_what_it_took(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    room = [{"id": "studio", "name": "Studio", "type": "facility"}]
    yoga = offer(type="event", duration=60, maxParticipants=5, requiredResources=room)
    dance = offer(name="Dance", type="event", duration=60, maxParticipants=5, requiredResources=room)
    booking = book(yoga, NINE)
    with pytest.raises(SlotUnavailable):
        book(dance, NINE, by=people.bob)
    cancel_booking(booking.id, None, people.alice, rules, NOW)
    book(dance, NINE, by=people.bob)


def test_a_stay_is_booked_by_plain_dates_and_keeps_one_room(offer: Offer, book: Book, people: People) -> None:
    rooms = [{"id": f"room-{number}", "name": f"Room {number}", "type": "room"} for number in (1, 2)]
    hotel = offer(type="room", duration=1440, price=12000, availableSlots=[], requiredResources=rooms)
    first = book(hotel, date(2026, 12, 10), end=date(2026, 12, 13))
    assert (first.start, first.end) == (paris("2026-12-10 15:00"), paris("2026-12-13 11:00"))
    assert first.total_price == 36000
    second = book(hotel, date(2026, 12, 12), by=people.bob, end=date(2026, 12, 14))
    assert {first.assigned_resources[0].resource_id, second.assigned_resources[0].resource_id} == {"room-1", "room-2"}
    with pytest.raises(SlotUnavailable):
        book(hotel, date(2026, 12, 11), by=people.bob, end=date(2026, 12, 13))
    book(hotel, date(2026, 12, 13), by=people.bob, end=date(2026, 12, 14))


def test_the_chosen_member_serves_and_a_stranger_is_refused(offer: Offer, book: Book) -> None:
    service = offer(requiredStaff=[{"role": "doctor", "specificStaffIds": ["dr-a", "dr-b"]}])
    assert book(service, NINE, staff_id="dr-b").assigned_staff[0].staff_id == "dr-b"
    assert book(service, NINE).assigned_staff[0].staff_id == "dr-a"
    with pytest.raises(Invalid):
        book(service, paris("2026-12-08 10:00"), staff_id="dr-c")


def test_the_same_key_and_body_give_the_same_answer_once(offer: Offer, people: People, rules: Rules) -> None:
    service = offer()
    once = Once("alice", "key-1", "print", lambda booking: booking.id)
    booking = create_booking(a_command(service, NINE), people.alice, rules, NOW, once)
    with pytest.raises(Replay) as replay:
        create_booking(a_command(service, NINE), people.alice, rules, NOW, once)
    assert replay.value.answer == booking.id
    with pytest.raises(KeyReused):
        create_booking(a_command(service, NINE), people.alice, rules, NOW, replace(once, fingerprint="other"))
    assert count(BookingRow) == 1


def test_a_refusal_is_not_kept_under_the_key(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    service = offer()
    rival = book(service, NINE, by=people.bob)
    once = Once("alice", "key-2", "print", lambda booking: booking.id)
    with pytest.raises(SlotUnavailable):
        create_booking(a_command(service, NINE), people.alice, rules, NOW, once)
    cancel_booking(rival.id, None, people.bob, rules, NOW)
    assert create_booking(a_command(service, NINE), people.alice, rules, NOW, once).status == "confirmed"


def test_a_quote_needs_no_free_time_and_takes_nothing(offer: Offer, book: Book, rules: Rules) -> None:
    service = offer()
    book(service, NINE)
    assert quote_booking(a_command(service, NINE), None, rules, NOW).total == 5000
    assert count(BookingRow) == 1


def test_a_total_that_no_card_can_pay_is_refused(offer: Offer, rules: Rules) -> None:
    service = offer(type="event", price=90_000_000)
    with pytest.raises(Invalid):
        quote_booking(a_command(service, NINE, participants=2), None, rules, NOW)


def test_bob_neither_sees_nor_lists_alices_booking(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    booking = book(offer(), NINE)
    with pytest.raises(NotFound):
        get_booking(booking.id, people.bob, NOW)
    assert list_bookings(BookingQuery(), people.bob, rules, NOW).bookings == ()
    assert list_bookings(BookingQuery(), people.sam, rules, NOW).bookings == (booking,)


def test_lists_page_in_order_of_start_without_loss(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    service = offer()
    times = [NINE + timedelta(minutes=30 * index) for index in range(5)]
    ids = [book(service, time).id for time in times]
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = list_bookings(BookingQuery(limit=2, after=after), people.alice, rules, NOW)
        seen += [one.id for one in page.bookings]
        after = page.next_after
    assert (seen, after) == (ids, None)


def test_creating_costs_at_most_fourteen_queries_however_many_bookings_there_are(
    app: Flask, offer: Offer, people: People, rules: Rules, database_kind: str
) -> None:
    service = offer(
        requiredStaff=[{"role": "doctor", "specificStaffIds": ["dr-a"]}],
        requiredResources=[{"id": "room", "name": "Room", "type": "room"}],
    )
    counts = []
    for index in range(6):
        time = paris(f"2026-12-{8 + index:02} 09:00")
        once = Once("alice", f"key-{index}", "print", lambda booking: booking.id)
        with statements() as run:
            create_booking(a_command(service, time), people.alice, rules, NOW, once)
        counts.append(len(run))
    assert len(set(counts)) == 1
    assert counts[0] <= 14 + (3 if database_kind == "mariadb" else 0)  # MariaDB locks table by table


def test_each_booking_leaves_exactly_one_line_for_its_creation(offer: Offer, book: Book) -> None:
    book(offer(), NINE)
    assert count(AuditRow) == 1


@pytest.mark.parametrize(
    "change",
    [{"isActive": False}, {"customFields": [{"id": "a", "name": "A", "type": "text", "required": True}]}],
)
def test_a_repeated_request_gets_its_answer_whatever_became_of_the_service(
    offer: Offer, people: People, rules: Rules, change: dict[str, Any]
) -> None:
    service = offer()
    once: Once[Booking] = Once(people.alice.id, "key", "same", lambda booking: booking.id)
    command = a_command(service, NINE)
    made = create_booking(command, people.alice, rules, NOW, once)
    update_service(service.id, change, people.ada, rules, NOW)
    with pytest.raises(Replay) as replay:
        create_booking(command, people.alice, rules, NOW, once)
    assert replay.value.answer == made.id


def test_no_answer_kept_for_repetitions_can_be_read_in_the_database(offer: Offer, people: People, rules: Rules) -> None:
    once: Once[Booking] = Once(people.alice.id, "key", "same", lambda booking: booking.contact_phone or "")
    create_booking(a_command(offer(), NINE, contact_phone="0123456789"), people.alice, rules, NOW, once)
    stored = db.session.execute(text("SELECT answer FROM idempotency_key")).scalar_one()
    assert "33123456789" not in stored
    with pytest.raises(Replay, match=r"^$") as replay:
        create_booking(a_command(offer(), NINE), people.alice, rules, NOW, once)
    assert replay.value.answer == "+33123456789"
