"""Paying in a real browser: to the payment page and back, what is refused, late or under way, and what comes back.

The portal has its real gateway; the payment page is the sandbox's, on a port of its own, and sends its webhooks.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.domain.account import Account, Role
from portal.domain.booking import Booking
from portal.domain.lifecycle import BookingStatus
from portal.store import bookings
from portal.store.db import transaction
from portal.stripe_sandbox import Sandbox
from portal.usecases import places
from portal.usecases.accounts import create_user
from portal.usecases.bookings import create_booking, get_booking
from portal.usecases.catalogue import list_services
from portal.usecases.orders import CreateBooking
from portal.usecases.slots import SlotQuery, find_slots
from portal.web.context import current_rules, now
from tests.browser.conftest import Demonstration
from tests.people import PASSWORD
from tests.portals import answers_for
from tests.sandboxes import takes_debits

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
NUMBERS = count(1)
LOOKED_AT: set[str] = set()  # headings of pages that axe has seen


class Customer:
    """A new person with a browser, and what the house knows of him."""

    def __init__(self, browser: Browser, demonstration: Demonstration, **options: Any) -> None:
        self.demonstration, self.sandbox = demonstration, demonstration.sandbox
        self.has_scripts = options.get("java_script_enabled", True)
        person = f"payer{next(NUMBERS)}"
        self.account: Account = demonstration.does(
            lambda: create_user(f"{person}@example.com", "Paule Martin", Role.CUSTOMER, PASSWORD, now())
        )
        self.context: BrowserContext = demonstration.guest(browser, person, **options)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type == "error" and "favicon" not in message.location.get("url", ""):
            self.complaints.append(message.text)

    def holds(self, slug: str = "consultation-generaliste", like: Booking | None = None) -> Booking:
        """Book a time of two days ahead or, if it is free, the one of another booking; it waits to be paid."""
        return self.demonstration.does(lambda: self._hold(slug, like))  # type: ignore[no-any-return]

    def _hold(self, slug: str, like: Booking | None) -> Booking:
        service = next(one for one in list_services(current_rules()) if one.slug == slug)
        first = now() + timedelta(days=2)
        slot = find_slots(service, SlotQuery(first, first + timedelta(days=30)), current_rules(), now())[0].slot
        start, end = (like.start, like.end) if like else (slot.starts_at, slot.ends_at)
        command = CreateBooking(service.id, start, end, custom_field_values=answers_for(service))
        return create_booking(command, self.account, current_rules(), now())

    def booking(self, booking: Booking) -> Booking:
        """Return a booking as it is now."""
        return self.demonstration.does(lambda: get_booking(booking.id, self.account, now()))  # type: ignore[no-any-return]

    def goes_to_pay(self, booking: Booking) -> str:
        """Press the button of an unpaid booking; returns the payment page's session."""
        self.page.goto(f"{self.demonstration.address}/bookings/{booking.id}")
        self.page.get_by_role("button", name=re.compile("^Pay €")).click()
        return self.is_asked_to_pay()

    def is_asked_to_pay(self) -> str:
        """See the payment page; returns its session."""
        self.page.wait_for_url(f"{self.sandbox.settings.base_url}/c/pay/*")
        return self.page.url.rsplit("/", 1)[1]

    def presses(self, button: str | re.Pattern[str]) -> None:
        self.page.get_by_role("button", name=button).click()

    def reads(self, heading: str) -> None:
        """See a page of the portal that fits into the window; axe looks at each once, where scripts run."""
        expect(self.page.locator("h1")).to_have_text(re.compile(heading))
        size = self.page.viewport_size
        assert size
        assert self.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        if self.has_scripts and heading not in LOOKED_AT:
            LOOKED_AT.add(heading)
            report = Axe().run(self.page)
            assert not report.violations_count, report.generate_report()

    def is_told(self, words: str) -> None:
        expect(self.page.locator("main")).to_contain_text(words)


@pytest.fixture
def customer(browser: Browser, demonstration: Demonstration) -> Iterator[Callable[..., Customer]]:
    """Make new customers, each in a window of a phone if not told otherwise."""
    made: list[Customer] = []

    def make(**options: Any) -> Customer:
        made.append(Customer(browser, demonstration, **{"viewport": PHONE, "reduced_motion": "reduce", **options}))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
    assert [one.complaints for one in made if one.complaints] == []


def let_the_hold_end(one: Customer, booking: Booking) -> None:
    """Let the time to pay be over now, as the house's clock would: the place is offered to others."""
    over = now() - timedelta(seconds=1)

    def work(session: Any) -> None:
        places.hold_until(session, booking, over)
        bookings.change_booking(session, booking.id, hold_expires_at=over, updated_at=over)

    one.demonstration.does(lambda: transaction(work))


