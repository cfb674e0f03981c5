"""Is no cent lost and none given twice, however many processes move it at one moment?

The negative controls stand in `test_money_races_without_locks`.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.domain.payments import UNFINISHED
from portal.domain.service import Service
from portal.store import payments
from portal.store.bookings import AuditRow, BookingRow
from portal.store.db import db
from portal.store.outbox import OutboxRow
from portal.store.payments import PaymentRow
from portal.usecases.bookings import create_booking
from portal.usecases.orders import CreateBooking
from tests.databases import EVERY
from tests.deep.money_racing import NOW, SAM, count, held, paid, payment_of, race_for_stock, reload
from tests.deep.provider import money_of
from tests.deep.racing import at, new_member, new_resources, new_service, units_taken
from tests.deep.rivals import Move, Rivals
from tests.deep.rivals import rivals as rival_processes
from tests.deep.servers import add_customers, customer
from tests.invariants import check_invariants
from tests.portals import new_portal

pytestmark = pytest.mark.deep

LAPSED = NOW + timedelta(minutes=35)
LATE = LAPSED + timedelta(minutes=40)
ROUNDS = 5


@pytest.fixture(scope="module", params=EVERY)
def rivals(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rivals]:
    """Four rival processes on a new database of each kind."""
    with new_portal(request.param, tmp_path_factory.mktemp("money")) as app:
        add_customers()
        with rival_processes(app.config["SQLALCHEMY_DATABASE_URI"], takes_payment=True) as others:
            yield others


def live(service: Service) -> int:
    own = (BookingRow.service_id == service.id, BookingRow.status == "confirmed")
    return count(select(func.count()).select_from(BookingRow).where(*own))


# ---------------------------------------------------------------- one payment, told by many


def test_a_payment_that_everybody_tells_at_once_confirms_once(rivals: Rivals) -> None:
    booking = held(new_service(), 0)
    codes = rivals.race([Move("settle", payment_of(booking), SAM, NOW, is_paid=True)] * 16)
    assert Counter(codes) == {"ok": 16}
    lines = select(func.count()).where(AuditRow.booking_id == booking.id, AuditRow.action == "pay")
    mails = select(func.count()).where(
        OutboxRow.event.startswith(f"booking:{booking.id}"), OutboxRow.kind == "booking-confirmation"
    )
    assert (count(lines), count(mails), reload(booking).amount_paid) == (1, 1, 1000)
    check_invariants(NOW)


def test_of_many_who_open_a_page_at_once_all_see_one(rivals: Rivals) -> None:
    who = customer(1)
    booking = create_booking(CreateBooking(new_service().id, at(20)), who, money_of(is_paid=False).rules, NOW)
    codes = rivals.race([Move("open", booking.id, who, NOW)] * 16)
    assert Counter(codes) == {"ok": 16}
    assert len(payments.payments_of(db.session(), booking.id)) == 1
    check_invariants(NOW)


# ---------------------------------------------------------------- money after the hold


@pytest.mark.parametrize("kind", ["lone", "event", "doctor", "room"])
def test_of_lapsed_holds_for_one_place_all_paid_at_once_one_is_confirmed(rivals: Rivals, kind: str) -> None:
    for _ in range(ROUNDS):
        service = new_service(**_place(kind))
        holds = [held(service, number, NOW + number * timedelta(minutes=35)) for number in range(3)]
        late = NOW + timedelta(hours=3)
        codes = rivals.race([Move("settle", payment_of(one), SAM, late, is_paid=True) for one in holds] * 2)
        assert set(codes) == {"ok"}
        after = [reload(one) for one in holds]
        assert sorted(str(one.status) for one in after) == ["cancelled", "cancelled", "confirmed"]
        assert sum(one.amount_paid - one.amount_refunded for one in after) == 1000
        check_invariants(late)


def _place(kind: str) -> dict[str, Any]:
    places: dict[str, dict[str, Any]] = {
        "event": {"type": "event", "maxParticipants": 1},
        "doctor": {"requiredStaff": [new_member()]} if kind == "doctor" else {},
        "room": {"requiredResources": new_resources("equipment", 1)} if kind == "room" else {},
    }
    return places.get(kind, {})


def test_of_lapsed_holds_for_a_stock_of_two_exactly_two_are_confirmed(rivals: Rivals) -> None:
    service = new_service(requiredResources=new_resources("equipment", 2))
    race_for_stock(rivals, service)
    assert (live(service), units_taken(service, at(20))) == (2, 2)
    check_invariants(NOW + timedelta(hours=6))


def test_late_money_and_a_rival_never_both_get_the_place(rivals: Rivals) -> None:
    for number in range(ROUNDS):
        service = new_service()
        first = held(service, number)
        moves = [Move("settle", payment_of(first), SAM, LATE, is_paid=True)]
        others = [customer(50 + 6 * number + one) for one in range(6)]  # new ones: three unpaid holds are the most
        moves += [Move("create", CreateBooking(service.id, at(20)), one, LATE) for one in others]
        codes = rivals.race([*moves, Move("release", None, SAM, LATE, is_paid=True)])
        assert set(codes[1:7]) <= {"ok", "SLOT_UNAVAILABLE"}
        after = reload(first)
        assert (codes[1:7].count("ok") == 1) is (after.status == "cancelled")
        assert after.amount_paid - after.amount_refunded == (1000 if after.status == "confirmed" else 0)
        check_invariants(LATE)


# ---------------------------------------------------------------- paying and dropping at once


def test_who_pays_and_drops_at_once_is_booked_or_has_his_money_back(rivals: Rivals) -> None:
    for number in range(ROUNDS):
        booking, who = held(new_service(), number), customer(number)
        moves = [Move("settle", payment_of(booking), who, NOW, is_paid=True)]
        moves += [Move("cancel", booking.id, who, NOW)] * 3
        codes = rivals.race(moves)
        assert set(codes) <= {"ok", "PAID_MEANWHILE", "ALREADY_CANCELLED"}, codes
        after = reload(booking)
        kept = after.amount_paid - after.amount_refunded
        assert (str(after.status), kept) in {("confirmed", 1000), ("cancelled", 0)}
        check_invariants(NOW)


# ---------------------------------------------------------------- giving back


def test_of_refunds_at_the_same_instant_as_many_are_made_as_was_paid(rivals: Rivals) -> None:
    booking = paid(2)
    codes = rivals.race([Move("refund", booking.id, SAM, NOW, amount=2000)] * 16)
    assert Counter(codes) == {"ok": 2, "REFUND_TOO_LARGE": 14}
    assert reload(booking).amount_refunded == 4000
    check_invariants(NOW)


def test_refunding_and_cancelling_at_once_give_back_no_more_than_was_paid(rivals: Rivals) -> None:
    for number in range(ROUNDS):
        booking = paid(number)
        moves = [Move("refund", booking.id, SAM, NOW, amount=3000)] * 2
        codes = rivals.race([*moves, *[Move("cancel", booking.id, customer(number), NOW)] * 2])
        assert set(codes) <= {"ok", "REFUND_TOO_LARGE", "ALREADY_CANCELLED"}, codes
        assert reload(booking).amount_refunded == 5000
        check_invariants(NOW)


def test_many_workers_reconcile_what_one_would(rivals: Rivals) -> None:
    holds = [held(new_service(), number) for number in range(6)]
    later = NOW + timedelta(minutes=5)
    codes = rivals.race([Move("reconcile", None, SAM, later, is_paid=True)] * 4)
    assert set(codes) == {"ok"}
    assert {str(reload(one).status) for one in holds} == {"confirmed"}
    assert count(select(func.count()).select_from(PaymentRow).where(PaymentRow.status.in_(UNFINISHED))) == 0
    check_invariants(later)
