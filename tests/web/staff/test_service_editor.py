"""An admin builds services in the forms alone, without scripts, and nothing is lost on the way."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from portal.domain.service import Service, ServiceFields
from portal.store.db import db
from portal.usecases.bookings import create_booking
from portal.usecases.catalogue import get_service, parse_service
from portal.web.context import current_rules
from tests.build import NOW, a_command, catalogue_json, paris
from tests.people import EVERYBODY
from tests.web.page import Browser, Page

SEED = {one["slug"]: one for one in catalogue_json()}
NAMES = {"Aerobics", "Stretching", "Étirements", "Zumba"}
DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]


@pytest.fixture
def ada(app: Flask) -> Browser:
    return Browser(app).sign_in(EVERYBODY.ada)


class Editor:
    """The form as a person uses it: fills in, presses a button, reads what comes back."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self.browser, self.page = browser, page
        self.typed: dict[str, Any] = {}

    def type(self, **texts: Any) -> "Editor":
        """Fill in inputs; `a__b` stands for `a.b`."""
        self.typed |= {name.replace("__", "."): value for name, value in texts.items()}
        return self

    def fill(self, texts: dict[str, Any]) -> "Editor":
        """Fill in inputs by their names."""
        self.typed |= texts
        return self

    def press(self, do: str) -> "Editor":
        """Press the button that says this, and keep what comes back."""
        form = next(one for one in self.page.forms if one.id == "editor")
        names = {name for name, _ in form.fields} | {
            given["name"] for tag, given in self.page.tags if tag in {"input", "select"} and "name" in given
        }
        assert self.typed.keys() <= names, self.typed.keys() - names
        pressed = [given for tag, given in self.page.tags if tag == "button" and given.get("value") == do]
        assert pressed, do
        found = self.browser.open(form.action, "POST", [*form.sent(self.typed), ("do", do)])
        self.page, self.typed = self.browser._follow(found), {}
        return self


def _new(ada: Browser) -> Editor:
    return Editor(ada, ada.get("/staff/services/new"))


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Write JSON as a person would type it."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _flat(one, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, one in enumerate(value):
            yield from _flat(one, f"{name}.{index}")
    elif isinstance(value, list):
        yield name, value if name.endswith("intervals") else "\n".join(value)
    elif name == "price" or name.endswith(".price"):
        yield name, f"{value / 100:.2f}"
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def _build(ada: Browser, seed: dict[str, Any]) -> Page:
    """Type a service of the catalogue into the forms, hours day by day."""
    editor = _new(ada)
    hours = seed.get("availableSlots", [])
    if {one["dayOfWeek"] for one in hours} == set(range(7)):  # the same every day: Monday, then copied
        monday = next(one for one in hours if one["dayOfWeek"] == 1)
        editor.press("open:1").fill({f"availableSlots.0.{end}": monday[end] for end in ("startTime", "endTime")})
        editor.type(copyFrom="1", copyTo="all").press("copy:week")
    for name in ("customFields", "requiredResources", "requiredStaff", "pricingTiers"):
        for _ in seed.get(name, []):
            editor.press(f"add:{name}")
    types = {name: text for name, text in _flat(seed) if name.startswith("customFields") and name.endswith(".type")}
    editor.fill(types)
    if types:
        editor.press("preview")  # where options are asked for, their input is there now
    skipped = ("availableSlots", "specialAvailability")
    editor.fill({name: text for name, text in _flat(seed) if not name.startswith(skipped)})
    return editor.press("save").page


def _without_dates(seed: dict[str, Any]) -> ServiceFields:
    return parse_service({name: value for name, value in seed.items() if name != "specialAvailability"})


@pytest.mark.parametrize("slug", ["court-tennis-exterieur", "formation-react-avance", "chambre-double-standard"])
def test_from_an_empty_database_an_admin_builds_a_service_in_the_forms_alone(ada: Browser, slug: str) -> None:
    page = _build(ada, SEED[slug])
    assert page.status == 200, page.text
    assert re.fullmatch(r"/staff/services/[^/]+", page.address)
    built = get_service(slug, current_rules(), EVERYBODY.ada)
    wanted = _without_dates(SEED[slug])
    for name in ServiceFields.model_fields:
        if name != "time_zone":  # the house's
            assert getattr(built, name) == getattr(wanted, name), name


