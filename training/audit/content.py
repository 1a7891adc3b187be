"""Checks of what the rows hold."""

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from models.transaction import UNKNOWN_OFFSET
from training.audit.findings import Finding
from training.audit.subject import Subject

_WORRYING_SHARE = 0.01
_NAMED = 8

_CORE = ("customer_id", "merchant_id", "local time")
_CONTEXT = (
    "country",
    "ip_country",
    "device_id",
    "channel",
    "mcc",
    "latitude",
    "authentication",
)


def refused(subject: Subject) -> Finding:
    """Rows the wire contract refuses, by reason."""
    rows = len(subject.frame)
    share = len(subject.rejections) / rows
    reasons = Counter(str(one.reason) for one in subject.rejections)
    figures = {
        "refused": len(subject.rejections),
        "refused_share": share,
        "reasons": dict(reasons),
    }
    if not subject.rejections:
        return Finding("validity", "good", f"all {rows:,} rows are valid", figures)
    told = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common(_NAMED))
    return Finding(
        "validity",
        "problem" if share > _WORRYING_SHARE else "warning",
        f"{len(subject.rejections):,} of {rows:,} rows ({share:.2%}) are refused: {told}; "
        f"the first because {subject.rejections[0].error}",
        figures,
    )


def completeness(subject: Subject) -> Finding:
    """Name fields that are absent, or present in part of the rows only."""
    rows = subject.transactions
    known = {
        "customer_id": _known_share(rows.customer_id),
        "merchant_id": _known_share(rows.merchant_id),
        "local time": float(np.mean(rows.utc_offset_min != UNKNOWN_OFFSET)),
        "country": _known_share(rows.country),
        "ip_country": _known_share(rows.ip_country),
        "device_id": _known_share(rows.device_id),
        "channel": _known_share(rows.channel),
        "mcc": _known_share(rows.mcc),
        "latitude": _known_share(rows.latitude),
        "authentication": _known_share(rows.authenticated),
    }
    absent = [name for name, share in known.items() if share == 0]
    partial = {name: share for name, share in known.items() if 0 < share < 1}
    parts = []
    if absent:
        parts.append(f"never given: {', '.join(absent)}")
    if partial:
        parts.append(
            "given in part: " + ", ".join(f"{name} {share:.1%}" for name, share in partial.items())
        )
    histories = {"customer_id", "merchant_id"} & set(absent)
    return Finding(
        "completeness",
        "warning" if histories else "note" if parts else "good",
        "; ".join(parts) if parts else "every field that features read is given in every row",
        {
            "known_share": known,
            "core_missing": 1 - float(np.mean([known[name] for name in _CORE])),
            "context_missing": float(sum(1 - known[name] for name in _CONTEXT)),
        },
    )


def duplicates(subject: Subject) -> Finding:
    """Transaction ids that come more than once."""
    ids = subject.ids
    extra = len(ids) - ids.n_unique()
    figures: dict[str, Any] = {"extra_rows": extra, "extra_share": extra / len(ids)}
    if not extra:
        return Finding("duplicates", "good", "every transaction_id comes once", figures)
    repeated = ids.filter(ids.is_duplicated()).unique(maintain_order=True)
    return Finding(
        "duplicates",
        "problem",
        f"{len(repeated):,} transaction ids come more than once ({extra:,} rows too many), "
        f"for instance {repeated[0]!r}; each would count twice in histories and figures",
        figures | {"repeated_ids": len(repeated)},
    )


def constant_columns(subject: Subject) -> Finding:
    """Columns of the table that hold one value only."""
    constant = [column.name for column in subject.frame.iter_columns() if column.n_unique() <= 1]
    if not constant:
        return Finding("constant columns", "good", "no column of the file is constant")
    return Finding(
        "constant columns",
        "note",
        f"one value only: {', '.join(constant)}; a model learns nothing from these",
        {"columns": constant},
    )


def _known_share(column: npt.NDArray[Any]) -> float:
    if column.dtype == object:
        return float(np.mean(column != None))  # noqa: E711 - elementwise
    if column.dtype.kind == "f":
        return float(np.mean(~np.isnan(column)))
    return float(np.mean(column >= 0))
