"""What is a subscription's invoice, and how is it paid?"""

from portal.stripe_sandbox.cards import card_of
from portal.stripe_sandbox.errors import Json, Refusal
from portal.stripe_sandbox.events import emit
from portal.stripe_sandbox.intents import NEEDS_PAYER, WHEN_PAID, add_intent, attempt, decline_intent, release
from portal.stripe_sandbox.listing import include, list_of, matching, page_of
from portal.stripe_sandbox.routes import LISTING, operation
from portal.stripe_sandbox.state import State, new_id, nothing

_NULLS = (
    "account_country account_name account_tax_ids application automatically_finalizes_at custom_fields customer_account"
    " confirmation_secret customer_address customer_shipping default_payment_method default_source description due_date"
    " ending_balance footer from_invoice hosted_invoice_url invoice_pdf last_finalization_error latest_revision"
    " next_payment_attempt on_behalf_of receipt_number rendering shipping_cost shipping_details statement_descriptor"
    " test_clock total_discount_amounts total_pretax_credit_amounts total_taxes webhooks_delivered_at"
)
_ZEROS = (
    "amount_overpaid amount_paid amount_paid_off_stripe amount_shipping attempt_count post_payment_credit_notes_amount"
    " pre_payment_credit_notes_amount starting_balance"
)


def add_invoice(state: State, subscription: Json, reason: str) -> Json:
    """Keep a new invoice for the subscription's current period, finalized, with the intent that pays it."""
    given = new_id("in")
    lines = [_line(state, given, subscription, item) for item in subscription["items"]["data"]]
    total = sum(line["amount"] for line in lines)
    customer = state.tables["customer"][subscription["customer"]]
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] += 1
    invoice = {
        "id": given,
        "object": "invoice",
        **nothing(_NULLS),
        **dict.fromkeys(_ZEROS.split(), 0),
        "amount_due": total,
        "amount_remaining": total,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": nothing("disabled_reason liability provider status") | {"enabled": False},
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": state.clock.now,
        "currency": subscription["currency"],
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": [],
        "effective_at": state.clock.now,
        "issuer": {"type": "self"},
        "lines": list_of(lines, f"/v1/invoices/{given}/lines"),
        "livemode": False,
        "metadata": {},
        "number": f"{customer['invoice_prefix']}-{number:04}",
        "parent": _parent(subscription),
        "payment_settings": nothing("default_mandate payment_method_options payment_method_types"),
        "period_end": state.clock.now,
        "period_start": state.clock.now,
        "status": "open",
        "status_transitions": nothing("marked_uncollectible_at paid_at voided_at") | {"finalized_at": state.clock.now},
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_excluding_tax": total,
    }
    state.add(invoice)
    _add_payment(state, invoice)
    emit(state, "invoice.created", invoice)
    emit(state, "invoice.finalized", invoice)
    return invoice


def _parent(subscription: Json) -> Json:
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def _line(state: State, invoice: str, subscription: Json, item: Json) -> Json:
    amount = item["price"]["unit_amount"] * item["quantity"]
    product = state.tables["product"][item["price"]["product"]]
    parent = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    price = {"price": item["price"]["id"], "product": product["id"]}
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": subscription["currency"],
        "description": f"{item['quantity']} × {product['name']}",
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice,
        "livemode": False,
        "metadata": dict(subscription["metadata"]),
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": parent,
            "type": "subscription_item_details",
        },
        "period": {"end": item["current_period_end"], "start": item["current_period_start"]},
        "pretax_credit_amounts": [],
        "pricing": {"price_details": price, "type": "price_details", "unit_amount_decimal": str(amount)},
        "quantity": item["quantity"],
        "subtotal": amount,
        "taxes": [],
    }


def _add_payment(state: State, invoice: Json) -> None:
    """Make the intent that pays an invoice: it has none of the subscription's metadata."""
    if not invoice["total"]:
        return
    asked = {"amount": invoice["total"], "currency": invoice["currency"], "customer": invoice["customer"]}
    intent = add_intent(state, {**asked, "allowed_payment_method_types": ["card"], "capture_method": "automatic"})
    state.hidden[intent["id"]]["invoice"] = invoice["id"]
    invoice["confirmation_secret"] = {"client_secret": intent["client_secret"], "type": "payment_intent"}
    payment = {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["total"],
        "created": state.clock.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": nothing("canceled_at paid_at"),
    }
    state.hidden[invoice["id"]] |= {"intent": intent["id"], "payment": state.add(payment)["id"]}
    emit(state, "payment_intent.created", intent)


def charge_invoice(state: State, invoice: Json, method: Json | None) -> Refusal | None:
    """Charge an invoice to a card without its payer; returns why that failed."""
    if not invoice["total"]:
        mark_paid(state, invoice)
        return None
    intent = state.tables["payment_intent"][state.hidden[invoice["id"]]["intent"]]
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    if method is None:
        failure: Refusal | None = Refusal(
            "This customer has no attached payment source or default payment method.", code="resource_missing"
        )
    else:
        intent.update(payment_method=method["id"])
        needs_payer = card_of(state, method).authenticate
        failure = decline_intent(state, intent, NEEDS_PAYER) if needs_payer else attempt(state, intent)
    if failure:
        emit(state, "invoice.payment_failed", invoice)
    return failure


