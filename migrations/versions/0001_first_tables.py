"""First tables, also over those that the original already made.

Where `user`, `booking_service` or `booking` are there, their rows stay as they are: missing columns and indexes are
added, and columns of others that would refuse our rows become nullable.
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import DATETIME, MEDIUMTEXT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LONG = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
INSTANT = sa.DateTime().with_variant(DATETIME(fsp=6), "mysql", "mariadb")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ADOPTED = ("user", "booking_service", "booking")


def _text(name: str, length: int, **more: object) -> sa.Column:
    return sa.Column(name, sa.String(length), **more)


def _user() -> list[sa.Column]:
    return [
        _text("id", 255, primary_key=True),
        _text("email", 255, nullable=False),
        _text("email_normal", 255),
        _text("name", 255, nullable=False),
        _text("password_hash", 255),
        _text("role", 20, nullable=False, server_default="customer"),
        _text("status", 20, nullable=False, server_default="active"),
        sa.Column("attributes", LONG),
        sa.Column("booking_preferences", LONG),
        _text("locale", 10),
        _text("time_zone", 64),
        _text("stripe_customer_id", 255),
        sa.Column("created_at", INSTANT),
        sa.Column("updated_at", INSTANT),
    ]


def _service() -> list[sa.Column]:
    long = [
        "booking_window",
        "cancellation_policy",
        "recurring",
        "available_slots",
        "special_availability",
        "required_resources",
        "required_staff",
        "location",
        "pricing_tiers",
        "custom_fields",
    ]
    return [
        _text("id", 255, primary_key=True),
        _text("name", 255, nullable=False),
        sa.Column("description", LONG),
        _text("type", 50, server_default="appointment"),
        sa.Column("duration", sa.Integer, nullable=False),
        sa.Column("price", sa.Integer, nullable=False),
        _text("currency", 3),
        sa.Column("max_participants", sa.Integer),
        sa.Column("min_participants", sa.Integer),
        _text("category", 100),
        *(sa.Column(name, LONG) for name in long),
        sa.Column("is_active", sa.Boolean, server_default=sa.true()),
        sa.Column("metadata", LONG),
        sa.Column("created_at", INSTANT),
        sa.Column("updated_at", INSTANT),
        _text("slug", 100),
        _text("time_zone", 64),
        sa.Column("capacity", sa.Integer),
        sa.Column("slot_interval", sa.Integer),
        sa.Column("max_duration", sa.Integer),
        sa.Column("buffer_before", sa.Integer),
        sa.Column("buffer_after", sa.Integer),
        _text("check_in_time", 5),
        _text("check_out_time", 5),
        sa.Column("requires_approval", sa.Boolean),
        _text("price_unit", 20),
        sa.Column("tax_rate", LONG),
        sa.Column("participant_details_required", sa.Boolean),
        sa.Column("translations", LONG),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    ]


def _booking() -> list[sa.Column]:
    return [
        _text("id", 255, primary_key=True),
        _text("service_id", 255, nullable=False),
        _text("user_id", 255, nullable=False),
        _text("parent_booking_id", 255),
        sa.Column("start_date", INSTANT, nullable=False),
        sa.Column("end_date", INSTANT, nullable=False),
        _text("status", 50, nullable=False, server_default="pending"),
        sa.Column("participants", sa.Integer, nullable=False, server_default="1"),
        sa.Column("participant_details", LONG),
        sa.Column("total_price", sa.Integer, nullable=False),
        _text("currency", 3),
        sa.Column("discounts", LONG),
        _text("payment_status", 50),
        _text("payment_method", 100),
        _text("payment_transaction_id", 255),
        _text("stripe_payment_intent_id", 255),
        _text("stripe_customer_id", 255),
        _text("stripe_checkout_session_id", 255),
        sa.Column("notes", LONG),
        _text("contact_email", 255),
        sa.Column("contact_phone", LONG),
        _text("reference_id", 255),
        sa.Column("assigned_resources", LONG),
        sa.Column("assigned_staff", LONG),
        sa.Column("check_in", INSTANT),
        sa.Column("check_out", INSTANT),
        sa.Column("custom_field_values", LONG),
        sa.Column("recurring_config", LONG),
        sa.Column("waitlist_info", LONG),
        _text("source", 50),
        sa.Column("internal_notes", LONG),
        sa.Column("metadata", LONG),
        sa.Column("created_at", INSTANT),
        sa.Column("updated_at", INSTANT),
        sa.Column("rating", sa.Integer),
        sa.Column("feedback", LONG),
        _text("referral_source", 255),
        sa.Column("price_lines", LONG),
        sa.Column("tax", sa.Integer),
        sa.Column("hold_expires_at", INSTANT),
        sa.Column("approval_by_admin", sa.Boolean),
        _text("occurrence_id", 255),
        sa.Column("unfilled_roles", LONG),
        sa.Column("cancellation_policy", LONG),
    ]


FOREIGN_KEYS = {
    "booking": (("service_id", "booking_service"), ("user_id", "user"), ("parent_booking_id", "booking")),
}
INDEXES = {
    "booking": (
        ("idx_booking_service_id", ["service_id"]),
        ("idx_booking_user_id", ["user_id"]),
        ("idx_booking_start_date", ["start_date"]),
        ("idx_booking_status", ["status"]),
        ("idx_booking_payment_status", ["payment_status"]),
        ("idx_booking_stripe_payment_intent", ["stripe_payment_intent_id"]),
        ("ix_booking_user_id_created_at", ["user_id", "created_at"]),
        ("ix_booking_hold_expires_at", ["hold_expires_at"]),
        ("ix_booking_occurrence_id", ["occurrence_id"]),
    ),
}
UNIQUE = {"user": "email_normal", "booking_service": "slug"}
COLUMNS = {"user": _user, "booking_service": _service, "booking": _booking}


def upgrade() -> None:
    """Make or complete the original's tables, then make ours."""
    there = set(sa.inspect(op.get_bind()).get_table_names())
    _table("adopted_table", _text("name", 64, primary_key=True), sa.Column("added", LONG), sa.Column("indexes", LONG))
    if there & set(ADOPTED) and op.get_bind().dialect.name in {"mysql", "mariadb"}:
        _compare_by_bytes(there & set(ADOPTED))
    for name in ADOPTED:
        if name in there:
            _adopt(name)
        else:
            _make(name)
    for name in ADOPTED:
        _add_indexes(name)
    _make_own_tables()
    if "booking_service" in there:
        _store_supply()
    if op.get_bind().dialect.name == "postgresql":
        _forbid_overlaps()


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a table; on MariaDB ids are compared byte by byte, as everywhere else."""
    op.create_table(name, *parts, mysql_charset="utf8mb4", mysql_collate="utf8mb4_bin")


def _make(name: str) -> None:
    keys = [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{name}_{column}")
        for column, other in FOREIGN_KEYS.get(name, ())
    ]
    _table(name, *COLUMNS[name](), *keys)


def _adopt(name: str) -> None:
    """Add what a table of the original lacks, and widen what is too narrow."""
    bind = op.get_bind()
    found = {column["name"]: column for column in sa.inspect(bind).get_columns(name)}
    wanted = {column.name: column for column in COLUMNS[name]()}
    added = [column for key, column in wanted.items() if key not in found]
    if bind.dialect.name != "sqlite":
        _widen(name, {key: column for key, column in wanted.items() if key in found}, found)
    with op.batch_alter_table(name) as table:
        for column in added:
            if not column.nullable and column.server_default is None:
                column.server_default = sa.DefaultClause("")
            table.add_column(column)
        for key, column in found.items():
            if key not in wanted and not column["nullable"] and column.get("default") is None:
                table.alter_column(key, existing_type=column["type"], nullable=True)
    missing = [index for index, _ in INDEXES.get(name, ()) if index not in _index_names(name)]
    marker = sa.table("adopted_table", sa.column("name"), sa.column("added"), sa.column("indexes"))
    columns = " ".join(column.name for column in added)
    op.execute(marker.insert().values(name=name, added=columns, indexes=" ".join(missing)))
    if bind.dialect.name == "sqlite":
        _spell_times_alike(name, [key for key in wanted if key in found and wanted[key].type is INSTANT])
    _fill_unique(name)


def _index_names(name: str) -> set[str | None]:
    return {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(name)}


def _spell_times_alike(name: str, columns: list[str]) -> None:
    """Write the times of an SQLite table as we do: text is compared there, and JavaScript writes it in other ways.

    Numbers are seconds since 1970 or, where larger, milliseconds.
    """
    for column in columns:
        seconds = f"CASE WHEN abs({column}) > 100000000000 THEN {column} / 1000.0 ELSE {column} END"
        number = f"strftime('%Y-%m-%d %H:%M:%f000', {seconds}, 'unixepoch')"
        text = f"strftime('%Y-%m-%d %H:%M:%f000', {column})"
        op.execute(
            f'UPDATE "{name}" SET {column} ='  # noqa: S608 - names of ours
            f" CASE WHEN typeof({column}) = 'text' THEN coalesce({text}, {column}) ELSE {number} END"
            f" WHERE {column} IS NOT NULL"
        )


def _widen(name: str, wanted: dict[str, sa.Column], found: dict[str, dict]) -> None:
    """Give adopted columns our types: 50 characters hold no encrypted number, TIMESTAMP no year 2038."""
    for key, column in wanted.items():
        if isinstance(column.type, sa.Text | sa.DateTime) and not column.primary_key:
            using = f"\"{key}\" AT TIME ZONE 'UTC'" if getattr(found[key]["type"], "timezone", False) else None
            op.alter_column(
                name,
                key,
                type_=column.type,
                existing_type=found[key]["type"],
                existing_nullable=found[key]["nullable"],
                nullable=found[key]["nullable"],
                server_default=None,
                postgresql_using=using,
            )


def _compare_by_bytes(adopted: set[str]) -> None:
    """Give the adopted tables of MariaDB, and all that are bound to them by foreign keys, the collation of ours.

    Keys of two collations cannot refer to each other, and none can change while it is referred to.
    """
    inspector = sa.inspect(op.get_bind())
    keys = [(name, key) for name in inspector.get_table_names() for key in inspector.get_foreign_keys(name)]
    bound = set(adopted)
    for _ in keys:
        bound |= {
            one for name, key in keys if bound & {name, key["referred_table"]} for one in (name, key["referred_table"])
        }
    keys = [(name, key) for name, key in keys if name in bound]
    for name, key in keys:
        op.drop_constraint(key["name"], name, type_="foreignkey")
    for name in sorted(bound):
        op.execute(f"ALTER TABLE `{name}` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    for name, key in keys:
        columns, referred = key["constrained_columns"], key["referred_columns"]
        op.create_foreign_key(key["name"], name, key["referred_table"], columns, referred, **key["options"])


def _fill_unique(name: str) -> None:
    """Give adopted people their address's normal form, adopted services a slug; of equal ones the first keeps it."""
    if name not in UNIQUE:
        return
    from portal.domain.text import normal_email, slug_of

    source, make = ("email", normal_email) if name == "user" else ("name", slug_of)
    table = sa.table(name, sa.column("id"), sa.column(source), sa.column(UNIQUE[name]))
    used: set[str] = set()
    rows = op.get_bind().execute(sa.select(table.c.id, table.c[source]).order_by(table.c.id)).all()
    for row_id, text in rows:
        value = make(text or row_id)
        if value in used:
            value = None if name == "user" else _numbered(value, used)
        used.add(value)
        op.execute(table.update().where(table.c.id == row_id).values({UNIQUE[name]: value}))


