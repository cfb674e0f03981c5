"""How does a subscription begin, go on and end?"""

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from portal.stripe_sandbox.cards import method_named
from portal.stripe_sandbox.catalogue import add_price
from portal.stripe_sandbox.errors import Json, Refusal, missing
from portal.stripe_sandbox.events import changes, emit
from portal.stripe_sandbox.intents import WHEN_PAID, release
from portal.stripe_sandbox.invoices import add_invoice, charge_invoice, default_method, subscription_of
from portal.stripe_sandbox.listing import list_of, matching, page_of
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, metadata_after, new_id, nothing

_INCOMPLETE = 23 * 3600  # seconds in which the first invoice must be paid
_COMMON = "cancel_at cancel_at_period_end default_payment_method description metadata payment_behavior"
_ITEM = "items.price items.price_data items.quantity"
_KEEP = "payment_settings.save_default_payment_method"
_NULLS = (
    "application application_fee_percent billing_cycle_anchor_config billing_thresholds cancel_at canceled_at"
    " customer_account days_until_due default_payment_method default_source default_tax_rates description ended_at"
    " latest_invoice next_pending_invoice_item_invoice on_behalf_of pause_collection pending_invoice_item_interval"
    " pending_setup_intent pending_update schedule test_clock transfer_data trial_end trial_start"
)


@operation("post", "/v1/subscriptions", "SubscriptionCreateParams", f"{_COMMON} customer {_ITEM} {_KEEP}")
def create_subscription(state: State, values: Json) -> Json:
    """Begin a subscription; its first invoice is charged at once unless `payment_behavior` says to wait."""
    if not values.get("items"):
        raise missing("items")
    if "customer" not in values:
        raise missing("customer")
    state.find("customer", values["customer"], param="customer")
    subscription, failure = start_subscription(state, values)
    if failure and values.get("payment_behavior") == "error_if_incomplete":
        del state.tables["subscription"][subscription["id"]]
        raise failure
    return subscription


def start_subscription(state: State, values: Json, *, undo_failure: bool = False) -> tuple[Json, Refusal | None]:
    """Keep a new subscription and charge its first invoice; returns also why that failed."""
    subscription = _new(state, values)
    if values.get("default_payment_method"):
        method = method_named(state, values["default_payment_method"], "default_payment_method")
        subscription["default_payment_method"] = method["id"]
    state.add(subscription)
    emit(state, "customer.subscription.created", subscription)
    invoice = add_invoice(state, subscription, "subscription_create")
    subscription["latest_invoice"] = invoice["id"]
    if values.get("payment_behavior") == "default_incomplete":
        failure = None
    else:
        failure = charge_invoice(state, invoice, default_method(state, subscription))
    if invoice["status"] == "paid":
        _take_up(state, subscription)  # nothing was to be charged
    if failure and undo_failure:
        _end(state, subscription, "incomplete_expired")
    elif subscription["status"] == "incomplete":
        state.set_alarm(subscription["id"], state.clock.now + _INCOMPLETE)
    return subscription, failure


def _new(state: State, values: Json) -> Json:
    given, now = new_id("sub"), state.clock.now
    items = [_item(state, given, item, place) for place, item in enumerate(values["items"])]
    if len({(one["price"]["currency"], str(one["price"]["recurring"])) for one in items}) > 1:
        raise Refusal("All prices on a subscription must have the same currency and interval.", param="items")
    return {
        "id": given,
        "object": "subscription",
        **nothing(_NULLS),
        "automatic_tax": nothing("disabled_reason liability") | {"enabled": False},
        "billing_cycle_anchor": now,
        "billing_mode": {"flexible": None, "type": "classic"},
        "billing_schedules": [],
        "cancel_at": values.get("cancel_at") or None,
        "cancel_at_period_end": values.get("cancel_at_period_end", False),
        "cancellation_details": nothing("comment feedback reason"),
        "collection_method": "charge_automatically",
        "created": now,
        "currency": items[0]["price"]["currency"],
        "customer": values["customer"],
        "description": values.get("description") or None,
        "discounts": [],
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": list_of(items, f"/v1/subscription_items?subscription={given}"),
        "livemode": False,
        "metadata": metadata_after({}, values.get("metadata")),
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": values.get("payment_settings", {}).get("save_default_payment_method", "off"),
        },
        "start_date": now,
        "status": "incomplete",
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
    }