def mark_paid(state: State, invoice: Json) -> None:
    """Note that an invoice's money is there."""
    now = state.clock.now
    invoice.update(status="paid", amount_paid=invoice["total"], amount_remaining=0, attempted=True, auto_advance=False)
    invoice["status_transitions"]["paid_at"] = now
    payment = state.tables["invoice_payment"].get(state.hidden[invoice["id"]].get("payment", ""))
    if payment:
        payment.update(status="paid", amount_paid=invoice["total"])
        payment["status_transitions"]["paid_at"] = now
        emit(state, "invoice_payment.paid", payment)
    emit(state, "invoice.paid", invoice)
    emit(state, "invoice.payment_succeeded", invoice)


def _note_paid(state: State, intent: Json) -> None:
    invoice = state.tables["invoice"].get(state.hidden[intent["id"]].get("invoice", ""))
    if invoice and invoice["status"] == "open":
        mark_paid(state, invoice)


WHEN_PAID.append(_note_paid)


@operation("get", "/v1/invoices", "InvoiceListParams", f"{LISTING} customer status subscription")
def list_invoices(state: State, values: Json) -> Json:
    """List invoices."""
    found = matching(state.tables["invoice"].values(), values, "customer status")
    if "subscription" in values:
        found = [one for one in found if subscription_of(one) == values["subscription"]]
    return page_of(found, "/v1/invoices", values)


def subscription_of(invoice: Json) -> str:
    """Return the id of the subscription that an invoice is for."""
    given: str = invoice["parent"]["subscription_details"]["subscription"]
    return given


@operation("get", "/v1/invoices/{invoice}", "InvoiceRetrieveParams")
def retrieve_invoice(state: State, _values: Json, invoice: str) -> Json:
    """Return an invoice."""
    return state.find("invoice", invoice, param="invoice", in_path=True)


@operation("get", "/v1/invoices/{invoice}/lines", "InvoiceLineItemListParams", "ending_before limit starting_after")
def list_lines(state: State, values: Json, invoice: str) -> Json:
    """List what an invoice asks money for."""
    lines = retrieve_invoice(state, {}, invoice)["lines"]["data"]
    return page_of(lines[::-1], f"/v1/invoices/{invoice}/lines", values)


@operation("post", "/v1/invoices/{invoice}/pay", "InvoicePayParams", "payment_method off_session")
def pay_invoice(state: State, values: Json, invoice: str) -> Json:
    """Charge an invoice again."""
    from portal.stripe_sandbox.cards import method_named

    found = retrieve_invoice(state, {}, invoice)
    if found["status"] == "paid":
        raise Refusal("Invoice is already paid", code="invoice_already_paid")
    _check_open(found, "pay")
    if "payment_method" in values:
        method: Json | None = method_named(state, values["payment_method"], "payment_method")
    else:
        method = default_method(state, state.tables["subscription"][subscription_of(found)])
    failure = charge_invoice(state, found, method)
    if failure:
        raise failure
    return found


def default_method(state: State, subscription: Json) -> Json | None:
    """Return the card that a subscription is charged to."""
    customer = state.tables["customer"][subscription["customer"]]
    given = subscription["default_payment_method"]
    if given is None and not customer.get("deleted"):
        given = customer["invoice_settings"]["default_payment_method"]
    return state.tables["payment_method"].get(given or "")


@operation("post", "/v1/invoices/{invoice}/void", "InvoiceVoidInvoiceParams")
def void_invoice(state: State, _values: Json, invoice: str) -> Json:
    """Ask for an invoice's money no more."""
    found = retrieve_invoice(state, {}, invoice)
    _check_open(found, "void")
    found.update(status="void", auto_advance=False)
    found["status_transitions"]["voided_at"] = state.clock.now
    if given := state.hidden[invoice].get("intent"):
        payment = state.tables["invoice_payment"][state.hidden[invoice]["payment"]]
        payment.update(status="canceled")
        payment["status_transitions"]["canceled_at"] = state.clock.now
        release(state, state.tables["payment_intent"][given], "void_invoice")
    emit(state, "invoice.voided", found)
    return found


def _check_open(invoice: Json, verb: str) -> None:
    if invoice["status"] != "open":
        message = f"You can only {verb} an open invoice. This invoice has a status of {invoice['status']}."
        raise Refusal(message, code="invoice_not_editable")


@include("invoice", "payments")
def _payments_of(state: State, invoice: Json) -> Json:
    found = [one for one in state.tables["invoice_payment"].values() if one["invoice"] == invoice["id"]]
    return list_of(found, f"/v1/invoice_payments?invoice={invoice['id']}")


@operation(
    "get", "/v1/invoice_payments", "InvoicePaymentListParams",
    f"{LISTING} invoice status payment.type payment.payment_intent",
)  # fmt: skip
def list_payments(state: State, values: Json) -> Json:
    """List the payments of invoices, for example by the intent that made them."""
    found = matching(state.tables["invoice_payment"].values(), values, "invoice status")
    if "payment" in values:
        found = [one for one in found if values["payment"].items() <= one["payment"].items()]
    return page_of(found, "/v1/invoice_payments", values)


@operation("get", "/v1/invoice_payments/{invoice_payment}", "InvoicePaymentRetrieveParams")
def retrieve_payment(state: State, _values: Json, invoice_payment: str) -> Json:
    """Return the payment of an invoice."""
    return state.find("invoice_payment", invoice_payment, param="invoice_payment", in_path=True)