def _store_supply() -> None:
    """Store the resources and staff members that adopted services name, as saving those services would."""
    from flask import current_app

    table = sa.table("booking_service", *map(sa.column, ("id", "required_resources", "required_staff")))
    rows = op.get_bind().execute(sa.select(table).order_by(table.c.id)).all()
    resources: dict[str, dict] = {}
    roles: dict[str, list[str]] = {}
    for _, needed, staff in rows:
        for one in json.loads(needed or "[]"):
            if one["type"] not in {"material", "service"} or one.get("quantity"):  # these are only listed
                known = resources.setdefault(one["id"], {**one, "quantity": 0})
                known["quantity"] = max(known["quantity"], one.get("quantity") or 1)
        for one in json.loads(staff or "[]"):
            for staff_id in one.get("specificStaffIds") or ():
                roles[staff_id] = list(dict.fromkeys([*roles.get(staff_id, ()), one["role"]]))
    names = ("id", "name", "type", "quantity")
    stock = [{name: one[name] for name in names} for one in resources.values()]
    op.bulk_insert(sa.table("resource", *map(sa.column, names)), stock)
    zone = current_app.extensions["rules"].time_zone
    people = [{"id": one, "name": one, "roles": json.dumps(its), "time_zone": zone} for one, its in roles.items()]
    op.bulk_insert(sa.table("staff_member", *map(sa.column, ("id", "name", "roles", "time_zone"))), people)


