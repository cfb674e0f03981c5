"""With which settings does the sandbox run beside the portal, and where does it refuse to run?"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from portal.config import SettingError, Settings
from portal.stripe_sandbox.pages import LOCAL_HOSTS
from portal.stripe_sandbox.sandbox import KEY_PREFIX, SIGNING_KEY, SandboxSettings

WEBHOOK_PATH = "/api/booking/stripe/webhook"


def check_not_production(settings: Settings, environ: Mapping[str, str]) -> None:
    """Refuse to run where real people pay; raises SettingError."""
    if environ.get("PORTAL_ENV", "").strip().lower() == "production":
        raise SettingError("PORTAL_ENV=production: the Stripe sandbox is for development and tests only")
    if settings.stripe_secret_key and not settings.stripe_secret_key.startswith(KEY_PREFIX):
        raise SettingError(f"STRIPE_SECRET_KEY: the Stripe sandbox runs only with a key that begins with {KEY_PREFIX}")
    if urlsplit(settings.public_url).hostname not in {host.strip("[]") for host in LOCAL_HOSTS}:
        raise SettingError(f"PUBLIC_URL={settings.public_url}: the Stripe sandbox serves a portal of this machine only")


def settings_of(settings: Settings, port: int | None = None, webhook_url: str | None = None) -> SandboxSettings:
    """Derive the sandbox's settings from the portal's."""
    return SandboxSettings(
        webhook_url=webhook_url or f"{settings.public_url}{WEBHOOK_PATH}",
        webhook_secret=settings.stripe_webhook_secret or SIGNING_KEY,
        base_url=f"http://127.0.0.1:{port or settings.stripe_sandbox_port}",
    )


def demo_environ(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that connect a portal with a sandbox; none where Stripe is set up already."""
    if settings.stripe_secret_key or settings.stripe_api_base:
        return {}
    try:
        check_not_production(settings, environ)
    except SettingError:
        return {}
    port = usable_port(settings.stripe_sandbox_port)
    return {
        "STRIPE_SECRET_KEY": f"{KEY_PREFIX}of_the_demonstration",
        "STRIPE_WEBHOOK_SECRET": settings.stripe_webhook_secret or SIGNING_KEY,
        "STRIPE_API_BASE": f"http://127.0.0.1:{port}",
        "STRIPE_SANDBOX_PORT": str(port),
    }


def usable_port(wanted: int) -> int:
    """Return the port that is wanted, or another where somebody uses it already: a second portal, perhaps."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return int(probe.getsockname()[1])
    return wanted
