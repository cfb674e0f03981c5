"""What does the hosted payment page offer, and how did it end? (docs.stripe.com/api/checkout/sessions)"""

from urllib.parse import urlsplit

from portal.stripe_sandbox.cards import billing_details
from portal.stripe_sandbox.catalogue import add_price
from portal.stripe_sandbox.customers import add_customer
from portal.stripe_sandbox.errors import Json, Refusal, Unread, missing, unsupported
from portal.stripe_sandbox.events import emit
from portal.stripe_sandbox.intents import CARD, EVERYTHING, WHEN_PAID, check_suffix, release
from portal.stripe_sandbox.listing import include, list_of, matching, page_of
from portal.stripe_sandbox.money import check_amount
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing

SHORTEST, LONGEST = 30 * 60, 24 * 3600  # seconds that a session lives

_PRICE_DATA = (
    "currency unit_amount unit_amount_decimal tax_behavior product recurring product_data.name product_data.description"
    " product_data.images product_data.metadata product_data.tax_code"
)
_ITEM = "price quantity metadata " + " ".join(f"price_data.{name}" for name in _PRICE_DATA.split())
_HONOURS = (
    "mode ui_mode success_url cancel_url client_reference_id customer customer_email customer_creation expires_at"
    " metadata locale currency submit_type allowed_payment_method_types after_expiration.recovery.enabled"
    " adaptive_pricing.enabled"
    " payment_intent_data.capture_method payment_intent_data.description payment_intent_data.metadata"
    " payment_intent_data.receipt_email payment_intent_data.setup_future_usage"
    " payment_intent_data.statement_descriptor_suffix subscription_data.metadata subscription_data.description "
    + " ".join(f"line_items.{name}" for name in _ITEM.split())
)
_NULLS = (
    "after_expiration allow_promotion_codes billing_address_collection client_secret collected_information"
    " consent consent_collection currency_conversion customer_account customer_details integration_identifier invoice"
    " invoice_creation managed_payments optional_items origin_context payment_intent payment_link"
    " payment_method_configuration_details permissions recovered_from saved_payment_method_options setup_intent"
    " shipping_address_collection shipping_cost subscription wallet_options"
)


@operation("post", "/v1/checkout/sessions", "checkout.SessionCreateParams", _HONOURS)
def create_session(state: State, values: Json) -> Json:
    """Open a payment page."""
    _check(state, values)
    expires = _expiry(state, values)
    items = [_line(state, item, place) for place, item in enumerate(values["line_items"])]
    _check_items(values["mode"], items)
    total = sum(item["amount_total"] for item in items)
    if total:
        what = "The Checkout Session's total amount due"
        check_amount(total, items[0]["currency"], "line_items", what)
    session = _new_session(state, values, items, expires)
    state.add(session)
    state.hidden[session["id"]] |= {"items": items, "data": _data(values)}
    state.set_alarm(session["id"], expires)
    return session


def _check(state: State, values: Json) -> None:
    for name in ("mode", "success_url", "line_items"):
        if name not in values:
            raise missing(name)
    if values["mode"] == "setup":
        raise unsupported("mode=setup")
    if values.get("ui_mode", "hosted_page") != "hosted_page":
        raise unsupported(f"ui_mode={values['ui_mode']}")
    if values.get("after_expiration", {}).get("recovery", {}).get("enabled"):
        raise unsupported("after_expiration[recovery][enabled]=true")
    for name in ("success_url", "cancel_url"):
        _check_url(values.get(name), name)
    _check_customer(state, values)
    _check_data(values)


def _check_url(given: str | None, param: str) -> None:
    parts = urlsplit(given or "http://none")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Unread("Not a valid URL", code="url_invalid", param=param)


