"""Every setting of Penumbra, in one class.

How a setting is read, the first that is found wins:

1. what the command line gives (`--threshold 0.5` style options, passed to `Settings.load`);
2. the environment: `PENUMBRA_` and the field's name in capitals (`PENUMBRA_BATCH_SIZE=500`);
3. a file of the same name in lower case (`penumbra_batch_size`) in the folder that
   `PENUMBRA_SECRETS_DIR` names: the form in which Docker and Kubernetes mount secrets;
4. the default, with which everything runs on one machine and no service is installed.

Lists and tables are JSON (`PENUMBRA_ID_FORMATS='{"customer_id": "numeric"}'`). Passwords and
keys are never printed. A name that is nearly a setting's name is an error, so that a typing
mistake does not pass for the default. `docs/settings.md` is generated from this class.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from service.settings_api import ApiSettings
from service.settings_comparison import ComparisonSettings
from service.settings_demo import DemoSettings
from service.settings_promotion import PromotionSettings
from service.settings_refused import (
    PREFIX,
    SECRETS_DIR,
    SettingsRefused,
    in_one_line,
    refuse_misspelt,
)
from service.stream.shadow import is_shadow_topic

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
LegacyPositive = Literal["decline", "decline+review", "all-but-approve"]
IdFormat = Annotated[str, Field(pattern=r"^(uuid|numeric|token:[A-Za-z0-9_-]{1,64})$")]
PositiveInt = Annotated[int, Field(gt=0)]
PositiveSeconds = Annotated[float, Field(gt=0)]


class Settings(PromotionSettings, ComparisonSettings, ApiSettings, DemoSettings):
    """What can be set. Read with `Settings.load()`, which answers mistakes in one line."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    # --- where things are kept
    var_dir: Path = Field(Path("var"), description="Folder for everything Penumbra writes.")
    database_url: str = Field(
        "",
        repr=False,
        description="Ledger: `sqlite:///path` or `postgresql+psycopg://user:password@host/db`. "
        "Empty: `sqlite:///VAR_DIR/penumbra.db`.",
    )
    state_url: str = Field(
        "",
        description="Where snapshots of customer histories go: a folder or an object store "
        "(`s3://bucket/path`). Empty: `VAR_DIR/state`.",
    )

    # --- broker
    kafka_bootstrap_servers: str = Field(
        "127.0.0.1:9092",
        min_length=1,
        description="Brokers to ask first: `host:port`, separated by commas.",
    )
    kafka_client: Literal["kafka_python", "confluent"] = Field(
        "kafka_python",
        description="Client library. `confluent` is faster and needs the `confluent` extra.",
    )
    kafka_security_protocol: SecurityProtocol = Field(
        "PLAINTEXT",
        description="How to talk to the brokers: encrypted or not, with a login or not.",
    )
    kafka_ssl_ca_file: Path | None = Field(
        None, description="Certificate authority (PEM) that signed the brokers' certificates."
    )
    kafka_ssl_certificate_file: Path | None = Field(
        None, description="Client certificate (PEM), where the brokers ask for one."
    )
    kafka_ssl_key_file: Path | None = Field(
        None, description="Key (PEM) of the client certificate."
    )
    kafka_ssl_key_password: SecretStr | None = Field(None, description="Password of that key.")
    kafka_sasl_mechanism: SaslMechanism | None = Field(None, description="Login mechanism.")
    kafka_sasl_username: str | None = Field(None, description="Login name.")
    kafka_sasl_password: SecretStr | None = Field(None, description="Login password.")
    connect_attempts: PositiveInt = Field(
        5,
        description="How often a broker or database that does not answer is tried.",
    )
    connect_timeout_s: PositiveSeconds = Field(
        5.0, description="Patience of one such attempt, seconds."
    )
    broker_timeout_s: PositiveSeconds = Field(
        60.0,
        description="A worker whose broker was silent for so many seconds stops with an error.",
    )

    # --- topics and group
    group_id: str = Field("penumbra", min_length=1, description="Consumer group of the workers.")
    topic_transactions: str = Field(
        "transactions", min_length=1, description="Live transactions (read only)."
    )
    topic_legacy_decisions: str = Field(
        "legacy-decisions", min_length=1, description="Decisions of the legacy engine (read only)."
    )
    topic_fraud_labels: str = Field(
        "fraud-labels", min_length=1, description="Labels and watermarks."
    )
    topic_decisions: str = Field(
        "penumbra.decisions", description="Output: one record a transaction."
    )
    topic_alerts: str = Field(
        "penumbra.alerts", description="Output: one record an explained flag."
    )
    topic_dead_letters: str = Field(
        "penumbra.dead-letters", description="Output: what could not be processed, with its reason."
    )

    # --- consuming
    batch_size: PositiveInt = Field(2000, description="Most records scored in one go.")
    poll_timeout_s: PositiveSeconds = Field(
        0.2,
        description="Longest wait for records before the worker looks after other things, seconds.",
    )
    session_timeout_ms: PositiveInt = Field(
        10_000,
        description="A worker silent for so long loses its partitions. Apache Kafka accepts 6000 "
        "or more; with the embedded broker 3000 joins faster.",
    )
    heartbeat_interval_ms: PositiveInt = Field(
        3_000,
        description="How often a worker tells the group it lives; a third of the session timeout.",
    )
    fetch_max_wait_ms: PositiveInt = Field(
        50, description="Longest the broker may hold back an answer while nothing arrives, ms."
    )
    max_record_bytes: PositiveInt = Field(
        1_000_000, description="A larger record becomes a dead letter (`oversized`)."
    )

    # --- state
    snapshot_every_s: PositiveSeconds = Field(
        60.0, description="Time between snapshots of a partition's state, s."
    )
    snapshot_every_rows: PositiveInt = Field(
        200_000, description="Snapshot sooner once so many rows were applied."
    )
    seal_wait_s: PositiveSeconds = Field(
        30.0,
        description="How long an hour's merchant table waits for slow partitions before it is "
        "sealed with what there is.",
    )
    idle_after_s: PositiveSeconds = Field(
        10.0,
        description="A partition at its end for so long no longer holds back the others, seconds.",
    )

    # --- model, rules, input
    bundle_path: Path | None = Field(
        None, description="Champion bundle. Empty: the demo bundle that comes with Penumbra."
    )
    challenger_paths: list[Path] = Field(
        default_factory=list,
        description="Bundles scored beside the champion, without alerts (JSON list).",
    )
    rules_path: Path | None = Field(
        None, description="Built-in legacy rules (YAML). Empty: the rules that come with Penumbra."
    )
    mapping_path: Path | None = Field(
        None, description="Mapping (YAML) for topics or files that are not in Penumbra's own form."
    )
    legacy_source: Literal["builtin", "inline", "topic"] = Field(
        "builtin",
        description="Where legacy decisions come from: the built-in rules, the transaction itself, "
        "or a topic of their own.",
    )
    legacy_positive: LegacyPositive = Field(
        "decline",
        description="Which legacy decisions count as a flag; printed on every comparison.",
    )
    id_formats: dict[str, IdFormat] = Field(
        default_factory=dict,
        description="Fields whose values may look like card numbers and are not: `uuid`, `numeric` "
        'or `token:NAME` (JSON, `{"customer_id": "numeric"}`).',
    )
    tokenisation_key: SecretStr | None = Field(
        None, description="Key with which columns marked `tokenise` become tokens (HMAC-SHA256)."
    )
    reporting_currency: str = Field(
        "EUR",
        pattern=r"^[A-Z]{3}$",
        description="Currency of money in features and reports (ISO 4217).",
    )
    rates_path: Path | None = Field(
        None,
        description="Daily exchange rates (CSV: date, currency, rate). Empty: only the "
        "reporting currency has an amount.",
    )
    future_tolerance_s: Annotated[float, Field(ge=0)] = Field(
        300.0, description="How far ahead of the clock a transaction may lie, seconds."
    )

    # --- labels and cases
    label_clock: Literal["ingest", "record"] = Field(
        "ingest",
        description="When a label counts as known: stamped on arrival, or `record`, the label's "
        "own `known_at` (for replays of history only).",
    )
    label_watermark_s: PositiveSeconds = Field(
        1.0,
        description="How often label ingest says how far it is: an idle topic delays nobody.",
    )
    case_window_h: PositiveInt = Field(
        24, description="Flags of one customer within so many hours are one case."
    )

    # --- when to stop
    dead_letter_limit: Annotated[float, Field(gt=0, le=1)] = Field(
        0.5,
        description="Stop when a larger share of the last `dead_letter_window` records could not "
        "be processed: then the input is wrong, not a record. 1 never stops.",
    )
    dead_letter_window: PositiveInt = Field(
        1000, description="How many records that share is taken over."
    )

    @field_validator(
        "topic_decisions", "topic_alerts", "topic_dead_letters", "topic_redrive", "topic_handoff"
    )
    @classmethod
    def _output_is_ours(cls, topic: str) -> str:
        if not is_shadow_topic(topic):
            raise ValueError("a shadow writes to penumbra.* only; name it penumbra.something")
        return topic

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.heartbeat_interval_ms * 2 > self.session_timeout_ms:
            raise ValueError("heartbeat_interval_ms must be at most half of session_timeout_ms")
        if self.kafka_security_protocol.startswith("SASL") and not (
            self.kafka_sasl_mechanism and self.kafka_sasl_username and self.kafka_sasl_password
        ):
            raise ValueError(
                f"kafka_security_protocol {self.kafka_security_protocol} needs "
                "kafka_sasl_mechanism, kafka_sasl_username and kafka_sasl_password"
            )
        return self

    @property
    def ledger_url(self) -> str:
        """`database_url`, or the SQLite file under `var_dir`."""
        return self.database_url or f"sqlite:///{self.var_dir / 'penumbra.db'}"

    @property
    def snapshots_url(self) -> str:
        """`state_url`, or the folder under `var_dir`."""
        return self.state_url or str(self.var_dir / "state")

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the settings; values that are None in `given` count as not given.

        Raises SettingsRefused, naming the setting, what is wrong with it and its right name.
        """
        refuse_misspelt(os.environ, cls.model_fields)
        folder = os.environ.get(SECRETS_DIR)
        if folder and not Path(folder).is_dir():
            raise SettingsRefused(f"{SECRETS_DIR}={folder} is not a folder; correct or unset it")
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise SettingsRefused(in_one_line(error)) from error
        except SettingsError as error:
            raise SettingsRefused(f"{error}: it must be JSON (see docs/settings.md)") from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (signature of pydantic)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, environment, secret files; no `.env` file."""
        folder = os.environ.get(SECRETS_DIR)
        files = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder else ()
        return (init_settings, env_settings, *files)
