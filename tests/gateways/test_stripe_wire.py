"""What goes over the wire to Stripe, and what becomes of answers that no sandbox gives at will."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from portal.config import Settings
from portal.domain.money import Amount
from portal.gateways.payments import (
    Charge,
    ForgedEvent,
    IntentStatus,
    PaymentRefused,
    PaymentsAway,
    PaymentsBroken,
    RefundStatus,
)
from portal.gateways.stripe import API_VERSION, StripeGateway, gateway_of
from portal.gateways.stripe_objects import statement_suffix

KEY, SECRET = "sk_test_sandbox_wire", "whsec_wire"
NOW = datetime(2026, 12, 7, 7, tzinfo=UTC)
CHARGE = Charge(Amount(5000, "EUR"), "Séance « Été » n° 4", {"bookingId": "b1", "userId": "u1"}, "cus_1")
INTENT = {"id": "pi_1", "object": "payment_intent", "amount": 5000, "currency": "eur", "metadata": {"bookingId": "b1"}}
SESSION = {
    "id": "cs_1",
    "object": "checkout.session",
    "status": "open",
    "url": "https://checkout.stripe.com/c/pay/cs_1",
    "amount_total": 5000,
    "currency": "eur",
    "metadata": {"bookingId": "b1"},
    "payment_intent": None,
}

Answer = tuple[int, Any]


class Recorder(stripe.HTTPClient):
    """Keeps what it is asked and gives the answers it was told to, the last one again and again."""

    name = "recorder"

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers, self.asked = list(answers), []

    def request(self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None) -> Any:
        self.asked.append((method, url, dict(headers or {}), dict(parse_qsl(post_data or "", keep_blank_values=True))))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        text = body if isinstance(body, str) else json.dumps(body)
        return text, status, {"request-id": "req_1", "stripe-should-retry": "false"}

    @property
    def form(self) -> dict[str, str]:
        """What was sent last."""
        return self.asked[-1][3]


def gateway_with(*answers: Answer) -> tuple[StripeGateway, Recorder]:
    recorder = Recorder(*answers)
    return StripeGateway(KEY, SECRET, http_client=recorder), recorder


def open_session(gateway: StripeGateway, charge: Charge = CHARGE) -> Any:
    return gateway.open_session(charge, "https://a/ok", "https://a/no", NOW + timedelta(minutes=31), "fr", "key-1")


# ---------------------------------------------------------------- what is sent


def test_a_hosted_page_is_asked_for_with_everything_that_must_hold_on_it():
    gateway, recorder = gateway_with((200, SESSION))
    session = open_session(gateway)
    assert (session.id, session.is_open, session.amount) == ("cs_1", True, Amount(5000, "EUR"))
    assert recorder.form == {
        "mode": "payment",
        "customer": "cus_1",
        "client_reference_id": "b1",
        "success_url": "https://a/ok",
        "cancel_url": "https://a/no",
        "expires_at": str(int((NOW + timedelta(minutes=31)).timestamp())),
        "locale": "fr",
        "adaptive_pricing[enabled]": "false",
        "after_expiration[recovery][enabled]": "false",
        "allowed_payment_method_types[0]": "card",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "5000",
        "line_items[0][price_data][product_data][name]": "Séance « Été » n° 4",
        "metadata[bookingId]": "b1",
        "metadata[userId]": "u1",
        "payment_intent_data[metadata][bookingId]": "b1",
        "payment_intent_data[metadata][userId]": "u1",
        "payment_intent_data[description]": "Séance « Été » n° 4",
        "payment_intent_data[statement_descriptor_suffix]": "SEANCE ETE N 4",
    }


def test_calls_carry_our_key_and_the_pinned_version_and_no_telemetry():
    gateway, recorder = gateway_with((200, SESSION))
    open_session(gateway)
    open_session(gateway)
    for _, _, headers, _ in recorder.asked:
        assert headers["Idempotency-Key"] == "key-1"
        assert headers["Stripe-Version"] == API_VERSION == "2026-10-28.endive"
        assert headers["Authorization"] == f"Bearer {KEY}"
        assert "X-Stripe-Client-Telemetry" not in headers
        assert "telemetry_id" not in headers["X-Stripe-Client-User-Agent"]


@pytest.mark.parametrize(
    ("hold_only", "cards_only", "card", "method"),
    [(False, True, "card", None), (False, False, None, None), (True, False, "card", "manual")],
)
def test_what_takes_days_is_left_out_of_short_holds_and_of_authorisations(hold_only, cards_only, card, method):
    charge = Charge(CHARGE.amount, "Visit", {}, "cus_1", hold_only=hold_only, cards_only=cards_only)
    gateway, recorder = gateway_with((200, SESSION), (200, INTENT | {"status": "requires_payment_method"}))
    open_session(gateway, charge)
    assert recorder.form.get("allowed_payment_method_types[0]") == card
    assert recorder.form.get("payment_intent_data[capture_method]") == method
    gateway.create_intent(charge, "key-2")
    assert recorder.form.get("allowed_payment_method_types[0]") == card
    assert recorder.form.get("capture_method") == method


def test_a_series_is_asked_for_with_our_words_on_the_subscription():
    gateway, recorder = gateway_with((200, SESSION | {"subscription": "sub_1"}))
    session = gateway.create_subscription(CHARGE, "week", 2, "https://a/ok", "https://a/no", "key-1")
    assert session.subscription_id == "sub_1"
    assert recorder.form["mode"] == "subscription"
    assert recorder.form["subscription_data[metadata][bookingId]"] == "b1"
    assert recorder.form["line_items[0][price_data][recurring][interval]"] == "week"
    assert recorder.form["line_items[0][price_data][recurring][interval_count]"] == "2"


@given(st.text(max_size=80))
def test_a_statement_suffix_is_short_and_plain_and_has_a_letter_or_is_left_out(text):
    suffix = statement_suffix(text)
    if suffix is not None:
        assert 0 < len(suffix) <= 22
        assert suffix.isascii()
        assert any(one.isalpha() for one in suffix)
        assert not set(suffix) & set("<>\\'\"*")


def test_a_statement_suffix_without_a_letter_is_left_out():
    assert statement_suffix("42 / 7") is None
    assert statement_suffix("会議室") is None
    assert statement_suffix("Consultation de médecine générale") == "CONSULTATION DE MEDECI"


# ---------------------------------------------------------------- errors, in the house's words


def error(status: int, **values: Any) -> Answer:
    return status, {"error": {"message": "No.", **values}}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (error(402, type="card_error", code="card_declined", decline_code="insufficient_funds"), "insufficient_funds"),
        (error(402, type="card_error", code="expired_card"), "expired_card"),
        (error(400, type="invalid_request_error", code="charge_already_refunded"), "charge_already_refunded"),
        (error(400, type="invalid_request_error", param="amount"), "amount_too_large"),
        (error(400, type="invalid_request_error", param="customer"), "resource_missing"),
        (error(400, type="invalid_request_error"), "unexpected_state"),
        (error(404, type="invalid_request_error", code="resource_missing", param="intent"), "resource_missing"),
    ],
)
def test_a_no_to_this_very_thing_is_a_refusal_with_its_code(answer, code):
    gateway, _ = gateway_with(answer)
    with pytest.raises(PaymentRefused) as refused:
        gateway.refund("pi_1", 100, "r1", "key-1")
    assert refused.value.code == code


@pytest.mark.parametrize(
    "answer",
    [
        error(400, type="invalid_request_error", code="parameter_unknown", param="payment_method_types"),
        error(400, type="invalid_request_error", param="ui_mode"),
        error(404, type="invalid_request_error", message="Unrecognized request URL"),
        error(400, type="idempotency_error"),
        error(401, type="invalid_request_error"),
        error(403, type="invalid_request_error"),
    ],
)
def test_a_no_to_how_the_house_asks_is_the_houses_to_mend(answer):
    gateway, _ = gateway_with(answer)
    with pytest.raises(PaymentsBroken):
        gateway.intent("pi_1")


@pytest.mark.parametrize(
    ("answer", "is_kept"),
    [
        (error(429, type="invalid_request_error", code="rate_limit"), False),
        (error(429, type="invalid_request_error", code="lock_timeout"), False),
        (error(409, type="idempotency_error", code="idempotency_key_in_use"), False),
        (error(503, type="api_error"), False),
        (error(500, type="api_error"), True),
        ((200, "<html>a gateway between</html>"), False),
    ],
)
def test_who_cannot_answer_now_is_away_and_says_whether_that_answer_is_kept(answer, is_kept):
    gateway, _ = gateway_with(answer)
    with pytest.raises(PaymentsAway) as away:
        open_session(gateway)
    assert away.value.is_kept is is_kept


def test_what_is_closed_already_is_looked_at_instead():
    closed = error(400, type="invalid_request_error", message="This Session has a status of complete")
    paid = INTENT | {"status": "succeeded", "amount_received": 5000, "latest_charge": "ch_1"}
    gateway, recorder = gateway_with(closed, (200, SESSION | {"status": "complete", "payment_intent": paid}))
    session = gateway.expire_session("cs_1")
    assert (session.is_open, session.is_expired) == (False, False)
    assert session.intent is not None
    assert (session.intent.status, session.intent.amount_received) == (IntentStatus.SUCCEEDED, 5000)
    assert [(method, urlsplit(url).path) for method, url, _, _ in recorder.asked] == [
        ("post", "/v1/checkout/sessions/cs_1/expire"),
        ("get", "/v1/checkout/sessions/cs_1"),
    ]


# ---------------------------------------------------------------- time


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve on this machine by a function that gets the handler; returns the address."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[BaseHTTPRequestHandler], None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            do_POST = do_GET

            def log_message(self, *args: Any) -> None:
                """Keep quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = False  # closing waits for them
        threading.Thread(target=server.serve_forever).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_an_answer_that_comes_in_drops_does_not_hold_the_caller(serve):
    is_over = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not is_over.wait(0.05):  # each drop resets the connection's own time-out
            request.wfile.write(b".")
            request.wfile.flush()

    gateway = StripeGateway(KEY, SECRET, serve(drip), answer_seconds=0.3)
    with pytest.raises(PaymentsAway) as away:
        gateway.intent("pi_1")
    assert not is_over.is_set()  # it is still dripping
    assert not away.value.is_kept
    is_over.set()


