"""Figures by segment at the threshold, and which segments are treated differently."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.transaction import CHANNELS, Transactions
from training.disparity import Comparison, Disparity, compare_rates
from training.flag_figures import FlagFigures, flag_figures

_AMOUNT_EDGES = (10, 50, 100, 200, 500)
_NEW_CUSTOMER_PAYMENTS = 10
_MOST_VALUES = 10
_LEAST_ROWS = 50
_UNKNOWN = "unknown"

SEGMENT_KEYS = ("all", "amount", "channel", "country", "customer")
"""What figures are always told by."""

Keys = Mapping[str, npt.NDArray[np.object_]]


@dataclass(frozen=True)
class Segment:
    """One group of payments; `disparity` is None where too little is there to compare."""

    by: str
    value: str
    figures: FlagFigures
    disparity: Disparity | None


@dataclass(frozen=True)
class Segments:
    """Everything first, then every segment; how many were compared, and what that found."""

    rows: tuple[Segment, ...]
    comparisons: int

    @property
    def findings(self) -> tuple[str, ...]:
        """A sentence for each segment that is treated differently beyond chance, most so first."""
        found = [
            (one, one.disparity)
            for one in self.rows
            if one.disparity is not None and one.disparity.beyond_chance
        ]
        found.sort(key=lambda pair: -pair[1].ratio)
        return tuple(
            f"flags of genuine payments are {_times(told.ratio)} times as frequent in {one.by} "
            f"{one.value} as elsewhere ({_times(told.low)} to {_times(told.high)})"
            for one, told in found
        )


def segment_keys(
    rows: Transactions,
    amount: npt.NDArray[np.float64],
    history_count: npt.NDArray[np.float32],
    attributes: tuple[str, ...],
) -> Keys:
    """Which value each payment, (n,), has of everything that figures are told by.

    `amount` is in the reporting currency, NaN where unknown; `history_count` counts payments
    the customer had made before; `attributes` are names declared in the mapping.
    """
    bands = [f"under {_AMOUNT_EDGES[0]}"]
    bands += [f"{low} to {high}" for low, high in pairwise(_AMOUNT_EDGES)]
    bands += [f"{_AMOUNT_EDGES[-1]} and more", _UNKNOWN]
    band = np.where(np.isnan(amount), -1, np.searchsorted(_AMOUNT_EDGES, amount, side="right"))
    return {
        "amount": np.array(bands, object)[band],
        "channel": np.array([*CHANNELS, _UNKNOWN], object)[rows.channel],
        "country": np.where(rows.country == None, _UNKNOWN, rows.country),  # noqa: E711
        "customer": np.where(
            history_count < _NEW_CUSTOMER_PAYMENTS,
            np.array(f"first {_NEW_CUSTOMER_PAYMENTS} payments", object),
            np.array("known", object),
        ),
    } | {name: _named(rows.attribute(name)) for name in attributes}


def segments(
    keys: Keys,
    fraud: npt.NDArray[np.bool_],
    flagged: npt.NDArray[np.bool_],
    amount: npt.NDArray[np.float64],
    customers: npt.NDArray[np.int64],
) -> Segments:
    """All segments of one window: the ten largest values of each key that varies."""
    places = [("all", "all", np.ones(len(fraud), bool)), *_places(keys)]
    compared: list[Comparison | None] = [None]
    compared += [compare_rates(inside, flagged, fraud, customers) for _, _, inside in places[1:]]
    comparisons = sum(one is not None for one in compared)
    return Segments(
        tuple(
            Segment(
                by,
                value,
                flag_figures(fraud[inside], flagged[inside], amount[inside], customers[inside]),
                None if found is None else found.disparity(comparisons),
            )
            for (by, value, inside), found in zip(places, compared, strict=True)
        ),
        comparisons,
    )


def _places(keys: Keys) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    for by, values in keys.items():
        names, codes, counts = np.unique(
            values.astype("U"), return_inverse=True, return_counts=True
        )
        if len(names) == 1:
            continue
        largest = np.argsort(-counts, kind="stable")[:_MOST_VALUES]
        for code in sorted(largest.tolist(), key=lambda code: _natural(str(names[code]))):
            if counts[code] >= _LEAST_ROWS:
                yield by, str(names[code]), codes == code


def _named(values: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.array([_UNKNOWN if value is None else str(value) for value in values], object)


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}"


def _natural(name: str) -> tuple[float, str]:
    number = re.search(r"\d+", name)
    first = float(number.group()) if number else float("inf")
    return (-1.0 if name.startswith("under") else first, name)
