"""Roles and what each may do; a table of them stands in docs/operators.md."""

from __future__ import annotations

from typing import Literal, get_args

Role = Literal["analyst", "lead", "risk", "admin", "read-only"]
Right = Literal["view", "work", "assign", "approve", "audit", "operate", "feed", "promote"]

ROLES: tuple[str, ...] = get_args(Role)
PROGRAM = "program"
"""The role of whoever comes with an API token."""

_RIGHTS: dict[str, frozenset[str]] = {
    "analyst": frozenset({"view", "work"}),
    "lead": frozenset({"view", "work", "assign", "approve", "audit"}),
    "risk": frozenset({"view", "audit", "promote"}),
    "admin": frozenset({"view", "audit", "operate", "promote"}),
    "read-only": frozenset({"view"}),
    PROGRAM: frozenset(get_args(Right)),
}


def may(role: str, right: Right) -> bool:
    """Whether a role has a right; an unknown role has none."""
    return right in _RIGHTS.get(role, frozenset())
