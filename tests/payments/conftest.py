"""A house that takes money, and short words for what its customers do."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.payments import Payment, Refund
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store import bookings, payments
from portal.store.db import db
from portal.usecases.bookings import create_booking
from portal.usecases.catalogue import create_service
from portal.usecases.money import Money
from portal.usecases.payments import OpenPage, ReturnTo, open_payment
from tests.build import AN_ISSUER, EVERY_DAY, NOW, a_command, paris, some_rules
from tests.invariants import check_invariants
from tests.payments.provider import FakeProvider, a_provider
from tests.people import EVERYBODY

NINE = paris("2026-12-08 09:00")
BACK = ReturnTo("https://us.example/ok", "https://us.example/no", "Consultation", "fr")


@pytest.fixture
def rules() -> Rules:
    """The house rules, with payment, without the limits per customer."""
    return some_rules(max_active_bookings=0, max_bookings_per_hour=10_000, takes_payment=True)


@pytest.fixture
def provider() -> FakeProvider:
    return a_provider(NOW)


@pytest.fixture
def money(provider: FakeProvider, rules: Rules) -> Money:
    return Money(provider, rules, AN_ISSUER)


@pytest.fixture
def offer(app: Flask, rules: Rules) -> Callable[..., Service]:
    """Store a consultation of 30 minutes for 50 €, every day from 9 to 12, with changes in the API's spelling."""

    def store(**changes: Any) -> Service:
        given = {"name": "Consultation", "duration": 30, "price": 5000, "availableSlots": EVERY_DAY}
        return create_service(given | changes, EVERYBODY.ada, rules, NOW)

    return store


@pytest.fixture
def book(rules: Rules) -> Callable[..., Booking]:
    """Book for alice, or for whom `by` says."""

    def create(
        service: Service, start: datetime = NINE, by: Account = EVERYBODY.alice, now: datetime = NOW, **more: Any
    ) -> Booking:
        used = replace(rules, **more.pop("rules", {}))
        return create_booking(a_command(service, start, **more), by, used, now)

    return create


@pytest.fixture
def pay_page(money: Money, provider: FakeProvider) -> Callable[..., OpenPage]:
    """Open the provider's page for a booking."""

    def open_page(booking: Booking, now: datetime = NOW, back: ReturnTo = BACK) -> OpenPage:
        provider.now = now
        owner = next(one for one in vars(EVERYBODY).values() if one.id == booking.user_id)
        return open_payment(booking.id, back, owner, money, now)

    return open_page


@pytest.fixture
def paying_app(app: Flask, provider: FakeProvider) -> Iterator[FakeProvider]:
    """The app itself takes money, by the fake provider, until the test is over."""
    before = {name: app.extensions[name] for name in ("payments", "rules")}
    app.extensions |= {"payments": provider, "rules": replace(before["rules"], takes_payment=True)}
    yield provider
    app.extensions |= before


def reload(booking: Booking) -> Booking:
    """Read a booking as it is now."""
    db.session.rollback()
    found = bookings.booking_by_id(db.session(), booking.id, None)
    assert found is not None
    return found


def payments_of(booking: Booking) -> list[Payment]:
    db.session.rollback()
    return payments.payments_of(db.session(), booking.id)


def refunds_of(booking: Booking) -> list[Refund]:
    db.session.rollback()
    return payments.refunds_of(db.session(), booking.id)


def check(now: datetime) -> None:
    """Hold every promise against the tables."""
    db.session.rollback()
    check_invariants(now)
