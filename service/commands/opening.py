"""A ledger that may still be starting, and who opened it."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from service.retrying import patiently

if TYPE_CHECKING:
    from service.ledger import Ledger
    from service.ledger.audit import By
    from service.settings import Settings


def at_the_keyboard(name: str | None = None) -> By:
    """Return who acts by command, as the audit log has it: this machine's user unless named."""
    from service.ledger.audit import By  # noqa: PLC0415

    return By(name or getpass.getuser(), "command line")


def open_ledger(settings: Settings) -> Ledger:
    """Open the ledger that the settings name, `connect_attempts` times at most.

    Raises LedgerUnavailable or LedgerRefused.
    """
    from service.ledger import Ledger  # noqa: PLC0415 - slow, and not for `--help`

    return patiently(lambda: Ledger.open(settings.ledger_url), limit=settings.connect_attempts)
