"""A person who has no mouse: Tab, and a look at what has the focus."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.swaps import rest

# What has the focus: whether it is what is sought, which question it asks, and whether a person sees that it has it.
FOCUS = """async ([sought, questions]) => {
  const it = document.activeElement;
  const own = "body, main, input:is([type=date], [type=time])"; // browsers mark the part of a date that has the focus
  const isSeen = () => {
    const box = it.getBoundingClientRect();
    return it.matches(own) || [0.1, 0.5, 0.9].some((part) => {
      const top = document.elementFromPoint(box.left + box.width * part, box.top + box.height / 2);
      return top && (it.contains(top) || (top.contains(it) && !top.matches("html, body")));
    });
  };
  const patience = performance.now() + 5000; // a busy machine scrolls there slowly
  while (performance.now() < patience && !isSeen()) await new Promise(requestAnimationFrame);
  const ringed = [it, it.parentElement].map((one) => one && getComputedStyle(one));
  return {
    found: it.matches(sought) || (it.matches("button") && it.innerText.includes(sought)),
    question: it.matches(questions) && (it.type === "select-one" || !it.value || it.type === "checkbox") ? it.type : "",
    seen: isSeen(),
    ring: it.matches(own) || ringed.some((one) => one.outlineStyle !== "none"),
    html: it.outerHTML.slice(0, 200),
    at: JSON.stringify([it.getBoundingClientRect(), innerHeight]),
  };
}"""


def press(page: Page, key: str = "Enter") -> None:
    """Press a key, and wait until what it changed stands there: a swap may move the focus."""
    page.keyboard.press(key)
    rest(page)


def nothing(page: Page, kind: str) -> None:
    """Answer no question."""


def tab_to(
    page: Page, sought: str, questions: str = "nothing", answer: Callable[[Page, str], Any] = nothing, most: int = 150
) -> None:
    """Press Tab until the focus is on something (a selector, or words of a button); answer questions on the way.

    Whatever has the focus meanwhile has to be seen, and that it has the focus as well.
    """
    for _ in range(most):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS, [sought, questions])
        assert focus["seen"], f"hidden while it has the focus: {focus['html']} {focus['at']}"
        assert focus["ring"], f"nobody sees that it has the focus: {focus['html']}"
        if focus["question"]:
            answer(page, focus["question"])
        if focus["found"]:
            return
    pytest.fail(f"{sought} is not reached by the keyboard")
