"""From a batch as the kernel knows it to the columns that conditions read."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from models.catalogue import CATALOGUE
from models.transaction import CHANNELS, TYPES, UNKNOWN_OFFSET, Transactions
from service.rules.elementwise import Values
from service.rules.vocabulary import TRANSACTION_COLUMNS

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_INDICATORS = {feature.name: feature.indicator for feature in CATALOGUE if feature.indicator}


def _words(words: Sequence[str]) -> NDArray[np.object_]:
    """Return a table from code to word; code -1, its last entry, is missing."""
    table = np.full(len(words) + 1, None, dtype=object)
    table[:-1] = words
    return table


_TYPES = _words(TYPES)
_CHANNELS = _words(CHANNELS)
_MCCS = _words([f"{code:04d}" for code in range(10_000)])


def _number(values: Values, *, missing: int) -> NDArray[np.float64]:
    return np.where(values == missing, np.nan, values.astype(np.float64))


def _local_ms(batch: Transactions) -> NDArray[np.float64]:
    """Return local time in milliseconds; NaN where the offset is unknown."""
    offset_min = _number(batch.utc_offset_min, missing=UNKNOWN_OFFSET)
    local: NDArray[np.float64] = batch.occurred_ms + offset_min * 60_000
    return local


def _weekday(batch: Transactions) -> NDArray[np.float64]:
    """Return 0 = Monday to 6 = Sunday; the epoch began on a Thursday."""
    weekday: NDArray[np.float64] = (np.floor(_local_ms(batch) / _DAY_MS) + 3) % 7
    return weekday


_COMPUTED: dict[str, Callable[[Transactions], Values]] = {
    "amount_minor": lambda batch: batch.amount_minor.astype(np.float64),
    "type": lambda batch: _TYPES[batch.type],
    "channel": lambda batch: _CHANNELS[batch.channel],
    "mcc": lambda batch: _MCCS[batch.mcc],
    "hour": lambda batch: np.floor(_local_ms(batch) % _DAY_MS / _HOUR_MS),
    "weekday": _weekday,
    "authenticated": lambda batch: _number(batch.authenticated, missing=-1),
}


def columns_of(
    batch: Transactions,
    features: NDArray[np.float32],
    feature_names: Sequence[str],
    *,
    wanted: Collection[str],
    reporting_exponent: int,
) -> dict[str, Values]:
    """Return the `wanted` columns (`Ruleset.columns`) of a batch of n transactions.

    `features` is (n, F) with one name a column. A feature whose indicator says "unknown" is
    missing (NaN) here, whatever stands in its place for the model. `reporting_exponent` is the
    number of decimals of the reporting currency. Names that are neither are left out.
    """
    position = {name: column for column, name in enumerate(feature_names)}
    columns: dict[str, Values] = {}
    for name in wanted:
        if name == "amount":
            minor = _number(batch.reporting_minor, missing=-1)
            columns[name] = minor / 10.0**reporting_exponent
        elif name in _COMPUTED:
            columns[name] = _COMPUTED[name](batch)
        elif name in TRANSACTION_COLUMNS:
            columns[name] = getattr(batch, name)
        elif name in position:
            values = features[:, position[name]].astype(np.float64)
            known = position.get(_INDICATORS.get(name, ""))
            if known is not None:
                values[features[:, known] == 0] = np.nan
            columns[name] = values
    return columns
