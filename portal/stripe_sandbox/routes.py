"""Which operations are there? Each says its path, the library's type of its parameters, and what of it is done."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.stripe_sandbox.errors import Json, Unread, unsupported
from portal.stripe_sandbox.schema import parameters_type, read

Run = Callable[..., Json]
LISTING = "created ending_before limit starting_after"


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    params: str  # name in stripe.params
    honours: frozenset[str]  # parameters that are done, dotted; one that is named covers what is in it
    run: Run

    def read(self, given: Json) -> Json:
        """Check parameters as Stripe would, then refuse those that the stand-in does not do."""
        values = read(parameters_type(self.params), given)
        self._refuse_undone(values, "")
        return values

    def _refuse_undone(self, values: Json, inside: str) -> None:
        for name, value in values.items():
            path = f"{inside}{name}"
            if path in self.honours:
                continue
            parts = value if isinstance(value, list) else [value]
            if not any(done.startswith(f"{path}.") for done in self.honours) or not all(
                isinstance(part, dict) for part in parts
            ):
                raise unsupported(path)
            for part in parts:
                self._refuse_undone(part, f"{path}.")


OPERATIONS: list[Operation] = []


def operation(method: str, path: str, params: str, honours: str = "") -> Callable[[Run], Run]:
    """Declare the function that does an operation: `run(state, values, **parts of the path)`."""

    def declare(run: Run) -> Run:
        done = frozenset([*honours.split(), "expand"])
        OPERATIONS.append(Operation(method, path, params, done, run))
        return run

    return declare


def find_operation(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation at a path and the ids in it; refuses a path that Stripe, or the stand-in, has not."""
    steps = path.split("/")
    for one in OPERATIONS:
        named = one.path.split("/")
        if one.method == method.lower() and len(named) == len(steps) and all(map(_fits, named, steps)):
            return one, {name[1:-1]: step for name, step in zip(named, steps, strict=True) if name.startswith("{")}
    asked = f"{method}: {path}"
    message = f"Unrecognized request URL ({asked}). Stripe has no such path, or this sandbox has not."
    raise Unread(message, status=404)


def _fits(named: str, step: str) -> bool:
    return bool(step) if named.startswith("{") else named == step
