"""Short words for the use-cases' tests."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.usecases.bookings import create_booking
from portal.usecases.catalogue import create_service
from tests.build import EVERY_DAY, NOW, a_command, some_rules
from tests.people import EVERYBODY

Book = Callable[..., Booking]


@pytest.fixture
def rules() -> Rules:
    """The house rules, without the limits per customer."""
    return some_rules(max_active_bookings=0, max_bookings_per_hour=10_000)


@pytest.fixture
def offer(app: Flask, rules: Rules) -> Callable[..., Service]:
    """Store a consultation of 30 minutes, every day from 9 to 12, with changes in the API's spelling."""

    def store(**changes: Any) -> Service:
        given = {"name": "Consultation", "duration": 30, "price": 5000, "availableSlots": EVERY_DAY}
        return create_service(given | changes, EVERYBODY.ada, rules, NOW)

    return store


@pytest.fixture
def book(rules: Rules) -> Book:
    """Book for alice, or for whom `by` says."""

    def create(
        service: Service, start: Any, by: Account = EVERYBODY.alice, now: datetime = NOW, **more: Any
    ) -> Booking:
        used = more.pop("rules", rules)
        return create_booking(a_command(service, start, **more), by, used, now)

    return create
