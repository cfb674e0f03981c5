"""Every page that a customer can reach, and how: what axe looks at, and what docs/screenshots.md shows.

A stop is an address in the demonstration, then perhaps a few steps. Bob has booked a little, Alice little else, Camille
nothing; Dominique's bookings are in every state that a payment can be in. Words differ by language, so steps go by
roles, names and ids of the markup.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import time_machine
from playwright.sync_api import Page, expect

from portal.domain.account import Account, Role
from portal.domain.booking import Booking
from portal.domain.pay_links import pay_token
from portal.domain.rules import Rules
from portal.domain.service import Service
from portal.store.accounts import user_by_email
from portal.store.db import db
from portal.stripe_sandbox import Sandbox
from portal.usecases.accounts import create_user
from portal.usecases.attendance import check_in
from portal.usecases.bookings import create_booking
from portal.usecases.cancellations import cancel_booking
from portal.usecases.catalogue import list_services
from portal.usecases.closures import create_closure
from portal.usecases.invoices import invoices_of_booking
from portal.usecases.money import Money
from portal.usecases.orders import CreateBooking
from portal.usecases.payments import ReturnTo, check_payment, open_payment
from portal.usecases.slots import SlotQuery, find_slots
from portal.web.context import link_secret, now
from portal.web.forms import written
from tests.browser.swaps import rest
from tests.people import PASSWORD
from tests.portals import answers_for
from tests.sandboxes import takes_debits

Step = Callable[[Page], Any]


@dataclass(frozen=True)
class Stop:
    """A page or a state of one: `rule` is its rule of the url_map, `look` what it shows, for who looks at a picture."""

    name: str
    rule: str
    look: str
    address: str = ""
    steps: tuple[Step, ...] = ()
    person: str | None = None

    @property
    def title(self) -> str:
        """What it is called in words."""
        return self.name.capitalize().replace("-", ", ", 1).replace("-", " ")

    def reach(self, page: Page, site: str, places: Mapping[str, str]) -> None:
        """Go there."""
        page.goto(site + (self.address or self.rule).format_map(places))
        for step in self.steps:
            step(page)


# ---------------------------------------------------------------- what is there before anybody looks


def furnish(rules: Rules, money: Money, sandbox: Sandbox) -> dict[str, str]:
    """Book and pay a little in the demonstration; return what addresses of stops name."""
    for email, name in (("camille@example.com", "Camille Laurent"), ("dominique@example.com", "Dominique Marchand")):
        create_user(email, name, Role.CUSTOMER, PASSWORD, now())
    house = House(rules, money, sandbox, {one.slug: one for one in list_services(rules)})
    _visits_of_today(house)
    return {
        **_closures(rules),
        **_bookings_of_bob(house),
        **_payments_of_dominique(house),
        "month": f"{now().date().replace(day=1) + timedelta(days=32):%Y-%m}",
        "sunday": (now().date() + timedelta(days=6 - now().weekday())).isoformat(),
        **_times(house.services, rules, now()),
    }


@dataclass(frozen=True)
class House:
    """A portal that takes payment, its services by slug, and what customers do there."""

    rules: Rules
    money: Money
    sandbox: Sandbox
    services: Mapping[str, Service]

    def book(self, caller: Account, slug: str, **order: Any) -> Booking:
        """Book the first time that is free, or `at` another."""
        service = self.services[slug]
        start, end = order.get("at") or self._free(service, **order)
        answers = answers_for(service) | order.get("answers", {})
        command = CreateBooking(
            service.id,
            start,
            end,
            order.get("participants"),
            custom_field_values=answers,
            staff_id=order.get("staff_id"),
        )
        return create_booking(command, caller, self.rules, now())

    def _free(self, service: Service, **order: Any) -> tuple[datetime, datetime]:
        """Return the first free time of two months, some days ahead: then it can still be cancelled at no cost."""
        first = now() + timedelta(days=order.get("ahead", 0))
        party = order.get("participants", service.min_party)
        query = SlotQuery(first, first + timedelta(days=60), participants=party, duration=order.get("length"))
        slot = find_slots(service, query, self.rules, now())[0].slot
        return slot.starts_at, slot.ends_at

    def pay(self, booking: Booking, caller: Account, outcome: Any = "pay") -> Booking:
        """Press a button of the payment page; None only opens it."""
        back = ReturnTo("http://127.0.0.1/paid", "http://127.0.0.1/left", self._name_of(booking), "fr")
        page = open_payment(booking.id, back, caller, self.money, now())
        if outcome == "async":
            takes_debits(self.sandbox, page.session_id)
        if outcome:
            self.sandbox.pay(page.session_id, outcome)
        return check_payment(booking.id, caller, self.money, now()).booking

    def _name_of(self, booking: Booking) -> str:
        return next(one.name for one in self.services.values() if one.id == booking.service_id)

    def decide(self, booking: Booking, caller: Account) -> None:
        """Let the bank say yes to a payment that it was processing."""
        payments = check_payment(booking.id, caller, self.money, now()).payment
        assert payments
        self.sandbox.settle(str(payments.session_id))
        check_payment(booking.id, caller, self.money, now())


def _closures(rules: Rules) -> dict[str, str]:
    """Close Christmas of every year, and a court for some hours."""
    sam, today = _account("sam@example.com"), now().date()
    christmas = {"from": f"{today.year}-12-25", "to": f"{today.year}-12-25", "yearly": True, "reason": "Noël"}
    saved = create_closure(christmas, sam, rules, now())
    nets = {"from": f"{today + timedelta(days=70)}T08:00:00Z", "to": f"{today + timedelta(days=70)}T11:00:00Z"}
    create_closure(nets | {"reason": "Filets neufs"}, sam, rules, now())
    return {"closure": saved.closure.id}


def _visits_of_today(house: House) -> None:
    """Let a few more people come, who booked yesterday; the first of them has arrived."""
    visits = (
        ("elodie@example.com", "Élodie Garnier", "consultation-generaliste", {}),
        ("hugo@example.com", "Hugo Lambert", "seance-kinesitherapie", {}),
        ("ines@example.com", "Inès Caron", "table-restaurant", {"participants": 2}),
    )
    made = []
    with time_machine.travel(now() - timedelta(hours=27)):
        for email, name, slug, order in visits:
            guest = create_user(email, name, Role.CUSTOMER, PASSWORD, now())
            booking = house.book(guest, slug, ahead=1, **order)
            made.append(house.pay(booking, guest) if booking.awaits_payment else booking)
    with time_machine.travel(made[0].start):
        check_in(made[0].id, _account("sam@example.com"), now())


def _bookings_of_bob(house: House) -> dict[str, str]:
    bob = _account("bob@example.com")

    def booked(slug: str, **order: Any) -> Booking:
        made = house.book(bob, slug, **order)
        return house.pay(made, bob) if made.awaits_payment else made

    cough = {"symptoms": "Toux depuis trois jours, un peu de fièvre le soir"}
    with time_machine.travel(now() - timedelta(days=8)):
        booked("consultation-generaliste", answers=cough)
        booked("yoga-vinyasa")
    called_off = booked("court-tennis-exterieur", ahead=3)
    cancel_booking(called_off.id, None, bob, house.rules, now(), money=house.money)
    consultation = booked("consultation-generaliste", answers=cough, ahead=2)
    concert = booked("concert-jazz-trio", participants=2)
    booked("court-tennis-exterieur", length=120)
    dinner = booked("table-restaurant", participants=4)
    evening = {"checkin_time": "Vers 18 h"}
    asked_for = booked("chambre-double-standard", length=9 * 1440, answers=evening)  # an admin has to agree: so dear
    return {
        "customer": bob.id,
        "booking": consultation.id,
        "concert": concert.id,
        "dinner": dinner.id,
        "request": asked_for.id,
        "cancelled": called_off.id,
        "invoice": invoices_of_booking(consultation.id, bob)[0].id,
        "credit_note": invoices_of_booking(called_off.id, bob)[-1].id,
        "doctors": consultation.service_id,
        "taken": str(written(consultation.start)),
        "doctor": str(consultation.assigned_staff[0].staff_id),
        "seats": str(written(concert.start)),
    }


def _payments_of_dominique(house: House) -> dict[str, str]:
    """Leave every state that a payment can be in, each with a booking of its own."""
    dominique, alice = _account("dominique@example.com"), _account("alice@example.com")
    an_hour_ago = time_machine.travel(now() - timedelta(hours=1) - timedelta(minutes=house.rules.hold_minutes))
    with an_hour_ago:
        lapsed = house.book(dominique, "seance-kinesitherapie", ahead=2)
        house.pay(lapsed, dominique, None)
        too_late = house.book(dominique, "cours-particulier-mathematiques", ahead=2)
        house.pay(too_late, dominique, "async")
    rival = house.book(alice, "cours-particulier-mathematiques", at=(too_late.start, too_late.end))
    house.pay(rival, alice)
    house.decide(too_late, dominique)
    fever = {"child_age": 4, "symptoms": "Fièvre depuis hier soir, sans toux"}
    due = house.book(dominique, "teleconsultation-pediatre", ahead=1, answers=fever)
    refused = house.book(dominique, "coaching-personnel", ahead=2)
    house.pay(refused, dominique, "decline")
    processing = house.book(dominique, "yoga-vinyasa", ahead=2)
    house.pay(processing, dominique, "async")
    states = {"lapsed": lapsed, "late": too_late, "due": due, "refused": refused, "processing": processing}
    return {"pay": pay_token(due, link_secret()), **{name: one.id for name, one in states.items()}}


def _account(email: str) -> Account:
    row = user_by_email(db.session(), email)
    assert row
    return row.account()


def _times(services: Mapping[str, Service], rules: Rules, at: datetime) -> dict[str, str]:
    """Return a free time of a few services, as the page of their booking takes it."""
    wanted: dict[str, tuple[str, dict[str, int]]] = {
        "table": ("table-restaurant", {"participants": 4}),
        "visit": ("teleconsultation-pediatre", {}),
        "stay": ("chambre-double-standard", {"duration": 9 * 1440}),  # so dear that an admin has to agree
    }
    found = {}
    for name, (slug, asked) in wanted.items():
        slot = find_slots(services[slug], SlotQuery(at, at + timedelta(days=60), **asked), rules, at)[-1].slot
        party = asked.get("participants", 1)
        found[name] = f"{slug}?start={written(slot.starts_at)}&end={written(slot.ends_at)}&participants={party}"
    return found


# ---------------------------------------------------------------- steps


def press(selector: str) -> Step:
    """Click on the first of something that is seen, and wait until what it changes stands there."""

    def step(page: Page) -> None:
        page.locator(selector).locator("visible=true").first.click()
        rest(page)

    return step


def choose(selector: str, index: int = 0) -> Step:
    """Click on a choice of a service's page, and wait until the page tells of it."""

    def step(page: Page) -> None:
        link = page.locator(selector).locator("visible=true").nth(index)
        address = link.get_attribute("href") or ""
        link.click()
        page.wait_for_url(lambda url: url.endswith(address))
        expect(page.locator("#picker[aria-busy]")).to_have_count(0)

    return step


