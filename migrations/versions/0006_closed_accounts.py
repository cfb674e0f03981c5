"""When and why an account was closed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    with op.batch_alter_table("user") as table:
        table.add_column(sa.Column("banned_at", INSTANT))
        table.add_column(sa.Column("ban_reason", sa.String(500)))


def downgrade() -> None:
    with op.batch_alter_table("user") as table:
        table.drop_column("ban_reason")
        table.drop_column("banned_at")
