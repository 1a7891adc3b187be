"""The ledger's tables. Migrations build them; a test holds the two together.

Times are UTC epoch milliseconds. Rows are never updated except in the columns named here:
`partitions` (all), `labels` (sealed_hour, set once by the seal that takes it in), `alerts`
(pending, leased_by, leased_until_ms), `explanations` (published, filed), `dead_letters`
(redriven_ms), `published` (through). Erasing a customer (service/ledger/erasing.py) takes out of
every table what names or describes them, and is the only other change.

The place of a transaction is (stream, partition, sequence); a score is keyed by the place and
the bundle, which makes it unique by (transaction_id, bundle_id) too, and keeps its index
append-only: a second index on random ids would halve the rate of writing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.types import TypeEngine

COUNTERS = (
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
"""Counters of a partition. consumed = scored + unscored + duplicates + not_scored + kept +
dead_letters, where `kept` are the labels and legacy decisions of streams of their own;
misrouted records are among the dead letters; warmed rows are no part of consumed."""

metadata = MetaData()

_Kind = type[TypeEngine[Any]] | TypeEngine[Any]


def _place() -> tuple[Column[str], Column[int], Column[int]]:
    return (
        Column("stream", Text, primary_key=True),
        Column("partition", Integer, primary_key=True),
        Column("sequence", BigInteger, primary_key=True),
    )


def required(name: str, kind: _Kind) -> Column[Any]:
    """Return a column that is never empty."""
    return Column(name, kind, nullable=False)


def _few(name: str, condition: str, *columns: Any) -> Index:
    """Return an index of the rows alone that meet a condition."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


partitions = Table(
    "partitions",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    required("identity", Text),
    required("source_epoch", Integer),
    required("epoch", BigInteger),
    required("commits", BigInteger),
    required("next_offset", BigInteger),
    required("next_sequence", BigInteger),
    required("sealed_sequence", BigInteger),
    Column("watermark_ms", BigInteger),
    Column("reached_hour", BigInteger),
    required("idle", Boolean),
    Column("owner", Text),
    required("updated_ms", BigInteger),
    *(required(name, BigInteger) for name in COUNTERS),
)

transactions = Table(
    "transactions",
    metadata,
    *_place(),
    required("transaction_id", Text),
    required("content_key", BigInteger),
    required("source_epoch", Integer),
    Column("offset", BigInteger),
    required("occurred_ms", BigInteger),
    Column("utc_offset_min", SmallInteger),
    Column("customer_id", Text),
    Column("merchant_id", Text),
    required("amount_minor", BigInteger),
    required("currency", Text),
    Column("reporting_minor", BigInteger),
    required("type", SmallInteger),
    Column("outcome", SmallInteger),
    Column("channel", SmallInteger),
    Column("mcc", SmallInteger),
    Column("country", Text),
    Column("ip_country", Text),
    Column("device_id", Text),
    Column("latitude", Float(53)),
    Column("longitude", Float(53)),
    Column("authenticated", SmallInteger),
    Column("billing_amount_minor", BigInteger),
    Column("billing_currency", Text),
    Column("original_transaction_id", Text),
    Column("details", Text),
    required("late", Boolean),
    required("ingested_ms", BigInteger),
    Column("features", LargeBinary),
    Column("history_days", SmallInteger),
    Column("declared_groups", Text),
    Index("transactions_id", "transaction_id", unique=True),
    Index("transactions_customer", "customer_id", "occurred_ms"),
    Index("transactions_occurred", "occurred_ms"),
)
_few(
    "transactions_original",
    "original_transaction_id IS NOT NULL",
    transactions.c.original_transaction_id,
)

scores = Table(
    "scores",
    metadata,
    *_place(),
    Column("bundle_id", Text, primary_key=True),
    required("role", Text),
    required("status", Text),
    Column("reason", Text),
    Column("log_odds", Float(53)),
    Column("anomaly", Float(53)),
    Column("risk", SmallInteger),
    required("flagged", Boolean),
    required("threshold", Float(53)),
    required("legacy_known", Boolean),
    required("scored_ms", BigInteger),
    sqlite_with_rowid=False,
)
# flags are few: a cell of them is opened from here
_few("scores_flagged", "flagged", scores.c.stream, scores.c.partition, scores.c.sequence)