def _item(state: State, subscription: str, given: Json, place: int) -> Json:
    if ("price" in given) == ("price_data" in given):
        raise missing(f"items[{place}][price]")
    if "price" in given:
        price = state.find("price", given["price"], param=f"items[{place}][price]")
    else:
        price = add_price(state, given["price_data"], f"items[{place}][price_data]")
    if not price["recurring"]:
        message = (
            "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."
        )
        raise Refusal(message, param=f"items[{place}][price]")
    now = state.clock.now
    return {
        "id": new_id("si", 14),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": now,
        "current_period_end": period_end(now, now, price["recurring"]),
        "current_period_start": now,
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": given.get("quantity", 1),
        "subscription": subscription,
        "tax_rates": [],
    }


def period_end(start: int, anchor: int, recurring: Json) -> int:
    """Return when a period ends; months end on the anchor's day, or on their last where they are shorter."""
    begin, count = datetime.fromtimestamp(start, UTC), recurring["interval_count"]
    if recurring["interval"] in ("day", "week"):
        days = count * {"day": 1, "week": 7}[recurring["interval"]]
        return int((begin + timedelta(days=days)).timestamp())
    months = begin.year * 12 + begin.month - 1 + count * {"month": 1, "year": 12}[recurring["interval"]]
    year, month = months // 12, months % 12 + 1
    day = min(datetime.fromtimestamp(anchor, UTC).day, monthrange(year, month)[1])
    return int(begin.replace(year=year, month=month, day=day).timestamp())


# ---------------------------------------------------------------- as time goes by


def go_on(state: State, subscription: Json, reached: int) -> None:
    """Do what is due at an age: charge the next period, or end."""
    if subscription["status"] == "incomplete":
        _end(state, subscription, "incomplete_expired")
        return
    item = subscription["items"]["data"][0]
    end = item["current_period_end"]
    if subscription["cancel_at_period_end"] or _is_over(subscription, end):
        _end(state, subscription, "canceled")
        return
    before = dict(subscription)
    for one in subscription["items"]["data"]:
        one["current_period_start"] = end
        one["current_period_end"] = period_end(end, subscription["billing_cycle_anchor"], one["price"]["recurring"])
    state.alarms[subscription["id"]] = reached + item["current_period_end"] - end
    invoice = add_invoice(state, subscription, "subscription_cycle")
    subscription["latest_invoice"] = invoice["id"]
    if charge_invoice(state, invoice, default_method(state, subscription)):
        subscription["status"] = "past_due"
    emit(state, "customer.subscription.updated", subscription, changes(before, subscription))


def _is_over(subscription: Json, end: int) -> bool:
    return subscription["cancel_at"] is not None and bool(subscription["cancel_at"] <= end)


def _end(state: State, subscription: Json, status: str) -> None:
    state.alarms.pop(subscription["id"], None)
    now = state.clock.now
    canceled_at = subscription["canceled_at"] or (now if status == "canceled" else None)
    subscription.update(status=status, ended_at=now, canceled_at=canceled_at)
    _void_first(state, subscription)
    kind = "deleted" if status == "canceled" else "updated"
    emit(state, f"customer.subscription.{kind}", subscription)


def _void_first(state: State, subscription: Json) -> None:
    """Give up the first invoice of a subscription that never began."""
    invoice = state.tables["invoice"][subscription["latest_invoice"]]
    if subscription["status"] == "incomplete_expired" and invoice["status"] == "open":
        invoice.update(status="void", auto_advance=False)
        release(state, state.tables["payment_intent"][state.hidden[invoice["id"]]["intent"]], "void_invoice")
        emit(state, "invoice.voided", invoice)


