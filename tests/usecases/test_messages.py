"""Messages wait in the transaction of their event, are sent once, and survive whatever happens in between."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from portal.domain.errors import SlotUnavailable
from portal.domain.notifications import Kind
from portal.domain.reference import reference_of
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.gateways.mail import MailerAway, Undeliverable
from portal.store.accounts import UserRow
from portal.store.db import db, transaction
from portal.store.outbox import OutboxRow
from portal.usecases import messages
from portal.usecases.approvals import approve_booking, decline_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.holds import lapse_holds
from portal.usecases.messages import LEASE, Post, queue_message, send_due_messages
from portal.web.mails import compose
from tests.build import NOW, paris
from tests.people import EVERYBODY
from tests.usecases.conftest import Book

NINE = paris("2026-12-08 09:00")
Offer = Callable[..., Service]


class Carrier:
    """A mailer that remembers what it carried, or fails as it is told."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.carried: list[EmailMessage] = []
        self.failure = failure

    def send(self, mail: EmailMessage) -> None:
        self.carried.append(mail)
        if self.failure:
            raise self.failure


class Killed(BaseException):
    """The process ends between sending and writing it down."""


def post_of(carrier: Carrier, rules: Rules, silent: frozenset[Kind] = frozenset()) -> Post:
    return Post(compose, carrier, rules, silent)


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def post(carrier: Carrier, rules: Rules) -> Post:
    return post_of(carrier, rules)


def waiting() -> list[tuple[str, int, datetime | None]]:
    """Return kind, attempts and due time of every message that is not sent."""
    db.session.rollback()
    rows = db.session.scalars(select(OutboxRow).where(OutboxRow.sent_at.is_(None)).order_by(OutboxRow.id))
    return [(row.kind, row.attempts, row.due_at) for row in rows]


def kinds(carrier: Carrier) -> list[str]:
    return [str(mail["Subject"]).split(":")[0] for mail in carrier.carried]


# ---------------------------------------------------------------- which messages there are


def test_each_step_of_a_booking_writes_one_mail_to_its_customer(
    offer: Offer, book: Book, post: Post, carrier: Carrier, rules: Rules
) -> None:
    service = offer(requiresApproval=True, capacity=10)
    approved, declined, withdrawn = (book(service, NINE + timedelta(days=day)).id for day in range(3))
    approve_booking(approved, EVERYBODY.sam, NOW)
    decline_booking(declined, None, EVERYBODY.sam, NOW)
    cancel_booking(withdrawn, None, EVERYBODY.alice, rules, NOW)
    assert send_due_messages(post, NOW) == 6
    assert sorted(kinds(carrier)) == sorted(
        ["Demande reçue\u00a0"] * 3 + ["Confirmé\u00a0", "Refusé\u00a0", "Annulé\u00a0"]
    )
    assert {mail["To"] for mail in carrier.carried} == {"alice@example.com"}


def test_a_hold_that_lapses_is_told(offer: Offer, book: Book, post: Post, carrier: Carrier) -> None:
    book(offer(requiresApproval=True), NINE + timedelta(days=7))
    later = NOW + timedelta(days=3)
    assert lapse_holds(later) == 1
    send_due_messages(post, later)
    assert kinds(carrier) == ["Demande reçue\u00a0", "Non confirmé\u00a0"]


def test_a_refused_booking_leaves_no_message(offer: Offer, book: Book) -> None:
    service = offer()
    book(service, NINE)
    with pytest.raises(SlotUnavailable):
        book(service, NINE)
    assert [kind for kind, _, _ in waiting()] == ["booking-confirmation"]


@pytest.mark.usefixtures("clock")  # a mail names the year of a day in another one
def test_the_mail_goes_to_the_address_of_the_booking_and_in_the_language_of_the_account(
    offer: Offer, book: Book, post: Post, carrier: Carrier
) -> None:
    transaction(lambda session: session.execute(update(UserRow).values(locale="en")))
    book(offer(), NINE, contact_email="desk@example.org")
    send_due_messages(post, NOW)
    mail = carrier.carried[0]
    assert (mail["To"], mail["Subject"]) == (
        "desk@example.org",
        "Booked: Consultation, Tuesday 8 December, 9:00\u00a0am",
    )
    words = mail.get_body(("plain",))
    assert words is not None
    assert "You are booked, Alice." in words.get_content()


