"""Rule sets: what conditions are made of, the frontier of a grid, and models beside them."""

from itertools import product

import numpy as np
import pytest
from builders.judged import judged_payments

from models.features import FeatureSpec
from training.evaluation.candidates import BOOSTING, NETWORK, label
from training.evaluation.material import Payments
from training.evaluation.rivals import Span, rules_page, standings
from training.evaluation.rules import (
    HAND_SEARCHED,
    KNOWN_21D,
    NIGHT_AMOUNT,
    SHARES,
    Column,
    RuleSet,
    columns,
    frauds_known,
    frontier,
)
from training.windows import DAY_MS


@pytest.fixture(scope="module")
def payments() -> Payments:
    """Give payments of forty days."""
    return judged_payments(4)


def values(payments: Payments) -> dict[str, Column]:
    """Return two conditions: amounts, and a count that knows something of fraud."""
    rng = np.random.default_rng(2)
    counts = rng.poisson(np.where(payments.fraud, 3, 1))
    return {"amount": payments.amount, "count_1d": counts.astype(np.float32)}


@pytest.mark.parametrize("days", [1, 21])
def test_frauds_known_at_a_merchant_are_those_told_in_the_days_before(
    payments: Payments, days: int
) -> None:
    """Told by then, and not longer ago; a payment without a merchant knows of none."""
    found = frauds_known(payments, days)
    known, where = payments.known_ms, payments.merchants
    for row in range(0, len(payments), 50):
        now = payments.occurred_ms[row]
        told = (known <= now) & (known > now - days * DAY_MS) & (where == where[row])
        assert found[row] == (told.sum() if where[row] >= 0 else 0)
    assert found.max() > 1


def test_the_frontier_is_what_trying_every_set_finds(payments: Payments) -> None:
    """No set of the grid has as few alerts and more frauds."""
    found = values(payments)
    ladders = [
        [
            *np.unique(np.quantile(v[~payments.fraud], [1 - s for s in SHARES], method="higher")),
            None,
        ]
        for v in found.values()
    ]
    tried = []
    for chosen in product(*ladders):
        flagged = np.zeros(len(payments), bool)
        for least, column in zip(chosen, found.values(), strict=True):
            flagged |= (column > least) if least is not None else False
        if 0 < flagged.sum() <= 0.05 * len(payments):
            tried.append((int(flagged.sum()), int((flagged & payments.fraud).sum())))
    best = {
        (alerts, frauds)
        for alerts, frauds in tried
        if frauds
        and not any(a <= alerts and f >= frauds and (a, f) != (alerts, frauds) for a, f in tried)
    }
    sets = frontier(found, payments.fraud)
    flags = [one.flags(found) for one in sets]
    assert {(int(f.sum()), int((f & payments.fraud).sum())) for f in flags} == best
    assert [f.sum() for f in flags] == sorted(f.sum() for f in flags)


def test_conditions_are_our_own_features(payments: Payments) -> None:
    """Those the file has; amounts at night are amounts, and nothing by day."""
    features = np.random.default_rng(1).random((len(payments), 3)).astype(np.float32)
    features[:, 1] = features[:, 1] > 0.5
    found = columns(payments, features, FeatureSpec.of(["amount", "night", "hour"]))
    assert set(found) == {"amount", KNOWN_21D, NIGHT_AMOUNT}
    night = features[:, 1] == 1
    assert (found[NIGHT_AMOUNT][night] == features[night, 0]).all()
    assert not found[NIGHT_AMOUNT][~night].any()


def test_models_have_as_many_alerts_as_the_rules_or_find_as_many_frauds(
    payments: Payments,
) -> None:
    """A model that knows the truth flags no genuine payment until it has found every fraud."""
    found = values(payments)
    half = np.arange(len(payments)) < len(payments) // 2
    learned, judged = (
        Span(payments.take(np.flatnonzero(rows)), {n: v[rows] for n, v in found.items()})
        for rows in (half, ~half)
    )
    truth = judged.payments.fraud.astype(np.float64)
    scores = {label(NETWORK): [truth * 8 - 4, truth * 6 - 3], label(BOOSTING): [truth]}
    shown, whole = standings(learned, judged, scores, by_hand=False)
    assert len(whole) >= len(shown) - 1 > 1
    for one in shown:
        alerts = round(one.rate * len(judged.payments))
        for beside in one.models.values():
            spare = max(0, alerts - int(truth.sum()))
            assert beside.ranked.false_positives == spare
            assert beside.ranked.frauds >= one.rules.frauds
            assert beside.by_money.money >= beside.ranked.money - 1e-9
            assert beside.false_positives == 0
        assert one.ahead.low <= one.ahead.difference <= one.ahead.high
        expected = one.models[label(NETWORK)].ranked.frauds - one.rules.frauds
        assert one.ahead.difference == pytest.approx(expected)
    page = rules_page(shown)
    assert "best F1 without known frauds" in page
    assert page.count("\n| best within") == len(shown) - 1


def test_sets_found_by_hand_stand_where_their_conditions_exist(payments: Payments) -> None:
    """The ratio to a customer's own mean is missing here: none of them can be built."""
    span = Span(payments, values(payments))
    scores = {label(NETWORK): [payments.amount], label(BOOSTING): [payments.amount]}
    shown, _ = standings(span, span, scores, by_hand=True)
    assert not {one.name for one in shown} & {one.name for one in HAND_SEARCHED}
    more = span.columns | {
        "amount_ratio_all": payments.amount / 100,
        "merchant_frauds_14d": frauds_known(payments, 14),
        KNOWN_21D: frauds_known(payments, 21),
    }
    shown, _ = standings(Span(payments, more), Span(payments, more), scores, by_hand=True)
    assert {one.name for one in HAND_SEARCHED} <= {one.name for one in shown}


def test_a_rule_set_tells_its_conditions() -> None:
    """As one reads it aloud."""
    assert RuleSet((("amount", 220.0), ("count_1d", 3.0))).told() == "amount > 220 or count_1d > 3"
