"""Cursors: where a page ended, opaque to clients, refused when they are not ours."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from service.api.problems import invalid

Moment = Annotated[int, Meta(ge=-(2**62), le=2**62)]
"""Epoch milliseconds that any database can compare with."""
LONGEST = 512


def cursor_of(place: object) -> str:
    """Return a place in a listing as text for the client to send back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place_of(cursor: str, kind: Any) -> Any:
    """Return the place, of type `kind`, that `cursor_of` made text of. Raises Problem (422)."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=kind
        )
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        raise invalid(
            "cursor: not one of ours; send next_cursor of the page before, unchanged"
        ) from None
