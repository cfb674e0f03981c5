"""What may the team write down about a booking or a customer, for themselves?"""

from portal.domain.errors import N_, FieldError
from portal.domain.text import ALLOWED_CONTROLS, has_controls

MAX_NOTES = 5000  # characters


def written_notes(text: str) -> str:
    """Return notes as they are stored: with one kind of line end, nothing blank around them."""
    return text.replace("\r\n", "\n").strip()


def notes_errors(text: str) -> list[FieldError]:
    """Name what keeps a text from being kept, at `internalNotes`: one error, or none."""
    if len(text) <= MAX_NOTES and not has_controls(text, ALLOWED_CONTROLS - {"\r"}):
        return []
    message = N_("Write at most %(limit)s characters of plain text.")
    return [FieldError("internalNotes", "too_long", message, {"limit": MAX_NOTES})]