# ---------------------------------------------------------------- paid


@pytest.mark.parametrize(
    ("size", "scripts"), [(PHONE, True), (DESK, True), (PHONE, False)], ids=["390", "1280", "390 without scripts"]
)
def test_a_consultation_is_chosen_paid_and_confirmed(
    customer: Callable[..., Customer], size: dict[str, int], scripts: bool
) -> None:
    paule = customer(viewport=size, java_script_enabled=scripts)
    page = paule.page
    page.goto(f"{paule.demonstration.address}/services/consultation-generaliste")
    page.locator(".times a.time-button").locator("visible=true").first.click()
    page.locator("button:visible", has_text="Continue").first.click()
    page.locator("[id$=symptoms]").fill("Three days of cough")
    page.locator("[id$=urgency]").select_option(index=1)
    paule.presses("Check my booking")
    paule.reads("Is everything right?")
    paule.is_told("You pay on the secure page of Stripe. The time is kept for you for 35 minutes.")
    paule.presses("Pay €50.00")
    paule.is_asked_to_pay()
    page.get_by_role("button", name="Pay", exact=True).click()
    paule.reads("^You are booked, Paule.$")
    paule.is_told("€50.00 paid")


def test_back_without_paying_the_time_is_still_kept_and_paid_later_from_my_bookings(
    customer: Callable[..., Customer],
) -> None:
    paule = customer()
    booking = paule.holds()
    session = paule.goes_to_pay(booking)
    paule.presses("Back without paying")
    paule.reads("^€50.00 to pay$")
    paule.is_told("You have not been charged.")
    paule.page.goto(f"{paule.demonstration.address}/bookings")
    paule.is_told("To pay before")
    paule.presses(re.compile("^Pay €50.00 ?, GP consultation$"))
    assert paule.is_asked_to_pay() == session
    paule.page.get_by_role("button", name="Pay", exact=True).click()
    paule.reads("^You are booked, Paule.$")


def test_a_refused_card_is_followed_by_one_that_pays(customer: Callable[..., Customer]) -> None:
    paule = customer()
    booking = paule.holds()
    paule.goes_to_pay(booking)
    paule.presses("Decline")
    expect(paule.page.get_by_role("alert")).to_contain_text("Your card was declined")
    paule.presses("Back without paying")
    paule.reads("^The payment did not go through.$")
    expect(paule.page.get_by_role("alert")).to_contain_text("Your bank refused the card.")
    paule.presses("Try again")
    paule.is_asked_to_pay()
    paule.page.get_by_role("button", name="Pay", exact=True).click()
    paule.reads("^You are booked, Paule.$")


def test_a_payment_page_that_cannot_be_opened_charges_nothing_and_is_tried_again_in_place(
    customer: Callable[..., Customer],
) -> None:
    paule = customer()
    booking = paule.holds()
    paule.page.goto(f"{paule.demonstration.address}/bookings/{booking.id}")
    paule.sandbox.fault("unreachable", times=10)
    try:
        paule.presses("Pay €50.00")
        expect(paule.page.get_by_role("alert")).to_contain_text("You were not charged.")
        paule.reads("^€50.00 to pay$")
    finally:
        paule.sandbox.clear_faults()
    paule.presses("Try again")
    paule.is_asked_to_pay()
    assert [one for one in paule.complaints if "503" not in one] == []
    paule.complaints.clear()


# ---------------------------------------------------------------- too late


def test_a_page_that_is_open_for_too_long_leads_back_to_book_again(customer: Callable[..., Customer]) -> None:
    paule = customer()
    booking = paule.holds()
    paule.goes_to_pay(booking)
    let_the_hold_end(paule, booking)
    close_page(paule.sandbox, booking)
    paule.page.reload()
    paule.page.get_by_role("link", name="Back to the shop").click()
    paule.reads("^The time to pay is over.$")
    paule.is_told("You were not charged.")
    paule.page.get_by_role("link", name="Book again").click()
    paule.reads("^GP consultation$")


def close_page(sandbox: Sandbox, booking: Booking) -> None:
    """Let the payment page of a booking grow old, and no other one."""
    with sandbox.lock:
        mine = [one for one in sandbox.all("checkout.session") if one["metadata"].get("bookingId") == booking.id]
        for one in mine:
            sandbox.state.alarms[one["id"]] = 0
        sandbox.tick()


def test_money_in_an_old_tab_confirms_the_booking_while_its_place_is_free(customer: Callable[..., Customer]) -> None:
    paule = customer()
    booking = paule.holds()
    paule.goes_to_pay(booking)
    let_the_hold_end(paule, booking)
    assert not paule.booking(booking).is_live(now())
    paule.page.get_by_role("button", name="Pay", exact=True).click()
    paule.reads("^You are booked, Paule.$")
    assert paule.booking(booking).status is BookingStatus.CONFIRMED


