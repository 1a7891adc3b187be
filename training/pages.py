"""The templates of all pages training writes, and how they write figures."""

import math

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from training.resampling import Figure

_NOTHING = "n/a"


def environment() -> Environment:
    """Return templates by their path in this package; HTML escapes what it is given."""
    found = Environment(
        loader=PackageLoader("training", ""),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["figure"] = _figure
    found.filters["share"] = _share
    found.filters["told"] = _told
    return found


def _figure(value: float | None, digits: int = 3) -> str:
    return _NOTHING if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _told(found: Figure | None, digits: int = 3, *, percent: bool = False) -> str:
    return _NOTHING if found is None else found.told(digits, percent=percent)


def _share(value: float | None, digits: int = 1) -> str:
    return _NOTHING if value is None or math.isnan(value) else f"{100 * value:.{digits}f} %"
