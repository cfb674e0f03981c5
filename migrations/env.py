"""How Alembic reaches the database: through the app, so that `portal db upgrade` needs no settings of its own."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

database = current_app.extensions["migrate"].db


def run() -> None:
    """Run the migrations on the app's engine, one transaction each where the database can."""
    with database.engine.connect() as connection:
        switch_foreign_keys(connection, "OFF")
        try:
            migrate(connection)
        finally:
            switch_foreign_keys(connection, "ON")


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_as_batch=True,
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def switch_foreign_keys(connection: Connection, state: str) -> None:
    """Let SQLite change a table by making it anew: dropping the old one would delete what refers to it.

    The pragma does nothing inside a transaction, so it goes to the driver before SQLAlchemy begins one.
    """
    if connection.dialect.name == "sqlite":
        connection.rollback()
        connection.connection.cursor().execute(f"PRAGMA foreign_keys={state}")


if context.is_offline_mode():
    raise SystemExit("Migrations look at the tables that are there: run them on a database, not offline.")
run()
