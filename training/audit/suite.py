"""The checks, in the order people read them."""

from collections.abc import Callable

from training.audit.content import completeness, constant_columns, duplicates, refused
from training.audit.findings import Audit, Finding
from training.audit.labelling import label_delay, label_rate
from training.audit.leakage import leakage
from training.audit.subject import Subject
from training.audit.timing import time_gaps, time_order
from training.progress import Tracker

CHECKS: tuple[Callable[[Subject], Finding], ...] = (
    refused,
    completeness,
    duplicates,
    constant_columns,
    time_order,
    time_gaps,
    label_rate,
    label_delay,
    leakage,
)


def audit(subject: Subject, tracker: Tracker) -> Audit:
    """Run every check."""
    advance = tracker.task("audit", len(CHECKS))
    findings = []
    for check in CHECKS:
        findings.append(check(subject))
        advance(1)
    return Audit(tuple(findings))
