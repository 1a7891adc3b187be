"""A rehearsal: one made-up payment through the whole pipeline, so that the first real one is fast.

Kernels are compiled or loaded from their cache, the model runs once, and whatever is wrong
with bundle, rules or mapping shows before any partition is taken.
"""

from __future__ import annotations

import numpy as np

from models.decode import decode
from models.history import Histories
from models.labels import Labels
from models.merchants import Merchants
from models.money import major_units
from models.replay import replay
from service.pipeline.foreign import foreign_topic
from service.pipeline.lineup import Lineup
from service.pipeline.settle import settle
from service.pipeline.verdicts import all_scores, full_vector, legacy_rows
from service.settings import Settings

_PAYMENT = (
    b'{"transaction_id":"rehearsal","occurred_at":"2020-01-01T12:00:00+01:00","customer_id":"c",'
    b'"merchant_id":"m","amount_minor":100,"currency":"EUR","device_id":"d","country":"FR"}'
)
_NOW_MS = 1_577_880_000_000


def rehearse(lineup: Lineup, settings: Settings) -> None:
    """Run one payment through decode, features, rules and models; write nothing.

    Raises MappingError where the settings name a mapping that cannot be used.
    """
    foreign_topic(settings, lineup.intake(settings))
    found = decode([_PAYMENT], [b"c"], intake=lineup.intake(settings), now_ms=_NOW_MS)
    rows = found.transactions
    settle(rows, found.record, {})
    kernel, _ = Histories(settings.reporting_currency).advance(rows, Merchants())
    replay(rows, Labels.none(), reporting_currency=settings.reporting_currency)
    vectors = full_vector(lineup, rows, kernel)
    legacy_rows(lineup, rows, vectors, _NOW_MS)
    amount = major_units(rows.reporting_minor, settings.reporting_currency)
    all_scores(lineup, np.zeros(1, np.int64), vectors, amount, np.ones(1, bool), _NOW_MS)


def main() -> None:
    """Rehearse with the settings of the environment: at installation, and in an image's build."""
    settings = Settings.load()
    rehearse(Lineup.load(settings), settings)


if __name__ == "__main__":
    main()
