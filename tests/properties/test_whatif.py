"""What would have changed a flag: asked of the kernel, so it is what would have happened."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.streams import START_S, payments, random_stream
from numpy.typing import NDArray
from plugins.bundles import make_bundle

from models.bundle import Bundle, load_bundle
from models.history import Histories
from models.history.payments import payments as as_kernel
from models.history.rehearsal import SEALED, Rehearsal
from models.merchants import Merchants
from models.scorer import Scorer
from models.transaction import Transactions, text
from models.whatif.search import Past, WhatIf

HOUR_S = 3600


def past_of(rows: Transactions, flagged: list[int]) -> Past:
    """Return what each flagged row's customer did before it in a stream."""
    who = rows.customer_id
    picked = [np.flatnonzero(who[:row] == who[row]) for row in flagged]
    of = np.repeat(np.arange(len(flagged)), [len(one) for one in picked])
    return Past(rows.take(np.concatenate(picked)), of)


def features_of(rows: Transactions) -> NDArray[np.float32]:
    """Return what the kernel makes of a stream."""
    return Histories().advance(rows, Merchants())[0]


@pytest.mark.parametrize("seed", range(3))
def test_a_payment_rehearsed_is_the_payment_as_it_was(seed: int) -> None:
    """From its customer's own past alone, bit for bit, in any company."""
    rows = random_stream(seed, 200)
    expected = features_of(rows)
    flagged = list(range(20, 200, 7))
    past = past_of(rows, flagged)
    rehearsal = Rehearsal(past.rows, past.of, len(flagged), "EUR")
    now = as_kernel(rows.take(np.array(flagged)))
    found = rehearsal.features(now, np.arange(len(flagged)))
    wanted = expected[flagged]
    found[:, SEALED] = wanted[:, SEALED] = 0
    assert found.tobytes() == wanted.tobytes()
    twice = rehearsal.features(now, np.arange(len(flagged)))
    twice[:, SEALED] = 0
    assert twice.tobytes() == found.tobytes()


def bundle_of(tmp_path: Path, weights: dict[str, float], **given: Any) -> Bundle:
    """Return a bundle whose log-odds are a sum of these features, less one."""
    path = make_bundle(
        tmp_path / "b", names=tuple(weights), weights=list(weights.values()), **given
    )
    return load_bundle(path)


def regular(count: int = 12, **last: Any) -> Transactions:
    """Return a customer's daily payments of 10 EUR, the last one changed."""
    rows = payments(
        [START_S + 24 * HOUR_S * n for n in range(count)],
        device_id=text(["phone"] * count), country=text(["FR"] * count),
        channel=np.ones(count, np.int8), mcc=np.full(count, 5411, np.int16),
        utc_offset_min=np.zeros(count, np.int16),
    )  # fmt: skip
    for name, value in last.items():
        getattr(rows, name)[-1] = value
    return rows


def answer_of(bundle: Bundle, rows: Transactions) -> Any:
    """Return what would have changed the flag of the last payment."""
    at = len(rows) - 1
    asked = WhatIf(bundle, Scorer(bundle))
    return asked.answers(rows.take(slice(at, None)), features_of(rows)[-1:], past_of(rows, [at]))[0]


def test_the_amount_found_is_the_highest_that_is_not_flagged(tmp_path: Path) -> None:
    """And everything that follows from it moves along: the same stream with it is not flagged."""
    bundle = bundle_of(tmp_path, {"amount": 0.01, "amount_ratio_30d": 0.1}, threshold=1.0)
    rows = regular(reporting_minor=50_000, amount_minor=50_000)
    answer = answer_of(bundle, rows)
    assert [edit.kind for edit in answer.edits] == ["amount"]
    amount = answer.edits[0].after
    assert 1_000 < amount < 50_000
    again = regular(reporting_minor=amount, amount_minor=amount)
    line = bundle.spec.select(features_of(again)[-1:])
    log_odds = Scorer(bundle).score(line).log_odds
    assert log_odds[0] == np.float32(answer.log_odds) < bundle.threshold


@pytest.mark.parametrize(
    ("weights", "last", "kind"),
    [
        ({"device_new": 5.0}, {"device_id": "stolen"}, "device"),
        ({"country_new": 5.0}, {"country": "BR"}, "place"),
        ({"merchant_new": 5.0}, {"merchant_id": "other"}, "merchant"),
        ({"channel_new": 5.0}, {"channel": 2}, "channel"),
        ({"mcc_new": 5.0}, {"merchant_id": "other", "mcc": 7995}, "merchant"),
    ],
)
def test_one_change_is_found_where_one_is_enough(
    tmp_path: Path, weights: dict[str, float], last: dict[str, Any], kind: str
) -> None:
    """The aspect that raised the flag, set to what is normal for the customer."""
    answer = answer_of(bundle_of(tmp_path, weights, threshold=1.0), regular(**last))
    assert [edit.kind for edit in answer.edits] == [kind]


def test_as_few_changes_as_do(tmp_path: Path) -> None:
    """Three where three are needed, and none where even three are not enough."""
    weights = {"device_new": 2.0, "country_new": 2.0, "channel_new": 2.0, "merchant_new": 2.0}
    last: dict[str, Any] = {"device_id": "stolen", "country": "BR", "merchant_id": "other"}
    rows = regular(**last, channel=2)
    for threshold, count in ((6.5, 1), (4.5, 2), (2.5, 3), (0.5, 0)):
        folder = tmp_path / str(threshold)
        answer = answer_of(bundle_of(folder, weights, threshold=threshold), rows)
        assert len(answer.edits) == count
        assert answer.known
        assert (answer.log_odds is not None) == (count > 0)


def test_history_alone_is_never_edited(tmp_path: Path) -> None:
    """Where only the past raises the score, nothing is found."""
    bundle = bundle_of(tmp_path, {"history_count": 1.0, "tenure_days": 1.0}, threshold=1.0)
    assert answer_of(bundle, regular()).edits == ()


def test_a_past_that_is_not_the_one_scored_with_is_not_asked(tmp_path: Path) -> None:
    """What is missing from it would make another answer."""
    bundle = bundle_of(tmp_path, {"device_new": 5.0}, threshold=1.0)
    rows = regular(device_id="stolen")
    less = past_of(rows, [11])
    less = replace(less, rows=less.rows.take(slice(1, None)), of=less.of[1:])
    asked = WhatIf(bundle, Scorer(bundle))
    (answer,) = asked.answers(rows.take(slice(11, None)), features_of(rows)[-1:], less)
    assert not answer.known
    assert answer.edits == ()


def test_an_answer_does_not_depend_on_its_company(tmp_path: Path) -> None:
    """Many flags at once give each the answer it gets alone."""
    weights = {"amount_ratio_30d": 1.0, "device_new": 1.0, "night": 1.0, "country_new": 1.0}
    bundle = bundle_of(tmp_path, weights, threshold=-0.5)
    rows = random_stream(7, 150)
    features, flagged = features_of(rows), list(range(60, 150, 3))
    asked = WhatIf(bundle, Scorer(bundle))
    together = asked.answers(
        rows.take(np.array(flagged)), features[flagged], past_of(rows, flagged)
    )
    for row, found in zip(flagged, together, strict=True):
        here = past_of(rows, [row])
        (alone,) = asked.answers(rows.take(slice(row, row + 1)), features[row : row + 1], here)
        assert [(e.kind, e.after) for e in alone.edits] == [(e.kind, e.after) for e in found.edits]
        assert alone.log_odds == found.log_odds
    assert {len(found.edits) for found in together} > {0}
    assert all(found.known for found in together)