def test_money_in_an_old_tab_goes_back_where_the_place_is_gone_and_the_page_says_so(
    customer: Callable[..., Customer],
) -> None:
    paule, rival = customer(), customer()
    booking = paule.holds("seance-kinesitherapie")
    paule.goes_to_pay(booking)
    let_the_hold_end(paule, booking)
    other = rival.holds("seance-kinesitherapie", like=booking)
    paule.page.get_by_role("button", name="Pay", exact=True).click()
    paule.reads("^You get €45.00 back.$")
    paule.is_told("the place had gone to somebody else")
    assert paule.booking(booking).amount_refunded == 4500
    assert [one["amount"] for one in refunds_of(paule.sandbox, booking)] == [4500]
    assert rival.booking(other).awaits_payment


def refunds_of(sandbox: Sandbox, booking: Booking) -> list[dict[str, Any]]:
    own = {one["id"] for one in sandbox.all("payment_intent") if one["metadata"].get("bookingId") == booking.id}
    return [one for one in sandbox.all("refund") if one["payment_intent"] in own]


# ---------------------------------------------------------------- while the bank decides


def test_a_payment_under_way_turns_into_the_ticket_by_itself(customer: Callable[..., Customer]) -> None:
    paule = customer()
    session = pays_by_debit(paule)
    paule.sandbox.settle(session)
    expect(paule.page.locator("h1")).to_have_text("You are booked, Paule.")  # nobody pressed anything
    paule.reads("^You are booked, Paule.$")


def test_a_payment_under_way_that_fails_says_so_by_itself_and_can_be_made_again(
    customer: Callable[..., Customer],
) -> None:
    paule = customer()
    session = pays_by_debit(paule)
    paule.sandbox.settle(session, succeeded=False)
    paule.reads("^The payment did not go through.$")
    paule.presses("Try again")
    paule.is_asked_to_pay()


def test_without_scripts_a_payment_under_way_is_looked_at_again(customer: Callable[..., Customer]) -> None:
    paule = customer(java_script_enabled=False)
    session = pays_by_debit(paule)
    paule.page.get_by_role("link", name="Look again").click()
    paule.reads("^We are checking the payment.$")
    paule.sandbox.settle(session)
    paule.page.get_by_role("link", name="Look again").click()
    paule.reads("^You are booked, Paule.$")


def pays_by_debit(paule: Customer) -> str:
    """Pay by what arrives later, and come back; returns the session."""
    session = paule.goes_to_pay(paule.holds())
    takes_debits(paule.sandbox, session)
    paule.page.reload()
    paule.presses("Pay later")
    paule.reads("^We are checking the payment.$")
    paule.is_told("the confirmation comes by e-mail")
    return session


# ---------------------------------------------------------------- cancelled


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_what_is_cancelled_in_time_gives_back_what_the_policy_says(
    customer: Callable[..., Customer], scripts: bool
) -> None:
    paule = customer(java_script_enabled=scripts)
    booking = paule.holds()
    paule.goes_to_pay(booking)
    paule.page.get_by_role("button", name="Pay", exact=True).click()
    paule.reads("^You are booked, Paule.$")
    paule.page.goto(f"{paule.demonstration.address}/bookings")
    paule.page.get_by_role("link", name=re.compile("^Cancel ?, GP consultation$")).click()
    question = paule.page.locator("dialog[open]")
    expect(question).to_contain_text(re.compile(r"Kept back \(20 %\)\s+−€10.00\s+You get back\s+€40.00"))
    question.get_by_role("button", name="Cancel and get €40.00 back").click()
    paule.reads("^My bookings$")
    paule.page.goto(f"{paule.demonstration.address}/bookings?show=cancelled")
    paule.is_told("Given back in part, €40.00")
    assert [one["amount"] for one in refunds_of(paule.sandbox, booking)] == [4000]


def test_a_time_that_is_given_up_cannot_be_paid_in_an_old_tab(customer: Callable[..., Customer]) -> None:
    paule = customer()
    booking = paule.holds()
    paule.goes_to_pay(booking)
    payment_page = paule.page.url
    paule.page.goto(f"{paule.demonstration.address}/bookings/{booking.id}/cancel")
    paule.reads("^Give this time up\\?$")
    paule.presses("Give the time up")
    paule.reads("^My bookings$")
    paule.page.goto(payment_page)
    expect(paule.page.locator("h1")).to_have_text("This payment page has expired")
    assert paule.booking(booking).status is BookingStatus.CANCELLED
