"""A bundle: everything a model needs to score and explain, in one directory, hashed.

    manifest.json     what it is, where it comes from, and the hash of every other file
    score.onnx        features in natural units → calibrated log-odds, anomaly, reconstruction
    background.npy    genuine payments, to tell what is typical
    compared.npy      the few of them that stand for genuine payments in explanations
    deeplift.onnx     features, compared row → contributions by the rescale rule
    encoding.onnx     features → encoded features, and the state before the first units
    first_layer.npz   what each encoded feature adds to that state
    slopes.onnx       state → log-odds, and how steep they are there
    risk_edges.npy    log-odds at which the risk score rises by one
    reference.json    histograms of features and scores when the model was made
    DONE              the manifest's hash, written last

Those from compared.npy to slopes.onnx make explanations fast and come together; a bundle without
them is explained through its score graph. A bundle is loaded only if DONE and all hashes match
and its kernel is this one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.catalogue import CATALOGUE, KERNEL_VERSION
from models.errors import BundleRefused
from models.features import FeatureSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
RISK_LEVELS = 1000
REQUIRED = ("score.onnx", "background.npy", "risk_edges.npy", "reference.json")
COMPARED = "compared.npy"
DEEPLIFT, ENCODING, FIRST_LAYER, SLOPES = (
    "deeplift.onnx", "encoding.onnx", "first_layer.npz", "slopes.onnx",
)  # fmt: skip
EXPLAINED_BY = (COMPARED, DEEPLIFT, ENCODING, FIRST_LAYER, SLOPES)
"""Files that explanations are made with: all of them, or none."""
COMPARED_ROWS = 25
"""Rows of the background set, evenly spaced, that are compared with where none are chosen."""
PICTURES = ("importance.png", "beeswarm.png", "dependence.png", "segments.png")
NOT_IDENTITY = ("report.json", "report.html", "card.md", "datasheet.md", *PICTURES)
"""Files that describe a model without being part of it: they do not change its id."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A verified bundle. Explanations compare with the rows `compared`, (B, F).

    `threshold` is in log-odds: a payment at or above it is flagged.

    With a `threshold_at_risk` (money, in the reporting currency) a payment is flagged when
    probability x amount reaches that, and `threshold` counts where the amount is not known.
    """

    path: Path
    bundle_id: str
    manifest: dict[str, Any]
    spec: FeatureSpec
    tile: int
    threshold: np.float32
    threshold_at_risk: float | None
    background: NDArray[np.float32]
    compared: NDArray[np.float32]
    risk_edges: NDArray[np.float32]
    reference: dict[str, Any]

    @property
    def background_sha256(self) -> str:
        """Digest of the file with the rows compared with, quoted in every explanation."""
        name = COMPARED if self.has_explanation_graphs else "background.npy"
        return str(self.manifest["files"][name]["sha256"])

    @property
    def has_explanation_graphs(self) -> bool:
        """Whether explanations have graphs of their own, or only the score graph."""
        return COMPARED in self.manifest["files"]

    def graph(self, name: str) -> bytes:
        """Return an ONNX file of the bundle, verified again. Raises BundleRefused."""
        return read_verified(self.path, name, self.manifest["files"][name]["sha256"])


def bundle_id(name: str, files: dict[str, dict[str, Any]]) -> str:
    """Return the id of a bundle: its name and a digest of the files that make it what it is."""
    lines = sorted(
        f"{file}:{entry['sha256']}" for file, entry in files.items() if file not in NOT_IDENTITY
    )
    return f"{name}-{hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:12]}"


def load_bundle(path: str | Path) -> Bundle:
    """Read and verify a bundle. Raises BundleRefused with the reason."""
    path = Path(path)
    try:
        return _loaded(path, read_manifest(path))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        why = f"it is not written as this version reads it ({error!r}); train it again"
        raise BundleRefused(path, why) from error


def _loaded(path: Path, manifest: dict[str, Any]) -> Bundle:
    for name, entry in manifest["files"].items():
        read_verified(path, name, entry["sha256"])
    missing = [name for name in REQUIRED if name not in manifest["files"]]
    if missing:
        raise BundleRefused(path, f"its manifest lacks {', '.join(missing)}; train it again")
    partly = [name for name in EXPLAINED_BY if name in manifest["files"]]
    if partly and len(partly) < len(EXPLAINED_BY):
        lacking = ", ".join(sorted(set(EXPLAINED_BY) - set(partly)))
        raise BundleRefused(
            path, f"its manifest has {partly[0]} and lacks {lacking}; train it again"
        )
    if manifest["bundle_id"] != bundle_id(manifest["name"], manifest["files"]):
        raise BundleRefused(path, "its id does not follow from its files; train it again")
    spec = _spec(path, manifest)
    background = _rows_like(path, "background.npy", spec)
    step = max(1, len(background) // COMPARED_ROWS)
    compared = _rows_like(path, COMPARED, spec) if partly else background[::step][:COMPARED_ROWS]
    risk_edges = np.load(path / "risk_edges.npy", allow_pickle=False)
    if risk_edges.shape != (RISK_LEVELS,) or not np.all(np.diff(risk_edges) > 0):
        raise BundleRefused(path, "risk_edges must be 1,000 increasing log-odds; train it again")
    tile, threshold = int(manifest["tile"]), np.float32(manifest["threshold"])
    if tile < 1 or not np.isfinite(threshold):
        raise BundleRefused(path, f"tile {tile} or threshold {threshold} is none; train it again")
    at_risk = manifest.get("threshold_at_risk")
    if at_risk is not None and not 0 < at_risk < np.inf:
        raise BundleRefused(
            path, f"threshold_at_risk {at_risk} is no amount of money; train it again"
        )
    return Bundle(
        path=path,
        bundle_id=manifest["bundle_id"],
        manifest=manifest,
        spec=spec,
        tile=tile,
        threshold=threshold,
        threshold_at_risk=None if at_risk is None else float(at_risk),
        background=background,
        compared=compared,
        risk_edges=risk_edges,
        reference=json.loads((path / "reference.json").read_text()),
    )


def _rows_like(path: Path, name: str, spec: FeatureSpec) -> NDArray[np.float32]:
    """Return the rows of a file, (n, F). Raises BundleRefused if they are none of this spec."""
    rows: NDArray[np.float32] = np.load(path / name, allow_pickle=False)
    fits = rows.dtype == np.float32 and rows.shape[1:] == (len(spec.features),)
    if not fits or not len(rows) or not np.isfinite(rows).all():
        raise BundleRefused(path, f"{name} of shape {rows.shape} does not fit; train it again")
    return rows


def read_verified(path: Path, name: str, sha256: str) -> bytes:
    """Return a file's bytes. Raises BundleRefused if they are not those of its hash."""
    file = path / name
    if not file.is_file():
        raise BundleRefused(path, f"file {name} is missing; copy the bundle again, whole")
    body = file.read_bytes()
    found = hashlib.sha256(body).hexdigest()
    if found != sha256:
        raise BundleRefused(
            path,
            f"file {name} has changed since it was made (hash {found[:12]}, "
            f"manifest {sha256[:12]}); copy the bundle again",
        )
    return body


