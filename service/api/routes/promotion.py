"""`/v1/promotion`, `/v1/models/{id}/promote|rollback`: which bundle leads, and on which evidence.

Nothing here decides a payment: a promotion changes the champion of a shadow.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from models.instants import format_instant
from service.api.documents import answer, one_body, told
from service.api.outcomes import decoded
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.shown_promotion import (
    PackShown,
    PromotePosted,
    PromotionShown,
    RollbackPosted,
    SignatureShown,
    SignerShown,
)
from service.api.tokens import Caller, needs
from service.ledger import wall_clock_ms
from service.promotion import acts
from service.promotion.pack import packs_dir, read_pack
from service.promotion.recommendation import Recommendation, shown
from service.promotion.rules import missing_for_promotion
from service.promotion.signers import current, those_who_signed
from service.promotion.signing import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.ledger.promotion import PackFacts
    from service.promotion.signers import Signer

router = APIRouter(tags=["models"])

MOST_PACKS = 20
_BundleId = Annotated[str, Path(min_length=1, max_length=128)]
_REFUSALS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


@router.get(
    "/v1/promotion",
    summary="Who is champion, on which evidence, signed by whom",
    response_class=Response,
    responses=told(
        "The champion, evidence packs with their gate's findings, signers, and every change.",
        PromotionShown,
        problems=(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY),
    ),
)
def promotion(
    parts: Given,
    bundle_id: Annotated[str | None, Query(max_length=128, description="Of one bundle.")] = None,
) -> Response:
    """Show what has been looked at and decided; the newest twenty packs."""
    return answer(promotion_told(parts, bundle_id))


def promotion_told(parts: Parts, bundle_id: str | None) -> PromotionShown:
    """Return the champion, what it was decided on, and who signed; of one bundle if named."""
    first = parts.standing.first_champion
    history = parts.ledger.promotions()
    champion = history[-1].bundle_id if history else first
    ring = current(parts.ledger.signer_events(), parts.settings.signers)
    packs = parts.ledger.packs(bundle_id)
    newest = packs[-MOST_PACKS:][::-1]
    return PromotionShown(
        champion=champion,
        first_champion=first,
        signers=[
            SignerShown(one.name, fingerprint(one.public_key), format_instant(one.since_ms))
            for one in ring.values()
        ],
        packs=[_pack(parts, one, packs, ring, champion) for one in newest],
        history=[shown(one) for one in reversed(history)],
    )


@router.post(
    "/v1/models/{bundle_id}/promote",
    summary="Make a bundle champion on a signed evidence pack",
    response_class=Response,
    dependencies=[needs("promote")],
    responses=told("The change, as it is published.", Recommendation, problems=_REFUSALS),
    openapi_extra=one_body(PromotePosted, "The pack."),
)
async def promote(request: Request, parts: Given, by: Caller, bundle_id: _BundleId) -> Response:
    """Promote as `penumbra models promote` does: an untouched pack, verdict promote, two people."""
    posted = decoded(await request.body(), PromotePosted)

    def act() -> Response:
        done = acts.promote(
            parts.ledger,
            read_pack(packs_dir(parts.settings) / posted.pack),
            bundle_id=bundle_id,
            first_champion=parts.standing.first_champion,
            pinned=parts.settings.signers,
            by=by,
            now_ms=wall_clock_ms(),
        )
        return answer(shown(done))

    return await run_in_threadpool(act)


@router.post(
    "/v1/models/{bundle_id}/rollback",
    summary="Make the champion before this one champion again",
    response_class=Response,
    dependencies=[needs("promote")],
    responses=told("The change, as it is published.", Recommendation, problems=_REFUSALS),
    openapi_extra=one_body(RollbackPosted, "The reason."),
)
async def rollback(request: Request, parts: Given, by: Caller, bundle_id: _BundleId) -> Response:
    """Go back from the champion that the path names; one person suffices."""
    posted = decoded(await request.body(), RollbackPosted)

    def act() -> Response:
        done = acts.roll_back(
            parts.ledger,
            by=by,
            reason=posted.reason,
            now_ms=wall_clock_ms(),
            bundle_id=bundle_id,
        )
        return answer(shown(done))

    return await run_in_threadpool(act)


def _pack(
    parts: Parts,
    one: PackFacts,
    packs: Sequence[PackFacts],
    ring: Mapping[str, Signer],
    champion: str,
) -> PackShown:
    signatures = parts.ledger.signatures(one.pack_sha256)
    valid = those_who_signed(signatures, ring, bundle_id=one.bundle_id)
    later = [each for each in packs if each.number > one.number]
    return PackShown(
        pack_sha256=one.pack_sha256,
        bundle_id=one.bundle_id,
        champion_id=one.champion_id,
        verdict=one.verdict,
        gate=one.gate,
        gate_sha256=one.gate_sha256,
        judged_from_at=format_instant(one.from_ms),
        judged_until_at=format_instant(one.until_ms),
        built_at=format_instant(one.built_ms),
        findings=msgspec.json.decode(one.evaluation),
        signatures=[
            SignatureShown(each.name, format_instant(each.signed_ms), each.name in valid)
            for each in signatures
        ],
        missing=missing_for_promotion(
            one, later, valid, bundle_id=one.bundle_id, champion=champion
        ),
    )
