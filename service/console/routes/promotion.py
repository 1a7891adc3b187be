"""The promotion page: gate and evidence, who signed and what is missing, promote and roll back.

A signature is made with a key that no server has: the page shows the command that makes it, takes
what that printed, and holds it against the key that the ledger knows of whoever is signed in.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import RedirectResponse, Response

from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.routes.promotion import promotion_told
from service.console.guard import Acting, OurForm, SentForm, Who, needs
from service.console.pages import page
from service.ledger import wall_clock_ms
from service.promotion import acts
from service.promotion.approvals import read_approval
from service.promotion.errors import ApprovalRefused, PackRefused, PromotionRefused
from service.promotion.pack import find_pack, packs_dir
from service.promotion.signers import NEEDED

if TYPE_CHECKING:
    from service.promotion.pack import Pack

router = APIRouter(dependencies=[needs("view")])
_acting = [needs("promote"), OurForm]

HERE = "/console/promotion"
_NOT_LOADED = (
    "this server has not loaded it; add its folder to PENUMBRA_CHALLENGER_PATHS of every worker "
    "and server, and start them again"
)
_SHA256 = "^[0-9a-f]{64}$"
_Sha256 = Annotated[str, Path(pattern=_SHA256)]


@router.get("/promotion")
def promotion(
    parts: Given, who: Who, pack: Annotated[str, Query(pattern=f"{_SHA256}|^$")] = ""
) -> Response:
    """Show a pack, the newest unless named: its gate, what is missing, and who signed."""
    told = promotion_told(parts, None)
    shown = next((one for one in told.packs if one.pack_sha256 == pack), None)
    shown = shown or (told.packs[0] if told.packs else None)
    held = None if shown is None else _held(parts, shown.pack_sha256)
    return page(
        "promotion.html",
        who,
        here=HERE,
        told=told,
        pack=shown,
        folder=None if held is None else held.folder.name,
        packs_dir=packs_dir(parts.settings),
        loaded=shown is not None and shown.bundle_id in parts.lineup.bundle_ids,
        needed=NEEDED,
        before=acts.champion_before(parts.ledger.promotions()),
    )


@router.get("/promotion/packs/{pack_sha256}/evidence")
def evidence(parts: Given, by: Acting, pack_sha256: _Sha256) -> Response:
    """Give the evidence as a file to keep, checked to the byte."""
    held = find_pack(packs_dir(parts.settings), pack_sha256)
    content = (held.folder / "evidence.html").read_bytes()
    parts.ledger.note_action(by, "read evidence", detail=f"pack {pack_sha256}")
    kept_as = f'attachment; filename="evidence-{pack_sha256[:12]}.html"'
    return Response(content, media_type="text/html", headers={"content-disposition": kept_as})


@router.post("/promotion/signatures", dependencies=_acting)
def sign(parts: Given, who: Who, by: Acting, sent: SentForm) -> Response:
    """Record the signature that whoever is signed in made at their own machine."""
    approval = read_approval(sent.text("approval"))
    if approval.name != who.username:
        raise ApprovalRefused(
            f"this is a signature of {approval.name}, and {who.username} is signed in; everybody "
            "hands in their own"
        )
    acts.sign(parts.ledger, approval, parts.settings.signers, by=by, now_ms=wall_clock_ms())
    return RedirectResponse(f"{HERE}?pack={approval.pack_sha256}", HTTPStatus.SEE_OTHER)


@router.post("/promotion/packs/{pack_sha256}/promote", dependencies=_acting)
def promote(parts: Given, by: Acting, pack_sha256: _Sha256) -> Response:
    """Make the bundle of a pack champion."""
    held = find_pack(packs_dir(parts.settings), pack_sha256)
    bundle_id = held.manifest.bundle_id
    if bundle_id not in parts.lineup.bundle_ids:
        raise PromotionRefused(f"promotion of {bundle_id}", [_NOT_LOADED])
    acts.promote(
        parts.ledger,
        held,
        bundle_id=bundle_id,
        first_champion=parts.standing.first_champion,
        pinned=parts.settings.signers,
        by=by,
        now_ms=wall_clock_ms(),
    )
    return RedirectResponse(f"{HERE}?pack={pack_sha256}", HTTPStatus.SEE_OTHER)


@router.post("/promotion/rollback", dependencies=_acting)
def rollback(parts: Given, by: Acting, sent: SentForm) -> Response:
    """Go back from the champion that the page showed."""
    acts.roll_back(
        parts.ledger,
        by=by,
        reason=sent.prose("reason") or "",
        now_ms=wall_clock_ms(),
        bundle_id=sent.text("champion", 128) or None,
    )
    return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)


def _held(parts: Parts, pack_sha256: str) -> Pack | None:
    """Return a pack that lies untouched where this server looks for packs, None if none does."""
    try:
        return find_pack(packs_dir(parts.settings), pack_sha256)
    except PackRefused:
        return None
