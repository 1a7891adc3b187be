"""The checks, in the order people read them."""

from collections.abc import Callable

from training.audit.content import completeness, constant_columns, duplicates, refused
from training.audit.drift import fraud_drift, input_drift, volume_drift
from training.audit.findings import Audit, Finding
from training.audit.labelling import label_coverage, label_delay, label_rate
from training.audit.leakage import leakage
from training.audit.maturity import label_maturity
from training.audit.scorecard import scorecard, verdict
from training.audit.subject import Subject
from training.audit.timing import time_gaps, time_order, training_windows
from training.progress import Tracker

CHECKS: tuple[Callable[[Subject], Finding], ...] = (
    refused,
    completeness,
    duplicates,
    constant_columns,
    time_order,
    time_gaps,
    label_rate,
    label_coverage,
    label_delay,
    label_maturity,
    training_windows,
    volume_drift,
    input_drift,
    fraud_drift,
    leakage,
)


def audit(subject: Subject, tracker: Tracker) -> Audit:
    """Run every check, grade the data and give a verdict."""
    advance = tracker.task("audit", len(CHECKS))
    findings = []
    for check in CHECKS:
        findings.append(check(subject))
        advance(1)
    grades = scorecard(tuple(findings))
    return Audit(tuple(findings), grades, verdict(grades))
