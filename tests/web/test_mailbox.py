"""The development mailbox: there as long as no mail server is set."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.cli import ScriptInfo

from portal.cli import send_mail_command
from portal.domain.service import Service
from portal.gateways.mail import SmtpMailer
from portal.usecases.messages import Post
from tests.people import EVERYBODY
from tests.web.page import Browser

CHOICE = "?start=2026-12-11T08:00:00Z&participants=1"


def subjects(browser: Browser) -> list[tuple[str, str]]:
    """Return subject and recipient of every mail, the newest first."""
    page = browser.get("/dev/mailbox")
    mails = [href for _, href in page.links if href.startswith("/dev/mailbox/")]
    found = []
    for address in mails:
        mail = browser.get(address)
        text = mail.html.split("<dt>")
        found.append((mail.text.split(" · ")[0], re.sub(r"<[^>]+>", "", text[2].split("</dt>")[1]).strip()))
    return found


def link_of(browser: Browser, subject: str) -> str:
    """Return the path of the link in the newest mail of a subject."""
    mail = browser.get(browser.get("/dev/mailbox").link(subject))
    link = re.search(r"http://127\.0\.0\.1:5000(/new-[\w/-]+)", mail.text)
    assert link is not None
    return link[1]


def book(browser: Browser, service: Service) -> None:
    page = browser.press(browser.get(f"/book/{service.slug}{CHOICE}"), "Check my booking")
    name = next(name for form in page.forms for name in form.buttons if name.startswith(("Confirm", "Book")))
    browser.press(page, name)


def test_what_would_have_been_sent_can_be_read(alice: Browser, offer: Callable[..., Service]) -> None:
    assert "No mail yet." in alice.get("/dev/mailbox").text
    book(alice, offer())
    assert subjects(alice) == [("C’est réservé : Consultation, vendredi 11 décembre, 9 h", "alice@example.com")]


def test_a_mail_is_shown_in_a_frame_that_runs_nothing(alice: Browser, offer: Callable[..., Service]) -> None:
    book(alice, offer())
    page = alice.get(alice.get("/dev/mailbox").link("Consultation"))
    frame = next(given for tag, given in page.tags if tag == "iframe")
    assert "allow-scripts" not in frame["sandbox"]
    assert "allow-same-origin" not in frame["sandbox"]
    shown = alice.open(frame["src"])
    policy = shown.response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert "C’est réservé, Alice." in shown.text


def test_elsewhere_than_on_a_developers_machine_only_an_admin_reads_it(
    app: Flask, alice: Browser, sam: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = replace(app.extensions["settings"], public_url="https://booking.example.org")
    monkeypatch.setitem(app.extensions, "settings", public)
    ada = Browser(app).sign_in(EVERYBODY.ada)
    found = [one.get("/dev/mailbox").status for one in (Browser(app), alice, sam, ada)]
    assert found == [404, 404, 404, 200]


def test_the_command_sends_what_is_due(app: Flask, alice: Browser, offer: Callable[..., Service]) -> None:
    book(alice, offer())
    runner = app.test_cli_runner()
    said = [runner.invoke(send_mail_command, obj=ScriptInfo(create_app=lambda: app)).output for _ in range(2)]
    assert said == ["1 mails sent.\n", "0 mails sent.\n"]


def test_every_page_leads_to_it_and_it_says_what_it_is(nobody: Browser) -> None:
    page = nobody.get(nobody.get("/sign-in").link("Development mailbox"))
    assert "no mail leaves this portal" in page.text


@pytest.mark.parametrize("path", ["", "/x", "/x/html"])
def test_it_is_closed_where_mails_are_sent_in_earnest(
    app: Flask, nobody: Browser, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    open_post = app.extensions["post"]
    sending = Post(open_post.compose, SmtpMailer("mail.example.org", 587), open_post.rules)
    monkeypatch.setitem(app.extensions, "post", sending)
    assert nobody.get(f"/dev/mailbox{path}").status == 404
    assert "Development mailbox" not in nobody.get("/").text
