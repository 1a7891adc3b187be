"""The bundle that travels with the package is what its recipe makes."""

import json
from pathlib import Path

import pytest

from models.bundle import load_bundle
from training.demo_bundle import MOST_BYTES, PLACE, SIMULATION, demo_config, make_demo_bundle
from training.progress import Silent

pytestmark = pytest.mark.xdist_group("demo_bundle")  # groups begin first: this one takes long


def test_the_recipe_still_gives_what_the_shipped_bundle_learned_from(tmp_path: Path) -> None:
    """The same payments, windows and features to the last bit, all that comes before learning.

    Learning itself is cut short: it is compared where it takes seconds, and another processor
    would not give the same bits of it anyway.
    """
    recipe = demo_config()
    small = {"epochs": 1, "hidden": 8, "code": 2}
    quick = recipe.model_copy(
        update={
            "autoencoder": recipe.autoencoder.model_copy(update=small),
            "classifier": recipe.classifier.model_copy(
                update={"epochs": 1, "hidden": (8, 4), "bins_per_feature": 1, "refit": False}
            ),
            "baselines": recipe.baselines.model_copy(update={"enabled": False}),
        }
    )
    make_demo_bundle(tmp_path / "demo", SIMULATION, quick, Silent())
    shipped, rebuilt = load_bundle(PLACE), load_bundle(tmp_path / "demo")
    assert shipped.manifest["config"] == recipe.model_dump(mode="json")
    assert shipped.manifest["data"] == rebuilt.manifest["data"]
    assert shipped.spec == rebuilt.spec
    assert shipped.background.tobytes() == rebuilt.background.tobytes()
    features = [
        json.loads((path / "reference.json").read_text())["features"]
        for path in (PLACE, tmp_path / "demo")
    ]
    assert features[0] == features[1]


def test_the_shipped_bundle_is_small_enough_to_travel() -> None:
    """Under two megabytes, report included."""
    assert sum(file.stat().st_size for file in PLACE.iterdir()) < MOST_BYTES
