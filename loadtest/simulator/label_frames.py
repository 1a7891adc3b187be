"""Labels leave as frames of the wire's fields."""

from __future__ import annotations

import polars as pl

from loadtest.simulator.columns import empty, instants, text_where, texts_of
from loadtest.simulator.labelling import FRAUD_TYPES, SOURCES
from loadtest.simulator.randomness import letters

LABEL_COLUMNS: dict[str, pl.DataType] = {
    "transaction_id": pl.String(),
    "is_fraud": pl.Boolean(),
    "source": pl.String(),
    "fraud_type": pl.String(),
    "labelled_at": pl.String(),
    "known_at": pl.String(),
    "label_id": pl.String(),
    "supersedes": pl.String(),
}


def as_wire(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return labels as wire columns, in the order they become known."""
    if not sum(map(len, parts)):
        return empty(LABEL_COLUMNS)
    labels = pl.concat(parts).sort("known_ms", "key")
    column = {name: labels[name].to_numpy() for name in labels.columns}
    before = column["supersedes"]
    return pl.DataFrame(
        {
            "transaction_id": letters(column["transaction"], "t_"),
            "is_fraud": labels["is_fraud"],
            "source": texts_of(SOURCES, column["source"]),
            "fraud_type": texts_of(FRAUD_TYPES, column["fraud_type"]),
            "labelled_at": instants(column["labelled_ms"]),
            "known_at": instants(column["known_ms"]),
            "label_id": letters(column["key"], "l_"),
            "supersedes": text_where(before != 0, letters(before, "l_")),
        },
        schema=LABEL_COLUMNS,
    )
