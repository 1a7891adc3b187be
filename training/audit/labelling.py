"""Checks of the labels."""

import numpy as np

from training.audit.findings import Finding
from training.audit.subject import Subject
from training.truth import fraud_delays_ms

_DAY_MS = 86_400_000
_FEW_FRAUDS = 200
_RARE, _COMMON = 1e-5, 0.2


def label_rate(subject: Subject) -> Finding:
    """How many payments are fraud."""
    fraud = subject.fraud
    if fraud is None or subject.labels is None:
        return Finding(
            "label rate", "problem", "there are no labels; give --labels or a mapping with `label`"
        )
    rate, frauds = float(fraud.mean()), int(fraud.sum())
    labelled = len(set(subject.labels.transaction_id.tolist()))
    figures = {"frauds": frauds, "fraud_share": rate, "labelled": labelled}
    told = f"{frauds:,} of {len(fraud):,} payments are fraud ({rate:.3%})"
    if labelled < len(fraud):
        told += f"; {len(fraud) - labelled:,} without a label count as genuine"
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
        return Finding("label delay", "problem", "there are no labels")
    rows = subject.transactions
    delays = fraud_delays_ms(rows.transaction_id, rows.occurred_ms, subject.labels) / _DAY_MS
    if not len(delays):
        return Finding("label delay", "problem", "no label belongs to a payment of this file")
    median, late = (float(value) for value in np.quantile(delays, (0.5, 0.95)))
    figures = {"median_days": median, "percentile_95_days": late}
    if delays.min() < 0:
        return Finding(
            "label delay",
            "problem",
            f"{int((delays < 0).sum()):,} frauds are known before they happened; check known_at",
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
