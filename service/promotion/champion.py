"""Who is champion: the bundle of the settings until there is a promotion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.bundle import read_manifest
from service.pipeline.lineup import demo_bundle

if TYPE_CHECKING:
    from service.ledger import Ledger
    from service.settings import Settings


def first_champion(settings: Settings) -> str:
    """Return the id of the first champion. Raises BundleRefused."""
    return str(read_manifest(settings.bundle_path or demo_bundle())["bundle_id"])


def champion_of(ledger: Ledger, settings: Settings) -> str:
    """Return the id of the bundle that is champion now. Raises BundleRefused."""
    newest = ledger.newest_promotion()
    return first_champion(settings) if newest is None else newest.bundle_id
