"""Invoices, and the counter of their numbers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a table; on MariaDB ids are compared byte by byte, as everywhere else."""
    op.create_table(name, *parts, mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def upgrade() -> None:
    _table(
        "invoice_counter",
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
    )
    _table(
        "invoice",
        sa.Column("id", sa.String(255), primary_key=True),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("booking_id", sa.String(255), nullable=False),
        sa.Column("payment_id", sa.String(255)),
        sa.Column("refund_id", sa.String(255)),
        sa.Column("corrects_id", sa.String(255)),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("content", LONG, nullable=False),
        sa.Column("buyer", LONG, nullable=False),
        sa.UniqueConstraint("number", name="uq_invoice_number"),
        sa.UniqueConstraint("payment_id", name="uq_invoice_payment_id"),
        sa.UniqueConstraint("refund_id", "kind", name="uq_invoice_refund_id_kind"),
        sa.CheckConstraint("(payment_id IS NULL) <> (refund_id IS NULL)", name="ck_invoice_payment_or_refund"),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_invoice_booking_id"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_invoice_payment_id"),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name="fk_invoice_refund_id"),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoice.id"], name="fk_invoice_corrects_id"),
    )
    op.create_index("ix_invoice_booking_id", "invoice", ["booking_id"])
    op.create_index("ix_invoice_corrects_id", "invoice", ["corrects_id"])


def downgrade() -> None:
    for name in ("invoice", "invoice_counter"):
        op.drop_table(name)
