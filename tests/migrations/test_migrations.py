"""Do the migrations make what the models say, on every database, and adopt a database of the original?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade

from portal.domain.account import Account
from portal.domain.lifecycle import BookingStatus, PaymentStatus
from portal.store import accounts, bookings
from portal.store.db import Base, db
from portal.usecases.bookings import create_booking
from portal.usecases.catalogue import list_services, load_service
from portal.web.context import current_rules
from tests.build import NOW, a_command, paris
from tests.databases import EVERY, database
from tests.portals import portal_on

ORIGINAL = (Path(__file__).parents[1] / "data" / "original.sql").read_text("utf-8")
LONG_AGO = datetime(2023, 11, 2, 8, 30, 0)  # noqa: DTZ001 - as a driver hands it to a column without a zone
PEOPLE = [
    {"id": "zoe-1", "name": "Zoé", "email": "Zoe@Example.com", "role": "user"},
    {"id": "zoe-2", "name": "Zoé bis", "email": "zoe@example.com", "role": None},
    {"id": "own", "name": "Patron", "email": "patron@example.com", "role": "admin"},
]
SESSION = {"id": "x", "userId": "zoe-1", "token": "t"}
HOURS = '[{"dayOfWeek":1,"startTime":"09:00","endTime":"12:00"},{"dayOfWeek":2,"startTime":"09:00","endTime":"12:00"}]'
RESOURCES = (
    '[{"id":"mats","name":"Tapis","type":"equipment","quantity":2},{"id":"clay","name":"Argile","type":"material"}]'
)
STAFF = '[{"role":"coach","count":1,"specificStaffIds":["m1","m2"]}]'
SERVICES = [
    {"id": "s1", "name": "Séance", "duration": 60, "price": 5000, "currency": "EUR", "available_slots": HOURS},
    {"id": "s2", "name": "Séance", "duration": 30, "price": 2500, "currency": None, "available_slots": None},
    {
        "id": "s3",
        "name": "Yoga",
        "duration": 60,
        "price": 900,
        "available_slots": HOURS,
        "required_resources": RESOURCES,
        "required_staff": STAFF,
    },
]
BOOKING = {
    "id": "b1",
    "service_id": "s1",
    "user_id": "zoe-1",
    "start_date": datetime(2024, 3, 4, 9, 0),  # noqa: DTZ001
    "end_date": datetime(2024, 3, 4, 10, 0),  # noqa: DTZ001
    "status": "confirmed",
    "participants": 2,
    "participant_details": '[{"name":"Zoé"},{"name":"Léa","age":7}]',
    "total_price": 5000,
    "currency": "EUR",
    "payment_status": "paid",
    "contact_phone": "+33123456789",
    "assigned_resources": '[{"resourceId":"r1","resourceName":"Salle","quantity":1}]',
    "assigned_staff": '[{"staffId":"m1","staffName":"Marie","role":"coach"}]',
    "custom_field_values": '{"goals":"Équilibre"}',
    "metadata": '{"campaign":"printemps"}',
    "source": "web",
}


@pytest.fixture(params=EVERY)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    with database(request.param, tmp_path) as made:
        yield made


@pytest.fixture(scope="module", params=EVERY)
def adopted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A portal on a database of each kind that was the original's."""
    with database(request.param, tmp_path_factory.mktemp("original")) as url:
        make_original(url)
        with portal_on(url):
            upgrade()
            yield


def make_original(url: str) -> None:
    """Make the original's tables, with rows in all three."""
    engine = sa.create_engine(url)
    quote = "`" if engine.dialect.name == "mysql" else '"'
    statements = [one.strip() for one in ORIGINAL.replace('"', quote).split(";") if one.strip()]
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        times = {"createdAt": LONG_AGO, "updatedAt": LONG_AGO, "emailVerified": True}
        for person in PEOPLE:
            connection.execute(_table("user", person | times).insert(), person | times)
        connection.execute(_table("session", SESSION).insert(), SESSION)
        for service in SERVICES:
            connection.execute(_table("booking_service", service).insert(), service)
        connection.execute(_table("booking", BOOKING).insert(), BOOKING)
    engine.dispose()


