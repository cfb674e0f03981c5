"""What the README tells a stranger to type works as it stands."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from flask_migrate import upgrade

from portal import create_app
from portal.demo import load_demo
from portal.store.db import db
from portal.web.context import current_rules, now
from tests.conftest import environ_for
from tests.sandboxes import KEY, WEBHOOK_SECRET, running_sandbox
from tests.server import running_server

README = Path(__file__).parent.parent / "README.md"


def test_the_readmes_curl_commands_book_a_whole_day_at_the_right_prices(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        if os.environ.get("CI"):
            pytest.fail("curl is required here")
        pytest.skip("curl is not on this machine: the README's commands were not run")
    script = re.findall(r"```bash\n(.*?)```", README.read_text("utf-8"), re.DOTALL)[0]
    with running_sandbox() as sandbox:
        stripe = sandbox.settings.base_url
        environ = environ_for(
            f"sqlite:///{tmp_path / 'readme.db'}",
            STRIPE_SECRET_KEY=KEY,
            STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
            STRIPE_API_BASE=stripe,
        )
        run = run_on_a_portal(script, environ, stripe)
    assert run.returncode == 0, run.stdout + run.stderr
    booked = [line.split()[-2:] for line in run.stdout.splitlines()]
    assert booked == [["paid", cents] for cents in ("5000", "51000", "36000", "4000", "23000", "49900")]
    assert [one["amount_received"] for one in sandbox.all("payment_intent")] == [int(cents) for _, cents in booked]


def run_on_a_portal(script: str, environ: dict[str, str], stripe: str) -> "subprocess.CompletedProcess[str]":
    """Run commands beside a portal with its demonstration."""
    app = create_app(environ=environ)
    with app.app_context():
        upgrade()
        load_demo(current_rules(), now())
        db.engine.dispose()
    with running_server(environ) as address:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env={**os.environ, "SITE": address, "STRIPE": stripe},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
