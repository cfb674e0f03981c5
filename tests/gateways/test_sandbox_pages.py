"""The pages that the sandbox shows: where a payer pays, and where a developer makes things happen."""

import socket
from typing import Any

import pytest
import stripe
from flask import Flask
from flask.testing import FlaskClient

from portal.config import SettingError, Settings
from portal.stripe_sandbox import Sandbox, create_sandbox
from portal.stripe_sandbox.beside import check_not_production, demo_environ, settings_of
from portal.stripe_sandbox.control import ACTIONS
from portal.stripe_sandbox.sandbox import FAULTS
from tests.gateways.payments import BACK, a_page, a_payment, a_subscription, an_item
from tests.server import free_port


@pytest.fixture
def pages(sandbox: Sandbox) -> FlaskClient:
    """A browser on this machine."""
    app: Flask = create_sandbox(sandbox=sandbox)
    return app.test_client()


def path_of(page: Any) -> str:
    """Return the path of a payment page."""
    return f"/c/pay/{page.id}"


def test_the_payment_page_says_what_it_is_for_and_until_when(client: stripe.StripeClient, pages: FlaskClient) -> None:
    shown = pages.get(path_of(a_page(client, line_items=[an_item(1250, quantity=2)]))).text
    assert "25.00 EUR" in shown
    assert "Consultation" in shown
    assert "× 2" in shown
    assert "expires in" in shown
    for outcome in ("pay", "decline", "3ds", "async", "cancel"):
        assert f'value="{outcome}"' in shown


def test_paying_leads_back_with_the_session_s_id(client: stripe.StripeClient, pages: FlaskClient) -> None:
    page = a_page(client)
    answer = pages.post(path_of(page), data={"outcome": "pay", "email": "alice@example.com"})
    assert answer.status_code == 303
    assert answer.location == f"https://portal.example.org/paid?session={page.id}"
    paid = client.v1.checkout.sessions.retrieve(page.id)
    assert paid.payment_status == "paid"
    assert paid.customer_details is not None
    assert paid.customer_details.email == "alice@example.com"


def test_a_form_may_redirect_where_the_session_says_and_nowhere_else(
    client: stripe.StripeClient, pages: FlaskClient
) -> None:
    policy = pages.get(path_of(a_page(client))).headers["Content-Security-Policy"]
    assert "form-action 'self' https://portal.example.org;" in policy + ";"
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_a_declined_card_is_said_and_can_be_tried_again(client: stripe.StripeClient, pages: FlaskClient) -> None:
    page = a_page(client)
    answer = pages.post(path_of(page), data={"outcome": "decline"})
    assert answer.status_code == 200
    assert "Your card was declined." in answer.text
    assert pages.post(path_of(page), data={"outcome": "pay"}).status_code == 303


def test_the_bank_asks_first(client: stripe.StripeClient, pages: FlaskClient) -> None:
    page = a_page(client)
    assert "3-D Secure" in pages.post(path_of(page), data={"outcome": "3ds"}).text
    assert "really you" in pages.get(path_of(page)).text
    refused = pages.post(path_of(page), data={"outcome": "decline"})
    assert "unable to authenticate" in refused.text
    pages.post(path_of(page), data={"outcome": "3ds"})
    assert pages.post(path_of(page), data={"outcome": "pay"}).status_code == 303


def test_back_leads_to_the_shop_and_leaves_the_page_open(client: stripe.StripeClient, pages: FlaskClient) -> None:
    page = a_page(client)
    assert pages.post(path_of(page), data={"outcome": "cancel"}).location == BACK
    assert client.v1.checkout.sessions.retrieve(page.id).status == "open"


def test_a_page_that_is_over_says_so_and_takes_nothing(
    client: stripe.StripeClient, pages: FlaskClient, sandbox: Sandbox
) -> None:
    expired, used = a_page(client), a_page(client)
    client.v1.checkout.sessions.expire(expired.id)
    sandbox.pay(used.id)
    assert "has expired" in pages.get(path_of(expired)).text
    assert "has expired" in pages.post(path_of(expired), data={"outcome": "pay"}).text
    assert "used already" in pages.post(path_of(used), data={"outcome": "pay"}).text
    assert len(sandbox.all("payment_intent")) == 1


