"""The `portal` command: what can be done from a terminal?"""

import json
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask.cli import FlaskGroup
from rich.progress import track
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from portal import create_app
from portal.config import INSTANCE, SettingError, Settings
from portal.domain.account import Account, Role
from portal.domain.errors import BookingError, Invalid

if TYPE_CHECKING:
    from portal.children import Children

WORKERS, THREADS = 2, 8
START_SECONDS = 60  # of a slow machine
OPERATOR = Account("operator", "operator@localhost", "Operator", Role.ADMIN)  # who sits at the terminal


@click.group(cls=FlaskGroup, create_app=create_app, add_default_commands=False, add_version_option=False)
def cli() -> None:
    """Créneau, a booking portal."""


def main() -> None:
    """Run the command; say what is wrong in one line, without a stack trace."""
    os.environ.setdefault("FLASK_SKIP_DOTENV", "1")
    try:
        cli.main(standalone_mode=False)
    except SettingError as error:
        sys.exit(f"portal: {error}")
    except BookingError as error:
        sys.exit(f"portal: {_words(error)}")
    except OperationalError as error:
        sys.exit(f"portal: the database does not answer as it should: {error.orig}")
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)


def _words(error: BookingError) -> str:
    if isinstance(error, Invalid):
        return "; ".join(f"{one.field}: {one.message % one.params}" for one in error.errors)
    return str(error)


@cli.command("create-user")
@click.argument("email")
@click.option("--name", required=True, help="How the person is called.")
@click.option("--role", type=click.Choice([one.value for one in Role]), default="customer", show_default=True)
@click.option("--password", envvar="PORTAL_PASSWORD", prompt=True, hide_input=True, confirmation_prompt=True)
def create_user_command(email: str, name: str, role: str, password: str) -> None:
    """Create a person who can sign in."""
    from portal.usecases.accounts import create_user
    from portal.web.context import now, settings

    account = create_user(email, name, Role(role), password, now())
    click.echo(f"Created {account.role} {account.email}.")
    if account.is_admin:
        click.echo(f"The first steps are at {settings().public_url}/staff/welcome")


@cli.command("load-services")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_services_command(file: Path) -> None:
    """Load services from a JSON array in the API's form; one whose slug is there already is updated.

    All of them are loaded, or none.
    """
    from portal.usecases.service_import import load_services
    from portal.web.context import current_rules, now

    try:
        items = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{file} is not JSON: {error}") from None
    if not isinstance(items, list):
        raise click.ClickException(f"{file} must hold a JSON array of services")
    load_services(items, OPERATOR, current_rules(), now(), lambda plans: _progress(plans, "Loading services"))
    click.echo(f"Loaded {len(items)} services.")


@cli.command("lapse-holds")
def lapse_holds_command() -> None:
    """Cancel the bookings that were not approved or paid in time; their places are free already."""
    from portal.usecases.reconciliation import release_lapsed
    from portal.web.context import current_money, now

    click.echo(f"{release_lapsed(current_money(), now())} bookings lapsed.")


@cli.command("send-mail")
def send_mail_command() -> None:
    """Send the mails that are due, once; those that fail are tried again later."""
    from portal.usecases.messages import send_due_messages
    from portal.web.context import now
    from portal.web.mails import post

    click.echo(f"{send_due_messages(post(), now())} mails sent.")


@cli.command("adopt-bookings")
def adopt_bookings_command() -> None:
    """Give the bookings of an adopted database their places; run it once, after `portal db upgrade`."""
    from portal.usecases.adoption import adopt_bookings
    from portal.web.context import current_rules, now

    taken, refused = adopt_bookings(current_rules(), now())
    click.echo(f"{taken} bookings hold their places now.")
    if refused:
        raise click.ClickException(f"no place is left for {', '.join(refused)}: move or cancel them")


@cli.command("serve")
@click.option("--workers", type=click.IntRange(1, 64), default=WORKERS, show_default=True, help="Processes.")
@click.option("--threads", type=click.IntRange(1, 64), default=THREADS, show_default=True, help="Per process.")
def serve_command(workers: int, threads: int) -> None:
    """Serve on HOST and PORT with several processes and threads, until stopped."""
    _say_who_begins()
    serve(workers, threads)


def _say_who_begins() -> None:
    """Say how the first admin is made, where there is none: nobody becomes one through a page."""
    from portal.store.db import db
    from portal.usecases.setup import has_admin

    try:
        if not has_admin():
            click.echo('Nobody runs this portal yet: portal create-user EMAIL --name "NAME" --role admin')
    except SQLAlchemyError:
        return  # it starts all the same, and /readyz says what is wrong
    finally:
        db.session.remove()
        db.engine.dispose()  # children open connections of their own


@cli.command("worker")
def worker_command() -> None:
    """Send mails, end holds and clean up, until stopped; any number of workers may run."""
    from flask import current_app

    from portal.worker import log_to_stderr, run_worker

    log_to_stderr()
    run_worker(current_app._get_current_object())  # type: ignore[attr-defined]


