"""A ledger that may still be starting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.retrying import patiently

if TYPE_CHECKING:
    from service.ledger import Ledger
    from service.settings import Settings


def open_ledger(settings: Settings) -> Ledger:
    """Open the ledger that the settings name, `connect_attempts` times at most.

    Raises LedgerUnavailable or LedgerRefused.
    """
    from service.ledger import Ledger  # noqa: PLC0415 - slow, and not for `--help`

    return patiently(lambda: Ledger.open(settings.ledger_url), limit=settings.connect_attempts)
