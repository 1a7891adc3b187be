"""Figures by segment at the threshold that was chosen."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.transaction import CHANNELS, Transactions

_AMOUNT_EDGES = (10, 50, 100, 200, 500)
_NEW_CUSTOMER_PAYMENTS = 10
_MOST_VALUES = 10
_LEAST_ROWS = 50


@dataclass(frozen=True)
class Segment:
    """One group of payments; rates are NaN where nothing was there to count."""

    by: str
    value: str
    rows: int
    frauds: int
    alert_rate: float
    detection_rate: float
    value_detection_rate: float
    precision: float


def segments(
    rows: Transactions,
    fraud: npt.NDArray[np.bool_],
    flagged: npt.NDArray[np.bool_],
    amount: npt.NDArray[np.float64],
    history_count: npt.NDArray[np.float32],
) -> tuple[Segment, ...]:
    """All segments of one window: everything, amount band, channel, country, new customers.

    All (n,): `amount` in the reporting currency, NaN where unknown; `history_count` payments the
    customer had made before.
    """
    found = [_segment("all", "all", np.ones(len(rows), bool), fraud, flagged, amount)]
    for by, values in _keys(rows, amount, history_count).items():
        names, counts = np.unique(values.astype("U"), return_counts=True)
        if len(names) == 1:
            continue
        largest = names[np.argsort(-counts, kind="stable")][:_MOST_VALUES]
        for name in sorted(largest, key=_natural):
            inside = values == name
            if inside.sum() >= _LEAST_ROWS:
                found.append(_segment(by, str(name), inside, fraud, flagged, amount))
    return tuple(found)


def _keys(
    rows: Transactions,
    amount: npt.NDArray[np.float64],
    history_count: npt.NDArray[np.float32],
) -> dict[str, npt.NDArray[np.object_]]:
    bands = [f"under {_AMOUNT_EDGES[0]}"]
    bands += [f"{low} to {high}" for low, high in pairwise(_AMOUNT_EDGES)]
    bands += [f"{_AMOUNT_EDGES[-1]} and more", "unknown"]
    band = np.where(np.isnan(amount), -1, np.searchsorted(_AMOUNT_EDGES, amount, side="right"))
    return {
        "amount": np.array(bands, object)[band],
        "channel": np.array([*CHANNELS, "unknown"], object)[rows.channel],
        "country": np.where(rows.country == None, "unknown", rows.country),  # noqa: E711
        "customer": np.where(
            history_count < _NEW_CUSTOMER_PAYMENTS,
            np.array(f"first {_NEW_CUSTOMER_PAYMENTS} payments", object),
            np.array("known", object),
        ),
    }


def _segment(
    by: str,
    value: str,
    inside: npt.NDArray[np.bool_],
    fraud: npt.NDArray[np.bool_],
    flagged: npt.NDArray[np.bool_],
    amount: npt.NDArray[np.float64],
) -> Segment:
    frauds, flags = inside & fraud, inside & flagged
    hits = frauds & flagged
    money = np.nan_to_num(amount)
    return Segment(
        by=by,
        value=value,
        rows=int(inside.sum()),
        frauds=int(frauds.sum()),
        alert_rate=_share(flags.sum(), inside.sum()),
        detection_rate=_share(hits.sum(), frauds.sum()),
        value_detection_rate=_share(money[hits].sum(), money[frauds].sum()),
        precision=_share(hits.sum(), flags.sum()),
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _natural(name: str) -> tuple[float, str]:
    lower = name.split(" to ", maxsplit=1)[0]
    digits = "".join(character for character in lower if character.isdigit())
    first = float(digits) if digits else float("inf")
    return (-1.0 if name.startswith("under") else first, name)
