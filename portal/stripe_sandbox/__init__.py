"""What would Stripe answer? A strict local stand-in for development and tests; nothing of it runs in production.

`Sandbox` is the stand-in itself, `create_sandbox` puts Stripe's HTTP interface in front of one.
"""

from portal.stripe_sandbox.app import create_sandbox
from portal.stripe_sandbox.sandbox import Sandbox, SandboxSettings

__all__ = ["Sandbox", "SandboxSettings", "create_sandbox"]