def read_manifest(path: Path) -> dict[str, Any]:
    """Return a bundle's manifest, held to DONE. Raises BundleRefused."""
    if not path.is_dir():
        raise BundleRefused(path, "no such directory; train one or name another bundle")
    done, file = path / "DONE", path / "manifest.json"
    if not file.is_file() or not done.is_file():
        raise BundleRefused(path, "it is not complete (manifest.json or DONE is missing)")
    body = file.read_bytes()
    if done.read_text().strip() != hashlib.sha256(body).hexdigest():
        raise BundleRefused(path, "manifest.json has changed since DONE was written; copy it again")
    try:
        manifest = json.loads(body)
    except ValueError as error:
        raise BundleRefused(path, f"manifest.json is not JSON ({error}); train it again") from error
    if not isinstance(manifest, dict):
        raise BundleRefused(path, "manifest.json is no object; train it again")
    if manifest.get("format") != FORMAT:
        raise BundleRefused(
            path, f"format {manifest.get('format')}, this version reads {FORMAT}; train it again"
        )
    return manifest


def _spec(path: Path, manifest: dict[str, Any]) -> FeatureSpec:
    spec = FeatureSpec.from_json(manifest["feature_spec"])
    if spec.kernel_version != KERNEL_VERSION:
        raise BundleRefused(
            path,
            f"made for feature kernel {spec.kernel_version}, this is kernel {KERNEL_VERSION}; "
            "train it again or run the version it was made for",
        )
    known = {f.name: f for f in CATALOGUE}
    known |= {f.name: f for attribute in spec.attributes for f in attribute.features()}
    for feature in spec.features:
        if known.get(feature.name) != feature:
            raise BundleRefused(
                path, f"feature {feature.name!r} is unknown or means something else; train it again"
            )
    return spec
