"""Windows, payments and frauds as plain data, for a report and a manifest."""

from typing import Any

import numpy as np

from training.dataset import Dataset
from training.windows import DAY_MS, Window


def window_facts(data: Dataset) -> dict[str, Any]:
    """Where each window lies and what is in it; `judged` names the one that figures are of."""
    windows = data.windows
    spans = {"warm-up": windows.warmup, "train": windows.train, "validation": windows.validation}
    if windows.test is not None:
        spans["test"] = windows.test
    return {
        "judged": "validation" if windows.test is None else "test",
        "gap_days": windows.gap_ms / DAY_MS,
        "spans": {name: _span_facts(data, window) for name, window in spans.items()},
    }


def _span_facts(data: Dataset, window: Window) -> dict[str, Any]:
    rows = data.within(window)
    frauds = int(data.fraud[rows].sum())
    return {
        "from": _moment(window.start_ms),
        "to": _moment(window.end_ms),
        "payments": len(rows),
        "frauds": frauds,
        "fraud_share": frauds / max(len(rows), 1),
    }


def _moment(epoch_ms: int) -> str:
    return f"{np.datetime64(epoch_ms, 'ms').astype('datetime64[m]')}Z"
