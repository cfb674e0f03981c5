"""How are new things named, and which secrets are given out?"""

import hashlib
import os
import secrets
import time
import uuid


def new_id() -> str:
    """Make a UUIDv7 (RFC 9562): sortable by time of creation, not guessable."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return str(uuid.UUID(int=value))


def new_secret() -> str:
    """Make a secret that nobody guesses: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is stored of a secret; it is random and long, so no slow hash is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
