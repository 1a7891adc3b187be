"""The first schema: partitions, the append-only rows, the outbox, and the paired view."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COUNTERS = (
    "consumed",
    "scored",
    "unscored",
    "duplicates",
    "not_scored",
    "kept",
    "dead_letters",
    "late",
    "misrouted",
    "unknown_fields",
    "exempted_ids",
    "warmed",
)
_TRUTHS = """
CREATE VIEW truths AS
SELECT l.transaction_id, l.label_id, l.is_fraud, l.source, l.fraud_type, l.labelled_ms, l.known_ms
FROM labels l
WHERE l.label_id = (
    SELECT n.label_id FROM labels n
    WHERE n.transaction_id = l.transaction_id AND NOT EXISTS (
        SELECT 1 FROM labels s
        WHERE s.transaction_id = n.transaction_id AND s.supersedes = n.label_id)
    ORDER BY n.known_ms DESC, n.labelled_ms DESC, n.label_id DESC LIMIT 1)
"""
_PAIRED = """
CREATE VIEW paired AS
SELECT t.transaction_id, t.stream, t.partition, t.sequence, t.customer_id, t.merchant_id,
    t.occurred_ms, t.type, t.outcome, t.amount_minor, t.currency, t.reporting_minor, t.channel,
    t.mcc, t.country, t.late, s.bundle_id, s.status, s.reason, s.log_odds, s.anomaly, s.risk,
    s.flagged, s.threshold, s.scored_ms, g.source AS legacy_source,
    g.decision AS legacy_decision, g.score AS legacy_score, g.rules AS legacy_rules,
    g.ruleset_version, g.decided_ms AS legacy_decided_ms, r.label_id, r.is_fraud,
    r.source AS label_source, r.fraud_type, r.labelled_ms, r.known_ms
FROM transactions t
JOIN scores s ON s.stream = t.stream AND s.partition = t.partition
    AND s.sequence = t.sequence AND s.role = 'champion'
LEFT JOIN legacy_decisions g ON g.transaction_id = t.transaction_id AND g.revision = 0
LEFT JOIN truths r ON r.transaction_id = t.transaction_id
"""


def upgrade() -> None:
    """Create everything."""
    _streams()
    _truth()
    _flags()
    _outbox()
    op.execute(_TRUTHS)
    op.execute(_PAIRED)


def downgrade() -> None:
    """Ledgers only move forward: restore a copy instead."""
    raise NotImplementedError("a ledger only moves forward: restore a copy of the older one")


def _streams() -> None:
    op.create_table(
        "partitions",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("source_epoch", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("commits", sa.BigInteger(), nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("next_sequence", sa.BigInteger(), nullable=False),
        sa.Column("sealed_sequence", sa.BigInteger(), nullable=False),
        sa.Column("watermark_ms", sa.BigInteger(), nullable=True),
        sa.Column("reached_hour", sa.BigInteger(), nullable=True),
        sa.Column("idle", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("updated_ms", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTERS),
        sa.PrimaryKeyConstraint("stream", "partition"),
    )
    op.create_table(
        "transactions",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("content_key", sa.BigInteger(), nullable=False),
        sa.Column("source_epoch", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=True),
        sa.Column("occurred_ms", sa.BigInteger(), nullable=False),
        sa.Column("utc_offset_min", sa.SmallInteger(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reporting_minor", sa.BigInteger(), nullable=True),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("outcome", sa.SmallInteger(), nullable=True),
        sa.Column("channel", sa.SmallInteger(), nullable=True),
        sa.Column("mcc", sa.SmallInteger(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("ip_country", sa.Text(), nullable=True),
        sa.Column("device_id", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Float(precision=53), nullable=True),
        sa.Column("longitude", sa.Float(precision=53), nullable=True),
        sa.Column("authenticated", sa.SmallInteger(), nullable=True),
        sa.Column("billing_amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("billing_currency", sa.Text(), nullable=True),
        sa.Column("original_transaction_id", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("ingested_ms", sa.BigInteger(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("stream", "partition", "sequence"),
    )
    op.create_index("transactions_customer", "transactions", ["customer_id", "occurred_ms"])
    op.create_index("transactions_id", "transactions", ["transaction_id"], unique=True)
    op.create_table(
        "scores",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("bundle_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("log_odds", sa.Float(precision=53), nullable=True),
        sa.Column("anomaly", sa.Float(precision=53), nullable=True),
        sa.Column("risk", sa.SmallInteger(), nullable=True),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Float(precision=53), nullable=False),
        sa.Column("legacy_known", sa.Boolean(), nullable=False),
        sa.Column("scored_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "partition", "sequence", "bundle_id"),
        sqlite_with_rowid=False,
    )


def _truth() -> None:
    op.create_table(
        "legacy_decisions",
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("decision", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.Float(precision=53), nullable=True),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("ruleset_version", sa.Text(), nullable=True),
        sa.Column("decided_ms", sa.BigInteger(), nullable=True),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_id", "revision"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "labels",
        sa.Column("label_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("is_fraud", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fraud_type", sa.Text(), nullable=True),
        sa.Column("labelled_ms", sa.BigInteger(), nullable=False),
        sa.Column("known_ms", sa.BigInteger(), nullable=False),
        sa.Column("supersedes", sa.Text(), nullable=True),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=True),
        sa.Column("sealed_hour", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("label_id"),
    )
    op.create_index(
        "labels_unsealed",
        "labels",
        ["known_ms"],
        sqlite_where=sa.text("sealed_hour IS NULL"),
        postgresql_where=sa.text("sealed_hour IS NULL"),
    )
    op.create_index("labels_transaction", "labels", ["transaction_id"])
    op.create_table(
        "seals",
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("sealed_ms", sa.BigInteger(), nullable=False),
        sa.Column("cutoff_ms", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hour"),
    )


def _flags() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("bundle_id", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=True),
        sa.Column("risk", sa.SmallInteger(), nullable=False),
        sa.Column("log_odds", sa.Float(precision=53), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("leased_until_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("alert_id"),
        sa.UniqueConstraint("transaction_id", "bundle_id", name="alerts_transaction"),
    )
    op.create_index("alerts_created", "alerts", ["created_ms", "alert_id"])
    op.create_index("alerts_customer", "alerts", ["customer_id"])
    op.create_index(
        "alerts_pending",
        "alerts",
        ["risk", "created_ms"],
        sqlite_where=sa.text("pending"),
        postgresql_where=sa.text("pending"),
    )
    op.create_table(
        "explanations",
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id"),
    )
    op.create_index(
        "explanations_unpublished",
        "explanations",
        ["created_ms"],
        sqlite_where=sa.text("NOT published"),
        postgresql_where=sa.text("NOT published"),
    )


def _outbox() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("source_epoch", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("redriven_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "stream", "partition", "source_epoch", "offset", name="dead_letters_origin"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("dead_letters_order", "dead_letters", ["stream", "partition", "id"])
    op.create_table(
        "published",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "partition", "topic"),
    )
    op.create_table(
        "snapshots",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kernel_version", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "partition", "sequence", "kernel_version"),
    )
