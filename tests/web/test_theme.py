"""Light or dark: as the system says, or as chosen."""

import pytest

from tests.web.page import Browser, Page


def theme(page: Page) -> str | None:
    return next(given.get("data-bs-theme") for tag, given in page.tags if tag == "html")


def choose(browser: Browser, asked: str, back: str = "/help") -> Page:
    return browser.open("/theme", "POST", [("theme", asked), ("next", back)])


def test_the_system_decides_until_somebody_chooses(nobody: Browser) -> None:
    assert theme(nobody.get("/help")) is None


def test_a_chosen_theme_stays_and_the_page_too(nobody: Browser) -> None:
    assert choose(nobody, "dark", "/help?a=b").response.headers["Location"] == "/help?a=b"
    assert theme(nobody.get("/")) == "dark"


def test_the_switch_goes_round_to_the_system_again(nobody: Browser) -> None:
    seen = []
    for _ in range(4):
        page = nobody.get("/help")
        seen.append(theme(page))
        form = next(form for form in page.forms if form.action == "/theme")
        nobody.open("/theme", "POST", form.fields)
    assert seen == [None, "light", "dark", None]


def test_htmx_gets_the_switch_alone_with_the_way_back_kept(nobody: Browser) -> None:
    fields = [("theme", "dark"), ("next", "/help?a=b")]
    part = nobody.open("/theme", "POST", fields, **{"HX-Request": "true", "HX-Target": "theme"})
    assert part.html.lstrip().startswith('<form id="theme"')
    assert ("next", "/help?a=b") in part.forms[0].fields
    assert ("theme", "system") in part.forms[0].fields


@pytest.mark.parametrize(
    ("asked", "back"), [("pink", "/help"), ("dark", "https://evil.example/"), ("", "//evil.example")]
)
def test_a_made_up_theme_or_way_back_does_no_harm(nobody: Browser, asked: str, back: str) -> None:
    found = choose(nobody, asked, back)
    assert found.response.headers["Location"] in {"/", "/help"}
    assert theme(nobody.get("/")) in {None, "dark"}


def test_choosing_begins_no_session(nobody: Browser) -> None:
    assert [one.partition("=")[0] for one in choose(nobody, "dark").response.headers.getlist("Set-Cookie")] == ["theme"]
