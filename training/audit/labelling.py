"""Checks of the labels: how many, how late, for which payments."""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from training.audit.findings import Finding, Level
from training.audit.subject import DAY_MS, Subject, by_day

_FEW_FRAUDS = 200
_RARE, _COMMON = 1e-5, 0.2
_UNEVEN = 0.5
_MANY_STRAY = 0.05
_ASK = "there are no labels; give --labels or a mapping with `label`"
NO_LABELS = "not judged: there are no labels"


def label_rate(subject: Subject) -> Finding:
    """How many payments are fraud."""
    fraud = subject.fraud
    if fraud is None:
        return Finding("label rate", "problem", _ASK)
    rate, frauds = float(fraud.mean()), int(fraud.sum())
    times = subject.transactions.occurred_ms
    figures = {
        "frauds": frauds,
        "fraud_share": rate,
        "frauds_by_day": by_day(times, fraud),
    }
    told = f"{frauds:,} of {len(fraud):,} payments are fraud ({rate:.3%})"
    if frauds == 0:
        return Finding("label rate", "problem", told + "; nothing to learn from", figures)
    if frauds < _FEW_FRAUDS or not _RARE < rate < _COMMON:
        return Finding(
            "label rate", "warning", told + "; figures on so few, or so many, mean little", figures
        )
    return Finding("label rate", "good", told, figures)


def label_delay(subject: Subject) -> Finding:
    """How long after a fraud its label is known."""
    if subject.labels is None:
        return Finding("label delay", "problem", NO_LABELS)
    delays = subject.fraud_delays_ms / DAY_MS
    if not len(delays):
        return Finding("label delay", "problem", "no label of a fraud belongs to this file")
    median, late = (float(value) for value in np.quantile(delays, (0.5, 0.95)))
    early = int((delays < 0).sum())
    figures = {
        "median_days": median,
        "percentile_95_days": late,
        "before_payment_share": early / len(delays),
        "known_at_once": float(late == 0),
    }
    if early:
        return Finding(
            "label delay",
            "problem",
            f"{early:,} frauds are known before they happened; check known_at and the time zone "
            "of occurred_at",
            figures,
        )
    told = f"half of the frauds are known after {median:.1f} days, 95 % after {late:.1f}"
    if late == 0:
        return Finding(
            "label delay",
            "warning",
            "every fraud counts as known at once, which no live system has; declare delay_days",
            figures,
        )
    return Finding("label delay", "good", told, figures)


def label_coverage(subject: Subject) -> Finding:
    """Which payments have a label at all, from which source, and labels that belong to none."""
    labels, fraud = subject.labels, subject.fraud
    if labels is None or fraud is None or not len(labels):
        return Finding("label coverage", "problem", NO_LABELS, {"labelled": 0})
    named = pl.Series(labels.transaction_id, dtype=pl.String).unique()
    labelled = subject.ids.is_in(named.implode()).to_numpy()
    stray = int((~named.is_in(subject.ids.implode())).sum())
    sources = Counter(str(one) for one in labels.source[labels.is_fraud] if one is not None)
    figures: dict[str, Any] = {
        "labelled": int(labelled.sum()),
        "labelled_share": float(labelled.mean()),
        "stray_labels": stray,
        "stray_share": stray / len(named),
        "repeated_labels": len(labels) - len(named),
        "fraud_sources": dict(sources),
    }
    level, told = _coverage(subject, labelled, frauds_only=bool(labels.is_fraud.all()))
    if figures["repeated_labels"]:
        told += f"; {figures['repeated_labels']:,} labels correct an earlier one, the newest counts"
    if stray:
        told += f"; {stray:,} labels ({stray / len(named):.1%}) belong to no payment of this file"
        level = "warning" if stray > _MANY_STRAY * len(named) else level
    if sources and not _declared(subject, sources):
        told += f"; frauds were told by {_counted(sources)}"
    return Finding("label coverage", level, told, figures)


def _coverage(
    subject: Subject, labelled: npt.NDArray[np.bool_], *, frauds_only: bool
) -> tuple[Level, str]:
    """Return how serious it is that some payments have no label, and a sentence about it."""
    share = float(labelled.mean())
    if share == 1:
        return "good", "every payment has a label"
    missing = f"the other {int((~labelled).sum()):,} payments count as genuine"
    if frauds_only:
        return "good", f"labels name frauds only; {missing}"
    told = f"{share:.1%} of payments have a label, fraud or genuine; {missing}"
    if subject.weeks is not None:
        by_week = subject.weeks.counts(labelled) / np.maximum(subject.weeks.counts(), 1)
        least, most = int(by_week.argmin()), int(by_week.argmax())
        if by_week[least] < _UNEVEN * by_week[most]:
            return "warning", (
                f"{told}; unevenly: {by_week[most]:.1%} in the week from "
                f"{subject.weeks.start(most)}, {by_week[least]:.1%} in that from "
                f"{subject.weeks.start(least)}; find out why before trusting either"
            )
    return "note", told


def _declared(subject: Subject, sources: Counter[str]) -> bool:
    """Whether the mapping itself says where all labels come from."""
    label = subject.mapping.file.label
    return label is not None and list(sources) == [label.source]


def _counted(sources: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sources.most_common())