# ---------------------------------------------------------------- bad input


def test_a_form_with_mistakes_comes_back_whole_with_each_at_its_input(ada: Browser) -> None:
    editor = _new(ada).type(name="  ", price="cheap", description="Kept").press("add:pricingTiers")
    editor.fill({"pricingTiers.0.name": "Tier", "pricingTiers.0.condition": "a =", "pricingTiers.0.price": "1"})
    page = editor.press("save").page
    assert page.status == 422
    assert {"name-error", "price-error", "pricingTiers.0.condition-error", "summary-title"} <= page.ids
    form = dict(next(one for one in page.forms if one.id == "editor").fields)
    assert (form["price"], form["description"], form["pricingTiers.0.condition"]) == ("cheap", "Kept", "a =")
    assert "Price tiers 1, Condition" in page.text
    assert [one for _, one in page.links if one == "#pricingTiers.0.condition"]


def test_an_address_that_is_taken_is_told_at_its_input(ada: Browser, offer: Any) -> None:
    taken = offer().slug
    page = _new(ada).type(name="Other", price="1", slug=taken).press("save").page
    assert (page.status, "slug-error" in page.ids) == (422, True)


@pytest.mark.parametrize(
    "do", ["add:nothing", "add:", "remove:customFields.99", "up:customFields.0", "open:9", "copy:week", "close:x", "x"]
)
def test_a_button_that_nobody_offers_breaks_nothing(ada: Browser, do: str) -> None:
    page = ada.get("/staff/services/new")
    form = next(one for one in page.forms if one.id == "editor")
    assert ada.open(form.action, "POST", [*form.fields, ("do", do)]).status in {200, 422}


def test_nothing_that_is_sent_makes_the_form_fail(ada: Browser) -> None:
    page = ada.get("/staff/services/new")
    token = next(value for name, value in page.forms[-1].fields if name == "csrf_token")
    sent = [("csrf_token", token), ("availableSlots.0.dayOfWeek", "x"), ("pricingTiers", "1"), ("translations.en", "y")]
    assert ada.open("/staff/services/new", "POST", [*sent, ("specialAvailability.0.slots", "z")]).status == 422


def test_a_service_with_everything_that_can_be_said_of_it_fits_into_one_form(ada: Browser, offer: Any) -> None:
    questions = [{"id": f"q{index}", "name": "é" * 250, "type": "text"} for index in range(100)]
    service = offer(customFields=questions)
    editor = Editor(ada, ada.get(f"/staff/services/{service.id}"))
    assert editor.press("save").page.status == 200


# ---------------------------------------------------------------- rows


def test_rows_are_added_moved_and_removed_by_buttons(ada: Browser) -> None:
    editor = _new(ada).press("add:customFields").press("add:customFields")
    editor.fill({"customFields.0.name": "First", "customFields.1.name": "Second"}).press("up:customFields.1")
    assert _typed(editor, "customFields.0.name") == "Second"
    editor.press("down:customFields.0").press("remove:customFields.0")
    assert (_typed(editor, "customFields.0.name"), _typed(editor, "customFields.1.name")) == ("Second", None)


def test_a_day_is_opened_given_more_hours_copied_and_closed(ada: Browser) -> None:
    editor = _new(ada).press("open:3").press("open:1").press("open:1")
    assert [_typed(editor, f"availableSlots.{index}.dayOfWeek") for index in range(3)] == ["1", "1", "3"]
    editor.fill({"availableSlots.1.startTime": "18:00", "availableSlots.1.endTime": "20:00"})
    editor.type(copyFrom="1", copyTo="weekend").press("copy:week")
    days = [_typed(editor, f"availableSlots.{index}.dayOfWeek") for index in range(7)]
    assert days == ["1", "1", "3", "6", "6", "0", "0"]
    editor.press("close:1")
    assert [_typed(editor, f"availableSlots.{index}.dayOfWeek") for index in (0, 4)] == ["3", "0"]


