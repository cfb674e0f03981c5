"""How is a reason read, as the team type it?"""

from flask import request

from portal.domain.errors import N_, FieldError, Invalid
from portal.domain.text import has_controls

MAX_REASON = 500


def typed_reason(name: str = "reason") -> str | None:
    """Return why, as it was typed into a field; raise Invalid where it cannot be stored."""
    text = request.form.get(name, "").strip()
    if len(text) > MAX_REASON or has_controls(text):
        message = N_("Write at most %(limit)s characters of plain text.")
        raise Invalid([FieldError(name, "too_long", message, {"limit": MAX_REASON})])
    return text or None
