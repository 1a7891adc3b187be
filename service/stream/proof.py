"""Proof that the offset a consumer was told to read from exists.

Apache Kafka answers a fetch outside its log with an error. The embedded broker answers with
nothing, for ever; the end of the log that comes with the answer gives it away. An end may be older
than the seek, so a position beyond it is wrong only once it has stayed there for a while.
"""

import time

from service.stream.ports import Partition

_PATIENCE_S = 2.0


class OffsetProof:
    """Follows each sought partition until a record or the log's end proves the position."""

    def __init__(self) -> None:
        self._open: dict[Partition, float | None] = {}

    def sought(self, partition: Partition) -> None:
        """Expect proof for a new position."""
        self._open[partition] = None

    def forget(self, partition: Partition) -> None:
        """Expect none: a record came, or the partition is gone."""
        self._open.pop(partition, None)

    def pending(self) -> list[Partition]:
        """Return the partitions without proof."""
        return list(self._open)

    def refuted(self, partition: Partition, position: int, end: int | None) -> bool:
        """Whether the position is known to be beyond the log. `end` None: no answer yet."""
        if end is None:
            return False
        if position <= end:
            self.forget(partition)
            return False
        now = time.monotonic()
        since = self._open.get(partition)
        self._open[partition] = now if since is None else since
        return since is not None and now - since > _PATIENCE_S
