"""Which roles may do what? The one table: use-cases ask it, and the tests of routes read it. (SPEC §10)"""

from collections.abc import Mapping
from enum import StrEnum

from portal.domain.account import TEAM, Account, Role


class Action(StrEnum):
    """What a role allows; `RUN_HOUSE` is everything of the team that no other action names."""

    RUN_HOUSE = "run the house"
    APPROVE_LARGE = "agree to bookings over APPROVAL_OVER"
    CHANGE_TEAM = "change accounts of the team and their roles"
    CHANGE_SETTINGS = "change settings"
    ERASE = "erase personal data"


ADMINS = frozenset({Role.ADMIN})
ROLES: Mapping[Action, frozenset[Role]] = {
    Action.RUN_HOUSE: TEAM,
    Action.APPROVE_LARGE: ADMINS,
    Action.CHANGE_TEAM: ADMINS,
    Action.CHANGE_SETTINGS: ADMINS,
    Action.ERASE: ADMINS,
}


def may(caller: Account, action: Action) -> bool:
    """Tell whether somebody's role allows something; an account that is closed may nothing."""
    return caller.role in ROLES[action] and not caller.is_banned