def fill(**answers: str) -> Step:
    """Fill in fields by their ids; of a select, give what is stored."""

    def step(page: Page) -> None:
        for name, value in answers.items():
            field = page.locator(f"[id$='{name}']")
            if field.evaluate("it => it.tagName") == "SELECT":
                field.select_option(index=int(value))
            else:
                field.fill(value)

    return step


def wait_for(selector: str) -> Step:
    return lambda page: expect(page.locator(selector).first).to_be_visible()


def click_step(value: str) -> Step:
    """Go to another step of the booking by its button."""
    return press(f"button[name=step][value={value}]")


def follow_mail(part: str) -> Step:
    """Open the newest mail with such a link in it, and follow the link within this site."""

    def step(page: Page) -> None:
        home = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        page.goto(f"{home}/dev/mailbox")
        mails = [one.get_attribute("href") for one in page.locator(".mail-list a").all()]
        link = page.locator(f".mail-text a[href*='{part}']").first
        for mail in mails:
            page.goto(f"{home}{mail}")
            if link.count():
                break
        page.goto(home + urlsplit(str(link.get_attribute("href"))).path)

    return step


SEND = press("main form[data-once] .btn-primary")
CHECK = press("main form .form-actions .btn-primary")
QUESTIONS = "/book/<slug>"
SERVICE = "/services/<slug>"
RETURN = "/booking/success/<booking_id>"
CELL = "a.month-cell"
TIME = choose(".times a.time-button")
VISIT = fill(child_age="4", symptoms="Fièvre depuis hier soir, sans toux", urgency="1")

