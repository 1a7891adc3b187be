"""What the API answers about champions, evidence and signatures, as wire structs."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from service.promotion.recommendation import Recommendation  # noqa: TC001 - a schema

FOLDER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"


class SignatureShown(msgspec.Struct):
    """A person's signature; `valid` says whether it counts today."""

    name: str
    signed_at: str
    valid: bool


class PackShown(msgspec.Struct):
    """An evidence pack: what it judged, what it found, who signed it.

    `missing` says what stands in the way of a promotion on it; nothing if nothing does. `findings`
    are the gate's conditions, each with its figure, interval and bar.
    """

    pack_sha256: str
    bundle_id: str
    champion_id: str
    verdict: str
    gate: str
    gate_sha256: str
    judged_from_at: str
    judged_until_at: str
    built_at: str
    findings: list[dict[str, Any]]
    signatures: list[SignatureShown]
    missing: list[str]


class SignerShown(msgspec.Struct):
    """Somebody whose signature counts, and the SHA-256 of their public key."""

    name: str
    fingerprint: str
    since_at: str


class PromotionShown(msgspec.Struct):
    """Who is champion and why: packs newest first, every change of champion newest first."""

    champion: str
    first_champion: str
    signers: list[SignerShown]
    packs: list[PackShown]
    history: list[Recommendation]


class PromotePosted(msgspec.Struct, forbid_unknown_fields=True):
    """Which pack to promote on: the name of its folder in PENUMBRA_EVIDENCE_DIR."""

    pack: Annotated[str, Meta(pattern=FOLDER_NAME)]


class RollbackPosted(msgspec.Struct, forbid_unknown_fields=True):
    """Why the champion is to go back; it is recorded and published."""

    reason: Annotated[str, Meta(min_length=1, max_length=2000)]
