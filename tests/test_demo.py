"""What a newcomer finds after `make run`."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete

from portal.config import Settings
from portal.demo import load_demo, logins, seller_of
from portal.store.accounts import UserRow
from portal.store.db import db
from portal.usecases.accounts import check_credentials
from portal.usecases.catalogue import list_services
from portal.usecases.slots import catalogue_cards
from portal.web.context import current_rules, issuer_of


@pytest.mark.parametrize("day", ["2026-11-22", "2027-01-02", "2027-06-30", "2028-02-29"])
def test_on_any_day_every_service_of_the_demonstration_has_a_free_time(app: Flask, day: str) -> None:
    now = datetime.fromisoformat(f"{day}T21:30:00").replace(tzinfo=UTC)
    assert load_demo(current_rules(), now)
    cards = catalogue_cards(current_rules(), now)
    assert len(cards) == 20
    assert [card.service.slug for card in cards if not card.next_slots] == []


def test_the_demonstration_is_loaded_once_and_its_people_can_sign_in(app: Flask) -> None:
    db.session.execute(delete(UserRow))  # the tests' own people have the same addresses
    db.session.commit()
    now = datetime.now(UTC)
    assert load_demo(current_rules(), now)
    assert not load_demo(current_rules(), now + timedelta(days=1))
    signed_in = [check_credentials(email, password).role for email, _, password in logins()]
    assert signed_in == ["customer", "customer", "staff", "admin"]


def test_every_service_of_the_demonstration_speaks_both_languages(app: Flask) -> None:
    load_demo(current_rules(), datetime.now(UTC))
    for service in list_services(current_rules()):
        english = service.translations["en"]
        assert service.description
        assert english.name
        assert english.description
        assert set(english.custom_fields) == {field.id for field in service.custom_fields}
        assert len(english.pricing_tiers) == len(service.pricing_tiers)


def test_its_invoices_have_a_whole_seller_unless_one_is_named() -> None:
    given = Settings.from_env(seller_of({}))
    assert issuer_of(given).seller.missing == ()
    assert seller_of({"BUSINESS_NAME": "Chez Alice"}) == {}
