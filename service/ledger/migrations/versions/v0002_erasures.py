"""Erased customers, and the index of pending alerts in the order in which they are explained."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of erasures; order the index."""
    op.create_table(
        "erasures",
        sa.Column("stand_in", sa.Text, primary_key=True),
        sa.Column("erased_ms", sa.BigInteger, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("transactions", sa.BigInteger, nullable=False),
        sa.Column("alerts", sa.BigInteger, nullable=False),
        sa.Column("labels", sa.BigInteger, nullable=False),
        sa.Column("dead_letters", sa.BigInteger, nullable=False),
    )
    op.drop_index("alerts_pending", "alerts")
    _pending(sa.text("risk DESC"), "created_ms")


def downgrade() -> None:
    """Drop it; what was erased stays erased."""
    op.drop_table("erasures")
    op.drop_index("alerts_pending", "alerts")
    _pending("risk", "created_ms")


def _pending(*columns: Any) -> None:
    op.create_index(
        "alerts_pending",
        "alerts",
        columns,
        sqlite_where=sa.text("pending"),
        postgresql_where=sa.text("pending"),
    )
