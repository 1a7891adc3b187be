"""The application: every path, one way to tell errors, one door."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI
from starlette.responses import RedirectResponse

from service.api import documents, problems
from service.api.doorkeeper import Doorkeeper
from service.api.routes import (
    alerts,
    bundles,
    cases,
    comparison,
    coverage,
    customers,
    docs,
    health,
    labels,
    money,
    periods,
    promotion,
    review_sample,
    score,
    thresholds,
)
from service.api.tokens import authorised, needs
from service.console.app import create_console

if TYPE_CHECKING:
    from service.api.parts import Parts


def create_app(parts: Parts) -> FastAPI:
    """Return the API over these parts; it starts and ends nothing by itself."""
    app = FastAPI(
        title="Penumbra",
        version=version("penumbra"),
        description=documents.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.parts = parts
    problems.install(app)
    for routes in (
        alerts, cases, coverage, comparison, thresholds, periods, money, review_sample, customers,
        bundles, promotion,
    ):  # fmt: skip
        app.include_router(routes.router, dependencies=[Depends(authorised)])
    for routes in (score, labels):
        # Payments and labels come from programs: no role of the console may send any.
        app.include_router(routes.router, dependencies=[needs("feed")])
    app.include_router(health.router)
    app.include_router(docs.router)
    app.mount("/console", create_console(parts))
    app.add_api_route("/", _home, include_in_schema=False)
    app.add_middleware(Doorkeeper, settings=parts.settings, observed=parts.metrics.observe)

    def openapi() -> dict[str, Any]:
        return documents.openapi(app)

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it
    return app


def _home() -> RedirectResponse:
    """Show people the console."""
    return RedirectResponse("/console/")
