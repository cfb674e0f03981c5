"""What a visit costs: how much comes over the wire, and how long it is kept."""

import gzip
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.web.assets import version_of
from tests.web.page import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
GZIP = {"Accept-Encoding": "gzip"}
VISIT = 150 * 1024
FRAGMENT = 20 * 1024


def over_the_wire(browser: Browser, address: str, **headers: str) -> int:
    """Bytes of an answer as they are sent; the headers that every answer has are counted as half a kilobyte."""
    with browser.app.app_context():
        answer = browser.http.get(address, headers={**browser.headers, **GZIP, **headers}, buffered=True)
    assert answer.status_code == 200, address
    return len(answer.data) + 512


def asked_for(page: Page) -> Iterator[str]:
    """Everything a browser loads for a page, preloaded fonts included."""
    for tag, given in page.tags:
        if tag == "link" and given["rel"] in {"stylesheet", "preload", "icon"}:
            yield given["href"]
        if tag in {"script", "img"}:
            yield given["src"]


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("name", [None, "Show 11 more services", "Court de Tennis Extérieur"])
def test_a_first_visit_is_light(nobody: Browser, name: str | None) -> None:
    address = nobody.get("/?all=1" if name and "Show" not in name else "/").link(name) if name else "/"
    files = set(asked_for(nobody.get(address)))
    assert len([one for one in files if "woff2" in one]) == 2
    weights = {one: over_the_wire(nobody, one) for one in [address, *sorted(files)]}
    assert sum(weights.values()) < VISIT, weights


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("name", ["Court de Tennis Extérieur", "Consultation Généraliste", "Table Restaurant"])
def test_the_times_come_in_a_small_fragment(nobody: Browser, name: str) -> None:
    address = nobody.get("/?all=1").link(name)
    assert over_the_wire(nobody, address, **{"HX-Request": "true", "HX-Target": "picker"}) < FRAGMENT


def test_pages_and_files_are_compressed_but_not_fonts(nobody: Browser) -> None:
    for address, encoding in (("/help", "gzip"), ("/static/app.js", "gzip"), (font(), None)):
        with nobody.app.app_context():
            answer = nobody.http.get(address, headers=GZIP, buffered=True)
        assert answer.headers.get("Content-Encoding") == encoding
        assert encoding is None or gzip.decompress(answer.data)


def font() -> str:
    return "/static/vendor/fonts/bricolage-grotesque-latin-wght-normal.woff2"


def test_a_file_is_kept_for_good_under_the_address_that_names_what_is_in_it(nobody: Browser) -> None:
    [style] = [one for one in asked_for(nobody.get("/help")) if "app.css" in one]
    assert "immutable" in nobody.open(style).response.headers["Cache-Control"]
    for other in (style.partition("?")[0], f"{style}0"):
        assert "immutable" not in nobody.open(other).response.headers["Cache-Control"]


def test_the_style_sheet_and_the_page_name_a_font_alike(app: Flask) -> None:
    """Otherwise a browser would load it twice."""
    style = (STATIC / "css/app.css").read_text("utf-8")
    named = set(re.findall(r"\.\./(vendor/fonts/[^?\"]+)\?v=(\w+)", style))
    assert len(named) == 4
    assert named == {(name, version_of(name)) for name, _ in named}


def test_a_file_that_has_not_changed_is_not_sent_again(nobody: Browser) -> None:
    for headers in ({}, GZIP):
        with nobody.app.app_context():
            first = nobody.http.get("/static/app.js", headers=headers, buffered=True)
            kept = {**headers, "If-None-Match": first.headers["ETag"]}
            again = nobody.http.get("/static/app.js", headers=kept, buffered=True)
        assert (first.status_code, again.status_code) == (200, 304)
        assert again.data == b""


def test_no_template_uses_what_was_left_out_of_bootstrap() -> None:
    trim = runpy.run_path(str(ROOT / "scripts/trim-bootstrap"))
    given = re.findall(
        r'class="([^"]*)"',
        "".join(
            one.read_text("utf-8") for one in ROOT.glob("templates/**/*.html") if one.parent.name != "stripe_sandbox"
        ),
    )
    own = set(re.findall(r"\.([a-z][\w-]*)", (STATIC / "css/app.css").read_text("utf-8")))
    used = {f".{name}" for names in given for name in names.split() if name not in own}
    assert len(used) > 30
    assert [name for name in used if trim["is_out"](name)] == []
