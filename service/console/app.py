"""The console as an application of its own, mounted at /console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from service.console import errors
from service.console.headers import Headers
from service.console.pages import STATIC
from service.console.routes import (
    audit,
    broken,
    case,
    cell,
    comparison,
    money,
    now,
    operations,
    promotion,
    queue,
    review,
    shown_models,
    sign_in,
    thresholds,
    work,
    yours,
)

if TYPE_CHECKING:
    from service.api.parts import Parts


def create_console(parts: Parts) -> FastAPI:
    """Return the console over these parts; it starts and ends nothing by itself."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.parts = parts
    errors.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for routes in (
        sign_in, now, queue, case, work, review, comparison, cell, thresholds, money, shown_models,
        promotion, operations, audit, broken, yours,
    ):  # fmt: skip
        app.include_router(routes.router)
    app.add_api_route("/", lambda: RedirectResponse("/console/cases"), include_in_schema=False)
    app.add_middleware(Headers, settings=parts.settings)
    return app
