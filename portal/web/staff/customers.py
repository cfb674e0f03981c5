"""Who are the customers, and what may the team change about them?"""

from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.domain.account import Account, Role
from portal.domain.customers import CustomerSearch, CustomerSort, Standing
from portal.domain.errors import N_, BookingError, ChangedMeanwhile, Conflict, FieldError, Invalid
from portal.domain.rights import Action, may
from portal.domain.text import has_controls
from portal.usecases.customers import (
    FoundCustomers,
    Particulars,
    attributes_asked,
    ban,
    bookings_ahead,
    change_customer,
    change_role,
    create_customer,
    customer_errors,
    customer_of_email,
    delete_customer,
    get_customer,
    may_change,
    read_customer,
    search_customers,
    unban,
)
from portal.usecases.invoices import invoices_of_customer
from portal.web.context import current_rules, now
from portal.web.errors import message_of
from portal.web.forms import Texts, whole
from portal.web.fragments import go_to, render
from portal.web.session import account
from portal.web.staff.attribute_rows import KINDS, Row, attributes_of, typed_rows, where_to_go_on, written_rows

pages = Blueprint("customers", __name__, url_prefix="/customers")

MAX_TEXT = 200
FILTERS = ("q", "state", "sort")
STANDINGS = {Standing.OPEN: N_("Customers"), Standing.CLOSED: N_("Closed accounts"), Standing.TEAM: N_("The team")}
ROLES = {Role.CUSTOMER: N_("Customer"), Role.STAFF: N_("Team"), Role.ADMIN: N_("Admin")}


# ---------------------------------------------------------------- the list


@pages.get("")
def index() -> Response:
    """List accounts, by search and filter; what is asked for stands in the address."""
    search, errors = _search(request.args)
    found = FoundCustomers((), 1, 0) if errors else _find(search)
    context: dict[str, Any] = {
        "given": request.args,
        "errors": errors,
        "sort": search.sort,
        "standings": {one: gettext(words) for one, words in STANDINGS.items()},
        "roles": ROLES,
        "zone": _zone(),
        "query": _kept,
    }
    status = 422 if errors else 200
    return render("staff/customers/index.html", "customers_table", status=status, found=found, **context)


def _find(search: CustomerSearch) -> FoundCustomers:
    return search_customers(search, whole(request.args.get("page")) or 1, account(), current_rules(), now())


def _search(args: Texts) -> tuple[CustomerSearch, list[FieldError]]:
    errors = []
    text = args.get("q", "").strip()
    if len(text) > MAX_TEXT or has_controls(text):
        message = N_("Look for a text of at most %(limit)s characters.")
        errors.append(FieldError("q", "too_long", message, {"limit": MAX_TEXT}))
    given = args.get("state", "")
    standing = next((one for one in Standing if one == given), None)
    if given and standing is None:
        errors.append(FieldError("state", "enum", N_("Choose one from the list.")))
    sort = next((one for one in CustomerSort if one == args.get("sort")), CustomerSort.NAME)
    return CustomerSearch(text or None, standing=standing, sort=sort), errors


def _kept(**changes: str) -> dict[str, str]:
    """Return what the address asks for, with something changed, for another address."""
    given = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    return {**given, **changes}


def _zone() -> ZoneInfo:
    return ZoneInfo(current_rules().time_zone)


# ---------------------------------------------------------------- one customer


@pages.get("/<customer_id>")
def show(customer_id: str) -> Response:
    """Show everything about one customer."""
    return _page(customer_id)


def _page(customer_id: str, errors: Sequence[FieldError] = (), status: int = 200, **more: Any) -> Response:
    page = whole(request.args.get("page")) or 1
    found = read_customer(customer_id, page, account(), current_rules(), now())
    context: dict[str, Any] = {
        "rows": written_rows(found.account.attributes),
        "kinds": KINDS,
        "asked": attributes_asked(account(), current_rules()),
        "invoices": invoices_of_customer(customer_id, account()),
        "roles": ROLES,
        "may_give_roles": found.may_change and may(account(), Action.CHANGE_TEAM),
        "zone": _zone(),
        "is_self": customer_id == account().id,
    }
    return render("staff/customers/show.html", status=status, file=found, errors=errors, **context, **more)


# ---------------------------------------------------------------- making and editing


@pages.get("/new")
def new() -> Response:
    """Begin an account for somebody who calls or walks in."""
    given = MultiDict({"email": request.args.get("email", ""), "name": request.args.get("name", "")})
    return _form(None, given, [])


@pages.post("/new")
def create() -> Response:
    """Make the account, or change the rows of the form."""

    def save(name: str, attributes: dict[str, Any], more: Particulars) -> Account:
        return create_customer(request.form.get("email", ""), name, attributes, account(), now(), more)

    return _take(None, save)


@pages.get("/<customer_id>/edit")
def edit(customer_id: str) -> Response:
    """Show what is known of a customer as a form."""
    found = get_customer(customer_id, account())
    given = MultiDict(
        {
            "name": found.name,
            "contactPhone": found.contact_phone,
            "internalNotes": found.internal_notes or "",
            "version": found.version,
        }
    )
    return _form(found, given, written_rows(found.attributes))


@pages.post("/<customer_id>/edit")
def change(customer_id: str) -> Response:
    """Keep what the form says, or change its rows."""

    def save(name: str, attributes: dict[str, Any], more: Particulars) -> Account:
        version = request.form.get("version", "")
        return change_customer(
            customer_id, account(), now(), name=name, attributes=attributes, more=more, version=version
        )

    return _take(get_customer(customer_id, account()), save)


