"""What every candidate is given: one row a scored payment, in order of time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.attributes import Attribute
from models.features import FeatureSpec
from training.dataset import Replayed, varying
from training.evaluation.handbook_features import handbook_features

Matrix = npt.NDArray[np.float32]
OURS, HANDBOOK = "our features", "handbook's 15"


@dataclass(frozen=True, eq=False)
class Material:
    """Features, truth and what figures are made of, n rows each.

    `views` holds a matrix (n, F) for each set of features. `kind` names the kind of each fraud
    where that is known, "" elsewhere: it is never an input. `known_ms` is when a label first
    called a payment fraud: a model learns of no fraud that is not known when judging begins.
    """

    views: dict[str, Matrix]
    spec: FeatureSpec
    fraud: npt.NDArray[np.bool_]
    customers: npt.NDArray[np.int64]
    occurred_ms: npt.NDArray[np.int64]
    amount: npt.NDArray[np.float64]
    kind: npt.NDArray[np.str_]
    known_ms: npt.NDArray[np.int64]

    def taught(self, rows: npt.NDArray[np.int64], by_ms: int) -> npt.NDArray[np.bool_]:
        """Return which of these rows are frauds that are known by then."""
        return self.fraud[rows] & (self.known_ms[rows] <= by_ms)


def material(
    replayed: Replayed,
    fraud: npt.NDArray[np.bool_],
    kind: npt.NDArray[np.str_],
    known_ms: npt.NDArray[np.int64],
    *,
    attributes: tuple[Attribute, ...],
    currency: str,
) -> Material:
    """Return the material of replayed payments; a feature that never changes is left out."""
    features, names = varying(replayed, np.ones(len(fraud), bool))
    return Material(
        views={
            OURS: features,
            HANDBOOK: handbook_features(replayed.rows, fraud, np.nan_to_num(replayed.amount)),
        },
        spec=FeatureSpec.of(names, attributes=attributes, reporting_currency=currency),
        fraud=fraud,
        customers=replayed.customers,
        occurred_ms=replayed.rows.occurred_ms,
        amount=replayed.amount,
        kind=kind,
        known_ms=known_ms,
    )
