"""How does the sandbox remember, from one `make run` to the next, what was paid?"""

import dataclasses
import json
import os
import threading
from pathlib import Path
from typing import Any

from portal.stripe_sandbox.cards import Card, Decline
from portal.stripe_sandbox.errors import Json
from portal.stripe_sandbox.idempotency import Kept
from portal.stripe_sandbox.sandbox import Sandbox
from portal.stripe_sandbox.state import Delivery

FORMAT = 1
SAVE_EVERY = 2  # seconds


def dump(sandbox: Sandbox) -> Json:
    """Return everything a sandbox knows, as JSON; faults are not kept."""
    with sandbox.lock:
        state = sandbox.state
        return {
            "format": FORMAT,
            "ahead": state.clock.ahead,
            "tables": state.tables,
            "hidden": {given: _plain(known) for given, known in state.hidden.items()},
            "alarms": state.alarms,
            "deliveries": [dataclasses.asdict(one) for one in state.deliveries],
            "scheduled": state.scheduled,
            "answers": {key: dataclasses.asdict(one) for key, one in sandbox.answers.kept.items()},
        }


def _plain(known: Json) -> Json:
    return {name: dataclasses.asdict(value) if name == "card" else value for name, value in known.items()}


def restore(sandbox: Sandbox, saved: Any) -> None:
    """Fill a new sandbox with what another one knew; its webhooks go where the new one's settings say."""
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        return
    with sandbox.lock:
        state = sandbox.state
        state.clock.restore(saved["ahead"])
        state.tables.update(saved["tables"])
        state.hidden.update({given: _known(known) for given, known in saved["hidden"].items()})
        state.alarms.update(saved["alarms"])
        state.deliveries += [Delivery(**one) for one in saved["deliveries"]]
        state.scheduled = saved["scheduled"]
        sandbox.answers.kept.update({key: Kept(**one) for key, one in saved["answers"].items()})
        sandbox.listen()


def _known(known: Json) -> Json:
    if "card" not in known:
        return known
    card = known["card"]
    decline = Decline(**card["decline"]) if card["decline"] else None
    return {**known, "card": Card(**{**card, "decline": decline})}


def load(sandbox: Sandbox, path: Path) -> None:
    """Fill a new sandbox from a file, if it is there and whole."""
    try:
        saved: Any = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return
    restore(sandbox, saved)


def save(sandbox: Sandbox, path: Path) -> None:
    """Write everything to a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with sandbox.lock:
        text = json.dumps(dump(sandbox))
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


class Keeper:
    """Saves a sandbox every few seconds while it changes, and at the end."""

    def __init__(self, sandbox: Sandbox, path: Path) -> None:
        self._sandbox = sandbox
        self._path = path
        self._ended = threading.Event()
        self._saved = -1
        self._thread = threading.Thread(target=self._run, name="stripe-sandbox-keeper", daemon=True)

    def start(self) -> None:
        """Begin to save."""
        self._thread.start()

    def stop(self) -> None:
        """Save once more."""
        self._ended.set()
        self._thread.join()
        self._save()

    def _run(self) -> None:
        while not self._ended.wait(SAVE_EVERY):
            self._save()

    def _save(self) -> None:
        seen = self._sandbox.changes
        if seen != self._saved:
            save(self._sandbox, self._path)
            self._saved = seen
