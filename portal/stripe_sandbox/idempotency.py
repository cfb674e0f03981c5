"""Was this request made before? (docs.stripe.com/api/idempotent_requests)"""

import copy
from dataclasses import dataclass, field

from portal.stripe_sandbox.errors import Json, Refusal

KEPT = 24 * 3600  # seconds
LONGEST = 255


@dataclass(frozen=True)
class Kept:
    """What was asked with a key, and what was answered."""

    path: str
    given: Json
    status: int
    body: Json
    until: int  # an age


@dataclass
class Answers:
    """The answers of the last 24 hours, by key."""

    kept: dict[str, Kept] = field(default_factory=dict)

    def find(self, key: str, path: str, given: Json, age: int) -> Kept | None:
        """Return the first answer to this request; refuse a key that belongs to another request."""
        if len(key) > LONGEST:
            raise Refusal(f"Idempotency keys are at most {LONGEST} characters long.", kind="idempotency_error")
        kept = self.kept.get(key)
        if kept is None or kept.until <= age:
            return None
        if (kept.path, kept.given) != (path, given):
            where = "the same endpoint" if kept.path != path else "the same parameters"
            message = (
                f"Keys for idempotent requests can only be used with {where} they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request."
            )
            raise Refusal(message, kind="idempotency_error")
        return kept

    def keep(self, key: str, path: str, given: Json, answer: tuple[int, Json], age: int) -> None:
        """Keep an answer, errors included."""
        status, body = answer
        self.kept[key] = Kept(path, given, status, copy.deepcopy(body), age + KEPT)