@pytest.mark.parametrize(("data", "status"), [({}, 400), ({"outcome": "steal"}, 400)])
def test_a_form_that_is_none_of_ours_is_refused(
    client: stripe.StripeClient, pages: FlaskClient, data: dict[str, str], status: int
) -> None:
    assert pages.post(path_of(a_page(client)), data=data).status_code == status
    assert pages.get("/c/pay/cs_none").status_code == 404


def test_a_card_page_offers_no_money_that_arrives_later(client: stripe.StripeClient, pages: FlaskClient) -> None:
    assert 'value="async"' not in pages.get(path_of(a_page(client, allowed_payment_method_types=["card"]))).text


def test_what_the_shop_writes_is_text_on_the_page(client: stripe.StripeClient, pages: FlaskClient) -> None:
    item = an_item()
    item["price_data"]["product_data"]["name"] = "<script>alert(1)</script>"
    shown = pages.get(path_of(a_page(client, line_items=[item]))).text
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_the_bank_s_page_of_a_payment_by_api(client: stripe.StripeClient, pages: FlaskClient) -> None:
    waiting = a_payment(client, "pm_card_threeDSecure2Required", return_url="https://portal.example.org/back")
    path = waiting.next_action.redirect_to_url.url.removeprefix("http://127.0.0.1:12111")
    assert "25.00 EUR" in pages.get(path).text
    assert pages.post(path, data={"outcome": "pay"}).location == "https://portal.example.org/back"
    assert client.v1.payment_intents.retrieve(waiting.id).status == "succeeded"
    assert pages.get(path).status_code == 404


# ---------------------------------------------------------------- control


def test_the_control_page_shows_everything_and_its_buttons_work(
    client: stripe.StripeClient, pages: FlaskClient, sandbox: Sandbox
) -> None:
    page, later = a_page(client), a_page(client)
    sandbox.pay(later.id, "async")
    paid = a_payment(client)
    a_payment(client, "pm_card_threeDSecure2Required")
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 500})
    sandbox.dispute(a_payment(client).latest_charge)
    a_subscription(client)
    sandbox.fault("drop")
    shown = pages.get("/_sandbox")
    assert shown.status_code == 200
    for given in (page.id[:24], paid.id[:24], "drop", "checkout.session", "dispute", "subscription"):
        assert given in shown.text
    answer = pages.post("/_sandbox/pay", data={"session": page.id, "outcome": "pay"}, follow_redirects=True)
    assert answer.status_code == 200
    assert sandbox.get(page.id)["status"] == "complete"


def test_each_button_is_also_there_for_programs(
    client: stripe.StripeClient, pages: FlaskClient, sandbox: Sandbox
) -> None:
    def act(action: str, **form: Any) -> Any:
        answer = pages.post(f"/_sandbox/{action}", json=form)
        assert answer.status_code == 200, answer.text
        done.add(action)
        return answer.get_json()["object"]

    done: set[str] = set()
    page = act("pay", session=a_page(client).id)
    charge = sandbox.get(page["payment_intent"])["latest_charge"]
    refund = act("refund", charge=charge, amount=500)
    assert act("fail-refund", refund=refund["id"])["status"] == "failed"
    pending = client.v1.refunds.create({"payment_intent": a_payment(client, "pm_card_pendingRefund").id})
    assert act("succeed-refund", refund=pending.id)["status"] == "succeeded"
    dispute = act("dispute", charge=charge)
    assert act("close-dispute", dispute=dispute["id"], outcome="lost")["status"] == "lost"
    later = act("pay", session=a_page(client).id, outcome="async")
    assert act("settle", session=later["id"], succeeded="no")["payment_status"] == "unpaid"
    waiting = a_payment(client, "pm_card_threeDSecure2Required")
    assert act("authenticate", intent=waiting.id)["status"] == "succeeded"
    subscription = a_subscription(client)
    act("break-card", method=subscription.default_payment_method)
    act("advance", days=31)
    assert sandbox.get(subscription.id)["status"] == "past_due"
    assert act("end-subscription", subscription=subscription.id)["status"] == "canceled"
    act("resend", event=sandbox.all("event")[0]["id"])
    for kind in FAULTS:
        act("fault", kind=kind)
    assert pages.get("/_sandbox/state").get_json()["faults"] == list(FAULTS)
    act("clear-faults")
    assert done == set(ACTIONS)
    assert pages.get(f"/_sandbox/objects/{charge}").get_json()["disputed"] is True
    assert pages.get("/_sandbox/objects/ch_none").status_code == 404


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ("advance", {}),
        ("advance", {"minutes": "-5"}),
        ("advance", {"minutes": "soon"}),
        ("advance", {"days": "1e300"}),
        ("advance", {"days": "nan"}),
        ("fault", {"kind": "earthquake"}),
        ("fault", {"kind": "drop", "times": "0"}),
        ("fault", {}),
        ("pay", {"session": "cs_none"}),
        ("pay", {"session": "cs_none", "outcome": "steal"}),
        ("refund", {"charge": "ch_none"}),
        ("close-dispute", {"dispute": "du_none", "outcome": "draw"}),
        ("resend", {"event": "evt_none"}),
    ],
)
def test_a_wrong_wish_is_said_and_nothing_happens(pages: FlaskClient, action: str, form: dict[str, str]) -> None:
    assert pages.post(f"/_sandbox/{action}", data=form).status_code == 400
    assert pages.post(f"/_sandbox/{action}", json=form).get_json()["error"]


