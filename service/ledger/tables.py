"""The ledger's tables. Migrations build them; a test holds the two together.

Times are UTC epoch milliseconds. Rows are never updated except in the columns named here:
`partitions` (all), `labels` (sealed_hour, set once by the seal that takes it in), `alerts`
(pending, leased_by, leased_until_ms), `explanations` (published), `dead_letters` (redriven_ms),
`published` (through). Erasing a customer (service/ledger/erasing.py) takes out of every table what
names or describes them, and is the only other change.

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


def _required(name: str, kind: _Kind) -> Column[Any]:
    return Column(name, kind, nullable=False)


partitions = Table(
    "partitions",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    _required("identity", Text),
    _required("source_epoch", Integer),
    _required("epoch", BigInteger),
    _required("commits", BigInteger),
    _required("next_offset", BigInteger),
    _required("next_sequence", BigInteger),
    _required("sealed_sequence", BigInteger),
    Column("watermark_ms", BigInteger),
    Column("reached_hour", BigInteger),
    _required("idle", Boolean),
    Column("owner", Text),
    _required("updated_ms", BigInteger),
    *(_required(name, BigInteger) for name in COUNTERS),
)

transactions = Table(
    "transactions",
    metadata,
    *_place(),
    _required("transaction_id", Text),
    _required("content_key", BigInteger),
    _required("source_epoch", Integer),
    Column("offset", BigInteger),
    _required("occurred_ms", BigInteger),
    Column("utc_offset_min", SmallInteger),
    Column("customer_id", Text),
    Column("merchant_id", Text),
    _required("amount_minor", BigInteger),
    _required("currency", Text),
    Column("reporting_minor", BigInteger),
    _required("type", SmallInteger),
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
    _required("late", Boolean),
    _required("ingested_ms", BigInteger),
    Column("features", LargeBinary),
    Index("transactions_id", "transaction_id", unique=True),
    Index("transactions_customer", "customer_id", "occurred_ms"),
)

scores = Table(
    "scores",
    metadata,
    *_place(),
    Column("bundle_id", Text, primary_key=True),
    _required("role", Text),
    _required("status", Text),
    Column("reason", Text),
    Column("log_odds", Float(53)),
    Column("anomaly", Float(53)),
    Column("risk", SmallInteger),
    _required("flagged", Boolean),
    _required("threshold", Float(53)),
    _required("legacy_known", Boolean),
    _required("scored_ms", BigInteger),
    sqlite_with_rowid=False,
)

legacy_decisions = Table(
    "legacy_decisions",
    metadata,
    Column("transaction_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    _required("source", Text),
    _required("decision", SmallInteger),
    Column("score", Float(53)),
    _required("rules", Text),
    Column("ruleset_version", Text),
    Column("decided_ms", BigInteger),
    _required("received_ms", BigInteger),
    sqlite_with_rowid=False,
)

labels = Table(
    "labels",
    metadata,
    Column("label_id", Text, primary_key=True),
    _required("transaction_id", Text),
    _required("is_fraud", Boolean),
    _required("source", Text),
    Column("fraud_type", Text),
    _required("labelled_ms", BigInteger),
    _required("known_ms", BigInteger),
    Column("supersedes", Text),
    _required("partition", Integer),
    Column("offset", BigInteger),
    Column("sealed_hour", BigInteger),
    Index("labels_transaction", "transaction_id"),
)
Index(
    "labels_unsealed",
    labels.c.known_ms,
    sqlite_where=text("sealed_hour IS NULL"),
    postgresql_where=text("sealed_hour IS NULL"),
)

seals = Table(
    "seals",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    _required("complete", Boolean),
    _required("sealed_ms", BigInteger),
    _required("cutoff_ms", BigInteger),
    _required("owner", Text),
    _required("entries", LargeBinary),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Text, primary_key=True),
    _required("transaction_id", Text),
    _required("bundle_id", Text),
    _required("stream", Text),
    _required("partition", Integer),
    _required("sequence", BigInteger),
    Column("customer_id", Text),
    _required("risk", SmallInteger),
    _required("log_odds", Float(53)),
    _required("created_ms", BigInteger),
    _required("pending", Boolean),
    Column("leased_by", Text),
    Column("leased_until_ms", BigInteger),
    UniqueConstraint("transaction_id", "bundle_id", name="alerts_transaction"),
    Index("alerts_created", "created_ms", "alert_id"),
    Index("alerts_customer", "customer_id"),
)
Index(  # in the order in which they are explained: a burst must not be sorted at every lease
    "alerts_pending",
    alerts.c.risk.desc(),
    alerts.c.created_ms,
    sqlite_where=text("pending"),
    postgresql_where=text("pending"),
)

explanations = Table(
    "explanations",
    metadata,
    Column("alert_id", Text, primary_key=True),
    _required("body", LargeBinary),
    _required("method", Text),
    _required("created_ms", BigInteger),
    _required("published", Boolean),
)
Index(
    "explanations_unpublished",
    explanations.c.created_ms,
    sqlite_where=text("NOT published"),
    postgresql_where=text("NOT published"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    _required("stream", Text),
    _required("partition", Integer),
    _required("source_epoch", Integer),
    Column("offset", BigInteger),
    _required("reason", Text),
    _required("error", Text),
    _required("payload", LargeBinary),
    Column("key", LargeBinary),
    _required("received_ms", BigInteger),
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
    _required("through", BigInteger),
)

erasures = Table(
    "erasures",
    metadata,
    Column("stand_in", Text, primary_key=True),
    _required("erased_ms", BigInteger),
    Column("reference", Text),
    *(_required(name, BigInteger) for name in ("transactions", "alerts", "labels", "dead_letters")),
)

snapshots = Table(
    "snapshots",
    metadata,
    *_place(),
    Column("kernel_version", Text, primary_key=True),
    _required("url", Text),
    _required("sha256", Text),
    _required("created_ms", BigInteger),
)
