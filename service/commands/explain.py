"""`penumbra explain`: a stored alert in words, and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from models.errors import BadInput
from service.commands.opening import open_ledger
from service.logging import log_to_stderr
from service.settings import Settings

LEAST_SHOWN = 0.05
"""An aspect whose log-odds round to zero is not shown."""


@click.command()
@click.argument("alert_id", required=False)
@click.option("--svg", type=click.Path(path_type=Path), help="Write a waterfall to this file.")
def command(alert_id: str | None, svg: Path | None) -> None:
    """Tell why a payment was flagged: ALERT_ID, or the newest alert."""
    log_to_stderr(verbose=False)
    settings = Settings.load()
    from models.reasons.waterfall import waterfall  # noqa: PLC0415 - slow, and not for `--help`

    ledger = open_ledger(settings)
    if alert_id is None:
        newest = ledger.alerts(limit=1).alerts.alert_id
        alert_id = str(newest[0]) if len(newest) else ""
    found = ledger.alert(alert_id)
    ledger.close()
    if found is None:
        raise BadInput(f"no alert {alert_id!r} is explained; look at /v1/alerts for its id")
    told: dict[str, Any] = msgspec.json.decode(found.alert.body[0])
    if "contributions" not in told:
        raise BadInput(f"alert {alert_id} is that of an erased customer; nothing is kept of why")
    decision = found.alert.decisions
    log_odds, threshold = float(decision.log_odds[0]), float(decision.threshold[0])
    click.echo(f"alert {alert_id}: risk {int(decision.risk[0])}")
    click.echo("\n".join(lines(told)))
    if svg is not None:
        svg.write_text(waterfall(told, log_odds, threshold), encoding="utf-8")
        click.echo(f"drawn in {svg}")


def lines(told: dict[str, Any]) -> list[str]:
    """Return an explanation as lines of text."""
    aspects = ", ".join(
        f"{one['name']} {one['contribution']:+.1f}"
        for one in told["groups"]
        if abs(one["contribution"]) >= LEAST_SHOWN
    )
    return [
        *(f"  for      {text}" for text in told["reasons"]),
        *(f"  against  {text}" for text in told["reasons_against"]),
        *(f"  strange  {one['text']}" for one in told["unusual"]),
        f"  aspects  {aspects} (log-odds)",
        f"  what if  {told['what_if']['text']}",
    ]
