"""How are instants, JSON and secrets kept in a column, alike on every database?"""

import base64
import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT
from sqlalchemy.types import TypeDecorator

LongText = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")  # their TEXT ends at 64 KB
SEALED = "v1:"


class UtcDateTime(TypeDecorator[datetime]):
    """Store an aware instant as UTC without a zone; refuse a naive one.

    MariaDB's TIMESTAMP ends in 2038 and shifts with the session's zone, so it is DATETIME there.
    """

    impl = DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Json(TypeDecorator[Any]):
    """Store JSON as text, as the original's databases do."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if not value else orjson.loads(value)


class Keyring:
    """The encryption keys: the first seals, all open."""

    def __init__(self, passphrases: Sequence[str]) -> None:
        keys = [hashlib.sha256(one.encode()).digest() for one in passphrases]
        self._ciphers = {hashlib.sha256(key).hexdigest()[:8]: AESGCM(key) for key in keys}
        self._first = next(iter(self._ciphers))

    def seal(self, text: str, label: str) -> str:
        """Encrypt text with AES-GCM, bound to its column; returns `v1:<key id>:<base64>`."""
        nonce = os.urandom(12)
        sealed = self._ciphers[self._first].encrypt(nonce, text.encode(), label.encode())
        return f"{SEALED}{self._first}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, stored: str, label: str) -> str:
        """Decrypt what `seal` made; raise LookupError where no key opens it."""
        key_id, _, body = stored.removeprefix(SEALED).partition(":")
        cipher, raw = self._ciphers.get(key_id), base64.b64decode(body)
        if cipher is None:
            raise LookupError(f"{label}: ENCRYPTION_KEY lacks the key {key_id}")
        try:
            return cipher.decrypt(raw[:12], raw[12:], label.encode()).decode()
        except InvalidTag as error:
            raise LookupError(f"{label}: the stored text was not sealed for this column") from error


def _keyring() -> Keyring:
    ring: Keyring = current_app.extensions["keyring"]
    return ring


class Sealed(TypeDecorator[str]):
    """Store text encrypted; text that is not (an adopted database) is read as it is."""

    impl = LongText
    cache_ok = True

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _keyring().seal(value, self.label)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or not value.startswith(SEALED):
            return value
        return _keyring().open(value, self.label)


class SealedJson(TypeDecorator[Any]):
    """Store JSON encrypted."""

    impl = LongText
    cache_ok = True

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _keyring().seal(orjson.dumps(value).decode(), self.label)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        if not value:
            return None
        return orjson.loads(_keyring().open(value, self.label) if value.startswith(SEALED) else value)
