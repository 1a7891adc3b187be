"""What the comparison cannot see, and what a random sample lets it say all the same.

Three things hide the truth from whoever compares:

- A payment that legacy declined gets no label by itself.
- Its customer stops: what would have come afterwards never reaches anybody.
- Dispositions follow whoever flagged: a fraud that one system alone flagged is found through it.

The first is mended by a random review of declined payments (`reviewed`): their truth is found out
for a known share, each then standing for all that were not drawn. That says how good both systems
are on the payments that came. What the customers who stopped would have done is in no ledger; only
a hold-out can tell (`held_out`): customers drawn at random at a known rate whose declines are not
obeyed. Both are inverse-probability weights (Horvitz and Thompson 1952); shares of weighted sums
are Hajek's ratios, and their variance is that between customers, weights included.

Assumptions: customers or payments are drawn by lot, by nothing that has to do with them; whoever
is held out pays as they would have paid without Penumbra; a review finds the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models.comparison.paired import LABEL_SOURCES, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.comparison.paired import Paired

    Mask = NDArray[np.bool_]

_DISPOSITION = LABEL_SOURCES.index("disposition")
_SAMPLE = LABEL_SOURCES.index("sample")


def independent(rows: Paired) -> Paired:
    """Return rows whose truth does not hang on who flagged: what promotion may be decided on.

    An analyst's disposition is forgotten, unless the payment was drawn at random or the analyst
    could not see which system had flagged: those have sources of their own. What it said is then
    not known; it does not become genuine by being old.
    """
    followed = rows.source == _DISPOSITION
    return replace(
        rows,
        truth=np.where(followed, UNKNOWN, rows.truth).astype(np.int8),
        mature=rows.mature & ~followed,
    )


@dataclass(frozen=True, slots=True)
class FromSource:
    """Labels of one source: how many, and how many of its frauds each system had flagged."""

    source: str
    labels: int
    frauds: int
    flagged_by_shadow: int
    flagged_by_legacy: int


def by_source(rows: Paired) -> list[FromSource]:
    """Return the labels source by source, those without any left out.

    Shares of frauds flagged that differ much between sources show labels that follow flags.
    """
    found = []
    for code, name in enumerate(LABEL_SOURCES):
        theirs = (rows.source == code) & (rows.truth != UNKNOWN)
        fraud = theirs & (rows.truth == 1)
        if theirs.any():
            found.append(
                FromSource(
                    name,
                    int(theirs.sum()),
                    int(fraud.sum()),
                    int((fraud & rows.flagged).sum()),
                    int((fraud & (rows.legacy == 1)).sum()),
                )
            )
    return found


def reviewed(rows: Paired, rate: float | NDArray[np.float64]) -> Paired:
    """Return rows with the weights of a random review of declined payments at a known rate.

    The rate is one for all or that of each row (n,), of which only those drawn are asked.
    A declined payment whose label comes from the sample stands for 1 / rate of them; that of any
    other declined payment is not used, since who asked chose it. Figures are then of the
    payments that came, those that legacy's declines kept away not among them. Alert rates ask for
    no truth and stay as they are.
    """
    drawn = rows.declined & (rows.source == _SAMPLE) & ~rows.held_out
    rates = np.broadcast_to(np.asarray(rate, np.float64), len(rows))
    _check(rates[drawn] if np.ndim(rate) else rates[:1])
    silent = rows.declined & ~drawn & ~rows.held_out
    return replace(
        rows,
        truth=np.where(silent, UNKNOWN, rows.truth).astype(np.int8),
        weight=rows.weight / np.where(drawn, rates, 1.0),
    )


def held_out(rows: Paired, rate: float) -> Paired:
    """Return rows with the weights of customers held out at a known rate: of all that would be.

    Up to a customer's first decline nothing was done to anybody, and every customer counts once.
    From then on only those held out show what customers do who are not stopped, and each of
    them stands for 1 / rate; what the others paid afterwards counts nowhere, whenever they came
    back. No assumption is made on how long a customer stops.
    """
    _check(np.array([rate]))
    later = since_first_decline(rows)
    passed_over = later & ~rows.held_out
    return replace(
        rows,
        truth=np.where(passed_over, UNKNOWN, rows.truth).astype(np.int8),
        mature=rows.mature & ~passed_over,
        presence=np.where(later, np.where(rows.held_out, rows.presence / rate, 0.0), rows.presence),
        weight=np.where(later, np.where(rows.held_out, rows.weight / rate, 0.0), rows.weight),
    )


def censored(rows: Paired) -> Paired:
    """Return what a ledger would hold of rows in which everything is known.

    Customers who are not held out stop at their first decline, whose truth stays unknown.
    """
    later = since_first_decline(rows) & ~rows.held_out
    silent = later & rows.declined & first_of(rows, rows.declined)
    return replace(
        rows,
        truth=np.where(silent, UNKNOWN, rows.truth).astype(np.int8),
        source=np.where(silent, UNKNOWN, rows.source).astype(np.int8),
    ).take(~later | silent)


def since_first_decline(rows: Paired) -> Mask:
    """Return which rows are a customer's first declined payment, or come with it or later."""
    codes, first = _first_ms(rows, rows.declined)
    later: Mask = rows.occurred_ms >= first[codes]
    return later


def first_of(rows: Paired, among: Mask) -> Mask:
    """Return which rows are the first of their customer among some, all of one moment."""
    codes, first = _first_ms(rows, among)
    found: Mask = among & (rows.occurred_ms == first[codes])
    return found


def _first_ms(rows: Paired, among: Mask) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    names, codes = np.unique(rows.customer, return_inverse=True)
    first = np.full(len(names), np.iinfo(np.int64).max)
    np.minimum.at(first, codes[among], rows.occurred_ms[among])
    return codes, first


def _check(rates: NDArray[np.float64]) -> None:
    wrong = rates[~((rates > 0) & (rates <= 1))]
    if len(wrong):
        raise ValueError(
            f"a share drawn at random is above 0 and at most 1, not {wrong[0]:g}: give the rate "
            "that the sample was drawn at"
        )
