"""The settings of `penumbra serve`: where it listens, who may ask, how scoring is shared out."""

from typing import Annotated

from pydantic import Field, SecretStr

from service.settings_console import ConsoleSettings


class ApiSettings(ConsoleSettings):
    """What can be set about the API and the console; a part of `Settings`."""

    api_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address the API and console listen on. Any but this machine's own needs "
        "`PENUMBRA_API_TOKENS`.",
    )
    api_port: Annotated[int, Field(ge=0, le=65535)] = Field(8000, description="Their port.")
    api_tokens: list[Annotated[SecretStr, Field(min_length=16)]] = Field(
        default_factory=list,
        repr=False,
        description="Tokens of which callers of the API must send one, as `Authorization: Bearer "
        "TOKEN` (JSON list, each at least 16 characters). Empty: no token is asked for, and the "
        "API listens on this machine's own address only. Secret.",
    )
    api_max_request_bytes: Annotated[int, Field(ge=1024)] = Field(
        10_000_000, description="A larger request is refused before it is read to its end."
    )
    http_partitions: Annotated[int, Field(ge=1, le=64)] = Field(
        4,
        description="Partitions over which customers scored by HTTP are spread; each scores one "
        "request at a time. It cannot change once a ledger has HTTP transactions.",
    )
    http_seal_wait_s: Annotated[float, Field(ge=0)] = Field(
        2.0,
        description="How long a request waits, in all, for the hourly merchant table before the "
        "table is sealed with what there is, seconds; never longer than `seal_wait_s`.",
    )
