"""`python -m loadtest.studies`: how often the intervals of a comparison hold the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from loadtest.results import Figure, section, write_section
from loadtest.studies.coverage import FIGURES, GAINS, LOOKS, Held, study
from loadtest.studies.periods import Scenario
from models.comparison.answers import LEAST_FRAUDS, LEAST_FREEDOM

if TYPE_CHECKING:
    from collections.abc import Mapping

SPREES = Scenario("", spree=6, longest=60, leaning=0.6)
SCENARIOS = (
    Scenario("plain: 300 frauds of 150 customers"),
    replace(SPREES, name="sprees: 590 frauds of 100 customers, up to 60 each", victims=100),
    Scenario("drift: the shadow loses one deviation, frauds treble", drift=-1, growing=3),
    Scenario("labels eight days late in the median, read at 30 days", delay_days=8),
    Scenario("declines censor, a fifth of customers held out", 800, wrong=200, held_out=0.2),
    Scenario("declines unlabelled, a fifth of them reviewed", 600, wrong=200, reviewed=0.2),
    Scenario("declines censor, a fiftieth held out", 400, wrong=200, held_out=0.02),
    Scenario("fewer than 50 frauds: 40 of 20 customers", victims=20),
    Scenario("fewer than 50 frauds: 45 of 45 customers", victims=45, spree=1.0001),
    replace(SPREES, name="few sprees: 175 frauds of 30 customers", victims=30),
)
LEAST, MOST, ANY = 0.93, 0.97, 0.05
SELDOM = 0.1
"""Figures given in a smaller share of periods count as refused in the scenario."""
SECTION = "Intervals on simulated shadow periods"


@click.command()
@click.option("--periods", default=2000, show_default=True, help="Simulated periods a scenario.")
@click.option("--seed", default=0, show_default=True)
@click.option("--figures", "each", is_flag=True, help="Print every figure of every scenario.")
@click.option(
    "--page", type=click.Path(path_type=Path), default=Path("docs/results.md"), show_default=True
)
def main(periods: int, seed: int, page: Path, *, each: bool) -> None:
    """Simulate shadow periods and count how often their intervals hold the truth."""
    rows, missed = [], []
    for number, scenario in enumerate(SCENARIOS):
        found = study(scenario, periods, np.random.default_rng([seed, number]))
        for row in told(scenario, found):
            click.echo(row.line())
            rows.append(row)
        if each:
            for name, held in found.items():
                click.echo(f"    {name}: {held}")
        missed += [row.what for row in rows[-2:] if not row.met]
    command = f"make bench-intervals ARGS='--periods {periods} --seed {seed}'"
    write_section(page, SECTION, section(command, rows, [NOTE.replace("\n", " ")]))
    if missed:
        raise click.ClickException(f"{len(missed)} bars were missed: {'; '.join(missed)}")


NOTE = f"""{len(FIGURES)} figures a period: detection rate, value detection rate, precision and
false positives per fraud of the shadow, differences and ratios of both systems; ranges are over
figures. A figure is refused below {LEAST_FRAUDS} customers' worth of frauds, of money also of the
frauds' money, or {LEAST_FREEDOM} degrees of freedom; what is given in less than {SELDOM:.0%} of
periods counts as refused. An interval made for one look misses far more often when it is looked at
{LOOKS} times: that is what the anytime-valid ones are for. The exact sequence is of the share of
gains among customers told apart, needs no number of frauds, and promises nothing where that share
drifts."""


def told(scenario: Scenario, found: Mapping[str, Held]) -> list[Figure]:
    """Return a scenario's two bars: coverage at one look, and misses at any of all looks."""
    every = [found[name] for name in FIGURES]
    given = [held for held in every if held.given >= SELDOM]
    covered = [held.covered for held in given]
    missed = [held.missed for held in every]
    refused = f"{len(every) - len(given)} of {len(every)} figures refused"
    fixed = (
        f"{min(covered):.1%} to {max(covered):.1%} over {len(given)} figures, given in "
        f"{min(h.given for h in given):.0%} to {max(h.given for h in given):.0%} of periods"
        if given
        else "none given"
    )
    peeked = max(held.peeked for held in every)
    return [
        Figure(
            f"{scenario.name}: fixed-horizon 95 % intervals that hold the truth",
            f"{fixed}; {refused}",
            "93 % to 97 %, or refused",
            all(LEAST <= share <= MOST for share in covered),
        ),
        Figure(
            f"{scenario.name}: periods in which any of {LOOKS} looks misses",
            f"anytime-valid at most {max(missed):.1%} (exact sequence "
            f"{found[GAINS].missed:.1%}); fixed-horizon ones would in up to {peeked:.1%}",
            "at most 5 %",
            max(missed) <= ANY,
        ),
    ]


if __name__ == "__main__":
    main()
