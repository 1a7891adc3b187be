"""Erased customers: when, under which stand-in their rows live on, and how many rows that were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of erasures."""
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


def downgrade() -> None:
    """Drop it; what was erased stays erased."""
    op.drop_table("erasures")
