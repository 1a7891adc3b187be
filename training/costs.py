"""What flags and missed frauds cost, in the reporting currency.

The cost matrix of Bahnsen, Aouada and Ottersten, "Example-dependent cost-sensitive logistic
regression" (ICMLA 2014): a missed fraud costs its amount, a flag its review. A genuine customer
who is bothered costs something too.
"""

import numpy as np
import numpy.typing as npt

from training.config import CostConfig

Money = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]


def extra_of_flagging(cost: CostConfig, probability: Money, amount: Money) -> Money:
    """Return how much more than letting it pass flagging each payment is expected to cost, (n,).

    Negative where a flag saves money: where probability x amount outweighs review and friction.
    """
    flagging = cost.review_cost + cost.friction_cost * (1 - probability)
    return flagging - cost.loss_given_fraud * probability * amount


def spent(cost: CostConfig, fraud: Truth, flagged: Truth, amount: Money) -> Money:
    """Return what each payment cost, (n,), given what it turned out to be and its flag."""
    flagging = cost.review_cost + cost.friction_cost * ~fraud
    return np.where(flagged, flagging, cost.loss_given_fraud * amount * fraud)
