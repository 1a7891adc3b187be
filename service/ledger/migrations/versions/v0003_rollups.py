"""Sums kept while rows are written, the review sample, and a paired view by bundle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PAIRED_BY_BUNDLE = """
CREATE VIEW paired_by_bundle AS
SELECT t.transaction_id, t.stream, t.partition, t.sequence, t.customer_id, t.merchant_id,
    t.occurred_ms, t.type, t.outcome, t.amount_minor, t.currency, t.reporting_minor, t.channel,
    t.mcc, t.country, t.late, t.history_days, t.declared_groups, t.features, s.bundle_id, s.role,
    s.status, s.reason, s.log_odds, s.anomaly, s.risk, s.flagged, s.threshold, s.scored_ms,
    g.source AS legacy_source, g.decision AS legacy_decision, g.score AS legacy_score,
    g.rules AS legacy_rules, g.ruleset_version, g.decided_ms AS legacy_decided_ms, r.label_id,
    r.is_fraud, r.source AS label_source, r.fraud_type, r.labelled_ms, r.known_ms
FROM transactions t
JOIN scores s ON s.stream = t.stream AND s.partition = t.partition AND s.sequence = t.sequence
LEFT JOIN legacy_decisions g ON g.transaction_id = t.transaction_id AND g.revision = 0
LEFT JOIN truths r ON r.transaction_id = t.transaction_id
"""
_PAIRED = "CREATE VIEW paired AS SELECT * FROM paired_by_bundle WHERE role = 'champion'"


def upgrade() -> None:
    """Add the tables of sums and the sample; rows written before them are in no sum."""
    op.add_column("transactions", sa.Column("history_days", sa.SmallInteger(), nullable=True))
    op.add_column("transactions", sa.Column("declared_groups", sa.Text(), nullable=True))
    op.create_index("transactions_occurred", "transactions", ["occurred_ms"])
    op.create_index(
        "transactions_original",
        "transactions",
        ["original_transaction_id"],
        sqlite_where=sa.text("original_transaction_id IS NOT NULL"),
        postgresql_where=sa.text("original_transaction_id IS NOT NULL"),
    )
    op.create_table(
        "rollups",
        sa.Column("cut", sa.Text(), nullable=False),
        sa.Column("bundle_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("ruleset", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("cells", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "cut", "bundle_id", "role", "day", "ruleset", "stream", "partition"
        ),
    )
    op.create_index("rollups_lane", "rollups", ["stream", "partition", "day"])
    op.create_table(
        "days",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "partition", "day", "what"),
    )
    op.create_table(
        "review_sample",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("rate", sa.Float(precision=53), nullable=False),
        sa.Column("sampled_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "partition", "sequence"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # The cells are replaced often and hardly shrink: compressing them costs, and saves little.
        op.execute("ALTER TABLE rollups ALTER COLUMN cells SET STORAGE EXTERNAL")
    op.execute("DROP VIEW paired")
    op.execute(_PAIRED_BY_BUNDLE)
    op.execute(_PAIRED)


def downgrade() -> None:
    """Ledgers only move forward: restore a copy instead."""
    raise NotImplementedError("a ledger only moves forward: restore a copy of the older one")
