"""Sums kept while rows are written equal sums made of the rows, whatever came in what order."""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
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
from service.ledger.facts import CASE_CUT, DAY_MS, RISK_CUT, SEGMENT_CUT, Key, Part
from service.ledger.rollups import FOLDED
from service.ledger.summing import all_parts

HOUR_MS = 3_600_000
Totals = dict[tuple[Any, ...], int]


def added(news: Iterable[tuple[Key, Part]]) -> Totals:
    """Return every cell of every sum over all lanes, segments by name; what is 0 left out."""
    found: Counter[tuple[Any, ...]] = Counter()
    for key, part in news:
        for code, *values in part.cells.tolist():
            member, cell = divmod(code, 120) if part.members else (0, code)
            place = (key, part.members[member] if part.members else "", cell)
            for name, value in zip(("count", "amount", "returned"), values, strict=True):
                found[*place, name] += value
    return {key: value for key, value in found.items() if value}


def kept(ledger: Ledger) -> Totals:
    """Return the sums as the commits left them."""
    news: list[tuple[Key, Part]] = []
    for cut in (RISK_CUT, SEGMENT_CUT, CASE_CUT):
        sums = ledger.sums(cut, first_day=0, last_day=2**30)
        rows = zip(sums.keys, sums.members, sums.cells, strict=True)
        news += [(key, Part(0, 0, members, cells)) for key, members, cells in rows]
    return added(news)


def assert_exact(ledger: Ledger) -> None:
    """Compare the sums with what all rows add up to."""
    with ledger.reading() as connection:
        expected = added(all_parts(connection, 24 * HOUR_MS))
    assert expected
    assert kept(ledger) == expected


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
        """Return the acts in an order of their own."""
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
        """Commit payments."""
        self.commit("transactions", partition, paid(ids, self.rng))

    def give_back(self, originals: list[str], partition: int) -> None:
        """Commit reversals and refunds of payments, and others that only name them."""
        n = len(originals)
        batch = paid(
            [f"{self.prefix}-back-{partition}-{i}" for i in range(n)],
            self.rng,
            original_transaction_id=text(originals),
            type=self.rng.choice([AUTHORISATION, REVERSAL, REFUND], n).astype(np.int8),
        )
        self.commit("transactions", partition, batch)

    def decide(self, ids: list[str], version: str | None) -> None:
        """Commit legacy decisions from their topic."""
        n = len(ids)
        rows = replace(
            legacy_rows(ids),
            decision=self.rng.integers(0, 4, n).astype(np.int8),
            ruleset_version=[version] * n,
        )
        self.commit("legacy-decisions", 0, Commit(next_offset=0, legacy=rows))

    def label(self, ids: list[str], number: int) -> None:
        """Commit labels, some of which supersede others."""
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
        """Commit a batch to a partition."""
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


def test_a_payment_and_its_label_written_at_once_see_each_other(ledger: Ledger) -> None:
    """Payments, legacy decisions and labels come by three threads; no sum misses any of them."""
    ids = [f"t{n}" for n in range(60)]
    rng = np.random.default_rng(5)
    batches = [paid(ids[at : at + 6], rng) for at in range(0, 60, 6)]

    def pay() -> None:
        lease = own(ledger)
        for batch in batches:
            lease = ledger.commit(lease, replace(batch, next_offset=lease.next_offset + 6))

    def tell(stream: str) -> None:
        lease = own(ledger, stream=stream)
        for at in range(0, 60, 4):
            some = ids[at : at + 4]
            brought: dict[str, Any] = (
                {"legacy": legacy_rows(some)}
                if stream == "legacy-decisions"
                else {"labels": labels([f"l-{one}" for one in some], some, is_fraud=True)}
            )
            lease = ledger.commit(lease, Commit(next_offset=lease.next_offset + 4, **brought))

    with ThreadPoolExecutor(3) as pool:
        works = [pool.submit(pay), *(pool.submit(tell, one) for one in ("legacy-decisions", "l"))]
        for work in works:
            work.result()
    assert_exact(ledger)


def test_folded_days_are_one_lane_and_say_the_same(ledger: Ledger) -> None:
    """Folding changes no sum; days not over yet keep their lanes; folding again is harmless."""
    rng = np.random.default_rng(6)
    for partition in range(3):
        batch = paid([f"p{partition}-{n}" for n in range(20)], rng)
        ledger.commit(own(ledger, partition), replace(batch, next_offset=20))
    before = kept(ledger)
    today = START_MS // DAY_MS + 2
    for _ in range(2):
        with ledger.begin() as connection:
            rollups.fold(connection, today)
        assert kept(ledger) == before
    with ledger.reading() as connection:
        rows = connection.exec_driver_sql("SELECT DISTINCT day, stream FROM rollups")
        lanes = {(row[0] < today, row[1]) for row in rows}
    assert lanes == {(True, FOLDED[0]), (False, "transactions")}


def test_labels_that_come_by_a_file_move_the_sums(ledger: Ledger) -> None:
    """A second file's labels of payments already there count like any other."""
    ledger.commit(own(ledger), replace(paid(["t1", "t2"], np.random.default_rng(7)), next_offset=2))
    before = kept(ledger)
    ledger.keep_labels(labels(["l1", "l2"], ["t1", "unknown"], is_fraud=True).labels)
    assert kept(ledger) != before
    assert_exact(ledger)


def test_sums_made_anew_are_those_there_were(ledger: Ledger) -> None:
    """For rows that an older version wrote: recounting replaces whatever there is."""
    ledger.commit(own(ledger), replace(paid(["t1", "t2"], np.random.default_rng(8)), next_offset=2))
    before = kept(ledger)
    ledger.recount(24 * HOUR_MS)
    assert kept(ledger) == before
