"""How the truth comes out: late, from several sources, sometimes wrong, sometimes revised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import ndtri

from loadtest.simulator import geography
from loadtest.simulator.config import TYPOLOGIES
from loadtest.simulator.finishing import SUSPECTED
from loadtest.simulator.legacy import CHALLENGED, DECLINE
from loadtest.simulator.randomness import keyed, uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.config import SimulationConfig
    from loadtest.simulator.legacy import Decisions
    from loadtest.simulator.rows import Rows

    Floats = NDArray[np.float64]

SOURCES = ("chargeback", "investigation", "customer_report", "issuer_advice", "sample")
CHARGEBACK, INVESTIGATION, REPORT, ADVISED, SAMPLE = range(5)
FRAUD_TYPES = ("third_party", "account_takeover", "first_party", "scam")
# days until each source speaks: a least, then the median and spread of a lognormal
_LEAST = np.array([4.0, 0.3, 0.02, 0.5, 3.0])
_MEDIAN = np.array([17.0, 4.0, 1.2, 2.5, 9.0])
_SIGMA = np.array([0.55, 0.7, 1.0, 0.6, 0.4])
# typology: fraud type, factor on missed_share, how likely each source is
_HOW: dict[str, tuple[int, float, tuple[float, float, float, float, float]]] = {
    "card_testing": (0, 2.5, (0.25, 0.15, 0.35, 0.23, 0.02)),
    "stolen_card": (0, 0.4, (0.20, 0.04, 0.72, 0.02, 0.02)),
    "cnp_spree": (0, 0.8, (0.48, 0.05, 0.40, 0.05, 0.02)),
    "account_takeover": (1, 0.4, (0.15, 0.12, 0.70, 0.02, 0.01)),
    "merchant_compromise": (0, 1.0, (0.40, 0.10, 0.32, 0.16, 0.02)),
    "bust_out": (2, 1.0, (0.02, 0.93, 0.0, 0.0, 0.05)),
    "money_mule": (3, 3.0, (0.0, 0.85, 0.02, 0.08, 0.05)),
    "structuring": (2, 3.0, (0.0, 0.92, 0.0, 0.03, 0.05)),
    "friendly_fraud": (2, 0.6, (0.95, 0.03, 0.02, 0.0, 0.0)),
    "impersonation_scam": (3, 1.5, (0.03, 0.12, 0.85, 0.0, 0.0)),
}
_TYPE = np.array([_HOW[t][0] for t in TYPOLOGIES])
_MISSED = np.array([_HOW[t][1] for t in TYPOLOGIES])
_SOURCE = np.cumsum(np.array([_HOW[t][2] for t in TYPOLOGIES]), axis=1)
_FRIENDLY = TYPOLOGIES.index("friendly_fraud")
_LOOKED_AT = 0.7
_WITHDRAWN = 0.6
_BY_REPORT = 0.7
_TOGETHER = 0.95
_DAY_H = 24.0


def label(
    rng: np.random.Generator,
    config: SimulationConfig,
    rows: Rows,
    decisions: Decisions,
    *,
    haste: float = 1.0,
) -> pl.DataFrame:
    """Return every label the payments of `rows` will ever get, with `known_ms` beside it.

    Payments of one customer in one episode are found out together, by the same source.
    Reviewed genuine payments are cleared, a few genuine ones are called fraud by mistake.
    `haste` divides every delay.
    """
    asked = rows.original == 0
    genuine = asked & (rows.typology < 0)
    wrong = genuine & (rng.random(len(rows)) < config.false_share * config.fraud_rate)
    stopped = (decisions.decision >= CHALLENGED) & (decisions.decision < DECLINE)
    cleared = genuine & ~wrong & stopped & (rng.random(len(rows)) < _LOOKED_AT)
    first = pl.concat(
        [
            _found_out(rng, config, rows.take(asked & (rows.typology >= 0))),
            _mistaken(rng, config, rows.take(wrong)),
            _cleared(rng, config, rows.take(cleared)),
        ]
    )
    first = _with_lag(rng, config, first)
    every = pl.concat([first, _revisions(rng, config, first)])
    hour = geography.DAY_MS / _DAY_H / haste
    labelled = (pl.col("occurred_ms") + pl.col("after_h") * hour).cast(pl.Int64)
    return every.with_columns(
        labelled_ms=labelled, known_ms=labelled + (pl.col("lag_h") * hour).cast(pl.Int64)
    )


def _found_out(rng: np.random.Generator, config: SimulationConfig, fraud: Rows) -> pl.DataFrame:
    victim = keyed(config.seed, "victim", fraud.episode, fraud.customer)
    caught = fraud.response == SUSPECTED
    miss = config.missed_share * _MISSED[fraud.typology]
    seen = caught | (uniform(keyed(config.seed, "missed", victim)) >= miss)
    edges = _SOURCE[fraud.typology]
    source = (uniform(keyed(config.seed, "source", victim))[:, None] > edges).sum(1)
    source = np.where(caught, INVESTIGATION, np.minimum(source, SAMPLE))
    shared = ndtri(uniform(keyed(config.seed, "delay", victim)).clip(1e-9, 1 - 1e-9))
    own = rng.standard_normal(len(fraud))
    z = _TOGETHER * shared + np.sqrt(1 - _TOGETHER**2) * own
    table = _table(
        config, fraud, "fraud", source, _after_days(source, z), fraud_type=_TYPE[fraud.typology]
    )
    return table.filter(pl.Series(seen))


def _mistaken(rng: np.random.Generator, config: SimulationConfig, rows: Rows) -> pl.DataFrame:
    n = len(rows)
    source = np.where(rng.random(n) < _BY_REPORT, REPORT, CHARGEBACK)
    days = _after_days(source, rng.standard_normal(n))
    return _table(config, rows, "mistaken", source, days, fraud_type=np.zeros(n, np.int64))


def _cleared(rng: np.random.Generator, config: SimulationConfig, rows: Rows) -> pl.DataFrame:
    n = len(rows)
    source = np.full(n, INVESTIGATION)
    return _table(config, rows, "cleared", source, rng.uniform(0.2, 4, n), fraud_type=None)


def _with_lag(
    rng: np.random.Generator, config: SimulationConfig, labels: pl.DataFrame
) -> pl.DataFrame:
    """Labels are known hours after they are made; back-dated ones, days after."""
    n = len(labels)
    backdated = rng.random(n) < config.backdated_share
    lag = np.where(backdated, rng.uniform(60, 480, n), rng.uniform(0.1, 6, n))
    return labels.with_columns(lag_h=pl.Series(lag, dtype=pl.Float64))


def _revisions(
    rng: np.random.Generator, config: SimulationConfig, labels: pl.DataFrame
) -> pl.DataFrame:
    """Chargebacks the merchant wins, and mistakes that are noticed, are taken back."""
    n = len(labels)
    typology = labels["typology"].to_numpy()
    wins = np.minimum(config.reversed_share * np.where(typology == _FRIENDLY, 8, 1), 0.6)
    chargeback = labels["source"].to_numpy() == CHARGEBACK
    chance = np.where(typology < 0, _WITHDRAWN, np.where(chargeback, wins, 0.0))
    back = (rng.random(n) < chance) & labels["is_fraud"].to_numpy()
    days = np.where(chargeback, rng.uniform(15, 60, n), rng.uniform(1, 12, n))
    lag = rng.uniform(0.2, 6, n)
    later = labels.filter(pl.Series(back))
    return later.with_columns(
        is_fraud=pl.lit(value=False),
        fraud_type=pl.lit(-1, pl.Int64),
        supersedes="key",
        key=pl.Series(keyed(config.seed, "revision", later["key"].to_numpy())),
        after_h=pl.col("after_h") + pl.col("lag_h") + pl.Series(days[back] * _DAY_H),
        lag_h=pl.Series(lag[back], dtype=pl.Float64),
    )


def _after_days(source: NDArray[np.integer], z: Floats) -> Floats:
    days: Floats = _LEAST[source] + _MEDIAN[source] * np.exp(_SIGMA[source] * z)
    return days


def _table(
    config: SimulationConfig,
    rows: Rows,
    kind: str,
    source: NDArray[np.integer],
    days: Floats,
    *,
    fraud_type: NDArray[np.integer] | None,
) -> pl.DataFrame:
    n = len(rows)
    return pl.DataFrame(
        {
            "transaction": rows.key,
            "occurred_ms": rows.occurred_ms,
            "typology": rows.typology,
            "is_fraud": np.full(n, fraud_type is not None),
            "source": source.astype(np.int64),
            "fraud_type": np.full(n, -1) if fraud_type is None else fraud_type.astype(np.int64),
            "after_h": days * _DAY_H,
            "key": keyed(config.seed, kind, rows.key),
            "supersedes": np.zeros(n, np.uint64),
        }
    )
