"""How does a mail leave the house?"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol

TIMEOUT = 10  # seconds for each answer of the server
TLS_PORT = 465  # encrypted from the first byte


class MailerAway(Exception):
    """The mail server cannot be reached or does not let us in: nothing can be sent now."""


class Undeliverable(Exception):
    """This mail will never be taken: its address does not exist."""


class Mailer(Protocol):
    """Somebody who carries mails."""

    def send(self, mail: EmailMessage) -> None:
        """Send one mail; raise MailerAway, Undeliverable, or any other error for a mail that may go later."""


class DevelopmentMailbox:
    """Carries nothing anywhere: the outbox keeps every mail, and /dev/mailbox shows it."""

    def send(self, mail: EmailMessage) -> None:
        """Leave the mail where it is."""


@dataclass(frozen=True)
class SmtpMailer:
    """Sends by SMTP, encrypted wherever the server can; a password never goes over an open line."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None

    def send(self, mail: EmailMessage) -> None:
        """Send one mail over a connection of its own."""
        with self._connection() as server:
            try:
                server.send_message(mail)
            except smtplib.SMTPRecipientsRefused as refused:
                raise _refusal(refused) from refused

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        try:
            server = self._connected()
            try:
                self._secure(server)
                yield server
            finally:
                with suppress(OSError):  # whatever it says to that: the mail is sent, or has failed already
                    server.quit()
        except smtplib.SMTPException as error:
            if isinstance(error, _AWAY):
                raise MailerAway(type(error).__name__) from error
            raise
        except OSError as error:
            raise MailerAway(type(error).__name__) from error

    def _connected(self) -> smtplib.SMTP:
        if self.port == TLS_PORT:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=ssl.create_default_context())
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)

    def _secure(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if self.port != TLS_PORT and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self.user and self.password:
            if not isinstance(server.sock, ssl.SSLSocket):
                raise MailerAway("the server offers no STARTTLS, and the password is not sent in the open")
            server.login(self.user, self.password)


_AWAY = (
    smtplib.SMTPServerDisconnected,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
)


def _refusal(refused: smtplib.SMTPRecipientsRefused) -> Exception:
    """Read the server's codes: 5xx is for ever, 4xx (a full mailbox, greylisting) may pass."""
    is_final = all(code >= 500 for code, _ in refused.recipients.values())
    return Undeliverable("the server refuses the address") if is_final else refused
