"""What statistics say of both systems, as wire structs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from models.comparison.answers import Known
from models.instants import format_instant

if TYPE_CHECKING:
    from models.comparison.answers import Answer
    from models.comparison.figures import System
    from service.comparison.judged import Cases, Verdicts
    from service.comparison.overlap import Overlap


class EstimateShown(msgspec.Struct):
    """A figure with its 95 % interval, or null and why it is not yet known."""

    value: float | None
    low: float | None
    high: float | None
    not_yet_known: str | None


class FigureShown(msgspec.Struct):
    """A figure of both systems over the same payments, and how they differ (shadow - legacy).

    `difference` holds at a moment fixed beforehand, `difference_always` at every look.
    """

    name: str
    legacy: EstimateShown
    shadow: EstimateShown
    difference: EstimateShown
    difference_always: EstimateShown


class SourceShown(msgspec.Struct):
    """Labels of one source, and how many of its frauds each system had flagged."""

    source: str
    labels: int
    frauds: int
    flagged_by_shadow: int
    flagged_by_legacy: int


class SideShown(msgspec.Struct):
    """A system by fraud episode and by case.

    `lost_share` is the share of all episodes' money that was gone before the first flag.
    """

    episodes_caught: int
    median_hours_to_first_flag: float | None
    lost_share: float | None
    cases: int
    cases_with_fraud: int


class MatchedShown(msgspec.Struct):
    """A threshold matched to legacy's: what it was to keep to, where, and what it gave here.

    `log_odds` is null where it is above every score: legacy flagged nothing there. `standing` is
    "ranking only" where it was matched on the judged payments themselves.
    """

    what: str
    log_odds: float | None
    target: float
    reached: float
    realised: float | None
    fixed_from_at: str
    fixed_to_at: str
    standing: str


class VerdictsShown(msgspec.Struct):
    """What the payments themselves say.

    Customers gained have more frauds found by the shadow alone than by legacy alone, customers
    lost the other way round; `mcnemar_p` is the probability of a split as uneven by chance.
    """

    figures: list[FigureShown]
    label_sources: list[SourceShown]
    episodes: int
    legacy: SideShown
    shadow: SideShown
    customers_gained: int
    customers_lost: int
    mcnemar_p: float
    matched: MatchedShown | None


class OverlapShown(msgspec.Struct):
    """A rule and a reason, and in how many of the explained flags both stood."""

    rule: str
    reason: str
    flags: int


def verdicts_shown(found: Verdicts, names: tuple[str, ...]) -> VerdictsShown:
    """Return verdicts as they are shown, with the figures of these names."""
    matched = found.matched
    return VerdictsShown(
        figures=[
            FigureShown(
                one.name,
                _estimate(one.legacy),
                _estimate(one.shadow),
                _estimate(one.difference),
                _estimate(one.always),
            )
            for one in found.figures
            if one.name in names
        ],
        label_sources=[
            SourceShown(
                one.source, one.labels, one.frauds, one.flagged_by_shadow, one.flagged_by_legacy
            )
            for one in found.sources
        ],
        episodes=len(found.episodes.who),
        legacy=_side(found, "legacy", found.legacy_cases),
        shadow=_side(found, "shadow", found.shadow_cases),
        customers_gained=found.customers_gained,
        customers_lost=found.customers_lost,
        mcnemar_p=found.mcnemar,
        matched=None
        if matched is None
        else MatchedShown(
            what=matched.what,
            log_odds=_finite(matched.threshold),
            target=matched.target,
            reached=matched.reached,
            realised=_finite(found.realised),
            fixed_from_at=format_instant(matched.begin_ms),
            fixed_to_at=format_instant(matched.end_ms),
            standing=found.standing or "",
        ),
    )


def overlap_shown(found: Overlap) -> list[OverlapShown]:
    """Return the overlap, what stands together most often first."""
    pairs = sorted(found.both.items(), key=lambda one: (-one[1], one[0]))
    return [OverlapShown(rule, reason, flags) for (rule, reason), flags in pairs]


def _side(found: Verdicts, system: System, cases: Cases) -> SideShown:
    return SideShown(
        episodes_caught=int(found.episodes.caught(system).sum()),
        median_hours_to_first_flag=_finite(found.episodes.median_hours(system)),
        lost_share=_finite(found.episodes.share_lost(system)),
        cases=cases.cases,
        cases_with_fraud=cases.with_fraud,
    )


def _estimate(found: Answer) -> EstimateShown:
    if isinstance(found, Known):
        return EstimateShown(found.value, found.low, found.high, None)
    return EstimateShown(None, None, None, found.reason)


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