def _table(name: str, values: dict[str, Any]) -> Any:
    return sa.table(name, *(sa.column(key) for key in values))


def columns_of(url: str) -> dict[str, list[str]]:
    """Return the columns of every table but Alembic's own."""
    return {name: [column["name"] for column in found] for name, found in _inspected(url, "get_columns").items()}


def foreign_keys_of(url: str) -> set[tuple[str, ...]]:
    """Return table, column, what it refers to, and what becomes of the row when that goes."""
    return {
        (name, *key["constrained_columns"], key["referred_table"], key["options"].get("ondelete", ""))
        for name, found in _inspected(url, "get_foreign_keys").items()
        for key in found
    }


def indexes_of(url: str) -> set[tuple[str, ...]]:
    """Return table and columns; MariaDB names those of foreign keys as it likes."""
    found = _inspected(url, "get_indexes").items()
    return {(name, *map(str, index["column_names"])) for name, indexes in found for index in indexes}


def _inspected(url: str, method: str) -> dict[str, Any]:
    engine = sa.create_engine(url)
    inspector = sa.inspect(engine)
    names = set(inspector.get_table_names()) - {"alembic_version"}
    found = {name: getattr(inspector, method)(name) for name in names}
    engine.dispose()
    return found


def differences() -> list[Any]:
    """Return what the models have and the database has not, or the other way round."""

    def is_compared(_thing: Any, name: str | None, kind: str, *_more: Any) -> bool:
        return not (kind == "table" and name == "adopted_table")

    options = {"compare_type": True, "include_object": is_compared}
    with db.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))


def test_up_down_and_up_again_leaves_what_the_models_say(url: str) -> None:
    with portal_on(url):
        upgrade()
        assert differences() == []
        downgrade(revision="base")
        assert columns_of(url) == {}
        upgrade()
        assert differences() == []


@pytest.mark.usefixtures("adopted")
def test_the_rows_of_the_original_are_read_after_adoption() -> None:
    booking = bookings.booking_by_id(db.session(), "b1", "zoe-1")
    assert booking is not None
    assert booking.start == datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
    assert (booking.status, booking.payment_status) == (BookingStatus.CONFIRMED, PaymentStatus.PAID)
    assert (booking.participants, booking.total_price, booking.contact_phone) == (2, 5000, "+33123456789")
    assert booking.participant_details == ({"name": "Zoé"}, {"name": "Léa", "age": 7})
    assert booking.custom_field_values == {"goals": "Équilibre"}
    assert booking.assigned_staff[0].staff_name == "Marie"
    assert booking.metadata == {"campaign": "printemps"}
    span = (datetime(2024, 3, 4, 9, 0, tzinfo=UTC), datetime(2024, 3, 4, 9, 1, tzinfo=UTC))
    assert [one.id for one in bookings.list_bookings(db.session(), start=span[0], end=span[1])] == ["b1"]


@pytest.mark.usefixtures("adopted")
def test_of_two_services_with_one_name_each_gets_its_own_slug() -> None:
    found = list_services(current_rules())
    assert [(one.id, one.slug, one.duration) for one in found[:2]] == [("s1", "seance", 60), ("s2", "seance-2", 30)]
    assert found[1].currency == "EUR"


@pytest.mark.usefixtures("adopted")
def test_of_two_addresses_that_differ_by_case_the_first_signs_in() -> None:
    first = accounts.user_by_email(db.session(), " ZOE@example.com")
    assert first is not None
    assert first.id == "zoe-1"
    second = accounts.account_by_id(db.session(), "zoe-2")
    assert second is not None
    assert second.email == "zoe@example.com"


