"""Writing a bundle: every file hashed, DONE last, so that half a bundle is never a bundle."""

import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.bundle import FORMAT, bundle_id
from models.features import FeatureSpec
from training.errors import TrainingRefused


def refuse_occupied(out: Path) -> None:
    """Raise TrainingRefused when `out` holds something already: bundles are never overwritten."""
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise TrainingRefused(f"{out} is not empty; name another --out or remove it")


def write_bundle(
    out: Path,
    files: Mapping[str, bytes],
    *,
    name: str,
    spec: FeatureSpec,
    created_at: datetime,
    facts: Mapping[str, Any],
) -> str:
    """Write `files`, the manifest with `facts`, and DONE; return the bundle's id.

    Everything is written beside `out` first and moved there whole.
    """
    refuse_occupied(out)
    entries = {
        file: {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
        for file, body in sorted(files.items())
    }
    identity = bundle_id(name, entries)
    manifest = {
        "format": FORMAT,
        "name": name,
        "bundle_id": identity,
        "created_at": created_at.isoformat(),
        "kernel_version": spec.kernel_version,
        "feature_spec": spec.to_json(),
        "feature_spec_sha256": spec.sha256,
        **facts,
        "files": entries,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundle-") as folder:
        work = Path(folder) / "bundle"
        work.mkdir()
        for file, body in files.items():
            (work / file).write_bytes(body)
        body = as_json(manifest)
        (work / "manifest.json").write_bytes(body)
        (work / "DONE").write_text(hashlib.sha256(body).hexdigest() + "\n", encoding="ascii")
        if out.is_dir():
            out.rmdir()
        shutil.move(work, out)
    return identity


def as_json(data: Any) -> bytes:
    """Readable JSON; refuses NaN, which is not JSON."""
    return (json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def as_npy(array: npt.NDArray[Any]) -> bytes:
    """Bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
