"""Browsers of the people of the tests, on a stopped clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.domain.service import Service
from portal.usecases.catalogue import create_service
from portal.web.context import current_rules
from tests.build import EVERY_DAY
from tests.people import EVERYBODY
from tests.web.page import Browser


@pytest.fixture(autouse=True)
def _stopped_clock(clock: time_machine.Traveller) -> None:
    """Every test of the pages happens on Monday 7 December 2026, 8 h in Paris."""


@pytest.fixture
def nobody(app: Flask) -> Browser:
    return Browser(app)


@pytest.fixture
def alice(app: Flask) -> Browser:
    return Browser(app).sign_in(EVERYBODY.alice)


@pytest.fixture
def bob(app: Flask) -> Browser:
    return Browser(app).sign_in(EVERYBODY.bob)


@pytest.fixture
def sam(app: Flask) -> Browser:
    return Browser(app).sign_in(EVERYBODY.sam)


@pytest.fixture
def offer(app: Flask) -> Callable[..., Service]:
    """Store a consultation of 30 minutes, every day from 9 to 12, with changes in the API's spelling."""

    def create(**changes: Any) -> Service:
        given = {"name": "Consultation", "duration": 30, "price": 5000, "availableSlots": EVERY_DAY}
        return create_service(given | changes, EVERYBODY.ada, current_rules(), datetime.now(UTC))

    return create
