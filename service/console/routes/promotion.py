"""The promotion page: what stands between a bundle and the championship, and who signed.

Signing and promoting stay with the commands: a signature is made with a key that no server has.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response  # noqa: TC002 - read by FastAPI

from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.routes.promotion import promotion_told
from service.console.guard import Who, needs
from service.console.pages import page

router = APIRouter(dependencies=[needs("view")])

HERE = "/console/promotion"


@router.get("/promotion")
def promotion(parts: Given, who: Who) -> Response:
    """Show the gate's findings, what is missing, signatures and every change of champion."""
    return page("promotion.html", who, here=HERE, told=promotion_told(parts, None))
