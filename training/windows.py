"""How time is divided: warm-up | train | gap | validation | gap | test.

A label that arrives a week late is not there yet when a model is made: between a window that is
learned from and the next one lies a gap as long as labels take to arrive.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.config import WindowConfig
from training.errors import UnusableData

DAY_MS = 86_400_000

_DELAY_QUANTILE = 0.95
_WARMUP_SHARE = 0.15
_MOST_WARMUP_DAYS = 14.0
_LEAST_SHARE_OF_TRAINING = 0.2


@dataclass(frozen=True)
class Window:
    """A half-open span of event time, epoch milliseconds."""

    start_ms: int
    end_ms: int

    def mask(self, occurred_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which rows lie within, (n,)."""
        return (occurred_ms >= self.start_ms) & (occurred_ms < self.end_ms)

    @property
    def days(self) -> float:
        """Length in days."""
        return (self.end_ms - self.start_ms) / DAY_MS


@dataclass(frozen=True)
class Windows:
    """All windows of one run. `truth_ms`: labels known by then count as the truth."""

    warmup: Window
    train: Window
    validation: Window
    test: Window | None
    gap_ms: int
    truth_ms: int

    @property
    def judged(self) -> Window:
        """The window whose figures the report leads with."""
        return self.test or self.validation

    @property
    def before_test(self) -> Window:
        """From the end of the warm-up to the end of validation: a gap before the test window."""
        return Window(self.train.start_ms, self.validation.end_ms)

    @property
    def everything(self) -> Window:
        """From the end of the warm-up to the end of what may be used: what a refit learns from."""
        return Window(self.train.start_ms, self.judged.end_ms)


def label_delay_ms(delays_ms: npt.NDArray[np.int64]) -> int:
    """Within which time 95 % of frauds, with these label delays (f,), are known."""
    if not len(delays_ms):
        return 0
    return int(np.quantile(np.maximum(delays_ms, 0), _DELAY_QUANTILE, method="higher"))


def divide(
    occurred_ms: npt.NDArray[np.int64],
    *,
    newest_label_ms: int,
    delay_ms: int,
    config: WindowConfig,
) -> Windows:
    """Windows of data whose payments happened at `occurred_ms`, (n,); labels take `delay_ms`.

    Nothing later than `newest_label_ms - delay_ms` is used: its labels may still be on their way.
    Raises UnusableData when too little time is left to learn from.
    """
    gap_ms = delay_ms if config.gap_days is None else round(config.gap_days * DAY_MS)
    start = int(occurred_ms.min())
    end = min(int(occurred_ms.max()) + 1, newest_label_ms - delay_ms + 1)
    span = end - start
    validation = round(config.validation_share * span)
    test = round(config.test_share * span)
    warmup_days = config.warmup_days
    if warmup_days is None:
        warmup_days = min(_MOST_WARMUP_DAYS, _WARMUP_SHARE * span / DAY_MS)
    train_start = start + round(warmup_days * DAY_MS)
    test_start = end - test
    validation_end = test_start - gap_ms if test else end
    validation_start = validation_end - validation
    train_end = validation_start - gap_ms
    if span <= 0 or train_end - train_start < _LEAST_SHARE_OF_TRAINING * span:
        raise UnusableData(
            f"{max(span, 0) / DAY_MS:.1f} days of labelled payments leave too few to train on "
            f"(warm-up {warmup_days:.1f}, label delay {gap_ms / DAY_MS:.1f} days a gap); give more "
            "data, or set windows.warmup_days, windows.gap_days or windows.test_share lower"
        )
    return Windows(
        warmup=Window(start, train_start),
        train=Window(train_start, train_end),
        validation=Window(validation_start, validation_end),
        test=Window(test_start, end) if test else None,
        gap_ms=gap_ms,
        truth_ms=end + max(gap_ms, delay_ms),
    )
