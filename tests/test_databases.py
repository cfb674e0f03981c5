"""Does the portal book on every database that is there? The rest of the quick tests run on one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.domain.errors import SlotUnavailable
from portal.domain.service import Service, ServiceType
from portal.store.db import db, is_busy
from portal.usecases.bookings import create_booking, get_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.catalogue import create_service, list_services
from portal.usecases.orders import CreateBooking
from portal.usecases.service_import import load_services
from portal.web.context import current_rules
from tests.build import catalogue_json
from tests.databases import EVERY
from tests.invariants import check_invariants
from tests.people import EVERYBODY
from tests.portals import answers_for, free_slots, new_portal

NOW = datetime(2026, 12, 7, 7, 0, tzinfo=UTC)


@pytest.fixture(scope="module", params=EVERY)
def services(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """The 20 services, on a new database of each kind."""
    with new_portal(request.param, tmp_path_factory.mktemp("db")):
        yield {one.slug: one for one in load_services(catalogue_json(), EVERYBODY.ada, current_rules(), NOW)}


def order(service: Service, index: int = 0) -> CreateBooking:
    """Return a complete request for one of the free times of a service."""
    slot = free_slots(service, NOW)[index].slot
    return CreateBooking(service.id, slot.starts_at, slot.ends_at, custom_field_values=answers_for(service))


def test_all_20_services_are_listed(services: dict[str, Service]) -> None:
    assert {one.slug for one in list_services(current_rules())} >= set(services)
    assert len(services) == 20


def test_a_service_of_each_type_is_booked(services: dict[str, Service]) -> None:
    bookable = {one.type: one for one in services.values() if free_slots(one, NOW)}
    assert set(bookable) == set(ServiceType)
    for service in bookable.values():
        booking = create_booking(order(service), EVERYBODY.alice, current_rules(), NOW)
        db.session.rollback()
        assert get_booking(booking.id, EVERYBODY.alice, NOW) == booking
    check_invariants(NOW)


@pytest.mark.usefixtures("services")
def test_a_missing_table_is_a_bug_and_not_a_busy_database() -> None:
    with pytest.raises(DBAPIError) as failed:
        db.session.execute(text("SELECT 1 FROM no_such_table"))
    db.session.rollback()
    assert not is_busy(failed.value)


def test_the_second_taker_of_a_single_place_gets_it_only_once_the_first_cancels(services: dict[str, Service]) -> None:
    rules, single = current_rules(), order(services["coaching-personnel"], index=-1)
    first = create_booking(single, EVERYBODY.alice, rules, NOW)
    with pytest.raises(SlotUnavailable) as refused:
        create_booking(single, EVERYBODY.bob, rules, NOW)
    assert refused.value.alternatives
    cancel_booking(first.id, None, EVERYBODY.alice, rules, NOW)
    create_booking(single, EVERYBODY.bob, rules, NOW)
    check_invariants(NOW)


@pytest.mark.usefixtures("services")
def test_a_held_place_is_free_at_the_very_end_of_the_hold_and_not_a_microsecond_before() -> None:
    rules, now = current_rules(), NOW + timedelta(microseconds=7)
    given = {"name": "Held", "duration": 60, "price": 0, "timeZone": "UTC", "requiresApproval": True}
    service = create_service(given, EVERYBODY.ada, rules, now)
    wanted = CreateBooking(service.id, NOW + timedelta(days=9, hours=3))
    end = create_booking(wanted, EVERYBODY.alice, rules, now).hold_expires_at
    assert end is not None
    with pytest.raises(SlotUnavailable):
        create_booking(wanted, EVERYBODY.bob, rules, end - timedelta(microseconds=1))
    create_booking(wanted, EVERYBODY.bob, rules, end)
    check_invariants(end)
