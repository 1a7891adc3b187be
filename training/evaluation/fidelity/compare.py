"""Every way to explain beside converged values, as one page."""

import json
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from models.bundle import Bundle
from models.explainer import SWEEP
from models.scorer import Scorer
from training.evaluation.fidelity.flags import Flagged, spread
from training.evaluation.fidelity.measures import Doubles, Fidelity, spearman, strongest, timed
from training.evaluation.fidelity.methods import Way, own_ways
from training.evaluation.fidelity.reference import PAIRS_A_ROUND, references
from training.evaluation.fidelity.shap_ways import shap_ways
from training.evaluation.fidelity.trees import trees
from training.evaluation.page import table_lines
from training.progress import Tracker


@dataclass(frozen=True)
class Compared:
    """The table, by way to explain; the ceiling is how well two references agree."""

    bundle_id: str
    flags: int
    of: int
    base_value: float
    standard_error: float
    pairs: float
    ceiling_spearman: float
    ceiling_strongest: float
    rows: dict[str, Fidelity]

    def to_json(self) -> str:
        """Return all figures as data."""
        return json.dumps(asdict(self), indent=1)

    def markdown(self) -> str:
        """Return the page."""
        head = ["way to explain", "flags", "Spearman", "top 3", "additivity error", "ms a flag"]
        head += ["of them slower"]
        lines = [
            [
                name,
                str(one.flags),
                f"{one.spearman:.4f}",
                f"{one.strongest:.3f}",
                f"{one.additivity:.1e}",
                f"{one.ms:.3f}",
                ", ".join(f"{share:.1%} {method}" for method, share in one.slower.items()),
            ]
            for name, one in self.rows.items()
        ]
        ceiling = f"{self.ceiling_spearman:.4f}", f"{self.ceiling_strongest:.3f}"
        lines.append(["two references", str(self.flags), *ceiling, "", "", ""])
        table = "\n".join(table_lines(head, lines))
        return (
            f"Bundle {self.bundle_id}: {self.flags} of {self.of} flags, base value "
            f"{self.base_value:.3f} log-odds. Against converged Shapley values over the same rows "
            f"(on average {self.pairs:.0f} antithetic pairs a row, largest standard error "
            f"{self.standard_error:.2%} of a flag's range). Rank correlation over features of at "
            "least 1 % of the range; the share of the three strongest; the worst "
            "|base + sum - log-odds|; processor time in batches of 64.\n\n"
            f"{table}\n"
        )


def compare(
    bundle: Bundle, scorer: Scorer, flagged: Flagged, folder: Path, tracker: Tracker
) -> Compared:
    """Measure every way to explain on these flags; references are kept in a folder."""
    flags = flagged.flags
    both = references(bundle, scorer, flags, folder, tracker)
    first, second = (one.values for one in both)
    rows: dict[str, Fidelity] = {}
    for way in chain(own_ways(bundle, scorer), shap_ways(bundle, scorer)):
        tracker.say(f"explaining by {way.name}")
        rows[way.name] = _measured(way, bundle, scorer, flagged, (first + second) / 2)
    rows |= trees(bundle, flagged)
    return Compared(
        bundle_id=bundle.bundle_id,
        flags=len(flags),
        of=flagged.found,
        base_value=float(scorer.score(bundle.compared).log_odds.astype(np.float64).mean()),
        standard_error=float(max(one.error.max() for one in both)),
        pairs=float(np.mean([one.rounds.mean() for one in both]) * PAIRS_A_ROUND),
        ceiling_spearman=float(spearman(first, second).mean()),
        ceiling_strongest=float(strongest(first, second).mean()),
        rows=rows,
    )


def _measured(
    way: Way, bundle: Bundle, scorer: Scorer, flagged: Flagged, reference: Doubles
) -> Fidelity:
    asked = spread(len(flagged.flags), way.most or len(flagged.flags))
    flags, truth = flagged.flags[asked], reference[asked]
    values, ms = timed(way.values, flags)
    log_odds = scorer.score(flags).log_odds.astype(np.float64)
    base = float(scorer.score(bundle.compared).log_odds.astype(np.float64).mean())
    methods = () if way.methods is None else way.methods(flags)
    return Fidelity(
        flags=len(flags),
        spearman=float(spearman(values, truth).mean()),
        strongest=float(strongest(values, truth).mean()),
        additivity=float(np.abs(base + values.sum(axis=1) - log_odds).max()),
        ms=ms,
        slower={
            name: methods.count(name) / len(methods) for name in sorted(set(methods) - {SWEEP})
        },
    )
