"""The payments that explanations compare with."""

import numpy as np
import numpy.typing as npt

ROWS = 100


def background(
    features: npt.NDArray[np.float32], fraud: npt.NDArray[np.bool_], seed: int
) -> npt.NDArray[np.float32]:
    """Return at most a hundred genuine ones of the rows (n, F), drawn with `seed`, in order."""
    genuine = np.flatnonzero(~fraud)
    rng = np.random.default_rng([seed, 3])
    rows: npt.NDArray[np.float32] = features[
        np.sort(rng.choice(genuine, min(ROWS, len(genuine)), replace=False))
    ]
    return rows
