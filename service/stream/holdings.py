"""What a member of a group holds, and where it stands in each partition.

The part of the offset contract (see `ports`) that is the same for every client library.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from service.stream.ports import Partition, Rebalanced, Record
from service.stream.proof import OffsetProof


class Holdings:
    """Partitions held, positions, and rebalances their owner has not been told of yet."""

    def __init__(self) -> None:
        self.positions: dict[Partition, int | None] = {}
        self._changes: deque[tuple[bool, list[Partition]]] = deque()
        self._moved: set[Partition] = set()
        self._proof = OffsetProof()
        self._on_assign: Rebalanced = _nobody
        self._on_revoke: Rebalanced = _nobody

    def belong_to(self, on_assign: Rebalanced, on_revoke: Rebalanced) -> None:
        """Name the owner's callbacks."""
        self._on_assign, self._on_revoke = on_assign, on_revoke

    def gained(self, partitions: Iterable[Partition]) -> None:
        """Note partitions that are ours now. From any thread; told at the next `tell`."""
        self._changes.append((True, sorted(partitions)))

    def lost(self, partitions: Iterable[Partition]) -> None:
        """Note partitions that are ours no more. From any thread; told at the next `tell`."""
        self._changes.append((False, sorted(partitions)))

    def replaced(self, topics: set[str]) -> list[Partition]:
        """Note that these topics are others now; return the partitions held of them."""
        affected = sorted(each for each in self.positions if each[0] in topics)
        if affected:
            self.lost(affected)
            self.gained(affected)
        return affected

    def tell(self) -> None:
        """Tell the owner of rebalances, in their order, on the thread that calls this."""
        while self._changes:
            gained, partitions = self._changes.popleft()
            if gained:
                self.positions.update(dict.fromkeys(partitions))
                if partitions:
                    self._on_assign(partitions)
                continue
            held = [each for each in partitions if each in self.positions]
            for each in held:
                del self.positions[each]
                self._proof.forget(each)
            if held:
                self._on_revoke(held)

    def begin(self) -> None:
        """Begin a poll: from here on a seek makes records already read obsolete."""
        self._moved.clear()

    def sought(self, partition: Partition, offset: int) -> None:
        """Note where the owner wants to read; proof that it exists is pending."""
        self.positions[partition] = offset
        self._moved.add(partition)
        self._proof.sought(partition)

    def accept(self, batches: Mapping[Partition, list[Record]]) -> dict[Partition, list[Record]]:
        """Return the batches that may be handed out, and move their positions past them."""
        accepted = {
            partition: batch
            for partition, batch in batches.items()
            if self.positions.get(partition) is not None and partition not in self._moved
        }
        for partition, batch in accepted.items():
            self.positions[partition] = batch[-1].offset + 1
            self._proof.forget(partition)
        return accepted

    def proven(self, partition: Partition) -> None:
        """Note that the position is known to exist."""
        self._proof.forget(partition)

    def beyond(self, end_of: Callable[[Partition], int | None]) -> Partition | None:
        """Return a partition whose position lies beyond its log, if one is known to."""
        for partition in self._proof.pending():
            position = self.positions.get(partition)
            if position is not None and self._proof.refuted(partition, position, end_of(partition)):
                return partition
        return None


def _nobody(partitions: list[Partition]) -> None:
    """Stand in for an owner before `subscribe`."""
