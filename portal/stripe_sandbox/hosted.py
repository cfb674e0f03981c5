"""The hosted payment page: what does the payer see, and where does he go next?"""

from flask import Flask, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from portal.stripe_sandbox.errors import Json, Refusal
from portal.stripe_sandbox.intents import authenticate
from portal.stripe_sandbox.pages import origin_of, policy
from portal.stripe_sandbox.paying import OUTCOMES, pay
from portal.stripe_sandbox.sandbox import Sandbox


def register_hosted(app: Flask, sandbox: Sandbox) -> None:
    """Serve /c/pay/<session> and /c/authenticate/<intent>."""

    def session_of(given: str) -> Json:
        sandbox.tick()
        return sandbox.state.tables["checkout.session"].get(given) or abort(404)

    @app.get("/c/pay/<given>")
    def show_session(given: str) -> Response:
        with sandbox.lock:
            return _page(sandbox, session_of(given), None)

    @app.post("/c/pay/<given>")
    def pay_session(given: str) -> AnyResponse:
        with sandbox.lock:
            session = session_of(given)
            sandbox.state.request = {"id": None, "idempotency_key": None}
            response = _press(sandbox, session, request.form.get("outcome", ""))
        response.call_on_close(sandbox.wake)
        return response

    @app.get("/c/authenticate/<given>")
    def show_bank(given: str) -> Response:
        with sandbox.lock:
            return _bank(_waiting(sandbox, given))

    @app.post("/c/authenticate/<given>")
    def answer_bank(given: str) -> AnyResponse:
        with sandbox.lock:
            intent = _waiting(sandbox, given)
            back = intent["next_action"]["redirect_to_url"]["return_url"]
            failure = authenticate(sandbox.state, intent, request.form.get("outcome") == "pay")
        sandbox.wake()
        if back:
            return redirect(back, 303)
        return make_response(render_template("stripe_sandbox/done.html", failure=failure))


def _press(sandbox: Sandbox, session: Json, outcome: str) -> AnyResponse:
    if outcome not in OUTCOMES:
        abort(400)
    if session["status"] != "open":
        return _page(sandbox, session, None)
    if outcome == "cancel":
        return redirect(session["cancel_url"], 303) if session["cancel_url"] else _page(sandbox, session, None)
    try:
        failure = pay(sandbox.state, session, outcome, email=request.form.get("email") or "payer@example.com")  # type: ignore[arg-type]
    except Refusal as refusal:
        failure = refusal
    if session["status"] == "complete":
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), 303)
    return _page(sandbox, session, failure)


def _page(sandbox: Sandbox, session: Json, failure: Refusal | None) -> Response:
    intent = sandbox.state.tables["payment_intent"].get(session["payment_intent"] or "", {})
    asks_bank = intent.get("status") == "requires_action" and session["status"] == "open"
    left = sandbox.state.alarms.get(session["id"], sandbox.state.clock.age) - sandbox.state.clock.age
    page = render_template(
        "stripe_sandbox/pay.html",
        session=session,
        items=sandbox.state.hidden[session["id"]]["items"],
        failure=failure,
        asks_bank=asks_bank,
        left=left,
    )
    response = make_response(page)
    if session["status"] == "open" and not failure and not asks_bank:
        response.headers["Refresh"] = str(min(left, 60) + 1)  # the countdown, without a script
    origins = {origin_of(session["success_url"]), origin_of(session["cancel_url"])}
    response.headers["Content-Security-Policy"] = policy(*sorted(one for one in origins if one))
    return response


def _waiting(sandbox: Sandbox, given: str) -> Json:
    intent = sandbox.state.tables["payment_intent"].get(given)
    if intent is None or intent["status"] != "requires_action":
        abort(404)
    return intent


def _bank(intent: Json) -> Response:
    response = make_response(render_template("stripe_sandbox/bank.html", intent=intent))
    back = origin_of(intent["next_action"]["redirect_to_url"]["return_url"])
    response.headers["Content-Security-Policy"] = policy(*([back] if back else []))
    return response
