"""The rules of the scorecard: what is measured in each dimension, and which grade it earns."""

import math
from collections.abc import Callable
from dataclasses import dataclass

NEVER = math.inf
"""A bound that is always kept: the grade after it is never given."""


@dataclass(frozen=True)
class Scale:
    """One figure of one check, and its bounds for the grades 5, 4, 3 and 2; beyond them it is 1.

    `least` says that the bounds are what is needed at least, not what is allowed at most.
    `reason` makes a sentence of the figure, `remedy` says how to do better.
    """

    dimension: str
    check: str
    figure: str
    measure: str
    bounds: tuple[float, float, float, float]
    reason: Callable[[float], str]
    remedy: str
    least: bool = False

    def grade(self, value: float) -> int:
        """Return 5 to 1."""
        for grade, bound in zip((5, 4, 3, 2), self.bounds, strict=True):
            if value >= bound if self.least else value <= bound:
                return grade
        return 1


SCALES: tuple[Scale, ...] = (
    Scale(
        "completeness", "completeness", "core_missing",
        "share missing of customer, merchant and local time",
        (0, 0.1, 0.34, NEVER),
        lambda v: f"{v:.0%} of customers, merchants and local times are missing",
        "map customer_id and merchant_id, and give occurred_at a time_zone: most features are "
        "histories of customers and merchants",
    ),
    Scale(
        "completeness", "completeness", "context_missing",
        "missing of country, ip_country, device_id, channel, mcc, position and authentication",
        (1, 4, 7, NEVER),
        lambda v: f"{v:.3g} of 7 fields about place, device and channel are missing",
        "map country, channel, mcc, device_id and the others as far as the source system has them",
    ),
    Scale(
        "validity", "validity", "refused_share",
        "share of rows refused",
        (0, 0.001, 0.01, 0.05),
        lambda v: f"{v:.2%} of rows are refused",
        "correct the mapping or the export: the finding names reasons and the first row's error",
    ),
    Scale(
        "uniqueness", "duplicates", "extra_share",
        "share of rows whose transaction_id came before",
        (0, 0.0001, 0.001, 0.01),
        lambda v: f"{v:.3%} of rows repeat a transaction_id",
        "export each payment once, or map transaction_id to a column that is unique",
    ),
    Scale(
        "time", "time gaps", "empty_share",
        "share of days without a payment",
        (0, 0.02, 0.1, 0.5),
        lambda v: f"{v:.1%} of days have no payment",
        "export the missing days, or use only the time after the gap (windows.until, or cut the "
        "file)",
    ),
    Scale(
        "time", "time gaps", "days",
        "days from the first to the last payment",
        (90, 60, 35, 0),
        lambda v: f"the file spans {v:,.0f} days",
        "export more months: features look back 30 days, and each window needs its own weeks",
        least=True,
    ),
    Scale(
        "size", "label rate", "frauds",
        "frauds in the file",
        (5000, 1000, 200, 50),
        lambda v: f"there are {v:,.0f} frauds to learn from",
        "export a longer time: rare fraud needs many payments",
        least=True,
    ),
    Scale(
        "size", "training windows", "least_frauds",
        "frauds in the smallest window that training cuts",
        (300, 100, 30, 1),
        lambda v: f"the smallest training window has {v:,.0f} frauds"
        if v else "training cannot cut windows that all hold frauds",
        "give more data, or change windows.validation_share, windows.test_share or "
        "windows.gap_days; see the finding on training windows",
        least=True,
    ),
    Scale(
        "labels", "label coverage", "labelled",
        "payments with a label",
        (1, 1, 1, 1),
        lambda _: "no payment has a label",
        "give --labels, or a mapping with `label`",
        least=True,
    ),
    Scale(
        "labels", "label delay", "before_payment_share",
        "share of frauds known before they happened",
        (0, 0, 0.001, 0.01),
        lambda v: f"{v:.2%} of frauds are known before they happened",
        "check known_at and the time zone of occurred_at",
    ),
    Scale(
        "labels", "label delay", "known_at_once",
        "1 if every fraud is known at once",
        (0, 0, 1, 1),
        lambda _: "every fraud counts as known at once",
        "declare how long labels take (delay_days, or known_at): without it histories see fraud "
        "too early and figures are too good",
    ),
    Scale(
        "labels", "label coverage", "stray_share",
        "share of labels that belong to no payment of the file",
        (0.01, 0.05, 0.2, 0.5),
        lambda v: f"{v:.1%} of labels belong to no payment of the file",
        "export payments and labels of the same time, with the same transaction ids",
    ),
    Scale(
        "labels", "label maturity", "young_share",
        "share of payments too young for their labels",
        (0.1, 0.25, 0.5, 0.75),
        lambda v: f"{v:.1%} of payments are too young for their labels to have arrived",
        "export labels again later, or a longer past",
    ),
    Scale(
        "stability", "volume drift", "largest_factor",
        "busiest or quietest week against the first weeks (times)",
        (1.5, 2, 4, NEVER),
        lambda v: f"payments a day change by a factor of up to {v:.2f}",
        "find out whether a source came or went, or data is missing; train on the time after it",
    ),
    Scale(
        "stability", "input drift", "largest_index",
        "largest population stability index of an input in a week",
        (0.1, 0.25, 0.5, NEVER),
        lambda v: f"an input moves by a stability index of {v:.2f}",
        "look at the inputs that the finding names: a changed code or unit is mended in the data, "
        "changed behaviour calls for training on the newest time",
    ),
    Scale(
        "stability", "fraud drift", "factor_beyond_chance",
        "change of the fraud share beyond chance (times)",
        (1.1, 1.5, 2.5, NEVER),
        lambda v: f"the fraud share changes by a factor of at least {v:.2f}",
        "ask what changed, in fraud or in how it is labelled, before trusting figures of the past",
    ),
    Scale(
        "leakage", "leakage", "inputs_known_afterwards",
        "model inputs known only after the fact",
        (0, 0, 0, 0),
        lambda v: f"model inputs known only after the fact: {v:.0f}",
        "take them out of the mapping and name them under `ignore`",
    ),
    Scale(
        "leakage", "leakage", "inputs_nearly_certain",
        "model inputs that nearly tell fraud alone",
        (0, 0, 0, NEVER),
        lambda v: f"model inputs that nearly tell fraud alone: {v:.0f}",
        "make sure that they are known before the decision; if not, name them under `ignore`",
    ),
    Scale(
        "leakage", "leakage", "unmapped_suspects",
        "suspicious columns that the mapping neither uses nor ignores",
        (0, NEVER, NEVER, NEVER),
        lambda v: f"suspicious columns that are no inputs, yet not under `ignore` either: {v:.0f}",
        "name them under `ignore`, so that nobody maps them later",
    ),
)  # fmt: skip
"""A dimension's grade is the lowest of its scales."""

AT_BEST = {
    "completeness": "customer, merchant, local time and nearly all other fields are given",
    "validity": "no row is refused",
    "uniqueness": "every transaction_id comes once",
    "time": "the file spans three months or more and has no empty day",
    "size": "there are frauds enough in the file and in each window",
    "labels": "labels belong to these payments, have a delay, and nearly all have arrived",
    "stability": "volume, inputs and fraud share of the first weeks hold to the last",
    "leakage": "no suspicious column reaches the model",
}
"""The reason for a 5."""
