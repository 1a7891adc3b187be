"""Of all that was seen in a window: what a comparison rests on, and what it does not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.ledger.days import BECAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.comparison.totals import Totals

_SCORED_TYPES = ("scored", "unscored")


@dataclass(frozen=True, slots=True)
class WindowCoverage:
    """Records by what became of them, and what is remarked of the scored and unscored payments.

    seen = scored + unscored + duplicates + not_scored + dead_letters, which `reconciles` says.

    `with_label` have a label; `mature` are of days whose labels are ripe. `labels_known` tells
    whether there is any mature payment: until then nothing can be said of fraud.
    """

    days_with_payments: int
    seen: int
    scored: int
    unscored: int
    unscored_reasons: Mapping[str, int]
    duplicates: int
    not_scored: int
    dead_letters: int
    dead_letter_reasons: Mapping[str, int]
    late: int
    without_legacy: int
    with_label: int
    mature: int
    short_history: int
    without_rate: int
    sampled: int
    reconciles: bool


def window_coverage(
    became: Mapping[tuple[int, str], int], totals: Totals, *, days: int
) -> WindowCoverage:
    """Return the coverage of a window; `totals` and `days` are those of the champions in it.

    `became` says what became of what was consumed, by (day, what), of the streams of payments.
    """
    counts: Counter[str] = Counter()
    for (_, what), n in became.items():
        counts[what] += n
    payments = sum(counts[what] for what in _SCORED_TYPES)
    return WindowCoverage(
        days_with_payments=days,
        seen=counts["consumed"],
        scored=counts["scored"],
        unscored=counts["unscored"],
        unscored_reasons=_reasons(counts, "unscored:"),
        duplicates=counts["duplicates"],
        not_scored=counts["not_scored"],
        dead_letters=counts["dead_letters"],
        dead_letter_reasons=_reasons(counts, "dead_letters:"),
        late=counts["late"],
        without_legacy=int(totals.count[:, :, :, 0].sum()),
        with_label=totals.labelled,
        mature=totals.ripe,
        short_history=counts["short_history"],
        without_rate=counts["no_rate"],
        sampled=counts["sampled"],
        reconciles=counts["consumed"] == sum(counts[what] for what in BECAME)
        and totals.payments == payments,
    )


def _reasons(counts: Counter[str], prefix: str) -> dict[str, int]:
    return {
        what.removeprefix(prefix): n
        for what, n in sorted(counts.items())
        if what.startswith(prefix)
    }
