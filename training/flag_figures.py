"""How often flags come, hit and miss, each figure with its interval."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.resampling import Figure, share

Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FlagFigures:
    """What flags are worth over some payments; NaN where nothing was there to count.

    `detection_rate` is the share of frauds flagged, `value_detection_rate` that of their money,
    `precision` the share of flags that are fraud, `false_positive_rate` the share of genuine
    payments flagged.
    """

    payments: int
    frauds: int
    flags: int
    alert_rate: Figure
    detection_rate: Figure
    value_detection_rate: Figure
    precision: Figure
    false_positive_rate: Figure


def flag_figures(
    fraud: Truth,
    flagged: Truth,
    amount: npt.NDArray[np.float64],
    customers: npt.NDArray[np.int64],
) -> FlagFigures:
    """All figures of n payments; an amount that is not known, NaN, counts as no money."""
    hits, money = fraud & flagged, np.nan_to_num(amount)
    return FlagFigures(
        payments=len(fraud),
        frauds=int(fraud.sum()),
        flags=int(flagged.sum()),
        alert_rate=share(flagged, np.ones(len(fraud)), customers),
        detection_rate=share(hits, fraud, customers),
        value_detection_rate=share(money * hits, money * fraud, customers),
        precision=share(hits, flagged, customers),
        false_positive_rate=share(flagged & ~fraud, ~fraud, customers),
    )
