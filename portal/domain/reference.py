"""What is a booking called when people say it aloud?

The name is computed, so that it needs no column and never changes: it writes the last thirty bits of the booking's id,
which are random, in letters and digits that nobody confuses. Read backwards, it gives the end of the id again.
"""

import uuid

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
PREFIX = "CRN"
LETTERS = 6
BITS = 5 * LETTERS


def reference_of(booking_id: str) -> str:
    """Return the reference of a booking: CRN-7KQ4-2M; of an adopted one with an id of its own kind, that id."""
    try:
        rest = uuid.UUID(booking_id).int & ((1 << BITS) - 1)
    except ValueError:
        return booking_id
    text = "".join(ALPHABET[rest >> shift & 31] for shift in range(BITS - 5, -1, -5))
    return f"{PREFIX}-{text[:4]}-{text[4:]}"


def ending_of(reference: str) -> str | None:
    """Return the last seven hexadecimal digits of the ids that have a reference, None where it is none.

    It is read as people type it: small letters, other dashes or none, O for 0, I and L for 1.
    """
    digits = [ALPHABET.find(char) for char in _letters(reference)]
    if len(digits) != LETTERS or -1 in digits:
        return None
    value = sum(digit << 5 * place for place, digit in enumerate(reversed(digits)))
    return f"{value & 0xFFFFFFF:07x}"


def is_called(booking_id: str, reference: str) -> bool:
    """Tell whether a reference, as people type it, is a booking's."""
    return _letters(reference_of(booking_id)) == _letters(reference)


def _letters(reference: str) -> str:
    letters = "".join(char for char in reference.upper() if char.isalnum()).removeprefix(PREFIX)
    return letters.translate(str.maketrans("OIL", "011"))
