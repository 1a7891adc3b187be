"""Evidence: from the rows of a shadow period to a pack that says whether to promote.

Building one is a look at the evidence, and each look is recorded in the ledger with its verdict,
also one that nobody likes.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from models.errors import BadInput
from models.instants import format_instant
from service.comparison.evidence import files_of, gather
from service.comparison.windows import Window as DayWindow
from service.ledger.facts import BUILTIN_SEGMENTS, DAY_MS
from service.pipeline.lineup import Judge
from service.promotion.compared import against_legacy, between_models, cubes, money, shown
from service.promotion.evaluate import Seen, elapsed_of, evaluate, level_of
from service.promotion.fitness import drift, latency_p99_ms
from service.promotion.matched import fixed_thresholds
from service.promotion.pack import PackManifest, write_pack
from service.promotion.page import render_evidence
from service.promotion.period import Period, Window, window_of
from service.promotion.shadowed import read_shadowed
from service.promotion.told import THEMES, coverage_told, limits, model_told, versions

if TYPE_CHECKING:
    from pathlib import Path

    from service.ledger import Ledger
    from service.ledger.audit import By
    from service.promotion.evaluate import Evaluation
    from service.promotion.gate import Gate
    from service.promotion.pack import Pack
    from service.settings import Settings

VECTORS = 20_000
"""About so many stored vectors are read, to measure drift and latency on."""
_END_MS = 1 << 53
_FILES = ("card.md", "datasheet.md", "report.json")
"""Of the bundle, as they are, where it has them."""


def build(
    ledger: Ledger,
    settings: Settings,
    bundle: Path,
    gate: Gate,
    gate_file: bytes,
    out: Path,
    *,
    champion_id: str,
    by: By,
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
    shadowed = read_shadowed(
        ledger,
        bundle_id,
        0 if begin_ms is None else begin_ms,
        _END_MS if end_ms is None else end_ms,
        vectors=VECTORS,
    )
    mature_ms = now_ms - settings.label_maturity_days * DAY_MS
    window = window_of(shadowed, gate, begin_ms=begin_ms, end_ms=end_ms, mature_ms=mature_ms)
    looks = [one for one in ledger.packs(bundle_id) if one.gate_sha256 == gate.sha256]
    coverage = coverage_told(shadowed, window.judged_ms, window.end_ms)
    period = Period(shadowed, window, settings.legacy_positive, mature_ms)
    seen = Seen(
        rows=period.judged,
        days=window.days,
        thresholds=fixed_thresholds(period.earlier, period.judged),
        members=period.members(gate.segments.by if gate.segments else ()),
        coverage=coverage["share_compared"],
        rulesets=period.rulesets(),
        challengers=max(len(set(shadowed.bundle_ids) - {champion_id}), 1),
        looks_before=len(looks),
        latency_p99_ms=latency_p99_ms(judge, shadowed.features),
        drift=drift(judge, shadowed.features, period.judged.log_odds),
    )
    evaluation = evaluate(gate, seen)
    body = {
        "format": "penumbra-evidence-1",
        "built_at": format_instant(now_ms),
        "verdict": evaluation.verdict,
        "findings": [asdict(one) for one in evaluation.findings],
        "gate": asdict(gate) | {"label": gate.label},
        "windows": window.told()
        | {
            "mature_before": format_instant(mature_ms),
            "label_maturity_days": settings.label_maturity_days,
        },
        "model": model_told(judge.bundle),
        "champion": champion_id,
        "in_shadow": list(shadowed.bundle_ids),
        "legacy": {"positive": settings.legacy_positive, "rulesets": seen.rulesets},
        "segments": [
            {"segment": one.name, "share": one.share} | shown(one.answer)
            for one in evaluation.segments
        ],
        **_tables(gate, seen, period),
        "money": {"currency": settings.reporting_currency} | money(period.judged),
        "coverage": coverage,
        "fitness": {"latency_p99_ms": seen.latency_p99_ms, "drift": seen.drift},
        "looks_before": [one.pack_sha256 for one in looks],
        "limits": limits(),
        "themes": THEMES,
        "versions": versions(),
    }
    beside = window_files(ledger, settings, window, now_ms=now_ms)
    return _kept(ledger, bundle, gate, gate_file, out, body, window, beside, by), evaluation


def _tables(gate: Gate, seen: Seen, period: Period) -> dict[str, Any]:
    """Return the figures that no condition asks for, with the intervals that conditions have."""
    elapsed = elapsed_of(gate, seen)
    level = level_of(gate, seen)
    earlier, judged = period.of_all()
    return {
        "level": level,
        "comparison": against_legacy(seen.rows, seen.thresholds, elapsed=elapsed, level=level),
        "between_models": between_models(earlier, judged, elapsed=elapsed, level=level),
        "cube": cubes(seen.rows),
    }


def _kept(
    ledger: Ledger,
    bundle: Path,
    gate: Gate,
    gate_file: bytes,
    out: Path,
    body: dict[str, Any],
    window: Window,
    beside: dict[str, bytes],
    by: By,
) -> Pack:
    """Write the pack and record the look."""
    files = {name: (bundle / name).read_bytes() for name in _FILES if (bundle / name).is_file()}
    files |= beside
    files |= {
        "evidence.json": msgspec.json.format(msgspec.json.encode(body), indent=1),
        "evidence.html": render_evidence(body).encode(),
        "gate.yaml": gate_file,
        "bundle-manifest.json": (bundle / "manifest.json").read_bytes(),
    }
    facts = {
        "bundle_id": body["model"]["bundle_id"],
        "champion_id": body["champion"],
        "verdict": body["verdict"],
        "gate": gate.label,
        "gate_sha256": gate.sha256,
    }
    judged = (format_instant(window.judged_ms), format_instant(window.end_ms))
    manifest = PackManifest(**facts, window=judged, built_at=body["built_at"])
    pack = write_pack(out, manifest, files)
    ledger.record_pack(
        by,
        pack_sha256=pack.sha256,
        from_ms=window.judged_ms,
        until_ms=window.end_ms,
        evaluation=msgspec.json.encode(body["findings"]),
        **facts,
    )
    return pack


def window_files(
    ledger: Ledger, settings: Settings, window: Window, *, now_ms: int
) -> dict[str, bytes]:
    """Return what `penumbra evidence` writes of the days judged: all records, whoever scored them.

    Coverage of everything consumed is in these; they are of the champions, and of whole days.
    """
    first, last = window.judged_ms // DAY_MS, window.end_ms // DAY_MS - 1
    if last < first:
        return {}
    days = DayWindow(first, last)
    before = DayWindow(2 * first - last - 1, first - 1)
    found = gather(
        ledger, settings, days, before, now_ms=now_ms, mix=True, at="threshold",
        labels="independent",
    )  # fmt: skip
    return {
        name.replace("evidence", "window"): text.encode() for name, text in files_of(found).items()
    }


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
