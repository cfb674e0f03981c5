"""Words for what the tests of payments ask Stripe for."""

from typing import Any

import stripe

SUCCESS = "https://portal.example.org/paid?session={CHECKOUT_SESSION_ID}"
BACK = "https://portal.example.org/back"
NO_REDIRECT = {"enabled": True, "allow_redirects": "never"}


def an_item(amount: int = 2500, currency: str = "eur", quantity: int = 1) -> dict[str, Any]:
    """One line of a payment page."""
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Consultation"}}
    return {"quantity": quantity, "price_data": price}


def a_page(client: stripe.StripeClient, **more: Any) -> Any:
    """Open a payment page."""
    asked = {"mode": "payment", "success_url": SUCCESS, "cancel_url": BACK, "line_items": [an_item()]}
    return client.v1.checkout.sessions.create({**asked, **more})  # type: ignore[typeddict-item]


def a_payment(client: stripe.StripeClient, card: str = "pm_card_visa", amount: int = 2500, **more: Any) -> Any:
    """Make a payment by card at once."""
    asked = {"amount": amount, "currency": "eur", "payment_method": card, "confirm": True}
    return client.v1.payment_intents.create(
        {**asked, "automatic_payment_methods": NO_REDIRECT, **more}  # type: ignore[typeddict-item]
    )


def a_subscription(client: stripe.StripeClient, card: str = "pm_card_visa", **more: Any) -> Any:
    """Begin a monthly subscription."""
    customer = client.v1.customers.create({"email": "alice@example.com"})
    method = client.v1.payment_methods.attach(card, {"customer": customer.id})
    price = client.v1.prices.create(
        {
            "currency": "eur",
            "unit_amount": 1000,
            "recurring": {"interval": "month"},
            "product_data": {"name": "Yoga on Mondays"},
        }
    )
    asked = {"customer": customer.id, "items": [{"price": price.id}], "default_payment_method": method.id}
    return client.v1.subscriptions.create({**asked, **more})  # type: ignore[typeddict-item]
