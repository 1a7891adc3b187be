"""The bundle that leads until there is a promotion: that of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.bundle import read_manifest
from service.pipeline.lineup import demo_bundle

if TYPE_CHECKING:
    from service.settings import Settings


def first_champion(settings: Settings) -> str:
    """Return the id of the first champion. Raises BundleRefused."""
    return str(read_manifest(settings.bundle_path or demo_bundle())["bundle_id"])
