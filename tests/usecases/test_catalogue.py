"""Saving services, and what may not be saved or removed."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.domain.booking import Booking
from portal.domain.errors import AlreadyExists, Forbidden, InUse, Invalid, NotFound, SlotUnavailable
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.catalogue import ResourceRow, ServiceRow, StaffRow
from portal.store.db import db
from portal.usecases.cancellations import cancel_booking
from portal.usecases.catalogue import (
    coming_year,
    create_service,
    delete_service,
    get_service,
    list_services,
    update_service,
)
from portal.usecases.service_import import load_services
from tests.build import NOW, catalogue_json, paris
from tests.people import People

Offer = Callable[..., Service]
Book = Callable[..., Booking]


def test_the_twenty_services_keep_every_field_of_the_file(catalogue: dict[str, Service]) -> None:
    for given in catalogue_json():
        stored = catalogue[given["slug"]].model_dump(mode="json", by_alias=True, exclude_none=True)
        assert {name: _plain(stored[name], value) for name, value in given.items()} == given


def _plain(stored: Any, given: Any) -> Any:
    """Leave out the defaults that were not given."""
    if isinstance(given, dict):
        return {name: _plain(stored[name], value) for name, value in given.items()}
    if isinstance(given, list):
        return [_plain(one, other) for one, other in zip(stored, given, strict=True)]
    return stored


def test_resources_and_staff_named_for_the_first_time_are_made_with_the_service(offer: Offer) -> None:
    offer(
        requiredResources=[{"id": "mats", "name": "Mats", "type": "equipment", "quantity": 15}],
        requiredStaff=[{"role": "doctor", "specificStaffIds": ["dr-a"]}],
    )
    assert db.session.scalar(select(ResourceRow.quantity).where(ResourceRow.id == "mats")) == 15
    assert db.session.scalar(select(StaffRow.roles).where(StaffRow.id == "dr-a")) == ["doctor"]


def test_a_requirement_above_the_stock_is_refused_and_changes_none(offer: Offer, rules: Rules) -> None:
    mats = {"id": "mats", "name": "Mats", "type": "equipment"}
    offer(requiredResources=[{**mats, "quantity": 5}])
    offer(name="Smaller", requiredResources=[{**mats, "quantity": 2}])
    assert db.session.scalar(select(ResourceRow.quantity).where(ResourceRow.id == "mats")) == 5
    with pytest.raises(Invalid) as refused:
        offer(name="Larger", requiredResources=[{**mats, "quantity": 6}])
    assert [error.field for error in refused.value.errors] == ["requiredResources.0.quantity"]
    assert {service.name for service in list_services(rules)} == {"Consultation", "Smaller"}


def test_a_slug_is_made_from_the_name_and_made_unique(offer: Offer) -> None:
    assert [offer(name="Séance d'essai").slug for _ in range(3)] == [
        "seance-d-essai",
        "seance-d-essai-2",
        "seance-d-essai-3",
    ]


def test_a_slug_that_is_taken_is_refused(offer: Offer) -> None:
    offer(slug="here")
    with pytest.raises(AlreadyExists):
        offer(name="Other", slug="here")


def test_only_given_fields_change_and_each_change_is_a_version(offer: Offer, people: People, rules: Rules) -> None:
    service = offer(capacity=3)
    changed = update_service(service.slug, {"price": 7000}, people.sam, rules, NOW)
    assert (changed.price, changed.capacity, changed.version) == (7000, 3, service.version + 1)
    assert update_service(service.id, {"capacity": None}, people.sam, rules, NOW).capacity is None
    assert get_service(service.id, rules).name == "Consultation"


def test_loading_the_same_slug_again_updates_it(offer: Offer, people: People, rules: Rules) -> None:
    service = offer(slug="visit")
    load_services([{"slug": "visit", "name": "Visit", "duration": 20, "price": 1}], people.ada, rules, NOW)
    assert [(one.id, one.name) for one in list_services(rules)] == [(service.id, "Visit")]


def test_a_service_without_bookings_goes(offer: Offer, people: People, rules: Rules) -> None:
    service = offer()
    delete_service(service.id, people.sam, rules, NOW)
    with pytest.raises(NotFound):
        get_service(service.id, rules, people.sam)


def test_a_service_with_live_bookings_ahead_stays(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    service = offer()
    booking = book(service, paris("2026-12-08 09:00"))
    with pytest.raises(InUse):
        delete_service(service.id, people.sam, rules, NOW)
    cancel_booking(booking.id, None, people.alice, rules, NOW)
    delete_service(service.id, people.sam, rules, NOW)
    assert get_service(service.id, rules, people.sam).is_active is False
    with pytest.raises(NotFound):
        get_service(service.id, rules, people.alice)


def test_a_service_with_past_bookings_only_is_switched_off(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer()
    booking = book(service, paris("2026-12-08 09:00"))
    delete_service(service.id, people.sam, rules, booking.end + timedelta(minutes=1))
    assert get_service(service.id, rules, people.sam).is_active is False


def test_customers_change_no_service(offer: Offer, people: People, rules: Rules) -> None:
    service = offer()
    for attempt in (
        lambda: create_service({"name": "x", "duration": 5, "price": 0}, people.alice, rules, NOW),
        lambda: update_service(service.id, {"price": 0}, people.alice, rules, NOW),
        lambda: delete_service(service.id, people.alice, rules, NOW),
    ):
        with pytest.raises(Forbidden):
            attempt()


def test_special_dates_of_the_demonstration_move_to_their_next_coming() -> None:
    item = {"specialAvailability": [{"date": "2024-12-31", "slots": []}, {"date": "2024-07-14", "slots": []}]}
    moved = coming_year(item, date(2026, 11, 22))
    assert [one["date"] for one in moved["specialAvailability"]] == ["2026-12-31", "2027-07-14"]


@pytest.mark.parametrize("slug", [None, "consultation"])
def test_a_slug_that_does_not_change_is_no_other_services(
    offer: Offer, people: People, rules: Rules, slug: str | None
) -> None:
    service = offer()
    assert update_service(service.id, {"slug": slug}, people.ada, rules, NOW).slug == "consultation"


def test_an_adopted_service_whose_id_could_be_no_slug_can_be_changed(
    offer: Offer, people: People, rules: Rules
) -> None:
    adopted = update(ServiceRow).where(ServiceRow.id == offer().id)
    db.session.execute(adopted.values(id="Svc_1", slug=None))
    db.session.commit()
    assert update_service("Svc_1", {"price": 100, "slug": "Svc_1"}, people.ada, rules, NOW).price == 100


def test_a_hold_that_lapsed_keeps_no_service(offer: Offer, book: Book, people: People, rules: Rules) -> None:
    service = offer(requiresApproval=True)
    book(service, paris("2026-12-12 09:00"))
    delete_service(service.id, people.ada, rules, NOW + timedelta(days=3))
    assert not get_service(service.id, rules, people.ada).is_active


def test_a_capacity_that_is_set_later_counts_the_bookings_that_are_there(
    offer: Offer, book: Book, people: People, rules: Rules
) -> None:
    service = offer(requiredResources=[{"id": one, "name": one, "type": "room"} for one in ("red", "blue")])
    nine = paris("2026-12-08 09:00")
    book(service, nine)
    update_service(service.id, {"capacity": 1}, people.ada, rules, NOW)
    with pytest.raises(SlotUnavailable):
        book(service, nine, by=people.bob)
