"""What the house says of itself."""

import pytest
from flask import Flask

from portal import create_app
from tests.conftest import environ_for
from tests.web.page import Browser


@pytest.mark.parametrize(
    ("name", "title"),
    [("Help", "Help"), ("Accessibility", "Accessibility"), ("Conditions", "Conditions"), ("Privacy", "Privacy")],
)
def test_every_page_leads_to_what_the_house_says(nobody: Browser, name: str, title: str) -> None:
    page = nobody.get(nobody.get("/nowhere").link(name))
    assert page.status == 200
    assert ("h1", {}) in page.tags
    assert title in page.text


def test_the_seller_is_named_with_the_address_to_write_to(app: Flask) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    names = {"BUSINESS_NAME": "Chez Lucie", "BUSINESS_EMAIL": "lucie@example.org", "BUSINESS_ADDRESS": "1 rue A, Paris"}
    page = Browser(create_app({"TESTING": True}, environ_for(url, **names))).get("/terms")
    assert "between you and Chez Lucie. 1 rue A, Paris" in page.text
    assert page.link("lucie@example.org") == "mailto:lucie@example.org"
