"""All that is said of a bundle's flags: reasons, aspects, what is strange, what would differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.features import full_names
from models.reasons.account import (
    facts_named,
    group_facts,
    player_facts,
    reasons,
    strange_features,
    strange_groups,
    typical_of,
)
from models.reasons.facts import Facts
from models.reasons.groups import leaders
from models.reasons.other_ways import counterfactual
from models.reasons.reading import LOWERS, RAISES
from models.reasons.sentences import Sentences
from models.reasons.wording import ENGLISH, Wording
from models.whatif.search import WhatIf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.scorer import Scorer
    from models.transaction import Transactions
    from models.whatif.search import Past

USUAL_ERROR = 0.95
"""An error is strange above this share of those of the background set, feature by feature."""


class Telling:
    """Puts explanations of one bundle's flags into words of one language."""

    def __init__(self, bundle: Bundle, scorer: Scorer, language: str = ENGLISH) -> None:
        self._bundle = bundle
        self._wording = Wording.of(language)
        self._players = bundle.spec.player_names
        self._leader = leaders(bundle.spec)
        self._names = full_names(bundle.spec.attributes)
        self._typical = typical_of(bundle)
        errors = scorer.score(bundle.background).reconstruction
        self._usual_error = np.quantile(errors, USUAL_ERROR, axis=0).astype(np.float32)
        self._what_if = WhatIf(bundle, scorer)

    def of(
        self,
        payments: Transactions,
        vectors: NDArray[np.float32],
        past: Past,
        contributions: NDArray[np.float32],
        errors: NDArray[np.float32],
    ) -> list[dict[str, Any]]:
        """Return what is said of each flag.

        `vectors` are full (n, W), `contributions` of the players (n, P) in log-odds, `errors`
        the autoencoder's on each feature of the bundle (n, F).
        """
        answers = self._what_if.answers(payments, vectors, past)
        return [
            self._told(payments, row, vectors[row], contributions[row], errors[row])
            | counterfactual(answer, self._sentences(payments, row, vectors[row]))
            for row, answer in enumerate(answers)
        ]

    def _sentences(
        self, payments: Transactions, row: int, vector: NDArray[np.float32]
    ) -> Sentences:
        spec = self._bundle.spec
        named = facts_named(self._names, vector)
        facts = Facts(payments, row, named, self._typical, spec.reporting_currency, spec.attributes)
        return Sentences(facts, self._wording)

    def _told(
        self,
        payments: Transactions,
        row: int,
        vector: NDArray[np.float32],
        contributions: NDArray[np.float32],
        errors: NDArray[np.float32],
    ) -> dict[str, Any]:
        sentences = self._sentences(payments, row, vector)
        facts = player_facts(self._players, sentences, contributions)
        speaking, against = (reasons(facts, sentences, way) for way in (RAISES, LOWERS))
        return {
            "contributions": facts,
            "groups": group_facts(facts, sentences),
            "reasons": speaking,
            "reasons_against": [text for text in against if text not in speaking],
            "reconstruction": strange_features(self._leader, errors, sentences),
            "unusual": strange_groups(self._leader, errors, self._usual_error, sentences),
            "language": self._wording.language,
            "wording": self._wording.digest,
        }
