"""Posts to another tool: signed, with a time, so that it can tell ours from others' and from old.

`Penumbra-Signature: t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 of `SECONDS.BODY` under
PENUMBRA_WEBHOOK_SECRET. `Penumbra-Delivery` is the same when a post is repeated.
"""

from __future__ import annotations

import hashlib
import hmac
import urllib.error
import urllib.request
from typing import Any

from models.errors import PenumbraError


class DeliveryFailed(PenumbraError):
    """The other side did not take a post; it is tried again."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A signed post goes where the setting says, nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def signature(secret: str, seconds: int, body: bytes) -> str:
    """Return the header that signs a body at a time."""
    digest = hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def post(
    url: str, body: bytes, *, secret: str, delivery: str, seconds: int, timeout_s: float
) -> None:
    """Post a body. Raises DeliveryFailed unless it is answered with 2xx in time."""
    request = urllib.request.Request(  # noqa: S310 - http or https only, by the setting
        url,
        data=body,
        method="POST",
        headers={
            "Content-Type": "application/json",
            "User-Agent": "penumbra",
            "Penumbra-Delivery": delivery,
            "Penumbra-Signature": signature(secret, seconds, body),
        },
    )
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        # Whatever is not 2xx is an error of urllib's.
        opener.open(request, timeout=timeout_s).close()
    except urllib.error.HTTPError as error:
        raise DeliveryFailed(f"answered {error.code}") from error
    except (OSError, ValueError) as error:
        raise DeliveryFailed(f"not answered: {error}") from error
