"""What a run knows of the data it learned from: plain facts for manifest, report and datasheet."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.attributes import Attribute
from models.labels import Labels
from models.mapping import Mapping
from models.money import Rates
from models.transaction import TYPES, Transactions
from training.source import Source
from training.truth import fraud_delays_ms

_MOST_NAMED = 12
_DAY_MS = 86_400_000


def data_facts(source: Source, labels: Labels, mapping: Mapping, rates: Rates) -> dict[str, Any]:
    """Return facts of a file that was read with this mapping; counts are of accepted payments."""
    rows = source.transactions
    return {
        "file": source.path.name,
        "sha256": source.sha256,
        "mapping": Path(mapping.name).name,
        "rows": len(source.frame),
        "refused": len(source.rejections),
        "payments": len(rows),
        "from": _moment(rows.occurred_ms.min()),
        "to": _moment(rows.occurred_ms.max()),
        "customers": _distinct(rows.customer_id),
        "merchants": _distinct(rows.merchant_id),
        "types": _counts(np.array(TYPES, object)[rows.type]),
        "currencies": _counts(rows.currency),
        "reporting_currency": rates.reporting_currency,
        "rates": rates.version,
        "without_rate": int((rows.reporting_minor < 0).sum()),
        "attributes": [_attribute(one) for one in source.attributes],
        "tokenised": [name for name, field in mapping.file.sources() if field.tokenise],
        "labels": len(labels),
        "labelling": _labelling(rows, labels),
    }


def _labelling(rows: Transactions, labels: Labels) -> dict[str, Any]:
    """Where labels come from, how late they are, and how many payments have one."""
    delays = fraud_delays_ms(rows.transaction_id, rows.occurred_ms, labels) / _DAY_MS
    labelled = set(labels.transaction_id.tolist())
    return {
        "sources": _counts(labels.source),
        "frauds": len(delays),
        "labelled": sum(name in labelled for name in rows.transaction_id.tolist()),
        "median_delay_days": float(np.median(delays)) if len(delays) else None,
        "delay_95_days": float(np.quantile(delays, 0.95)) if len(delays) else None,
    }


def _attribute(one: Attribute) -> dict[str, Any]:
    return {"name": one.name, "kind": one.kind, "levels": len(one.levels)}


def _distinct(column: npt.NDArray[np.object_]) -> int:
    return len(set(column.tolist()) - {None})


def _counts(column: npt.NDArray[np.object_]) -> dict[str, int]:
    """Return how often each value comes, the commonest first, few of them."""
    told = Counter("not stated" if value is None else str(value) for value in column.tolist())
    return dict(told.most_common(_MOST_NAMED))


def _moment(epoch_ms: int) -> str:
    return f"{np.datetime64(int(epoch_ms), 'ms').astype('datetime64[m]')}Z"
