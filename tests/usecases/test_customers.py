"""What the team see of customers, and what they may change."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from portal.domain.account import Account, Role
from portal.domain.booking import Booking
from portal.domain.customers import CustomerSearch, CustomerSort, Figures, Standing
from portal.domain.errors import ChangedMeanwhile, Forbidden, InUse, Invalid, NotFound
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.bookings import BookingRow
from portal.store.db import transaction
from portal.usecases.accounts import account_of_token, create_user, issue_token
from portal.usecases.cancellations import cancel_booking
from portal.usecases.customers import (
    ban,
    bookings_ahead,
    change_customer,
    change_role,
    delete_customer,
    get_customer,
    read_customer,
    search_customers,
    unban,
)
from portal.usecases.profile import change_profile
from portal.usecases.sessions import begin_session, read_session
from tests.build import NOW, paris, some_rules
from tests.people import EVERYBODY
from tests.statements import statements

ALICE, BOB, SAM, ADA = EVERYBODY.alice, EVERYBODY.bob, EVERYBODY.sam, EVERYBODY.ada
NINE = paris("2026-12-08 09:00")
Offer, Book = Callable[..., Service], Callable[..., Booking]


def found(**search: object) -> list[str]:
    """Return who is found, in order."""
    return [one.id for one, _ in search_customers(CustomerSearch(**search), 1, SAM, some_rules(), NOW).rows]  # type: ignore[arg-type]


def figures(person: Account, now: object = NOW) -> Figures:
    """Return what the list says of somebody."""
    rows = search_customers(CustomerSearch(text=person.email), 1, SAM, some_rules(), now).rows  # type: ignore[arg-type]
    return rows[0][1]


# ---------------------------------------------------------------- looking


@pytest.mark.usefixtures("app")
def test_people_are_found_by_parts_of_name_and_address() -> None:
    assert found(text="MARTIN") == ["alice"]
    assert found(text="bob@ex") == ["bob"]
    assert found(text="%") == []
    assert found() == ["ada", "alice", "bob", "sam"]


def test_a_telephone_number_finds_whose_it_is_in_any_spelling(offer: Offer, book: Book, rules: Rules) -> None:
    book(offer(), NINE, by=BOB, contact_phone="+33612345678")
    change_profile(ALICE, "Alice Martin", "06 98 76 54 32", rules, NOW)
    assert found(text="06 12 34 56 78") == found(text="+33 6 12 34 56 78") == ["bob"]
    assert found(text="0698765432") == ["alice"]
    assert found(text="0612345679") == found(text="061234") == []
    assert found(text="0612345678", standing=Standing.TEAM) == []


@pytest.mark.usefixtures("app")
def test_the_team_and_closed_accounts_are_told_apart() -> None:
    ban("bob", SAM, NOW)
    assert found(standing=Standing.OPEN) == ["alice"]
    assert found(standing=Standing.CLOSED) == ["bob"]
    assert found(standing=Standing.TEAM) == ["ada", "sam"]


def test_the_list_is_ordered_by_what_is_asked(offer: Offer, book: Book) -> None:
    service = offer()
    book(service, NINE, by=BOB)
    assert found(sort=CustomerSort.NAME_DOWN) == ["sam", "bob", "alice", "ada"]
    assert found(sort=CustomerSort.BOOKINGS_DOWN)[0] == "bob"
    later = search_customers(CustomerSearch(sort=CustomerSort.LAST), 1, SAM, some_rules(), NINE + timedelta(days=1))
    assert later.rows[0][0].id == "bob"


@pytest.mark.usefixtures("app")
def test_names_are_ordered_as_people_look_for_them() -> None:
    for account_id, name in (("1", "Élodie Garnier"), ("2", "eric Petit"), ("3", "Zoé"), ("4", "Ève"), ("5", "Emma")):
        create_user(f"{account_id}@example.com", name, Role.CUSTOMER, None, NOW)
    rows = search_customers(CustomerSearch(standing=Standing.OPEN), 1, SAM, some_rules(), NOW).rows
    names = [one.name for one, _ in rows if one.id not in {"alice", "bob"}]
    assert names == ["Élodie Garnier", "Emma", "eric Petit", "Ève", "Zoé"]


def test_a_visit_ahead_is_the_next_and_one_behind_the_last(offer: Offer, book: Book, rules: Rules) -> None:
    service = offer()
    first, second = NINE, NINE + timedelta(days=1)
    book(service, first)
    book(service, second)
    cancelled = book(service, NINE + timedelta(hours=1))
    cancel_booking(cancelled.id, None, SAM, rules, NOW)
    assert figures(ALICE) == Figures(3, None, first, 0, {})
    assert figures(ALICE, first + timedelta(hours=1)) == Figures(3, first, second, 0, {})
    assert figures(BOB) == Figures()


def test_absences_count_and_money_is_net_and_by_currency(offer: Offer, book: Book) -> None:
    euros, yen = offer(), offer(name="Sushi", currency="JPY")
    bookings = [book(euros, NINE), book(euros, NINE + timedelta(days=1)), book(yen, NINE + timedelta(days=2))]
    money = [(5000, 1000, "no-show"), (2000, 0, "completed"), (700, 0, "confirmed")]

    for booking, (paid, back, status) in zip(bookings, money, strict=True):
        values = {"amount_paid": paid, "amount_refunded": back, "status": status}
        statement = update(BookingRow).where(BookingRow.id == booking.id).values(**values)
        transaction(lambda session, statement=statement: session.execute(statement))
    told = figures(ALICE)
    assert (told.bookings, told.no_shows, told.paid) == (3, 1, {"EUR": 6000, "JPY": 700})


def test_a_page_takes_three_queries_however_many_people(app: Flask, offer: Offer, book: Book) -> None:
    book(offer(), NINE)
    for number in range(60):
        create_user(f"p{number}@example.com", f"Person {number:02d}", Role.CUSTOMER, None, NOW)
    with statements() as ran:
        second = search_customers(CustomerSearch(), 2, SAM, some_rules(), NOW)
    assert len(ran) == 3
    assert (second.first, second.last, second.count, second.has_more) == (51, 64, 64, False)
    assert search_customers(CustomerSearch(), 99, SAM, some_rules(), NOW).page == 2


@pytest.mark.usefixtures("app")
def test_customers_look_at_nobody() -> None:
    with pytest.raises(Forbidden):
        search_customers(CustomerSearch(), 1, ALICE, some_rules(), NOW)


def test_a_file_has_the_history_latest_first_and_what_lies_ahead(offer: Offer, book: Book, rules: Rules) -> None:
    service = offer()
    early, late = book(service, NINE), book(service, NINE + timedelta(days=3))
    file = read_customer("alice", 1, SAM, rules, NOW)
    assert [one.id for one, _ in file.history.rows] == [late.id, early.id]
    ahead = bookings_ahead("alice", SAM, rules, NINE + timedelta(hours=1))
    assert [one.id for one, _ in ahead.rows] == [late.id]


# ---------------------------------------------------------------- changing


@pytest.mark.usefixtures("app")
def test_of_two_who_edit_one_account_the_second_is_told() -> None:
    read = get_customer("alice", SAM).version
    change_customer("alice", SAM, NOW, name="Alice M.", version=read)
    with pytest.raises(ChangedMeanwhile):
        change_customer("alice", ADA, NOW, attributes={"vip": True}, version=read)
    kept = get_customer("alice", SAM)
    assert (kept.name, dict(kept.attributes)) == ("Alice M.", {})
    assert change_customer("alice", ADA, NOW, attributes={"vip": True}, version=kept.version).attributes == {
        "vip": True
    }


@pytest.mark.usefixtures("app")
def test_the_version_tells_true_from_one() -> None:
    as_number = change_customer("alice", SAM, NOW, attributes={"vip": 1}).version
    as_truth = change_customer("alice", SAM, NOW, attributes={"vip": True}).version
    assert as_number != as_truth


def test_closing_ends_sign_ins_and_tokens_and_keeps_bookings(offer: Offer, book: Book, rules: Rules) -> None:
    booking = book(offer(), NINE)
    token, secret = issue_token("alice", NOW), begin_session("alice", "a browser", NOW)
    closed = ban("alice", SAM, NOW, "Comes and breaks things")
    assert (closed.is_banned, closed.banned_at, closed.ban_reason) == (True, NOW, "Comes and breaks things")
    assert account_of_token(token, NOW) is None
    assert read_session(secret, NOW) is None
    assert [one.id for one, _ in bookings_ahead("alice", SAM, rules, NOW).rows] == [booking.id]
    opened = unban("alice", SAM, NOW)
    assert (opened.is_banned, opened.banned_at, opened.ban_reason) == (False, None, None)


@pytest.mark.usefixtures("app")
def test_closing_again_keeps_since_when() -> None:
    ban("alice", SAM, NOW, "First")
    again = ban("alice", SAM, NOW + timedelta(days=1), "Second")
    assert (again.banned_at, again.ban_reason) == (NOW, "Second")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("reason", ["x" * 501, "a\0b", "\ud800"])
def test_a_reason_that_cannot_be_kept_changes_nothing(reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        ban("alice", SAM, NOW, reason)
    assert [one.field for one in refused.value.errors] == ["banReason"]
    assert not get_customer("alice", SAM).is_banned


@pytest.mark.usefixtures("app")
def test_a_reason_alone_closes_nothing() -> None:
    with pytest.raises(Invalid):
        change_customer("alice", SAM, NOW, ban_reason="Because")


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("who", ["sam", "ada"])
def test_staff_change_nobody_of_the_team_and_not_themselves(who: str) -> None:
    for attempt in (
        lambda: ban(who, SAM, NOW),
        lambda: unban(who, SAM, NOW),
        lambda: change_customer(who, SAM, NOW, name="Else"),
        lambda: delete_customer(who, SAM),
    ):
        with pytest.raises(Forbidden):
            attempt()


@pytest.mark.usefixtures("app")
def test_only_an_admin_gives_roles_and_not_to_himself() -> None:
    assert change_role("bob", Role.STAFF, ADA, NOW).is_staff
    for caller, who in ((SAM, "alice"), (SAM, "sam"), (ADA, "ada"), (ALICE, "alice")):
        with pytest.raises(Forbidden):
            change_role(who, Role.ADMIN, caller, NOW)
    assert not change_role("bob", Role.CUSTOMER, ADA, NOW).is_staff


@pytest.mark.usefixtures("app")
def test_of_two_admins_who_put_each_other_out_one_stays() -> None:
    bob = change_role("bob", Role.ADMIN, ADA, NOW)
    change_role("ada", Role.CUSTOMER, bob, NOW)
    with pytest.raises(Forbidden):
        change_role("bob", Role.CUSTOMER, ADA, NOW)  # as she was when she was let in
    with pytest.raises(Forbidden):
        ban("bob", ADA, NOW)


@pytest.mark.usefixtures("app")
def test_an_admin_changes_the_team_but_not_himself() -> None:
    assert ban("sam", ADA, NOW).is_banned
    with pytest.raises(Forbidden):
        ban("ada", ADA, NOW)


def test_who_booked_stays_and_who_did_not_may_go(offer: Offer, book: Book) -> None:
    book(offer(), NINE)
    with pytest.raises(InUse):
        delete_customer("alice", SAM)
    delete_customer("bob", SAM)
    with pytest.raises(NotFound):
        get_customer("bob", SAM)
