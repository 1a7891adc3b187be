"""Tables of what is summed up while it is written, beside the rows themselves.

`rollups` and `days` are the only tables whose rows are replaced: each is a sum over rows that
stay. A row belongs to one lane, the partition whose commits write it, so that partitions never
wait for each other; readers add the lanes up.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from service.ledger.tables import metadata, required

rollups = Table(
    "rollups",
    metadata,
    Column("cut", Text, primary_key=True),
    Column("bundle_id", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("ruleset", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    required("first_ms", BigInteger),
    required("last_ms", BigInteger),
    required("members", Text),
    required("cells", LargeBinary),
    Index("rollups_lane", "stream", "partition", "day"),
)

days = Table(
    "days",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("what", Text, primary_key=True),
    required("count", BigInteger),
)

review_sample = Table(
    "review_sample",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    required("transaction_id", Text),
    required("rate", Float(53)),
    required("sampled_ms", BigInteger),
)
