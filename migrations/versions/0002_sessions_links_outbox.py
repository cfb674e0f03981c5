"""Sessions of browsers, links that work once, and messages that wait to be sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a table; on MariaDB ids are compared byte by byte, as everywhere else."""
    op.create_table(name, *parts, mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def _owned(name: str, *columns: sa.schema.SchemaItem) -> None:
    """Make a table of secrets that belong to a person and go with him."""
    _table(
        name,
        sa.Column("secret_hash", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=f"fk_{name}_user_id", ondelete="CASCADE"),
    )
    op.create_index(f"ix_{name}_user_id", name, ["user_id"])


def upgrade() -> None:
    _owned(
        "browser_session",
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("user_agent", sa.String(255), nullable=False),
    )
    _owned(
        "account_link",
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("address", LONG),
        sa.Column("expires_at", INSTANT, nullable=False),
    )
    _table(
        "outbox",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("event", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("recipient", sa.String(255), nullable=False),
        sa.Column("address", LONG),
        sa.Column("locale", sa.String(10)),
        sa.Column("payload", LONG),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("leased_until", INSTANT),
        sa.Column("sent_at", INSTANT),
        sa.Column("failure", sa.String(255)),
        sa.UniqueConstraint("event", "channel", "recipient", "kind", name="uq_outbox_event_channel_recipient_kind"),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"])


def downgrade() -> None:
    for name in ("outbox", "account_link", "browser_session"):
        op.drop_table(name)
