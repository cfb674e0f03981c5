"""Opening the provider's page, coming back from it, and everything that happens in between."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from portal.domain.booking import Booking
from portal.domain.errors import (
    AlreadyPaid,
    AmountNotChargeable,
    HoldOver,
    NotFound,
    NothingToPay,
    PaymentNotTaken,
    PaymentOff,
    PaymentProcessing,
    PaymentUnavailable,
    SlotUnavailable,
    TooManyHolds,
)
from portal.domain.lifecycle import BookingStatus, PaymentStatus, Source
from portal.domain.payments import PaymentState
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.usecases.bookings import create_booking, quote_booking
from portal.usecases.idempotency import Once
from portal.usecases.money import Money
from portal.usecases.payments import (
    OpenPage,
    Phase,
    ReturnTo,
    abandon_payment,
    check_payment,
    open_intent,
    open_payment,
    with_secret,
)
from tests.build import NOW, a_command
from tests.payments.conftest import BACK, NINE, check, payments_of, refunds_of, reload
from tests.payments.provider import FakeProvider
from tests.people import EVERYBODY
from tests.statements import statements

Offer = Callable[..., Service]
Book = Callable[..., Booking]
PayPage = Callable[..., OpenPage]
ALICE = EVERYBODY.alice
LAPSED = NOW + timedelta(minutes=35)


# ---------------------------------------------------------------- what has to be paid


def test_a_place_waits_to_be_paid_for_as_long_as_the_hold(offer: Offer, book: Book) -> None:
    service = offer()
    booking = book(service)
    assert (booking.status, booking.payment_status) == (BookingStatus.PENDING, PaymentStatus.PENDING)
    assert booking.hold_expires_at == LAPSED
    with pytest.raises(SlotUnavailable):
        book(service, by=EVERYBODY.bob, now=LAPSED - timedelta(microseconds=1))
    assert book(service, by=EVERYBODY.bob, now=LAPSED).awaits_payment
    check(LAPSED)


@pytest.mark.parametrize("source", [Source.PHONE, Source.ADMIN, Source.WALK_IN, Source.EMERGENCY])
def test_what_the_team_books_is_due_on_site(offer: Offer, book: Book, source: Source) -> None:
    booking = book(offer(), by=EVERYBODY.sam, source=source)
    assert (booking.status, booking.payment_status) == (BookingStatus.CONFIRMED, None)


def test_what_costs_nothing_is_confirmed_at_once(offer: Offer, book: Book, money: Money) -> None:
    booking = book(offer(price=0))
    assert (booking.status, booking.payment_status) == (BookingStatus.CONFIRMED, None)
    with pytest.raises(NothingToPay):
        open_payment(booking.id, BACK, ALICE, money, NOW)


@pytest.mark.parametrize(
    ("currency", "price", "is_charged"),
    [
        ("EUR", 49, False),
        ("EUR", 50, True),
        ("GBP", 30, True),
        ("JPY", 49, False),
        ("JPY", 50, True),
        ("KWD", 1235, False),
        ("KWD", 1230, True),
    ],
)
def test_a_total_that_no_card_can_pay_is_refused_in_quote_and_create(
    offer: Offer, book: Book, money: Money, currency: str, price: int, is_charged: bool
) -> None:
    service = offer(price=price, currency=currency)
    if is_charged:
        assert book(service).awaits_payment
        return
    with pytest.raises(AmountNotChargeable):
        book(service)
    with pytest.raises(AmountNotChargeable):
        quote_booking(a_command(service, NINE), ALICE, money.rules, NOW)
    assert book(service, rules={"takes_payment": False}).status is BookingStatus.CONFIRMED


def test_three_places_at_most_wait_to_be_paid_by_one_customer(offer: Offer, book: Book) -> None:
    service = offer()
    for number in range(3):
        book(service, NINE + timedelta(minutes=30 * number))
    with pytest.raises(TooManyHolds):
        book(service, NINE + timedelta(hours=2))
    assert book(service, NINE + timedelta(hours=2), by=EVERYBODY.bob).awaits_payment
    assert book(service, NINE + timedelta(hours=2, minutes=30), now=LAPSED).awaits_payment


# ---------------------------------------------------------------- paying


@pytest.mark.parametrize(("currency", "price"), [("EUR", 5000), ("JPY", 4800), ("KWD", 12340), ("UGX", 9000)])
def test_who_pays_is_confirmed_in_any_currency(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider, currency: str, price: int
) -> None:
    booking = book(offer(price=price, currency=currency))
    page = pay_page(booking)
    assert provider.sessions[page.session_id].amount.minor == price
    provider.pay(page.session_id)
    news = check_payment(booking.id, ALICE, money, NOW)
    assert (news.phase, news.is_sure) == (Phase.PAID, True)
    assert news.booking.status is BookingStatus.CONFIRMED
    assert (news.booking.payment_status, news.booking.amount_paid) == (PaymentStatus.PAID, price)
    assert news.booking.hold_expires_at is None
    check(LAPSED)


def test_looking_again_changes_nothing(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    first = check_payment(booking.id, ALICE, money, NOW)
    later = check_payment(booking.id, ALICE, money, NOW + timedelta(minutes=5))
    assert later.booking == first.booking
    check(NOW)


def test_the_provider_is_told_which_booking_it_is_and_who_pays(
    offer: Offer, book: Book, pay_page: PayPage, provider: FakeProvider
) -> None:
    service = offer()
    booking, other = book(service), book(service, NINE + timedelta(hours=1))
    charges = [provider.charges[pay_page(one).session_id] for one in (booking, other)]
    assert charges[0].metadata["bookingId"] == booking.id
    assert charges[0].metadata["serviceId"] == service.id
    assert charges[0].metadata["userId"] == "alice"
    assert charges[0].customer_id == charges[1].customer_id
    assert list(provider.customers.values()) == ["alice@example.com"]


def test_a_customer_whom_the_provider_forgot_is_made_known_again(
    offer: Offer, book: Book, pay_page: PayPage, provider: FakeProvider
) -> None:
    service = offer()
    pay_page(book(service))
    provider.customers.clear()
    provider.answers.clear()
    assert pay_page(book(service, NINE + timedelta(hours=1))).url


def test_two_clicks_open_one_page(offer: Offer, book: Book, pay_page: PayPage, provider: FakeProvider) -> None:
    booking = book(offer())
    assert pay_page(booking) == pay_page(booking)
    assert len(provider.sessions) == 1


def test_another_way_back_closes_the_page_that_was_open(
    offer: Offer, book: Book, pay_page: PayPage, provider: FakeProvider
) -> None:
    booking = book(offer())
    first = pay_page(booking)
    second = pay_page(booking, back=ReturnTo("https://us.example/other", BACK.cancel_url, "Consultation"))
    assert [provider.sessions[one.session_id].is_open for one in (first, second)] == [False, True]


def test_page_and_intent_are_never_both_open(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    intent = open_intent(booking.id, "Consultation", ALICE, money, NOW)
    page = pay_page(booking)
    assert provider.intents[intent.intent_id].status == "canceled"
    again = open_intent(booking.id, "Consultation", ALICE, money, NOW)
    assert provider.sessions[page.session_id].is_expired
    provider.pay_intent(again.intent_id)
    assert check_payment(booking.id, ALICE, money, NOW).phase is Phase.PAID


def test_an_intent_that_is_open_is_found_again_with_its_secret(offer: Offer, book: Book, money: Money) -> None:
    booking = book(offer())
    first = open_intent(booking.id, "Consultation", ALICE, money, NOW)
    assert open_intent(booking.id, "Consultation", ALICE, money, NOW + timedelta(minutes=3)) == first
    news = with_secret(check_payment(booking.id, ALICE, money, NOW), money)
    assert (news.phase, news.client_secret) == (Phase.DUE, first.client_secret)


def test_a_page_paid_in_another_tab_is_found_when_a_new_one_is_wanted(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    with pytest.raises(AlreadyPaid):
        pay_page(booking, back=ReturnTo("https://us.example/other", BACK.cancel_url, "Consultation"))
    assert reload(booking).status is BookingStatus.CONFIRMED


def test_paid_is_not_paid_again(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    check_payment(booking.id, ALICE, money, NOW)
    with pytest.raises(AlreadyPaid):
        pay_page(booking)


def test_after_the_hold_no_page_is_opened(offer: Offer, book: Book, pay_page: PayPage) -> None:
    booking = book(offer())
    with pytest.raises(HoldOver):
        pay_page(booking, now=LAPSED)


def test_another_persons_booking_is_not_there_to_be_paid(offer: Offer, book: Book, money: Money) -> None:
    booking = book(offer())
    for act in (
        lambda: open_payment(booking.id, BACK, EVERYBODY.bob, money, NOW),
        lambda: open_intent(booking.id, "Consultation", EVERYBODY.bob, money, NOW),
        lambda: check_payment(booking.id, EVERYBODY.bob, money, NOW),
        lambda: abandon_payment(booking.id, EVERYBODY.bob, money, NOW),
    ):
        with pytest.raises(NotFound):
            act()


def test_without_a_provider_nothing_is_paid(app: Flask, offer: Offer, book: Book, money: Money) -> None:
    booking = book(offer())
    with pytest.raises(PaymentOff):
        open_payment(booking.id, BACK, ALICE, Money(None, money.rules), NOW)


# ---------------------------------------------------------------- cards that say no, banks that take their time


def test_a_declined_card_keeps_the_place_and_the_page(
    offer: Offer, book: Book, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    intent = open_intent(booking.id, "Consultation", ALICE, money, NOW)
    provider.decline(intent.intent_id)
    news = check_payment(booking.id, ALICE, money, NOW)
    assert (news.phase, news.payment and news.payment.failure) == (Phase.FAILED, "card_declined")
    assert news.booking.is_live(NOW)
    provider.pay_intent(intent.intent_id)
    assert check_payment(booking.id, ALICE, money, NOW).phase is Phase.PAID


def test_while_the_bank_decides_nothing_else_can_be_paid(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    intent = provider.pay(pay_page(booking).session_id, processing=True)
    assert check_payment(booking.id, ALICE, money, NOW).phase is Phase.PROCESSING
    with pytest.raises(PaymentProcessing):
        pay_page(booking)
    provider.decide(intent, yes=True)
    assert check_payment(booking.id, ALICE, money, NOW).phase is Phase.PAID


def test_when_the_bank_says_no_the_customer_may_pay_otherwise(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    intent = provider.pay(pay_page(booking).session_id, processing=True)
    check_payment(booking.id, ALICE, money, NOW)
    provider.decide(intent, yes=False)
    assert check_payment(booking.id, ALICE, money, NOW).phase is Phase.FAILED
    provider.pay(pay_page(booking).session_id)
    assert check_payment(booking.id, ALICE, money, NOW).phase is Phase.PAID


def test_who_gives_up_paying_may_still_pay_while_the_hold_lasts(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    first = pay_page(booking)
    assert abandon_payment(booking.id, ALICE, money, NOW).phase is Phase.DUE
    assert provider.sessions[first.session_id].is_expired
    provider.pay(pay_page(booking).session_id)
    assert abandon_payment(booking.id, ALICE, money, NOW).phase is Phase.PAID


# ---------------------------------------------------------------- the provider away


@pytest.mark.parametrize("when", ["unheard", "unanswered"])
def test_a_page_that_was_not_answered_for_is_asked_for_with_the_same_key(
    offer: Offer, book: Book, pay_page: PayPage, provider: FakeProvider, when: str
) -> None:
    booking = book(offer())
    provider.fail(when, "open_session")
    with pytest.raises(PaymentUnavailable):
        pay_page(booking)
    assert pay_page(booking, now=NOW + timedelta(seconds=20)).url
    assert len(provider.sessions) == 1
    check(NOW)


@pytest.mark.parametrize(("when", "later"), [("broken", timedelta(seconds=5)), ("unheard", timedelta(minutes=2))])
def test_after_a_failure_that_is_kept_or_after_a_minute_another_key_is_used(
    offer: Offer, book: Book, pay_page: PayPage, provider: FakeProvider, when: str, later: timedelta
) -> None:
    booking = book(offer())
    provider.fail(when, "open_session")
    with pytest.raises(PaymentUnavailable):
        pay_page(booking)
    assert pay_page(booking, now=NOW + later).url
    assert len({one.key for one in payments_of(booking)}) == 2
    check(NOW)


def test_what_the_provider_refuses_for_good_is_said_and_keeps_nothing_open(
    offer: Offer, book: Book, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer(price=3000, currency="THB", capacity=2))
    provider.now = NOW + timedelta(minutes=5)  # its clock is ahead: the page would end too soon
    with pytest.raises(PaymentNotTaken):
        open_payment(booking.id, BACK, ALICE, money, NOW)
    assert {one.status for one in payments_of(booking)} == {PaymentState.CLOSED}


def test_while_the_provider_is_away_the_news_say_that_they_are_old(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    provider.fail("unheard", "session")
    news = check_payment(booking.id, ALICE, money, NOW)
    assert (news.phase, news.is_sure) == (Phase.DUE, False)
    assert check_payment(booking.id, ALICE, money, NOW).phase is Phase.PAID


def test_a_page_that_was_opened_while_the_hold_was_dropped_is_closed(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())

    def rival(_call: str) -> None:
        abandon_payment(booking.id, ALICE, money, NOW)

    pay_page(book(offer(), by=EVERYBODY.alice))  # alice is known to the provider from here on
    provider.before = rival
    page = pay_page(booking)
    assert [one.is_open for one in provider.sessions.values() if one.metadata["bookingId"] == booking.id] == [
        False,
        True,
    ]
    assert provider.sessions[page.session_id].is_open


# ---------------------------------------------------------------- money after the hold


def test_money_after_the_hold_takes_the_place_again_if_it_is_free(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer(requiredStaff=[{"role": "doctor", "specificStaffIds": ["dr-a"]}]))
    provider.pay(pay_page(booking).session_id)
    late = LAPSED + timedelta(minutes=1)
    news = check_payment(booking.id, ALICE, money, late)
    assert (news.phase, news.booking.status) == (Phase.PAID, BookingStatus.CONFIRMED)
    check(late)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"type": "event", "maxParticipants": 1},
        {"requiredStaff": [{"role": "doctor", "specificStaffIds": ["dr-a"]}]},
        {"requiredResources": [{"id": "room", "name": "Room", "type": "equipment"}]},
    ],
)
def test_of_two_lapsed_holds_for_one_place_both_paid_one_is_confirmed_and_one_given_back(
    offer: Offer,
    book: Book,
    pay_page: PayPage,
    money: Money,
    provider: FakeProvider,
    given: dict[str, object],
) -> None:
    service = offer(**given)
    first = book(service)
    page = pay_page(first)
    second = book(service, by=EVERYBODY.bob, now=LAPSED)
    other = pay_page(second, now=LAPSED)
    late = LAPSED + timedelta(minutes=36)
    provider.pay(page.session_id)
    provider.pay(other.session_id)
    winner = check_payment(second.id, EVERYBODY.bob, money, late)
    loser = check_payment(first.id, ALICE, money, late)
    assert (winner.phase, winner.booking.status) == (Phase.PAID, BookingStatus.CONFIRMED)
    assert (loser.phase, loser.booking.status) == (Phase.BACK, BookingStatus.CANCELLED)
    assert (loser.booking.payment_status, loser.booking.amount_refunded) == (PaymentStatus.REFUNDED, 5000)
    assert [(one.why, one.status) for one in refunds_of(first)] == [("too_late", "succeeded")]
    check(late)


def test_money_after_the_start_goes_back(
    offer: Offer, book: Book, pay_page: PayPage, money: Money, provider: FakeProvider
) -> None:
    booking = book(offer())
    provider.pay(pay_page(booking).session_id)
    assert check_payment(booking.id, ALICE, money, NINE).phase is Phase.BACK
    check(NINE)


def test_creating_what_has_to_be_paid_takes_no_more_queries_than_fourteen(
    offer: Offer, rules: Rules, database_kind: str
) -> None:
    service = offer(
        requiredStaff=[{"role": "doctor", "specificStaffIds": ["dr-a"]}],
        requiredResources=[{"id": "room", "name": "Room", "type": "room"}],
    )
    for day in range(3):
        once = Once("alice", f"key-{day}", "print", lambda booking: booking.id)
        command = a_command(service, NINE + timedelta(days=day))
        with statements() as run:
            create_booking(command, ALICE, rules, NOW, once)
        assert len(run) <= 14 + (3 if database_kind == "mariadb" else 0)  # MariaDB locks table by table


def test_who_could_not_be_made_known_to_the_provider_is_made_known_a_minute_later(
    offer: Callable[..., Service],
    book: Callable[..., Booking],
    pay_page: Callable[..., OpenPage],
    provider: FakeProvider,
) -> None:
    booking = book(offer())
    provider.fail("broken", "create_customer")  # for a day, whoever asks with that key gets the same failure
    with pytest.raises(PaymentUnavailable):
        pay_page(booking)
    assert pay_page(booking, NOW + timedelta(minutes=1)).url