def test_no_attempt_begins_once_nobody_waits_for_it(serve):
    attempts = []

    def fail(request: BaseHTTPRequestHandler) -> None:
        attempts.append(request.path)
        request.send_response(503)
        request.send_header("Content-Length", "0")
        request.end_headers()

    gateway = StripeGateway(KEY, SECRET, serve(fail), answer_seconds=0.2)  # the library waits half a second
    with pytest.raises(PaymentsAway):
        gateway.intent("pi_1")
    gateway._threads.shutdown()
    assert attempts == ["/v1/payment_intents/pi_1"]


def test_a_connection_that_breaks_is_tried_again_under_the_same_key(serve):
    keys = []

    def hang_up_once(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers["Content-Length"]))
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            request.close_connection = True
            return
        body = json.dumps({"id": "re_1", "object": "refund", "amount": 5, "currency": "eur", "status": "pending"})
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body.encode())

    gateway = StripeGateway(KEY, SECRET, serve(hang_up_once))
    refund = gateway.refund("pi_1", 5, "r1", "key-1")
    assert (refund.id, refund.status, refund.refund_id) == ("re_1", RefundStatus.PENDING, None)
    assert keys == ["key-1", "key-1"]


def test_nobody_there_is_away():
    gateway = StripeGateway(KEY, SECRET, "http://127.0.0.1:9", answer_seconds=1)
    with pytest.raises(PaymentsAway):
        gateway.intent("pi_1")


