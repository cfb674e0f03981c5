"""Checking in and out, and no-shows, as programs meet them."""

from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.domain.check_in import token_of
from portal.domain.reference import reference_of
from tests.api.conftest import Client, fields, found, problem


@pytest.fixture
def booked(alice: Client, order: dict[str, Any]) -> str:
    """The id of a booking of alice's, on Tuesday at nine."""
    return str(found(alice.post("/create", order))["id"])


@pytest.fixture
def at_nine(booked: str, clock: time_machine.Traveller) -> None:
    """Five minutes after it began."""
    clock.move_to("2026-12-08T08:05:00+00:00")


@pytest.mark.usefixtures("at_nine")
def test_a_customer_comes_and_leaves(sam: Client, booked: str) -> None:
    problem(sam.post("/check-out", {"bookingId": booked}), 409, "NOT_CHECKED_IN")
    assert found(sam.post("/check-in", {"bookingId": booked}))["checkIn"] == "2026-12-08T08:05:00.000Z"
    problem(sam.post("/check-in", {"bookingId": booked}), 409, "ALREADY_CHECKED_IN")
    assert found(sam.post("/check-out", {"bookingId": booked}))["checkOut"] == "2026-12-08T08:05:00.000Z"
    problem(sam.post("/check-out", {"bookingId": booked}), 409, "ALREADY_CHECKED_OUT")
    problem(sam.post("/no-show", {"bookingId": booked}), 409, "ALREADY_CHECKED_IN")


@pytest.mark.usefixtures("at_nine")
def test_the_code_of_the_ticket_does_as_well_as_the_id(app: Flask, sam: Client, booked: str) -> None:
    assert fields(sam.post("/check-in", {"code": "CRN-0000-00"})) == {"code": "unknown_code"}
    assert fields(sam.post("/check-in", {"code": "X", "bookingId": booked})) == {"bookingId": "one_of"}
    assert found(sam.post("/check-in", {"code": reference_of(booked)}))["id"] == booked
    token = token_of(booked, app.config["SECRET_KEY"])
    problem(sam.post("/check-in", {"code": token}), 409, "ALREADY_CHECKED_IN")


def test_a_no_show_waits_for_the_start(sam: Client, booked: str, clock: time_machine.Traveller) -> None:
    problem(sam.post("/no-show", {"bookingId": booked}), 409, "NOT_BEGUN")
    clock.move_to("2026-12-08T09:00:00+00:00")
    assert found(sam.post("/no-show", {"bookingId": booked, "reason": "nobody rang"}))["status"] == "no-show"
    problem(sam.post("/no-show", {"bookingId": booked}), 409, "WRONG_STATE")


@pytest.mark.usefixtures("at_nine")
def test_the_same_key_checks_in_once_and_is_told_the_same(sam: Client, booked: str) -> None:
    key = {"Idempotency-Key": "door-1"}
    first = sam.post("/check-in", {"bookingId": booked}, headers=key)
    assert found(sam.post("/check-in", {"bookingId": booked}, headers=key)) == found(first)
