"""Sums kept while rows are written equal sums made of the rows, whatever came in what order."""

from collections import Counter
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
from builders.ledger_rows import (
    BUNDLE,
    START_MS,
    labels,
    legacy_rows,
    own,
    score_rows,
    scored,
    transaction_rows,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.transaction import AUTHORISATION, REFUND, REVERSAL, text
from service.ledger import CHALLENGER, Commit, Ledger, rollups
from service.ledger.facts import CASE_CUT, DAY_MS, RISK_CUT, SEGMENT_CUT
from service.ledger.summing import recount

HOUR_MS = 3_600_000
Totals = dict[tuple[Any, ...], tuple[int, ...]]


def totals(ledger: Ledger) -> Totals:
    """Return every cell of every sum over all lanes, segments by name; what is 0 left out."""
    found: Counter[tuple[Any, ...]] = Counter()
    with ledger.reading() as connection:
        for cut in (RISK_CUT, SEGMENT_CUT, CASE_CUT):
            sums = rollups.read(connection, cut, first_day=0, last_day=2**30)
            for key, members, cells in zip(sums.keys, sums.members, sums.cells, strict=True):
                for code, *values in cells.tolist():
                    member, cell = divmod(code, 120) if members else (0, code)
                    place = (key, members[member] if members else "", cell)
                    for name, value in zip(("count", "amount", "returned"), values, strict=True):
                        found[*place, name] += value
    return {key: value for key, value in found.items() if value}


def assert_exact(ledger: Ledger) -> None:
    """Compare the sums as they are with sums made anew, and leave them as they were."""
    kept = totals(ledger)
    assert kept
    try:
        with ledger.begin() as connection:
            recount(connection, 24 * HOUR_MS)
            raise _Undo(totals_of(connection))
    except _Undo as anew:
        assert kept == anew.args[0]


class _Undo(Exception):
    """Takes a recount back."""


def totals_of(connection: Any) -> Totals:
    """Return the totals as a transaction under way sees them."""

    class Here:
        def reading(self) -> Any:
            from contextlib import nullcontext

            return nullcontext(connection)

    return totals(Here())  # type: ignore[arg-type]


def paid(ids: list[str], rng: np.random.Generator, **columns: Any) -> Commit:
    """Return a batch of payments over a few days, scored by two bundles, some with groups."""
    n = len(ids)
    given_ = {
        "occurred_ms": START_MS + rng.integers(0, 3 * DAY_MS, n),
        "reporting_minor": np.where(rng.random(n) < 0.2, -1, rng.integers(0, 10**6, n)),
        "outcome": rng.integers(-1, 2, n).astype(np.int8),
        "channel": rng.integers(-1, 5, n).astype(np.int8),
        "mcc": rng.choice([-1, 742, 5411], n).astype(np.int16),
        "country": rng.choice(np.array([None, "FR", "DE"], object), n),
    } | columns
    groups = [
        [None, '{"age":"18-25"}', '{"age":"60+","tier":"gold"}'][i] for i in rng.integers(0, 3, n)
    ]
    rows = replace(
        transaction_rows(ids, **given_),
        history_days=rng.integers(-1, 500, n).astype(np.int16),
        groups=groups,
    )
    risk = rng.integers(-1, 1000, (2, n)).astype(np.int16)
    some = [
        score_rows(
            n,
            flagged=np.flatnonzero(risk[number] > 800).tolist(),
            bundle_id=name,
            role=role,
            risk=risk[number],
            log_odds=np.where(risk[number] < 0, np.nan, 1.0).astype(np.float32),
            reason=["not_finite" if one < 0 else None for one in risk[number].tolist()],
        )
        for number, (name, role) in enumerate([(BUNDLE, "champion"), ("next", CHALLENGER)])
    ]
    unscored = int((risk[0] < 0).sum())
    return scored(
        ids,
        next_offset=0,
        transactions=rows,
        scores=some,
        counters={"consumed": n, "scored": n - unscored, "unscored": unscored},
        case_window_ms=24 * HOUR_MS,
    )


class Story:
    """Everything that can be told of some payments, as acts that may come in any order."""

    def __init__(self, ledger: Ledger, seed: int, numbers: Any) -> None:
        self.ledger = ledger
        self.rng = np.random.default_rng(seed)
        self.prefix = next(numbers)
        self.ids = [f"{self.prefix}-{n}" for n in range(24)]

    def acts(self) -> list[Any]:
        ids, rng = self.ids, self.rng
        pieces = [ids[:10], ids[10:17], ids[17:]]
        acts: list[Any] = [lambda p=p, at=at: self.pay(p, at % 2) for at, p in enumerate(pieces)]
        returns = rng.choice(ids, 6).tolist()
        acts += [lambda: self.give_back(returns[:4], 0), lambda: self.give_back(returns[4:], 1)]
        told = rng.permutation(ids)[:16].tolist()
        acts += [lambda: self.decide(told[:9], None), lambda: self.decide(told[5:], "v8")]
        for number in range(4):
            some = rng.permutation(ids)[:7].tolist()
            acts.append(lambda some=some, number=number: self.label(some, number))
        return [acts[at] for at in rng.permutation(len(acts))]

    def pay(self, ids: list[str], partition: int) -> None:
        self.commit("transactions", partition, paid(ids, self.rng))

    def give_back(self, originals: list[str], partition: int) -> None:
        n = len(originals)
        batch = paid(
            [f"{self.prefix}-back-{partition}-{i}" for i in range(n)],
            self.rng,
            original_transaction_id=text(originals),
            type=self.rng.choice([AUTHORISATION, REVERSAL, REFUND], n).astype(np.int8),
        )
        self.commit("transactions", partition, batch)

    def decide(self, ids: list[str], version: str | None) -> None:
        n = len(ids)
        rows = replace(
            legacy_rows(ids),
            decision=self.rng.integers(0, 4, n).astype(np.int8),
            ruleset_version=[version] * n,
        )
        self.commit("legacy-decisions", 0, Commit(next_offset=0, legacy=rows))

    def label(self, ids: list[str], number: int) -> None:
        known = START_MS + int(self.rng.integers(0, 3))
        named = [f"{self.prefix}-label-{number}-{i}" for i in range(len(ids))]
        earlier = f"{self.prefix}-label-{(number + 1) % 4}-0"
        rows = labels(
            named,
            ids,
            is_fraud=bool(self.rng.random() < 0.5),
            known_ms=known,
            supersedes=earlier if self.rng.random() < 0.5 else None,
        )
        self.commit("fraud-labels", 0, Commit(next_offset=0, labels=rows))

    def commit(self, stream: str, partition: int, batch: Commit) -> None:
        lease = own(self.ledger, partition, stream=stream)
        self.ledger.commit(lease, replace(batch, next_offset=lease.next_offset + 1))


def test_sums_equal_the_rows_after_any_order_of_arrivals(ledger: Ledger) -> None:
    """Payments, reversals, legacy decisions and revised labels, each before or after the others."""
    numbers = (f"s{n}" for n in count())

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(seed=st.integers(0, 2**32), folded=st.booleans())
    def holds(seed: int, folded: bool) -> None:  # noqa: FBT001 - drawn
        for act in Story(ledger, seed, numbers).acts():
            act()
        if folded:
            with ledger.begin() as connection:
                rollups.fold(connection, START_MS // DAY_MS + 2)
        assert_exact(ledger)

    holds()
