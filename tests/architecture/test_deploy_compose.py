"""The compose file: everything it names exists."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings

Service = dict[str, Any]


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, Any]:
    """Give deploy/compose.yaml with its shared parts merged."""
    parsed: dict[str, Any] = yaml.safe_load((root / "deploy" / "compose.yaml").read_text("utf-8"))
    return parsed


@pytest.fixture(scope="module")
def ours(compose: dict[str, Any]) -> dict[str, Service]:
    """Give the services that run Penumbra's image."""
    found = {
        name: s for name, s in compose["services"].items() if s["image"].startswith("penumbra:")
    }
    assert found.keys() == {"worker", "serve"}
    return found


def test_every_image_is_pinned_by_tag(compose: dict[str, Any], project: dict[str, Any]) -> None:
    """Nothing is "latest", and our own image carries the project's version."""
    images = {service["image"] for service in compose["services"].values()}
    assert all(re.fullmatch(r"[a-z/]+:\d[\w.-]+", image) for image in images)
    assert f"penumbra:{project['project']['version']}" in images


def test_what_services_refer_to_is_defined(compose: dict[str, Any]) -> None:
    """Secrets, volumes and the services waited for are all there, and all of them are used."""
    services = compose["services"]
    used_secrets = {secret for s in services.values() for secret in s.get("secrets", [])}
    assert used_secrets == set(compose["secrets"])
    mounted = {m.split(":")[0] for s in services.values() for m in s.get("volumes", [])}
    assert {name for name in mounted if not name.startswith(".")} == set(compose["volumes"])
    for service in services.values():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in services[other]["healthcheck"]
            else:
                assert services[other]["restart"] == "no"


def test_mounted_files_exist(compose: dict[str, Any], root: Path) -> None:
    """What is mounted from the repository is in it; secrets are made by make-secrets.sh."""
    for service in compose["services"].values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert (root / "deploy" / source).exists(), source
                assert mount.endswith(":ro")


def test_penumbra_runs_commands_that_exist(
    ours: dict[str, Service], commands: frozenset[str]
) -> None:
    """Two workers share the group beside one API."""
    assert {name: service["command"] for name, service in ours.items()} == {
        "worker": ["worker"],
        "serve": ["serve"],
    }
    assert {"worker", "serve"} <= commands
    assert ours["worker"]["deploy"]["replicas"] == 2


def _make_secrets(root: Path, folder: Path) -> Path:
    """Run make-secrets.sh in a folder of its own and return where the secrets are."""
    (folder / "secrets").mkdir()
    shutil.copy(root / "deploy" / "make-secrets.sh", folder)
    subprocess.run(["bash", str(folder / "make-secrets.sh")], check=True, capture_output=True)
    return folder / "secrets"


def test_the_settings_given_are_settings(
    ours: dict[str, Service], root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Penumbra reads the environment, and the secrets as they are made, without complaint."""
    made = _make_secrets(root, tmp_path)
    for service in ours.values():
        for name in service["secrets"]:
            assert name.removeprefix("penumbra_") in Settings.model_fields
        for name, value in service["environment"].items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PENUMBRA_SECRETS_DIR", str(made))
        settings = Settings.load()
        assert settings.kafka_bootstrap_servers == "kafka:9092"
        assert settings.database_url == (made / "penumbra_database_url").read_text("utf-8")
        assert settings.kafka_sasl_password is not None
        assert settings.tokenisation_key is not None
        assert len(settings.api_tokens) == 1


def test_nothing_listens_beyond_this_machine_and_nothing_is_privileged(
    compose: dict[str, Any], ours: dict[str, Service]
) -> None:
    """One machine's deployment offers the console on the loopback address alone."""
    published = [port for s in compose["services"].values() for port in s.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert not any(service.get("privileged") for service in compose["services"].values())
    for service in ours.values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_no_secret_is_written_in_the_file(root: Path) -> None:
    """Passwords are files made on the machine, and git does not take them."""
    text = (root / "deploy" / "compose.yaml").read_text("utf-8")
    assert not re.search(r"PASSWORD: |password: \w|postgresql\+psycopg://", text)
    kept_out = (root / "deploy" / "secrets" / ".gitignore").read_text("utf-8").splitlines()
    assert "*" in kept_out
