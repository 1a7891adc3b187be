"""The model as a whole, drawn with shap's own plots; pictures are files of the bundle."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from training.report.overall import Overall

SHOWN = 15
"""Features of a picture; the least of them is the sum of all others."""
DEPENDENCES = 4
DPI = 80
COLOURS = 32


def drawn(found: Overall) -> dict[str, bytes]:
    """Return PNG pictures by file name."""
    # shap takes seconds to import, which commands that draw nothing need not wait for.
    import shap  # noqa: PLC0415
    from matplotlib import pyplot as plt  # noqa: PLC0415

    def explanation(rows: Any = slice(None)) -> Any:
        return shap.Explanation(
            found.contributions[rows].astype(np.float64),
            np.full(len(found.contributions[rows]), found.base_value),
            found.values[rows].astype(np.float64),
            feature_names=list(found.titles),
        )

    def picture(draw: Any, *arguments: Any, **given: Any) -> bytes:
        plt.close("all")
        plt.figure()
        draw(*arguments, show=False, **given)
        drawing = _png(plt.gcf())
        plt.close("all")
        return drawing

    def dependence() -> bytes:
        top = np.argsort(-found.importance, kind="stable")[:DEPENDENCES].tolist()
        figure, places = plt.subplots(1, len(top), figsize=(4.2 * len(top), 3.4), squeeze=False)
        for at, place in zip(top, places[0], strict=True):
            shap.plots.scatter(explanation()[:, at], ax=place, show=False)
        drawing = _png(figure)
        plt.close("all")
        return drawing

    def cohorts(by: Any) -> bytes:
        parts = {str(one): explanation(by == one) for one in sorted(set(by.tolist()))}
        return picture(shap.plots.bar, {k: v.abs.mean(0) for k, v in parts.items()}, max_display=10)

    backend = plt.get_backend()
    plt.switch_backend("agg")
    # shap spreads the dots of a swarm with numpy's global generator: the same run, the same dots.
    chance = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    try:
        return {
            "importance.png": cohorts(found.kind),
            "beeswarm.png": picture(shap.plots.beeswarm, explanation(), max_display=SHOWN),
            "dependence.png": dependence(),
            "segments.png": cohorts(found.segment),
        }  # fmt: skip
    finally:
        np.random.set_state(chance)  # noqa: NPY002
        plt.switch_backend(backend)


TITLES = {
    "importance.png": "Mean |SHAP| of flagged and of genuine payments",
    "beeswarm.png": "Every payment of the sample, one dot a feature",
    "dependence.png": "The strongest features: value against contribution",
    "segments.png": "Mean |SHAP| by",
}


def _png(figure: Any) -> bytes:
    """Return a figure as a PNG of few colours: bundles travel, and a drawing needs no more."""
    raw, small = io.BytesIO(), io.BytesIO()
    figure.savefig(raw, format="png", dpi=DPI, bbox_inches="tight")
    with Image.open(raw) as drawn_large:
        drawn_large.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
            small, format="png", optimize=True
        )
    return small.getvalue()


def inline(picture: bytes) -> str:
    """Return a picture as an address that needs no file beside the page."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()