def _take(found: Account | None, save: Callable[[str, dict[str, Any], Particulars], Account]) -> Response:
    rows = typed_rows(request.form)
    do = request.form.get("do", "save")
    if do != "save":
        shown = [*rows, Row()] if do == "add" else rows
        return _form(found, request.form, shown, focus=where_to_go_on(do, len(shown)))
    attributes, errors = attributes_of(rows)
    more = Particulars(request.form.get("contactPhone"), request.form.get("internalNotes"), current_rules().region)
    try:
        if errors:
            email = None if found else request.form.get("email", "")
            raise Invalid(customer_errors(email, request.form.get("name", ""), more) + errors)
        saved = save(request.form.get("name", ""), attributes, more)
    except Invalid as error:
        return _form(found, request.form, rows, error.errors, status=422)
    except ChangedMeanwhile as error:
        return _changed(get_customer(str(found and found.id), account()), rows, error)
    flash(gettext("%(name)s is saved.", name=saved.name), "ok")
    return go_to(url_for("staff.customers.show", customer_id=saved.id))


def _changed(found: Account, rows: Sequence[Row], error: BookingError) -> Response:
    """Show what was typed beside what stands there now; saved once more, what was typed counts."""
    given = MultiDict({**request.form.to_dict(), "version": found.version})
    return _form(found, given, rows, status=409, refusal=message_of(error), theirs=written_rows(found.attributes))


def _form(
    found: Account | None,
    given: Texts,
    rows: Sequence[Row],
    errors: Sequence[FieldError] = (),
    status: int = 200,
    **more: Any,
) -> Response:
    is_taken = any(one.code == "email_taken" for one in errors)
    context: dict[str, Any] = {
        "customer": found,
        "form": given,
        "rows": rows or [Row()],
        "kinds": KINDS,
        "errors": errors,
        "labels": _labels(len(rows)),
        "asked": attributes_asked(account(), current_rules()),
        "may_change": found is None or may_change(found, account()),
        "existing": customer_of_email(given.get("email", ""), account()) if is_taken else None,
    }
    return render("staff/customers/edit.html", "customer_form", status=status, **context, **more)


def _labels(rows: int) -> dict[str, str]:
    names = {
        "email": gettext("E-mail address"),
        "name": gettext("Name"),
        "contactPhone": gettext("Telephone"),
        "internalNotes": gettext("Notes of the team"),
        "attributes": gettext("Attributes"),
    }
    parts = {"name": gettext("Name"), "kind": gettext("Kind"), "value": gettext("Value")}
    for index in range(rows):
        head = gettext("Attribute %(number)s", number=index + 1)
        names |= {f"attributes.{index}.{part}": f"{head}, {word}" for part, word in parts.items()}
    return names


@pages.post("/<customer_id>/role")
def give_role(customer_id: str) -> Response:
    """Take somebody into the team, or out of it."""
    form = request.form
    try:
        changed = change_role(customer_id, form.get("role", ""), account(), now(), form.get("version", ""))
    except Invalid as error:
        return _page(customer_id, error.errors, status=422)
    except ChangedMeanwhile as error:
        return _page(customer_id, refusal=message_of(error), status=409)
    flash(gettext("%(name)s is saved.", name=changed.name), "ok")
    return go_to(url_for("staff.customers.show", customer_id=customer_id))


# ---------------------------------------------------------------- closing, opening, removing


@pages.get("/<customer_id>/close")
def close(customer_id: str) -> Response:
    """Say what closing an account does, and ask why."""
    return _close_page(customer_id, {"version": get_customer(customer_id, account()).version})


@pages.post("/<customer_id>/close")
def close_submit(customer_id: str) -> Response:
    """Close an account."""
    form = request.form
    try:
        closed = ban(customer_id, account(), now(), form.get("banReason", ""), form.get("version", ""))
    except Invalid as error:
        return _close_page(customer_id, form, error.errors, status=422)
    except ChangedMeanwhile as error:
        given = {"banReason": form.get("banReason", ""), "version": get_customer(customer_id, account()).version}
        return _close_page(customer_id, given, refusal=message_of(error), status=409)
    flash(gettext("The account of %(name)s is closed.", name=closed.name), "ok")
    return go_to(url_for("staff.customers.show", customer_id=customer_id))


def _close_page(
    customer_id: str, form: Any, errors: Sequence[FieldError] = (), status: int = 200, **more: Any
) -> Response:
    context: dict[str, Any] = {
        "customer": get_customer(customer_id, account()),
        "ahead": bookings_ahead(customer_id, account(), current_rules(), now()),
        "form": form,
        "errors": errors,
    }
    return render("staff/customers/close.html", status=status, **context, **more)


@pages.post("/<customer_id>/open")
def reopen(customer_id: str) -> Response:
    """Open a closed account again."""
    found = unban(customer_id, account(), now())
    flash(gettext("The account of %(name)s is open again.", name=found.name), "ok")
    return go_to(url_for("staff.customers.show", customer_id=customer_id))


@pages.get("/<customer_id>/delete")
def delete(customer_id: str) -> Response:
    """Say whether an account can be removed, and ask."""
    return _delete_page(customer_id)


@pages.post("/<customer_id>/delete")
def delete_submit(customer_id: str) -> Response:
    """Remove an account that never booked."""
    try:
        delete_customer(customer_id, account())
    except Conflict as error:
        return _delete_page(customer_id, refusal=message_of(error), status=409)
    flash(gettext("The account is gone."), "ok")
    return go_to(url_for("staff.customers.index"))


def _delete_page(customer_id: str, status: int = 200, **more: Any) -> Response:
    found = read_customer(customer_id, 1, account(), current_rules(), now())
    return render("staff/customers/delete.html", status=status, file=found, **more)
