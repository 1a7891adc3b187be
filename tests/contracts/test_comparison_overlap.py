"""Legacy rules beside the model's reasons, in the flags that are explained."""

import json

from builders.ledger_rows import START_MS, legacy_rows, own, scored

from service.comparison.overlap import NO_RULE, overlap
from service.comparison.windows import Window
from service.ledger import ExplanationRows, Ledger
from service.ledger.facts import DAY_MS

DAY = START_MS // DAY_MS


def body(**contributions: float) -> bytes:
    """Return an explanation with these contributions."""
    facts = [{"feature": name, "contribution": worth} for name, worth in contributions.items()]
    return json.dumps({"base_value": 0, "contributions": facts}).encode()


def test_rules_and_reasons_are_counted_where_they_stand_together(ledger: Ledger) -> None:
    """The three strongest upward contributions are reasons; without a rule it says so."""
    ids = ["t1", "t2", "t3"]
    batch = scored(ids, next_offset=3, flagged=[0, 1, 2], legacy=legacy_rows(ids[:1], 3, "inline"))
    lease = ledger.commit(own(ledger), batch)
    silent = legacy_rows(ids[1:2], 0)
    silent = type(silent)(**{n: getattr(silent, n) for n in silent.__slots__} | {"rules": [()]})
    ledger.commit(lease, scored([], next_offset=4, legacy=silent, scores=[]))
    ledger.save_explanations(
        ExplanationRows(
            ["alert-t1", "alert-t2", "alert-t3"],
            [body(amount=2, night=1, hour=0.5, country=0.1), body(amount=1, night=-3), body(a=1)],
            ["deeplift"] * 3,
            START_MS,
        )
    )
    found = overlap(ledger, Window(DAY, DAY))
    assert found.flags == 2
    assert found.rules == {"amount_high": 1, "night": 1, NO_RULE: 1}
    assert found.reasons == {"amount": 2, "night": 1, "hour": 1}
    assert found.both["amount_high", "amount"] == found.both[NO_RULE, "amount"] == 1
    assert (NO_RULE, "night") not in found.both
    assert overlap(ledger, Window(DAY + 1, DAY + 2)).flags == 0