def _typed(editor: Editor, name: str) -> str | None:
    return dict(next(one for one in editor.page.forms if one.id == "editor").fields).get(name)


# ---------------------------------------------------------------- looking at it before it is saved


def test_the_preview_shows_times_price_and_questions_of_what_is_not_saved(ada: Browser) -> None:
    editor = _new(ada).type(name="Court", type="rental", price="30").press("open:2").press("add:requiredResources")
    editor.fill({"requiredResources.0.name": "Court 1", "requiredResources.0.type": "facility"})
    editor.press("add:pricingTiers").fill({"pricingTiers.0.name": "Club", "pricingTiers.0.price": "20"})
    editor.fill({"pricingTiers.0.condition": "user.membership === 'premium'"}).press("add:customFields")
    editor.fill({"customFields.0.name": "Your level"}).press("preview")
    assert "8 free" in editor.page.text
    assert "Your level" in editor.page.text
    assert "€30.00" in editor.page.text
    editor.fill({"try.user.membership": "premium", "try.length": "120"}).press("preview")
    assert "2 × €20.00" in editor.page.text
    assert "If the customer's “membership” is “premium”." in editor.page.text


def test_a_pattern_is_tried_on_an_answer(ada: Browser) -> None:
    editor = _new(ada).press("add:customFields")
    editor.fill({"customFields.0.name": "Licence", "customFields.0.validation": "^[0-9]{3}$"})
    editor.fill({"customFields.0.sample": "12"}).press("preview")
    assert "“12” is refused." in editor.page.text
    editor.fill({"customFields.0.sample": "123"}).press("preview")
    assert "“123” is accepted." in editor.page.text


def test_htmx_gets_the_preview_alone_and_the_readings_beside_it(ada: Browser, offer: Any) -> None:
    tier = {"name": "Six", "condition": "participants >= 6", "price": 100}
    service = offer(maxParticipants=8, pricingTiers=[tier])
    page = ada.get(f"/staff/services/{service.id}")
    form = next(one for one in page.forms if one.id == "editor")
    asked = {"HX-Request": "true", "HX-Target": "preview"}
    found = ada.open(form.action, "POST", [*form.fields, ("do", "preview")], **asked)
    assert (found.status, "preview" in found.ids, "editor" in found.ids) == (200, True, False)
    assert "If there are 6 people or more." in found.text


# ---------------------------------------------------------------- two people, one service


def test_who_saves_second_is_told_what_the_first_changed_and_overwrites_nothing(
    ada: Browser, sam: Browser, offer: Any
) -> None:
    service = offer()
    first, second = (Editor(one, one.get(f"/staff/services/{service.id}")) for one in (sam, ada))
    first.type(price="60", duration="45").press("save")
    second.type(name="Renamed", duration="20").press("save")
    page = second.page
    assert page.status == 409
    assert "Sam Petit saved this service while you were writing" in page.text
    assert "Price: 50.00 60.00 taken over into your form" in page.text
    assert "Length, in minutes: 30 45 you changed this part too" in page.text
    stored = _stored(service)
    assert (stored.name, stored.duration, stored.price) == ("Consultation", 45, 6000)
    assert second.press("save").page.status == 200
    stored = _stored(service)
    assert (stored.name, stored.duration, stored.price) == ("Renamed", 20, 6000)


def _stored(service: Service) -> Service:
    db.session.rollback()  # or it would be read as it was before
    return get_service(service.id, current_rules())


def test_the_history_says_who_changed_what(ada: Browser, offer: Any) -> None:
    service = offer()
    Editor(ada, ada.get(f"/staff/services/{service.id}")).type(price="60").press("save")
    text = ada.get(f"/staff/services/{service.id}/history").text
    assert "Changed · Ada Moreau" in text
    assert "Price: 50.00 60.00" in text


# ---------------------------------------------------------------- the service as a whole