def _check_customer(state: State, values: Json) -> None:
    if "customer" in values and "customer_email" in values:
        message = "You may only specify one of these parameters: customer, customer_email."
        raise Refusal(message, param="customer")
    if "customer" in values:
        state.find("customer", values["customer"], param="customer")
    if "customer_creation" in values and ("customer" in values or values["mode"] != "payment"):
        message = "`customer_creation` can only be used in `payment` mode, and without `customer`."
        raise Refusal(message, param="customer_creation")


def _check_data(values: Json) -> None:
    other = {"payment": "subscription_data", "subscription": "payment_intent_data"}[values["mode"]]
    if other in values:
        raise Refusal(f"You can not pass `{other}` in `{values['mode']}` mode.", param=other)
    suffix = values.get("payment_intent_data", {}).get("statement_descriptor_suffix")
    check_suffix(suffix, "payment_intent_data[statement_descriptor_suffix]")


def _expiry(state: State, values: Json) -> int:
    now = state.clock.now
    expires: int = values.get("expires_at", now + LONGEST)
    if expires < now + SHORTEST:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise Refusal(message, param="expires_at")
    if expires > now + LONGEST:
        message = "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        raise Refusal(message, param="expires_at")
    return expires


def _line(state: State, item: Json, place: int) -> Json:
    where = f"line_items[{place}]"
    if ("price" in item) == ("price_data" in item):
        raise missing(f"{where}[price]")
    if "quantity" not in item:
        raise missing(f"{where}[quantity]")
    if item["quantity"] < 1:
        message = "This value must be greater than or equal to 1."
        raise Refusal(message, code="parameter_invalid_integer", param=f"{where}[quantity]")
    if "price" in item:
        price = state.find("price", item["price"], param=f"{where}[price]")
        if not price["active"]:
            raise Refusal("The price specified is inactive. This field only accepts active prices.", param=where)
    else:
        price = add_price(state, item["price_data"], f"{where}[price_data]")
    amount = price["unit_amount"] * item["quantity"]
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": state.tables["product"][price["product"]]["name"],
        "metadata": item.get("metadata") or {},
        "price": price,
        "quantity": item["quantity"],
    }


def _check_items(mode: str, items: list[Json]) -> None:
    if not items:
        raise missing("line_items")
    if len({item["currency"] for item in items}) > 1:
        raise Refusal("All line items must have the same currency.", param="line_items")
    recurring = [item for item in items if item["price"]["recurring"]]
    if mode == "payment" and recurring:
        message = (
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices."
        )
        raise Refusal(message, param="mode")
    if mode == "subscription" and 0 < len(recurring) < len(items):
        raise unsupported("line_items of one-time prices in subscription mode")
    if mode == "subscription" and not recurring:
        message = "You must provide at least one recurring price in `subscription` mode when using prices."
        raise Refusal(message, param="mode")


def _data(values: Json) -> Json:
    data: Json = values.get("payment_intent_data") or values.get("subscription_data") or {}
    return data


