"""Settings: one way to set each, mistakes answered by name, secrets never shown."""

import os
from pathlib import Path

import pytest

from service.settings import Settings
from service.settings_refused import PREFIX, SettingsRefused
from service.settings_table import settings_page

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Give an environment without any of Penumbra's variables."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    return monkeypatch


def test_the_defaults_run_on_one_machine() -> None:
    """Without any setting: SQLite and snapshots under var/, a broker on this machine."""
    settings = Settings.load()
    assert settings.ledger_url == "sqlite:///var/penumbra.db"
    assert settings.snapshots_url == "var/state"
    assert settings.kafka_bootstrap_servers == "127.0.0.1:9092"


def test_the_folder_moves_everything_under_it() -> None:
    """`var_dir` carries the ledger and the snapshots along."""
    settings = Settings.load(var_dir=Path("/data"))
    assert (settings.ledger_url, settings.snapshots_url) == (
        "sqlite:////data/penumbra.db",
        "/data/state",
    )


def test_given_beats_environment_beats_secret_file_beats_default(
    bare_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The order is the documented one."""
    assert Settings.load().batch_size == 2000
    (tmp_path / "penumbra_batch_size").write_text("3")
    bare_environment.setenv("PENUMBRA_SECRETS_DIR", str(tmp_path))
    assert Settings.load().batch_size == 3
    bare_environment.setenv("PENUMBRA_BATCH_SIZE", "4")
    assert Settings.load().batch_size == 4
    assert Settings.load(batch_size=5).batch_size == 5
    assert Settings.load(batch_size=None).batch_size == 4


def test_secrets_come_from_files_and_are_never_shown(
    bare_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Printing the settings shows neither keys nor the database's password."""
    (tmp_path / "penumbra_tokenisation_key").write_text("correct horse")
    bare_environment.setenv("PENUMBRA_SECRETS_DIR", str(tmp_path))
    settings = Settings.load(database_url="postgresql+psycopg://me:battery@host/db")
    assert settings.tokenisation_key is not None
    assert settings.tokenisation_key.get_secret_value() == "correct horse"
    assert "horse" not in repr(settings)
    assert "battery" not in repr(settings)


def test_a_secrets_folder_that_is_not_there_is_said(bare_environment: pytest.MonkeyPatch) -> None:
    """A mount that failed must not pass for "no secrets"."""
    bare_environment.setenv("PENUMBRA_SECRETS_DIR", "/nowhere")
    with pytest.raises(SettingsRefused, match="/nowhere is not a folder"):
        Settings.load()


def test_a_misspelt_setting_is_answered_with_its_right_name(
    bare_environment: pytest.MonkeyPatch,
) -> None:
    """A typing mistake does not pass for the default."""
    bare_environment.setenv("PENUMBRA_BATCHSIZE", "1")
    with pytest.raises(SettingsRefused, match="did you mean PENUMBRA_BATCH_SIZE"):
        Settings.load()


@pytest.mark.parametrize(
    "name",
    ["PENUMBRA_SERVICE_HOST", "PENUMBRA_PORT", "PENUMBRA_PORT_8000_TCP_ADDR", "PENUMBRA_HANDBOOK"],
)
def test_variables_of_others_are_left_alone(
    bare_environment: pytest.MonkeyPatch, name: str
) -> None:
    """Kubernetes sets such names for a service called penumbra."""
    bare_environment.setenv(name, "tcp://10.0.0.1:8000")
    Settings.load()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BATCH_SIZE", "0", "greater than 0"),
        ("BATCH_SIZE", "many", "valid integer"),
        ("TOPIC_DECISIONS", "decisions", r"penumbra\.\* only"),
        ("TOPIC_ALERTS", "transactions", r"penumbra\.\* only"),
        ("LEGACY_POSITIVE", "sometimes", "'decline'"),
        ("REPORTING_CURRENCY", "euro", "pattern"),
        ("ID_FORMATS", '{"customer_id": "anything"}', "pattern"),
        ("ID_FORMATS", "{", "JSON"),
        ("HEARTBEAT_INTERVAL_MS", "9000", "at most half of session_timeout_ms"),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL", "kafka_sasl_username"),
        ("DEAD_LETTER_LIMIT", "1.5", "less than or equal to 1"),
    ],
)
def test_an_impossible_value_is_one_line_that_names_it(
    bare_environment: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    """The setting or what it does not fit, the reason, and where to look."""
    bare_environment.setenv(PREFIX + name, value)
    with pytest.raises(SettingsRefused, match=said) as refused:
        Settings.load()
    line = str(refused.value)
    assert "\n" not in line
    assert name in line or name.lower() in line
    assert "docs/settings.md" in line


def test_a_secret_that_is_wrong_is_not_repeated(bare_environment: pytest.MonkeyPatch) -> None:
    """Values never show in errors: they may be passwords."""
    bare_environment.setenv("PENUMBRA_API_PORT", "hunter2")
    with pytest.raises(SettingsRefused) as refused:
        Settings.load()
    assert "hunter2" not in str(refused.value)


def test_every_setting_is_described() -> None:
    """No setting without a sentence that says what it does."""
    undescribed = [
        name
        for name, field in Settings.model_fields.items()
        if not field.description or not field.description.endswith((".", "`)."))
    ]
    assert undescribed == []


def test_the_page_of_settings_is_up_to_date() -> None:
    """`make docs-settings` was run after the last change."""
    assert (ROOT / "docs" / "settings.md").read_text() == settings_page()
