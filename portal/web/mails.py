"""How is a message written as a mail, in its reader's language?

There is no request here, so every address begins with PUBLIC_URL: a Host header never gets into a mail.
"""

import logging
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from flask_babel import force_locale, gettext

from portal.config import LANGUAGES, Settings
from portal.domain.booking import Booking
from portal.domain.errors import N_
from portal.domain.invoices import Invoice
from portal.domain.notifications import Kind, silent_kinds
from portal.domain.pay_links import pay_token
from portal.domain.payments import Why
from portal.domain.service import Service
from portal.gateways.mail import DevelopmentMailbox, Mailer, SmtpMailer
from portal.usecases.cancellations import terms_of
from portal.usecases.messages import Letter, Post
from portal.web.context import current_rules, link_secret, settings
from portal.web.filters import moment_text
from portal.web.invoice_pdf import NoPdf, pdf_of
from portal.web.language import localised

_LOG = logging.getLogger(__name__)

SUBJECTS: Mapping[Kind, str] = {
    Kind.BOOKING_CREATED: N_("Request received: %(service)s, %(when)s"),
    Kind.BOOKING_CONFIRMATION: N_("Booked: %(service)s, %(when)s"),
    Kind.BOOKING_APPROVED: N_("Confirmed: %(service)s, %(when)s"),
    Kind.BOOKING_DECLINED: N_("Declined: %(service)s, %(when)s"),
    Kind.BOOKING_LAPSED: N_("Not confirmed: %(service)s, %(when)s"),
    Kind.BOOKING_CANCELLATION: N_("Cancelled: %(service)s, %(when)s"),
    Kind.BOOKING_UNPAID: N_("Not paid: %(service)s, %(when)s"),
    Kind.BOOKING_PAYMENT_FAILED: N_("Payment failed: %(service)s, %(when)s"),
    Kind.BOOKING_PAYMENT_DUE: N_("Please pay: %(service)s, %(when)s"),
    Kind.BOOKING_PAY_LINK: N_("To pay: %(service)s, %(when)s"),
    Kind.BOOKING_MONEY_BACK: N_("Money back: %(service)s, %(when)s"),
    Kind.BOOKING_DISPUTED: N_("Disputed payment: %(service)s, %(when)s"),
    Kind.BOOKING_REFUND_FAILED: N_("Refund failed: %(service)s, %(when)s"),
    Kind.BOOKING_PAYMENT_FLAGGED: N_("Payment to look at: %(service)s, %(when)s"),
    Kind.PASSWORD_RESET: N_("Choose a new password"),
    Kind.EMAIL_CONFIRM: N_("Confirm your new e-mail address"),
    Kind.EMAIL_CHANGED: N_("Your account has a new e-mail address"),
}

BECAUSE: Mapping[Why, str] = {
    Why.TOO_LATE: N_("Your payment arrived after the time to pay, when your place was already somebody else’s."),
    Why.CANCELLED: N_("Your payment arrived after the booking was cancelled."),
    Why.PAID_TWICE: N_("This booking was paid twice. It stands; the second payment goes back."),
    Why.MISMATCH: N_("This payment was not what was asked for, so it was not used."),
    Why.STAFF: N_("The team gives you this money back."),
    Why.ELSEWHERE: N_("The team gives you this money back."),
}


def register(app: Flask, given: Settings) -> None:
    """Let messages leave by SMTP where a server is set, else into the development mailbox."""
    silent = silent_kinds(notifications=given.enable_notifications, confirmations=given.send_confirmation)
    compose_for = compose if given.smtp_host else compose_words  # nobody reads files in the development mailbox
    app.extensions["post"] = Post(compose_for, mailer_of(given), app.extensions["rules"], silent)


def mailer_of(given: Settings) -> Mailer:
    """Return who carries the mails."""
    if given.smtp_host is None:
        return DevelopmentMailbox()
    return SmtpMailer(given.smtp_host, given.smtp_port, given.smtp_user, given.smtp_pass)


