"""What is held to be true of each payment at a moment."""

import numpy as np
import numpy.typing as npt

from models.labels import Labels


def truth(
    transaction_id: npt.NDArray[np.object_], labels: Labels, *, known_by_ms: int
) -> npt.NDArray[np.bool_]:
    """Which payments, (n,), the newest label known by then calls fraud.

    A payment nobody ever said anything about counts as genuine.
    """
    usable = np.flatnonzero(labels.known_ms <= known_by_ms)
    newest = _facts(labels, usable)
    if len(newest) < len(usable):  # some payment has several labels: their order counts
        names = labels.label_id[usable].astype("U")
        newest = _facts(labels, usable[np.lexsort((names, labels.known_ms[usable]))])
    return np.fromiter(
        (newest.get(name, False) for name in transaction_id.tolist()),
        dtype=bool,
        count=len(transaction_id),
    )


def first_known_ms(
    transaction_id: npt.NDArray[np.object_], labels: Labels
) -> npt.NDArray[np.int64]:
    """When a label first called each payment fraud, (n,); the end of time where none did."""
    frauds = np.flatnonzero(labels.is_fraud)
    latest_first = frauds[np.argsort(-labels.known_ms[frauds], kind="stable")]
    known = dict(
        zip(
            labels.transaction_id[latest_first].tolist(),
            labels.known_ms[latest_first].tolist(),
            strict=True,
        )
    )
    never = np.iinfo(np.int64).max
    return np.array([known.get(name, never) for name in transaction_id.tolist()], np.int64)


def _facts(labels: Labels, rows: npt.NDArray[np.int64]) -> dict[str, bool]:
    """Collect what labels say, later ones over earlier ones."""
    return dict(
        zip(labels.transaction_id[rows].tolist(), labels.is_fraud[rows].tolist(), strict=True)
    )


def fraud_delays_ms(
    transaction_id: npt.NDArray[np.object_], occurred_ms: npt.NDArray[np.int64], labels: Labels
) -> npt.NDArray[np.int64]:
    """How long after its payment each fraud label became known, (f,)."""
    when = dict(zip(transaction_id.tolist(), occurred_ms.tolist(), strict=True))
    frauds = np.flatnonzero(labels.is_fraud)
    return np.array(
        [
            known - when[name]
            for name, known in zip(
                labels.transaction_id[frauds].tolist(),
                labels.known_ms[frauds].tolist(),
                strict=True,
            )
            if name in when
        ],
        np.int64,
    )
