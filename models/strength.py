"""How well one column alone tells fraud."""

import numpy as np
import numpy.typing as npt
import polars as pl

_MOST_OF_A_KIND = 50_000


def judged_rows(fraud: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return evenly spread rows of both kinds, at most 50,000 each: enough to tell .95 from .9."""
    kept = [_spread(np.flatnonzero(kind)) for kind in (fraud, ~fraud)]
    return np.sort(np.concatenate(kept))


def strength(column: pl.Series, fraud: npt.NDArray[np.bool_]) -> float:
    """Return the AUC of a column alone, in its better direction; .5 where it cannot be judged.

    A number is judged by its order, by where it is missing and as a category; text as a category.
    A category is worth its fraud share among every other row: what one half of the rows teaches
    is judged on the other, so that a column of unique ids does not look like a perfect predictor.
    """
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        numbers = column.cast(pl.Float64).fill_nan(None)
        missing = numbers.is_null().to_numpy().astype(np.float64)
        auc = max(_auc(numbers.fill_null(0.0).to_numpy(), fraud), _auc(missing, fraud))
        return max(auc, _auc(_rate_of_others(numbers, fraud), fraud))
    if isinstance(column.dtype, pl.String | pl.Categorical | pl.Enum):
        return _auc(_rate_of_others(column.cast(pl.String), fraud), fraud)
    return 0.5


def _spread(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return rows[:: max(1, -(-len(rows) // _MOST_OF_A_KIND))]


def _rate_of_others(column: pl.Series, fraud: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    codes = column.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
    half = np.random.default_rng(0).random(len(fraud)) < 0.5  # noqa: PLR2004 - a half
    rate = np.full(len(fraud), fraud.mean())
    for taught, teaching in ((half, ~half), (~half, half)):
        size = int(codes.max()) + 1
        frauds = np.bincount(codes[teaching], fraud[teaching], size)
        rows = np.bincount(codes[teaching], minlength=size)
        seen = taught & (rows[codes] > 0)
        rate[seen] = frauds[codes[seen]] / rows[codes[seen]]
    return rate


def _auc(values: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve from mean ranks (Mann and Whitney), .5 or better."""
    frauds = int(fraud.sum())
    ranks = pl.Series(values).rank("average").to_numpy()
    above = float(ranks[fraud].sum()) - frauds * (frauds + 1) / 2
    auc = above / (frauds * (len(fraud) - frauds))
    return max(auc, 1 - auc)
