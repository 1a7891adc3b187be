"""One way to log: structured lines on stderr, at the level asked for."""

from __future__ import annotations

import logging
import sys

import structlog


def log_to_stderr(*, verbose: bool) -> None:
    """Send log lines to stderr: all of them, or with `verbose` off only warnings and worse."""
    level = logging.INFO if verbose else logging.WARNING
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # The Kafka client reports each reconnection as an error; ours say what matters.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
