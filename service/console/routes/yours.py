"""Your turn: from the first rows of somebody's file to a mapping and the commands that use it."""

from __future__ import annotations

import re
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends

from models.errors import BadInput
from models.files import table_of
from models.suggestion import suggestion
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.console.guard import Acting, OurForm, SentForm, Who, needs
from service.console.pages import page
from service.console.routes.broken import only_in_the_demo

if TYPE_CHECKING:
    from starlette.responses import Response

router = APIRouter(dependencies=[needs("view"), Depends(only_in_the_demo)])

NAME = "yours.csv"
_CURRENCY = re.compile(r"^currency: \{constant: ([A-Z]{3})\}", re.MULTILINE)


@router.get("/yours")
def show(parts: Given, who: Who) -> Response:
    """Show where to put the rows."""
    return _page(parts, who)


@router.post("/yours", dependencies=[OurForm])
def suggest(parts: Given, who: Who, by: Acting, sent: SentForm) -> Response:
    """Show the mapping suggested for the rows, which are not kept."""
    name = Path(sent.text("name", 100)).name or NAME
    rows = sent.secret("rows").strip()
    parts.ledger.note_action(by, "suggest mapping")
    if "\n" not in rows:
        said = "this needs the header and some rows below it"
        return _page(parts, who, rows=rows, name=name, said=said)
    try:
        mapping = suggestion(table_of(rows.encode(), name), name, datetime.now(UTC))
    except BadInput as error:
        return _page(parts, who, rows=rows, name=name, said=str(error))
    return _page(parts, who, rows=rows, name=name, mapping=mapping)


def _page(
    parts: Given, who: Who, *, rows: str = "", name: str = NAME, mapping: str = "", said: str = ""
) -> Response:
    found = _CURRENCY.search(mapping)
    counted_in = parts.settings.reporting_currency
    return page(
        "yours.html",
        who,
        here="/console/yours",
        rows=rows,
        file_name=name,
        file=shlex.quote(name),
        mapping=mapping,
        said=said,
        activate=_activate(),
        other_currency=found[1] if found is not None and found[1] != counted_in else None,
        counted_in=counted_in,
    )


def _activate() -> str | None:
    """Return the line that puts this installation's `penumbra` on the path; None if it is there."""
    if sys.prefix == sys.base_prefix:
        return None
    place = Path(sys.prefix)
    here = Path.cwd()
    shown = place.relative_to(here) if place.is_relative_to(here) else place
    return f". {shlex.quote(str(shown / 'bin' / 'activate'))}"
