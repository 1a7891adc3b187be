"""A file of payments, and the features they would have had with fewer labels known."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from models.attributes import Attribute
from models.features import FeatureSpec
from models.intake import Intake
from models.labels import Labels
from models.mapping import Mapping
from models.money import Rates
from models.transaction import Transactions
from training.config import TrainingConfig
from training.dataset import amounts, codes, in_order, replayed_rows, varying
from training.evaluation.handbook_features import handbook_features
from training.evaluation.material import HANDBOOK, NEVER_MS, OURS, Mask, Payments, Views
from training.progress import Tracker
from training.source import Source, labels_of, read_source
from training.truth import truth


@dataclass(frozen=True, eq=False)
class Past:
    """All that happened, in order of time, and all labels; `payments` are the scored ones."""

    transactions: Transactions
    labels: Labels
    attributes: tuple[Attribute, ...]
    currency: str
    payments: Payments
    identity: str

    def until(self, end_ms: int) -> Self:
        """Return what happened before a moment: no feature looks further ahead."""
        kept = np.flatnonzero(self.payments.occurred_ms < end_ms)
        transactions = self.transactions.take(self.transactions.occurred_ms < end_ms)
        ids = frozenset(transactions.transaction_id.tolist())
        theirs = (name in ids for name in self.labels.transaction_id.tolist())
        return replace(
            self,
            transactions=transactions,
            labels=self.labels.take(np.fromiter(theirs, bool, len(self.labels))),
            payments=self.payments.take(kept),
        )

    def views(self, told: Mask, wanted: frozenset[str], tracker: Tracker) -> Views:
        """Replay with the labels of some payments, (n,): nobody ever heard of the others'."""
        scored = self.transactions.take(self.transactions.scored_type())
        unheard = frozenset(scored.transaction_id[~told].tolist())
        heard = (name not in unheard for name in self.labels.transaction_id.tolist())
        labels = self.labels.take(np.fromiter(heard, bool, len(self.labels)))
        replayed = replayed_rows(self.transactions, labels, self.attributes, self.currency, tracker)
        features, names = varying(replayed, np.ones(len(self.payments), bool))
        spec = FeatureSpec.of(names, attributes=self.attributes, reporting_currency=self.currency)
        matrices = {OURS: features}
        if HANDBOOK in wanted:
            matrices[HANDBOOK] = handbook_features(
                scored, self.payments.fraud & told, np.nan_to_num(self.payments.amount)
            )
        return Views(matrices, spec)


def read_past(
    data: Path, mapping: Mapping, config: TrainingConfig, kind: str, tracker: Tracker
) -> Past:
    """Read a file; `kind` is the column that names each fraud's kind, if the file has it."""
    tracker.say(f"reading {data}")
    source = read_source(
        data,
        mapping=mapping,
        labels=None,
        intake=Intake(
            rates=Rates.none(config.reporting_currency),
            id_formats=config.id_formats,
            attributes=frozenset(mapping.attributes),
        ),
        now_ms=round(datetime.now(UTC).timestamp() * 1000),
    )
    labels = labels_of(source)
    transactions = in_order(source.transactions)
    rows = transactions.take(transactions.scored_type())
    return Past(
        transactions=transactions,
        labels=labels,
        attributes=source.attributes,
        currency=config.reporting_currency,
        payments=Payments(
            fraud=truth(rows.transaction_id, labels, known_by_ms=int(labels.known_ms.max())),
            customers=codes(rows.customer_id),
            merchants=codes(rows.merchant_id),
            occurred_ms=rows.occurred_ms,
            known_ms=_known_ms(rows, labels),
            amount=amounts(rows, config.reporting_currency),
            kind=_kinds(source, rows, kind),
        ),
        identity=source.sha256,
    )


def _known_ms(rows: Transactions, labels: Labels) -> npt.NDArray[np.int64]:
    """When each payment was first called a fraud."""
    frauds = np.flatnonzero(labels.is_fraud)
    newest_first = frauds[np.argsort(-labels.known_ms[frauds], kind="stable")]
    known = dict(
        zip(
            labels.transaction_id[newest_first].tolist(),
            labels.known_ms[newest_first].tolist(),
            strict=True,
        )
    )
    return np.array([known.get(name, NEVER_MS) for name in rows.transaction_id.tolist()], np.int64)


def _kinds(source: Source, rows: Transactions, column: str) -> npt.NDArray[np.str_]:
    if column not in source.frame.columns:
        return np.full(len(rows), "", "U16")
    named = source.frame[column].to_numpy()[source.record]
    by_id = dict(zip(source.transactions.transaction_id.tolist(), named.tolist(), strict=True))
    return np.array(
        [f"scenario {by_id[i]}" if by_id[i] else "" for i in rows.transaction_id.tolist()], "U16"
    )
