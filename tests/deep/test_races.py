"""Is nothing sold twice, and nothing refused that is free, however many processes want it at one moment?

Every race runs against several real processes with real commits, on each database. That the races could find anything
is shown by the negative control in `test_races_without_locks.py`.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import select

from bench.filling import fill
from portal.domain.service import Service
from portal.domain.timerange import minute_of
from portal.store.bookings import BookingRow
from portal.store.db import db, transaction
from portal.store.locks import Locks, lock
from portal.usecases.bookings import create_booking
from portal.usecases.orders import CreateBooking
from portal.web.context import current_rules
from tests.databases import EVERY
from tests.deep.racing import CLIENTS, at, creates, live_bookings, new_member, new_resources, new_service, order, sold
from tests.deep.rivals import Move, Rivals, rivals
from tests.deep.servers import Answer, Call, Server, add_customers, customer, serving
from tests.invariants import check_invariants
from tests.people import EVERYBODY
from tests.portals import new_portal

pytestmark = pytest.mark.deep

MANY = 1_200


@dataclass(frozen=True)
class Field:
    """Where the races are run: a server and rival processes on one database."""

    server: Server
    rivals: Rivals


@pytest.fixture(scope="module", params=EVERY)
def field(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """A server of three processes and four rival processes, on a new database of each kind."""
    folder = tmp_path_factory.mktemp("races")
    with new_portal(request.param, folder) as app:
        add_customers()
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        with serving(url, folder / "log") as server, rivals(url) as others:
            yield Field(server, others)
    assert "Traceback" not in (folder / "log").read_text()


# ---------------------------------------------------------------- what must hold


def check_refusals(server: Server, calls: Sequence[Call], answers: Sequence[Answer], most: int = 12) -> None:
    """Nobody was refused a place that was free: alone, afterwards, he is refused as well."""
    refused = [call for call, answer in zip(calls, answers, strict=True) if answer.status == 409]
    for call in refused[:most]:
        assert server.call(call).status == 409, f"refused in the race, free afterwards: {call}"


def race_is_exact(field: Field, bodies: Sequence[dict[str, Any]], places: int) -> None:
    calls = creates(bodies)
    answers = field.server.race(calls)
    assert sold(answers) == places
    check_refusals(field.server, calls, answers)
    check_invariants(datetime.now(UTC))


# ---------------------------------------------------------------- as many as there are places


def test_of_64_clients_one_gets_the_one_place_in_an_empty_and_in_a_full_table(field: Field) -> None:
    service = new_service()
    race_is_exact(field, [order(service, at(3))] * CLIENTS, 1)
    first = minute_of(at(-90, 0))
    with db.engine.begin() as connection:
        fill(connection, service.id, ["alice"], [first + 60 * hour for hour in range(MANY)], 60)
    race_is_exact(field, [order(service, at(4))] * CLIENTS, 1)


def test_of_64_clients_three_get_the_three_courts(field: Field) -> None:
    service = new_service(type="rental", maxDuration=60, requiredResources=new_resources("facility", 1, 1, 1))
    race_is_exact(field, [order(service, at(3))] * CLIENTS, 3)


def test_of_64_clients_fifteen_get_the_fifteen_seats(field: Field) -> None:
    service = new_service(type="event", maxParticipants=15, requiredResources=new_resources("equipment", 1))
    race_is_exact(field, [order(service, at(3))] * CLIENTS, 15)


def test_parties_of_many_sizes_never_take_more_than_the_seats(field: Field) -> None:
    service = new_service(type="course", maxParticipants=15)
    bodies = [order(service, at(3), participants=1 + number % 4) for number in range(CLIENTS)]
    calls = creates(bodies)
    answers = field.server.race(calls)
    assert sold(answers) >= 4
    check_refusals(field.server, calls, answers)
    check_invariants(datetime.now(UTC))


def test_of_64_clients_three_get_the_three_units_of_a_stock(field: Field) -> None:
    service = new_service(requiredResources=new_resources("equipment", 3))
    race_is_exact(field, [order(service, at(3))] * CLIENTS, 3)


def test_stays_of_overlapping_nights_never_share_a_room(field: Field) -> None:
    rooms = new_resources("room", 1, 1, 1)
    service = new_service(type="room", duration=1440, availableSlots=[], requiredResources=rooms, maxParticipants=2)
    dates = [(at(5 + number % 4).date(), at(6 + number % 4 + number % 3).date()) for number in range(CLIENTS)]
    bodies = [{"serviceId": service.id, "startDate": str(first), "endDate": str(last)} for first, last in dates]
    calls = creates(bodies)
    answers = field.server.race(calls)
    assert sold(answers) >= 3
    check_refusals(field.server, calls, answers)
    check_invariants(datetime.now(UTC))


def test_rentals_of_different_lengths_that_overlap_never_share_a_car(field: Field) -> None:
    service = new_service(type="rental", maxDuration=300, requiredResources=new_resources("vehicle", 1, 1))
    spans = [(at(3, 8 + number % 5), at(3, 9 + number % 5 + number % 4)) for number in range(CLIENTS)]
    calls = creates([order(service, *span) for span in spans])
    answers = field.server.race(calls)
    assert sold(answers) >= 2
    check_refusals(field.server, calls, answers)
    check_invariants(datetime.now(UTC))


def test_two_services_that_share_a_resource_or_a_doctor_sell_it_once(field: Field) -> None:
    for need in ({"requiredResources": new_resources("equipment", 1)}, {"requiredStaff": [new_member()]}):
        long, short = new_service(**need), new_service(duration=30, **need)
        bodies = [order(long, at(3, 10)) if number % 2 else order(short, at(3, 10.5)) for number in range(CLIENTS)]
        race_is_exact(field, bodies, 1)


def test_two_services_that_share_one_car_of_their_pools_never_sell_it_twice(field: Field) -> None:
    shared, own, other = new_resources("vehicle", 2, 1, 1)
    one = new_service(type="rental", maxDuration=180, requiredResources=[shared, own])
    two = new_service(type="rental", maxDuration=180, requiredResources=[other, shared])
    spans = [(at(3, 9 + number % 3), at(3, 10 + number % 3 + number % 2)) for number in range(CLIENTS)]
    calls = creates([order(two if number % 2 else one, *span) for number, span in enumerate(spans)])
    answers = field.server.race(calls)
    assert sold(answers) >= 4
    check_refusals(field.server, calls, answers)
    check_invariants(datetime.now(UTC))


def test_a_hundred_clients_get_a_hundred_free_places_at_once(field: Field) -> None:
    doctor = new_member()
    one, two = new_service(requiredStaff=[doctor]), new_service()
    bodies = [order(two if number % 2 else one, at(10 + number // 20, number % 20)) for number in range(100)]
    race_is_exact(field, bodies, 100)


def test_events_whose_first_booking_chooses_the_time_take_place_once_a_day(field: Field) -> None:
    # In Auckland a local day of business hours touches two days of UTC.
    service = new_service(type="event", maxParticipants=CLIENTS, availableSlots=[], timeZone="Pacific/Auckland")
    starts = [at(4, 19 + number % 12) for number in range(CLIENTS)]  # 8 in the morning to 19 in the evening there
    answers = field.server.race(creates([order(service, start) for start in starts]))
    assert sold(answers) >= 1
    assert len({one.body["startDate"] for one in answers if one.status == 200}) == 1
    check_invariants(datetime.now(UTC))


# ---------------------------------------------------------------- in and out at once


def test_cancelling_and_creating_at_once_never_oversells_nor_leaves_a_place_unsold(field: Field) -> None:
    service = new_service(requiredResources=new_resources("equipment", 3))
    yoga = new_service(type="event", maxParticipants=3)
    for number, wanted in enumerate([service, yoga] * 2):
        body = order(wanted, at(3, 8 + number))
        live = [one.body["id"] for one in field.server.race(creates([body] * 3))]
        cancels = [Call("cancel", {"bookingId": one}, owner) for owner, one in enumerate(live)]
        answers = field.server.race([*cancels, *creates([body] * 40)])
        assert [one.status for one in answers[:3]] == [200] * 3
        won = sold(answers[3:])
        check_invariants(datetime.now(UTC))
        late = [field.server.call(call).status for call in creates([body] * 4)]
        assert won + late.count(200) == 3, (won, late)
        check_invariants(datetime.now(UTC))


def test_of_many_cancellations_of_one_booking_one_counts(field: Field) -> None:
    body = order(new_service(), at(3))
    booked = field.server.call(Call("create", body))
    answers = field.server.race([Call("cancel", {"bookingId": booked.body["id"]})] * 16)
    assert Counter(one.status for one in answers) == {200: 1, 409: 15}
    assert {one.body["code"] for one in answers if one.status == 409} == {"ALREADY_CANCELLED"}
    check_invariants(datetime.now(UTC))


def test_one_key_sent_ten_times_at_once_books_once_and_is_answered_alike(field: Field) -> None:
    service = new_service(capacity=20)
    answers = field.server.race([Call("create", order(service, at(3)), 7, key="the-same-key")] * 10)
    assert {one.status for one in answers} == {200}
    assert len({str(one.body) for one in answers}) == 1
    assert live_bookings(service) == 1
    other = field.server.call(Call("create", order(service, at(4)), 7, key="the-same-key"))
    assert (other.status, other.body["code"]) == (422, "KEY_REUSED")


def test_a_customer_books_exactly_as_many_as_the_rules_allow(field: Field) -> None:
    services = [new_service(), new_service(requiredStaff=[new_member()])]
    wanted = [CreateBooking(services[number % 2].id, at(3 + number % 8, number)) for number in range(20)]
    rules = {"max_active_bookings": 5}
    codes = field.rivals.race([Move("create", one, customer(110), datetime.now(UTC), rules=rules) for one in wanted])
    assert Counter(codes) == {"ok": 5, "LIMIT_REACHED": 15}
    check_invariants(datetime.now(UTC))


# ---------------------------------------------------------------- holds that lapse


def held_in_vain(**given: Any) -> tuple[Service, CreateBooking, str, datetime]:
    """Book a place that needs approval; return what is needed to want it at the moment the hold ends."""
    service, start = new_service(requiresApproval=True, **given), at(20)
    wanted, now = CreateBooking(service.id, start), datetime.now(UTC)
    booking = create_booking(wanted, customer(99), current_rules(), now)
    assert booking.hold_expires_at is not None
    return service, wanted, booking.id, booking.hold_expires_at


def test_of_rivals_for_a_place_whose_hold_has_lapsed_one_gets_it(field: Field) -> None:
    for kind in ({}, {"type": "event", "maxParticipants": 1}, {"requiredStaff": [new_member()]}):
        _, wanted, _, end = held_in_vain(**kind)
        codes = field.rivals.race([Move("create", wanted, customer(number), end) for number in range(16)])
        assert Counter(codes) == {"ok": 1, "SLOT_UNAVAILABLE": 15}, kind
        check_invariants(end)


def test_a_place_is_approved_or_taken_by_a_rival_never_both(field: Field) -> None:
    for number in range(8):
        _, wanted, held, end = held_in_vain()
        almost = end - timedelta(microseconds=1)
        moves = [Move("approve", held, EVERYBODY.sam, almost), Move("create", wanted, customer(number), end)]
        assert sorted(field.rivals.race(moves)) in (["SLOT_UNAVAILABLE", "ok"], ["WRONG_STATE", "ok"])
        check_invariants(end)


def test_what_an_event_held_in_vain_is_free_for_another_service(field: Field) -> None:
    speakers = new_resources("equipment", 1)
    _, _, _, end = held_in_vain(type="event", maxParticipants=5, requiredResources=speakers)
    other = CreateBooking(new_service(requiredResources=speakers).id, at(20))
    codes = field.rivals.race([Move("create", other, customer(number), end) for number in range(4)])
    assert Counter(codes) == {"ok": 1, "SLOT_UNAVAILABLE": 3}
    check_invariants(end)


# ---------------------------------------------------------------- faults


def test_a_killed_process_leaves_no_half_booking_and_loses_none_that_was_confirmed(field: Field) -> None:
    service = new_service(requiredResources=new_resources("equipment", 1), requiredStaff=[new_member()])
    stop, confirmed, statuses = threading.Event(), [], Counter()

    def keep_booking(first: int) -> None:
        for number in range(first, 24 * 30, 12):
            if stop.is_set():
                return
            answer = field.server.call(Call("create", order(service, at(30 + number // 24, number % 24)), first))
            statuses[answer.status] += 1
            if answer.status == 200:
                confirmed.append(answer.body["id"])

    clients = [threading.Thread(target=keep_booking, args=(first,)) for first in range(12)]
    for client in clients:
        client.start()
    for _ in range(4):
        time.sleep(random.uniform(0.2, 0.6))
        os.kill(random.choice(field.server.workers()), signal.SIGKILL)
    deadline = time.monotonic() + 30
    while statuses[200] <= 20 and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    for client in clients:
        client.join()
    assert set(statuses) <= {0, 200, 409, 503}, statuses
    assert statuses[200] > 20, statuses
    check_invariants(datetime.now(UTC))
    statement = select(BookingRow.id).where(BookingRow.service_id == service.id)
    with db.engine.connect() as connection:
        assert set(confirmed) <= set(connection.scalars(statement))
    assert field.server.call(Call("create", order(service, at(90)))).status == 200, "the dead process holds no lock"


def test_who_waits_too_long_for_a_place_is_told_to_come_back(field: Field) -> None:
    service = new_service()
    held, done = threading.Event(), threading.Event()
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def hold() -> None:
        def work(session: Any) -> None:
            lock(session, Locks(services=frozenset({service.id}), whole=True))
            held.set()
            done.wait(15)

        with app.app_context():
            transaction(work)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(10)
        begun = time.monotonic()
        answers = field.server.race(creates([order(service, at(3))] * 6))
        assert time.monotonic() - begun < 8
    finally:
        done.set()
        holder.join()
    assert {(one.status, one.body["code"]) for one in answers} == {(503, "OVERLOADED")}
    assert all(one.retry_after for one in answers)
    assert field.server.call(Call("create", order(service, at(3)))).status == 200
    check_invariants(datetime.now(UTC))
