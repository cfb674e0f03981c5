"""Who acts, and what may he do?"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    CUSTOMER = "customer"
    STAFF = "staff"
    ADMIN = "admin"


TEAM = frozenset({Role.STAFF, Role.ADMIN})


class AccountStatus(StrEnum):
    ACTIVE = "active"
    BANNED = "banned"


@dataclass(frozen=True)
class Account:
    """A person who can sign in; `attributes` are set by staff, `preferences` by himself.

    `banned_at` and `ban_reason` tell of an account that is closed. `internal_notes` are the team's own: he never sees
    them.
    """

    id: str
    email: str
    name: str
    role: Role = Role.CUSTOMER
    status: AccountStatus = AccountStatus.ACTIVE
    attributes: Mapping[str, Any] = field(default_factory=dict)
    preferences: Mapping[str, Any] = field(default_factory=dict)
    locale: str | None = None
    time_zone: str | None = None
    created_at: datetime | None = None
    banned_at: datetime | None = None
    ban_reason: str | None = None
    internal_notes: str | None = None

    @property
    def is_staff(self) -> bool:
        """Tell whether he works here: staff or admin."""
        return self.role in TEAM

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN

    @property
    def is_banned(self) -> bool:
        return self.status is AccountStatus.BANNED

    @property
    def version(self) -> str:
        """Return a text that changes with everything that the team may change."""
        known = [self.name, dict(self.attributes), self.role, self.status, self.ban_reason]
        known += [self.contact_phone, self.internal_notes]
        return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def contact_phone(self) -> str:
        """The telephone number that forms begin with; empty where he gave none."""
        return str(self.preferences.get("contactPhone") or "")

    def preferences_with(self, phone: str | None) -> dict[str, Any]:
        """Return his preferences with another telephone number, or with none."""
        others = {key: value for key, value in self.preferences.items() if key != "contactPhone"}
        return others | ({"contactPhone": phone} if phone else {})
