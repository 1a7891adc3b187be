"""The one way Penumbra compiles numba kernels.

Bit-equality rests on it: no fastmath, no parallel loops, the same order of operations
everywhere. Compiled code is cached in a folder named after the sources of this package,
since numba by itself does not notice a change in a function that a kernel calls.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_dir() -> str:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return str(Path(home) / "penumbra" / f"kernels-{_sources_digest()}")


if not os.environ.get("NUMBA_CACHE_DIR"):
    numba.config.CACHE_DIR = _cache_dir()


def kernel(function: F) -> F:
    """Compile a function without the interpreter lock, cached on disk.

    Kernels that call each other become one: a call would pass every array of a state anew,
    which took about a fifth of the time.
    """
    compile_ = numba.njit(
        cache=True, nogil=True, fastmath=False, error_model="numpy", forceinline=True
    )
    compiled: F = compile_(function)
    return compiled
