"""Payments, refunds, disputes, and what the provider told; how much of a booking is paid."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
BOOKING = (
    ("approval_needed", sa.Boolean),
    ("approval_latest", INSTANT),
    ("payment_authorised", sa.Boolean),
    ("amount_paid", sa.Integer),
    ("amount_refunded", sa.Integer),
    ("lapsed_at", INSTANT),
)
TABLES = ("subscription", "subscription_invoice", "watermark", "stripe_event", "dispute", "refund", "payment")


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a table; on MariaDB ids are compared byte by byte, as everywhere else."""
    op.create_table(name, *parts, mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def _text(name: str, length: int = 255, *, needed: bool = True, key: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=not needed, primary_key=key)


def _whole(name: str, default: str | None = None) -> sa.Column:
    return sa.Column(name, sa.Integer, nullable=False, server_default=default)


def _at(name: str, *, needed: bool = True) -> sa.Column:
    return sa.Column(name, INSTANT, nullable=not needed)


def upgrade() -> None:
    for name, kind in BOOKING:
        op.add_column("booking", sa.Column(name, kind))
    _make_payments()
    _make_refunds()
    _make_news()
    _make_series()
    _take_over_what_was_paid()


def _make_payments() -> None:
    _table(
        "payment",
        _text("id", key=True),
        _text("booking_id"),
        _text("kind", 20),
        _whole("amount_minor"),
        _text("currency", 3),
        _text("status", 20),
        _text("key"),
        _text("open_for", needed=False),
        sa.Column("hold_only", sa.Boolean, nullable=False),
        _text("session_id", needed=False),
        _text("intent_id", needed=False),
        sa.Column("url", LONG),
        _text("customer_id", needed=False),
        sa.Column("request", LONG),
        _whole("amount_captured", "0"),
        _whole("amount_refunded", "0"),
        sa.Column("is_surplus", sa.Boolean),
        sa.Column("is_disputed", sa.Boolean),
        sa.Column("flag", LONG),
        _text("failure", needed=False),
        _at("created_at"),
        _at("updated_at"),
        _at("settled_at", needed=False),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_payment_booking_id"),
        *(sa.UniqueConstraint(one, name=f"uq_payment_{one}") for one in ("key", "open_for", "session_id", "intent_id")),
        sa.CheckConstraint("amount_captured >= 0", name=op.f("ck_payment_captured_not_negative")),
        sa.CheckConstraint("amount_refunded >= 0", name=op.f("ck_payment_refunded_not_negative")),
        sa.CheckConstraint("amount_refunded <= amount_captured", name=op.f("ck_payment_refunded_at_most_captured")),
    )
    op.create_index("ix_payment_booking_id", "payment", ["booking_id"])
    op.create_index("ix_payment_status_updated_at", "payment", ["status", "updated_at"])


def _make_refunds() -> None:
    _table(
        "refund",
        _text("id", key=True),
        _text("payment_id"),
        _text("booking_id"),
        _whole("amount_minor"),
        _text("currency", 3),
        _text("status", 20),
        _text("why", 20),
        sa.Column("reason", LONG),
        _text("key"),
        _text("provider_id", needed=False),
        _text("failure", needed=False),
        _whole("attempts", "0"),
        _text("actor_id", needed=False),
        _at("created_at"),
        _at("updated_at"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_refund_payment_id"),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_refund_booking_id"),
        *(sa.UniqueConstraint(one, name=f"uq_refund_{one}") for one in ("key", "provider_id")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_amount_positive")),
    )
    op.create_index("ix_refund_payment_id", "refund", ["payment_id"])
    op.create_index("ix_refund_booking_id", "refund", ["booking_id"])
    op.create_index("ix_refund_status_updated_at", "refund", ["status", "updated_at"])


def _make_news() -> None:
    _table(
        "dispute",
        _text("id", key=True),
        _text("payment_id"),
        _whole("amount_minor"),
        _text("currency", 3),
        _text("status", 50),
        sa.Column("is_over", sa.Boolean, nullable=False),
        sa.Column("is_lost", sa.Boolean, nullable=False),
        _at("created_at"),
        _at("updated_at"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_dispute_payment_id"),
    )
    op.create_index("ix_dispute_payment_id", "dispute", ["payment_id"])
    _table(
        "stripe_event",
        _text("id", key=True),
        _text("type", 100),
        _at("created"),
        _at("received_at"),
        _at("handled_at", needed=False),
    )
    op.create_index("ix_stripe_event_received_at", "stripe_event", ["received_at"])
    _table("watermark", _text("name", 50, key=True), _at("at"))


def _make_series() -> None:
    _table(
        "subscription_invoice",
        _text("subscription_id", 100, key=True),
        _text("invoice_id", 100, key=True),
        sa.Column("is_paid", sa.Boolean, nullable=False),
        _whole("amount_minor"),
        _text("currency", 3),
        _text("intent_id", needed=False),
        _at("updated_at"),
    )
    op.create_index("ix_subscription_invoice_intent_id", "subscription_invoice", ["intent_id"])
    _table(
        "subscription",
        _text("id", key=True),
        _text("status", 50),
        _text("booking_id", needed=False),
        _at("updated_at"),
    )


def _take_over_what_was_paid() -> None:
    """Let what was paid through the original be given back: its bookings name the intent."""
    op.execute(
        """
        INSERT INTO payment (
            id, booking_id, kind, amount_minor, currency, status, key_, hold_only, intent_id, customer_id,
            amount_captured, amount_refunded, created_at, updated_at, settled_at
        )
        SELECT id, id, 'intent', total_price, COALESCE(currency, 'EUR'), 'succeeded', id, FALSE,
            stripe_payment_intent_id, stripe_customer_id, total_price, 0, start_date, start_date, start_date
        FROM booking
        WHERE id IN (
            SELECT MIN(id) FROM booking
            WHERE stripe_payment_intent_id IS NOT NULL AND payment_status = 'paid' AND total_price > 0
            GROUP BY stripe_payment_intent_id
        )
        """.replace("key_", _quoted("key"))
    )
    op.execute("UPDATE booking SET amount_paid = total_price WHERE id IN (SELECT booking_id FROM payment)")


def _quoted(name: str) -> str:
    """Quote a name that is a word of MariaDB's."""
    return op.get_bind().dialect.identifier_preparer.quote(name)


def downgrade() -> None:
    for name in TABLES:
        op.drop_table(name)
    with op.batch_alter_table("booking") as table:
        for name, _ in BOOKING:
            table.drop_column(name)
