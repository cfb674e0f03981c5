"""What the team write down about a customer for themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("user", sa.Column("internal_notes", LONG))


def downgrade() -> None:
    with op.batch_alter_table("user") as table:
        table.drop_column("internal_notes")
