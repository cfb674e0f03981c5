"""Mails by SMTP, to a real server of the tests."""

import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from portal.config import Settings
from portal.gateways.mail import DevelopmentMailbox, MailerAway, SmtpMailer, Undeliverable
from portal.web.mails import mailer_of


class Mailbox:
    """A server's side: keeps what comes; refuses the addresses of one host for good, of another for now."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address.endswith("@nowhere.example.com"):
            return "550 no such mailbox"
        if address.endswith("@full.example.com"):
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.received.append(envelope.content)
        return "250 OK"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[Controller]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=0)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    yield controller
    controller.stop()


def a_mail(to: str = "alice@example.com") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Créneau <book@example.org>", to, "Réservé : 10 h 30"
    mail["Message-ID"] = "<1@example.org>"
    mail.set_content("C’est réservé.")
    return mail


def test_a_mail_arrives_as_it_was_written(server: Controller, mailbox: Mailbox) -> None:
    SmtpMailer("127.0.0.1", server.port).send(a_mail())
    [received] = mailbox.received
    assert b"Message-ID: <1@example.org>" in received
    assert "C’est réservé.".encode() in received


def test_an_address_that_does_not_exist_is_given_up(server: Controller) -> None:
    with pytest.raises(Undeliverable):
        SmtpMailer("127.0.0.1", server.port).send(a_mail("alice@nowhere.example.com"))


def test_a_full_mailbox_is_tried_again_and_the_server_is_not_thought_away(server: Controller) -> None:
    with pytest.raises(OSError, match="452") as refused:
        SmtpMailer("127.0.0.1", server.port).send(a_mail("alice@full.example.com"))
    assert not isinstance(refused.value, MailerAway | Undeliverable)


def test_a_server_that_does_not_answer_is_away() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(MailerAway, match="ConnectionRefusedError"):
        SmtpMailer("127.0.0.1", port).send(a_mail())


def test_a_password_is_never_sent_over_an_open_line(server: Controller, mailbox: Mailbox) -> None:
    with pytest.raises(MailerAway, match="STARTTLS"):
        SmtpMailer("127.0.0.1", server.port, "me", "secret").send(a_mail())
    assert mailbox.received == []


def test_the_settings_say_who_carries_the_mails() -> None:
    assert isinstance(mailer_of(Settings()), DevelopmentMailbox)
    given = Settings(smtp_host="mail.example.org", smtp_port=465, smtp_user="me", smtp_pass="word")
    assert mailer_of(given) == SmtpMailer("mail.example.org", 465, "me", "word")
