"""Who is calling? Customers by name, address or telephone, as the desk looks for them."""

import re

from portal.domain.account import Account
from portal.domain.contact import ContactError, normal_phone
from portal.domain.rules import Rules
from portal.domain.text import by_name, has_controls
from portal.store import accounts
from portal.store.db import db
from portal.store.phones import owners_of_phone
from portal.usecases.access import require_staff

MOST_FOUND = 8
MAX_TEXT = 200
_NUMBER = re.compile(r"[+0-9][0-9 ().\u00a0\u202f/-]{5,}")


def find_customers(text: str, caller: Account, rules: Rules) -> list[Account]:
    """Find up to eight accounts by a part of the name or address, or by a whole telephone number. Raises Forbidden."""
    require_staff(caller)
    wanted = text.strip()
    if not wanted or len(wanted) > MAX_TEXT or has_controls(wanted):
        return []
    if _NUMBER.fullmatch(wanted):
        return _by_phone(wanted, rules)
    return sorted(accounts.accounts(db.session(), wanted, MOST_FOUND, None), key=by_name)


def _by_phone(text: str, rules: Rules) -> list[Account]:
    found = (accounts.account_by_id(db.session(), one) for one in owners_of(text, rules, MOST_FOUND) or ())
    return [one for one in found if one]


def owners_of(text: str, rules: Rules, most: int) -> list[str] | None:
    """Return the ids of the accounts that gave a telephone number; None where the text looks like none."""
    if not _NUMBER.fullmatch(text):
        return None
    try:
        phone = normal_phone(text, rules.region)
    except ContactError:
        return []
    return owners_of_phone(db.session(), phone, most)
