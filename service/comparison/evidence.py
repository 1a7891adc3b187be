"""A window's evidence in files: one page to read, JSON for programs, CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import jinja2
import msgspec
from markupsafe import Markup

from models.instants import format_instant
from service.api.shown_comparison import ComparisonShown, GroupShown  # noqa: TC001 - msgspec
from service.api.shown_money import MoneyShown, MoneyWindow  # noqa: TC001 - msgspec
from service.api.shown_thresholds import ThresholdsShown, thresholds_shown
from service.api.telling import comparison_told, money_told, segments_told, simulator_of
from service.comparison.curve_picture import curve_picture
from service.comparison.windowed import windowed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.comparison.judged import At, LabelsUsed
    from service.comparison.windows import Window
    from service.ledger import Ledger
    from service.settings import Settings

NOT_YET_KNOWN = "not yet known"


class Evidence(msgspec.Struct):
    """Everything that is said of a window, as `evidence.json` holds it."""

    made_at: str
    comparison: ComparisonShown
    segments: dict[str, list[GroupShown]]
    thresholds: ThresholdsShown
    money: MoneyShown


def gather(
    ledger: Ledger,
    settings: Settings,
    window: Window,
    previous: Window,
    *,
    now_ms: int,
    mix: bool,
    at: At,
    labels: LabelsUsed,
) -> Evidence:
    """Read a window's evidence. Raises MixedPeriods unless `mix` is asked for."""
    found = windowed(ledger, settings, window, now_ms=now_ms, mix=mix)
    made = simulator_of(ledger, settings, found, {})
    return Evidence(
        made_at=format_instant(now_ms),
        comparison=comparison_told(
            ledger, settings, found, by="all", daily=True, at=at, labels=labels
        ),
        segments=segments_told(ledger, found),
        thresholds=thresholds_shown(found, made, None, settings, None),
        money=money_told(ledger, settings, (window, previous), now_ms=now_ms),
    )


def write(evidence: Evidence, folder: Path) -> None:
    """Write evidence.html, evidence.json, cells.csv, coverage.csv and money.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files_of(evidence).items():
        (folder / name).write_text(text, encoding="utf-8")


def files_of(evidence: Evidence) -> dict[str, str]:
    """Return the files of a window's evidence by name."""
    return {
        "evidence.json": msgspec.json.format(msgspec.json.encode(evidence), indent=1).decode(),
        "evidence.html": page(evidence),
        "cells.csv": _csv(_cells(evidence)),
        "coverage.csv": _csv(_coverage(evidence)),
        "money.csv": _csv(_money(evidence.money)),
    }


def page(evidence: Evidence) -> str:
    """Return the evidence as one self-contained page: no script, nothing from elsewhere."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("service.comparison", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"told": told, "share": share_told, "minor": minor_told}
    return environment.get_template("evidence.html.j2").render(
        e=evidence,
        reasons=_reasons(evidence.comparison),
        rows=list(_money(evidence.money))[1:],
        picture=Markup(curve_picture(evidence.thresholds)),  # noqa: S704 - our own SVG
    )


def _reasons(comparison: ComparisonShown) -> list[str]:
    """Return why figures are not yet known, each reason once."""
    figures = [] if comparison.verdicts is None else comparison.verdicts.figures
    said = [
        one.not_yet_known
        for figure in figures
        for one in (figure.legacy, figure.shadow, figure.difference, figure.difference_always)
    ]
    return list(dict.fromkeys(why for why in said if why is not None))


def told(value: float | None, digits: int = 2) -> str:
    """Return a number for people, or that it is not yet known."""
    return NOT_YET_KNOWN if value is None else f"{value:,.{digits}f}"


def share_told(value: float | None, digits: int = 2) -> str:
    """Return a share in per cent, or that it is not yet known."""
    return NOT_YET_KNOWN if value is None else f"{100 * value:,.{digits}f} %"


def minor_told(value: int | None) -> str:
    """Return minor units with separators, or that it is not yet known."""
    return NOT_YET_KNOWN if value is None else f"{value:,}"


def _csv(rows: Iterator[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _cells(evidence: Evidence) -> Iterator[tuple[Any, ...]]:
    yield "split", "value", "legacy", "shadow", "truth", "payments", "amount_minor"
    splits = {"day": evidence.comparison.by_day or [], **evidence.segments}
    for split, groups in splits.items():
        for group in groups:
            for cell in group.cells:
                said = (cell.legacy, cell.shadow, cell.truth)
                yield (split, _harmless(group.name), *said, cell.count, cell.amount_minor)


def _coverage(evidence: Evidence) -> Iterator[tuple[Any, ...]]:
    yield "what", "records"
    for name, value in msgspec.structs.asdict(evidence.comparison.coverage).items():
        if isinstance(value, dict):
            for reason, count in value.items():
                yield f"{name}: {_harmless(reason)}", count
        else:
            yield name, int(value)


def _money(shown: MoneyShown) -> Iterator[tuple[Any, ...]]:
    yield "figure", "unit", "this window", "the one before"
    before = shown.previous
    for name, unit, figure in _FIGURES:
        yield (
            name,
            unit.replace("CURRENCY", shown.currency),
            _blank(figure(shown.current)),
            "" if before is None else _blank(figure(before)),
        )


def _blank(value: float | None) -> Any:
    return NOT_YET_KNOWN if value is None else value


def _harmless(text: str) -> str:
    # A spreadsheet takes a cell that begins so for a formula.
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text


def _of(side: str, name: str) -> Any:
    def figure(window: MoneyWindow) -> Any:
        work = getattr(window, side)
        if work is None:
            return None
        return getattr(work, name) if hasattr(work, name) else getattr(work.point, name)

    return figure


def _whole(name: str) -> Any:
    return lambda window: getattr(window, name)


_FIGURES: tuple[tuple[str, str, Any], ...] = (
    ("payments scored or unscored", "payments", _whole("payments")),
    ("volume of payments not declined", "minor CURRENCY", _whole("volume_minor")),
    ("frauds known", "payments", _whole("frauds")),
    ("fraud, gross", "minor CURRENCY", _whole("fraud_gross_minor")),
    ("fraud, net of what was given back", "minor CURRENCY", _whole("fraud_net_minor")),
    ("fraud, gross", "basis points of volume", _whole("gross_basis_points")),
    ("fraud, net", "basis points of volume", _whole("net_basis_points")),
    *(
        (f"{side}: {said}", unit, _of(side, name))
        for said, unit, name in (
            ("alerts", "alerts", "alerts"),
            ("alerts a day", "alerts", "alerts_per_day"),
            ("frauds found", "payments", "frauds"),
            ("detection rate", "share of known frauds", "detection_rate"),
            ("value detection rate", "share of known fraud money", "value_detection_rate"),
            ("precision", "share of alerts with known truth", "precision"),
            ("false positives a fraud", "payments", "false_positives_per_fraud"),
            ("value saved", "minor CURRENCY", "value_saved_minor"),
            ("profit after reviews and friction", "CURRENCY", "profit"),
            ("review hours", "hours", "review_hours"),
            ("genuine payments disturbed", "payments", "disturbed"),
            ("friction", "share of genuine payments", "friction_rate"),
        )
        for side in ("legacy", "shadow")
    ),
    ("value the shadow saves beyond legacy", "minor CURRENCY",
     _whole("value_saved_beyond_legacy_minor")),
    ("legacy's flags that could be cleared", "share of them", _whole("clearable")),
    ("inference cost a million payments", "CURRENCY", _whole("inference_cost_per_million")),
)  # fmt: skip
