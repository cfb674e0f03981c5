"""Two ways to work that every page of the team has to allow: the keyboard alone, and a browser without scripts."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser import keyboard
from tests.browser.swaps import rest

Open = Callable[..., Page]  # the fixture `desk`


class ByKeyboard:
    """Nothing but keys; whatever has the focus is seen to have it."""

    options: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: str, key: str = "Enter") -> None:
        keyboard.tab_to(self.page, what, most=400)
        keyboard.press(self.page, key)

    def type(self, what: str, text: str) -> None:
        keyboard.tab_to(self.page, what, most=400)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def search(self, what: str, text: str) -> None:
        """Type; what is found comes by itself."""
        self.type(what, text)
        expect(self.page).to_have_url(re.compile(re.escape(f"={quote(text)}")))
        rest(self.page)

    def paste(self, what: str, text: str) -> None:
        keyboard.tab_to(self.page, what, most=400)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def day(self, what: str, day: date) -> None:
        """Type a day, part by part: which comes first is the browser's language's, whatever the page's is."""
        keyboard.tab_to(self.page, what, most=400)
        self.page.keyboard.type(f"{day:%d%m%Y}")
        if self.page.locator(what).input_value() != day.isoformat():
            for key in ("ArrowLeft", "ArrowLeft"):
                self.page.keyboard.press(key)
            self.page.keyboard.type(f"{day:%m%d%Y}")
        expect(self.page.locator(what)).to_have_value(day.isoformat())

    def choose(self, what: str, words: str) -> None:
        """Choose one of a list by its first words."""
        keyboard.tab_to(self.page, what, most=400)
        self.page.keyboard.type(words)

    def tick(self, what: str) -> None:
        self.press(what, "Space")

    def lands_on(self, what: str) -> None:
        """Find the focus there, without a key."""
        expect(self.page.locator(what)).to_be_focused()

    def go_on(self, text: str) -> None:
        """Type where the focus is already: a new row has it, as soon as it stands there."""
        expect(self.page.locator("[autofocus]:focus")).to_have_count(1)
        self.page.keyboard.type(text)


class WithoutScripts:
    """A mouse, and no JavaScript."""

    options: dict[str, Any] = {"java_script_enabled": False}  # noqa: RUF012

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, what: str) -> None:
        self.page.locator(what).locator("visible=true").first.click()

    def type(self, what: str, text: str) -> None:
        self.page.locator(what).fill(text)

    def search(self, what: str, text: str) -> None:
        self.type(what, text)
        self.page.keyboard.press("Enter")

    paste = type

    def day(self, what: str, day: date) -> None:
        self.page.locator(what).fill(day.isoformat())

    def choose(self, what: str, words: str) -> None:
        self.page.locator(what).select_option(label=words)

    def tick(self, what: str) -> None:
        self.page.locator(what).first.click()

    def lands_on(self, what: str) -> None:
        expect(self.page.locator(what)).to_be_visible()

    def go_on(self, text: str) -> None:
        self.page.locator("[autofocus]").fill(text)


WAYS = pytest.mark.parametrize("way", [ByKeyboard, WithoutScripts], ids=["keyboard", "no scripts"])
Way = type[ByKeyboard] | type[WithoutScripts]


def button(do: str) -> str:
    """Select a button of an editor that a person can reach."""
    return f"button[name=do][value='{do}']:not([tabindex='-1'])"


def field(name: str) -> str:
    return f"[name='{name}']:not([type=hidden])"
