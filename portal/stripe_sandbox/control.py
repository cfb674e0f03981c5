"""The control page: what is there, and what can be made to happen? Forms for people, JSON for programs."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import Flask, Response, abort, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.stripe_sandbox.cards import CARDS
from portal.stripe_sandbox.errors import Json, Refusal
from portal.stripe_sandbox.paying import OUTCOMES
from portal.stripe_sandbox.sandbox import FAULTS, Sandbox

Form = Mapping[str, str]
SHOWN = 20  # of each kind on the page
KINDS = (
    "checkout.session", "payment_intent", "charge", "refund", "dispute", "subscription", "invoice", "payment_method",
    "customer",
)  # fmt: skip


def _minutes(form: Form) -> timedelta:
    given = timedelta(**{unit: float(form[unit]) for unit in ("minutes", "hours", "days") if form.get(unit)})
    if not timedelta() < given <= timedelta(days=800):
        raise ValueError("give a time from one minute to 800 days")
    return given


def _times(form: Form) -> int:
    times = int(form.get("times") or 1)
    if not 1 <= times <= 1000:
        raise ValueError("times: from 1 to 1000")
    return times


def _amount(form: Form) -> int | None:
    return int(form["amount"]) if form.get("amount") else None


def _yes(form: Form, name: str) -> bool:
    return form.get(name, "yes") in ("yes", "true", "1")


def _pay(sandbox: Sandbox, form: Form) -> Any:
    outcome, card = form.get("outcome", "pay"), form.get("card") or None
    if outcome not in OUTCOMES or (card and card not in CARDS):
        raise ValueError(f"outcome: one of {', '.join(OUTCOMES)}; card: one of {', '.join(CARDS)}")
    return sandbox.pay(form["session"], outcome, card)  # type: ignore[arg-type]


def _close(sandbox: Sandbox, form: Form) -> Any:
    if form["outcome"] not in ("won", "lost"):
        raise ValueError("outcome: won or lost")
    return sandbox.close_dispute(form["dispute"], form["outcome"])  # type: ignore[arg-type]


ACTIONS: Mapping[str, Callable[[Sandbox, Form], Any]] = {
    "advance": lambda sandbox, form: sandbox.advance(_minutes(form)),
    "fault": lambda sandbox, form: sandbox.fault(form["kind"], _times(form)),
    "clear-faults": lambda sandbox, _form: sandbox.clear_faults(),
    "pay": _pay,
    "settle": lambda sandbox, form: sandbox.settle(form["session"], _yes(form, "succeeded")),
    "authenticate": lambda sandbox, form: sandbox.authenticate(form["intent"], _yes(form, "passed")),
    "refund": lambda sandbox, form: sandbox.refund(form["charge"], _amount(form)),
    "fail-refund": lambda sandbox, form: sandbox.fail_refund(form["refund"]),
    "succeed-refund": lambda sandbox, form: sandbox.succeed_refund(form["refund"]),
    "dispute": lambda sandbox, form: sandbox.dispute(form["charge"]),
    "close-dispute": _close,
    "break-card": lambda sandbox, form: sandbox.break_card(form["method"]),
    "end-subscription": lambda sandbox, form: sandbox.end_subscription(form["subscription"]),
    "resend": lambda sandbox, form: sandbox.resend(form["event"]),
}


def register_control(app: Flask, sandbox: Sandbox) -> None:
    """Serve /_sandbox and what its buttons do."""

    @app.get("/")
    def start() -> ResponseReturnValue:
        return redirect(url_for("control"))

    @app.get("/_sandbox")
    def control() -> Response:
        with sandbox.lock:
            sandbox.tick()
            return make_response(_page(sandbox, request.args.get("said", "")))

    @app.get("/_sandbox/state")
    def state() -> Response:
        with sandbox.lock:
            sandbox.tick()
            return jsonify(_state(sandbox))

    @app.get("/_sandbox/objects/<given>")
    def show(given: str) -> Response:
        try:
            return jsonify(sandbox.get(given))
        except LookupError:
            abort(404)

    @app.post("/_sandbox/<action>")
    def act(action: str) -> ResponseReturnValue:
        if action not in ACTIONS:
            abort(404)
        form: Form = (request.get_json(silent=True) or {}) if request.is_json else request.form
        status, answer = _act(sandbox, action, {name: str(value) for name, value in form.items()})
        if request.is_json or request.accept_mimetypes.best == "application/json":
            return jsonify(answer), status
        if status != 200:
            return _page(sandbox, answer["error"]), status
        return redirect(url_for("control", said=action), 303)


def _act(sandbox: Sandbox, action: str, form: Form) -> tuple[int, Json]:
    try:
        return 200, {"done": action, "object": ACTIONS[action](sandbox, form)}
    except Refusal as refusal:
        return 400, {"error": str(refusal)}
    except KeyError as error:
        return 400, {"error": f"{error.args[0]} is missing"}
    except (ValueError, OverflowError) as error:
        return 400, {"error": str(error)}


def _state(sandbox: Sandbox) -> Json:
    state = sandbox.state
    return {
        "now": state.clock.now,
        "ahead": state.clock.ahead,
        "faults": state.faults,
        "waiting": [event["id"] for event in sandbox.outbox],
        "objects": {kind: list(state.tables[kind]) for kind in (*KINDS, "event")},
    }


def _page(sandbox: Sandbox, said: str) -> str:
    state = sandbox.state
    return render_template(
        "stripe_sandbox/control.html",
        said=said,
        clock=state.clock,
        faults=state.faults,
        kinds=FAULTS,
        deliveries=sorted(state.deliveries, key=lambda one: (one.due, one.order)),
        events=list(state.tables["event"].values())[-SHOWN * 2 :][::-1],
        event_types={given: event["type"] for given, event in state.tables["event"].items()},
        objects={kind: list(state.tables[kind].values())[-SHOWN:][::-1] for kind in KINDS},
        cards=sorted(CARDS),
        webhook_url=sandbox.settings.webhook_url,
    )
