"""What would have changed a flag, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from models.reasons.groups import group_of
from models.transaction import CHANNELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.reasons.sentences import Sentences
    from models.whatif.edits import Edit
    from models.whatif.search import Answer

_SIZES = ("one", "two", "three")
_ORDER = ("first", "second", "third")


def counterfactual(answer: Answer, sentences: Sentences) -> dict[str, Any]:
    """Return the parts of an explanation that say what would have changed the flag.

    `counterfactual` lists the changes, each from what and to what, empty where none was found;
    `what_if` says in one sentence what they come to, or that none was found and why.
    """
    changes = [_change(edit, sentences) for edit in answer.edits]
    say = sentences.wording.say
    if changes:
        parts = dict(zip(_ORDER, (one["text"] for one in changes), strict=False))
        text = say("what_if", _SIZES[len(changes) - 1], **parts)
    else:
        text = say("what_if", "none_found" if answer.known else "no_history")
    found = {"found": bool(changes), "log_odds": answer.log_odds, "text": text}
    return {"counterfactual": changes, "what_if": found}


def _change(edit: Edit, sentences: Sentences) -> dict[str, Any]:
    before, after = _told(edit, edit.before, sentences), _told(edit, edit.after, sentences)
    text = sentences.wording.say(
        "what_if", edit.case, name=sentences.name(edit.feature), to=after, **{"from": before}
    )
    return {
        "feature": edit.feature,
        "group": group_of(edit.feature),
        "from": before,
        "to": after,
        "text": text,
    }


def _told(edit: Edit, value: Any, sentences: Sentences) -> str | None:
    """Return what an edit changes from or to, as a person would say it; None for nothing."""
    if value is None or isinstance(value, str):
        return value
    shown = _SHOWN.get(edit.kind)
    return sentences.wording.count(float(value)) if shown is None else shown(value, sentences)


def _money(reporting_minor: Any, sentences: Sentences) -> str:
    """Return an amount of the reporting currency as so much of the payment's own."""
    facts = sentences.facts
    now = int(facts.rows.reporting_minor[facts.row])
    own, currency = facts.own_amount
    return sentences.wording.money(own * int(reporting_minor) / now, currency)


def _country(packed: Any, _sentences: Sentences) -> str:
    return letters(int(packed))


def _channel(code: Any, sentences: Sentences) -> str:
    return sentences.channel(CHANNELS[code] if code >= 0 else "unknown")


def _clock(hour: Any, sentences: Sentences) -> str:
    return sentences.clock(int(hour))


def _weekday(number: Any, sentences: Sentences) -> str:
    return sentences.weekday(int(number))


def _later(seconds: Any, sentences: Sentences) -> str | None:
    return sentences.wording.duration(float(seconds)) if seconds else None


_SHOWN: dict[str, Callable[[Any, Sentences], str | None]] = {
    "amount": _money,
    **dict.fromkeys(("place", "ip_country", "currency"), _country),
    "channel": _channel,
    "hour": _clock,
    "weekday": _weekday,
    "later": _later,
}


def letters(packed: int) -> str:
    """Return the ISO code that `packed_letters` packed."""
    digits = (packed // 729, packed // 27 % 27, packed % 27)
    return "".join(chr(64 + digit) for digit in digits if digit)
