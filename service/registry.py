"""The bundles there are: folders on disk are the register of all training runs.

A run writes its bundle whether or not its verdict was to ship the network, so that what was tried
is there to be compared. Nothing else is kept, and removing a folder strikes the run out.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.bundle import load_bundle, read_manifest, read_verified
from models.errors import BadInput, BundleRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PARTS = frozenset({"manifest.json", "DONE", "score.onnx"})
"""A folder with one of these is a bundle, or was to become one."""
HALF_WRITTEN = ".bundle-"
"""How folders begin in which a bundle is written before it is moved to its place."""
BOOSTING = "LightGBM"
ALERT_RATE = ("threshold", "judged", "figures", "alert_rate", "value")


@dataclass(frozen=True, slots=True)
class Run:
    """What a bundle says of the run that made it; None where it does not say.

    `refused` tells why it would not be loaded; what a changed manifest says is not repeated.
    """

    path: Path
    bundle_id: str | None
    created_at: str | None
    learned: tuple[str, str] | None
    judged: tuple[str, str] | None
    judged_window: str | None
    name: str | None
    changed: dict[str, Any] | None
    average_precision: float | None
    card_precision: float | None
    boosting: float | None
    verdict: str | None
    threshold: float | None
    budget: float | None
    alert_rate: float | None
    refused: str | None


def bundles_in(folders: Iterable[Path]) -> list[Run]:
    """Return every bundle in and under the folders, the oldest first, broken ones last.

    Raises BadInput for a folder that is not there.
    """
    paths: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise BadInput(f"{folder}: no such folder; name one that holds bundles")
        paths |= dict.fromkeys(_bundle_folders(folder))
    runs = [read_run(path) for path in paths]
    return sorted(runs, key=lambda run: (run.created_at is None, run.created_at or str(run.path)))


def read_run(path: Path) -> Run:
    """Return what a bundle says of its run; a broken one says why it is refused."""
    refused = None
    manifest: dict[str, Any] = {}
    try:
        manifest = read_manifest(path)
        load_bundle(path)
    except BundleRefused as error:
        refused = error.why
    except (OSError, ValueError) as error:
        refused = f"it cannot be read ({error}); copy the bundle again"
    report = _report(path, manifest)
    spans = _at(manifest, "data", "windows", "spans")
    judged_window = _at(manifest, "data", "windows", "judged")
    judged = _span(_at(spans, judged_window), _at(spans, judged_window))
    refit = _at(manifest, "config", "classifier", "refit")
    changed = _at(manifest, "config_changed")
    return Run(
        path=path,
        bundle_id=_text(manifest, "bundle_id"),
        created_at=_text(manifest, "created_at"),
        learned=_span(_at(spans, "train"), _at(spans, judged_window if refit else "train")),
        judged=judged,
        judged_window=judged_window if judged else None,
        name=_text(manifest, "name"),
        changed=changed if isinstance(changed, dict) else None,
        average_precision=_number(manifest, "metrics", "detection", "average_precision"),
        card_precision=_number(manifest, "metrics", "detection", "card_precision_100"),
        boosting=_boosting(report),
        verdict=_text(manifest, "verdict", "why"),
        threshold=_number(manifest, "threshold"),
        budget=_number(manifest, "alert_rate"),
        alert_rate=_number(report, *ALERT_RATE),
        refused=refused,
    )


def find_run(asked: str, folders: Iterable[Path]) -> Run:
    """Return the run of a bundle named by its folder or by its id. Raises BadInput."""
    path = Path(asked)
    if path.is_dir():
        return read_run(path)
    places = list(folders)
    found = {run.bundle_id: run for run in bundles_in(places) if run.bundle_id}
    if asked not in found:
        known = ", ".join(sorted(found)) or "none"
        raise BadInput(
            f"no bundle {asked} in {', '.join(map(str, places))}; there are: {known}; "
            "give its folder"
        )
    return found[asked]


def _bundle_folders(folder: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(folder):
        if PARTS & set(files):
            folders.clear()
            yield Path(where)
        hidden = [one for one in folders if one.startswith(".") and HALF_WRITTEN not in one]
        for one in hidden:
            folders.remove(one)
        folders.sort()


def _report(path: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return report.json, empty where there is none or not the one that was written."""
    sha256 = _at(manifest, "files", "report.json", "sha256")
    if sha256 is None:
        return {}
    try:
        found = json.loads(read_verified(path, "report.json", sha256))
    except (BundleRefused, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _boosting(report: dict[str, Any]) -> float | None:
    for model in report.get("models") or ():
        if _at(model, "name") == BOOSTING:
            return _number(model, "detection", "average_precision")
    return None


def _span(first: Any, last: Any) -> tuple[str, str] | None:
    start, end = _text(first, "from"), _text(last, "to")
    return None if start is None or end is None else (start, end)


def _text(tree: Any, *names: str) -> str | None:
    found = _at(tree, *names)
    return found if isinstance(found, str) else None


def _number(tree: Any, *names: str) -> float | None:
    found = _at(tree, *names)
    return float(found) if isinstance(found, int | float) else None


def _at(tree: Any, *names: str | None) -> Any:
    """Return what lies under these names, None where a step is missing."""
    for name in names:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(name)
    return tree
