"""The window that a request asks about: days, champion, rules, and whether mixing is meant."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Query

from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.problems import invalid, not_found
from service.comparison.windowed import windowed
from service.comparison.windows import MOST_DAYS, Window, number_of
from service.ledger import wall_clock_ms

if TYPE_CHECKING:
    from service.api.parts import Parts
    from service.comparison.windowed import Windowed

_DAY = r"^\d{4}-\d{2}-\d{2}$"
_NAME = Query(min_length=1, max_length=200, description="Only this one's payments.")


class Asked:
    """What was asked for; `read` reads it."""

    def __init__(
        self,
        parts: Given,
        begin: Annotated[
            str | None,
            Query(alias="from", pattern=_DAY, description="First day (UTC); default the oldest."),
        ] = None,
        end: Annotated[
            str | None,
            Query(alias="to", pattern=_DAY, description="Day after the last; default the newest."),
        ] = None,
        bundle_id: Annotated[str | None, _NAME] = None,
        ruleset: Annotated[str | None, _NAME] = None,
        *,
        mix: Annotated[
            bool, Query(description="Compare although champion or rules changed in between.")
        ] = False,
    ) -> None:
        stored = parts.ledger.first_and_last_day()
        first = None if begin is None else _day(begin, "from")
        last = None if end is None else _day(end, "to") - 1
        if stored is None:
            if first is None or last is None:
                raise not_found("there are no scored payments yet; send some, or backtest a file")
            stored = (first, last)
        for name, text in (("bundle_id", bundle_id), ("ruleset", ruleset)):
            if text is not None and "\0" in text:
                raise invalid(f"{name} holds the character U+0000")
        self.window = Window(
            stored[0] if first is None else first,
            stored[1] if last is None else last,
            bundle_id,
            ruleset,
        )
        if self.window.days < 1:
            raise invalid("the window has no day: `to` is the day after the last, beyond `from`")
        if self.window.days > MOST_DAYS:
            raise invalid(
                f"the window has {self.window.days:,} days, more than {MOST_DAYS:,}: narrow it by "
                "from and to"
            )
        self.mix = mix

    def read(self, parts: Parts) -> Windowed:
        """Read the window. Raises MixedPeriods."""
        now_ms = wall_clock_ms()
        return windowed(parts.ledger, parts.settings, self.window, now_ms=now_ms, mix=self.mix)


AskedWindow = Annotated[Asked, Depends()]
"""The window asked about, as an argument of a path's function."""


def _day(text: str, name: str) -> int:
    try:
        return number_of(date.fromisoformat(text))
    except ValueError:
        raise invalid(f"{name} {text!r} is no day of the calendar; write 2026-07-01") from None
