"""A bundle is loaded only as it was made."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plugins.bundles import NAMES, make_bundle, seal

from models.bundle import load_bundle
from models.errors import BundleRefused


def resealed(path: Path, **changed: Any) -> None:
    """Change entries of a manifest and seal it again."""
    seal(path, json.loads((path / "manifest.json").read_text()) | changed)


def refusal(path: Path) -> str:
    """Return why a bundle is refused: one line that names it."""
    with pytest.raises(BundleRefused) as caught:
        load_bundle(path)
    told = str(caught.value)
    assert str(path) in told
    assert "\n" not in told
    return told


def test_a_whole_bundle_is_loaded(tiny_bundle: Path) -> None:
    """What was written comes back, verified."""
    bundle = load_bundle(tiny_bundle)
    assert bundle.spec.names == NAMES
    assert bundle.threshold == np.float32(2.0)
    assert bundle.background.shape == (20, len(NAMES))
    assert bundle.bundle_id.startswith("tiny-")
    assert len(bundle.background_sha256) == 64


@pytest.mark.parametrize(
    "name", ["score.onnx", "background.npy", "risk_edges.npy", "reference.json", "report.json"]
)
def test_one_changed_byte_in_any_file_refuses_the_bundle(tiny_bundle: Path, name: str) -> None:
    """Every file is held to its hash, and the message names it."""
    file = tiny_bundle / name
    body = bytearray(file.read_bytes())
    body[-1] ^= 1
    file.write_bytes(body)
    assert f"{name} has changed" in refusal(tiny_bundle)


def test_a_changed_manifest_refuses_the_bundle(tiny_bundle: Path) -> None:
    """DONE holds the manifest's hash: no threshold can be edited in place."""
    file = tiny_bundle / "manifest.json"
    file.write_text(file.read_text().replace('"threshold": 2.0', '"threshold": 9.0'))
    assert "manifest.json has changed" in refusal(tiny_bundle)


def test_a_missing_file_refuses_the_bundle(tiny_bundle: Path) -> None:
    """A copy that lost a file is told which."""
    (tiny_bundle / "background.npy").unlink()
    assert "background.npy is missing" in refusal(tiny_bundle)


@pytest.mark.parametrize("name", ["DONE", "manifest.json"])
def test_an_unfinished_bundle_is_refused(tiny_bundle: Path, name: str) -> None:
    """DONE is written last: without it the training did not end."""
    (tiny_bundle / name).unlink()
    assert "not complete" in refusal(tiny_bundle)


def test_no_directory_at_all_is_refused(tmp_path: Path) -> None:
    """A wrong path is answered with what to do."""
    assert "no such directory" in refusal(tmp_path / "nowhere")


def test_a_bundle_of_another_kernel_is_refused(tiny_bundle: Path) -> None:
    """Features of another kernel version would mean something else."""
    spec = json.loads((tiny_bundle / "manifest.json").read_text())["feature_spec"]
    resealed(tiny_bundle, feature_spec=spec | {"kernel_version": 99})
    assert "made for feature kernel 99" in refusal(tiny_bundle)


@pytest.mark.parametrize("field", ["name", "unit"])
def test_a_feature_the_catalogue_does_not_have_is_refused(tiny_bundle: Path, field: str) -> None:
    """A feature of another name, or of the same name and another meaning, is not guessed at."""
    spec = json.loads((tiny_bundle / "manifest.json").read_text())["feature_spec"]
    spec["features"][0][field] = "surprise"
    resealed(tiny_bundle, feature_spec=spec)
    assert "unknown or means something else" in refusal(tiny_bundle)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"format": 2}, "format 2"),
        ({"bundle_id": "tiny-000000000000"}, "does not follow from its files"),
        ({"tile": 0}, "tile 0"),
        ({"threshold": float("nan")}, "threshold nan"),
        ({"threshold_at_risk": -5.0}, "threshold_at_risk -5.0"),
        ({"tile": "many"}, "not written as this version reads it"),
        ({"feature_spec": {}}, "not written as this version reads it"),
        ({"files": {}}, "lacks score.onnx"),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(
    tiny_bundle: Path, changed: dict[str, Any], told: str
) -> None:
    """Sealed nonsense is still nonsense, and never a stack trace."""
    resealed(tiny_bundle, **changed)
    assert told in refusal(tiny_bundle)


def test_an_unfit_background_is_refused(tmp_path: Path) -> None:
    """Explanations compare with it: its columns must be the model's, its values numbers."""
    narrow = np.zeros((3, 2), np.float32)
    assert "background" in refusal(make_bundle(tmp_path / "narrow", background=narrow))
    holes = np.full((3, len(NAMES)), np.nan, np.float32)
    assert "background" in refusal(make_bundle(tmp_path / "holes", background=holes))
    none = np.zeros((0, len(NAMES)), np.float32)
    assert "background" in refusal(make_bundle(tmp_path / "none", background=none))


def test_a_file_changed_after_loading_is_not_used(tiny_bundle: Path) -> None:
    """A graph is verified again when it is read."""
    bundle = load_bundle(tiny_bundle)
    (tiny_bundle / "score.onnx").write_bytes(b"other")
    with pytest.raises(BundleRefused, match=r"score\.onnx has changed"):
        bundle.graph("score.onnx")


def test_the_id_follows_from_what_the_model_is(tmp_path: Path) -> None:
    """Another weight is another bundle; another report is not."""
    first = make_bundle(tmp_path / "a")
    same = make_bundle(tmp_path / "b")
    other = make_bundle(tmp_path / "c", weights=[1, 2, 3, 4, 5])
    assert load_bundle(first).bundle_id == load_bundle(same).bundle_id
    assert load_bundle(first).bundle_id != load_bundle(other).bundle_id
