"""Customers: find them, set their attributes, close an account."""

from flask import Response

from portal.api import answers, present
from portal.api.bookings import next_link
from portal.api.callers import signed_in
from portal.api.operations import Who, answer, nothing, operation
from portal.api.requests import body, query
from portal.api.schemas import ChangeCustomerBody, CreateCustomerBody, CustomersQuery
from portal.usecases import customers
from portal.usecases.customers import Particulars
from portal.web.context import current_rules, now


@operation("getCustomers", "GET", "/customers", Who.STAFF, query=CustomersQuery, answer=list[answers.Customer])
def get_customers() -> Response:
    """List accounts, optionally those whose name or address contains a text."""
    asked = query(CustomersQuery)
    page = customers.list_customers(signed_in(), asked.search, asked.limit, asked.cursor)
    response = answer([present.customer(one) for one in page.customers])
    if page.next_after:
        response.headers["Link"] = next_link(page.next_after)
    return response


@operation("createCustomer", "POST", "/customers", Who.STAFF, body=CreateCustomerBody, answer=answers.Customer)
def create_customer() -> Response:
    """Make an account without a password, for somebody who calls or walks in."""
    given = body(CreateCustomerBody)
    more = Particulars(given.contact_phone, given.internal_notes, current_rules().region)
    made = customers.create_customer(given.email, given.name, given.attributes, signed_in(), now(), more)
    return answer(present.customer(made))


@operation("getCustomer", "GET", "/customers/<customer_id>", Who.STAFF, answer=answers.Customer)
def get_customer(customer_id: str) -> Response:
    """Read an account."""
    return answer(present.customer(customers.get_customer(customer_id, signed_in())))


@operation(
    "updateCustomer",
    "PUT",
    "/customers/<customer_id>",
    Who.STAFF,
    body=ChangeCustomerBody,
    answer=answers.Customer,
)
def update_customer(customer_id: str) -> Response:
    """Change name, telephone, notes, attributes, role or status (banned, with a reason: its tokens end at once)."""
    given = body(ChangeCustomerBody)
    changed = customers.change_customer(
        customer_id,
        signed_in(),
        now(),
        name=given.name,
        attributes=given.attributes,
        status=given.status,
        ban_reason=given.ban_reason,
        role=given.role,
        more=_particulars(given),
    )
    return answer(present.customer(changed))


def _particulars(given: ChangeCustomerBody) -> Particulars:
    """Return what was given; null empties."""
    phone, notes = (
        getattr(given, name) or "" if name in given.model_fields_set else None
        for name in ("contact_phone", "internal_notes")
    )
    return Particulars(phone, notes, current_rules().region)


@operation("deleteCustomer", "DELETE", "/customers/<customer_id>", Who.STAFF)
def delete_customer(customer_id: str) -> Response:
    """Remove an account that never booked."""
    customers.delete_customer(customer_id, signed_in())
    return nothing()
