"""`penumbra evidence`: shadow beside legacy over a window, in files; or a pack to promote on."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.errors import BadInput
from models.seal import HOUR_MS
from service.commands.files import instant_option
from service.commands.opening import open_ledger
from service.settings import Settings

if TYPE_CHECKING:
    from service.comparison.windows import Window
    from service.ledger import Ledger


@click.command()
@click.option("--from", "start", help="First day (UTC); the oldest in the ledger if left out.")
@click.option("--to", "end", help="Day after the last; after the newest if left out.")
@click.option("--month", help="A month, 2026-07, instead of --from and --to.")
@click.option("--bundle-id", help="Only payments that this champion scored.")
@click.option("--ruleset", help="Only payments that this version of the legacy rules decided.")
@click.option("--mix", is_flag=True, help="Compare although champion or rules changed in between.")
@click.option(
    "--at",
    type=click.Choice(["threshold", "legacy_alert_rate", "legacy_detection_rate"]),
    default="threshold",
    show_default=True,
    help="The shadow at its own threshold, or matched to legacy's rate of the days before.",
)
@click.option(
    "--labels",
    type=click.Choice(["all", "independent", "reviewed"]),
    default="all",
    show_default=True,
    help="All labels; those that do not follow a flag; these, the review standing for declines.",
)
@click.option("--recount", is_flag=True, help="First make all sums anew from the rows.")
@click.option("--bundle", help="Id, or folder, of a bundle to hold against a gate.")
@click.option(
    "--gate",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Gate (YAML): writes an evidence pack that can be signed. Needs --bundle.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the files.")
def command(
    start: str | None,
    end: str | None,
    month: str | None,
    bundle_id: str | None,
    ruleset: str | None,
    bundle: str | None,
    gate: Path | None,
    out: Path,
    *,
    recount: bool,
    **chosen: Any,
) -> None:
    """Write comparison, coverage and money of a window; with --gate a pack to promote on."""
    settings = Settings.load()
    if bundle is not None or gate is not None:
        from service.commands.evidence_pack import make_pack  # noqa: PLC0415

        if month or bundle_id or ruleset:
            raise click.UsageError("a pack judges one bundle: of a window give --from and --to")
        make_pack(settings, bundle, gate, out, start, end)
        return
    from service.comparison.evidence import gather, write  # noqa: PLC0415 - slow
    from service.ledger import wall_clock_ms  # noqa: PLC0415

    ledger = open_ledger(settings)
    try:
        if recount:
            ledger.recount(settings.case_window_h * HOUR_MS)
        window, previous = _windows(ledger, start, end, month, bundle_id, ruleset)
        found = gather(ledger, settings, window, previous, now_ms=wall_clock_ms(), **chosen)
    finally:
        ledger.close()
    write(found, out)
    covered = found.comparison.coverage
    click.echo(
        f"{covered.scored:,} scored payments from {found.comparison.window.from_at[:10]} to "
        f"{found.comparison.window.to_at[:10]}, {covered.with_label:,} with a label; "
        f"{out / 'evidence.html'}"
    )


def _windows(
    ledger: Ledger,
    start: str | None,
    end: str | None,
    month: str | None,
    bundle_id: str | None,
    ruleset: str | None,
) -> tuple[Window, Window]:
    """Return the window asked for and the one before it."""
    from service.comparison.windows import Window, month_window, previous_month  # noqa: PLC0415
    from service.ledger.facts import DAY_MS  # noqa: PLC0415

    stored = ledger.first_and_last_day()
    if stored is None:
        raise BadInput(f"the ledger {ledger.where} has no scored payments yet")
    if month is not None:
        if start is not None or end is not None:
            raise BadInput("give --month, or --from and --to")
        try:
            first = date.fromisoformat(f"{month}-01")
        except ValueError:
            raise BadInput(f"--month {month!r} is none of the calendar; write 2026-07") from None
        now, before = month_window(first), month_window(previous_month(first))
        spans = ((now.first_day, now.last_day), (before.first_day, before.last_day))
    else:
        begin_ms, end_ms = instant_option(start, "from"), instant_option(end, "to")
        begin = stored[0] if begin_ms is None else begin_ms // DAY_MS
        last = stored[1] if end_ms is None else (end_ms - 1) // DAY_MS
        if last < begin:
            raise BadInput("the window has no day: --to is the day after the last, beyond --from")
        spans = ((begin, last), (2 * begin - last - 1, begin - 1))
    return tuple(Window(*span, bundle_id, ruleset) for span in spans)  # type: ignore[return-value]
