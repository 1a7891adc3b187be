"""The tables of the comparison page as rows for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.api.shown_comparison import ComparisonShown

Table = Literal["cells", "figures", "episodes", "labels", "rules"]
Row = tuple[Any, ...]


def rows_of(table: Table, told: ComparisonShown, segment: str) -> list[Row]:
    """Return a table with its head. What is not yet known is empty, with the reason beside it."""
    head, rows = _TABLES[table]
    return [head, *rows(told, segment)]


def _cells(told: ComparisonShown, segment: str) -> Iterator[Row]:
    groups = [("day", one) for one in told.by_day or ()]
    groups += [(segment, one) for one in told.segments or ()]
    for kind, group in groups:
        for c in group.cells:
            yield kind, group.name, c.legacy, c.shadow, c.truth, c.count, c.amount_minor


def _figures(told: ComparisonShown, _: str) -> Iterator[Row]:
    for one in () if told.verdicts is None else told.verdicts.figures:
        d, always = one.difference, one.difference_always
        yield (
            one.name, one.legacy.value, one.shadow.value, d.value, d.low, d.high,
            always.low, always.high, d.not_yet_known or "",
        )  # fmt: skip


def _episodes(told: ComparisonShown, _: str) -> Iterator[Row]:
    if told.verdicts is not None:
        for name in told.verdicts.legacy.__struct_fields__:
            yield name, getattr(told.verdicts.legacy, name), getattr(told.verdicts.shadow, name)


def _labels(told: ComparisonShown, _: str) -> Iterator[Row]:
    for one in () if told.verdicts is None else told.verdicts.label_sources:
        yield one.source, one.labels, one.frauds, one.flagged_by_legacy, one.flagged_by_shadow


def _rules(told: ComparisonShown, _: str) -> Iterator[Row]:
    for one in told.overlap:
        yield one.rule, one.reason, one.flags


_TABLES: dict[Table, tuple[Row, Callable[[ComparisonShown, str], Iterator[Row]]]] = {
    "cells": (("by", "of", "legacy", "shadow", "truth", "payments", "amount_minor"), _cells),
    "figures": (
        ("figure", "legacy", "shadow", "difference", "low", "high", "always_low", "always_high",
         "not_yet_known"),
        _figures,
    ),
    "episodes": (("figure", "legacy", "shadow"), _episodes),
    "labels": (("source", "labels", "frauds", "flagged_by_legacy", "flagged_by_shadow"), _labels),
    "rules": (("rule", "reason", "flags"), _rules),
}  # fmt: skip
