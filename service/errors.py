"""Every error the service can meet, beside those of the kernel (models/errors.py).

PenumbraError
├── CaseUnknown              there is no such case (or decision)
├── CaseRefused              this person may not do that to this case now; the message says why
└── LedgerError
    ├── LedgerUnavailable    the database does not answer or is busy: the same call may be retried
    ├── LedgerRefused        this database cannot be used as it is: an operator has to act
    ├── OwnershipLost        another worker took the partition over; nothing was written
    ├── WarmUnfinished       `penumbra warm` was interrupted: the past is there in part
    ├── TransactionConflict  a transaction of the batch is recorded already; nothing was written
    └── AccountingBroken     a batch's counters do not explain each record; nothing was written

Each message is one line: what happened, where, and how to mend it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import PenumbraError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class CaseUnknown(PenumbraError):
    """There is no case, alert or decision of this id."""

    def __init__(self, subject: str) -> None:
        super().__init__(f"there is no {subject!r} among the cases; look for it in the queue")


class CaseRefused(PenumbraError):
    """A case cannot be changed so, by this person, now."""


class LedgerError(PenumbraError):
    """Something about the ledger."""


class LedgerUnavailable(LedgerError):
    """The database does not answer, is locked, or dropped the connection.

    Transient: every call of the ledger may be repeated with the same arguments after it.
    """

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"ledger {where} is unavailable: {why}; "
            "see that the database runs and that PENUMBRA_DATABASE_URL names it"
        )
        self.why = why


class LedgerRefused(LedgerError):
    """The database answers but is not one this version can keep its ledger in."""

    def __init__(self, where: str, why: str, fix: str) -> None:
        super().__init__(f"ledger {where} refused: {why}; {fix}")


class OwnershipLost(LedgerError):
    """The lease is no longer the partition's newest: nothing of the call was written."""

    def __init__(self, stream: str, partition: int, *, epoch: int, found: str) -> None:
        super().__init__(
            f"{stream}/{partition} is no longer ours: held epoch {epoch}, ledger shows {found}; "
            "drop the partition's state and acquire it again"
        )
        self.stream = stream
        self.partition = partition
        self.epoch = epoch


class WarmUnfinished(LedgerError):
    """A partition has past transactions, and neither the seals nor the histories they lead to."""

    def __init__(self, stream: str, partition: int) -> None:
        super().__init__(
            f"{stream}/{partition}: warming did not finish there, its histories are not whole; "
            "delete the ledger and the state folder, and warm again"
        )


class TransactionConflict(LedgerError):
    """Transaction ids of a batch are in the ledger already, or twice in the batch."""

    def __init__(self, stream: str, partition: int, transaction_ids: Sequence[str]) -> None:
        super().__init__(
            f"{stream}/{partition}: {len(transaction_ids)} transaction ids are recorded already "
            f"(first: {transaction_ids[0]!r}); look up existing ids and send the batch again"
        )
        self.transaction_ids = tuple(transaction_ids)


class AccountingBroken(LedgerError):
    """Consumed is not the sum of what became of the records: a defect of the caller."""

    def __init__(self, stream: str, partition: int, counters: Mapping[str, int]) -> None:
        shown = ", ".join(f"{name}={count}" for name, count in counters.items() if count)
        super().__init__(
            f"{stream}/{partition}: consumed is not scored + unscored + duplicates + not_scored "
            f"+ kept + dead_letters ({shown}); count each record once"
        )
