"""Pictures are readable on any page: their colours are the page's, their names are plain text."""

import re

from training.drawing import COLOURS, axes, colour, legend, svg


def glyphs(picture: str) -> set[str]:
    """Return the letters a picture draws, by the names of their shapes."""
    return set(re.findall(r'xlink:href="#([\w-]+)"', picture))


def drawn(label: str, *, logarithmic: bool = False, name: str | None = None) -> str:
    """Draw a line with a label on its axis, and a name in the legend if one is given."""
    figure, plot = axes(label, "y")
    plot.plot([1, 10, 100], [1, 2, 3], label=name, color=colour(0))
    if logarithmic:
        plot.set_xscale("log")
    if name is not None:
        legend(plot)
    return svg(figure)


def test_every_colour_is_the_pages_to_choose() -> None:
    """With a colour for pages that choose none."""
    picture = drawn("x", name="a line")
    assert f"var(--line-0, {COLOURS[0]})" in picture
    assert re.search(r"(?<!--ink, )#1c2733", picture) is None
    assert "var(--ink, #1c2733)" in picture


def test_names_with_dollars_are_no_formulas() -> None:
    """Both signs are drawn, and no slanted letter."""
    dollar = glyphs(drawn("$")) - glyphs(drawn("x"))
    assert len(dollar) == 1
    assert dollar <= glyphs(drawn("x", name="$x$"))
    assert not any("Oblique" in one for one in glyphs(drawn("x", name="$x$")))


def test_powers_of_ten_are_set_and_not_spelled_out() -> None:
    """A logarithmic axis shows no backslash."""
    (backslash,) = glyphs(drawn("\\")) - glyphs(drawn("x"))
    assert backslash not in glyphs(drawn("x", logarithmic=True))


def test_the_same_picture_is_the_same_text() -> None:
    """No id is drawn by chance."""
    assert drawn("x", name="a") == drawn("x", name="a")