def _new_session(state: State, values: Json, items: list[Json], expires: int) -> Json:
    given = new_id("cs_test", 58)
    total = sum(item["amount_total"] for item in items)
    creation = values.get("customer_creation", "if_required") if values["mode"] == "payment" else "always"
    return {
        "id": given,
        "object": "checkout.session",
        **nothing(_NULLS),
        "adaptive_pricing": {"enabled": False},
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": nothing("liability provider status") | {"enabled": False},
        "cancel_url": values.get("cancel_url"),
        "client_reference_id": values.get("client_reference_id"),
        "created": state.clock.now,
        "currency": items[0]["currency"],
        "custom_fields": [],
        "custom_text": nothing("after_submit shipping_address submit terms_of_service_acceptance"),
        "customer": values.get("customer"),
        "customer_creation": None if "customer" in values else creation,
        "customer_email": values.get("customer_email"),
        "discounts": [],
        "expires_at": expires,
        "livemode": False,
        "locale": values.get("locale"),
        "metadata": metadata_after({}, values.get("metadata")),
        "mode": values["mode"],
        "payment_method_collection": "if_required" if values["mode"] == "payment" else "always",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": values.get("allowed_payment_method_types")
        or (EVERYTHING if values["mode"] == "payment" else CARD),
        "payment_status": "unpaid" if total else "no_payment_required",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "submit_type": values.get("submit_type"),
        "success_url": values["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{state.base_url}/c/pay/{given}",
    }


# ---------------------------------------------------------------- look, change, expire


@operation(
    "get", "/v1/checkout/sessions", "checkout.SessionListParams",
    f"{LISTING} customer customer_details.email payment_intent status subscription",
)  # fmt: skip
def list_sessions(state: State, values: Json) -> Json:
    """List payment pages."""
    fields = "customer payment_intent status subscription"
    found = matching(state.tables["checkout.session"].values(), values, fields)
    if email := values.get("customer_details", {}).get("email"):
        found = [one for one in found if (one["customer_details"] or {}).get("email") == email]
    return page_of(found, "/v1/checkout/sessions", values)


@operation("get", "/v1/checkout/sessions/{session}", "checkout.SessionRetrieveParams")
def retrieve_session(state: State, _values: Json, session: str) -> Json:
    """Return a payment page."""
    return state.find("checkout.session", session, param="session", in_path=True, noun="checkout.session")


@operation("post", "/v1/checkout/sessions/{session}", "checkout.SessionUpdateParams", "metadata")
def update_session(state: State, values: Json, session: str) -> Json:
    """Change a payment page's metadata."""
    found = retrieve_session(state, {}, session)
    found["metadata"] = metadata_after(found["metadata"], values.get("metadata"))
    return found


@operation(
    "get", "/v1/checkout/sessions/{session}/line_items", "checkout.SessionLineItemListParams",
    "ending_before limit starting_after",
)  # fmt: skip
def list_items(state: State, values: Json, session: str) -> Json:
    """List what a payment page sells."""
    found = retrieve_session(state, {}, session)
    items: list[Json] = state.hidden[found["id"]]["items"]
    return page_of(items[::-1], f"/v1/checkout/sessions/{session}/line_items", values)


@include("checkout.session", "line_items")
def _items_of(state: State, session: Json) -> Json:
    return list_of(state.hidden[session["id"]]["items"], f"/v1/checkout/sessions/{session['id']}/line_items")


@operation("post", "/v1/checkout/sessions/{session}/expire", "checkout.SessionExpireParams")
def expire_session(state: State, _values: Json, session: str) -> Json:
    """Close a payment page that nobody has paid on."""
    found = retrieve_session(state, {}, session)
    if found["status"] != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{found['status']}`."
        )
        raise Refusal(message)
    expire(state, found)
    return found


def expire(state: State, session: Json) -> None:
    """Close a payment page; an attempt that was begun on it is given up."""
    state.alarms.pop(session["id"], None)
    session.update(status="expired", url=None)
    intent = state.tables["payment_intent"].get(session["payment_intent"] or "")
    if intent:
        release(state, intent, "abandoned")
    emit(state, "checkout.session.expired", session)


def note_customer(state: State, session: Json, email: str) -> None:
    """Note who pays, and make a customer of him where the session wants one."""
    known = state.tables["customer"].get(session["customer"] or "", {})
    details = billing_details({"email": known.get("email") or session["customer_email"] or email})
    if session["customer"] is None and session["customer_creation"] == "always":
        session["customer"] = add_customer(state, {"email": details["email"]})["id"]
    session["customer_details"] = {
        "address": details["address"],
        "business_name": None,
        "email": details["email"],
        "individual_name": None,
        "name": known.get("name"),
        "phone": known.get("phone"),
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _note_paid(state: State, intent: Json) -> None:
    session = state.tables["checkout.session"].get(state.hidden[intent["id"]].get("session", ""))
    if session and session["status"] == "complete":
        session["payment_status"] = "paid"


WHEN_PAID.append(_note_paid)