legacy_decisions = Table(
    "legacy_decisions",
    metadata,
    Column("transaction_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    required("source", Text),
    required("decision", SmallInteger),
    Column("score", Float(53)),
    required("rules", Text),
    Column("ruleset_version", Text),
    Column("decided_ms", BigInteger),
    required("received_ms", BigInteger),
    sqlite_with_rowid=False,
)
_few("legacy_not_approved", "decision > 0", legacy_decisions.c.transaction_id)

labels = Table(
    "labels",
    metadata,
    Column("label_id", Text, primary_key=True),
    required("transaction_id", Text),
    required("is_fraud", Boolean),
    required("source", Text),
    Column("fraud_type", Text),
    required("labelled_ms", BigInteger),
    required("known_ms", BigInteger),
    Column("supersedes", Text),
    required("partition", Integer),
    Column("offset", BigInteger),
    Column("sealed_hour", BigInteger),
    Index("labels_transaction", "transaction_id"),
)
_few("labels_unsealed", "sealed_hour IS NULL", labels.c.known_ms)

seals = Table(
    "seals",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    required("complete", Boolean),
    required("sealed_ms", BigInteger),
    required("cutoff_ms", BigInteger),
    required("owner", Text),
    required("entries", LargeBinary),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Text, primary_key=True),
    required("transaction_id", Text),
    required("bundle_id", Text),
    required("stream", Text),
    required("partition", Integer),
    required("sequence", BigInteger),
    Column("customer_id", Text),
    required("risk", SmallInteger),
    required("log_odds", Float(53)),
    required("created_ms", BigInteger),
    required("pending", Boolean),
    Column("leased_by", Text),
    Column("leased_until_ms", BigInteger),
    UniqueConstraint("transaction_id", "bundle_id", name="alerts_transaction"),
    Index("alerts_created", "created_ms", "alert_id"),
    Index("alerts_customer", "customer_id"),
)
# in the order in which they are explained: a burst must not be sorted at every lease
_few("alerts_pending", "pending", alerts.c.risk.desc(), alerts.c.created_ms)

explanations = Table(
    "explanations",
    metadata,
    Column("alert_id", Text, primary_key=True),
    required("body", LargeBinary),
    required("method", Text),
    required("created_ms", BigInteger),
    required("published", Boolean),
    Column("filed", Boolean, nullable=False, server_default=false()),
)
_few("explanations_unfiled", "NOT filed", explanations.c.created_ms)
_few("explanations_unpublished", "NOT published", explanations.c.created_ms)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    required("stream", Text),
    required("partition", Integer),
    required("source_epoch", Integer),
    Column("offset", BigInteger),
    required("reason", Text),
    required("error", Text),
    required("payload", LargeBinary),
    Column("key", LargeBinary),
    required("received_ms", BigInteger),
    Column("redriven_ms", BigInteger),
    UniqueConstraint("stream", "partition", "source_epoch", "offset", name="dead_letters_origin"),
    Index("dead_letters_order", "stream", "partition", "id"),
    sqlite_autoincrement=True,
)

published = Table(
    "published",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("topic", Text, primary_key=True),
    required("through", BigInteger),
)

erasures = Table(
    "erasures",
    metadata,
    Column("stand_in", Text, primary_key=True),
    required("erased_ms", BigInteger),
    Column("reference", Text),
    *(required(name, BigInteger) for name in ("transactions", "alerts", "labels", "dead_letters")),
)

snapshots = Table(
    "snapshots",
    metadata,
    *_place(),
    Column("kernel_version", Text, primary_key=True),
    required("url", Text),
    required("sha256", Text),
    required("created_ms", BigInteger),
)
