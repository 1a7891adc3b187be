"""Evidence: from the rows of a shadow period to a pack that says whether to promote.

Building one is a look at the evidence, and each look is recorded in the ledger with its verdict,
also one that nobody likes.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from models.errors import BadInput
from models.instants import format_instant
from service.ledger.facts import BUILTIN_SEGMENTS, DAY_MS
from service.pipeline.lineup import Judge
from service.promotion.compared import against_legacy, between_models, cubes, money
from service.promotion.evaluate import Seen, evaluate, level_of
from service.promotion.fitness import drift, latency_p99_ms
from service.promotion.matched import fixed_thresholds
from service.promotion.pack import PackManifest, write_pack
from service.promotion.page import render_evidence
from service.promotion.shadowed import read_shadowed
from service.promotion.told import LIMITS, THEMES, coverage_told, model_told, versions

if TYPE_CHECKING:
    from pathlib import Path

    from models.comparison.paired import Paired
    from service.ledger import Ledger
    from service.promotion.evaluate import Evaluation
    from service.promotion.gate import Gate
    from service.promotion.pack import Pack
    from service.promotion.shadowed import Shadowed
    from service.settings import Settings

VECTORS = 20_000
"""About so many stored vectors are read, to measure drift and latency on."""
_END_MS = 1 << 53
_FILES = ("card.md", "datasheet.md", "report.json")
"""Of the bundle, as they are, where it has them."""


@dataclass(frozen=True, slots=True)
class Window:
    """Thresholds are fixed from `begin_ms` on, payments judged from `judged_ms` to `end_ms`."""

    begin_ms: int
    judged_ms: int
    end_ms: int

    @property
    def days(self) -> float:
        """How many days are judged."""
        return max(self.end_ms - self.judged_ms, 0) / DAY_MS


def window_of(
    shadowed: Shadowed, gate: Gate, *, begin_ms: int | None, end_ms: int | None, mature_ms: int
) -> Window:
    """Return what is judged: the mature days after those that fix thresholds.

    Without `begin_ms` the first payment that the bundle scored begins it. Raises BadInput where
    nothing was scored.
    """
    if not len(shadowed):
        raise BadInput(
            f"bundle {shadowed.bundle_ids[0]} has scored nothing in this ledger; let it run as a "
            "challenger first (PENUMBRA_CHALLENGER_PATHS)"
        )
    first = int(shadowed.occurred_ms.min()) if begin_ms is None else begin_ms
    last = int(shadowed.occurred_ms.max()) + 1 if end_ms is None else end_ms
    judged = first + gate.threshold_days * DAY_MS
    return Window(first, judged, max(judged, min(last, mature_ms)))


def build(
    ledger: Ledger,
    settings: Settings,
    bundle: Path,
    gate: Gate,
    gate_file: bytes,
    out: Path,
    *,
    champion_id: str,
    now_ms: int,
    begin_ms: int | None = None,
    end_ms: int | None = None,
) -> tuple[Pack, Evaluation]:
    """Evaluate a bundle and write its evidence pack; the look is recorded in the ledger.

    Raises BundleRefused, BadInput, PackRefused, LedgerUnavailable.
    """
    _known_segments(gate, settings)
    judge = Judge.load(bundle)
    bundle_id = judge.bundle.bundle_id
    mature_ms = now_ms - settings.label_maturity_days * DAY_MS
    shadowed = read_shadowed(
        ledger,
        bundle_id,
        0 if begin_ms is None else begin_ms,
        _END_MS if end_ms is None else end_ms,
        vectors=VECTORS,
    )
    window = window_of(shadowed, gate, begin_ms=begin_ms, end_ms=end_ms, mature_ms=mature_ms)

    def rows_of(name: str, begin: int, end: int) -> Paired:
        return shadowed.against_legacy(
            name, positive=settings.legacy_positive, mature_before_ms=mature_ms
        ).between(begin, end)

    earlier = rows_of(bundle_id, window.begin_ms, window.judged_ms)
    rows = rows_of(bundle_id, window.judged_ms, window.end_ms)
    judged = shadowed.between(window.judged_ms, window.end_ms) & shadowed.scored(bundle_id)
    looks = [one for one in ledger.packs(bundle_id) if one.gate_sha256 == gate.sha256]
    covered = coverage_told(ledger, shadowed, bundle_id, window.judged_ms, window.end_ms)
    seen = Seen(
        rows=rows,
        days=window.days,
        thresholds=fixed_thresholds(earlier, rows),
        members={
            by: shadowed.members(by)[judged] for by in (gate.segments.by if gate.segments else ())
        },
        coverage=covered["share_compared"],
        rulesets=sorted({str(one) for one in shadowed.ruleset[judged] if one is not None}),
        challengers=max(len(set(shadowed.bundle_ids) - {champion_id}), 1),
        looks_before=len(looks),
        latency_p99_ms=latency_p99_ms(judge, shadowed.features),
        drift=drift(judge, shadowed.features, rows.log_odds),
    )
    evaluation = evaluate(gate, seen)
    elapsed = max(window.days, 1.0) / gate.period_days
    level = level_of(gate, seen)
    everyone = np.isfinite(shadowed.log_odds).all(axis=1)
    shared = {
        name: shadowed.against_legacy(
            name, positive=settings.legacy_positive, mature_before_ms=mature_ms
        ).take(everyone[shadowed.scored(name)])
        for name in shadowed.bundle_ids
    }
    body: dict[str, Any] = {
        "format": "penumbra-evidence-1",
        "built_at": format_instant(now_ms),
        "verdict": evaluation.verdict,
        "findings": [asdict(one) for one in evaluation.findings],
        "gate": asdict(gate) | {"label": gate.label},
        "windows": {
            "thresholds_fixed": [format_instant(window.begin_ms), format_instant(window.judged_ms)],
            "judged": [format_instant(window.judged_ms), format_instant(window.end_ms)],
            "judged_days": window.days,
            "mature_before": format_instant(mature_ms),
            "label_maturity_days": settings.label_maturity_days,
        },
        "model": model_told(judge.bundle),
        "champion": champion_id,
        "in_shadow": list(shadowed.bundle_ids),
        "legacy": {"positive": settings.legacy_positive, "rulesets": seen.rulesets},
        "comparison": against_legacy(rows, seen.thresholds, elapsed=elapsed, level=level),
        "between_models": between_models(
            {n: one.between(window.begin_ms, window.judged_ms) for n, one in shared.items()},
            {n: one.between(window.judged_ms, window.end_ms) for n, one in shared.items()},
            elapsed=elapsed,
            level=level,
        ),
        "cube": cubes(rows),
        "money": {"currency": settings.reporting_currency} | money(rows),
        "coverage": covered,
        "fitness": {"latency_p99_ms": seen.latency_p99_ms, "drift": seen.drift},
        "level": level,
        "looks_before": [one.pack_sha256 for one in looks],
        "limits": LIMITS,
        "themes": THEMES,
        "versions": versions(),
    }
    evidence = msgspec.json.format(msgspec.json.encode(body), indent=1)
    files = {name: (bundle / name).read_bytes() for name in _FILES if (bundle / name).is_file()}
    files |= {
        "evidence.json": evidence,
        "evidence.html": render_evidence(body).encode(),
        "gate.yaml": gate_file,
        "bundle-manifest.json": (bundle / "manifest.json").read_bytes(),
    }
    pack = write_pack(
        out,
        PackManifest(
            bundle_id=bundle_id,
            champion_id=champion_id,
            verdict=evaluation.verdict,
            gate=gate.label,
            gate_sha256=gate.sha256,
            window=(format_instant(window.judged_ms), format_instant(window.end_ms)),
            built_at=format_instant(now_ms),
        ),
        files,
    )
    ledger.record_pack(
        pack_sha256=pack.sha256,
        bundle_id=bundle_id,
        champion_id=champion_id,
        verdict=evaluation.verdict,
        gate=gate.label,
        gate_sha256=gate.sha256,
        from_ms=window.judged_ms,
        until_ms=window.end_ms,
        evaluation=msgspec.json.encode(body["findings"]),
    )
    return pack, evaluation


def _known_segments(gate: Gate, settings: Settings) -> None:
    """Raise BadInput for a segment that nothing is recorded by."""
    known = {*BUILTIN_SEGMENTS, *settings.segment_attributes}
    asked = gate.segments.by if gate.segments else ()
    unknown = [one for one in asked if one not in known]
    if unknown:
        raise BadInput(
            f"gate {gate.name} asks for segments by {', '.join(unknown)}, which is not recorded; "
            f"there are {', '.join(sorted(known))} (PENUMBRA_SEGMENT_ATTRIBUTES adds more)"
        )
