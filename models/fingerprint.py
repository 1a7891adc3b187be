"""What the numbers were computed with: two equal fingerprints give equal bits."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

import numpy as np

from models.catalogue import KERNEL_VERSION


def runtime_fingerprint() -> dict[str, str]:
    """Return the versions and processor features that decide the last bit of a score."""
    extensions: Any = np.show_config(mode="dicts")
    simd = extensions["SIMD Extensions"]
    return {
        "kernel": str(KERNEL_VERSION),
        "onnxruntime": version("onnxruntime"),
        "numba": version("numba"),
        "numpy": version("numpy"),
        "machine": platform.machine(),
        "cpu": " ".join(sorted((*simd["baseline"], *simd["found"]))),
    }