def _numbered(slug: str, used: set[str]) -> str:
    number = 2
    while f"{slug}-{number}" in used:
        number += 1
    return f"{slug}-{number}"


def _add_indexes(name: str) -> None:
    there = _index_names(name)
    with op.batch_alter_table(name) as table:
        if name in UNIQUE:
            table.create_unique_constraint(f"uq_{name}_{UNIQUE[name]}", [UNIQUE[name]])
        for index, columns in INDEXES.get(name, ()):
            if index not in there:
                table.create_index(index, columns)


def _make_own_tables() -> None:
    _table(
        "access_token",
        _text("token_hash", 64, primary_key=True),
        _text("user_id", 255, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_access_token_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_access_token_user_id", "access_token", ["user_id"])
    _table(
        "resource",
        _text("id", 255, primary_key=True),
        _text("name", 255, nullable=False),
        _text("type", 50, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("seats", sa.Integer),
    )
    _table(
        "staff_member",
        _text("id", 255, primary_key=True),
        _text("name", 255, nullable=False),
        sa.Column("roles", LONG),
        _text("time_zone", 64, nullable=False),
        sa.Column("working_hours", LONG),
        sa.Column("time_off", LONG),
        _text("user_id", 255),
    )
    _table(
        "closure",
        _text("id", 255, primary_key=True),
        _text("starts", 32, nullable=False),
        _text("ends", 32, nullable=False),
        _text("target", 20, nullable=False),
        _text("target_id", 255),
        _text("reason", 255, nullable=False),
    )
    op.create_index("ix_closure_ends", "closure", ["ends"])
    _make_places()
    _make_records()


def _make_places() -> None:
    _table(
        "occurrence",
        _text("id", 255, primary_key=True),
        _text("service_id", 255, nullable=False),
        sa.Column("starts", sa.Integer, nullable=False),
        sa.Column("ends", sa.Integer, nullable=False),
        sa.Column("seats", sa.Integer),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.Column("assigned_resources", LONG),
        sa.Column("assigned_staff", LONG),
        sa.ForeignKeyConstraint(["service_id"], ["booking_service.id"], name="fk_occurrence_service_id"),
        sa.UniqueConstraint("service_id", "starts", "ends", name="uq_occurrence_service_id_starts_ends"),
        sa.CheckConstraint("taken >= 0", name="ck_occurrence_taken_not_negative"),
        sa.CheckConstraint("seats IS NULL OR taken <= seats", name="ck_occurrence_not_oversold"),
    )
    _table(
        "allocation",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        _text("place", 260, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("starts", sa.Integer, nullable=False),
        sa.Column("ends", sa.Integer, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        _text("single", 260),
        _text("booking_id", 255),
        _text("occurrence_id", 255),
        sa.Column("expires_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_allocation_booking_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name="fk_allocation_occurrence_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("single", "starts", name="uq_allocation_single_starts"),
    )
    op.create_index("ix_allocation_place_day", "allocation", ["place", "day"])
    op.create_index("ix_allocation_booking_id", "allocation", ["booking_id"])
    op.create_index("ix_allocation_occurrence_id", "allocation", ["occurrence_id"])


def _make_records() -> None:
    _table(
        "audit_entry",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        _text("booking_id", 255, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _text("actor_id", 255),
        _text("action", 50, nullable=False),
        _text("from_status", 50),
        _text("to_status", 50),
        sa.Column("reason", LONG),
    )
    op.create_index("ix_audit_entry_booking_id", "audit_entry", ["booking_id"])
    _table(
        "idempotency_key",
        _text("caller", 255, primary_key=True),
        _text("key", 255, primary_key=True),
        _text("fingerprint", 64, nullable=False),
        sa.Column("answer", LONG, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])


def _forbid_overlaps() -> None:
    """Let PostgreSQL itself refuse two bookings of what exists once: the second guard, behind the locks."""
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute(
        "ALTER TABLE allocation ADD CONSTRAINT ex_allocation_single_overlaps"
        " EXCLUDE USING gist (single WITH =, int4range(starts, ends) WITH &&) WHERE (single IS NOT NULL)"
    )


def downgrade() -> None:
    """Remove our tables; of adopted ones only what was added to them."""
    bind = op.get_bind()
    rows = bind.execute(sa.text("SELECT name, added, indexes FROM adopted_table"))
    adopted = {name: (added.split(), indexes.split()) for name, added, indexes in rows}
    for name in ("idempotency_key", "audit_entry", "allocation", "occurrence", "closure", "staff_member"):
        op.drop_table(name)
    for name in ("resource", "access_token"):
        op.drop_table(name)
    for name in reversed(ADOPTED):
        if name not in adopted:
            op.drop_table(name)
            continue
        with op.batch_alter_table(name) as table:
            if name in UNIQUE:
                table.drop_constraint(f"uq_{name}_{UNIQUE[name]}", type_="unique")
            for index in adopted[name][1]:
                table.drop_index(index)
        with op.batch_alter_table(name) as table:
            for column in adopted[name][0]:
                table.drop_column(column)
    op.drop_table("adopted_table")