def test_a_copy_is_another_service_that_customers_do_not_see(ada: Browser, nobody: Browser, offer: Any) -> None:
    service = offer()
    page = ada.press(ada.get(f"/staff/services/{service.id}"), "Duplicate")
    assert "Consultation (copy)" in page.text
    assert nobody.get("/services/consultation-copy").status == 404


def test_an_archived_service_leaves_the_catalogue_and_comes_back(ada: Browser, nobody: Browser, offer: Any) -> None:
    service = offer()
    page = ada.press(ada.get(f"/staff/services/{service.id}"), "Archive")
    assert nobody.get(f"/services/{service.slug}").status == 404
    ada.press(page, "Bring back")
    assert nobody.get(f"/services/{service.slug}").status == 200


def test_deleting_says_what_uses_the_service(ada: Browser, offer: Any) -> None:
    service = offer()
    order = a_command(service, paris("2026-12-10 09:00"))
    create_booking(order, EVERYBODY.alice, current_rules(), NOW)
    page = ada.get(f"/staff/services/{service.id}/delete")
    assert "1 live booking lies ahead." in page.text
    assert "Delete for good" not in page.text


def test_a_service_that_was_never_booked_is_deleted(ada: Browser, offer: Any) -> None:
    service = offer()
    page = ada.press(ada.get(f"/staff/services/{service.id}/delete"), "Delete for good")
    assert "The service is gone." in page.text
    assert ada.get(f"/staff/services/{service.id}").status == 404


def test_services_are_found_by_words_type_and_state(ada: Browser, offer: Any) -> None:
    offer(name="Yoga", type="event", category="fitness")
    offer(name="Dentist", isActive=False)
    assert "1 service" in ada.get("/staff/services?q=yog").text
    archived = ada.get("/staff/services?state=archived").text
    assert ("Dentist" in archived, "Yoga" in archived) == (True, False)
    assert "No service is like that." in ada.get("/staff/services?type=room&category=fitness").text


# ---------------------------------------------------------------- files


def test_what_is_exported_is_imported_again(ada: Browser, app: Flask, catalogue: dict[str, Any]) -> None:
    content = ada.open("/staff/services/export").html
    before = {slug: get_service(slug, current_rules()) for slug in catalogue}
    page = ada.press(ada.get("/staff/services/import"), "Import", content=content)
    assert "20 services are imported." in page.text
    for slug, service in before.items():
        again = get_service(slug, current_rules())
        assert again.model_copy(update={"version": 1, "updated_at": service.updated_at}) == service


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "[1]", '{"name": "x"}', '[{"name": "Good", "duration": 5, "price": 5}, {"price": -1}]']
)
def test_a_file_with_a_mistake_imports_nothing_and_stays_in_the_form(ada: Browser, content: str) -> None:
    page = ada.press(ada.get("/staff/services/import"), "Import", content=content)
    assert (page.status, "Nothing was imported" in page.text) == (422, True)
    assert content in dict(page.form_with("Import").fields)["content"]
    assert "There is no service yet." in ada.get("/staff/services").text


def test_the_list_is_in_the_order_of_the_names_that_are_read(ada: Browser, offer: Any) -> None:
    offer(name="Étirements", translations={"en": {"name": "Stretching"}})
    offer(name="Zumba", translations={"en": {"name": "Aerobics"}})
    read = [
        [text for text, href in ada.get(f"/staff/services?lang={one}").links if text in NAMES] for one in ("en", "fr")
    ]
    assert read == [["Aerobics", "Stretching"], ["Étirements", "Zumba"]]


def test_each_mistake_of_a_file_is_told_with_its_service_and_its_field(ada: Browser, offer: Any) -> None:
    offer(slug="yoga")
    content = (
        '[{"slug": "yoga", "price": 1}, {"name": "Run", "duration": 0, "price": 5}, {"slug": "yoga", "price": -1}]'
    )
    page = ada.press(ada.get("/staff/services/import"), "Import", content=content)
    assert "Service 2 (Run), duration" in page.text
    assert "Service 3, slug : The address yoga is given twice here." in page.text
    assert "Service 3, price" in page.text
    assert get_service("yoga", current_rules()).price == 5000
