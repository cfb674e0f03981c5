"""Which roles may do what."""

from dataclasses import replace

import pytest

from portal.domain.account import AccountStatus
from portal.domain.rights import ROLES, Action, may
from tests.people import EVERYBODY


def test_every_action_has_its_roles_and_the_admin_may_do_everything() -> None:
    assert ROLES.keys() == set(Action)
    assert all(may(EVERYBODY.ada, one) for one in Action)


def test_staff_run_the_house_and_nothing_that_is_the_admins() -> None:
    assert [one for one in Action if may(EVERYBODY.sam, one)] == [Action.RUN_HOUSE]


@pytest.mark.parametrize("action", Action)
def test_customers_and_closed_accounts_may_nothing(action: Action) -> None:
    assert not may(EVERYBODY.alice, action)
    assert not may(replace(EVERYBODY.ada, status=AccountStatus.BANNED), action)