STOPS = (
    Stop("catalogue", "/", "each card says when the service is free next; its times are buttons"),
    Stop("catalogue-filtered", "/", "a filter is ink, what it leaves is counted", "/?q=consultation"),
    Stop("catalogue-nothing", "/", "a fact, a help, ways on", "/?q=zebra&for=4"),
    Stop("service-visit", SERVICE, "days, month and times side by side", "/services/consultation-generaliste"),
    Stop(
        "service-chosen",
        SERVICE,
        "the chosen time is the one yellow thing; price and policy stand beside it",
        "/services/consultation-generaliste",
        (TIME,),
    ),
    Stop(
        "service-taken",
        SERVICE,
        "a time that is gone says so and offers the nearest",
        "/services/consultation-generaliste?start={taken}&staffId={doctor}",
    ),
    Stop(
        "service-closed",
        SERVICE,
        "a day without times says why and leads to the next one",
        "/services/consultation-generaliste?date={sunday}",
    ),
    Stop("service-party", SERVICE, "party first for a table", "/services/table-restaurant", (choose("#for-4"), TIME)),
    Stop(
        "service-too-many", SERVICE, "too many people: how many can come", "/services/table-restaurant?participants=60"
    ),
    Stop(
        "service-nights",
        SERVICE,
        "both ends of a stay in one calendar",
        "/services/chambre-double-standard?month={month}",
        (choose(CELL, 3), choose(f"{CELL}:not([aria-current])", 5)),
    ),
    Stop(
        "service-length",
        SERVICE,
        "for how long, then when",
        "/services/court-tennis-exterieur",
        (choose("#lasting-120"), TIME),
    ),
    Stop(
        "service-seats", SERVICE, "seats left of a concert", "/services/concert-jazz-trio?start={seats}&participants=2"
    ),
    Stop("service-course", SERVICE, "a course, and whether it takes place", "/services/atelier-poterie", (TIME,)),
    Stop("service-inputs", SERVICE, "what the price depends on", "/services/livraison-courses-bio", (TIME,)),
    Stop("sign-in", "/sign-in", "one column, one button"),
    Stop(
        "sign-in-errors",
        "/sign-in",
        "what is wrong, above and at the field; what was typed is kept",
        "/sign-in",
        (fill(email="camille@example.com", password="not this one"), SEND, wait_for(".error-summary")),
    ),
    Stop("sign-up", "/sign-up", "three fields, what a password needs"),
    Stop(
        "sign-up-errors",
        "/sign-up",
        "every error at once",
        "/sign-up",
        (fill(email="camille"), SEND, wait_for(".error-summary")),
    ),
    Stop("questions", QUESTIONS, "the service's questions; the time stays in sight", "/book/{visit}", (), "alice"),
    Stop(
        "questions-errors",
        QUESTIONS,
        "a summary that leads to each field",
        "/book/{visit}",
        (CHECK, wait_for(".error-summary")),
        "alice",
    ),
    Stop(
        "questions-taken",
        QUESTIONS,
        "a time that cannot be booked says so at once and offers the nearest",
        "/book/consultation-generaliste?start={taken}&staffId={doctor}",
        (wait_for(".alternatives"),),
        "alice",
    ),
    Stop(
        "review",
        QUESTIONS,
        "everything once more before it is binding, each answer with its way back",
        "/book/{visit}",
        (VISIT, CHECK, wait_for("[name=step][value=confirm]")),
        "alice",
    ),
    Stop(
        "review-times",
        QUESTIONS,
        "another time without losing an answer",
        "/book/{visit}",
        (VISIT, CHECK, click_step("times"), wait_for(".alternatives")),
        "alice",
    ),
    Stop(
        "review-twin",
        QUESTIONS,
        "booked already: said before it is booked twice",
        "/book/concert-jazz-trio?start={seats}&participants=2",
        (CHECK, wait_for(".note-warn")),
        "bob",
    ),
    Stop(
        "review-request",
        QUESTIONS,
        "where the team has to agree, the money is only held",
        "/book/{stay}",
        (fill(checkin_time="Vers 18 h", bed_type="1"), CHECK, wait_for("[name=step][value=confirm]")),
        "alice",
    ),
    Stop(
        "review-free",
        QUESTIONS,
        "what costs nothing is confirmed, not paid",
        "/book/{table}",
        (CHECK, wait_for("[name=step][value=confirm]")),
        "alice",
    ),
    Stop("payment-by-link", "/pay/<token>", "who was handed a link pays without signing in", "/pay/{pay}"),
    Stop("payment-by-link-over", "/pay/<token>", "a link that is over: whom to ask", "/pay/over"),
    Stop("payment-due", RETURN, "what is to be paid, and until when", "/booking/success/{due}", (), "dominique"),
    Stop(
        "payment-left",
        "/booking/cancel/<booking_id>",
        "who leaves the payment page still has his time",
        "/booking/cancel/{due}",
        (),
        "dominique",
    ),
    Stop("payment-refused", RETURN, "a card that was refused", "/booking/success/{refused}", (), "dominique"),
    Stop("payment-checking", RETURN, "while the bank decides", "/booking/success/{processing}", (), "dominique"),
    Stop("payment-over", RETURN, "nobody paid in time", "/booking/success/{lapsed}", (), "dominique"),
    Stop("payment-too-late", RETURN, "money that came too late goes back", "/booking/success/{late}", (), "dominique"),
    Stop("confirmed", RETURN, "the ticket", "/booking/success/{booking}", (), "bob"),
    Stop(
        "requested",
        RETURN,
        "what waits for the team, and what is held on the card",
        "/booking/success/{request}",
        (),
        "bob",
    ),
    Stop("bookings", "/bookings", "what is ahead, soonest first", person="bob"),
    Stop("bookings-past", "/bookings", "what is over can be booked again", "/bookings?show=past", (), "bob"),
    Stop(
        "bookings-called-off",
        "/bookings",
        "what was called off stays to be read",
        "/bookings?show=cancelled",
        (),
        "bob",
    ),
    Stop("bookings-to-pay", "/bookings", "what has to be paid, and until when", person="dominique"),
    Stop(
        "bookings-not-paid",
        "/bookings",
        "what was not paid in time, and what was given back",
        "/bookings?show=cancelled",
        (),
        "dominique",
    ),
    Stop("bookings-none", "/bookings", "nothing yet: a fact and one way on", person="camille"),
    Stop(
        "booking",
        "/bookings/<booking_id>",
        "all about one booking, and what happened",
        "/bookings/{booking}",
        (),
        "bob",
    ),
    Stop("booking-request", "/bookings/<booking_id>", "a request and its deadline", "/bookings/{request}", (), "bob"),
    Stop("booking-to-pay", "/bookings/<booking_id>", "one that has to be paid", "/bookings/{due}", (), "dominique"),
    Stop("booking-called-off", "/bookings/<booking_id>", "one called off", "/bookings/{cancelled}", (), "bob"),
    Stop("invoice", "/invoices/<invoice_id>", "what was paid, with its tax", "/invoices/{invoice}", (), "bob"),
    Stop("credit-note", "/invoices/<invoice_id>", "what was given back", "/invoices/{credit_note}", (), "bob"),
    Stop("change", "/bookings/<booking_id>/edit", "what can be told differently", "/bookings/{dinner}/edit", (), "bob"),
    Stop(
        "change-errors",
        "/bookings/<booking_id>/edit",
        "errors in place",
        "/bookings/{dinner}/edit",
        (fill(contactEmail="bob", participants="0"), CHECK, wait_for(".error-summary")),
        "bob",
    ),
    Stop(
        "cancel",
        "/bookings/<booking_id>/cancel",
        "a question as a page, where no script runs: 80 % come back, in euros",
        "/bookings/{booking}/cancel",
        (),
        "bob",
    ),
    Stop(
        "cancel-to-pay",
        "/bookings/<booking_id>/cancel",
        "what is not paid is given up",
        "/bookings/{due}/cancel",
        (),
        "dominique",
    ),
    Stop(
        "cancel-dialog",
        "/bookings/<booking_id>/cancel",
        "the same question over the list",
        "/bookings",
        (press(".booking-row [hx-get$='/cancel']"), wait_for("dialog[open]")),
        "bob",
    ),
    Stop("account", "/account", "who one is here", person="bob"),
    Stop(
        "account-errors",
        "/account",
        "errors in place",
        "/account",
        (fill(name=""), SEND, wait_for(".error-summary")),
        "bob",
    ),
    Stop("preferences", "/account/preferences", "language and clock", person="bob"),
    Stop("security", "/account/security", "password, and where one is signed in", person="bob"),
    Stop("address", "/account/email", "another address", person="bob"),
    Stop(
        "new-address",
        "/new-address/<secret>",
        "where the mail about it leads",
        "/account/email",
        (
            fill(email="camille.laurent@example.com", current=PASSWORD),
            SEND,
            wait_for("#email_form a.btn-secondary"),
            follow_mail("/new-address/"),
        ),
        "camille",
    ),
    Stop("forgotten", "/forgotten-password", "one field"),
    Stop(
        "forgotten-sent",
        "/forgotten-password",
        "the same words whether there is such an account or not",
        "/forgotten-password",
        (fill(email="nobody@example.com"), SEND, wait_for("#forgotten a.btn-secondary")),
    ),
    Stop(
        "new-password",
        "/new-password/<secret>",
        "where the mail about it leads",
        "/forgotten-password",
        (
            fill(email="camille@example.com"),
            SEND,
            wait_for("#forgotten a.btn-secondary"),
            follow_mail("/new-password/"),
        ),
    ),
    Stop("link-over", "/new-password/<secret>", "a link that is used up", "/new-password/used"),
    Stop("help", "/help", "what people ask"),
    Stop("accessibility", "/accessibility", "for whom it is made"),
    Stop("terms", "/terms", "what a booking binds to"),
    Stop("privacy", "/privacy", "what is kept"),
    Stop("mailbox", "/dev/mailbox", "mails that a development portal does not send"),
    Stop(
        "mail",
        "/dev/mailbox/<message_id>",
        "one of them",
        "/dev/mailbox",
        (press(".mail-list a"), wait_for(".mail-frame")),
    ),
    Stop("staff-today", "/staff", "who comes today, in order", person="sam"),
    Stop("staff-welcome", "/staff/welcome", "the steps of a new house, and what is there already", person="ada"),
    Stop(
        "staff-bookings", "/staff/bookings", "filters that stay in the address; rows are cards on a phone", person="sam"
    ),
    Stop("staff-bookings-none", "/staff/bookings", "nothing fits", "/staff/bookings?q=zebra", (), "sam"),
    Stop(
        "staff-bookings-errors",
        "/staff/bookings",
        "a date that is none",
        "/staff/bookings?from=2026-12-08&to=2026-12-01",
        (),
        "sam",
    ),
    Stop(
        "staff-bookings-menu",
        "/staff/bookings",
        "states that are chosen, in an open menu",
        "/staff/bookings?state=confirmed&state=cancelled",
        (press("#state summary"),),
        "sam",
    ),
    Stop(
        "staff-booking",
        "/staff/bookings/<booking_id>",
        "everything about a booking, and what its state allows",
        "/staff/bookings/{concert}",
        (press("#cancel summary"),),
        "sam",
    ),
    Stop(
        "staff-booking-request",
        "/staff/bookings/<booking_id>",
        "a request so dear that an admin has to agree",
        "/staff/bookings/{request}",
        (),
        "ada",
    ),
    Stop(
        "staff-booking-to-pay",
        "/staff/bookings/<booking_id>",
        "a link to pay, to copy or to send",
        "/staff/bookings/{due}",
        (),
        "sam",
    ),
    Stop(
        "staff-new",
        "/staff/bookings/new",
        "one form for a caller: who, what, when, at which price",
        "/staff/bookings/new?service={doctors}",
        (
            fill(q="bob"),
            press("button[value=find]"),
            press(".desk-found .choice"),
            wait_for(".desk-customer"),
            press(".day-chip:not(.is-closed):not(.is-full)"),
            press(".desk-times label:not(.is-taken)"),
            wait_for("#desk_price .price-total"),
        ),
        "sam",
    ),
    Stop(
        "staff-new-found",
        "/staff/bookings/new",
        "who may be calling, and nothing chosen yet",
        "/staff/bookings/new?service={doctors}",
        (fill(q="e"), press("button[value=find]"), wait_for(".desk-found .choice")),
        "sam",
    ),
    Stop(
        "staff-new-errors",
        "/staff/bookings/new",
        "everything that is wrong at once, and what was typed is kept",
        "/staff/bookings/new?service={doctors}",
        (
            press(".deed summary"),
            fill(time="09:10", **{"priceOverride.total": "-1"}),
            press("button[value=book]"),
            wait_for(".error-summary"),
        ),
        "sam",
    ),
    Stop(
        "staff-door",
        "/staff/check-in",
        "a code that nothing has",
        "/staff/check-in",
        (fill(code="CRN-0000-00"), press("main .btn-primary"), wait_for(".error-summary")),
        "sam",
    ),
    Stop("staff-closures", "/staff/closures", "what is closed, the next first; every year or once", person="sam"),
    Stop(
        "staff-closure-new",
        "/staff/closures/new",
        "a last day before the first, and one time of two",
        "/staff/closures/new?from=2026-12-24&to=2026-12-20",
        (fill(fromTime="10:00"), press(".form-actions .btn-primary"), wait_for(".error-summary")),
        "sam",
    ),
    Stop(
        "staff-closure-hits",
        "/staff/closures/new",
        "what a closure hits, some of it ticked, and a reason that cannot be kept",
        "/staff/closures/new?from=2000-01-01&to=2099-12-31",
        (
            press(".form-actions .btn-primary"),
            wait_for(".hits"),
            press(".hit-choice"),
            fill(**{"hits.reason": "long " * 120}),
            press("button[value=save]"),
            wait_for(".error-summary"),
        ),
        "sam",
    ),
    Stop(
        "staff-closure",
        "/staff/closures/<closure_id>",
        "a closure of every year",
        "/staff/closures/{closure}",
        (),
        "sam",
    ),
    Stop(
        "staff-holidays",
        "/staff/closures/holidays",
        "the public holidays of a country, those closed already among them",
        "/staff/closures/holidays",
        (),
        "sam",
    ),
    Stop("staff-customers", "/staff/customers", "who books, how often, and when next", person="sam"),
    Stop("staff-customers-none", "/staff/customers", "nobody is called so", "/staff/customers?q=zebra", (), "sam"),
    Stop(
        "staff-customer",
        "/staff/customers/<customer_id>",
        "who it is, what was booked, and what became of it",
        "/staff/customers/{customer}",
        (),
        "sam",
    ),
    Stop(
        "staff-customer-new",
        "/staff/customers/new",
        "mistakes at their inputs",
        "/staff/customers/new",
        (fill(**{"attributes.0.name": "not a name"}), press(".form-actions .btn-primary"), wait_for(".error-summary")),
        "sam",
    ),
    Stop(
        "staff-customer-edit",
        "/staff/customers/<customer_id>/edit",
        "attributes as rows; which prices read them",
        "/staff/customers/{customer}/edit",
        (),
        "sam",
    ),
    Stop(
        "staff-customer-close",
        "/staff/customers/<customer_id>/close",
        "what closing does, and what lies ahead",
        "/staff/customers/{customer}/close",
        (),
        "sam",
    ),
    Stop(
        "staff-customer-delete",
        "/staff/customers/<customer_id>/delete",
        "who booked stays",
        "/staff/customers/{customer}/delete",
        (),
        "sam",
    ),
    Stop("staff-services", "/staff/services", "every service, with its state", person="sam"),
    Stop("staff-services-none", "/staff/services", "nothing fits", "/staff/services?q=zebra", (), "sam"),
    Stop(
        "staff-service-new",
        "/staff/services/new",
        "mistakes at their inputs, after a row was added",
        "/staff/services/new",
        (
            press("button[value='add:pricingTiers']"),
            wait_for("fieldset[id='pricingTiers.0']"),
            press("#editor .form-actions .btn"),
            wait_for(".error-summary"),
        ),
        "sam",
    ),
    Stop(
        "staff-service-example",
        "/staff/services/new",
        "an example to begin with: a table, its hours and what customers will see of it",
        "/staff/services/new?kind=table",
        (),
        "ada",
    ),
    Stop(
        "staff-service",
        "/staff/services/<service_id>",
        "everything about a service, and what customers will see of it",
        "/staff/services/court-tennis-exterieur",
        (),
        "sam",
    ),
    Stop(
        "staff-service-history",
        "/staff/services/<service_id>/history",
        "who changed what",
        "/staff/services/court-tennis-exterieur/history",
        (),
        "sam",
    ),
    Stop(
        "staff-service-delete",
        "/staff/services/<service_id>/delete",
        "what uses it",
        "/staff/services/consultation-generaliste/delete",
        (),
        "sam",
    ),
    Stop(
        "staff-import",
        "/staff/services/import",
        "a file with mistakes",
        "/staff/services/import",
        (fill(content='{"name": "Yoga"}'), press("main .btn-primary"), wait_for(".error-summary")),
        "sam",
    ),
    Stop("staff-resources", "/staff/resources", "what there is, what uses it, what is free now", person="sam"),
    Stop(
        "staff-resource-new",
        "/staff/resources/new",
        "mistakes at their inputs",
        "/staff/resources/new",
        (fill(quantity="0"), press("#editor .btn-primary"), wait_for(".error-summary")),
        "sam",
    ),
    Stop(
        "staff-resource",
        "/staff/resources/<resource_id>",
        "a resource, its bookings and the services that name it",
        "/staff/resources/court-1",
        (),
        "sam",
    ),
    Stop(
        "staff-resource-changed",
        "/staff/resources/<resource_id>",
        "somebody else saved it meanwhile: what changed, and what is typed stays",
        "/staff/resources/court-1",
        (
            lambda page: page.locator("[name=read]").evaluate("it => it.value = '{}'"),
            fill(name="Court central"),
            press("#editor .btn-primary"),
            wait_for(".error-summary"),
        ),
        "sam",
    ),
    Stop(
        "staff-resource-delete",
        "/staff/resources/<resource_id>/delete",
        "what uses it",
        "/staff/resources/court-1/delete",
        (),
        "sam",
    ),
    Stop("staff-team", "/staff/team", "who works when, and what comes next", person="sam"),
    Stop(
        "staff-member-new",
        "/staff/team/new",
        "a role, a day off and a day's hours added, and mistakes",
        "/staff/team/new",
        (
            press("button[value='open:1']"),
            wait_for("[id='workingHours.0.startTime']"),
            press("button[value='add:timeOff']"),
            wait_for("[id='timeOff.0.from']"),
            fill(**{"workingHours.0.endTime": "08:00", "timeOff.0.from": "2027-03-01"}),
            press("#editor .form-actions .btn"),
            wait_for(".error-summary"),
        ),
        "ada",
    ),
    Stop(
        "staff-member",
        "/staff/team/<staff_id>",
        "hours, time off, account and coming bookings",
        "/staff/team/{doctor}",
        (),
        "sam",
    ),
    Stop(
        "staff-member-hits",
        "/staff/team/<staff_id>",
        "a time off over live bookings asks about each",
        "/staff/team/{doctor}",
        (
            press("button[value='add:timeOff']"),
            wait_for("[id='timeOff.0.from']"),
            fill(**{"timeOff.0.from": "2000-01-01", "timeOff.0.to": "2099-12-31"}),
            press("#editor .form-actions .btn"),
            wait_for(".hits"),
        ),
        "sam",
    ),
    Stop(
        "staff-member-delete",
        "/staff/team/<staff_id>/delete",
        "what needs somebody",
        "/staff/team/{doctor}/delete",
        (),
        "sam",
    ),
    Stop("not-found", "", "what is not there", "/nowhere"),
    Stop("not-allowed", "", "an address that only takes forms", "/sign-out"),
)
