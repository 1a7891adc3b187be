"""From payments and labels to a matrix with truth: one row a payment that is scored."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.attributes import Attribute
from models.features import FeatureSpec
from models.labels import Labels
from models.money import major_units
from models.replay import replay
from models.transaction import Transactions
from training.config import TrainingConfig
from training.errors import UnusableData
from training.progress import Tracker
from training.truth import fraud_delays_ms, truth
from training.windows import Window, Windows, divide, label_delay_ms

AMOUNT = "amount"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Scored payments in time order, n of them.

    `features` is float32 (n, F) with the columns of `spec`: those of the kernel and of declared
    attributes that vary in the training window. `rows` are the payments themselves, `amount`
    their amounts in the reporting currency, NaN where there is no exchange rate.
    """

    features: npt.NDArray[np.float32]
    spec: FeatureSpec
    fraud: npt.NDArray[np.bool_]
    rows: Transactions
    customers: npt.NDArray[np.int64]
    amount: npt.NDArray[np.float64]
    windows: Windows

    def within(self, window: Window) -> npt.NDArray[np.int64]:
        """Row numbers of a window."""
        return np.flatnonzero(window.mask(self.rows.occurred_ms))


def build_dataset(
    transactions: Transactions,
    labels: Labels,
    attributes: tuple[Attribute, ...],
    config: TrainingConfig,
    tracker: Tracker,
) -> Dataset:
    """Replay all payments through the kernel and divide time.

    Raises UnusableData when a window lacks frauds or genuine payments.
    """
    delay_ms = label_delay_ms(
        fraud_delays_ms(transactions.transaction_id, transactions.occurred_ms, labels)
    )
    windows = divide(
        transactions.occurred_ms,
        newest_label_ms=int(labels.known_ms.max()) if len(labels) else 0,
        delay_ms=delay_ms,
        config=config.windows,
    )
    used = transactions.occurred_ms < windows.judged.end_ms
    replayed = replayed_rows(
        transactions.take(used), labels, attributes, config.reporting_currency, tracker
    )
    rows = replayed.rows
    fraud = truth(rows.transaction_id, labels, known_by_ms=windows.truth_ms)
    _check_windows(windows, rows.occurred_ms, fraud)
    features, names = varying(replayed, windows.train.mask(rows.occurred_ms))
    return Dataset(
        features=features,
        spec=FeatureSpec.of(
            names, attributes=attributes, reporting_currency=config.reporting_currency
        ),
        fraud=fraud,
        rows=rows,
        customers=replayed.customers,
        amount=replayed.amount,
        windows=windows,
    )


@dataclass(frozen=True, eq=False)
class Replayed:
    """Scored payments in time order with all features they have, (n, W), and their `names`."""

    features: npt.NDArray[np.float32]
    names: tuple[str, ...]
    rows: Transactions
    customers: npt.NDArray[np.int64]
    amount: npt.NDArray[np.float64]


def replayed_rows(
    transactions: Transactions,
    labels: Labels,
    attributes: tuple[Attribute, ...],
    currency: str,
    tracker: Tracker,
) -> Replayed:
    """Replay payments through the kernel, in order of time."""
    transactions = in_order(transactions)
    found = replay(
        transactions,
        labels,
        attributes=attributes,
        reporting_currency=currency,
        progress=tracker.task("features replayed", len(transactions)),
    )
    scored = transactions.scored_type()
    rows = transactions.take(scored)
    return Replayed(
        features=found.features[scored],
        names=found.names,
        rows=rows,
        customers=codes(rows.customer_id),
        amount=major_units(rows.reporting_minor, currency),
    )


def in_order(transactions: Transactions) -> Transactions:
    """Return payments in stable order of time."""
    return transactions.take(np.argsort(transactions.occurred_ms, kind="stable"))


def varying(
    replayed: Replayed, within: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float32], list[str]]:
    """Return the features that tell something among the marked rows, and their names.

    Left out is what never differs there, and what is the payment's own amount in every row, as
    spending in a day or a month is where no customer is named.
    """
    learned = replayed.features[within]
    varies = (learned != learned[0]).any(axis=0)
    amount = replayed.names.index(AMOUNT)
    repeats = (learned == learned[:, [amount]]).all(axis=0)
    repeats[amount] = False
    varies &= ~repeats
    names = [name for name, keep in zip(replayed.names, varies, strict=True) if keep]
    return np.ascontiguousarray(replayed.features[:, varies]), names


def codes(names: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """Integers for customers or merchants, (n,); a payment without one stands for itself."""
    unknown = names == None  # noqa: E711 - elementwise
    known = np.where(unknown, "", names).astype("U")
    found = np.unique(known, return_inverse=True)[1].astype(np.int64)
    found[unknown] = -1 - np.flatnonzero(unknown)
    return found


def _check_windows(
    windows: Windows, occurred_ms: npt.NDArray[np.int64], fraud: npt.NDArray[np.bool_]
) -> None:
    parts = [("training", windows.train), ("validation", windows.validation)]
    if windows.test is not None:
        parts.append(("test", windows.test))
    for name, window in parts:
        inside = fraud[window.mask(occurred_ms)]
        if inside.all() or not inside.any():
            kind = "genuine payment" if len(inside) and inside.all() else "fraud"
            raise UnusableData(
                f"the {name} window ({window.days:.1f} days, {len(inside)} payments) has no "
                f"{kind}; give more data or change windows.validation_share and windows.test_share"
            )