def _note_paid(state: State, intent: Json) -> None:
    """Begin a subscription, or go on with it, once what is open is paid."""
    invoice = state.tables["invoice"].get(state.hidden[intent["id"]].get("invoice", ""))
    subscription = state.tables["subscription"].get(subscription_of(invoice)) if invoice else None
    if subscription is None:
        return
    if subscription["payment_settings"]["save_default_payment_method"] == "on_subscription":
        subscription["default_payment_method"] = intent["payment_method"]
    _take_up(state, subscription)


def _take_up(state: State, subscription: Json) -> None:
    if subscription["status"] not in ("incomplete", "past_due"):
        return
    if subscription["status"] == "incomplete":
        state.set_alarm(subscription["id"], subscription["items"]["data"][0]["current_period_end"])
    was = {"status": subscription["status"]}
    subscription["status"] = "active"
    emit(state, "customer.subscription.updated", subscription, was)


WHEN_PAID.append(_note_paid)


# ---------------------------------------------------------------- look, change, cancel


@operation("get", "/v1/subscriptions", "SubscriptionListParams", f"{LISTING} customer price status")
def list_subscriptions(state: State, values: Json) -> Json:
    """List subscriptions; those that were cancelled only where their status is asked for."""
    status = values.get("status")
    found = matching(state.tables["subscription"].values(), values, "customer")
    if status is None:
        found = [one for one in found if one["status"] != "canceled"]
    elif status != "all":
        found = [one for one in found if one["status"] == status or (status == "ended" and one["ended_at"])]
    if "price" in values:
        found = [one for one in found if any(i["price"]["id"] == values["price"] for i in one["items"]["data"])]
    return page_of(found, "/v1/subscriptions", values)


@operation("get", "/v1/subscriptions/{subscription_exposed_id}", "SubscriptionRetrieveParams")
def retrieve_subscription(state: State, _values: Json, subscription_exposed_id: str) -> Json:
    """Return a subscription."""
    return state.find("subscription", subscription_exposed_id, param="id", in_path=True)


@operation("post", "/v1/subscriptions/{subscription_exposed_id}", "SubscriptionUpdateParams", _COMMON)
def update_subscription(state: State, values: Json, subscription_exposed_id: str) -> Json:
    """Change a subscription: its card, its end, what it says of itself."""
    found = _living(state, subscription_exposed_id)
    before = dict(found)
    if values.get("default_payment_method"):
        method = method_named(state, values["default_payment_method"], "default_payment_method")
        found["default_payment_method"] = method["id"]
    plain: Json = {name: values[name] or None for name in ("cancel_at", "description") if name in values}
    found.update(plain, metadata=metadata_after(found["metadata"], values.get("metadata")))
    found["cancel_at_period_end"] = values.get("cancel_at_period_end", found["cancel_at_period_end"])
    if found["cancel_at_period_end"] != before["cancel_at_period_end"]:
        found["canceled_at"] = state.clock.now if found["cancel_at_period_end"] else None
    emit(state, "customer.subscription.updated", found, changes(before, found))
    return found


@operation("delete", "/v1/subscriptions/{subscription_exposed_id}", "SubscriptionCancelParams", "cancellation_details")
def cancel_subscription(state: State, values: Json, subscription_exposed_id: str) -> Json:
    """End a subscription at once; what was paid stays paid."""
    found = _living(state, subscription_exposed_id)
    found["cancellation_details"] |= {"reason": "cancellation_requested", **values.get("cancellation_details", {})}
    _end(state, found, "canceled")
    return found


def _living(state: State, given: str) -> Json:
    found = retrieve_subscription(state, {}, given)
    if found["ended_at"]:
        raise Refusal(f"No such subscription: '{given}'", status=404, code="resource_missing", param="id")
    return found


@operation(
    "get", "/v1/subscription_items", "SubscriptionItemListParams", "ending_before limit starting_after subscription"
)
def list_subscription_items(state: State, values: Json) -> Json:
    """List what a subscription is for."""
    found = state.find("subscription", values["subscription"], param="subscription")
    return page_of(found["items"]["data"][::-1], "/v1/subscription_items", values)