def test_a_mail_has_text_and_html_that_say_the_same_without_anything_from_outside(
    offer: Offer, book: Book, post: Post, carrier: Carrier
) -> None:
    where = {"type": "physical", "address": "12 rue <b>Haute</b> & Basse", "room": "Salle 2"}
    booking = book(offer(location=where), NINE)
    send_due_messages(post, NOW)
    plain, html = (carrier.carried[0].get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert "12 rue <b>Haute</b> & Basse, Salle 2" in plain.get_content()
    assert "12 rue &lt;b&gt;Haute&lt;/b&gt; &amp; Basse, Salle 2" in html.get_content()
    link = f"http://127.0.0.1:5000/bookings/{booking.id}"
    for part in (plain.get_content(), html.get_content()):
        assert link in part
        assert "9\u00a0h" in part
        assert "src=" not in part


@pytest.mark.usefixtures("clock")
def test_the_mail_in_plain_text_reads_well_in_french(offer: Offer, book: Book, post: Post, carrier: Carrier) -> None:
    zone = "Europe/Amsterdam"
    booking = book(offer(timeZone=zone), NINE)
    send_due_messages(post, NOW)
    plain = carrier.carried[0].get_body(("plain",))
    assert plain is not None
    words = plain.get_content().replace("\u00a0", " ")
    assert "mardi 8 décembre, 9 h à 9 h 30 (heure d’Amsterdam)" in words
    assert f"Référence : {reference_of(booking.id)}" in words
    assert "Voir ma réservation : http://" in words


def test_the_room_online_is_told_once_the_booking_is_confirmed(
    offer: Offer, book: Book, post: Post, carrier: Carrier
) -> None:
    where = {"type": "virtual", "virtualLink": "https://meet.example.com/r"}
    booking = book(offer(location=where, requiresApproval=True), NINE)
    send_due_messages(post, NOW)
    approve_booking(booking.id, EVERYBODY.sam, NOW)
    send_due_messages(post, NOW)
    asked, agreed = ([part.get_content() for part in mail.iter_parts()] for mail in carrier.carried)  # type: ignore[attr-defined]
    assert not any("meet.example.com" in part for part in asked)
    assert all("meet.example.com" in part for part in agreed)


def test_a_switched_off_confirmation_is_closed_without_being_sent(
    offer: Offer, book: Book, carrier: Carrier, rules: Rules
) -> None:
    book(offer(), NINE)
    assert send_due_messages(post_of(carrier, rules, frozenset({Kind.BOOKING_CONFIRMATION})), NOW) == 0
    assert carrier.carried == []
    assert waiting() == [("booking-confirmation", 1, None)]


def test_an_event_is_told_once(app: Flask, post: Post, carrier: Carrier) -> None:
    def queue(event: str) -> None:
        work = lambda session: queue_message(  # noqa: E731
            session, Kind.EMAIL_CHANGED, event, "alice", None, {"address": "a@example.org"}, NOW
        )
        transaction(work)

    queue("one")
    with pytest.raises(Exception, match="changed in between"):
        queue("one")
    queue("two")
    assert send_due_messages(post, NOW) == 2


# ---------------------------------------------------------------- sending


def test_what_was_sent_is_not_sent_again(offer: Offer, book: Book, post: Post, carrier: Carrier) -> None:
    book(offer(), NINE)
    assert [send_due_messages(post, NOW), send_due_messages(post, NOW + timedelta(days=1))] == [1, 0]
    assert len(carrier.carried) == 1
    assert waiting() == []


def test_two_who_send_at_once_send_each_message_once(
    app: Flask, offer: Offer, book: Book, post: Post, carrier: Carrier
) -> None:
    service = offer(capacity=20)
    for day in range(8):
        book(service, NINE + timedelta(days=day))
    db.session.rollback()
    barrier, sent = Barrier(2), [0, 0]

    def run(index: int) -> None:
        with app.app_context():
            barrier.wait()
            sent[index] = send_due_messages(post, NOW)
            db.session.remove()

    threads = [Thread(target=run, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 8
    assert len({mail["Message-ID"] for mail in carrier.carried}) == len(carrier.carried) == 8


def test_who_is_killed_between_sending_and_writing_it_down_sends_the_same_message_again(
    offer: Offer, book: Book, rules: Rules
) -> None:
    book(offer(), NINE)
    carrier = Carrier(Killed())  # type: ignore[arg-type]
    with pytest.raises(Killed):
        send_due_messages(post_of(carrier, rules), NOW)
    assert send_due_messages(post_of(carrier, rules), NOW + LEASE - timedelta(seconds=1)) == 0
    carrier.failure = None
    assert send_due_messages(post_of(carrier, rules), NOW + LEASE) == 1
    first, second = carrier.carried
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


def test_while_the_server_is_away_the_rest_waits_and_nothing_is_lost(offer: Offer, book: Book, rules: Rules) -> None:
    service = offer(capacity=5)
    for day in range(3):
        book(service, NINE + timedelta(days=day))
    away = Carrier(MailerAway("ConnectionRefusedError"))
    assert send_due_messages(post_of(away, rules), NOW) == 0
    assert len(away.carried) == 1
    carrier = Carrier()
    assert send_due_messages(post_of(carrier, rules), NOW + timedelta(hours=1)) == 3


def test_a_mail_that_fails_does_not_hold_up_the_others_and_comes_later(
    offer: Offer, book: Book, post: Post, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = offer(capacity=5)
    broken = book(service, NINE).id
    book(service, NINE + timedelta(days=1))

    def fail_for_one(letter: messages.Letter) -> EmailMessage:
        if letter.booking and letter.booking.id == broken:
            raise ValueError("secret words of alice@example.com")
        return compose(letter)

    failing = Post(fail_for_one, carrier, post.rules)
    assert send_due_messages(failing, NOW) == 1
    assert waiting() == [("booking-confirmation", 1, NOW + timedelta(minutes=1))]
    assert db.session.scalars(select(OutboxRow.failure).where(OutboxRow.failure.is_not(None))).all() == ["ValueError"]
    assert send_due_messages(post, NOW + timedelta(minutes=1)) == 1


def test_an_address_that_is_refused_for_good_is_given_up_at_once(offer: Offer, book: Book, rules: Rules) -> None:
    book(offer(), NINE)
    assert send_due_messages(post_of(Carrier(Undeliverable("no such mailbox")), rules), NOW) == 0
    assert waiting() == [("booking-confirmation", 1, None)]


def test_after_five_days_a_message_is_given_up_and_the_log_says_so_without_an_address(
    offer: Offer, book: Book, rules: Rules, caplog: pytest.LogCaptureFixture
) -> None:
    book(offer(), NINE + timedelta(days=20))
    away = post_of(Carrier(MailerAway("TimeoutError")), rules)
    now = NOW
    for _ in range(30):
        send_due_messages(away, now)
        now += timedelta(hours=13)
    assert [(kind, due) for kind, _, due in waiting()] == [("booking-confirmation", None)]
    assert "is given up: MailerAway: TimeoutError" in caplog.text
    assert "alice" not in caplog.text


def test_a_message_about_what_is_gone_is_closed(offer: Offer, book: Book, post: Post, carrier: Carrier) -> None:
    book(offer(), NINE)
    transaction(lambda session: session.execute(text("DELETE FROM booking")))
    assert send_due_messages(post, NOW) == 0
    assert waiting() == [("booking-confirmation", 1, None)]


def test_the_outbox_can_be_read_only_with_the_key(offer: Offer, book: Book, app: Flask) -> None:
    book(offer(), NINE, contact_email="desk@example.org")
    stored = " ".join(_cells())
    assert "booking-confirmation" in stored
    assert "example.org" not in stored
    assert "Alice" not in stored


def _cells() -> Iterator[str]:
    rows: Any = db.session.execute(text("SELECT * FROM outbox"))
    return (str(cell) for row in rows for cell in row)
