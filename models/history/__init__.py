"""Customer histories: payments in, point-in-time features out, both as columns.

`state.py` owns the arrays (one slot a customer), `kernel.py` walks a batch through them,
the other modules compute one group of features each.
"""

from models.history.histories import Histories

__all__ = ["Histories"]
