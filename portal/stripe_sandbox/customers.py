"""Who pays?"""

from portal.stripe_sandbox.errors import Json
from portal.stripe_sandbox.events import changes, emit
from portal.stripe_sandbox.listing import matching, page_of
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing

_FIELDS = "address description email name phone preferred_locales"
_HONOURS = f"{_FIELDS} metadata invoice_settings.default_payment_method"
_NULLS = "address currency default_source description discount email name phone preferred_locales shipping test_clock"


@operation("post", "/v1/customers", "CustomerCreateParams", f"{_HONOURS} payment_method")
def create_customer(state: State, values: Json) -> Json:
    """Make a customer."""
    from portal.stripe_sandbox.cards import attach_to, method_named

    customer = add_customer(state, values)
    if "payment_method" in values:
        attach_to(state, method_named(state, values["payment_method"], "payment_method"), customer["id"])
    return customer


def add_customer(state: State, values: Json) -> Json:
    """Keep a new customer."""
    customer = {
        "id": new_id("cus", 14),
        "object": "customer",
        **nothing(_NULLS),
        "balance": 0,
        "created": state.clock.now,
        "delinquent": False,
        "invoice_prefix": new_id("x", 8)[2:].upper(),
        "invoice_settings": nothing("custom_fields default_payment_method footer rendering_options"),
        "livemode": False,
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
    }
    _apply(customer, values)
    state.add(customer)
    emit(state, "customer.created", customer)
    return customer


def _apply(customer: Json, values: Json) -> None:
    customer.update({name: values[name] or None for name in _FIELDS.split() if name in values})
    customer["metadata"] = metadata_after(customer["metadata"], values.get("metadata"))
    customer["invoice_settings"] = {**customer["invoice_settings"], **values.get("invoice_settings", {})}


@operation("get", "/v1/customers", "CustomerListParams", f"{LISTING} email")
def list_customers(state: State, values: Json) -> Json:
    """List customers."""
    found = [one for one in state.tables["customer"].values() if not one.get("deleted")]
    return page_of(matching(found, values, "email"), "/v1/customers", values)


@operation("get", "/v1/customers/{customer}", "CustomerRetrieveParams")
def retrieve_customer(state: State, _values: Json, customer: str) -> Json:
    """Return a customer, or that he was deleted."""
    return state.find("customer", customer, param="id", in_path=True, deleted=True)


@operation("post", "/v1/customers/{customer}", "CustomerUpdateParams", _HONOURS)
def update_customer(state: State, values: Json, customer: str) -> Json:
    """Change a customer."""
    found = state.find("customer", customer, param="id", in_path=True)
    before = dict(found)
    _apply(found, values)
    emit(state, "customer.updated", found, changes(before, found))
    return found


@operation("delete", "/v1/customers/{customer}", "CustomerDeleteParams")
def delete_customer(state: State, _values: Json, customer: str) -> Json:
    """Delete a customer; his id answers for ever that he was deleted."""
    found = state.find("customer", customer, param="id", in_path=True)
    emit(state, "customer.deleted", found)
    gone = {"id": customer, "object": "customer", "deleted": True}
    state.tables["customer"][customer] = gone
    return gone
