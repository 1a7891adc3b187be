"""Break it: the demo's page on which one breaks Penumbra and sees that payments do not notice."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.console import demo_control
from service.console.demo_control import Kind  # noqa: TC001 - read by FastAPI
from service.console.guard import Acting, OurForm, Who, needs
from service.console.lanes import lanes_of
from service.console.pages import page

if TYPE_CHECKING:
    from service.settings import Settings


def only_in_the_demo(parts: Given) -> None:
    """Let a request pass only where `penumbra demo` started this console."""
    if not demo_control.is_demo(parts.settings):
        raise HTTPException(HTTPStatus.NOT_FOUND)


router = APIRouter(dependencies=[needs("view"), Depends(only_in_the_demo)])


@router.get("/break")
def show(parts: Given, who: Who) -> Response:
    """Show both lanes and the buttons."""
    return page("break.html", who, here="/console/break", **_shown(parts.settings))


@router.get("/break/live")
def live(parts: Given, who: Who) -> Response:
    """Give the part of the page that changes."""
    return page("break_live.html", who, **_shown(parts.settings))


@router.post("/break/{kind}", dependencies=[OurForm])
def begin(parts: Given, by: Acting, kind: Kind) -> Response:
    """Break something."""
    demo_control.begin(parts.settings, kind)
    parts.ledger.note_action(by, "break", detail=kind)
    return RedirectResponse("/console/break", HTTPStatus.SEE_OTHER)


def _shown(settings: Settings) -> dict[str, Any]:
    state = demo_control.state(settings)
    return {"state": state, "lanes": None if state is None else lanes_of(state)}
