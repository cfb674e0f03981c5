"""How far is a house that is being set up?"""

from datetime import datetime

from portal.domain.account import Account
from portal.domain.setup import Setup, Step, setup_of
from portal.store import accounts
from portal.store import setup as store
from portal.store.db import db, transaction
from portal.usecases.access import require_staff

SKIPPED = "skippedSteps"  # among a person's preferences


def read_setup(caller: Account, has_name: bool) -> Setup:
    """Say what is done and what is left; `has_name` tells whether the settings name the house. Raises Forbidden."""
    require_staff(caller)
    return setup_of(store.what_is_there(db.session(), has_name), _skipped(caller))


def _skipped(caller: Account) -> list[str]:
    found = caller.preferences.get(SKIPPED)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def skip_step(caller: Account, step: Step, is_skipped: bool, now: datetime) -> None:
    """Leave out a step, or take it up again; for this person only. Raises Forbidden."""
    require_staff(caller)
    others = [one for one in _skipped(caller) if one != step]
    preferences = {**caller.preferences, SKIPPED: [*others, *([step.value] if is_skipped else [])]}
    transaction(
        lambda session: accounts.change_user(session, caller.id, booking_preferences=preferences, updated_at=now)
    )


def has_admin() -> bool:
    """Tell whether anybody can run the house yet."""
    return store.has_admin(db.session())
