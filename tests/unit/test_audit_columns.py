"""Fields called inputs are those that change a feature, and no others."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.intake import Intake
from models.labels import Labels
from models.mapping import Mapping
from models.mapping_file import MappingFile
from models.money import Rates
from models.replay import replay
from training.audit.columns import INPUT_FIELDS

ROWS = 80
OTHER: dict[str, tuple[Any, Any]] = {
    "currency": ("EUR", "USD"),
    "billing_currency": ("EUR", "USD"),
    "type": ("authorisation", "account_verification"),
    "channel": ("ecommerce", "atm"),
    "mcc": ("5411", "5812"),
    "country": ("DE", "FR"),
    "ip_country": ("DE", "FR"),
    "time_zone": ("Europe/Berlin", "Asia/Tokyo"),
    "outcome": ("approved", "declined"),
    "authentication": (json.dumps({"result": "success"}), json.dumps({"result": "failure"})),
    "legacy": ("approve", "decline"),
    "latitude": (52.5, 48.1),
    "longitude": (13.4, 11.6),
}
FIELDS = sorted(
    name for name in MappingFile.model_fields if name not in {"label", "attributes", "ignore"}
)


def features(changed: str, *, times: int) -> np.ndarray[Any, Any]:
    """Return the features of payments; with `times` 1, a field is another in every third row."""
    rows = np.arange(ROWS)
    table: dict[str, Any] = {}
    for name in FIELDS:
        here = (rows % 3 == 1) * (times if name == changed else 0)
        if name in OTHER:
            table[name] = [OTHER[name][one] for one in here]
        elif name == "occurred_at":
            table[name] = 1_700_000_000 + 600 * rows + 300 * here
        elif name in {"amount", "billing_amount"}:
            table[name] = (1000 if name == "amount" else 3000) + rows + 5000 * here
        else:
            kept = rows if name == "transaction_id" else rows % 4
            table[name] = [f"{name}{one}" for one in kept + 100 * here]
    sources: dict[str, dict[str, Any]] = {name: {"column": name} for name in FIELDS}
    sources["authentication"]["json"] = True
    if changed not in {"billing_amount", "billing_currency"}:
        del sources["billing_amount"], sources["billing_currency"]  # they would hide the amount
    mapping = Mapping(MappingFile.model_validate(sources), "all")
    rates = Rates("EUR", "one", np.array([0]), {"USD": np.array([0.5])})
    found = mapping.apply(pl.DataFrame(table), intake=Intake(rates=rates), now_ms=2 * 10**12)
    assert not found.rejections
    return replay(found.transactions, Labels.none()).features


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_is_an_input_if_it_changes_a_feature(field: str) -> None:
    """The audit's list and the kernel agree, field by field."""
    changes = not np.array_equal(features(field, times=0), features(field, times=1))
    assert changes == (field in INPUT_FIELDS)
