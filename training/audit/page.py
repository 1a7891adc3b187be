"""The audit as one self-contained page: no script, no network, pictures inline."""

from markupsafe import Markup

from training.audit.findings import Audit
from training.audit.pictures import pictures
from training.pages import environment


def render_audit(found: Audit, name: str) -> str:
    """Return HTML of an audit of the file of that name."""
    drawn = {title: Markup(svg) for title, svg in pictures(found).items()}  # noqa: S704 - our SVG
    template = environment().get_template("audit/audit.html.j2")
    return template.render(audit=found, name=name, pictures=drawn)