# ---------------------------------------------------------------- events


def event(number: int, about: Mapping[str, Any] = INTENT, **values: Any) -> dict[str, Any]:
    return {
        "id": f"evt_{number}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": int(NOW.timestamp()) + number,
        "livemode": False,
        "data": {"object": dict(about)},
        **values,
    }


def test_all_pages_of_events_are_listed_the_oldest_first():
    pages: Sequence[Answer] = [
        (200, {"object": "list", "data": [event(3), event(2)], "has_more": True, "url": "/v1/events"}),
        (200, {"object": "list", "data": [event(1)], "has_more": False, "url": "/v1/events"}),
    ]
    gateway, recorder = gateway_with(*pages)
    found = gateway.events_since(NOW)
    assert [one.id for one in found] == ["evt_1", "evt_2", "evt_3"]
    queries = [dict(parse_qsl(urlsplit(url).query)) for _, url, _, _ in recorder.asked]
    assert [query["created[gte]"] for query in queries] == [str(int(NOW.timestamp()))] * 2
    assert [query.get("starting_after") for query in queries] == [None, "evt_2"]
    assert queries[0]["types[0]"] == "checkout.session.completed"


def signed(body: bytes, secret: str = SECRET, at: datetime = NOW) -> str:
    text = body.decode("utf-8", "replace")
    header: str = stripe.WebhookSignature.generate_signature_header(text, secret, int(at.timestamp()))
    return header


