"""Bundles that can say again what they once said: those in use, and those still on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from models.errors import BundleRefused
from service.pipeline.lineup import Judge, demo_bundle
from service.registry import bundles_in

if TYPE_CHECKING:
    from pathlib import Path

    from service.settings import Settings


class Witnesses(Mapping[str, Judge]):
    """Judges by bundle id, loaded when they are asked for."""

    def __init__(self, folders: Mapping[str, Path], loaded: Mapping[str, Judge]) -> None:
        self._folders = folders
        self._loaded = dict(loaded)

    def __getitem__(self, bundle_id: str) -> Judge:
        """Return a judge. Raises KeyError where the bundle is not at hand or refused."""
        if bundle_id not in self._loaded:
            try:
                self._loaded[bundle_id] = Judge.load(self._folders[bundle_id])
            except BundleRefused as error:
                raise KeyError(bundle_id) from error
        return self._loaded[bundle_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._folders.keys() | self._loaded.keys())

    def __len__(self) -> int:
        return len(self._folders.keys() | self._loaded.keys())


def witnesses(
    settings: Settings, *more: Path, loaded: Mapping[str, Judge] | None = None
) -> Witnesses:
    """Return every bundle in use, in the var folder, or in the folders of `more`."""
    used = [settings.bundle_path or demo_bundle(), *settings.challenger_paths, *more]
    places = [*used, *([settings.var_dir] if settings.var_dir.is_dir() else [])]
    runs = bundles_in(place for place in places if place.is_dir())
    folders = {run.bundle_id: run.path for run in runs if run.bundle_id and not run.refused}
    return Witnesses(folders, loaded or {})