@cli.command("run-demo")
def run_demo_command() -> None:
    """Migrate, load the demonstration once, and run web server, worker and Stripe sandbox: what `make run` does."""
    from portal.children import ChildEnded, Children
    from portal.demo import seller_of
    from portal.web.context import settings

    given = settings()
    _check_port(given.host, given.port, "PORT=5001")
    try:
        with Children() as children:
            os.environ |= seller_of(os.environ)  # read by the children, as the sandbox's keys are
            payment = _start_sandbox(children, given)
            _fill_demo()
            children.start("The web server", lambda: serve(WORKERS, THREADS), (given.host, given.port, "/readyz"))
            children.wait_until_ready(START_SECONDS)
            children.start("The worker", _work)
            _welcome(given, payment)
            children.run()
    except ChildEnded as ended:
        raise click.ClickException(f"{ended}: everything is stopped.") from None
    except KeyboardInterrupt:
        click.echo("Stopped.")


def _start_sandbox(children: "Children", given: Settings) -> str:
    """Start a stand-in for Stripe where no key is given, and let the children use it; return how one pays."""
    from portal.stripe_sandbox.beside import check_not_production, demo_environ

    if given.stripe_secret_key:
        return "Payments go by the Stripe key that you gave."
    try:
        check_not_production(given, os.environ)
    except SettingError as error:
        return f"Payment is off: no key is given, and {error}."
    connected = demo_environ(given, os.environ)
    if not connected:
        return "Payment is off: STRIPE_API_BASE is given, and no key."
    for name in ("NO_PROXY", "no_proxy"):
        connected[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1")))
    os.environ |= connected  # read by the children: each builds its own app
    port, memory = int(connected["STRIPE_SANDBOX_PORT"]), _memory_of(given)
    children.start("The Stripe sandbox", lambda: _serve_sandbox(None, None, memory), ("127.0.0.1", port, "/_sandbox"))
    return f"Payments go to a sandbox, no money moves: test cards and faults are at http://127.0.0.1:{port}/_sandbox"


def _memory_of(settings: Settings) -> Path:
    """Return the file in which the sandbox of a demonstration remembers what was paid: beside that one's database."""
    url = make_url(settings.database_url)
    is_file = url.drivername == "sqlite" and url.database
    return Path(url.database or "").with_suffix(".stripe.json") if is_file else INSTANCE / "stripe_sandbox.json"


def _fill_demo() -> None:
    """Bring the database up to date, and load the demonstration into an empty one."""
    from flask_migrate import upgrade

    from portal.demo import load_demo
    from portal.store.db import db
    from portal.web.context import current_rules, now

    upgrade()
    if load_demo(current_rules(), now(), _progress):
        click.echo("Loaded the demonstration: 20 services, their staff and four people.")
    db.session.remove()
    db.engine.dispose()  # children open connections of their own


def _work() -> None:
    import logging

    from portal.worker import log_to_stderr, run_worker

    log_to_stderr(logging.WARNING)
    run_worker(create_app())


def _welcome(given: Settings, payment: str) -> None:
    from portal.demo import logins

    click.echo(f"\n  Créneau is at {given.public_url}\n")
    for email, role, password in logins():
        click.echo(f"  {email:<22}{role:<10}{password}")
    click.echo(f"\n  {payment}")
    if given.smtp_host is None:
        click.echo(f"  Mails are not sent, they are shown at {given.public_url}/dev/mailbox")
    click.echo("\n  Ctrl-C stops it.\n")


@cli.command("stripe-sandbox", with_appcontext=False)
@click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1; left out: STRIPE_SANDBOX_PORT.")
@click.option("--webhook-url", help="Where events are sent; left out: PUBLIC_URL with the webhook's path.")
@click.option("--memory", type=click.Path(dir_okay=False, path_type=Path), help="File that keeps what was paid.")
def stripe_sandbox_command(port: int | None, webhook_url: str | None, memory: Path | None) -> None:
    """Serve a strict local stand-in for Stripe, for development and tests only."""
    _serve_sandbox(port, webhook_url, memory, is_alone=True)


def _serve_sandbox(port: int | None, webhook_url: str | None, memory: Path | None, *, is_alone: bool = False) -> None:
    from portal.stripe_sandbox.beside import check_not_production, settings_of
    from portal.stripe_sandbox.serve import RunningSandbox

    given = Settings.from_env(os.environ)
    check_not_production(given, os.environ)
    chosen = settings_of(given, port, webhook_url)
    try:
        running = RunningSandbox(port or given.stripe_sandbox_port, chosen, memory)
    except OSError as error:
        reason = f"{chosen.base_url} cannot be used ({error.strerror}). Choose another port: STRIPE_SANDBOX_PORT=12112"
        raise click.ClickException(reason) from None
    if is_alone:  # it listens now: whoever reads this may call
        click.echo(f"The Stripe sandbox is at {chosen.base_url}/_sandbox and sends webhooks to {chosen.webhook_url}")
    running.run()


def _check_port(host: str, port: int, other: str) -> None:
    """Say that a port is taken before anything else is said."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"{host}:{port} cannot be used ({error.strerror}). Choose another: {other} make run"
            raise click.ClickException(reason) from None


def _progress(items: Sequence[Any], label: str) -> Any:
    return track(items, label, disable=not sys.stderr.isatty())


def serve(workers: int, threads: int, settings: Settings | None = None) -> None:
    """Run gunicorn in this process; its workers drain on SIGTERM."""
    from gunicorn.app.base import BaseApplication

    given = settings or Settings.from_env(os.environ)
    _check_port(given.host, given.port, "PORT=5001")
    INSTANCE.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": f"{given.host}:{given.port}",
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "graceful_timeout": 30,
        "control_socket_disable": True,
        "loglevel": "warning",
    }

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in options.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Callable[..., Any]:
            return create_app()

    Server().run()
