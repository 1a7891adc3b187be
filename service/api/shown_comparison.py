"""What the API answers about shadow and legacy, as wire structs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec

from models.comparison.answers import LEAST_FRAUDS
from models.instants import format_instant
from service.api.shown_verdicts import OverlapShown, VerdictsShown  # noqa: TC001 - by msgspec

if TYPE_CHECKING:
    from service.comparison.coverage import WindowCoverage
    from service.comparison.cube import Group
    from service.comparison.windowed import Windowed
    from service.comparison.windows import Period, Window
    from service.settings import Settings


class WindowShown(msgspec.Struct, rename={"from_at": "from", "to_at": "to"}):
    """A window of whole days (UTC): from the first moment, before the last."""

    from_at: str
    to_at: str
    days: int
    bundle_id: str | None
    ruleset: str | None


class PeriodShown(msgspec.Struct):
    """A span with one champion and one version of the legacy rules.

    `ruleset` is null where no legacy decision is known.
    """

    bundle_id: str
    ruleset: str | None
    first_at: str
    last_at: str
    payments: int


class PeriodsShown(msgspec.Struct):
    """The periods there are, oldest first."""

    periods: list[PeriodShown]


class WindowCoverageShown(msgspec.Struct):
    """What a comparison rests on, in records of the payment streams.

    `seen` is scored + unscored + duplicates + not_scored + dead_letters, which `reconciles`
    says. What follows `dead_letter_reasons` is of the scored and unscored: `with_label` have a
    label, `mature` are of days whose labels have had their time.
    """

    days_with_payments: int
    seen: int
    scored: int
    unscored: int
    unscored_reasons: dict[str, int]
    duplicates: int
    not_scored: int
    dead_letters: int
    dead_letter_reasons: dict[str, int]
    late: int
    without_legacy: int
    with_label: int
    mature: int
    short_history: int
    without_rate: int
    sampled: int
    reconciles: bool


class CellShown(msgspec.Struct):
    """A cell of legacy x shadow x truth: payments, and their amount in minor units."""

    legacy: str
    shadow: str
    truth: str
    count: int
    amount_minor: int


class GroupShown(msgspec.Struct):
    """A day, or a value of a segment, and its cells."""

    name: str
    cells: list[CellShown]


class ComparisonShown(msgspec.Struct):
    """Shadow beside legacy over a window.

    `periods` are those it covers; `legacy_positive` says which legacy decisions count as a
    flag. Amounts are in minor units of `currency`. `by_day` and `segments` come with the
    question for them, and are null otherwise. `verdicts` are null where `not_judged` says why.
    """

    window: WindowShown
    periods: list[PeriodShown]
    legacy_positive: str
    currency: str
    by: str
    coverage: WindowCoverageShown
    verdicts: VerdictsShown | None
    not_judged: str | None
    overlap: list[OverlapShown]
    cells: list[CellShown]
    by_day: list[GroupShown] | None
    segments: list[GroupShown] | None
    dimensions: list[str]


def window_shown(window: Window) -> WindowShown:
    """Return a window as it is shown."""
    return WindowShown(
        format_instant(window.from_ms),
        format_instant(window.to_ms),
        window.days,
        window.bundle_id,
        window.ruleset,
    )


def period_shown(period: Period) -> PeriodShown:
    """Return a period as it is shown."""
    return PeriodShown(
        period.bundle_id,
        period.ruleset,
        format_instant(period.first_ms),
        format_instant(period.last_ms),
        period.payments,
    )


def coverage_shown(coverage: WindowCoverage) -> WindowCoverageShown:
    """Return a window's coverage as it is shown."""
    return WindowCoverageShown(**asdict(coverage))


def group_shown(group: Group) -> GroupShown:
    """Return a group's cells as they are shown."""
    return GroupShown(
        group.name,
        [CellShown(c.legacy, c.shadow, c.truth, c.count, c.amount) for c in group.cells],
    )


def not_enough(found: Windowed, frauds: int, settings: Settings) -> str | None:
    """Return why figures about fraud are not yet known, None where they are."""
    if found.coverage.mature == 0:
        return (
            f"no day of the window is {settings.label_maturity_days} days old yet, the time "
            "labels are given (PENUMBRA_LABEL_MATURITY_DAYS)"
        )
    if frauds < LEAST_FRAUDS:
        return f"{frauds} labelled frauds, {LEAST_FRAUDS} are needed"
    return None
