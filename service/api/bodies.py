"""Bodies that are one JSON value or an array of them, cut into the values' own bytes."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from service.api.problems import Problem, invalid

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Body:
    """The values of a request; `many` says that they came as an array."""

    values: list[bytes]
    many: bool


def body_of(content: bytes, most: int) -> Body:
    """Return the values. Raises Problem for an array that is malformed, empty or too long.

    A single value is not looked at: whoever takes it says what is wrong with it.
    """
    if content.lstrip()[:1] != b"[":
        return Body([content], many=False)
    try:
        values = [bytes(raw) for raw in _ARRAY.decode(content)]
    except (msgspec.DecodeError, RecursionError) as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "malformed-json",
            "Malformed JSON",
            f"the array cannot be read ({error}) and nothing of it was taken; correct it",
        ) from None
    if not values:
        raise invalid("the array is empty; send at least one")
    if len(values) > most:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "batch-too-large",
            "Batch too large",
            f"{len(values)} in one request and nothing was taken; send at most {most} at a time "
            "(PENUMBRA_BATCH_SIZE)",
        )
    return Body(values, many=True)
