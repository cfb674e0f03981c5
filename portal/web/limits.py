"""How often may an address call the API, and how often may a sign-in fail?

Counted in Redis where there is one, else in this process; while Redis is away each process counts for itself.
"""

import hashlib
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, TypeVar

from flask import Blueprint, Flask, Response, current_app, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter, RateLimiter

from portal.config import Settings
from portal.domain.errors import N_, SignInFailed, TooManyRequests, counted
from portal.domain.text import normal_email

ADDRESS_FACTOR = 10  # an address may be a whole office
PATIENCE = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}  # seconds that we wait for Redis: it only counts
UNLIMITED = frozenset({"api.receiveStripeEvent"})  # it comes in bursts, from few addresses, and is signed
_LOG = logging.getLogger(__name__)

T = TypeVar("T")


class ThreadedMemory(MemoryStorage):
    """Counts in this process, exact with many threads.

    The library's own storage loses counts and fails now and then: two threads start one timer twice ("threads can
    only be started once"), a key's lock is dropped while another thread waits for it. Here one lock guards it all;
    the timer's method is private there, hence its long name.
    """

    STORAGE_SCHEME = ["threaded-memory"]  # noqa: RUF012 - as the library has it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: str) -> None:
        self._guard = RLock()
        super().__init__(uri, wrap_exceptions, **options)

    def _MemoryStorage__expire_events(self) -> None:
        with self._guard:
            super()._MemoryStorage__expire_events()  # type: ignore[misc]

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return the count."""
        with self._guard:
            return super().incr(key, expiry, amount)

    def get(self, key: str) -> int:
        """Return a count."""
        with self._guard:
            return super().get(key)

    def get_expiry(self, key: str) -> float:
        """Return when a count begins anew."""
        with self._guard:
            return super().get_expiry(key)

    def clear(self, key: str) -> None:
        """Forget a count."""
        with self._guard:
            super().clear(key)


@dataclass(frozen=True)
class _SignInLimits:
    """Failures counted per account and, more of them, per address; `fallback` counts while `shared` is away."""

    account: RateLimitItem
    address: RateLimitItem
    shared: RateLimiter
    fallback: RateLimiter


def register(app: Flask, limited: Blueprint, settings: Settings, account_id: Callable[[], str | None]) -> None:
    """Limit the calls of a blueprint by RATE_LIMIT, and prepare the counting of sign-ins.

    Who is signed in has calls of his own (`account_id`): an office behind one address may book together. All others
    share those of their address, so that made-up tokens gain nothing.
    """
    uri: str = settings.redis_url or "threaded-memory://"
    options: Any = PATIENCE if settings.redis_url else {}
    limiter = Limiter(
        lambda: account_id() or get_remote_address(),
        app=app,
        storage_uri=uri,
        storage_options=options,
        in_memory_fallback_enabled=bool(settings.redis_url),
        key_prefix="creneau",
    )
    if settings.redis_url:  # what it counts with while Redis is away; it has no other way to choose that
        limiter._fallback_storage = ThreadedMemory()
        limiter._fallback_limiter = FixedWindowRateLimiter(limiter._fallback_storage)
    limiter.limit(settings.rate_limit, exempt_when=lambda: request.endpoint in UNLIMITED)(limited)
    limited.after_request(lambda response: _tell(limiter, response))
    rate = parse(settings.signin_limit)
    wide = type(rate)(rate.amount * ADDRESS_FACTOR, rate.multiples)
    shared, fallback = storage_from_string(uri, **options), ThreadedMemory()
    app.extensions["signin_limits"] = _SignInLimits(
        rate, wide, FixedWindowRateLimiter(shared), FixedWindowRateLimiter(fallback)
    )


def _tell(limiter: Limiter, response: Response) -> Response:
    """Say how many calls are left; only who has none is told to come back later."""
    limit = limiter.current_limit
    if limit is None:
        return response
    response.headers["X-RateLimit-Limit"] = str(limit.limit.amount)
    response.headers["X-RateLimit-Remaining"] = str(limit.remaining)
    response.headers["X-RateLimit-Reset"] = str(int(limit.reset_at))
    if limit.breached:
        response.headers["Retry-After"] = str(_seconds_until(limit.reset_at))
    return response


def _seconds_until(moment: float) -> int:
    return max(1, math.ceil(moment - time.time()))


@contextmanager
def counting_failures(email: str) -> Iterator[None]:
    """Run a sign-in inside: too many failures of the account or the address refuse it before it is tried.

    An attempt counts for the account before it is tried, so that many at once cannot slip through; success forgives.
    Raises TooManyRequests.
    """
    limits: _SignInLimits = current_app.extensions["signin_limits"]
    account, address = _account_key(email), request.remote_addr or "unknown"
    if not _with_strategy(limits, lambda it: it.test(limits.address, "signin-address", address)):
        raise _refusal(limits, limits.address, "signin-address", address)
    if not _with_strategy(limits, lambda it: it.hit(limits.account, "signin-account", account)):
        raise _refusal(limits, limits.account, "signin-account", account)
    try:
        yield
    except SignInFailed:
        _with_strategy(limits, lambda it: it.hit(limits.address, "signin-address", address))
        raise
    _with_strategy(limits, lambda it: it.clear(limits.account, "signin-account", account))


def _account_key(email: str) -> str:
    """Name an account without writing its address into Redis."""
    return hashlib.sha256(normal_email(email).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _refusal(limits: _SignInLimits, item: RateLimitItem, *names: str) -> TooManyRequests:
    stats = _with_strategy(limits, lambda it: it.get_window_stats(item, *names))
    wait = _seconds_until(stats.reset_time)
    minutes = -(-wait // 60)
    many = N_("Too many sign-ins failed. Wait %(minutes)s minutes, then try again.")
    message = counted(minutes, N_("Too many sign-ins failed. Wait a minute, then try again."), many)
    return TooManyRequests(message, retry_after=wait, minutes=minutes)


def _with_strategy(limits: _SignInLimits, ask: Callable[[RateLimiter], T]) -> T:
    """Ask where the counts are kept; where that is away, this process's own counts."""
    try:
        return ask(limits.shared)
    except Exception as error:  # whatever the storage's library raises
        _LOG.warning("sign-in limits: the storage is away (%s)", type(error).__name__)
        return ask(limits.fallback)
