"""A column that alone nearly tells fraud is more often a leak than a discovery."""

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.metrics import roc_auc_score

from training.audit.findings import Finding
from training.audit.subject import Subject

_MOST_ROWS = 200_000
_NEARLY_CERTAIN_AUC = 0.95
_MOST_CATEGORIES = 1_000


def leakage(subject: Subject) -> Finding:
    """Columns of the table whose value alone separates fraud from genuine payments."""
    fraud = subject.fraud
    if fraud is None or not fraud.any() or fraud.all():
        return Finding("leakage", "note", "not checked: it needs frauds and genuine payments")
    rows = _some(fraud)
    label = subject.mapping.file.label
    suspects: dict[str, float] = {}
    table = subject.frame[subject.record[rows]]
    for column in table.iter_columns():
        if label is not None and column.name == label.column:
            continue
        strength = _strength(column, fraud[rows])
        if strength >= _NEARLY_CERTAIN_AUC:
            suspects[column.name] = strength
    if not suspects:
        return Finding("leakage", "good", "no column alone tells fraud from genuine payments")
    told = ", ".join(f"{name} (AUC {strength:.3f})" for name, strength in suspects.items())
    inputs = sorted(suspects.keys() & subject.attribute_columns)
    if inputs:
        return Finding(
            "leakage",
            "problem",
            f"nearly determine fraud alone: {told}; {', '.join(inputs)} would be model inputs: "
            "make sure they are known before the decision, or take them out of the mapping",
            {"auc": suspects, "inputs": inputs},
        )
    return Finding(
        "leakage",
        "note",
        f"nearly determine fraud alone: {told}; none is a model input, keep it so unless they are "
        "known before the decision",
        {"auc": suspects, "inputs": []},
    )


def _some(fraud: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """All frauds and evenly spread genuine rows."""
    genuine = np.flatnonzero(~fraud)
    step = max(1, -(-len(genuine) // _MOST_ROWS))
    return np.sort(np.concatenate((np.flatnonzero(fraud), genuine[::step])))


def _strength(column: pl.Series, fraud: npt.NDArray[np.bool_]) -> float:
    """AUC of a column alone, in its better direction; .5 where it cannot be judged.

    A category is worth its fraud share among every other row: what one half of the rows teaches
    is judged on the other, so that a column of unique ids does not look like a perfect predictor.
    """
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        values = column.cast(pl.Float64).fill_nan(None)
        missing = values.is_null().to_numpy()
        numbers = values.fill_null(0.0).to_numpy()
        auc = max(_auc(numbers, fraud), _auc(missing.astype(np.float64), fraud))
        return max(auc, _auc(_rate_of_others(values, fraud), fraud))
    if column.dtype == pl.String:
        return _auc(_rate_of_others(column, fraud), fraud)
    return 0.5


def _rate_of_others(column: pl.Series, fraud: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    if column.n_unique() > _MOST_CATEGORIES:
        return np.zeros(len(fraud))
    codes = column.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    half = np.arange(len(fraud)) % 2 == 0
    rate = np.full(len(fraud), fraud.mean())
    for taught, teaching in ((half, ~half), (~half, half)):
        size = int(codes.max()) + 1
        frauds = np.bincount(codes[teaching], fraud[teaching], size)
        rows = np.bincount(codes[teaching], minlength=size)
        seen = taught & (rows[codes] > 0)
        rate[seen] = frauds[codes[seen]] / rows[codes[seen]]
    return rate


def _auc(values: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_]) -> float:
    auc = float(roc_auc_score(fraud, values))
    return max(auc, 1 - auc)
