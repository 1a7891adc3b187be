"""A text column as one run of bytes: the cheap way to show many short texts to a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Joined(NamedTuple):
    """n texts in UTF-8, one after the other; row i is `data[ends[i - 1] : ends[i]]`.

    A missing text is empty.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]


def joined(values: Sequence[str | None] | NDArray[Any]) -> Joined:
    """Return a column of texts (None allowed) as one run of bytes."""
    texts: list[Any] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if None in texts:
        texts = ["" if text is None else text for text in texts]
    body = "".join(texts)
    data = body.encode()
    if len(data) == len(body):
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    else:
        lengths = np.array([len(text.encode()) for text in texts], np.int64)
    return Joined(np.frombuffer(data, np.uint8), np.cumsum(lengths))


def rows_with_nul(texts: Joined) -> NDArray[np.int64]:
    """Return the rows that hold the character U+0000, which some stores cannot keep."""
    return np.unique(np.searchsorted(texts.ends, np.flatnonzero(texts.data == 0), side="right"))
