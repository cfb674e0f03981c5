"""Somebody of the team at the desk, and something booked."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from portal.domain.account import Account
from portal.domain.booking import Booking
from portal.domain.service import Service
from portal.usecases.bookings import create_booking
from portal.web.context import current_rules
from tests.build import NOW, a_command, paris
from tests.people import EVERYBODY
from tests.web.page import Browser

NINE = paris("2026-12-08 09:00")


@pytest.fixture
def ada(app: Flask) -> Browser:
    return Browser(app).sign_in(EVERYBODY.ada)


@pytest.fixture
def book(app: Flask) -> Callable[..., Booking]:
    """Book for alice, tomorrow at nine, or as it is said."""

    def create(service: Service, start: datetime = NINE, by: Account = EVERYBODY.alice, **more: object) -> Booking:
        return create_booking(a_command(service, start, **more), by, current_rules(), NOW)

    return create
