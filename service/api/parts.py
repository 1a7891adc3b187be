"""What the paths of the API are made of; put together by `penumbra serve`, or by a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from service.api.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.api.collector import Metrics
    from service.api.label_line import LabelLine
    from service.api.scoring.answers import Scoring
    from service.api.scoring.pool import ScoringPool
    from service.api.scoring.source import HttpSource
    from service.ledger import Ledger
    from service.pipeline.lineup import Lineup
    from service.promotion.standing import Standing
    from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a running API. `relay_alive` says whether flags are explained and published."""

    settings: Settings
    ledger: Ledger
    source: HttpSource
    scoring: Scoring
    pool: ScoringPool
    labels: LabelLine
    metrics: Metrics
    relay_alive: Callable[[], bool]
    kept: Kept = field(default_factory=Kept)

    @property
    def standing(self) -> Standing:
        """The bundles that score here, and which of them leads."""
        return self.source.standing

    @property
    def lineup(self) -> Lineup:
        """Those bundles, the champion of the moment first."""
        return self.standing.lineup


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(_parts)]
"""The parts, as an argument of a path's function."""
