"""The bundle that travels with the package is what its recipe makes."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.bundle import load_bundle
from models.intake import Intake
from models.mapping import Mapping
from training.background import background
from training.data_facts import data_facts
from training.dataset import build_dataset
from training.demo_bundle import MOST_BYTES, PLACE, SIMULATION, demo_config, simulate
from training.progress import Silent
from training.reference import reference
from training.source import before, labels_of, read_source
from training.window_facts import window_facts
from training.work import load_rates

pytestmark = pytest.mark.xdist_group("demo_bundle")  # groups begin first: this one takes long


def test_the_recipe_still_gives_what_the_shipped_bundle_learned_from(tmp_path: Path) -> None:
    """The same payments, windows and features to the last bit, all that comes before learning.

    Learning itself is compared where it takes seconds, and another processor would not give the
    same bits of it anyway.
    """
    config, mapping, shipped = demo_config(), Mapping.load("canonical"), load_bundle(PLACE)
    assert shipped.manifest["config"] == config.model_dump(mode="json")
    simulate(tmp_path, SIMULATION)
    exchange = load_rates(tmp_path / "rates.csv", config.reporting_currency)
    source = read_source(
        tmp_path / "data" / "transactions.parquet",
        mapping=mapping,
        labels=tmp_path / "data" / "labels.parquet",
        intake=Intake(rates=exchange, id_formats=config.id_formats),
        now_ms=2**42,
    )
    source = before(source, config.windows.until)
    known = labels_of(source, mapping)
    data = build_dataset(source.transactions, known, source.attributes, config, Silent())
    facts = data_facts(source, known, mapping, exchange) | {"windows": window_facts(data)}
    assert shipped.manifest["data"] == json.loads(json.dumps(facts))
    assert shipped.spec == data.spec
    rows = data.within(data.windows.train)
    drawn = background(data.features[rows], data.fraud[rows], config.seed)
    assert shipped.background.tobytes() == drawn.tobytes()
    rows = data.within(data.windows.judged)
    nothing = np.zeros(len(rows), np.float32)
    told = reference(
        data.spec.names, data.features[rows], data.fraud[rows], nothing, nothing,
        np.linspace(0, 1, 999, dtype=np.float32),
    )  # fmt: skip
    assert shipped.reference["features"] == json.loads(json.dumps(told["features"]))


def test_the_shipped_bundle_is_small_enough_to_travel() -> None:
    """Under two megabytes, report included."""
    assert sum(file.stat().st_size for file in PLACE.iterdir()) < MOST_BYTES
