"""Who may open which page: every page, by every kind of person. A page that is not listed here fails.

The people: nobody (not signed in), alice (whose booking it is), bob (another customer), sam (staff). The pages of the
team have their own matrix, in tests/web/staff/test_roles.py.
"""

from collections.abc import Callable

import pytest
from flask import Flask

from portal.domain.money import Amount
from portal.domain.pay_links import pay_token
from portal.domain.service import Service
from portal.store.db import transaction
from portal.usecases.bookings import create_booking
from portal.usecases.invoices import issue_invoice
from portal.web.context import current_rules
from tests.build import AN_ISSUER, NOW, a_command, paris
from tests.conftest import SECRET
from tests.paid import store_payment
from tests.people import EVERYBODY
from tests.web.page import Browser

PEOPLE = ("nobody", "alice", "bob", "sam")

# Statuses in the order of PEOPLE; 303 leads to the sign-in, or onwards once signed in. Writes are sent empty.
OPEN = (200, 200, 200, 200)
SIGNED_IN = (303, 200, 200, 200)
OWN = (303, 200, 404, 200)

PAGES: dict[tuple[str, str], tuple[int, ...]] = {
    ("GET", "/"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/static/<path:filename>"): OPEN,
    ("GET", "/help"): OPEN,
    ("GET", "/accessibility"): OPEN,
    ("GET", "/terms"): OPEN,
    ("GET", "/privacy"): OPEN,
    ("POST", "/theme"): (303, 303, 303, 303),
    ("GET", "/services/<slug>"): OPEN,
    ("GET", "/book/<slug>"): SIGNED_IN,
    ("POST", "/book/<slug>"): (303, 200, 200, 200),
    ("GET", "/booking/success/<booking_id>"): OWN,
    ("GET", "/booking/cancel/<booking_id>"): OWN,
    ("POST", "/bookings/<booking_id>/pay"): (303, 409, 404, 409),
    ("GET", "/pay/<token>"): OPEN,
    ("POST", "/pay/<token>"): (409, 409, 409, 409),
    ("GET", "/bookings"): SIGNED_IN,
    ("GET", "/bookings/<booking_id>"): OWN,
    ("GET", "/bookings/<booking_id>/calendar.ics"): OWN,
    ("GET", "/bookings/<booking_id>/cancel"): OWN,
    ("GET", "/bookings/<booking_id>/edit"): OWN,
    ("POST", "/bookings/<booking_id>/edit"): (303, 422, 404, 422),
    ("POST", "/bookings/<booking_id>/cancel"): (303, 303, 404, 303),
    ("GET", "/invoices/<invoice_id>"): OWN,
    ("GET", "/invoices/<invoice_id>.pdf"): OWN,
    ("GET", "/sign-in"): (200, 303, 303, 303),
    ("POST", "/sign-in"): (422, 422, 422, 422),
    ("GET", "/sign-up"): (200, 303, 303, 303),
    ("POST", "/sign-up"): (422, 422, 422, 422),
    ("POST", "/sign-out"): (303, 303, 303, 303),
    ("GET", "/account"): SIGNED_IN,
    ("POST", "/account"): (303, 422, 422, 422),
    ("GET", "/account/preferences"): SIGNED_IN,
    ("POST", "/account/preferences"): (303, 422, 422, 422),
    ("GET", "/account/security"): SIGNED_IN,
    ("POST", "/account/security/password"): (303, 422, 422, 422),
    ("POST", "/account/security/sessions"): (303, 303, 303, 303),
    ("POST", "/account/security/tokens"): (303, 303, 303, 303),
    ("GET", "/account/email"): SIGNED_IN,
    ("POST", "/account/email"): (303, 422, 422, 422),
    ("GET", "/forgotten-password"): OPEN,
    ("POST", "/forgotten-password"): (422, 422, 422, 422),
    ("GET", "/new-password/<secret>"): (404, 404, 404, 404),
    ("POST", "/new-password/<secret>"): (404, 404, 404, 404),
    ("GET", "/new-address/<secret>"): (404, 404, 404, 404),
    ("POST", "/new-address/<secret>"): (404, 404, 404, 404),
    ("GET", "/dev/mailbox"): OPEN,
    ("GET", "/dev/mailbox/<message_id>"): (404, 404, 404, 404),
    ("GET", "/dev/mailbox/<message_id>/html"): (404, 404, 404, 404),
}


@pytest.fixture
def things(offer: Callable[..., Service]) -> dict[str, str]:
    """One of each thing that an address can name; booking and invoice are alice's."""
    service = offer()
    time = paris("2026-12-10 09:00")
    booking = create_booking(a_command(service, time), EVERYBODY.alice, current_rules(), NOW)
    store_payment(booking.id, "p1")
    paid = Amount(5000, "EUR")
    invoice = transaction(lambda session: issue_invoice(session, booking, service, "p1", paid, AN_ISSUER, NOW))
    start = "2026-12-11T08:00:00Z"
    return {
        "/book/<slug>": f"/book/{service.slug}?start={start}&participants=1",
        "<slug>": service.slug,
        "<booking_id>": booking.id,
        "<invoice_id>": invoice.id,
        "<token>": pay_token(booking, SECRET),
        "<path:filename>": "app.js",
    }


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(("method", "path"), PAGES, ids=lambda part: part)
def test_the_right_people_see_a_page(
    app: Flask, request: pytest.FixtureRequest, things: dict[str, str], method: str, path: str, person: str
) -> None:
    browser: Browser = request.getfixturevalue(person)
    app.config["WTF_CSRF_ENABLED"] = False
    address = path
    for name, value in things.items():
        address = address.replace(name, value)
    try:
        page = browser.open(address, method)
    finally:
        app.config["WTF_CSRF_ENABLED"] = True
    assert page.status == PAGES[method, path][PEOPLE.index(person)], page.text


def test_every_page_is_in_the_matrix(app: Flask) -> None:
    routes = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith(("/api", "/staff"))
    }
    assert routes == PAGES.keys()
