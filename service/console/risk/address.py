"""What is asked of the risk teams' pages, as it stands in the address."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Query

from models.errors import BadInput
from service.comparison.judged import At, LabelsUsed  # noqa: TC001 - read by FastAPI
from service.comparison.windowed import windowed
from service.comparison.windows import Window, day_of, number_of

if TYPE_CHECKING:
    from service.api.parts import Parts
    from service.comparison.windowed import Windowed

By = Literal["count", "amount"]
Shown = Literal["absolute", "share"]
Usual = Literal[""]
_Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
_Name = Annotated[str, Query(max_length=200, pattern="^[^\\x00]*$")]


@dataclass(frozen=True, slots=True)
class RiskAddress:
    """A window and a way to look at it; `text` is its query string, empty for the usual one.

    Of `labels` the usual ones are "": with a random review those that it stands for, else all.
    """

    begin: str = ""
    end: str = ""
    bundle: str = ""
    ruleset: str = ""
    mix: bool = False
    by: By = "count"
    show: Shown = "absolute"
    at: At = "threshold"
    labels: LabelsUsed | Usual = ""
    segment: str = ""

    @property
    def text(self) -> str:
        """The query string that asks for this again."""
        return self.with_()

    def with_(self, **changed: str | bool) -> str:
        """Return the query string of this with something changed."""
        usual = asdict(RiskAddress())
        values = asdict(self) | changed
        kept = {
            _WRITTEN.get(name, name): "1" if value is True else value
            for name, value in values.items()
            if value != usual[name]
        }
        return urlencode(kept)

    def fields(self, without: str) -> list[tuple[str, str]]:
        """Return names and values of a form that asks for this again, but for one field."""
        return [pair for pair in parse_qsl(self.text) if pair[0] != without]

    def window(self, parts: Parts) -> Window | None:
        """Return the window asked for, whole where nothing was; None where nothing is stored.

        Raises BadInput where it has no day.
        """
        stored = parts.ledger.first_and_last_day()
        if stored is None:
            return None
        window = Window(
            number_of(_day(self.begin)) if self.begin else stored[0],
            number_of(_day(self.end)) if self.end else stored[1],
            self.bundle or None,
            self.ruleset or None,
        )
        if window.days < 1:
            raise BadInput("the window has no day: its last day lies before its first; swap them")
        return window

    def dated(self, window: Window) -> RiskAddress:
        """Return this with the days of a window written out."""
        first, last = day_of(window.first_day), day_of(window.last_day)
        return replace(self, begin=f"{first:%Y-%m-%d}", end=f"{last:%Y-%m-%d}")

    def labels_of(self, found: Windowed) -> LabelsUsed:
        """Return the labels that are used of a window."""
        return self.labels or ("reviewed" if found.coverage.sampled else "all")

    def read(self, parts: Parts, window: Window) -> Windowed:
        """Read the window. Raises MixedPeriods where it covers several and nobody mixes them."""
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        return windowed(parts.ledger, parts.settings, window, now_ms=now_ms, mix=self.mix)


_WRITTEN = {"begin": "from", "end": "to"}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text} is no day of the calendar; write 2026-07-01") from None


def _address(
    begin: Annotated[_Day, Query(alias="from")] = "",
    end: Annotated[_Day, Query(alias="to")] = "",
    bundle: _Name = "",
    ruleset: _Name = "",
    mix: bool = False,  # noqa: FBT001, FBT002 - a field of the address
    by: By = "count",
    show: Shown = "absolute",
    at: At = "threshold",
    labels: LabelsUsed | Usual = "",
    segment: Annotated[str, Query(max_length=64, pattern="^[A-Za-z0-9_.-]*$")] = "",
) -> RiskAddress:
    return RiskAddress(begin, end, bundle, ruleset, mix, by, show, at, labels, segment)


Asked = Annotated[RiskAddress, Depends(_address)]
"""What an address asks for, as an argument of a page's function."""
