"""Templates: how a page is made, and what every page has."""

from __future__ import annotations

import hashlib
from contextvars import ContextVar
from functools import cache
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from models.instants import format_instant
from models.transaction import LEGACY_DECISIONS
from service.cases.dispositions import says
from service.console import words
from service.console.demo_control import is_demo
from service.console.risk import names
from service.people.roles import Right, may

if TYPE_CHECKING:
    from service.people.signing_in import Signed
    from service.settings import Settings

STATIC = Path(str(resources.files("service") / "console" / "static"))
HTMX = "vendor/htmx-2.0.11.min.js"


served: ContextVar[Settings | None] = ContextVar("served", default=None)
"""The settings of the console that answers; every page carries what they say of it."""


class Place(NamedTuple):
    """An entry of the navigation, for those who have the right; some are the demo's only."""

    name: str
    path: str
    right: Right
    demo: bool = False


NAVIGATION = (
    Place("Now", "/console/now", "view"),
    Place("Cases", "/console/cases", "view"),
    Place("Random review", "/console/review", "work"),
    Place("Comparison", "/console/comparison", "view"),
    Place("Thresholds", "/console/thresholds", "view"),
    Place("Money", "/console/money", "view"),
    Place("Models", "/console/models", "view"),
    Place("Promotion", "/console/promotion", "view"),
    Place("Operations", "/console/operations", "view"),
    Place("Audit log", "/console/audit", "audit"),
    Place("Break it", "/console/break", "view", demo=True),
    Place("Your turn", "/console/yours", "view", demo=True),
)


@cache
def static(name: str) -> str:
    """Return the address of a static file; another content has another address."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/console/static/{name}?v={digest}"


def legacy_word(code: int | None) -> str:
    """Return a legacy decision in words."""
    return "not known" if code is None else LEGACY_DECISIONS[code]


_environment = Environment(
    loader=PackageLoader("service.console"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals |= {
    "static": static,
    "may": may,
    "navigation": NAVIGATION,
    "htmx": HTMX,
    "plural": words.plural,
    "figures": names.FIGURES,
}
_environment.filters |= {
    "money": words.money,
    "moment": words.moment,
    "clock": words.clock,
    "instant": format_instant,
    "lasting": words.lasting,
    "share": words.share,
    "signed": words.signed,
    "number": words.number,
    "legacy": legacy_word,
    "says": says,
    "basis_points": words.basis_points,
    "day": words.day,
    "feature_name": names.feature,
    "figure": names.figure,
    "difference": names.difference,
}


def page(
    name: str,
    who: Signed | None,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    here: str = "",
    **shown: Any,
) -> HTMLResponse:
    """Return a page or a part of one; `here` is the path of the navigation it belongs to."""
    settings = served.get()
    html = _environment.get_template(name).render(
        who=who,
        here=here,
        notice="" if settings is None else settings.console_notice,
        demo=settings is not None and is_demo(settings),
        **shown,
    )
    return HTMLResponse(html, status)
