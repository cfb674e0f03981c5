"""Where a sign-in may lead."""

import pytest

from portal.web.session import local_path


@pytest.mark.parametrize("target", ["/", "/bookings", "/book/x?start=2026-12-08T08:00Z&metadata.a=1", "/a/b#c", "/é"])
def test_a_path_of_this_site_stays_as_it_is(target: str) -> None:
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "bookings",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/a\\b",
        "\t//evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "/ /evil.example",
        "/\x00/evil.example",
        "/\u2028/evil.example",
        "https:evil.example",
        "https://evil.example",
        "HTTPS://evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "//[::1",
        "/" + "a" * 2000,
    ],
)
def test_anything_that_could_lead_elsewhere_is_refused(target: str | None) -> None:
    assert local_path(target) is None
