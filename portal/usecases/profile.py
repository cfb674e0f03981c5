"""What may a person change about himself?"""

from datetime import datetime
from typing import Any

from portal.domain.account import Account
from portal.domain.contact import ContactError, name_errors, normal_phone
from portal.domain.errors import Invalid
from portal.domain.rules import Rules
from portal.store import accounts
from portal.store.db import transaction
from portal.usecases.access import require_active


def change_profile(caller: Account, name: str, phone: str, rules: Rules, now: datetime) -> None:
    """Change the name, and the telephone number that booking forms begin with; an empty one is forgotten.

    Raises Invalid with everything wrong.
    """
    name = name.strip()
    errors = name_errors(name)
    number = None
    try:
        number = normal_phone(phone, rules.region) if phone.strip() else None
    except ContactError as wrong:
        errors.append(wrong.at("phone"))
    if errors:
        raise Invalid(errors)
    _change(caller, now, name=name, booking_preferences=caller.preferences_with(number))


def change_preferences(caller: Account, locale: str, time_zone: str, now: datetime) -> None:
    """Change the language and the time zone; both are names that were offered."""
    _change(caller, now, locale=locale, time_zone=time_zone)


def _change(caller: Account, now: datetime, **values: Any) -> None:
    require_active(caller)
    transaction(lambda session: accounts.change_user(session, caller.id, **values, updated_at=now))
