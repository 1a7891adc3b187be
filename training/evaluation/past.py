"""A file of payments, and the features they would have had with fewer labels known."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import numpy as np

from models.attributes import Attribute
from models.features import FeatureSpec
from models.intake import Intake
from models.labels import Labels
from models.mapping import Mapping
from models.money import major_units
from models.transaction import Transactions
from training.config import TrainingConfig
from training.dataset import codes, in_order, replayed_rows, varying
from training.evaluation.handbook_features import handbook_features
from training.evaluation.material import HANDBOOK, OURS, Mask, Payments, Views
from training.kinds import kind_column, kinds_of
from training.progress import Tracker
from training.source import file_sha256, labels_of, read_source
from training.truth import first_known_ms, truth
from training.work import load_rates


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


@dataclass(frozen=True)
class Files:
    """What an evaluation reads."""

    data: Path
    labels: Path | None
    kinds: Path | None
    rates: Path | None

    @property
    def identity(self) -> str:
        """Digest of what scores depend on."""
        parts = [one for one in (self.data, self.labels, self.rates) if one is not None]
        return "-".join(file_sha256(one) for one in parts)


def read_past(files: Files, mapping: Mapping, config: TrainingConfig, tracker: Tracker) -> Past:
    """Read the files of an evaluation."""
    tracker.say(f"reading {files.data}")
    source = read_source(
        files.data,
        mapping=mapping,
        labels=files.labels,
        intake=Intake(
            rates=load_rates(files.rates, config.reporting_currency),
            id_formats=config.id_formats,
            attributes=frozenset(mapping.attributes),
        ),
        now_ms=round(datetime.now(UTC).timestamp() * 1000),
    )
    labels = labels_of(source, mapping)
    transactions = in_order(source.transactions)
    rows = transactions.take(transactions.scored_type())
    ids = rows.transaction_id
    return Past(
        transactions=transactions,
        labels=labels,
        attributes=source.attributes,
        currency=config.reporting_currency,
        payments=Payments(
            fraud=truth(ids, labels, known_by_ms=int(labels.known_ms.max())),
            customers=codes(rows.customer_id),
            merchants=codes(rows.merchant_id),
            occurred_ms=rows.occurred_ms,
            known_ms=first_known_ms(ids, labels),
            amount=major_units(rows.reporting_minor, config.reporting_currency),
            kind=kind_column(ids, kinds_of(source, mapping, files.kinds)),
        ),
        identity=files.identity,
    )
