"""How does the portal know again what it gave out itself? By a seal that only its secret makes."""

import base64
import hashlib
import hmac


def seal(purpose: str, text: str, secret: str, size: int) -> str:
    """Return the seal of a text for one purpose, of so many bytes; a seal for another purpose differs."""
    message = f"{purpose}:{text}".encode("utf-8", "surrogatepass")
    return base64.urlsafe_b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()[:size]).decode()


def is_sealed(given: str, purpose: str, text: str, secret: str, size: int) -> bool:
    """Tell whether a seal is ours, in a time that gives nothing away."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), seal(purpose, text, secret, size).encode())
