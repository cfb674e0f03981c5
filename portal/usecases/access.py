"""Who may do what?"""

from portal.domain.account import Account
from portal.domain.errors import Banned, Forbidden
from portal.domain.rights import Action, may


def require_staff(caller: Account) -> None:
    """Raise Forbidden for anybody who does not work here."""
    require(caller, Action.RUN_HOUSE)


def require(caller: Account, action: Action) -> None:
    """Raise Forbidden where the caller's role does not allow something, Banned for a closed account."""
    require_active(caller)
    if not may(caller, action):
        raise Forbidden


def require_active(caller: Account) -> None:
    """Raise Banned for a closed account."""
    if caller.is_banned:
        raise Banned


def owner_of_reads(caller: Account) -> str | None:
    """Return whose bookings the caller sees: his own, or, for staff, everybody's (None)."""
    return None if caller.is_staff else caller.id
