"""A sound file of payments, changed here and there, and its audit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from models.intake import Intake
from models.mapping import Mapping
from models.money import Rates
from training.audit import Audit, Finding, Subject, audit
from training.progress import Silent
from training.source import read_source

DAY_S = 86_400
START_S = 1_700_006_400
"""A midnight, so that weeks and days are whole."""

MAPPING = """
transaction_id: {column: id}
occurred_at: {column: at, unit: seconds, time_zone: UTC}
customer_id: {column: customer}
amount: {column: amount, unit: minor}
currency: {constant: EUR}
label: {column: fraud, delay_days: DELAY}
attributes:
  score: {column: score, kind: number}
"""
Change = Callable[[dict[str, Any]], Any]


def audited(
    folder: Path,
    *,
    days: int = 10,
    rows: int = 2000,
    delay: float = 3,
    mapping: str = "",
    labels: pl.DataFrame | None = None,
    **changed: Change,
) -> Audit:
    """Audit a sound table, some of whose columns are changed; `mapping` is added to its own."""
    rng = np.random.default_rng(0)
    table: dict[str, Any] = {
        "id": [f"t{number}" for number in range(rows)],
        "at": np.sort(rng.integers(START_S, START_S + days * DAY_S, rows)),
        "customer": [f"c{number}" for number in rng.integers(0, 50, rows)],
        "amount": rng.integers(1, 5000, rows),
        "fraud": np.where(rng.random(rows) < 0.15, 1, 0),
        "score": rng.normal(size=rows),
    }
    table |= {name: change(table) for name, change in changed.items()}
    data, mapping_file = folder / "data.parquet", folder / "mapping.yaml"
    pl.DataFrame(table).write_parquet(data)
    mapping_file.write_text(MAPPING.replace("DELAY", str(delay)) + mapping)
    label_file = None
    if labels is not None:
        label_file = folder / "labels.parquet"
        labels.write_parquet(label_file)
    loaded = Mapping.load(mapping_file)
    source = read_source(
        data,
        mapping=loaded,
        labels=label_file,
        intake=Intake(rates=Rates.none("EUR"), attributes=frozenset(loaded.attributes)),
        now_ms=2 * 10**12,
    )
    return audit(Subject.of(source, loaded), Silent())


def findings(folder: Path, **asked: Any) -> dict[str, Finding]:
    """Return the findings of an audit by check."""
    return {one.check: one for one in audited(folder, **asked).findings}
