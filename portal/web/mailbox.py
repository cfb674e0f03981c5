"""Which mails would have been sent? The development mailbox: only where no mail server is set."""

from email.message import EmailMessage
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort

from portal.gateways.mail import DevelopmentMailbox
from portal.usecases.messages import Letter, send_due_messages, sent_letter, sent_letters
from portal.web.context import now, settings
from portal.web.fragments import render
from portal.web.mails import compose_words, post
from portal.web.session import account_zone, signed_in

pages = Blueprint("mailbox", __name__, url_prefix="/dev/mailbox")

THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})

# A mail is shown as a mail program does it: nothing of it runs, and its links lead out of the frame.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox;"
    " default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


def is_open() -> bool:
    """Tell whether mails are kept here instead of being sent, and who asks may read them.

    On the machine of a developer everybody may; elsewhere admins only, because the links in them open accounts.
    """
    if not isinstance(post().mailer, DevelopmentMailbox):
        return False
    reader = signed_in()
    return urlsplit(settings().public_url).hostname in THIS_MACHINE or (reader is not None and reader.is_admin)


@pages.before_request
def _only_where_open() -> None:
    if not is_open():
        abort(404)


@pages.get("")
def index() -> Response:
    """Fetch what is due, as a mail program does, and list it."""
    send_due_messages(post(), now())
    return render(
        "mailbox/index.html", mails=[(one, compose_words(one)) for one in sent_letters(post())], zone=account_zone()
    )


@pages.get("/<message_id>")
def show(message_id: str) -> Response:
    """Show one mail, as HTML and as text."""
    letter, mail = _found(message_id)
    return render("mailbox/show.html", letter=letter, mail=mail, text=_part(mail, "plain"), zone=account_zone())


@pages.get("/<message_id>/html")
def html(message_id: str) -> Response:
    """Return the HTML of one mail, to be shown in a frame."""
    content = _part(_found(message_id)[1], "html").replace("<head>", '<head><base target="_blank">', 1)
    response = Response(content, mimetype="text/html")
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _found(message_id: str) -> tuple[Letter, EmailMessage]:
    letter = sent_letter(post(), message_id)
    if letter is None:
        abort(404)
    return letter, compose_words(letter)


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None, "every mail has both"
    content: str = body.get_content()
    return content