@pytest.mark.usefixtures("adopted")
def test_an_adopted_role_that_we_do_not_know_is_a_customers() -> None:
    found = {one.id: str(one.role) for one in accounts.accounts(db.session(), None, 10, None) if one.id != "new"}
    assert found == {"zoe-1": "customer", "zoe-2": "customer", "own": "admin"}


@pytest.mark.usefixtures("adopted")
def test_new_bookings_and_people_are_stored_beside_the_adopted_ones() -> None:
    _insert_person()
    rules = current_rules()
    caller = accounts.account_by_id(db.session(), "new")
    assert caller is not None
    for slug in ("seance", "yoga"):
        service = load_service(db.session(), slug, rules)
        booked = create_booking(a_command(service, paris("2026-12-08 10:00")), caller, rules, NOW)
        assert bookings.booking_by_id(db.session(), booked.id, "new") == booked
    assert [(one.resource_id, one.quantity) for one in booked.assigned_resources] == [("mats", 2)]
    assert [(one.staff_id, one.role) for one in booked.assigned_staff] == [("m1", "coach")]
    db.session.rollback()
    assert _stray_references() == []


def _insert_person() -> None:
    account = Account("new", "new@example.com", "Nouvelle")
    values = {"id": account.id, "email": account.email, "email_normal": account.email, "name": account.name}
    db.session.rollback()  # what was read before is not read again
    with db.engine.begin() as connection:
        connection.execute(sa.insert(accounts.UserRow).values(**values))


def _stray_references() -> list[Any]:
    """Return the rows of SQLite that refer to nothing; the others check at once."""
    if db.engine.dialect.name != "sqlite":
        return []
    with db.engine.connect() as connection:
        return list(connection.exec_driver_sql("PRAGMA foreign_key_check").all())


def test_going_down_again_removes_only_what_adoption_added(url: str) -> None:
    make_original(url)
    before = columns_of(url), indexes_of(url), foreign_keys_of(url)
    with portal_on(url):
        upgrade()
        downgrade(revision="base")
        assert (columns_of(url), indexes_of(url), foreign_keys_of(url)) == before
        with db.engine.connect() as connection:
            row = connection.execute(sa.text("SELECT * FROM booking")).mappings().one()
            assert row["custom_field_values"] == BOOKING["custom_field_values"]
            assert connection.execute(sa.text("SELECT count(*) FROM booking_service")).scalar() == len(SERVICES)
            assert connection.execute(sa.text("SELECT count(*) FROM session")).scalar() == 1
        upgrade()
        assert bookings.booking_by_id(db.session(), "b1", "zoe-1") is not None


TIMES_OF_JAVASCRIPT = {
    "2024-03-04T09:00:00.250Z": datetime(2024, 3, 4, 9, 0, 0, 250_000, tzinfo=UTC),
    "2024-04-04T10:00:00+01:00": datetime(2024, 4, 4, 9, 0, tzinfo=UTC),
    "2024-05-04 09:00:00": datetime(2024, 5, 4, 9, 0, tzinfo=UTC),
    1717491600000: datetime(2024, 6, 4, 9, 0, tzinfo=UTC),  # milliseconds
    1720083600: datetime(2024, 7, 4, 9, 0, tzinfo=UTC),  # seconds
}


def test_every_spelling_of_a_time_in_sqlite_is_read_and_compared_as_one(tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url:
        make_original(url)
        engine = sa.create_engine(url)
        with engine.begin() as connection:
            for index, start in enumerate(TIMES_OF_JAVASCRIPT):
                row = BOOKING | {"id": f"t{index}", "start_date": start}
                connection.execute(_table("booking", row).insert(), row)
        engine.dispose()
        with portal_on(url):
            upgrade()
            for start in TIMES_OF_JAVASCRIPT.values():
                end = start + timedelta(milliseconds=1)
                found = bookings.list_bookings(db.session(), start=start, end=end)
                assert [one.start for one in found if one.id != "b1"] == [start]
