"""Indexes of what is rare, flags and what legacy did not approve: to open their payments.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the flags by their place and the decisions that are no approval by transaction."""
    flagged, other = sa.text("flagged"), sa.text("decision > 0")
    op.create_index(
        "scores_flagged",
        "scores",
        ["stream", "partition", "sequence"],
        sqlite_where=flagged,
        postgresql_where=flagged,
    )
    op.create_index(
        "legacy_not_approved",
        "legacy_decisions",
        ["transaction_id"],
        sqlite_where=other,
        postgresql_where=other,
    )


def downgrade() -> None:
    """Remove both."""
    op.drop_index("legacy_not_approved")
    op.drop_index("scores_flagged")
