"""Which language a page speaks."""

from collections.abc import Callable

import pytest

from portal.domain.service import Service
from portal.web.language import localised, option_labels
from tests.build import a_service
from tests.web.page import Browser

WORDS = {
    "en": {
        "name": "Visit",
        "customFields": {"urgency": {"name": "Urgency", "options": ["Low", "High"]}},
        "pricingTiers": [{"name": "Evening"}],
    }
}
SERVICE = a_service(
    name="Visite",
    description="Texte",
    customFields=[{"id": "urgency", "name": "Urgence", "type": "select", "options": ["Faible", "Forte"]}],
    pricingTiers=[{"name": "Soir", "condition": "hour >= 18", "price": 1}],
    translations=WORDS,
)


def lang(browser: Browser, address: str = "/", **headers: str) -> str:
    tags = browser.get(address, **headers).tags
    return next(given["lang"] for tag, given in tags if tag == "html")


@pytest.mark.parametrize(
    ("accepted", "spoken"), [("fr", "fr"), ("en-GB,en;q=0.9", "en"), ("de", "fr"), ("", "fr"), ("de, en;q=0.1", "en")]
)
def test_the_browsers_language_counts_else_the_houses(nobody: Browser, accepted: str, spoken: str) -> None:
    assert lang(nobody, **{"Accept-Language": accepted}) == spoken


def test_a_chosen_language_stays(nobody: Browser) -> None:
    assert lang(nobody, "/?lang=fr") == "fr"
    assert lang(nobody) == "fr"


def test_words_of_a_template_are_not_those_of_whoever_saw_it_first(nobody: Browser) -> None:
    """Jinja works out a filter of a constant when it compiles a template, for everybody who comes later."""
    for language, words in (("fr", " 1 personne "), ("en", " 1 person "), ("fr", " 1 personne ")):
        assert words in nobody.get(f"/?lang={language}").text


def test_an_unknown_language_is_passed_over(nobody: Browser) -> None:
    assert lang(nobody, "/?lang=xx") == "en"


def test_the_switch_keeps_the_page_and_all_that_was_chosen(nobody: Browser, offer: Callable[..., Service]) -> None:
    offer()
    page = nobody.get("/services/consultation?date=2026-12-08&participants=1")
    assert page.link("FR") == "/services/consultation?date=2026-12-08&participants=1&lang=fr"


@pytest.mark.parametrize("path", ["//evil.example/x", "/x?_external=1&_scheme=javascript&_anchor=a"])
def test_the_switch_never_leads_to_another_site(nobody: Browser, path: str) -> None:
    page = nobody.get(path)
    assert page.status == 404
    assert page.link("FR").startswith("/")
    assert not page.link("FR").startswith("//")


def test_a_service_is_told_in_another_language_as_far_as_it_is_translated() -> None:
    english = localised(SERVICE, "en")
    assert (english.name, english.description) == ("Visit", "Texte")
    assert english.custom_fields[0].name == "Urgency"
    assert english.pricing_tiers[0].name == "Evening"
    assert localised(SERVICE, "fr") is SERVICE


def test_options_keep_what_is_stored_and_show_what_is_read() -> None:
    field = localised(SERVICE, "en").custom_fields[0]
    assert field.options == ("Faible", "Forte")
    assert option_labels(SERVICE, field, "en") == {"Faible": "Low", "Forte": "High"}
    assert option_labels(SERVICE, field, "fr") == {"Faible": "Faible", "Forte": "Forte"}


def test_options_translated_in_part_are_shown_as_they_are_stored() -> None:
    short = {"en": {"customFields": {"urgency": {"options": ["Low"]}}}}
    service = SERVICE.model_validate(SERVICE.model_dump(mode="json", by_alias=True) | {"translations": short})
    assert option_labels(service, service.custom_fields[0], "en") == {"Faible": "Faible", "Forte": "Forte"}
