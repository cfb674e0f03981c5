"""What is sold, and for how much?"""

from decimal import Decimal

from portal.stripe_sandbox.errors import Json, Refusal, missing
from portal.stripe_sandbox.events import changes, emit
from portal.stripe_sandbox.listing import matching, page_of
from portal.stripe_sandbox.money import check_coin, check_currency
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing

_PRODUCT = "active description images metadata name statement_descriptor tax_code unit_label url"


@operation("post", "/v1/products", "ProductCreateParams", f"{_PRODUCT} id")
def create_product(state: State, values: Json) -> Json:
    """Make a product."""
    if values.get("id") in state.tables["product"]:
        raise Refusal("Product already exists.", code="resource_already_exists", param="id")
    product = {
        "id": values.get("id") or new_id("prod", 14),
        "object": "product",
        **nothing(
            "default_price description package_dimensions shippable statement_descriptor tax_code unit_label url"
        ),
        "active": True,
        "created": state.clock.now,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "updated": state.clock.now,
    }
    product.update({name: value for name, value in values.items() if name in _PRODUCT.split()})
    product["metadata"] = metadata_after({}, values.get("metadata"))
    state.add(product)
    emit(state, "product.created", product)
    return product


@operation("get", "/v1/products", "ProductListParams", f"{LISTING} active")
def list_products(state: State, values: Json) -> Json:
    """List products."""
    return page_of(matching(state.tables["product"].values(), values, "active"), "/v1/products", values)


@operation("get", "/v1/products/{id}", "ProductRetrieveParams")
def retrieve_product(state: State, _values: Json, id: str) -> Json:
    """Return a product."""
    return state.find("product", id, param="id", in_path=True)


@operation("post", "/v1/products/{id}", "ProductUpdateParams", _PRODUCT)
def update_product(state: State, values: Json, id: str) -> Json:
    """Change a product."""
    found = state.find("product", id, param="id", in_path=True)
    before = dict(found)
    changed = {name: value or None for name, value in values.items() if name in _PRODUCT.split()}
    found.update(changed, metadata=metadata_after(found["metadata"], values.get("metadata")), updated=state.clock.now)
    found["active"] = values.get("active", before["active"])
    found["images"] = found["images"] or []
    emit(state, "product.updated", found, changes(before, found))
    return found


# ---------------------------------------------------------------- prices

_PRICE = "currency unit_amount unit_amount_decimal tax_behavior recurring.interval recurring.interval_count"


@operation(
    "post", "/v1/prices", "PriceCreateParams", f"{_PRICE} product product_data active metadata nickname lookup_key"
)
def create_price(state: State, values: Json) -> Json:
    """Make a price."""
    price = add_price(state, values, "")
    emit(state, "price.created", price)
    return price


def add_price(state: State, values: Json, inside: str) -> Json:
    """Keep a new price and, where it comes with one, its product; `inside` is the name of the parameter it is in."""
    currency = check_currency(values["currency"], f"{inside}[currency]" if inside else "currency")
    amount = _amount(values, currency, inside)
    if ("product" in values) == ("product_data" in values):
        raise missing(f"{inside}[product]" if inside else "product")
    if "product" in values:
        product = state.find("product", values["product"], param="product")["id"]
    else:
        product = create_product(state, {**values["product_data"], "active": not inside})["id"]
    price = {
        "id": new_id("price"),
        "object": "price",
        **nothing("custom_unit_amount lookup_key nickname recurring tiers_mode transform_quantity"),
        "active": values.get("active", not inside),
        "billing_scheme": "per_unit",
        "created": state.clock.now,
        "currency": currency,
        "livemode": False,
        "lookup_key": values.get("lookup_key"),
        "metadata": metadata_after({}, values.get("metadata")),
        "nickname": values.get("nickname"),
        "product": product,
        "recurring": _recurring(values.get("recurring")),
        "tax_behavior": values.get("tax_behavior", "unspecified"),
        "type": "recurring" if "recurring" in values else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
    }
    return state.add(price)


def _amount(values: Json, currency: str, inside: str) -> int:
    name = "unit_amount" if "unit_amount" in values else "unit_amount_decimal"
    param = f"{inside}[{name}]" if inside else name
    if ("unit_amount" in values) == ("unit_amount_decimal" in values):
        raise Refusal("You must specify either `unit_amount` or `unit_amount_decimal`, and not both.", param=param)
    exact = Decimal(values[name])
    if exact < 0 or exact != int(exact):
        raise Refusal(f"Invalid non-negative integer: {exact}", code="parameter_invalid_integer", param=param)
    check_coin(int(exact), currency, param)
    return int(exact)


def _recurring(given: Json | None) -> Json | None:
    if given is None:
        return None
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": None,
        "usage_type": "licensed",
    }


@operation("get", "/v1/prices", "PriceListParams", f"{LISTING} active currency product type")
def list_prices(state: State, values: Json) -> Json:
    """List prices."""
    return page_of(
        matching(state.tables["price"].values(), values, "active currency product type"), "/v1/prices", values
    )


@operation("get", "/v1/prices/{price}", "PriceRetrieveParams")
def retrieve_price(state: State, _values: Json, price: str) -> Json:
    """Return a price."""
    return state.find("price", price, param="price", in_path=True)


@operation("post", "/v1/prices/{price}", "PriceUpdateParams", "active metadata nickname")
def update_price(state: State, values: Json, price: str) -> Json:
    """Change what can be changed of a price: never its amount."""
    found = state.find("price", price, param="price", in_path=True)
    before = dict(found)
    found.update({name: values[name] for name in ("active", "nickname") if name in values})
    found["metadata"] = metadata_after(found["metadata"], values.get("metadata"))
    emit(state, "price.updated", found, changes(before, found))
    return found
