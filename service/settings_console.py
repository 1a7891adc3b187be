"""The settings of the console: who signs in and how, claims and undo, what goes to other tools."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings


class ConsoleSettings(BaseSettings):
    """What can be set about the console; a part of `Settings`."""

    # --- signing in
    console_sign_in: Literal["accounts", "proxy"] = Field(
        "accounts",
        description="How people sign in to the console: with an account of `penumbra users` and "
        "its password, or as a reverse proxy in `PENUMBRA_CONSOLE_PROXIES` says in a header. "
        "Roles come from `penumbra users` either way.",
    )
    console_proxy_header: str = Field(
        "X-Forwarded-User",
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$",
        description="Header in which that proxy names the user. The proxy must remove it from "
        "requests that come in.",
    )
    console_proxies: list[IPv4Network | IPv6Network] = Field(
        default_factory=list,
        description="Addresses from which that header is believed (JSON list of addresses or "
        'networks, `["10.0.0.7/32"]`). The address of the connection counts, no header does.',
    )
    console_cookie_secure: bool = Field(
        False,
        description="Send the session's cookie by HTTPS only. Set it wherever the console is "
        "reached by HTTPS.",
    )
    console_idle_min: Annotated[int, Field(gt=0)] = Field(
        60, description="A session unused for so many minutes ends."
    )
    console_session_h: Annotated[int, Field(gt=0)] = Field(
        12, description="A session ends after so many hours in any case."
    )

    # --- every page
    console_notice: str = Field(
        "",
        max_length=40,
        description="A few words that every page of the console carries, such as `Simulated data` "
        "or `Staging`.",
    )

    # --- working on cases
    claim_min: Annotated[int, Field(gt=0)] = Field(
        30, description="A claim on a case ends after so many minutes, unless it is prolonged."
    )
    undo_s: Annotated[float, Field(ge=0)] = Field(
        10.0, description="How long a decision can be undone; its label is sent after that."
    )

    # --- other tools
    topic_redrive: str = Field(
        "penumbra.redrive",
        description="Output: dead letters handed back to the owner of the topic they came from.",
    )
    topic_handoff: str = Field(
        "penumbra.handoff",
        description="Output: frauds that only the shadow saw, confirmed, for a human to act on.",
    )
    webhook_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        repr=False,
        description="Where alerts and hand-offs are posted as they happen. Empty: nowhere.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="Key with which each post is signed (HMAC-SHA256, at least 16 characters).",
    )
    webhook_attempts: Annotated[int, Field(gt=0)] = Field(
        10, description="How often a post is tried, after 1, 2, 4 … s, at most an hour apart."
    )
    webhook_timeout_s: Annotated[float, Field(gt=0)] = Field(
        5.0, description="Patience of one such attempt, seconds."
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.webhook_url and self.webhook_secret is None:
            raise ValueError("webhook_url needs webhook_secret, with which its posts are signed")
        if self.console_sign_in == "proxy" and not self.console_proxies:
            raise ValueError("console_sign_in proxy needs console_proxies: whom to believe")
        return self
