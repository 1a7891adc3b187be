"""Bounded retries that say, once an attempt and in one line, what they wait for."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import stamina
import structlog

from service.errors import LedgerUnavailable

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails

_WAIT_MAX_S = 5.0
LEDGER_ATTEMPTS = 8

Answer = TypeVar("Answer")


def attempts(on: type[Exception], *, limit: int) -> Iterator[stamina.Attempt]:
    """Return attempts to loop over, with growing pauses between: `with attempt: …`.

    Raises the last error once `limit` attempts have failed.
    """
    stamina.instrumentation.set_on_retry_hooks([_say])
    return iter(stamina.retry_context(on=on, attempts=limit, timeout=None, wait_max=_WAIT_MAX_S))


def patiently(ask: Callable[[], Answer], *, limit: int = LEDGER_ATTEMPTS) -> Answer:
    """Return the ledger's answer, asking again while it is unavailable.

    Only for calls that change nothing in memory before they raise. Raises the last
    LedgerUnavailable once `limit` attempts have failed.
    """
    stamina.instrumentation.set_on_retry_hooks([_say])
    caller = stamina.RetryingCaller(attempts=limit, timeout=None, wait_max=_WAIT_MAX_S)
    return caller.on(LedgerUnavailable)(ask)


def _say(details: "RetryDetails") -> None:
    structlog.get_logger("penumbra").warning(
        str(details.caused_by), attempt=details.retry_num, next_in_s=round(details.wait_for, 1)
    )
