"""Who is champion, on which evidence, and who signed for it: tables that only ever grow.

The database itself refuses to change or delete a row of these (migration 0005).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table, Text

from service.ledger.tables import metadata

signers = Table(
    "signers",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("event", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text),
    Column("at_ms", BigInteger, nullable=False),
)

evidence_packs = Table(
    "evidence_packs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("pack_sha256", Text, nullable=False, unique=True),
    Column("bundle_id", Text, nullable=False),
    Column("champion_id", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("gate", Text, nullable=False),
    Column("gate_sha256", Text, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("evaluation", LargeBinary, nullable=False),
    Column("built_ms", BigInteger, nullable=False),
)

signatures = Table(
    "signatures",
    metadata,
    Column("pack_sha256", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("signed_ms", BigInteger, nullable=False),
)

promotions = Table(
    "promotions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("bundle_id", Text, nullable=False),
    Column("previous_id", Text, nullable=False),
    Column("pack_sha256", Text),
    Column("signed_by", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text),
    Column("at_ms", BigInteger, nullable=False),
)

APPEND_ONLY = ("signers", "evidence_packs", "signatures", "promotions")