def test_a_signed_event_says_what_it_is_about():
    body = json.dumps(event(1, {"id": "re_1", "object": "refund", "payment_intent": "pi_1", "metadata": {}})).encode()
    gateway, _ = gateway_with((200, {}))
    read = gateway.read_event(body, signed(body), NOW + timedelta(minutes=5))
    assert (read.id, read.type, read.object_id, read.intent_id) == ("evt_1", "payment_intent.succeeded", "re_1", "pi_1")
    assert read.created == NOW + timedelta(seconds=1)


def test_an_invoices_event_names_its_series_and_its_metadata():
    parent = {"subscription_details": {"subscription": "sub_1", "metadata": {"bookingId": "b1"}}}
    body = json.dumps(event(1, {"id": "in_1", "object": "invoice", "metadata": {}, "parent": parent})).encode()
    gateway, _ = gateway_with((200, {}))
    read = gateway.read_event(body, signed(body), NOW)
    assert (read.object_id, read.subscription_id, read.metadata) == ("in_1", "sub_1", {"bookingId": "b1"})


GOOD = json.dumps(event(1)).encode()


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (GOOD, ""),
        (GOOD, "t=,v1=00"),
        (GOOD, "v1=00"),
        (GOOD, signed(GOOD, "whsec_another")),
        (GOOD + b" ", signed(GOOD)),
        (GOOD, signed(GOOD, at=NOW - timedelta(seconds=301))),
        (b"\xff", signed(b"\xff")),
        (b"{", signed(b"{")),
        (b"[]", signed(b"[]")),
        (b"null", signed(b"null")),
        (b'{"object": "v2.core.event"}', signed(b'{"object": "v2.core.event"}')),
        (json.dumps(event(1, livemode=True)).encode(), signed(json.dumps(event(1, livemode=True)).encode())),
    ],
)
def test_what_is_not_signed_by_stripe_just_now_for_this_mode_is_refused(body, signature):
    gateway, _ = gateway_with((200, {}))
    with pytest.raises(ForgedEvent):
        gateway.read_event(body, signature, NOW)


def test_without_a_webhook_secret_no_event_is_believed():
    gateway = StripeGateway(KEY)
    with pytest.raises(ForgedEvent):
        gateway.read_event(GOOD, signed(GOOD, ""), NOW)


# ---------------------------------------------------------------- settings


def test_without_a_key_payment_is_off():
    assert gateway_of(Settings()) is None
    assert gateway_of(Settings(stripe_secret_key=KEY)) is not None
