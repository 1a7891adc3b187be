"""Sending dead letters in again, the way they came, as far as a shadow may.

What came by HTTP is scored again; a label goes to the label topic again. Transactions and
legacy decisions come from topics that Penumbra cannot write to and must not: they are handed to
the topic of redrives, with where they came from in their headers, and the owner of the topic sends
them back. A record whose card numbers were masked is not what it was and stays where it is.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from service.stream.ports import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from service.ledger import DeadLetter, Ledger
    from service.settings import Settings

HTTP = "http"

_MASKED = re.compile(rb"\d{6}\*{2,}\d{4}")
"""A card number as `models/cards.py` masks it."""
SCORED, RELABELLED, HANDED_BACK, LEFT = "taken again", "labels sent", "handed back", "left"


def redrive(
    ledger: Ledger,
    settings: Settings,
    letters: Iterable[DeadLetter],
    *,
    score: Callable[[bytes], None],
    publish: Callable[[str, Sequence[Outgoing]], None],
) -> Mapping[str, int]:
    """Send dead letters in again and mark them; return how many went which way.

    Raises what `score` or `publish` raise: those before are marked, the others are not.
    """
    done: Counter[str] = Counter()
    for one in letters:
        way = _way(one, settings)
        if way == SCORED:
            score(one.payload)
        elif way == RELABELLED:
            publish(settings.topic_fraud_labels, [Outgoing(one.key, one.payload)])
        elif way == HANDED_BACK:
            publish(settings.topic_redrive, [Outgoing(one.key, one.payload, _whence(one))])
        if way != LEFT:
            ledger.mark_redriven([one.id])
        done[way] += 1
    return done


def _way(one: DeadLetter, settings: Settings) -> str:
    if one.redriven_ms is not None or _MASKED.search(one.payload):
        return LEFT
    if one.stream == HTTP:
        return SCORED
    return RELABELLED if one.stream == settings.topic_fraud_labels else HANDED_BACK


def _whence(one: DeadLetter) -> list[tuple[str, bytes | None]]:
    return [
        ("source_topic", one.stream.encode()),
        ("source_partition", str(one.partition).encode()),
        ("source_offset", b"" if one.offset is None else str(one.offset).encode()),
        ("reason", one.reason.encode()),
        ("dead_letter_id", str(one.id).encode()),
    ]
