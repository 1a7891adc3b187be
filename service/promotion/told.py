"""What an evidence pack says beside its figures: of the model, of coverage, of its own limits."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from models.fingerprint import runtime_fingerprint

if TYPE_CHECKING:
    from models.bundle import Bundle
    from service.promotion.shadowed import Shadowed

SHORT_HISTORY_DAYS = 30
_LIMITS = """\
A payment that legacy declined gets no label by itself, and its customer may stop: frauds that only
legacy found are fewer here than they were, unless a random sample was reviewed.

Dispositions of analysts are no truth here, since somebody had flagged those payments; labels of
the random sample, and of analysts who could not see who flagged, are.

A payment without a label counts as genuine once it is older than the label maturity. Frauds
reported later than that are missing on both sides.

Intervals take customers as what varies. What moves all customers at once (a new kind of fraud, a
season, a campaign) is in no interval.

The period is past. Fraudsters answer to what stops them, and the model stopped nobody.

Drift of features is measured on a sample over the whole time read, the threshold days among them;
latency on the machine that built this pack.

Several conditions on one gate need no correction, since all must be met; several challengers do,
and share what may go wrong equally."""


THEMES = (
    ("Model card and datasheet", "development", "card.md, datasheet.md",
     "purpose, data, features, choices and known weaknesses"),
    ("Model and its hashes", "development", "evidence.json: model; bundle-manifest.json",
     "what exactly is proposed, and that it is what was judged"),
    ("Gate", "validation", "gate.yaml; evidence.json: gate",
     "criteria declared before the outcome was known, with their owner"),
    ("Findings and verdict", "validation", "evidence.json: findings",
     "effective challenge: each criterion with figure, interval and bar"),
    ("Comparison with legacy and between models", "outcomes analysis",
     "evidence.json: comparison, between_models, cube", "benchmarking against what is in use"),
    ("Money", "outcomes analysis", "evidence.json: money", "outcomes weighed by what they cost"),
    ("Coverage", "validation", "evidence.json: coverage; coverage.csv, window.html",
     "completeness of the data judged, down to each record consumed"),
    ("Drift and latency", "ongoing monitoring", "evidence.json: fitness",
     "whether conditions of development still hold"),
    ("Looks", "ongoing monitoring", "evidence.json: looks_before",
     "how often the evidence was looked at, and that all looks are kept"),
    ("Limits", "validation", "evidence.json: limits", "assumptions and what is not known"),
    ("Signatures", "governance", "the ledger; GET /v1/promotion",
     "two people who answer for the change, and its history"),
)  # fmt: skip
"""Sections of a pack by theme of model-risk guidance (as SR 11-7 of the Federal Reserve)."""


def limits() -> list[str]:
    """Return what an evidence pack cannot say, a sentence or two each."""
    return [" ".join(one.split()) for one in _LIMITS.split("\n\n")]


def model_told(bundle: Bundle) -> dict[str, Any]:
    """Return what a bundle is, with the hash of each of its files."""
    told = bundle.manifest
    return {
        "bundle_id": bundle.bundle_id,
        "name": told["name"],
        "created_at": told.get("created_at"),
        "code_version": told.get("code_version"),
        "kernel_version": bundle.spec.kernel_version,
        "features": len(bundle.spec.features),
        "feature_spec_sha256": bundle.spec.sha256,
        "threshold_log_odds": float(bundle.threshold),
        "threshold_at_risk": bundle.threshold_at_risk,
        "data": told.get("data"),
        "metrics": told.get("metrics"),
        "files": {name: entry["sha256"] for name, entry in told["files"].items()},
    }


def coverage_told(shadowed: Shadowed, begin_ms: int, end_ms: int) -> dict[str, Any]:
    """Return how much of what the bundle was to score is compared, and why the rest is not."""
    inside = shadowed.between(begin_ms, end_ms)
    scored = shadowed.scored(shadowed.bundle_ids[0])
    legacy = shadowed.legacy >= 0
    young = (shadowed.history_days >= 0) & (shadowed.history_days < SHORT_HISTORY_DAYS)
    payments = int(inside.sum())
    compared = int((inside & scored & legacy).sum())
    return {
        "payments": payments,
        "compared": compared,
        "share_compared": compared / payments if payments else 0.0,
        "unscored": int((inside & ~scored).sum()),
        "without_legacy_decision": int((inside & ~legacy).sum()),
        "with_label": int((inside & (shadowed.truth >= 0)).sum()),
        "without_exchange_rate": int((inside & (shadowed.amount < 0)).sum()),
        "under_30_days_of_history": int((inside & young).sum()),
    }


def versions() -> dict[str, str]:
    """Return what the figures were computed with."""
    return {"penumbra": version("penumbra"), "scipy": version("scipy")} | runtime_fingerprint()
