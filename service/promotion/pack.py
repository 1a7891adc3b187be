"""An evidence pack on disk: files, and a manifest with the hash of each.

The SHA-256 of manifest.json stands for the pack: it is what people sign. A pack with a changed
byte, a missing file or one too many is another pack, and refused.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import msgspec

from service.promotion.errors import PackRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.settings import Settings

MANIFEST = "manifest.json"
_FORMAT = "penumbra-evidence-pack-1"


class PackManifest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a pack is about, and the SHA-256 of each of its files.

    `champion_id` is the bundle that was champion when it was built; `window` are the first and
    the end of the period it judges, RFC 3339.
    """

    format: str = _FORMAT
    bundle_id: str
    champion_id: str
    verdict: str
    gate: str
    gate_sha256: str
    window: tuple[str, str]
    built_at: str
    files: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Pack:
    """An evidence pack that was found untouched."""

    folder: Path
    sha256: str
    manifest: PackManifest


def packs_dir(settings: Settings) -> Path:
    """Return the folder in which the API looks for packs."""
    return settings.evidence_dir or settings.var_dir / "evidence"


def write_pack(folder: Path, manifest: PackManifest, files: Mapping[str, bytes]) -> Pack:
    """Write a pack to a new folder, whole or not at all. Raises PackRefused if there is one."""
    if folder.exists():
        raise PackRefused(f"{folder} is there already; a pack is not written over: name another")
    sealed = msgspec.structs.replace(
        manifest, files={name: _sha256(files[name]) for name in sorted(files)}
    )
    body = msgspec.json.format(msgspec.json.encode(sealed), indent=1)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        half = Path(mkdtemp(prefix=".pack-", dir=folder.parent))
        try:
            for name, content in (*files.items(), (MANIFEST, body)):
                (half / name).write_bytes(content)
            half.chmod(0o755)
            half.rename(folder)
        except BaseException:
            shutil.rmtree(half, ignore_errors=True)
            raise
    except OSError as error:
        raise PackRefused(f"{folder} cannot be written ({error}); name another folder") from error
    return Pack(folder, _sha256(body), sealed)


def read_pack(folder: Path) -> Pack:
    """Read a pack and check every byte of it. Raises PackRefused."""
    try:
        body = (folder / MANIFEST).read_bytes()
        manifest = msgspec.json.decode(body, type=PackManifest)
    except OSError:
        raise PackRefused(
            f"{folder} is no evidence pack: it has no {MANIFEST}; make one with `penumbra evidence`"
        ) from None
    except msgspec.DecodeError as error:
        raise PackRefused(f"{folder / MANIFEST} was changed ({error}); {_AGAIN}") from None
    if manifest.format != _FORMAT:
        raise PackRefused(f"{folder} has the form {manifest.format!r}; this reads {_FORMAT!r}")
    faults = _faults(folder, manifest)
    if faults:
        raise PackRefused(f"{folder} is not as it was built: {'; '.join(faults)}; {_AGAIN}")
    return Pack(folder, _sha256(body), manifest)


def find_pack(folder: Path, pack_sha256: str) -> Pack:
    """Return the pack in one of a folder's folders that this hash stands for. Raises PackRefused.

    Only the one found is read whole.
    """
    for one in sorted(folder.glob(f"*/{MANIFEST}")):
        if _sha256(one.read_bytes()) == pack_sha256:
            return read_pack(one.parent)
    raise PackRefused(
        f"no folder of {folder} holds pack {pack_sha256[:16]}; copy the folder that was signed "
        "there (PENUMBRA_EVIDENCE_DIR)"
    )


_AGAIN = "take the folder that was signed, or build and sign another"


def _faults(folder: Path, manifest: PackManifest) -> list[str]:
    """Return what differs from the manifest; files beyond it count, for people would read them."""
    found = set()
    for where, folders, names in os.walk(folder):
        found |= {str((Path(where) / name).relative_to(folder)) for name in (*names, *folders)}
    expected = {*manifest.files, MANIFEST}
    faults = [f"{name} is missing" for name in sorted(expected - found)]
    faults += [f"{name} is no part of it" for name in sorted(found - expected)]
    for name in sorted(found & set(manifest.files)):
        path = folder / name
        if path.is_symlink() or not path.is_file():
            faults.append(f"{name} is no plain file")
        elif _sha256(path.read_bytes()) != manifest.files[name]:
            faults.append(f"{name} was changed")
    return faults


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
