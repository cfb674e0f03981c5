"""How is a form that is sent twice, by a double click or from the history, carried out once?"""

import hashlib
from collections.abc import Callable
from typing import TypeVar

from flask import request

from portal.domain.booking import Booking
from portal.usecases.idempotency import Once
from portal.web.session import account

T = TypeVar("T")


def once_of(write: Callable[[T], str]) -> Once[T]:
    """Return the key that the form hides and what makes two of them the same: their address and all they say."""
    answers = sorted(item for item in request.form.items(multi=True) if item[0] not in {"csrf_token", "key"})
    fingerprint = _digest(repr((request.full_path, answers)))
    return Once(account().id, f"form:{_digest(request.form.get('key', ''))}", fingerprint, write)


def _digest(text: str) -> str:
    """Return something short that can always be stored, whatever was sent."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def id_of(booking: Booking) -> str:
    """Write a booking as the answer that is kept."""
    return booking.id
