"""The figures in which the simulation is compared with the handbook's data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DAYS = 60


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name, the handbook's value, and what the simulation may differ by.

    handbook: of its first 60 days. within: largest relative difference allowed. bound: where
    the simulation differs on purpose, the range it must be in. why: the purpose.
    """

    name: str
    handbook: float
    within: float | None = None
    bound: tuple[float, float] | None = None
    why: str = ""

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value a simulation may have."""
        if self.bound is not None:
            return self.bound
        return self.handbook * (1 - (self.within or 0)), self.handbook * (1 + (self.within or 0))

    def holds(self, value: float) -> bool:
        """Whether a simulated value is as it should be."""
        low, high = self.range
        return low <= value <= high


HANDBOOK_HOURS = np.array([
    0.0087, 0.0124, 0.0173, 0.0230, 0.0299, 0.0372, 0.0454, 0.0535,
    0.0607, 0.0665, 0.0721, 0.0733, 0.0740, 0.0714, 0.0666, 0.0610,
    0.0534, 0.0455, 0.0376, 0.0299, 0.0227, 0.0169, 0.0125, 0.0086,
])  # fmt: skip
"""The handbook's share of payments by hour of the day, 0 to 23."""
_TAIL = "real spending has a long tail; the handbook's amounts are cut off near two means"
_CLUSTER = "errands and sprees come close together; the handbook's payments are independent"
_FAME = "some merchants are famous, customers have favourites; the handbook draws evenly"
_NIGHT = "shops close and people sleep; the handbook's clock is a normal curve"
FIGURES = (
    Figure("payments a customer a day, mean", 1.928, within=0.10),
    Figure("payments a customer a day, standard deviation", 1.130, within=0.15),
    Figure("hours between payments, lower quartile", 2.160, bound=(0.8, 2.4), why=_CLUSTER),
    Figure("hours between payments, median", 6.026, within=0.20),
    Figure("hours between payments, upper quartile", 15.862, within=0.25),
    Figure("mean amount of a customer, lower quartile (EUR)", 28.718, within=0.40),
    Figure("mean amount of a customer, median (EUR)", 53.000, within=0.15),
    Figure("mean amount of a customer, upper quartile (EUR)", 78.114, within=0.20),
    Figure("amount, median (EUR)", 44.630, bound=(22, 45), why=_TAIL),
    Figure("amount, 95th percentile (EUR)", 130.860, bound=(130, 300), why=_TAIL),
    Figure("amount, 99th percentile (EUR)", 171.259, bound=(300, 900), why=_TAIL),
    Figure("sd / mean of a customer's amounts, median", 0.461, bound=(0.9, 1.8), why=_TAIL),
    Figure("hour of day, total variation distance", 0.0, bound=(0, 0.16), why=_NIGHT),
    Figure("share of payments from 0 to 6 h", 0.128, bound=(0.04, 0.13), why=_NIGHT),
    Figure("merchants of a customer, median", 57.0, within=0.20),
    Figure("share of a customer's five favourites, median", 0.187, bound=(0.2, 0.45), why=_FAME),
    Figure("share of the busiest 1 % of merchants", 0.018, bound=(0.05, 0.25), why=_FAME),
    Figure("share of the busiest 10 % of merchants", 0.147, bound=(0.3, 0.65), why=_FAME),
    Figure("frauds among payments", 0.0074, within=0.25),
    Figure("customers with a fraud", 0.329, within=0.40),
)
"""Every figure is of 60 days."""
