"""A browser without scripts: it reads pages, follows links and fills in forms as a person would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.domain.account import Account
from portal.usecases.sessions import begin_session

VOID = {"input", "br", "img", "meta", "link", "hr"}
Fields = list[tuple[str, str]]


@dataclass
class Form:
    """A form as it would be sent; `buttons` by their text."""

    id: str
    action: str
    method: str
    fields: Fields = field(default_factory=list)
    buttons: dict[str, dict[str, str]] = field(default_factory=dict)

    def sent(self, changes: Mapping[str, Any]) -> Fields:
        """Return its fields with some filled in; a list ticks several boxes."""
        kept = [(name, value) for name, value in self.fields if name not in changes]
        filled = [
            (name, one) for name, given in changes.items() for one in (given if isinstance(given, list) else [given])
        ]
        return [*kept, *filled]


class Page(HTMLParser):
    """What a person sees of an answer."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.response, self.status = response, response.status_code
        self.address = response.request.full_path.removesuffix("?")
        self.html = response.get_data().decode(errors="replace")  # of a file: whatever it is
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.ids: set[str] = set()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self._parts: list[str] = []
        self._buttons: list[tuple[str, dict[str, str], int]] = []
        self.feed(self.html)
        for text, given, forms in self._buttons:  # a button may stand before the form that it sends
            own = (
                next(one for one in self.forms if one.id == given["form"]) if "form" in given else self.forms[forms - 1]
            )
            own.buttons[text] = given
        self.text = " ".join("".join(self._parts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        self.ids.update([given["id"]] if "id" in given else [])
        if tag == "br":
            self.handle_data(" ")
        if tag == "form":
            self.forms.append(Form(given.get("id", ""), given.get("action", ""), given.get("method", "get")))
        if tag == "input":
            self._input(given)
        if tag not in VOID:
            self._open.append((tag, given, []))

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if "name" not in given or (kind in {"radio", "checkbox"} and "checked" not in given):
            return
        self._form(given).fields.append((given["name"], given.get("value", "")))

    def _form(self, given: Mapping[str, str]) -> Form:
        if not self.forms:  # a part of a page may lie inside a form
            self.forms.append(Form("", "", "get"))
        return (
            next(form for form in reversed(self.forms) if form.id == given["form"])
            if "form" in given
            else self.forms[-1]
        )

    def handle_data(self, data: str) -> None:
        self._parts.append(data)
        for _, _, parts in self._open:
            parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            name, given, parts = self._open.pop()
            if name == "textarea":  # its line ends count
                self.forms[-1].fields.append((given["name"], "".join(parts).removeprefix("\n")))
            self._closed(name, given, " ".join("".join(parts).split()))
            if name == tag:
                return

    def _closed(self, tag: str, given: dict[str, str], text: str) -> None:
        self._parts.append(" ")
        if tag == "a" and "href" in given:
            self.links.append((text, given["href"]))
        if tag == "option" and "selected" in given:
            select = next(one for name, one, _ in reversed(self._open) if name == "select")
            self.forms[-1].fields.append((select["name"], given["value"]))
        if tag == "button" and given.get("type") != "button":
            self._buttons.append((text, given, len(self.forms)))

    def link(self, text: str) -> str:
        """Return where the first link leads whose text contains this."""
        return next(href for shown, href in self.links if text in shown)

    def form_with(self, button: str) -> Form:
        """Return the form that a button sends."""
        return next(form for form in self.forms if button in form.buttons)


class Browser:
    """Somebody's browser; each request is a request of its own, also inside a test's app context."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.app = app
        self.http: FlaskClient = app.test_client()
        self.headers = {"Accept-Language": language}

    def open(self, address: str, method: str = "GET", data: Fields | None = None, **headers: str) -> Page:
        """Ask for an address and stay there."""
        body = (
            {"data": urlencode(data), "content_type": "application/x-www-form-urlencoded"} if data is not None else {}
        )
        with self.app.app_context():  # or the test's own context would remember the user of the last request
            response = self.http.open(
                address, method=method, headers={**self.headers, **headers}, buffered=True, **body
            )
        return Page(response)

    def get(self, address: str, **headers: str) -> Page:
        """Ask for an address and follow where it leads."""
        return self._follow(self.open(address, **headers))

    def press(self, page: Page, button: str, follow: bool = True, /, **changes: Any) -> Page:
        """Fill in the form of a button and send it; names with dots come as a dict named `fields`."""
        form = page.form_with(button)
        given = form.buttons[button]
        data = form.sent({**changes.pop("fields", {}), **changes})
        if "name" in given:
            data.append((given["name"], given["value"]))
        action = urljoin(page.address, given.get("formaction", form.action))
        if form.method == "get":
            return self.get(f"{action.split('?')[0]}?{urlencode(data)}")
        found = self.open(action, "POST", data)
        return self._follow(found) if follow else found

    def _follow(self, page: Page) -> Page:
        while page.status in {301, 302, 303, 308}:
            page = self.open(page.response.headers["Location"])
        return page

    def sign_in(self, account: Account) -> "Browser":
        """Be somebody, without the form."""
        with self.app.app_context():
            secret = begin_session(account.id, "A browser of the tests", datetime.now(UTC))
        with self.http.session_transaction() as session:
            session["_user_id"] = secret
            session["_fresh"] = True
        return self