def post() -> Post:
    """Return how messages leave this portal: what `send_due_messages` takes."""
    found: Post = current_app.extensions["post"]
    return found


def compose(letter: Letter) -> EmailMessage:
    """Write a mail with its files: drawing an invoice takes a second or so."""
    mail = compose_words(letter)
    for invoice in letter.invoices:
        _attach(mail, invoice)
    return mail


def compose_words(letter: Letter) -> EmailMessage:
    """Write a mail as text and as HTML; the same message always has the same Message-ID."""
    mail, message = EmailMessage(), letter.message
    with force_locale(language_of(letter)):
        context = _context(letter)
        mail["Subject"] = context["subject"]
        mail.set_content(_render(f"mail/{message.kind}.txt", context))
        mail.add_alternative(_render(f"mail/{message.kind}.html", context), subtype="html")
    mail["From"] = settings().smtp_from or formataddr((_house(), f"noreply@{_host()}"))
    mail["To"] = letter.address
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{message.id}@{_host()}>"
    mail["Auto-Submitted"] = "auto-generated"  # no out-of-office answers, please
    return mail


def _attach(mail: EmailMessage, invoice: Invoice) -> None:
    """Put an invoice into a mail, which also says where it is: without a PDF the mail goes all the same."""
    try:
        pdf = pdf_of(invoice)
    except NoPdf:
        return
    except Exception:  # whatever stands against the drawing, the customer is to know that he is booked
        _LOG.exception("invoice %s could not be drawn for a mail", invoice.content.number)
        return
    mail.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{invoice.content.number}.pdf")


def language_of(letter: Letter) -> str:
    """Return the language of a mail: the one it was asked for in, the person's, the house's."""
    asked = (letter.message.locale, letter.person.locale)
    return next((one for one in asked if one in LANGUAGES), None) or settings().booking_locale


def subject_of(letter: Letter) -> str:
    """Write the subject, with what a person looks for in a list of mails, on one line."""
    words = {}
    if letter.booking and letter.service:
        words = {"service": localised(letter.service).name, "when": _when(letter.booking, letter.service)}
    return " ".join(gettext(SUBJECTS[letter.message.kind], **words).splitlines())


def _when(booking: Booking, service: Service) -> str:
    return moment_text(booking.start, service.zone)


def _context(letter: Letter) -> dict[str, Any]:
    context = {
        "house": _house(),
        "language": language_of(letter),
        "subject": subject_of(letter),
        "person": letter.person,
        "payload": letter.message.payload,
        "booking": letter.booking,
        "service": letter.service,
        "invoices": letter.invoices,
        "site_url": site_url,
    }
    if letter.message.kind is Kind.BOOKING_MONEY_BACK:
        context["because"] = gettext(BECAUSE[Why(letter.message.payload["why"])])
    if letter.booking and letter.message.kind is Kind.BOOKING_PAY_LINK:
        context["pay_url"] = pay_url(letter.booking)
    if letter.booking:
        context["terms"] = terms_of(letter.booking, current_rules(), letter.message.created_at)
    return context


def site_url(endpoint: str, **values: Any) -> str:
    """Return the whole address of a page, by PUBLIC_URL."""
    path = current_app.url_map.bind("localhost").build(endpoint, values)
    return f"{settings().public_url}{path}"


def pay_url(booking: Booking) -> str:
    """Return the whole address at which a booking can be paid without signing in."""
    return site_url("pay.show", token=pay_token(booking, link_secret()))


def _render(template: str, context: dict[str, Any]) -> str:
    """Fill a template in without what pages get: who is signed in here has nothing to do with the reader."""
    return current_app.jinja_env.get_template(template).render(context)


def _house() -> str:
    return settings().business_name or "Créneau"


def _host() -> str:
    return urlsplit(settings().public_url).hostname or "localhost"
