"""Several services at once: all of them or none, whatever others do meanwhile."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.errors import Forbidden, Invalid
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.catalogue import ResourceRow, StaffRow
from portal.store.db import db
from portal.store.service_changes import ServiceChangeRow
from portal.usecases.catalogue import create_service, delete_service, get_service, list_services, update_service
from portal.usecases.service_import import load_services
from tests.build import NOW
from tests.people import People

GOOD: dict[str, Any] = {"slug": "good", "name": "Good", "duration": 30, "price": 100}
OTHER: dict[str, Any] = {"slug": "other", "name": "Other", "duration": 30, "price": 100}
MATS = {"id": "mats", "name": "Mats", "type": "equipment"}


class Interrupted(list[dict[str, Any]]):
    """Items; somebody else is quicker once they have been read for the first time."""

    def __init__(self, items: list[dict[str, Any]], rival: Callable[[], Any]) -> None:
        super().__init__(items)
        self.rival: Callable[[], Any] | None = rival
        self.reads = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield from super().__iter__()
        self.reads += 1
        if self.rival and self.reads > 1:
            rival, self.rival = self.rival, None
            rival()


def _everything() -> tuple[int, ...]:
    db.session.rollback()
    tables = (ResourceRow, StaffRow, ServiceChangeRow)
    return tuple(db.session.scalar(select(func.count()).select_from(one)) or 0 for one in tables)


@pytest.mark.parametrize(
    "second",
    [
        {**OTHER, "duration": 0},
        {**OTHER, "slug": "good"},
        {**OTHER, "requiredResources": [{**MATS, "quantity": 9}]},
        {**OTHER, "name": "\x00", "slug": "\x00"},
        {**OTHER, "slug": "\ud800"},
        {**OTHER, "slug": "x" * 300},
        "no service",
    ],
    ids=["a field", "a slug twice", "a stock", "a NUL", "half a character", "too long", "no object"],
)
def test_one_mistake_stores_nothing_and_is_named_at_its_place(
    app: Flask, people: People, rules: Rules, second: Any
) -> None:
    first = {**GOOD, "requiredResources": [MATS], "requiredStaff": [{"role": "r", "specificStaffIds": ["s"]}]}
    with pytest.raises(Invalid) as refused:
        load_services([first, second], people.ada, rules, NOW)
    assert {one.field.partition(".")[0] for one in refused.value.errors} == {"1"}
    assert list_services(rules, active=None) == []
    assert _everything() == (0, 0, 0)


def test_mistakes_of_all_services_are_named_at_once(app: Flask, people: People, rules: Rules) -> None:
    items = [{**GOOD, "price": -1}, GOOD | {"slug": "fine"}, {**OTHER, "duration": 0, "type": "x"}]
    with pytest.raises(Invalid) as refused:
        load_services(items, people.ada, rules, NOW)
    assert {one.field for one in refused.value.errors} == {"0.price", "2.duration", "2.type"}


def test_given_fields_change_what_is_there_and_the_rest_is_new(
    offer: Callable[..., Service], people: People, rules: Rules
) -> None:
    offer(slug="good", description="Kept")
    saved = load_services([{"slug": "good", "price": 7}, OTHER], people.ada, rules, NOW)
    assert [(one.slug, one.price, one.description, one.version) for one in saved] == [
        ("good", 7, "Kept", 2),
        ("other", 100, None, 1),
    ]


def test_a_slug_that_is_taken_in_between_is_changed_as_if_it_had_been_there(
    app: Flask, people: People, rules: Rules
) -> None:
    items = Interrupted([OTHER, GOOD], lambda: create_service({**GOOD, "name": "Rival"}, people.sam, rules, NOW))
    load_services(items, people.ada, rules, NOW)
    assert [(one.name, one.version) for one in list_services(rules)] == [("Good", 2), ("Other", 1)]


def test_what_changed_or_went_in_between_is_read_again(
    offer: Callable[..., Service], people: People, rules: Rules
) -> None:
    offer(slug="good")
    change = Interrupted(
        [{"slug": "good", "price": 7}, OTHER], lambda: update_service("good", {"duration": 45}, people.sam, rules, NOW)
    )
    load_services(change, people.ada, rules, NOW)
    found = get_service("good", rules)
    assert (found.price, found.duration, found.version) == (7, 45, 3)
    gone = Interrupted([{"slug": "good", "price": 9}], lambda: delete_service("good", people.sam, rules, NOW))
    with pytest.raises(Invalid) as refused:  # by itself it is no whole service
        load_services(gone, people.ada, rules, NOW)
    assert {one.field for one in refused.value.errors} == {"0.name", "0.duration"}


def test_customers_import_nothing(app: Flask, people: People, rules: Rules) -> None:
    with pytest.raises(Forbidden):
        load_services([GOOD], people.alice, rules, NOW)
