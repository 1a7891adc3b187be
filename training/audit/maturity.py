"""Which payments are old enough for their labels to have arrived."""

import numpy as np
import numpy.typing as npt

from models.labels import Labels
from training.audit.findings import Finding
from training.audit.labelling import NO_LABELS
from training.audit.subject import DAY_MS, Subject
from training.truth import fraud_delays_ms
from training.windows import label_delay_ms

_AGES_DAYS = (1, 3, 7, 14, 30, 60, 90, 180)
_MUCH = 0.25
_LEAST_FRAUDS = 50


def label_maturity(subject: Subject) -> Finding:
    """How young the last payments are, measured by how long labels take."""
    labels = subject.labels
    if labels is None:
        return Finding("label maturity", "problem", NO_LABELS)
    if not len(subject.fraud_delays_ms):
        return Finding(
            "label maturity",
            "problem",
            "not judged: no label of a fraud belongs to a payment of this file",
        )
    times = subject.transactions.occurred_ms
    newest = int(labels.known_ms.max())
    mature_to = mature_until_ms(subject)
    young = times > mature_to
    delays = _settled_delays_ms(subject, labels)
    known = {
        f"{age} days": float(np.mean(delays <= age * DAY_MS))
        for age in _AGES_DAYS
        if age * DAY_MS <= 2 * max(int(delays.max()), DAY_MS)
    }
    figures = {
        "newest_label": _date(newest),
        "mature_until": _date(mature_to),
        "young_share": float(young.mean()),
        "known_by_age": known,
    }
    reach = f"labels reach to {_date(newest)}"
    if not young.any():
        return Finding("label maturity", "good", f"{reach}; every payment is old enough", figures)
    ages = np.sort(newest - times[young])
    expected = float(np.mean(np.searchsorted(np.sort(delays), ages, "right") / len(delays)))
    figures["expected_known_share_of_young"] = expected
    share = float(young.mean())
    return Finding(
        "label maturity",
        "warning" if share > _MUCH else "note",
        f"{reach}; payments after {_date(mature_to)} ({share:.1%}) are too young: about "
        f"{expected:.0%} of their frauds can be known by now, so training leaves them out",
        figures,
    )


def mature_until_ms(subject: Subject) -> int:
    """Return until when payments are old enough: 95 % of their frauds are known by now."""
    if subject.labels is None or not len(subject.labels):
        return int(subject.transactions.occurred_ms.min()) - 1
    return int(subject.labels.known_ms.max()) - label_delay_ms(subject.fraud_delays_ms)


def _settled_delays_ms(subject: Subject, labels: Labels) -> npt.NDArray[np.int64]:
    """Return delays of frauds of the earlier half, (f,): late labels had time to arrive there.

    All frauds where the earlier half has few.
    """
    rows = subject.transactions
    middle = (int(rows.occurred_ms.min()) + int(rows.occurred_ms.max())) // 2
    early = rows.take(rows.occurred_ms <= middle)
    of_early = fraud_delays_ms(early.transaction_id, early.occurred_ms, labels)
    return of_early if len(of_early) >= _LEAST_FRAUDS else subject.fraud_delays_ms


def _date(ms: int) -> str:
    return str(np.datetime64(ms // DAY_MS, "D"))
