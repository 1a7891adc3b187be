"""Both systems judged on the payments of a window: figures with intervals, episodes, cases.

The statistics are those of `models.comparison`; here is which rows they are asked about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.comparison.answers import Refused, answer, hidden
from models.comparison.censoring import by_source, independent, reviewed
from models.comparison.clusters import Moments, by_customer
from models.comparison.episodes import episodes
from models.comparison.figures import LEGACY, SHADOW, Compared, coefficients
from models.comparison.intervals import mcnemar, votes
from models.comparison.matching import legacys_alert_rate, legacys_detection_rate
from models.comparison.paired import LABEL_SOURCES, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.comparison.answers import Answer
    from models.comparison.censoring import FromSource
    from models.comparison.episodes import Episodes
    from models.comparison.matching import Matched
    from models.comparison.paired import Paired
    from service.comparison.rows import Rows

At = Literal["threshold", "legacy_alert_rate", "legacy_detection_rate"]
LabelsUsed = Literal["all", "independent", "reviewed"]
"""All; those that do not follow a flag; these, with the random review standing for declines."""
_SAMPLE = LABEL_SOURCES.index("sample")
BY_COUNT = (
    "alert_rate",
    "detection_rate",
    "precision",
    "false_positives_per_fraud",
    "false_positives_per_payment",
)
BY_AMOUNT = ("value_detection_rate",)


@dataclass(frozen=True, slots=True)
class Judged:
    """One figure of both systems. `always` holds at every look, the others at one moment."""

    name: str
    legacy: Answer
    shadow: Answer
    difference: Answer
    always: Answer


@dataclass(frozen=True, slots=True)
class Cases:
    """Flags of one customer that follow each other within the case window, taken as one."""

    cases: int
    with_fraud: int


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """Everything that is said of a window's rows.

    `customers_gained` have more frauds found by the shadow alone than by legacy alone,
    `customers_lost` the other way round; `mcnemar` is the probability of a split as uneven.
    `declines_unseen` are payments that legacy declined and nobody knows the truth of; where they
    could change the split, there is no `mcnemar`. `matched` is the threshold that was used, where
    it was matched to legacy's.
    """

    figures: tuple[Judged, ...]
    sources: tuple[FromSource, ...]
    episodes: Episodes
    legacy_cases: Cases
    shadow_cases: Cases
    customers_gained: int
    customers_lost: int
    mcnemar: float | None
    declines_unseen: int
    matched: Matched | None
    standing: str | None
    realised: float | None


def judged(
    found: Rows,
    *,
    case_window_ms: int,
    elapsed: float,
    at: At = "threshold",
    earlier: Paired | None = None,
    labels: LabelsUsed = "all",
) -> Verdicts:
    """Judge the rows that have a legacy decision.

    With `at` a threshold is matched to what legacy reached in the `earlier` rows; in the judged
    rows themselves, and said so, where there are none. `elapsed` is the share of the planned
    horizon that is over, for intervals that hold at every look.
    """
    known = found.paired.legacy != UNKNOWN
    rows = _believed(found.paired.take(known), found.sample_rate[known], labels)
    matched = None
    if at != "threshold" and len(rows):
        usable = earlier is not None and _matchable(earlier, at)
        span = earlier if usable and earlier is not None else rows
        if _matchable(span, at):
            match = legacys_alert_rate if at == "legacy_alert_rate" else legacys_detection_rate
            matched = match(span)
            rows = rows.at_threshold(matched.threshold)
    sums = by_customer(rows)
    moments = Moments.of(sums)
    gained, lost = votes(sums, coefficients("gained"), coefficients("lost"))
    return Verdicts(
        figures=tuple(_judged(moments, name, elapsed) for name in (*BY_COUNT, *BY_AMOUNT)),
        sources=tuple(by_source(rows)),
        episodes=episodes(rows, rows.customer, case_window_ms),
        legacy_cases=cases(rows, rows.legacy == 1, case_window_ms),
        shadow_cases=cases(rows, rows.flagged, case_window_ms),
        customers_gained=gained,
        customers_lost=lost,
        mcnemar=None if hidden(moments, SHADOW["detection_rate"]) else mcnemar(gained, lost),
        declines_unseen=int(moments.totals @ coefficients("silent")),
        matched=matched,
        standing=None if matched is None else matched.standing(rows),
        realised=None if matched is None else matched.realised(rows),
    )


def _believed(rows: Paired, rate: NDArray[np.float64], labels: LabelsUsed) -> Paired:
    """Return rows with the labels that are to be used, and the weights that go with them.

    `rate` is that of the random review, NaN for rows that were not drawn: a label that says it
    is from the sample and is of no drawn payment stands for itself alone.
    """
    if labels == "all":
        return rows
    rows = independent(rows)
    if labels == "independent":
        return rows
    source = np.where((rows.source == _SAMPLE) & np.isnan(rate), UNKNOWN, rows.source)
    return reviewed(replace(rows, source=source.astype(np.int8)), rate)


def _matchable(rows: Paired, at: At) -> bool:
    known = rows.legacy != UNKNOWN
    if at == "legacy_detection_rate":
        known &= rows.settled() == 1
    return bool(known.any())


def _judged(moments: Moments, name: str, elapsed: float) -> Judged:
    difference = Compared(SHADOW[name], LEGACY[name])
    if not moments.totals[0]:
        nothing = Refused("no scored payment of the window has a legacy decision")
        return Judged(name, nothing, nothing, nothing, nothing)
    return Judged(
        name,
        answer(moments, LEGACY[name]),
        answer(moments, SHADOW[name]),
        answer(moments, difference),
        answer(moments, difference, elapsed=elapsed),
    )


def cases(rows: Paired, flags: NDArray[np.bool_], window_ms: int) -> Cases:
    """Return how many cases the flags make, and how many of them hold a known fraud."""
    flagged = np.flatnonzero(flags)
    order = flagged[np.lexsort((rows.occurred_ms[flagged], rows.customer[flagged]))]
    who, at = rows.customer[order], rows.occurred_ms[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (who[1:] != who[:-1]) | (np.diff(at) > window_ms)
    code = np.cumsum(begins) - 1
    fraud = rows.settled()[order] == 1
    return Cases(int(begins.sum()), len(np.unique(code[fraud])))
