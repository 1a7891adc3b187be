"""The models page: champion and challengers, how they came to be, and their cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from models.bundle import read_verified
from models.errors import BadInput
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.console.guard import Who, needs
from service.console.pages import page
from service.console.routes.comparison import as_csv

if TYPE_CHECKING:
    from models.bundle import Bundle

router = APIRouter(dependencies=[needs("view")])

HERE = "/console/models"
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@router.get("/models")
def models(parts: Given, who: Who) -> Response:
    """Show the bundles that score."""
    return page("models.html", who, here=HERE, bundles=list(_bundles(parts).items()))


@router.get("/models.csv")
def table(parts: Given) -> Response:
    """Give the bundles that score as a table for other programs."""
    head = ("bundle_id", "role", "created_at", "features", "average_precision", "alert_rate",
            "threshold_log_odds")  # fmt: skip
    rows = [
        (name, role, m.get("created_at"), len(bundle.spec.features),
         m.get("metrics", {}).get("detection", {}).get("average_precision"), m.get("alert_rate"),
         bundle.threshold)
        for name, (role, bundle) in _bundles(parts).items()
        for m in (bundle.manifest,)
    ]  # fmt: skip
    return as_csv("models.csv", [head, *rows])


@router.get("/models/{bundle_id}")
def model(
    parts: Given, who: Who, bundle_id: str, *, sheet: Literal["card", "datasheet"] = "card"
) -> Response:
    """Show a bundle's card or datasheet, and the pictures of what it goes by."""
    bundle = _bundle(parts, bundle_id)
    return page(
        "model.html",
        who,
        here=HERE,
        bundle=bundle,
        sheet=sheet,
        text=_told(bundle, f"{sheet}.md"),
        pictures=[name for name in bundle.manifest["files"] if name.endswith(".png")],
    )


@router.get("/models/{bundle_id}/pictures/{name}")
def picture(
    parts: Given, bundle_id: str, name: Annotated[str, Path(pattern=r"^[a-z]{1,40}\.png$")]
) -> Response:
    """Give a picture of a bundle, as its manifest has it."""
    bundle = _bundle(parts, bundle_id)
    if name not in bundle.manifest["files"]:
        raise BadInput(f"{bundle_id} has no {name}; look at /console/models")
    return Response(bundle.graph(name), media_type="image/png")


def _bundles(parts: Parts) -> dict[str, tuple[str, Bundle]]:
    lineup = parts.lineup
    roles = [("champion", lineup.champion), *(("challenger", one) for one in lineup.challengers)]
    return {judge.bundle.bundle_id: (role, judge.bundle) for role, judge in roles}


def _bundle(parts: Parts, bundle_id: str) -> Bundle:
    found = _bundles(parts).get(bundle_id)
    if found is None:
        raise BadInput(f"{bundle_id[:80]!r} is no bundle in use; look at /console/models")
    return found[1]


def _told(bundle: Bundle, name: str) -> Markup | None:
    """Return a page of the bundle as HTML; what it holds of HTML itself stays text."""
    entry = bundle.manifest["files"].get(name)
    if entry is None:
        return None
    text = read_verified(bundle.path, name, entry["sha256"]).decode()
    return Markup(_markdown.render(text))  # noqa: S704 - rendered with HTML refused
