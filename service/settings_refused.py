"""Mistakes in settings, answered in one line by the name under which the user set them."""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError

from models.errors import BadInput

PREFIX = "PENUMBRA_"
SECRETS_DIR = "PENUMBRA_SECRETS_DIR"


class SettingsRefused(BadInput):
    """A setting has a value it cannot have, or a name that is nearly a setting's."""


def refuse_misspelt(names: Iterable[str], fields: Iterable[str]) -> None:
    """Raise SettingsRefused for a variable that is nearly, not quite, a setting.

    Other `PENUMBRA_*` variables pass: Kubernetes sets some for a service of that name.
    """
    known = [PREFIX + field.upper() for field in fields] + [SECRETS_DIR]
    for name in names:
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.92)
            if close:
                raise SettingsRefused(f"{name} is not a setting; did you mean {close[0]}?")


def in_one_line(error: ValidationError) -> str:
    """Every complaint of pydantic, after the name of its setting; never the value given."""
    said = []
    for problem in error.errors(include_url=False, include_input=False):
        field = str(problem["loc"][0]) if problem["loc"] else ""
        name = PREFIX + field.upper() if field else "settings"
        said.append(f"{name}: {problem['msg'].removeprefix('Value error, ')}")
    return "; ".join(said) + " (see docs/settings.md)"
