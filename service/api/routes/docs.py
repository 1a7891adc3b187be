"""`/docs`: the API explained on one page, made here; nothing is loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment
from markupsafe import Markup
from starlette.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; color: #1c1c1e; background: #fff; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
h2 { margin-top: 2.5rem; } h3 { margin: 2rem 0 .5rem; } a { color: #0645ad; }
code { font: 0.95em ui-monospace, monospace; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid #d0d0d5; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  body { color: #e8e8ea; background: #161618; } a { color: #8ab4f8; }
  th, td { border-color: #3a3a3e; } }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
_PAGE = Environment(autoescape=True, trim_blocks=True).from_string(
    (Path(__file__).parents[1] / "docs.html.j2").read_text("utf-8")
)


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Show the OpenAPI document as a page."""
    page = _PAGE.render(document=request.app.openapi(), form=_form, style=Markup(STYLE))  # noqa: S704 - ours
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


def _form(schema: dict[str, Any]) -> Markup:
    """Return what a schema allows, in a few words, forms of ours as links."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return Markup('<a href="#{0}">{0}</a>').format(name)
    if "anyOf" in schema:
        return Markup(" or ").join(_form(one) for one in schema["anyOf"])
    if "enum" in schema:
        return Markup("one of {}").format(", ".join(map(str, schema["enum"])))
    if schema.get("type") == "array":
        return Markup("array of {}").format(_form(schema.get("items", {})))
    limits = [
        f"{said} {schema[name]}"
        for name, said in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("minLength", "at least"),
            ("maxLength", "at most"),
            ("pattern", "like"),
            ("default", "default"),
        )
        if schema.get(name) is not None
    ]
    return Markup("{}").format(" ".join([str(schema.get("type", "anything")), *limits]))
