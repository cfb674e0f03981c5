"""Which passwords are taken, how is one kept, and does one fit?

Hashing a password takes tens of milliseconds on purpose: it is always done outside a transaction.
"""

import secrets
import unicodedata
from functools import lru_cache

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from portal.domain.errors import N_, FieldError
from portal.domain.text import has_controls

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200

HASHER = PasswordHash((Argon2Hasher(),))


def hashed(password: str) -> str:
    """Return what is stored of a password."""
    return HASHER.hash(_typed(password))


def _typed(password: str) -> bytes:
    """Return the bytes that count: one keyboard sends é as one character, another as two."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return HASHER.hash(secrets.token_bytes(16))


def fits(password: str, stored: str | None) -> bool:
    """Tell whether a password is right; without a stored one it takes the same time, and is not."""
    try:
        right = HASHER.verify(_typed(password), stored or _nobodys_hash())
    except PwdlibError:  # a hash of an adopted database that we cannot read
        return False
    return right and stored is not None


def password_errors(password: str) -> list[FieldError]:
    """Name what is wrong with a new password."""
    if len(password) < SHORTEST_PASSWORD:
        message = N_("Use at least %(limit)s characters.")
        return [FieldError("password", "password_too_short", message, {"limit": SHORTEST_PASSWORD})]
    if len(password) > LONGEST_PASSWORD:
        message = N_("Use at most %(limit)s characters.")
        return [FieldError("password", "password_too_long", message, {"limit": LONGEST_PASSWORD})]
    if has_controls(password):
        return [FieldError("password", "control_character", N_("Remove the invisible control characters."))]
    return []
