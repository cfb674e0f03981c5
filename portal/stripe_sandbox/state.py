"""What is there, and what time is it?"""

import secrets
import string
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.stripe_sandbox.errors import Json, no_such

_LETTERS = string.ascii_letters + string.digits


class Clock:
    """The time of the portal, and how much older everything has been made by hand.

    `now` is what goes into objects, so that both clocks agree. `age` runs ahead of it by all that `advance` added: what
    is due at an age was set as `due_at(now + …)`, so that advancing ages what is there and nothing that comes later.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ahead = 0

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return int(self._now().timestamp())

    @property
    def age(self) -> int:
        """Seconds since 1970, plus what was added by hand."""
        return self.now + self._ahead

    @property
    def ahead(self) -> int:
        """What was added by hand, in seconds."""
        return self._ahead

    def due_at(self, moment: int) -> int:
        """Return the age at which a moment that is named now will be reached."""
        return moment + self._ahead

    def restore(self, ahead: int) -> None:
        """Go on from what an earlier clock had added."""
        self._ahead = ahead

    def advance(self, by: timedelta) -> None:
        """Make everything older."""
        if by < timedelta():
            raise ValueError("time does not run backwards")
        self._ahead += int(by.total_seconds())


@dataclass
class Delivery:
    """An event on its way to an endpoint."""

    event: str
    endpoint: str
    due: int  # an age, in seconds
    order: int
    attempts: int = 0


@dataclass
class State:
    """Every object by kind and id, in the order of creation. Whoever touches it holds the sandbox's lock."""

    clock: Clock
    base_url: str
    tables: defaultdict[str, dict[str, Json]] = field(default_factory=lambda: defaultdict(dict))
    hidden: defaultdict[str, Json] = field(default_factory=lambda: defaultdict(dict))  # what no answer shows, by id
    alarms: dict[str, int] = field(default_factory=dict)  # the age at which something happens to an object
    deliveries: list[Delivery] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    request: Json = field(default_factory=lambda: {"id": None, "idempotency_key": None})
    scheduled: int = 0

    def add(self, thing: Json) -> Json:
        """Keep a new object."""
        self.tables[thing["object"]][thing["id"]] = thing
        return thing

    def find(
        self,
        kind: str,
        given: str,
        *,
        param: str,
        in_path: bool = False,
        noun: str | None = None,
        deleted: bool = False,
    ) -> Json:
        """Return an object by id, or refuse; one that was deleted only where that is said."""
        found = self.tables[kind].get(given)
        if found is None or (found.get("deleted") and not deleted):
            raise no_such(noun or kind.replace(".", "_"), given, param, status=404 if in_path else 400)
        return found

    def everything(self) -> Iterator[Json]:
        """Yield all objects."""
        for table in list(self.tables.values()):
            yield from list(table.values())

    def lookup(self, given: str) -> Json | None:
        """Return the object of any kind that has this id."""
        return next((table[given] for table in self.tables.values() if given in table), None)

    def take_fault(self, kinds: tuple[str, ...]) -> str | None:
        """Use up the next fault of these kinds."""
        fault = next((one for one in self.faults if one in kinds), None)
        if fault:
            self.faults.remove(fault)
        return fault

    def set_alarm(self, given: str, moment: int) -> None:
        """Let something happen to an object once this time (seconds since 1970) is reached."""
        self.alarms[given] = self.clock.due_at(moment)


def new_id(prefix: str, length: int = 24) -> str:
    """Make an id as Stripe does, such as `pi_3Qx…`."""
    return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(length))}"


def nothing(names: str) -> Json:
    """Return an object in which each of these fields is null."""
    return dict.fromkeys(names.split())


def metadata_after(old: Json | None, given: Json | str | None) -> Json:
    """Merge metadata: an empty value removes its key, an empty whole removes all."""
    if given is None:
        return dict(old or {})
    if not isinstance(given, dict):
        return {}
    return {key: value for key, value in {**(old or {}), **given}.items() if value != ""}
