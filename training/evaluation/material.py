"""What every candidate is given: one row a scored payment, in order of time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.features import FeatureSpec
from training.dataset import Rows
from training.evaluation.handbook_features import handbook_features

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Material:
    """Features, truth and what figures are made of, n rows each.

    `views` holds matrices by name: "ours" (the kernel's features that vary, as `spec` names
    them) and "handbook" (the fifteen of the handbook). `kind` names the kind of each fraud where
    that is known, "" elsewhere: it is never an input.
    """

    views: dict[str, Matrix]
    spec: FeatureSpec
    fraud: npt.NDArray[np.bool_]
    customers: npt.NDArray[np.int64]
    occurred_ms: npt.NDArray[np.int64]
    amount: npt.NDArray[np.float64]
    kind: npt.NDArray[np.str_]


def material(rows: Rows, kind: npt.NDArray[np.str_]) -> Material:
    """Return the material of scored payments; a column that never changes is left out."""
    varies = (rows.features != rows.features[0]).any(axis=0)
    names = [name for name, keep in zip(rows.names, varies, strict=True) if keep]
    return Material(
        views={
            "ours": np.ascontiguousarray(rows.features[:, varies]),
            "handbook": handbook_features(rows.payments, rows.fraud, np.nan_to_num(rows.amount)),
        },
        spec=FeatureSpec.of(names, reporting_currency=rows.reporting_currency),
        fraud=rows.fraud,
        customers=rows.customers,
        occurred_ms=rows.payments.occurred_ms,
        amount=rows.amount,
        kind=kind,
    )
