"""The settings that `penumbra demo` gives the console it starts; nothing in production has them."""

import ipaddress
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


class DemoSettings(BaseSettings):
    """What can be set about the demo; a part of `Settings`."""

    demo_control_url: str | None = Field(
        None,
        description="Where the demo that started this console is told to break something, on this "
        "machine only. Set by `penumbra demo`; with it the console has the page Break it.",
    )
    demo_control_token: SecretStr | None = Field(
        None, description="What the demo wants to hear with that. Set by `penumbra demo`."
    )

    @field_validator("demo_control_url")
    @classmethod
    def _on_this_machine(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        try:
            here = ipaddress.ip_address(parts.hostname or "").is_loopback
        except ValueError:
            here = False
        if parts.scheme != "http" or not here:
            raise ValueError("the demo is controlled on this machine only: http://127.0.0.1:PORT")
        return url
