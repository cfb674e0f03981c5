"""When the team saw a payment that is not as it should be."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("payment", sa.Column("flag_seen_at", INSTANT))


def downgrade() -> None:
    with op.batch_alter_table("payment") as table:
        table.drop_column("flag_seen_at")
