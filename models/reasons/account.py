"""An explanation for people: what spoke for a flag, what against it, and what looks strange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.reasons.groups import GROUPS, group_of, topic_of
from models.reasons.reading import LOWERS, RAISES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.reasons.sentences import Sentences

MOST_REASONS = 5
LEAST_CONTRIBUTION = 0.05
"""Log-odds: a weaker contribution is no reason."""
MOST_STRANGE = 5
LEAST_STRANGE = 0.15
"""An aspect with a smaller share of all that looks strange is not named."""
FEATURES_NAMED = 3


def player_facts(
    players: Sequence[str], sentences: Sentences, contributions: NDArray[np.float32]
) -> list[dict[str, Any]]:
    """Return each player's value, what is typical, contribution, direction and sentence.

    Strongest first. `typical` is of this customer where that is known, and `typical_of` says
    so; else it is the median of the background set.
    """
    found = []
    for player in np.argsort(-np.abs(contributions), kind="stable"):
        name, pull = players[player], float(contributions[player])
        text, typical = sentences.of(name)
        known = typical is not None
        found.append(
            {
                "feature": name,
                "group": group_of(name),
                "value": sentences.facts.features[name],
                "typical": typical if known else sentences.facts.typical[name],
                "typical_of": "customer" if known else "background",
                "contribution": pull,
                "direction": direction(pull),
                "text": text,
            }
        )
    return found


def direction(contribution: float) -> str:
    """Return which way a contribution speaks: raises, lowers or none."""
    return RAISES if contribution > 0 else LOWERS if contribution < 0 else "none"


def reasons(facts: list[dict[str, Any]], sentences: Sentences, way: str = RAISES) -> list[str]:
    """Return the sentences of what raises (or lowers) the score most, strongest first.

    Of several features that are about one thing, such as one count over several windows, the
    strongest speaks, if together they pull its way; no sentence comes twice, nor one that reads
    the other way.
    """
    whole: dict[str, float] = {}
    for fact in facts:
        topic = topic_of(fact["feature"])
        whole[topic] = whole.get(topic, 0.0) + fact["contribution"]
    told: dict[str, str] = {}
    for fact in facts:
        topic = topic_of(fact["feature"])
        strong = min(abs(fact["contribution"]), abs(whole[topic])) >= LEAST_CONTRIBUTION
        speaks = fact["direction"] == way == direction(whole[topic])
        reads = sentences.reads(fact["feature"]) in {None, way}
        if strong and speaks and reads and fact["text"] not in told.values():
            told.setdefault(topic, fact["text"])
    return list(told.values())[:MOST_REASONS]


def group_facts(facts: list[dict[str, Any]], sentences: Sentences) -> list[dict[str, Any]]:
    """Return the contribution of each aspect, the sum of its players', strongest first."""
    sums = dict.fromkeys((group for group in GROUPS), 0.0)
    seen = {fact["group"] for fact in facts}
    for fact in facts:
        sums[fact["group"]] += fact["contribution"]
    ordered = sorted((group for group in GROUPS if group in seen), key=lambda g: -abs(sums[g]))
    return [
        {
            "group": group,
            "name": sentences.wording.say("groups", group),
            "contribution": sums[group],
            "direction": direction(sums[group]),
        }
        for group in ordered
    ]


def strange_features(
    leader: Mapping[str, str], errors: NDArray[np.float32], sentences: Sentences
) -> list[dict[str, Any]]:
    """Return the features the autoencoder reproduced worst, with their sentences.

    `leader` names, for each of the bundle's F features in order, the player it is part of.
    """
    names = list(leader)
    order = np.argsort(-errors, kind="stable")[:MOST_STRANGE]
    return [
        {
            "feature": names[at],
            "group": group_of(names[at]),
            "error": float(errors[at]),
            "text": sentences.of(leader[names[at]])[0],
        }
        for at in order.tolist()
    ]


def strange_groups(
    leader: Mapping[str, str],
    errors: NDArray[np.float32],
    usual: NDArray[np.float32],
    sentences: Sentences,
) -> list[dict[str, Any]]:
    """Return which aspects look unlike this customer's normal behaviour, strangest first.

    What counts is how far each feature's error exceeds `usual` (F,), that of ordinary genuine
    payments; `share` is an aspect's part of all such excess. Empty where nothing exceeds it.
    """
    excess = np.maximum(errors.astype(np.float64) - usual, 0.0)
    if not excess.any():
        return []
    names, sums = list(leader), dict.fromkeys(GROUPS, 0.0)
    for name, over in zip(names, excess.tolist(), strict=True):
        sums[group_of(name)] += over
    total = sum(sums.values())
    found = []
    for group in sorted(GROUPS, key=lambda g: -sums[g]):
        if sums[group] < LEAST_STRANGE * total:
            break
        worst = [at for at in np.argsort(-excess, kind="stable").tolist() if excess[at] > 0.0]
        named = [leader[names[at]] for at in worst if group_of(names[at]) == group]
        features = list(dict.fromkeys(named))[:FEATURES_NAMED]
        found.append(_strange(group, sums[group] / total, features, sentences))
    return found


def _strange(group: str, share: float, features: list[str], sentences: Sentences) -> dict[str, Any]:
    wording = sentences.wording
    text = wording.say(
        "unusual",
        "group",
        group=wording.say("groups", group),
        share=wording.share(share),
        features=wording.listed([sentences.name(name) for name in features]),
    )
    return {"group": group, "share": share, "features": features, "text": text}


def typical_of(bundle: Bundle) -> dict[str, float]:
    """Return the median of the background set for each feature of the bundle."""
    middle = np.median(bundle.background, axis=0)
    return dict(zip(bundle.spec.names, middle.tolist(), strict=True))


def facts_named(names: tuple[str, ...], vector: NDArray[np.float32]) -> dict[str, float]:
    """Return a full vector (W,) by feature name."""
    return dict(zip(names, vector.tolist(), strict=True))
