"""Cases and those who work on them: users, sessions, audit, dispositions, deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEPT = "an entry of the audit log is never changed"
_OF_AN_ENTRY = ("id", "at_ms", "actor", "role", "action", "case_id", "alert_id", "address")
_ERASED = "NEW.customer_id LIKE 'erased-%' AND NEW.detail IS NULL"
"""Erasing a customer is the one change let through: their name goes, the entry stays."""


def upgrade() -> None:
    """Create the tables, and have the database keep the audit log as it is."""
    op.add_column(
        "explanations", sa.Column("filed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "explanations_unfiled",
        "explanations",
        ["created_ms"],
        sqlite_where=sa.text("NOT filed"),
        postgresql_where=sa.text("NOT filed"),
    )
    _people()
    _audit()
    _cases()
    _dispositions()


def downgrade() -> None:
    """Ledgers only move forward: restore a copy instead."""
    raise NotImplementedError("a ledger only moves forward: restore a copy of the older one")


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("username"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_index("sessions_expiry", "sessions", ["expires_ms"])
    op.create_index("sessions_user", "sessions", ["username"])
    op.create_table(
        "sign_in_failures",
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who"),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", _COUNTED, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=True),
        sa.Column("alert_id", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_case", "audit", ["case_id", "id"])
    op.create_index("audit_customer", "audit", ["customer_id", "id"])
    op.create_index("audit_actor", "audit", ["actor", "id"])
    if op.get_bind().dialect.name == "sqlite":
        same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in _OF_AN_ENTRY)
        op.execute(
            "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit "
            f"WHEN NOT ({same} AND {_ERASED}) BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
        )
        op.execute(
            "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit "
            f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
        )
        return
    new, old = (", ".join(f"{row}.{name}" for name in _OF_AN_ENTRY) for row in ("NEW", "OLD"))
    op.execute(
        "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'UPDATE' THEN IF ({new}) IS NOT DISTINCT FROM ({old}) AND {_ERASED} THEN "
        f"RETURN NEW; END IF; END IF; RAISE EXCEPTION '{_KEPT}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_rows_are_kept BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_is_kept()"
    )
    op.execute(
        "CREATE TRIGGER audit_is_kept BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()"
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("risk", sa.SmallInteger(), nullable=False),
        sa.Column("riskiest", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("money_minor", sa.BigInteger(), nullable=True),
        sa.Column("legacy", sa.SmallInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("claimed_ms", sa.BigInteger(), nullable=True),
        sa.Column("claim_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("escalated_by", sa.Text(), nullable=True),
        sa.Column("escalated_ms", sa.BigInteger(), nullable=True),
        sa.Column("disposition", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_ms", sa.BigInteger(), nullable=True),
        sa.Column("handling_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_index("cases_queue", "cases", ["status", "risk"])
    op.create_index("cases_customer", "cases", ["customer_id", "last_ms"])
    op.create_index("cases_decided", "cases", ["decided_ms"])
    op.create_table(
        "case_alerts",
        sa.Column("id", _COUNTED, nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("alert_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("case_alerts_case", "case_alerts", ["case_id"])
    op.create_table(
        "case_links",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", "case_id"),
    )
    op.create_index("case_links_case", "case_links", ["case_id"])
    op.create_table(
        "case_notes",
        sa.Column("id", _COUNTED, nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("case_notes_case", "case_notes", ["case_id", "id"])


def _dispositions() -> None:
    op.create_table(
        "dispositions",
        sa.Column("disposition_id", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("fraud_type", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_case_id", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_ms", sa.BigInteger(), nullable=False),
        sa.Column("effective_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("supersedes", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("disposition_id"),
    )
    op.create_index("dispositions_due", "dispositions", ["state", "effective_ms"])
    op.create_index("dispositions_decision", "dispositions", ["decision_id"])
    op.create_index("dispositions_case", "dispositions", ["case_id"])
    op.create_index("dispositions_alert", "dispositions", ["alert_id"])
    op.create_table(
        "deliveries",
        sa.Column("id", _COUNTED, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "channel", "subject_id", name="deliveries_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_due", "deliveries", ["state", "due_ms"])