def test_other_sites_and_other_names_are_refused(pages: FlaskClient) -> None:
    form = {"kind": "drop"}
    assert pages.post("/_sandbox/fault", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert pages.post("/_sandbox/fault", data=form, headers={"Origin": "http://localhost"}).status_code == 303
    assert pages.get("/_sandbox", headers={"Host": "evil.example"}).status_code == 421
    assert pages.post("/_sandbox/dance").status_code == 404


# ---------------------------------------------------------------- where it runs


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"PORTAL_ENV": "production"}, "PORTAL_ENV"),
        ({"STRIPE_SECRET_KEY": "sk_live_123"}, "STRIPE_SECRET_KEY"),
        ({"STRIPE_SECRET_KEY": "sk_test_123"}, "STRIPE_SECRET_KEY"),
        ({"PUBLIC_URL": "https://booking.example.org"}, "PUBLIC_URL"),
    ],
)
def test_it_does_not_run_where_real_people_pay(environ: dict[str, str], named: str) -> None:
    with pytest.raises(SettingError, match=named):
        check_not_production(Settings.from_env(environ), environ)


def test_its_settings_come_from_the_portal_s() -> None:
    environ = {"PORT": "5001", "STRIPE_WEBHOOK_SECRET": "whsec_x", "STRIPE_SECRET_KEY": "sk_test_sandbox_1"}
    check_not_production(Settings.from_env(environ), environ)
    given = settings_of(Settings.from_env(environ), port=12345)
    assert given.webhook_url == "http://127.0.0.1:5001/api/booking/stripe/webhook"
    assert (given.webhook_secret, given.base_url) == ("whsec_x", "http://127.0.0.1:12345")


def test_the_demonstration_is_connected_with_it_unless_stripe_is_set_up() -> None:
    free = free_port()
    given = demo_environ(Settings.from_env({"STRIPE_SANDBOX_PORT": str(free)}), {})
    assert given["STRIPE_API_BASE"] == f"http://127.0.0.1:{free}"
    connected = Settings.from_env(given)
    check_not_production(connected, given)
    assert settings_of(connected).base_url == connected.stripe_api_base
    assert settings_of(connected).webhook_secret == connected.stripe_webhook_secret
    for taken in (
        {"STRIPE_SECRET_KEY": "sk_live_1"},
        {"STRIPE_API_BASE": "http://127.0.0.1:9"},
        {"PUBLIC_URL": "https://booking.example.org"},
    ):
        assert demo_environ(Settings.from_env(taken), taken) == {}


def test_the_demonstration_takes_another_port_where_its_own_is_used() -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = used.getsockname()[1]
        given = demo_environ(Settings.from_env({"STRIPE_SANDBOX_PORT": str(port)}), {})
    assert given["STRIPE_SANDBOX_PORT"] != str(port)
